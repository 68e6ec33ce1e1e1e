using IlqrVae.Recordings;

namespace IlqrVae.Runs.NeuralLatents;

/// <summary>What of a recording the Neural Latents Benchmark looks at: the trials, the neurons, the window and the bins after it. Submissions and targets agree because both are made by it.</summary>
internal sealed record NeuralLatentsCut
{
    private const double Tolerance = 1e-6;

    public required Recording Recording { get; init; }

    /// <summary>What to call the recording in messages.</summary>
    public required string Where { get; init; }

    /// <summary>The name of the group to write.</summary>
    public required string Group { get; init; }

    /// <summary>The benchmark's set of that name; null for another.</summary>
    public NeuralLatentsSet? Set { get; init; }

    /// <summary>Indices of the groups of neurons that inference sees.</summary>
    public required IReadOnlyList<int> HeldIn { get; init; }

    /// <summary>Indices of the groups of neurons that are predicted.</summary>
    public required IReadOnlyList<int> HeldOut { get; init; }

    /// <summary>The trials to learn from, in the order of the file.</summary>
    public required IReadOnlyList<Trial> Training { get; init; }

    /// <summary>The trials to score, in the order of the file.</summary>
    public required IReadOnlyList<Trial> Evaluated { get; init; }

    /// <summary>Bins of the recording that make one to write.</summary>
    public required int Factor { get; init; }

    /// <summary>Bins of the recording after the window of every trial.</summary>
    public required int Forward { get; init; }

    /// <summary>Bins of the recording in the window of the longest trial.</summary>
    public required int Window { get; init; }

    /// <summary>Bins to write of the window.</summary>
    public int Bins => Window / Factor;

    /// <summary>Bins to write after the window.</summary>
    public int ForwardBins => Forward / Factor;

    /// <summary>What the user should know, a sentence each.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>Finds them.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="where">Its file.</param>
    /// <param name="options">What is wanted.</param>
    /// <exception cref="InputException">The recording has no such groups, trials or bins.</exception>
    public static NeuralLatentsCut Of(Recording recording, string where, NeuralLatentsOptions options)
    {
        foreach (var several in recording.Groups.Where(group => SessionGroups.SessionOf(group.Name).Length > 0))
        {
            throw new InputException($"{where}: group '{several.Name}' is of one of several sessions, and the benchmark has one population of neurons a file; give a recording of one session.");
        }

        var factor = FactorOf(recording, where, options.BinMilliseconds);
        var name = options.Set ?? NeuralLatentsSet.SetOf(Path.GetFileNameWithoutExtension(where));
        var group = NeuralLatentsSet.GroupOf(name, recording.BinWidth * factor);
        var set = NeuralLatentsSet.OfGroup(group);
        var heldOut = HeldOutOf(recording, where, options.HeldOut);
        int[] heldIn = [.. Enumerable.Range(0, recording.Groups.Count).Where(g => recording.Groups[g].Kind == ChannelKind.Counts && !heldOut.Contains(g))];
        if (heldIn.Length == 0)
        {
            throw new InputException($"{where}: there are no counts besides those that are held out; at least one group of neurons must be seen.");
        }

        var evaluated = recording.TrialsOf(options.IsTest ? TrialSplit.Test : TrialSplit.Validation);
        var training = recording.Trials.Where(trial => trial.Split == TrialSplit.Train || (options.IsTest && trial.Split == TrialSplit.Validation)).ToList();
        if (evaluated.Count == 0)
        {
            var other = options.IsTest ? "leave --phase test out to score the validation trials" : "mark some when importing, or score the test trials with --phase test";
            throw new InputException($"{where}: there are no trials with the split '{(options.IsTest ? "test" : "validation")}' to evaluate; {other}.");
        }

        var all = training.Concat(evaluated).ToList();
        var forward = ForwardOf(recording, all, set, options.ForwardBins);
        if (all.FirstOrDefault(trial => trial.Bins <= forward) is { } tooShort)
        {
            throw new InputException($"--forward-bins: trial '{tooShort.Name}' has {tooShort.Bins} bins; take fewer than that from its end.");
        }

        var window = all.Max(trial => trial.Bins) - forward;
        if (window % factor != 0 || forward % factor != 0)
        {
            throw new InputException($"--bin: {factor} bins of {where} make one, and neither its window of {window} bins nor the {forward} after it may be cut in between; give another width, or cut the trials anew.");
        }

        var cut = new NeuralLatentsCut
        {
            Recording = recording, Where = where, Group = group, Set = set, HeldIn = heldIn, HeldOut = heldOut, Training = training, Evaluated = evaluated, Factor = factor,
            Forward = forward, Window = window,
        };
        return cut with { Remarks = [.. cut.Differences(options.IsTest)] };
    }

    /// <summary>Number of neurons of some groups.</summary>
    /// <param name="groups">Their indices.</param>
    public int Neurons(IReadOnlyList<int> groups) => groups.Sum(g => Recording.Groups[g].Channels);

    /// <summary>The bin of the window, in those of the recording, at which a trial starts: where trials end together a short one starts late.</summary>
    /// <param name="trial">The trial.</param>
    public int StartOf(Trial trial) => Set?.EndsAtAlignment == true ? Window - (trial.Bins - Forward) : 0;

