using IlqrVae.Data.Import.Arrays;

namespace IlqrVae.Data.Import;

/// <summary>HDF5 files of any other layout: arrays are named by their paths, or told by what they are called; what is in them is told by <see cref="ArrayImport"/>.</summary>
public sealed class Hdf5Importer : IRecordingImporter
{
    /// <inheritdoc/>
    public string Description => "an HDF5 file of arrays";

    /// <inheritdoc/>
    public IReadOnlyList<string> Options => ArrayImport.Options;

    /// <inheritdoc/>
    public bool Recognises(ImportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);

        // Files of this program, such as models, say what they are.
        return source.Archive is { } archive && !archive.HasAttribute("/", "format");
    }

    /// <inheritdoc/>
    public ImportedRecording Import(ImportSource source, ImportOptions options)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        return ArrayImport.Import(Hdf5Arrays.Open(source.Archive!), options);
    }

    /// <inheritdoc/>
    public FileContents? Inspect(ImportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return ArrayInspection.Of(Hdf5Arrays.Open(source.Archive!));
    }
}
