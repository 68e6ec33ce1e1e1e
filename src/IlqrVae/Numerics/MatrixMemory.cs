namespace IlqrVae.Numerics;

/// <summary>Where matrices have their memory, if not from the runtime: tests put it right before memory that nobody may touch, where a kernel that goes too far ends the process in place of spoiling what comes next.</summary>
internal static class MatrixMemory
{
    /// <summary>Gives so many bytes, all zero and on a 64-byte boundary, by address, and what holds them; null, as what it is or what it gives, for pinned arrays.</summary>
    public static Func<long, (object Owner, nint Address)?>? Source { get; set; }
}
