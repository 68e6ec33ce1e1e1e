using IlqrVae.Data.Import.Arrays;

namespace IlqrVae.Data.Import;

/// <summary>The formats that recordings are imported from.</summary>
public static class RecordingImporters
{
    /// <summary>All formats; the first that recognises a file reads it.</summary>
    public static IReadOnlyList<IRecordingImporter> All { get; } =
    [
        new DatasetImporter(), new ExportedImporter(), new NwbImporter(), new LfadsImporter(), new TensorImporter(), new MatlabImporter(), new NumpyImporter(), new CsvImporter(), new Hdf5Importer(),
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
    public static ImportedRecording Import(string path, ImportOptions? options = null) => Import([path], options);

    /// <summary>Makes one recording of several files that belong together, such as NWB files of one session.</summary>
    /// <param name="paths">The files, at least one.</param>
    /// <param name="options">How to read them; null for the defaults.</param>
    /// <exception cref="InputException">
    /// A file is of no format that is read (the message lists the formats), it is faulty, an option is given that its format does not take, or the files do not belong together.
    /// </exception>
    public static ImportedRecording Import(IReadOnlyList<string> paths, ImportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(paths);
        if (paths.Count == 0)
        {
            throw new InputException("There is no file to import; name one.");
        }

        if (paths.GroupBy(Path.GetFullPath, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new InputException($"{twice.First()} is given twice; give each file once.");
        }

        options ??= new ImportOptions();
        var sources = new List<ImportSource>();
        try
        {
            var folder = paths.FirstOrDefault(Directory.Exists);
            if (folder is not null && paths.Count > 1)
            {
                throw new InputException($"{folder} is a folder; give it alone, or name the files in it.");
            }

            sources.AddRange((folder is null ? paths : []).Select(ImportSource.Open));
            List<IRecordingImporter> importers = folder is null ? sources.ConvertAll(source => All.FirstOrDefault(one => one.Recognises(source)) ?? throw Unknown(source)) : [new NumpyImporter()];
            // Tables in text beside arrays tell of their units and trials.
            var importer = importers.Find(one => one is NumpyImporter) is { } arrays && importers.TrueForAll(one => one is NumpyImporter or CsvImporter) ? arrays : importers[0];
            importers = importer is NumpyImporter ? importers.ConvertAll(one => one is CsvImporter ? importer : one) : importers;
            var refused = options.Given().Except(importer.Options, StringComparer.Ordinal).ToList();
            if (refused.Count > 0)
            {
                var taken = importer.Options.Count == 0 ? "no options are taken" : $"taken are {string.Join(", ", importer.Options)}";
                throw new InputException($"{string.Join(", ", refused)}: {paths[0]} is {importer.Description}, of which {taken}; leave {(refused.Count == 1 ? "it" : "them")} out.");
            }

            options.Check();
            if (folder is not null)
            {
                return NumpyImporter.ImportFolder(folder, options);
            }

            if (sources.Count == 1)
            {
                return importer.Import(sources[0], options);
            }

            if (importers.FindIndex(other => other != importer) is > 0 and var odd)
            {
                throw new InputException($"{paths[odd]} is {importers[odd].Description}, and {paths[0]} is {importer.Description}; import each by itself, and join the datasets with 'ilqr-vae join'.");
            }

            return importer.ImportTogether(sources, options)
                ?? throw new InputException($"{paths.Count} files are given, each of which is {importer.Description} and a recording of its own; import each by itself, and join the datasets with 'ilqr-vae join'.");
        }
        finally
        {
            sources.ForEach(source => source.Dispose());
        }
    }

    /// <summary>Says what is in a file that recordings are imported from; null where its format is not known or has no answer.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">There is no such file, or it is faulty.</exception>
    public static FileContents? Inspect(string path)
    {
        if (IsFolderOfArrays(path))
        {
            return NumpyImporter.InspectFolder(path);
        }

        using var source = ImportSource.Open(path);
        return All.FirstOrDefault(one => one.Recognises(source))?.Inspect(source);
    }

    /// <summary>Whether a path is a folder with arrays of NumPy, each a file of its own.</summary>
    /// <param name="path">The path.</param>
    public static bool IsFolderOfArrays(string path) => NpyFolder.FilesOf(path).Count > 0;

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
