namespace IlqrVae.Data.Import;

/// <summary>Datasets of this program (docs/dataset-format.md), to be copied or given another split of channels.</summary>
public sealed class DatasetImporter : IRecordingImporter
{
    /// <inheritdoc/>
    public string Description => "a dataset file (HDF5 written by this program)";

    /// <inheritdoc/>
    public IReadOnlyList<string> Options => [];

    /// <inheritdoc/>
    public bool Recognises(ImportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.Archive is { } archive && RecordingFile.IsDataset(archive);
    }

    /// <inheritdoc/>
    public ImportedRecording Import(ImportSource source, ImportOptions options)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new ImportedRecording(RecordingFile.Read(source.Archive!), []);
    }
}
