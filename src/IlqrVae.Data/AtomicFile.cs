using System.Text;

namespace IlqrVae.Data;

/// <summary>
/// Writes a file beside its destination and renames it into place when it is complete and on the disk, so that a reader finds the old file or the
/// new one and never a part, whatever stops the writing: a full disk, an error, the end of the process.
/// </summary>
public static class AtomicFile
{
    private const int BufferBytes = 1 << 17;

    /// <summary>Writes a file.</summary>
    /// <param name="path">Destination; an existing file is replaced, a symbolic link keeps pointing at its (replaced) target.</param>
    /// <param name="write">Writes the content to a stream that can be read and sought. What it throws is passed on, with nothing left behind.</param>
    /// <exception cref="InputException">The destination cannot be written: no such folder, a folder of that name, a device, no permission.</exception>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        var destination = Resolve(path);
        var temporary = Path.Combine(
            Path.GetDirectoryName(destination)!,
            $".{Path.GetFileName(destination)}.{Guid.NewGuid():N}.tmp");
        try
        {
            using (var stream = Create(temporary, path))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, destination, overwrite: true);
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

        // A rename onto a device would replace the device itself.
        if (!OperatingSystem.IsWindows() && full.StartsWith("/dev/", StringComparison.Ordinal))
        {
            throw new InputException($"{path}: this is a device; give the name of a file.");
        }

        if (new FileInfo(full) is { LinkTarget: not null } link && link.ResolveLinkTarget(returnFinalTarget: true) is { } target)
        {
            full = target.FullName;
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
        catch (UnauthorizedAccessException exception)
        {
            throw new InputException($"{path}: its folder may not be written to; choose another folder or change its permissions.", exception);
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
