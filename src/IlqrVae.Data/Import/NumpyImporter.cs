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

    /// <summary>Arrays that are files of their own are taken as those of one archive, with tables in text beside them; archives are recordings by themselves.</summary>
    /// <inheritdoc/>
    public ImportedRecording? ImportTogether(IReadOnlyList<ImportSource> sources, ImportOptions options)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentNullException.ThrowIfNull(options);
        return sources.All(source => source.Header.StartsWith(NpyFile.Signature) || NpyFolder.IsTable(source.Path))
            ? ArrayImport.Import(NpyFolder.Open([.. sources.Select(source => source.Path)], $"{sources[0].Path} and {sources.Count - 1} more"), options)
            : null;
    }

    /// <summary>Makes a recording of the arrays of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="options">How to read them; only options that the format takes are given.</param>
    internal static ImportedRecording ImportFolder(string folder, ImportOptions options) => ArrayImport.Import(OpenFolder(folder), options);

    /// <summary>Says what arrays are in a folder.</summary>
    /// <param name="folder">The folder.</param>
    internal static FileContents InspectFolder(string folder) => ArrayInspection.Of(OpenFolder(folder));

    /// <inheritdoc/>
    public FileContents? Inspect(ImportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return ArrayInspection.Of(Open(source));
    }

    // Zip archives are many things; of NumPy are those whose name says so, or whose first entry is an array.
    private static bool IsArchive(ImportSource source) => source.Header.StartsWith("PK\x03\x04"u8)
        && (source.Path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase) || source.Header.IndexOf(".npy"u8) >= 0);

    private static ArrayFile OpenFolder(string folder) => NpyFolder.FilesOf(folder) is { Count: > 0 } files
        ? NpyFolder.Open(files, Path.TrimEndingDirectorySeparator(folder))
        : throw new InputException($"{folder}: this folder holds no arrays of NumPy (.npy); name a file.");

    private static ArrayFile Open(ImportSource source) => source.Header.StartsWith(NpyFile.Signature) ? NpyFile.Open(source.Path) : NpzArchive.Open(source);
}
