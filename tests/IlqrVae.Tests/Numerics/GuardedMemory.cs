using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using IlqrVae.Numerics;
using Microsoft.Win32.SafeHandles;

namespace IlqrVae.Tests.Numerics;

/// <summary>
/// Memory that ends where a page begins that nobody may touch. Matrices of these tests have it, but under Windows: a kernel that reads or writes beyond the last row, or after the memory is gone, ends
/// the process with the method's name, where pinned arrays would let it spoil what comes next. Where there are very many matrices, one of eight has it: tests of kernels take hundreds of each shape.
/// </summary>
internal sealed partial class GuardedMemory : SafeHandleZeroOrMinusOneIsInvalid
{
    private const int ReadWrite = 3;
    private const int Nothing = 0;
    private static readonly int s_privateAnonymous = OperatingSystem.IsMacOS() ? 0x1002 : 0x22;

    /// <summary>Pieces at a time: systems map some ten thousands, two for each of these.</summary>
    private const int Most = 8000;

    /// <summary>Matrices up to which every one has it; a minute and a half of a run's time went to the system when all had.</summary>
    private const int First = 100_000;

    private static int s_pieces;
    private static long s_matrices;

    private readonly nint _length;

    private GuardedMemory(long bytes)
        : base(ownsHandle: true)
    {
        long page = Environment.SystemPageSize;
        var used = checked((nint)((bytes + page - 1) / page * page));
        _length = used + (nint)page;
        SetHandle(Map(_length));
        Address = handle + used - (nint)bytes;
        Interlocked.Increment(ref s_pieces);
        GC.AddMemoryPressure(_length);
        if (Protect(handle + used, (nint)page, Nothing) != 0)
        {
            throw new Win32Exception();
        }
    }

    private nint Address { get; }

    [ModuleInitializer]
    internal static void UseForMatrices()
    {
        if (!OperatingSystem.IsWindows())
        {
            MatrixMemory.Source = bytes => Interlocked.Increment(ref s_matrices) is var count && (count <= First || count % 8 == 0) && Volatile.Read(ref s_pieces) < Most ? Take(bytes) : null;
        }
    }

    internal static (object Owner, nint Address) Take(long bytes)
    {
        var memory = new GuardedMemory(bytes);
        return (memory, memory.Address);
    }

    protected override bool ReleaseHandle()
    {
        Interlocked.Decrement(ref s_pieces);
        GC.RemoveMemoryPressure(_length);
        return Unmap(handle, _length) == 0;
    }

    private static nint Map(nint length)
        => Map(0, length, ReadWrite, s_privateAnonymous, -1, 0) is not -1 and var start ? start : throw new InsufficientMemoryException($"{length} bytes of guarded memory.");

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Map(nint address, nint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Unmap(nint address, nint length);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Protect(nint address, nint length, int protection);
}
