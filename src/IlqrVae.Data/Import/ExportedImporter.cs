using IlqrVae.Data.Export;

namespace IlqrVae.Data.Import;

/// <summary>Datasets that were exported as NumPy archives or MATLAB files, taken as they are, with the same bits.</summary>
public sealed class ExportedImporter : IRecordingImporter
{
    /// <inheritdoc/>
    public string Description => "a dataset exported as .npz or .mat";

    /// <inheritdoc/>
    public IReadOnlyList<string> Options => [];

    /// <inheritdoc/>
    public bool Recognises(ImportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.Archive is null && ExportedFile.Is(source.Path);
    }

    /// <inheritdoc/>
    public ImportedRecording Import(ImportSource source, ImportOptions options)
    {
        ArgumentNullException.ThrowIfNull(source);

        return new ImportedRecording(RecordingFile.ReadExported(source.Path), []);
    }
}
