using IlqrVae.Data.Import.Arrays;

namespace IlqrVae.Data.Import;

/// <summary>Tables in text (CSV, TSV): a row a bin, or a row a spike; what is in them is told by <see cref="ArrayImport"/>.</summary>
public sealed class CsvImporter : IRecordingImporter
{
    private static readonly string[] Extensions = [".csv", ".tsv", ".txt", ".tab"];

    /// <inheritdoc/>
    public string Description => "a table in text (.csv, .tsv, .txt)";

    /// <inheritdoc/>
    public IReadOnlyList<string> Options => ArrayImport.Options;

    /// <summary>Text is of any kind: here the name of a file tells.</summary>
    /// <inheritdoc/>
    public bool Recognises(ImportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.Archive is null && Extensions.Contains(Path.GetExtension(source.Path), StringComparer.OrdinalIgnoreCase);
    }

    /// <inheritdoc/>
    public ImportedRecording Import(ImportSource source, ImportOptions options)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        return ArrayImport.Import(CsvFile.Open(source.Path), options);
    }

    /// <inheritdoc/>
    public FileContents? Inspect(ImportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return ArrayInspection.Of(CsvFile.Open(source.Path));
    }
}