    /// <summary>Puts one number a bin and column of trials into an array of trials x bins to write x columns; NaN where a trial has no such bin.</summary>
    /// <param name="trials">The trials.</param>
    /// <param name="columns">Number of columns.</param>
    /// <param name="isForward">Whether the bins after the window are wanted.</param>
    /// <param name="merge">Of a trial, its first bin of those that make one, and a column, what to write.</param>
    public float[] Fill(IReadOnlyList<Trial> trials, int columns, bool isForward, Func<Trial, int, int, double> merge)
    {
        var bins = isForward ? ForwardBins : Bins;
        var values = new float[RequireEntries(trials.Count, bins, columns)];
        for (var i = 0; i < trials.Count; i++)
        {
            var trial = trials[i];
            FillTrial(values.AsSpan(i * bins * columns, bins * columns), trial, columns, isForward, (bin, column) => merge(trial, bin, column));
        }

        return values;
    }

    /// <summary>The number of entries of a table.</summary>
    /// <exception cref="InputException">They are more than one table holds.</exception>
    public long RequireEntries(int trials, int bins, int columns) => (long)trials * bins * columns is var entries && entries <= Array.MaxLength
        ? entries
        : throw new InputException($"{Where}: {trials} trials x {bins} bins x {columns} columns are more than one table holds ({Array.MaxLength}); give a recording of fewer trials.");

    /// <summary>The same of one trial.</summary>
    public void FillTrial(Span<float> values, Trial trial, int columns, bool isForward, Func<int, int, double> merge)
    {
        var own = trial.Bins - Forward;
        var start = isForward ? 0 : StartOf(trial);
        for (var bin = 0; bin < values.Length / columns; bin++)
        {
            // A bin of the trial; several that make one must all be there.
            var first = (bin * Factor) - start;
            var isThere = isForward || (first >= 0 && first + Factor <= own);
            for (var column = 0; column < columns; column++)
            {
                values[(bin * columns) + column] = isThere ? (float)merge(isForward ? own + first : first, column) : float.NaN;
            }
        }
    }

    private static int FactorOf(Recording recording, string where, double? milliseconds) => milliseconds is { } width ? WholeBins(recording, where, "--bin", width, 1) : 1;

    /// <summary>A time as a whole number of bins of a recording.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="where">Its file.</param>
    /// <param name="option">The option that gives the time.</param>
    /// <param name="milliseconds">The time.</param>
    /// <param name="least">The least number of bins.</param>
    /// <exception cref="InputException">It is no whole number of bins, or too few.</exception>
    public static int WholeBins(Recording recording, string where, string option, double milliseconds, int least)
    {
        var ratio = milliseconds / (recording.BinWidth * 1000);
        var bins = Math.Round(ratio);
        return bins >= least && Math.Abs(bins) < int.MaxValue && Math.Abs(ratio - bins) <= Tolerance * Math.Max(1, Math.Abs(bins))
            ? (int)bins
            : throw new InputException(FormattableString.Invariant($"{option}: {milliseconds} ms are not a whole number of the bins of {where}, which are {recording.BinWidth * 1000:0.######} ms wide."));
    }

    private static int[] HeldOutOf(Recording recording, string where, IReadOnlyList<string> names)
    {
        var wanted = names.Count == 0 ? [HeldOutChannels.GroupName] : names.ToArray();
        var groups = new List<int>();
        foreach (var name in wanted.Distinct(StringComparer.Ordinal))
        {
            var g = recording.IndexOfGroup(name);
            if (g < 0 || recording.Groups[g].Kind != ChannelKind.Counts)
            {
                var there = string.Join(", ", recording.Groups.Where(group => group.Kind == ChannelKind.Counts).Select(group => $"'{group.Name}'"));
                throw new InputException(
                    $"{where}: there is no group of counts '{name}' to hold out; {Spelling.DidYouMean(name, recording.Groups.Where(group => group.Kind == ChannelKind.Counts).Select(group => group.Name))}it has {(there.Length == 0 ? "none" : there)}. Name one with --held-out-group, or make one with 'ilqr-vae import --held-out N'.");
            }

            groups.Add(g);
        }

        return [.. groups.Order()];
    }

    private static int ForwardOf(Recording recording, List<Trial> trials, NeuralLatentsSet? set, int? given)
    {
        if (given is { } bins)
        {
            return bins >= 0 ? bins : throw new InputException("--forward-bins: give a whole number from 0.");
        }

        if (set is null)
        {
            return 0;
        }

        // A window that starts less than a bin after the grid has one bin fewer.
        var width = recording.BinWidth * 1000;
        var (window, forward) = ((int)Math.Round((set.WindowEnd - set.WindowStart) / width), (int)Math.Round(NeuralLatentsSet.Forward / width));
        return trials.TrueForAll(trial => trial.Bins == window + forward || trial.Bins == window + forward - 1) ? forward : 0;
    }

    /// <summary>Where a recording that goes by the name of one of the benchmark's sets is not what the benchmark has.</summary>
    private IEnumerable<string> Differences(bool isTest)
    {
        if (Set is not { } set)
        {
            yield break;
        }

        var trials = isTest ? set.Test : set.Validation;
        var width = Recording.BinWidth * Factor * 1000;
        (string What, int Has, int Needs)[] sizes =
        [
            ("held-in neurons", Neurons(HeldIn), set.HeldIn),
            ("held-out neurons", Neurons(HeldOut), set.HeldOut),
            ("trials to learn from", Training.Count, trials.Training),
            ("evaluated trials", Evaluated.Count, trials.Evaluated),
            ("bins in the window", Bins, (int)Math.Round((set.WindowEnd - set.WindowStart) / width)),
            ("bins after it", ForwardBins, (int)Math.Round(NeuralLatentsSet.Forward / width)),
        ];
        var differing = sizes.Where(size => size.Has != size.Needs).Select(size => $"{size.Has} {size.What} ({size.Needs})").ToList();
        if (differing.Count > 0)
        {
            yield return $"{Where}: {Group} of the benchmark has other sizes, which stand in brackets: {string.Join(", ", differing)}. Scores are not comparable with published ones.";
        }
    }
}
