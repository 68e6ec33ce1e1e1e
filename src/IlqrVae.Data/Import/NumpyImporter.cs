using IlqrVae.Data.Import.Arrays;

namespace IlqrVae.Data.Import;

/// <summary>NumPy's arrays: .npy of one, .npz of several; what is in them is told by <see cref="ArrayImport"/>.</summary>
public sealed class NumpyImporter : IRecordingImporter
{
    /// <inheritdoc/>
    public string Description => "a NumPy file (.npy, .npz)";

    /// <inheritdoc/>
    public IReadOnlyList<string> Options => ArrayImport.Options;

    /// <inheritdoc/>
    public bool Recognises(ImportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.Header.StartsWith(NpyFile.Signature) || IsArchive(source);
    }

    /// <inheritdoc/>
    public ImportedRecording Import(ImportSource source, ImportOptions options)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        return ArrayImport.Import(Open(source), options);
    }

    /// <inheritdoc/>
    public FileContents? Inspect(ImportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return ArrayInspection.Of(Open(source));
    }

    // Zip archives are many things; of NumPy are those whose name says so, or whose first entry is an array.
    private static bool IsArchive(ImportSource source) => source.Header.StartsWith("PK\x03\x04"u8)
        && (source.Path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase) || source.Header.IndexOf(".npy"u8) >= 0);

    private static ArrayFile Open(ImportSource source) => source.Header.StartsWith(NpyFile.Signature) ? NpyFile.Open(source.Path) : NpzFile.Open(source);
}
