namespace IlqrVae.Data.Import;

/// <summary>The formats that recordings are imported from.</summary>
public static class RecordingImporters
{
    /// <summary>All formats; the first that recognises a file reads it.</summary>
    public static IReadOnlyList<IRecordingImporter> All { get; } =
    [
        new DatasetImporter(), new ExportedNpzImporter(), new NwbImporter(), new LfadsImporter(), new TensorImporter(), new MatlabImporter(), new NumpyImporter(), new CsvImporter(), new Hdf5Importer(),
    ];

    private static string Accepted
    {
        get
        {
            var descriptions = All.Select(importer => importer.Description).ToList();
            return $"{string.Join(", ", descriptions.SkipLast(1))} or {descriptions[^1]}";
        }
    }

    /// <summary>Makes a recording of a file of any format that is read, telling the format by the content and not by the name.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How to read it; null for the defaults.</param>
    /// <exception cref="InputException">
    /// The file is of no format that is read (the message lists the formats), it is faulty, or an option is given that its format does not take.
    /// </exception>
    public static ImportedRecording Import(string path, ImportOptions? options = null)
    {
        options ??= new ImportOptions();
        using var source = ImportSource.Open(path);
        var importer = All.FirstOrDefault(one => one.Recognises(source)) ?? throw Unknown(source);
        var refused = options.Given().Except(importer.Options, StringComparer.Ordinal).ToList();
        if (refused.Count > 0)
        {
            var taken = importer.Options.Count == 0 ? "no options are taken" : $"taken are {string.Join(", ", importer.Options)}";
            throw new InputException($"{string.Join(", ", refused)}: {path} is {importer.Description}, of which {taken}; leave {(refused.Count == 1 ? "it" : "them")} out.");
        }

        options.Check();
        return importer.Import(source, options);
    }

    /// <summary>Says what is in a file that recordings are imported from; null where its format is not known or has no answer.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">There is no such file, or it is faulty.</exception>
    public static FileContents? Inspect(string path)
    {
        using var source = ImportSource.Open(path);
        return All.FirstOrDefault(one => one.Recognises(source))?.Inspect(source);
    }

    private static InputException Unknown(ImportSource source)
    {
        var path = source.Path;
        if (source.Archive is { } archive)
        {
            return new InputException($"{path}: this HDF5 file has {Messages.Names(archive.Children("/"))}, which is no known layout; give {Accepted}.");
        }

        return path.EndsWith(".mat", StringComparison.OrdinalIgnoreCase)
            ? new InputException($"{path}: this is not a MATLAB file of level 5 or 7.3, whatever its name; save it in MATLAB with -v7, or give {Accepted}.")
            : new InputException($"{path}: the kind of this file is not known; give {Accepted}.");
    }
}
