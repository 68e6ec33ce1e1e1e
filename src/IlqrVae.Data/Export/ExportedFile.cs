namespace IlqrVae.Data.Export;

/// <summary>A dataset or posterior file that was exported as .npz or .mat, laid out again as the HDF5 file that it was.</summary>
public sealed class ExportedFile : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ilqr-vae-");

    private ExportedFile(string path, ArrayTree tree)
    {
        IsDataset = tree.IsDataset;
        Hdf5 = Path.Combine(_folder.FullName, Path.GetFileName(path));
        try
        {
            Hdf5Archive.Of(tree, isCompressed: false).Save(Hdf5);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Whether it is a dataset and not a posterior.</summary>
    public bool IsDataset { get; }

    /// <summary>The HDF5 file, which is there until this is disposed of.</summary>
    public string Hdf5 { get; }

    /// <summary>Whether a file is such an export.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">There is no such file, or it cannot be read.</exception>
    public static bool Is(string path)
    {
        Span<byte> start = stackalloc byte[64];
        int length;
        using (var stream = InputFile.Open(path))
        {
            length = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        }

        return start[..length].StartsWith(MatlabReader.Header) || (start[..length].StartsWith("PK\x03\x04"u8) && ExportedNpz.Is(path));
    }

    /// <summary>Opens such an export; null where the file is something else.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">There is no such file, or it is damaged.</exception>
    public static ExportedFile? Open(string path) => !Is(path) ? null : new(path, ExportedNpz.Is(path) ? ExportedNpz.Read(path) : MatlabReader.Read(path));

    /// <inheritdoc/>
    public void Dispose() => _folder.Delete(recursive: true);
}
