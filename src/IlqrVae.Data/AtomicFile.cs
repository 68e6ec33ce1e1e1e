using System.Text;

namespace IlqrVae.Data;

/// <summary>
/// Writes a file beside its destination and renames it into place when it is complete and on the disk, so that a reader finds the old file or the
/// new one and never a part, whatever stops the writing: a full disk, an error, the end of the process. What a process that was killed left of a file is
/// removed when the file is written the next time.
/// </summary>
public static class AtomicFile
{
    private const int BufferBytes = 1 << 17;
    private const string Suffix = ".tmp";
    private const int IdentifierLength = 32;

    // The number of the error (EROFS) on Linux and macOS, which .NET passes on as it is.
    private const int ReadOnlyFileSystem = 30;

    // Longer than from making a file to holding it and, on Windows, from letting go of it to renaming it.
    private static readonly TimeSpan ShortestRest = TimeSpan.FromSeconds(5);

    /// <summary>Writes a file.</summary>
    /// <param name="path">Destination; an existing file is replaced, a symbolic link keeps pointing at its target, which is replaced.</param>
    /// <param name="write">Writes the content to a stream that can be read and sought. What it throws is passed on, with nothing left behind.</param>
    /// <param name="before">Where the file that is replaced goes, in the same folder; null where it is not kept. Stopped between the two renamings, this leaves that one and no file.</param>
    /// <exception cref="InputException">The destination cannot be written: no such folder, a folder of that name, a pipe or a device, no permission.</exception>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public static void Write(string path, Action<Stream> write, string? before = null)
    {
        ArgumentNullException.ThrowIfNull(write);
        var destination = Resolve(path);
        var (folder, start) = (Path.GetDirectoryName(destination)!, $".{Path.GetFileName(destination)}.");
        DeleteUnfinished(folder, start);
        var temporary = Path.Combine(folder, $"{start}{Guid.NewGuid():N}{Suffix}");
        try
        {
            using (var stream = Create(temporary, path))
            {
                write(stream);
                stream.Flush(flushToDisk: true);

                // Renamed while it is held, so that no other process takes it for one that was left behind; Windows renames no file that is open.
                if (!OperatingSystem.IsWindows())
                {
                    Place(temporary, destination, before);
                }
            }

            if (OperatingSystem.IsWindows())
            {
                Place(temporary, destination, before);
            }
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new InputException($"{path}: the file may not be replaced; choose another file or change its permissions.", exception);
        }
        finally
        {
            DeleteQuietly(temporary);
        }
    }

    /// <summary>Whether an error says that a file system is read-only.</summary>
    /// <param name="exception">The error.</param>
    public static bool IsReadOnly(Exception exception) => exception is IOException { HResult: ReadOnlyFileSystem };

    /// <summary>Makes sure that a file could be written, before work is done for it: an empty one is begun beside it and deleted.</summary>
    /// <param name="path">Destination.</param>
    /// <exception cref="InputException">The destination cannot be written.</exception>
    public static void RequirePlace(string path)
    {
        var destination = Resolve(path);
        var temporary = Path.Combine(Path.GetDirectoryName(destination)!, $".{Path.GetFileName(destination)}.{Guid.NewGuid():N}{Suffix}");
        try
        {
            Create(temporary, path).Dispose();
        }
        finally
        {
            DeleteQuietly(temporary);
        }
    }

    /// <summary>Writes a text file in UTF-8 without a byte-order mark.</summary>
    /// <param name="path">Destination; an existing file is replaced.</param>
    /// <param name="text">The content.</param>
    /// <exception cref="InputException">The destination cannot be written.</exception>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public static void WriteText(string path, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Write(path, stream => stream.Write(new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetBytes(text)));
    }

    private static void Place(string temporary, string destination, string? before)
    {
        if (before is not null && File.Exists(destination))
        {
            File.Move(destination, before, overwrite: true);
        }

        File.Move(temporary, destination, overwrite: true);
    }

    private static string Resolve(string path)
    {
        if (string.IsNullOrWhiteSpace(path))
        {
            throw new InputException("The name of the file to write is empty; give a file name.");
        }

        var full = Path.GetFullPath(path);
        if (Directory.Exists(full))
        {
            throw new InputException($"{path}: this is a folder; give the name of a file.");
        }

        try
        {
            if (new FileInfo(full) is { LinkTarget: not null } link && link.ResolveLinkTarget(returnFinalTarget: true) is { } target)
            {
                full = target.FullName;
            }
        }
        catch (IOException exception)
        {
            throw new InputException($"{path}: this link leads to itself; give the name of a file.", exception);
        }

        // A rename would replace the pipe or device itself, and what is new among the devices is lost.
        var isAmongDevices = full.StartsWith("/dev/", StringComparison.Ordinal) && !full.StartsWith("/dev/shm/", StringComparison.Ordinal);
        if (SpecialFile.Is(full) || (isAmongDevices && !OperatingSystem.IsWindows()))
        {
            throw new InputException($"{path}: this is a pipe or a device; give the name of a file.");
        }

        if (!Directory.Exists(Path.GetDirectoryName(full)))
        {
            throw new InputException($"{path}: its folder does not exist; make the folder first.");
        }

        return full;
    }

    private static FileStream Create(string temporary, string path)
    {
        try
        {
            return new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, BufferBytes);
        }
        catch (IOException exception) when (IsReadOnly(exception))
        {
            throw new InputException($"{path}: its folder cannot be written to, for its file system is read-only; choose another folder.", exception);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new InputException($"{path}: its folder may not be written to; choose another folder or change its permissions.", exception);
        }
    }

    /// <summary>Deletes what killed processes left of a file: what has the name of an unfinished one, rested and is held by nobody.</summary>
    private static void DeleteUnfinished(string folder, string start)
    {
        try
        {
            var options = new EnumerationOptions { MatchType = MatchType.Simple, AttributesToSkip = FileAttributes.Directory | FileAttributes.ReparsePoint };
            foreach (var file in new DirectoryInfo(folder).EnumerateFiles($".*{Suffix}", options).Where(file => IsUnfinished(file.Name, start)).ToList())
            {
                if (DateTime.UtcNow - file.LastWriteTimeUtc > ShortestRest && !IsHeld(file.FullName))
                {
                    DeleteQuietly(file.FullName);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // They are in nobody's way; what stops the writing itself is reported then.
        }
    }

    private static bool IsUnfinished(string name, string start) =>
        name.Length == start.Length + IdentifierLength + Suffix.Length
        && name.StartsWith(start, StringComparison.Ordinal)
        && name.EndsWith(Suffix, StringComparison.Ordinal)
        && Guid.TryParseExact(name.AsSpan(start.Length, IdentifierLength), "N", out _);

    private static bool IsHeld(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    private static void DeleteQuietly(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (IOException)
        {
            // The error that brought us here is the one to report.
        }
        catch (UnauthorizedAccessException)
        {
            // As above.
        }
    }
}
