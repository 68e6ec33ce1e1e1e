namespace IlqrVae.Data.Import.Arrays;

/// <summary>Imports a file of named arrays: tells times of spikes from counts, and leaves the rest to what knows about either.</summary>
internal static class ArrayImport
{
    /// <summary>What an importer of such a format takes.</summary>
    public static readonly IReadOnlyList<string> Options =
    [
        "--map", "--time-unit", "--spikes", "--values", "--behaviour", "--lag", "--time", "--bin-width", "--trials", "--align", "--window", "--session-grid", "--where", "--units", "--minimum-rate",
        "--held-out-units", "--condition", "--train-fraction", "--validation-fraction", "--validation-every", "--chunk", "--chunk-overlap", "--chunk-test", "--split-column", "--split-blocks", "--split-seed",
        "--units-first", "--bins-first",
    ];

    /// <summary>Names that --map gives a meaning of their own; others are groups of values.</summary>
    public static readonly IReadOnlyList<string> Roles = ["spikes", "time", "trials", "unit", "trial", "inputs", "held-out"];

    public static ImportedRecording Import(ArrayFile file, ImportOptions options)
    {
        ArrayTimes.Seconds(options.TimeUnit);
        var remarks = new List<string>(file.Remarks);
        var spikes = FindSpikes(file, options, remarks);
        if (spikes is not null && SpikeLayout.AreTimes(file, spikes, AxesOfSpikes(options)))
        {
            return new SpikeTimesImport(file, options, remarks).Import(spikes, Path.GetFileName(file.Path));
        }

        var recording = new BinnedImport(file, options, remarks).Import(spikes);
        recording.Validate(file.Path);
        return new ImportedRecording(recording, remarks);
    }

    public static IReadOnlyList<ArrayAxis> AxesOfSpikes(ImportOptions options) => options.Maps.FirstOrDefault(map => map.Name == "spikes")?.Axes ?? [];

    /// <summary>The spikes; null where there are none and values are to be imported.</summary>
    /// <param name="file">The file.</param>
    /// <param name="options">What is said of them.</param>
    /// <param name="remarks">Told what was taken for spikes though it is not called so.</param>
    public static Found? FindSpikes(ArrayFile file, ImportOptions options, List<string> remarks)
    {
        if (options.Maps.FirstOrDefault(map => map.Name == "spikes") is { } map)
        {
            return options.Spikes is null ? SpikeAreas.Find(file, map.Path) ?? ArrayPaths.Find(file, map.Path, "--map") : throw new InputException("--spikes and --map both say where the spikes are; give one of them.");
        }

        if (options.Spikes is { } named)
        {
            return SpikeAreas.Find(file, named) ?? ArrayPaths.Find(file, named);
        }

        if (ArrayRoles.Spikes(file) is not { } name)
        {
            return Columns(file, options, remarks) ?? Only(file, options, remarks);
        }

        // Who takes the variable as values has said what it is.
        return options.Values.Concat(options.Behaviour).Select(one => one.Variable).Concat(options.Maps.Select(one => one.Path)).Contains(name, StringComparer.Ordinal) ? null : Guessed(name);

        Found Guessed(string guess)
        {
            if (!ArrayRoles.IsCalledSpikes(guess))
            {
                remarks.Add($"{file.Path}: '{Messages.OneLine(guess)}' is taken for the spikes, as it is called so; --spikes names another.");
            }

            return ArrayPaths.Find(file, guess);
        }
    }

    /// <summary>The array of a file of one array whose name says nothing.</summary>
    private static Found? Only(ArrayFile file, ImportOptions options, List<string> remarks)
    {
        if (!file.IsOneArray || options.Values.Count + options.Behaviour.Count + options.Maps.Count > 0)
        {
            return null;
        }

        remarks.Add($"{file.Path}: its only array is taken for the spikes.");
        return ArrayPaths.Find(file, file.Root.Fields[0]);
    }

    /// <summary>Columns of a table that seem to be spikes: one of times with one of units beside it, or those of units, a row a bin.</summary>
    private static Found? Columns(ArrayFile file, ImportOptions options, List<string> remarks)
    {
        var fields = file.Root.Fields;
        if (!file.RowsAreBins || fields.Count < 2)
        {
            return null;
        }

        if ((ArrayRoles.Units(fields) ?? options.Maps.FirstOrDefault(map => map.Name == "unit")?.Path) is { } units && fields.FirstOrDefault(name => name != units && ArrayRoles.IsSpikeTime(name)) is { } times)
        {
            return ArrayPaths.Find(file, times);
        }

        var taken = options.Values.Concat(options.Behaviour).Select(one => one.Variable).Concat(options.Maps.Select(map => map.Path)).ToList();
        var columns = fields.Where(name => ArrayRoles.UnitStem(name) is not null && !taken.Contains(name, StringComparer.Ordinal) && ArrayPaths.Find(file, name).Node is NumberNode { IsText: false }).ToList();
        if (columns.Count > 0)
        {
            remarks.Add($"{file.Path}: {(columns.Count == 1 ? $"column '{columns[0]}' is" : $"{columns.Count} columns from '{columns[0]}' to '{columns[^1]}' are")} taken for counts of units, as their names say; --spikes names others, as in --spikes 'unit*'.");
        }

        return columns.Count == 0 ? null : Found.List($"{ArrayRoles.UnitStem(columns[0])}*", [.. columns.Select(name => ArrayPaths.Find(file, name))], ListKind.Channels);
    }
}
