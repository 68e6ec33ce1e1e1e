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
        var tree = NpzFile.Read(source.Path);
        if (!tree.IsDataset)
        {
            throw new InputException($"{source.Path}: this is an exported posterior, of which no dataset is made; give an exported dataset.");
        }

        // What is wrong in it is told as of the dataset file that it was.
        var folder = Directory.CreateTempSubdirectory("ilqr-vae-");
        try
        {
            var file = Path.Combine(folder.FullName, Path.GetFileName(source.Path));
            Hdf5Archive.Of(tree).Save(file);
            return new ImportedRecording(RecordingFile.Read(file), []);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
