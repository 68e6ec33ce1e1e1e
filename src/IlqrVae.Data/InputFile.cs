namespace IlqrVae.Data;

/// <summary>Opens files that the user names.</summary>
internal static class InputFile
{
    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="InputException">There is no such file, or it may not be read.</exception>
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
}
