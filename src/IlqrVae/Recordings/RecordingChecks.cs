namespace IlqrVae.Recordings;

/// <summary>The conditions a recording must meet before a model sees it.</summary>
internal static class RecordingChecks
{
    public static void Validate(Recording recording, string where)
    {
        if (!(recording.BinWidth > 0) || !double.IsFinite(recording.BinWidth))
        {
            throw new InputException($"{where}: the bin width is {recording.BinWidth} s; give a positive bin width in seconds.");
        }

        if (recording.Groups.Count == 0)
        {
            throw new InputException($"{where}: there are no channels; a recording needs at least one channel group.");
        }

        if (recording.Trials.Count == 0)
        {
            throw new InputException($"{where}: there are no trials; a recording needs at least one.");
        }

        RequireUnique(recording.Groups.Select(group => group.Name), where, "channel group");
        RequireUnique(recording.Trials.Select(trial => trial.Name), where, "trial");
        var columns = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var trial in recording.Trials)
        {
            ValidateTrial(recording, trial, where);
            foreach (var (name, truth) in trial.Truth)
            {
                columns.TryAdd(name, truth.Columns);
                RequireTable(truth, trial, columns[name], $"{where}: the truth table '{name}' of trial '{trial.Name}'");
            }
        }
    }

    private static void RequireUnique(IEnumerable<string> names, string where, string what)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            if (!seen.Add(name))
            {
                throw new InputException($"{where}: two entries of kind {what} are called '{name}'; rename one of them.");
            }
        }
    }

    private static void ValidateTrial(Recording recording, Trial trial, string where)
    {
        if (trial.Bins < 1)
        {
            throw new InputException($"{where}: trial '{trial.Name}' has {trial.Bins} bins; drop it or give it at least one bin.");
        }

        if (trial.Observations.Count != recording.Groups.Count)
        {
            throw new InputException(
                $"{where}: trial '{trial.Name}' has {trial.Observations.Count} channel groups where the recording declares {recording.Groups.Count}.");
        }

        for (var g = 0; g < recording.Groups.Count; g++)
        {
            ValidateObservations(recording.Groups[g], trial, trial.Observations[g], where);
        }

        var external = recording.ExternalNames.Count;
        if ((trial.External?.Columns ?? 0) != external)
        {
            throw new InputException(
                $"{where}: trial '{trial.Name}' has {trial.External?.Columns ?? 0} external inputs where the recording declares {external}.");
        }

        if (trial.External is { } table)
        {
            RequireTable(table, trial, external, $"{where}: the external inputs of trial '{trial.Name}'");
            for (var i = 0; i < table.Values.Length; i++)
            {
                if (!double.IsFinite(table.Values[i]))
                {
                    throw new InputException(
                        $"{where}: external input {i % external} of trial '{trial.Name}', bin {i / external}, is {table.Values[i]}; external inputs must be known in every bin.");
                }
            }
        }
    }

    private static void ValidateObservations(ChannelGroup group, Trial trial, Observations observations, string where)
    {
        RequireShape(observations.Bins, observations.Channels, trial, group.Channels, $"{where}: group '{group.Name}' of trial '{trial.Name}'");
        if (observations.AreCounts)
        {
            return;
        }

        var row = new double[group.Channels];
        for (var bin = 0; bin < trial.Bins; bin++)
        {
            observations.CopyRow<double>(bin, row);
            for (var channel = 0; channel < row.Length; channel++)
            {
                var value = row[channel];
                var isFault = !double.IsFinite(value) || (group.Kind == ChannelKind.Counts && (value < 0 || value != Math.Floor(value)));
                if (isFault && observations.IsObserved(bin, channel))
                {
                    var mend = !double.IsFinite(value)
                        ? "mark missing entries in a mask"
                        : "counts must be whole and not negative; import the group as values if it does not hold counts";
                    throw new InputException($"{where}: group '{group.Name}' of trial '{trial.Name}' has the value {value} at bin {bin}, channel {channel}; {mend}.");
                }
            }
        }
    }

    private static void RequireShape(int bins, int columns, Trial trial, int declared, string what)
    {
        if (bins != trial.Bins || columns != declared)
        {
            throw new InputException($"{what}: the shape is {bins} x {columns} where {trial.Bins} bins x {declared} columns are needed.");
        }
    }

    private static void RequireTable(Table table, Trial trial, int columns, string what)
    {
        RequireShape(table.Bins, table.Columns, trial, columns, what);
        if (table.Values.Length != (long)table.Bins * table.Columns)
        {
            throw new InputException($"{what}: there are {table.Values.Length} entries where {table.Bins} x {table.Columns} are needed.");
        }
    }
}
