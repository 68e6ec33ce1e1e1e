using IlqrVae.Data.Export;

namespace IlqrVae.Data.Import;

/// <summary>Datasets that were exported as NumPy archives, taken as they are, with the same bits.</summary>
public sealed class ExportedNpzImporter : IRecordingImporter
{
    /// <inheritdoc/>
    public string Description => "a dataset exported as .npz";

    /// <inheritdoc/>
    public IReadOnlyList<string> Options => [];

    /// <inheritdoc/>
    public bool Recognises(ImportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.Header.StartsWith("PK\x03\x04"u8) && NpzFile.Is(source.Path);
    }

    /// <inheritdoc/>
    public ImportedRecording Import(ImportSource source, ImportOptions options)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new ImportedRecording(RecordingFile.ReadExported(source.Path), []);
    }
}
