namespace IlqrVae.Data;

/// <summary>Opens files that the user names. A pipe, a socket or a device is refused before it is opened, for it may never say anything.</summary>
public static class InputFile
{
    /// <summary>Opens a file for reading.</summary>
    /// <param name="path">The file, or a link to one.</param>
    /// <exception cref="InputException">There is no such file, it is a folder, a pipe or a device, or it may not be read.</exception>
    public static FileStream Open(string path)
    {
        if (string.IsNullOrWhiteSpace(path))
        {
            throw new InputException("The name of the file to read is empty; give a file name.");
        }

        if (Directory.Exists(path))
        {
            throw new InputException($"{path}: this is a folder; give the name of a file.");
        }

        if (SpecialFile.Is(path))
        {
            throw new InputException($"{path}: this is a pipe or a device; write its content to a file and give that.");
        }

        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InputException($"{path}: there is no such file; check its name and folder.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InputException($"{path}: the file cannot be opened ({Messages.OneLine(exception.Message)}); check its name and permissions.", exception);
        }
    }

    /// <summary>Reads a text file in UTF-8.</summary>
    /// <param name="path">The file, or a link to one.</param>
    /// <param name="largestBytes">More are refused.</param>
    /// <param name="use">What it is for, for the message: "a configuration".</param>
    /// <exception cref="InputException">The file cannot be opened, or is too large.</exception>
    public static string ReadText(string path, long largestBytes, string use)
    {
        using var stream = Open(path);
        if (stream.Length > largestBytes)
        {
            throw new InputException($"{path}: {stream.Length} bytes are too many for {use}, which has at most {largestBytes}; give another file.");
        }

        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
