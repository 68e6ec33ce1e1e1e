using IlqrVae.Data.Import.Arrays;

namespace IlqrVae.Data.Import;

/// <summary>
/// MATLAB files: binned spike counts or times of spikes, of one continuous session or of trials in an array of structures, a cell array or along an axis; what is in them is
/// told by <see cref="ArrayImport"/>.
/// </summary>
public sealed class MatlabImporter : IRecordingImporter
{
    /// <inheritdoc/>
    public string Description => "a MATLAB file (.mat of level 5 or 7.3)";

    /// <inheritdoc/>
    public IReadOnlyList<string> Options => ArrayImport.Options;

    /// <inheritdoc/>
    public bool Recognises(ImportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.HasMatlabHeader
            || (source.Path.EndsWith(".mat", StringComparison.OrdinalIgnoreCase) && (source.Archive is not null || MatFile.IsHeader(source.Header) || MatFile.IsLevel4(source.Header)));
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

    private static ArrayFile Open(ImportSource source)
    {
        if (source.Archive is { } archive)
        {
            return MatFile73.ReadTree(archive);
        }

        return MatFile.IsHeader(source.Header) ? MatFile.ReadLevel5(source.Path)
            : throw new InputException($"{source.Path}: this is a MATLAB file of level 4, which is not read; load it in MATLAB and save it again with -v7.");
    }
}
