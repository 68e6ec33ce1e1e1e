using IlqrVae.Data;
using IlqrVae.Data.Import.NeuralLatents;
using IlqrVae.Evaluation.NeuralLatents;
using IlqrVae.Recordings;
using IlqrVae.Runs.Scores;

namespace IlqrVae.Runs.NeuralLatents;

/// <summary>What submissions are scored against in the way of the Neural Latents Benchmark, ready to be written.</summary>
/// <param name="File">The file.</param>
/// <param name="Group">The name of its group.</param>
/// <param name="TrainingTrials">Trials to learn decoders from.</param>
/// <param name="EvaluatedTrials">Trials to score.</param>
/// <param name="Bins">Bins of the window.</param>
/// <param name="ForwardBins">Bins after it.</param>
/// <param name="HeldOut">Number of held-out neurons.</param>
/// <param name="Behaviour">What is decoded or correlated; null for nothing.</param>
/// <param name="Conditions">Number of conditions; 0 for no condition averages.</param>
/// <param name="Decoders">Number of decoders; 1 where all trials share one.</param>
/// <param name="Remarks">What the user should know, a sentence each.</param>
public sealed record NeuralLatentsTarget(
    NeuralLatentsWriter File, string Group, int TrainingTrials, int EvaluatedTrials, int Bins, int ForwardBins, int HeldOut, string? Behaviour, int Conditions, int Decoders,
    IReadOnlyList<string> Remarks)
{
    private const double UsualSigma = 70;
    private const string UsualCondition = "condition";

    /// <summary>Makes targets of NWB files of one of the benchmark's sets, as the benchmark's own tools make them: condition averages too, which need whole sessions.</summary>
    /// <param name="files">The files.</param>
    /// <param name="options">The set, the phase and the width of bins (5 ms where none is given); nothing else.</param>
    /// <exception cref="InputException">The files are not such, or an option is given that the set settles.</exception>
    public static NeuralLatentsTarget OfSessions(IReadOnlyList<string> files, NeuralLatentsOptions options)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(options);
        var set = NeuralLatentsImport.RequireSet(options.Set ?? throw new InputException($"--set: {files[0]} is an NWB file; say which of the benchmark's sets it is, as in --set mc_maze."));
        if (options is not { HeldOut.Count: 0, ForwardBins: null, Behaviour: null, LagMilliseconds: 0, Conditions.Count: 0, SigmaMilliseconds: null, DecodedBy: null })
        {
            throw new InputException($"{files[0]}: the set {set.Name} says itself what its targets are; of an NWB file give --set, --bin and --phase alone, or make a dataset of it first.");
        }

        var (imported, averages) = NeuralLatentsImport.ImportWithAverages(files, set, options.BinMilliseconds ?? NeuralLatentsSet.NarrowBin, options.IsTest);
        var target = Of(string.Join(", ", files.Select(Path.GetFileName)), imported.Recording, options with { BinMilliseconds = null }, averages);
        return target with { Remarks = [.. imported.Remarks, .. target.Remarks] };
    }

    /// <summary>Makes targets.</summary>
    /// <param name="data">The dataset file.</param>
    /// <param name="recording">What it holds.</param>
    /// <param name="options">What is wanted.</param>
    /// <exception cref="InputException">The recording has no such groups, trials, bins or tables.</exception>
    public static NeuralLatentsTarget Of(string data, Recording recording, NeuralLatentsOptions options) => Of(data, recording, options, averages: null);

    private static NeuralLatentsTarget Of(string data, Recording recording, NeuralLatentsOptions options, SessionAverages? averages)
    {
        var cut = NeuralLatentsCut.Of(recording, data, options);
        var remarks = new List<string>(cut.Remarks);
        var file = new NeuralLatentsWriter(cut.Group);
        AddSpikes(file, cut, cut.HeldOut, "eval_spikes_heldout", isForward: false);
        if (cut.Forward > 0)
        {
            AddSpikes(file, cut, cut.HeldIn, "eval_spikes_heldin_forward", isForward: true);
            AddSpikes(file, cut, cut.HeldOut, "eval_spikes_heldout_forward", isForward: true);
        }

        var behaviour = AddBehaviour(file, cut, options, remarks);
        var conditions = averages is null ? AddAverages(file, cut, options, remarks) : AddAverages(file, averages);
        AddJitter(file, cut);
        var decoders = AddMasks(file, cut, options);
        return new NeuralLatentsTarget(
            file, cut.Group, cut.Training.Count, cut.Evaluated.Count, cut.Bins, cut.ForwardBins, cut.Neurons(cut.HeldOut), behaviour, conditions, decoders, remarks);
    }

    private static void AddSpikes(NeuralLatentsWriter file, NeuralLatentsCut cut, IReadOnlyList<int> groups, string table, bool isForward)
    {
        var channels = Channels(cut, groups);
        var values = cut.Fill(cut.Evaluated, channels.Length, isForward, (trial, bin, column) => Spikes(cut, trial.Observations[channels[column].Group], bin, channels[column].Channel));
        file.Add(table, values, cut.Evaluated.Count, isForward ? cut.ForwardBins : cut.Bins, channels.Length);
    }

    private static (int Group, int Channel)[] Channels(NeuralLatentsCut cut, IReadOnlyList<int> groups)
        => [.. groups.SelectMany(g => Enumerable.Range(0, cut.Recording.Groups[g].Channels).Select(channel => (g, channel)))];

    /// <summary>Spikes of the bins that make one; missing where the first of them is.</summary>
    private static double Spikes(NeuralLatentsCut cut, Observations observations, int bin, int channel)
    {
        if (!observations.IsObserved(bin, channel))
        {
            return double.NaN;
        }

        var sum = 0.0;
        for (var t = bin; t < bin + cut.Factor; t++)
        {
            sum += observations[t, channel];
        }

        return sum;
    }

    private static string? AddBehaviour(NeuralLatentsWriter file, NeuralLatentsCut cut, NeuralLatentsOptions options, List<string> remarks)
    {
        if (cut.Set?.TrialColumns is { Count: > 0 } columns)
        {
            return AddColumns(file, cut, columns, remarks);
        }

        if (BehaviourOf(cut, options.Behaviour, remarks) is not { } g)
        {
            return null;
        }

        var channels = cut.Recording.Groups[g].Channels;
        var lag = NeuralLatentsCut.WholeBins(cut.Recording, cut.Where, "--lag", options.LagMilliseconds, -int.MaxValue);
        foreach (var (part, trials) in new[] { ("train", cut.Training), ("eval", cut.Evaluated) })
        {
            var values = cut.Fill(trials, channels, isForward: false, (trial, bin, column) => Mean(trial.Observations[g], bin + lag, cut.Factor, column));
            file.Add($"{part}_behavior", values, trials.Count, cut.Bins, channels);
        }

        return cut.Recording.Groups[g].Name;
    }

    private static int? BehaviourOf(NeuralLatentsCut cut, string? given, List<string> remarks)
    {
        var groups = cut.Recording.Groups;
        var values = Enumerable.Range(0, groups.Count).Where(g => groups[g].Kind == ChannelKind.Values).ToList();
        var named = string.Join(", ", values.Select(g => $"'{groups[g].Name}'"));
        if (given is not null)
        {
            var g = cut.Recording.IndexOfGroup(given);
            return values.Contains(g) ? g : throw new InputException($"--behaviour: {cut.Where} has no group of values '{given}'; {Spelling.DidYouMean(given, values.Select(index => groups[index].Name))}it has {(named.Length == 0 ? "none" : named)}.");
        }

        if (cut.Set is { } set && values.Find(g => groups[g].Name == set.Behaviour) is var own && values.Exists(g => groups[g].Name == set.Behaviour))
        {
            return own;
        }

        if (values.Count != 1)
        {
            remarks.Add(values.Count == 0
                ? $"{cut.Where} has no group of values, so there is no behaviour to decode."
                : $"{cut.Where} has several groups of values ({named}), so none is decoded; choose one with --behaviour.");
            return null;
        }

        return values[0];
    }

    /// <summary>The mean over the bins that make one. All columns are missing where one is, or where a bin is outside the trial.</summary>
    private static double Mean(Observations observations, int first, int bins, int column)
    {
        if (first < 0 || first + bins > observations.Bins)
        {
            return double.NaN;
        }

        var sum = 0.0;
        for (var t = first; t < first + bins; t++)
        {
            sum += observations.IsObserved(t) ? observations[t, column] : double.NaN;
        }

        return sum / bins;
    }

    private static string? AddColumns(NeuralLatentsWriter file, NeuralLatentsCut cut, IReadOnlyList<string> columns, List<string> remarks)
    {
        if (columns.FirstOrDefault(column => !IsThere(cut, column)) is { } absent)
        {
            remarks.Add($"{cut.Where} has no '/truth/{absent}' of its trials, so there is no tp correlation; it needs {string.Join(", ", columns)}.");
            return null;
        }

        foreach (var (part, trials) in new[] { ("train", cut.Training), ("eval", cut.Evaluated) })
        {
            file.Add($"{part}_behavior", [.. trials.SelectMany(trial => columns.Select(column => (float)(ValueOf(cut, trial, column) ?? double.NaN)))], trials.Count, columns.Count);
        }

        return string.Join(", ", columns);
    }

    /// <summary>Whether any trial has a table.</summary>
    private static bool IsThere(NeuralLatentsCut cut, string table) => cut.Recording.Trials.Any(trial => trial.Truth.ContainsKey(table));

    /// <summary>The one value that a table has in a trial; null where it has none.</summary>
    private static double? ValueOf(NeuralLatentsCut cut, Trial trial, string table)
    {
        if (TruthTables.Complete(trial, table) is not { } values)
        {
            return null;
        }

        return values.Columns == 1 && Array.TrueForAll(values.Values, value => value == values.Values[0])
            ? values.Values[0]
            : throw new InputException($"{cut.Where}: '/truth/{table}' has several values in trial '{trial.Name}'; a condition is one number a trial, the same in all its bins.");
    }

    private static int AddAverages(NeuralLatentsWriter file, SessionAverages averages)
    {
        var first = averages.Averages[0];
        file.Add("psth", [.. averages.Averages.SelectMany(table => table.Values.Select(value => (float)value))], averages.Averages.Count, first.Bins, first.Columns);
        file.Add("train_cond_idx", averages.Learned);
        file.Add("eval_cond_idx", averages.Evaluated);
        return averages.Averages.Count;
    }

    /// <summary>How many bins later each window lies, of a set that has such.</summary>
    private static void AddJitter(NeuralLatentsWriter file, NeuralLatentsCut cut)
    {
        if (cut.Set?.JitteredColumn is null || !IsThere(cut, NeuralLatentsImport.JitterTable))
        {
            return;
        }

        foreach (var (part, trials) in new[] { ("train", cut.Training), ("eval", cut.Evaluated) })
        {
            file.Add($"{part}_jitter", [.. trials.Select(trial => (int)Math.Round((ValueOf(cut, trial, NeuralLatentsImport.JitterTable) ?? 0) / cut.Factor))]);
        }
    }

    private static int AddAverages(NeuralLatentsWriter file, NeuralLatentsCut cut, NeuralLatentsOptions options, List<string> remarks)
    {
        var names = ConditionsOf(cut, options.Conditions, remarks);
        var all = cut.Training.Concat(cut.Evaluated).ToList();
        if (names.Count == 0)
        {
            return 0;
        }

        var keys = all.Select(trial => names.Select(name => ValueOf(cut, trial, name)).ToList()).Select(key => key.Contains(null) ? null : key.OfType<double>().ToArray()).ToList();
        var distinct = keys.OfType<double[]>().Distinct(new SameNumbers()).Order(new SameNumbers()).ToList();
        int[] conditions = [.. keys.Select(key => key is null ? -1 : distinct.FindIndex(other => other.AsSpan().SequenceEqual(key)))];
        if (distinct.Count == 0)
        {
            remarks.Add($"{cut.Where}: no trial has a value of {string.Join(" and ", names)}, so there are no condition averages.");
            return 0;
        }

        var sigma = options.SigmaMilliseconds ?? (double.IsFinite(cut.Set?.Sigma ?? double.NaN) ? cut.Set!.Sigma : UsualSigma);
        var smoothing = new SpikeSmoothing(cut.Recording.BinWidth, sigma / 1000);
        var channels = Channels(cut, [.. cut.HeldIn, .. cut.HeldOut]);
        var made = ConditionTargets.Of(conditions, cut.Bins, channels.Length, trial => Smoothed(cut, all[trial], channels, smoothing), cut.Set?.EndsAtAlignment == true);
        file.Add("psth", [.. made.Averages.SelectMany(table => table.Values.Select(value => (float)value))], distinct.Count, cut.Bins, channels.Length);
        file.Add("train_cond_idx", [.. made.Trials.Select(trials => (IReadOnlyList<int>)[.. trials.Where(trial => trial < cut.Training.Count)])]);
        file.Add("eval_cond_idx", [.. made.Trials.Select(trials => (IReadOnlyList<int>)[.. trials.Where(trial => trial >= cut.Training.Count).Select(trial => trial - cut.Training.Count)])]);
        if (made.LeftOut.Count > 0)
        {
            remarks.Add($"{cut.Where}: {made.LeftOut.Count} trials are much shorter than others of their condition and were left out of condition averages, such as '{all[made.LeftOut[0]].Name}'.");
        }

        return distinct.Count;
    }

    private static List<string> TablesOf(NeuralLatentsCut cut) => [.. cut.Recording.Trials.SelectMany(trial => trial.Truth.Keys).Distinct(StringComparer.Ordinal)];

    private static IReadOnlyList<string> ConditionsOf(NeuralLatentsCut cut, IReadOnlyList<string> given, List<string> remarks)
    {
        if (given.FirstOrDefault(table => !IsThere(cut, table)) is { } absent)
        {
            throw new InputException(
                $"--condition: {cut.Where} has no '/truth/{absent}'; {Spelling.DidYouMean(absent, TablesOf(cut))}it has {string.Join(", ", TablesOf(cut).DefaultIfEmpty("none"))}.");
        }

        if (given.Count > 0)
        {
            return given;
        }

        if (cut.Set?.Conditions is { Count: > 0 } own && own.All(table => IsThere(cut, table)))
        {
            return own;
        }

        if (!IsThere(cut, UsualCondition))
        {
            remarks.Add($"{cut.Where} has no '/truth/{UsualCondition}', so there are no condition averages; name tables of one number a trial with --condition.");
            return [];
        }

        return [UsualCondition];
    }

    /// <summary>Smoothed over the whole trial, the bins after the window included, then cut to the window.</summary>
    private static Table Smoothed(NeuralLatentsCut cut, Trial trial, (int Group, int Channel)[] channels, SpikeSmoothing smoothing)
    {
        var spikes = new Table(trial.Bins, channels.Length);
        for (var t = 0; t < spikes.Bins; t++)
        {
            for (var c = 0; c < channels.Length; c++)
            {
                var observations = trial.Observations[channels[c].Group];
                spikes[t, c] = observations.IsObserved(t, channels[c].Channel) ? observations[t, channels[c].Channel] : double.NaN;
            }
        }

        var smoothed = smoothing.Smooth(spikes);
        var window = new Table(cut.Bins, channels.Length);
        Array.Fill(window.Values, double.NaN);
        for (var bin = 0; bin < window.Bins; bin++)
        {
            var first = (bin * cut.Factor) - cut.StartOf(trial);
            for (var c = 0; c < channels.Length && first >= 0 && first + cut.Factor <= trial.Bins - cut.Forward; c++)
            {
                window[bin, c] = smoothed[first, c];
                for (var t = first + 1; t < first + cut.Factor && !double.IsNaN(smoothed[first, c]); t++)
                {
                    window[bin, c] += double.IsNaN(smoothed[t, c]) ? 0 : smoothed[t, c];
                }
            }
        }

        return window;
    }

    private static int AddMasks(NeuralLatentsWriter file, NeuralLatentsCut cut, NeuralLatentsOptions options)
    {
        var table = options.DecodedBy ?? (cut.Set?.DecodedBy is { } own && IsThere(cut, own) ? own : null);
        if (table is null)
        {
            return 1;
        }

        if (!IsThere(cut, table))
        {
            throw new InputException($"--decode-by: {cut.Where} has no '/truth/{table}'; {Spelling.DidYouMean(table, TablesOf(cut))}it has {string.Join(", ", TablesOf(cut).DefaultIfEmpty("none"))}.");
        }

        var values = cut.Training.Concat(cut.Evaluated).Select(trial => ValueOf(cut, trial, table)).OfType<double>().Distinct().Order().ToList();
        if (values.Count == 0)
        {
            throw new InputException($"--decode-by: no trial of {cut.Where} has a value of '/truth/{table}'.");
        }

        foreach (var (part, trials) in new[] { ("train", cut.Training), ("eval", cut.Evaluated) })
        {
            file.AddMasks($"{part}_decode_mask", [.. values.Select(value => (IReadOnlyList<bool>)[.. trials.Select(trial => ValueOf(cut, trial, table) == value)])]);
        }

        return values.Count;
    }

    private sealed class SameNumbers : IEqualityComparer<double[]>, IComparer<double[]>
    {
        public bool Equals(double[]? x, double[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(double[] obj) => obj.Aggregate(0, HashCode.Combine);

        public int Compare(double[]? x, double[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
