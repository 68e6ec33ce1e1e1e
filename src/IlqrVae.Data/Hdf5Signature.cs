namespace IlqrVae.Data;

/// <summary>Recognises HDF5 files by their first bytes.</summary>
internal static class Hdf5Signature
{
    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'H', (byte)'D', (byte)'F', 0x0d, 0x0a, 0x1a, 0x0a];

    /// <summary>Whether a file carries the signature.</summary>
    public static bool IsIn(Stream stream) => Find(stream) >= 0;

    /// <summary>Where a file carries the signature, at 0, 512, 1024, ... (MATLAB puts a header of 512 bytes in front); -1 if nowhere.</summary>
    public static long Find(Stream stream)
    {
        Span<byte> bytes = stackalloc byte[8];
        for (long offset = 0; offset + bytes.Length <= stream.Length; offset = offset == 0 ? 512 : offset * 2)
        {
            stream.Position = offset;
            stream.ReadExactly(bytes);
            if (bytes.SequenceEqual(Signature))
            {
                return offset;
            }
        }

        return -1;
    }
}
