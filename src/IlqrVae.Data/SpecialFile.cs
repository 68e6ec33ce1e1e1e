using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace IlqrVae.Data;

/// <summary>
/// Tells pipes, sockets and devices, which read or wait for ever or are destroyed by being replaced, from files. What a path resolves to counts, not
/// where it lies: a file in /dev/shm is a file, a link to /dev/null is a device.
/// </summary>
internal static partial class SpecialFile
{
    private const int TypeMask = 0xf000;
    private const int RegularType = 0x8000;
    private const int FolderType = 0x4000;

    /// <summary>Whether there is something at a path that is neither a file nor a folder; nothing is opened.</summary>
    public static bool Is(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return false;
        }

        return Mode(path) is { } mode && (mode & TypeMask) is not (RegularType or FolderType);
    }

    private static int? Mode(string path)
    {
        // Both structures are shorter; links are followed.
        Span<byte> status = stackalloc byte[512];
        try
        {
            if (OperatingSystem.IsLinux())
            {
                // struct statx has the same shape on every processor: the mode is at 28.
                const int CurrentFolder = -100, TypeAndMode = 3;
                return StatX(CurrentFolder, path, 0, TypeAndMode, ref status[0]) == 0 ? BinaryPrimitives.ReadUInt16LittleEndian(status[28..]) : null;
            }

            if (OperatingSystem.IsMacOS())
            {
                var result = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? Stat64(path, ref status[0]) : Stat(path, ref status[0]);
                return result == 0 ? BinaryPrimitives.ReadUInt16LittleEndian(status[4..]) : null;
            }
        }
        catch (Exception exception) when (exception is EntryPointNotFoundException or DllNotFoundException)
        {
            // A C library without these calls: below.
        }

        return new FileInfo(path) is { Exists: true } file && (file.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? file.FullName) is var full
            && full.StartsWith("/dev/", StringComparison.Ordinal) && !full.StartsWith("/dev/shm/", StringComparison.Ordinal) ? 0 : null;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, ref byte status);

    [LibraryImport("libc", EntryPoint = "stat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(string path, ref byte status);

    [LibraryImport("libc", EntryPoint = "stat$INODE64", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat64(string path, ref byte status);
}
