namespace IlqrVae.Data.Import;

/// <summary>A file to import, opened far enough to tell its format.</summary>
public sealed class ImportSource : IDisposable
{
    private static readonly HashSet<string> s_pickled = new(StringComparer.OrdinalIgnoreCase) { ".pickle", ".pkl", ".joblib", ".jl", ".pt", ".pth" };

    private readonly byte[] _header = new byte[MatFile.HeaderBytes];
    private readonly int _length;
    private readonly List<IDisposable> _kept = [];

    private ImportSource(string path)
    {
        Path = path;
        bool isHdf5;
        using (var stream = InputFile.Open(path))
        {
            _length = stream.ReadAtLeast(_header, _header.Length, throwOnEndOfStream: false);
            isHdf5 = Hdf5Signature.IsIn(stream);
        }

        if (!isHdf5 && s_pickled.Contains(System.IO.Path.GetExtension(path)))
        {
            throw new InputException(
                $"{path}: files of Python objects (pickle, joblib, torch) are not read, as that could run foreign code; load it in Python and save each array by a name of its own, as in numpy.savez(\"data.npz\", spikes=..., velocity=...).");
        }

        Archive = isHdf5 ? Hdf5Archive.Open(path) : null;
    }

    /// <summary>The file, as it was given.</summary>
    public string Path { get; }

    /// <summary>The first bytes of the file, 128 of them unless it is shorter.</summary>
    public ReadOnlySpan<byte> Header => _header.AsSpan(0, _length);

    /// <summary>The file as HDF5; null where it is something else.</summary>
    public Hdf5ArchiveReader? Archive { get; }

    /// <summary>Whether the header is MATLAB's.</summary>
    internal bool HasMatlabHeader => MatFile.IsHeader(Header) && Header.StartsWith("MATLAB"u8);

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">There is no such file, or it cannot be read.</exception>
    public static ImportSource Open(string path) => new(path);

    /// <summary>Keeps something open for as long as this is.</summary>
    internal T Keep<T>(T resource)
        where T : IDisposable
    {
        _kept.Add(resource);
        return resource;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _kept.ForEach(resource => resource.Dispose());
        Archive?.Dispose();
    }
}
