namespace IlqrVae.Data.Export;

/// <summary>HDF5 in the layout of lfads-torch: arrays of trials x bins x channels a split. Of a posterior what lfads-torch puts out, of a dataset what it takes in.</summary>
internal static class LfadsWriter
{
    private static readonly (string Split, string Stem)[] s_splits = [("train", "train"), ("validation", "valid"), ("test", "test")];

    public static void Write(string path, ArrayTree tree)
    {
        var archive = new Hdf5Archive();
        var trials = tree.Trials();
        foreach (var (split, stem) in s_splits)
        {
            ExportedTrial[] own = [.. trials.Where(trial => trial.Split == split)];
            if (own.Length == 0)
            {
                continue;
            }

            RequireOneLength(path, own.Select(trial => (trial.Name, trial.Bins)));
            if (tree.IsDataset)
            {
                AddInput(archive, tree, stem, own);
            }
            else
            {
                AddOutput(archive, tree, stem, own, [.. Enumerable.Range(0, trials.Count).Where(t => trials[t].Split == split)]);
            }
        }

        archive.Add("dt", [tree.BinWidth]);
        archive.Save(path);
    }

    /// <summary>Refuses trials of a split that differ in length.</summary>
    public static void RequireOneLength(string path, IEnumerable<(string Name, int Bins)> trials)
    {
        (string Name, int Bins)? first = null;
        foreach (var trial in trials)
        {
            first ??= trial;
            if (trial.Bins != first.Value.Bins)
            {
                throw new InputException(
                    $"{path}: trials '{Messages.OneLine(first.Value.Name)}' and '{Messages.OneLine(trial.Name)}' have {first.Value.Bins} and {trial.Bins} bins, and lfads-torch has trials of one length a split; cut them to one length, or write another format.");
            }
        }
    }

    private static void AddInput(Hdf5Archive archive, ArrayTree tree, string stem, ExportedTrial[] trials)
    {
        var groups = Groups(tree).ToList();
        bool IsCounts(string group) => string.Equals(tree.Require($"channels/{group}/values").Attributes.GetValueOrDefault("kind") as string, "counts", StringComparison.Ordinal);
        var counts = groups.FindAll(IsCounts);
        var seen = counts.FindAll(group => group != Recordings.HeldOutChannels.GroupName);
        Add("encod_data", seen.Count > 0 ? seen : counts);
        Add("recon_data", counts);
        Add("behavior", groups.FindAll(group => !IsCounts(group)));
        if (tree.Find("external/values") is { } external)
        {
            AddTrials(archive, $"{stem}_ext_input", trials, [(tree.NumbersOf(external), external.Shape[1], 1)]);
        }

        void Add(string name, List<string> from)
        {
            if (from.Count > 0)
            {
                AddTrials(archive, $"{stem}_{name}", trials, [.. from.Select(group => (Known(tree, group), tree.Require($"channels/{group}/values").Shape[1], 1.0))]);
            }
        }
    }

    private static void AddOutput(Hdf5Archive archive, ArrayTree tree, string stem, ExportedTrial[] trials, int[] places)
    {
        // Rates are put out as lfads-torch has them, in expected counts a bin.
        var rates = Groups(tree).Select(group => tree.Require($"channels/{group}/mean")).Where(mean => string.Equals(mean.Attributes.GetValueOrDefault("unit") as string, "Hz", StringComparison.Ordinal)).ToList();
        if (rates.Count > 0)
        {
            AddTrials(archive, $"{stem}_output_params", trials, [.. rates.Select(mean => (tree.NumbersOf(mean), mean.Shape[1], tree.BinWidth))]);
        }

        foreach (var (name, from) in new[] { ("factors", "states/mean"), ("gen_states", "states/mean"), ("gen_inputs", "inputs/mean"), ("co_means", "inputs/mean"), ("co_stds", "inputs/deviation") })
        {
            AddTrials(archive, $"{stem}_{name}", trials, [(tree.Numbers(from), tree.Require(from).Shape[1], 1)]);
        }

        foreach (var (name, from) in new[] { ("gen_init", "initial_state/mean"), ("ic_mean", "initial_state/mean"), ("ic_std", "initial_state/deviation") })
        {
            var (values, columns) = (tree.Numbers(from), tree.Require(from).Shape[1]);
            archive.Add($"{stem}_{name}", [.. places.SelectMany(t => values.Skip(t * columns).Take(columns)).Select(value => (float)value)], places.Length, columns);
        }
    }

    /// <summary>Groups of channels, in their order; those that are held out come last, as lfads-torch has them.</summary>
    internal static IEnumerable<string> Groups(ArrayTree tree)
    {
        var names = tree.Children("channels").ToList();
        return names.Select((name, place) => (Name: name, Place: tree.Find($"channels/{name}/values")?.Attributes.GetValueOrDefault("order") switch { long order => order, int order => order, _ => place }))
            .OrderBy(one => one.Name == Recordings.HeldOutChannels.GroupName).ThenBy(one => one.Place).Select(one => one.Name);
    }

    /// <summary>Observations, NaN where missing.</summary>
    internal static double[] Known(ArrayTree tree, string group)
    {
        var values = tree.Numbers($"channels/{group}/values");
        if (tree.Find($"channels/{group}/observed") is not { } mask)
        {
            return values;
        }

        return [.. values.Zip(tree.NumbersOf(mask), (value, isThere) => isThere != 0 ? value : double.NaN)];
    }

    /// <summary>Columns side by side, in single precision as lfads-torch computes.</summary>
    private static void AddTrials(Hdf5Archive archive, string name, ExportedTrial[] trials, (double[] Values, int Columns, double Factor)[] parts)
    {
        var columns = parts.Sum(part => part.Columns);
        var length = (long)trials.Length * trials[0].Bins * columns;
        if (length > Array.MaxLength)
        {
            throw new InputException($"'{name}' would have {length} entries, more than a table holds ({Array.MaxLength}); give fewer trials.");
        }

        var values = new float[length];
        var at = 0;
        foreach (var trial in trials)
        {
            for (var row = trial.First; row < trial.First + trial.Bins; row++)
            {
                foreach (var (from, own, factor) in parts)
                {
                    for (var column = 0; column < own; column++)
                    {
                        values[at++] = (float)(factor * from[((long)row * own) + column]);
                    }
                }
            }
        }

        archive.Add(name, values, trials.Length, trials[0].Bins, columns);
    }
}
