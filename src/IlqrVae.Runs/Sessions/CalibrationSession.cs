using IlqrVae.Evaluation;
using IlqrVae.Recordings;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Scores;
using IlqrVae.Training.Processes;

namespace IlqrVae.Runs.Sessions;

/// <summary>What to calibrate and by which trials.</summary>
public sealed record CalibrationRequest
{
    /// <summary>Which trials to learn from; null for the validation trials.</summary>
    public string? Split { get; init; }

    /// <summary>Names of the channel groups to hide, as in the inference whose intervals are to hold.</summary>
    public IReadOnlySet<string> Hidden { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Bins at the end of every trial to be forecast; 0 for none.</summary>
    public int ForecastBins { get; init; }

    /// <summary>Whether to learn also from what a simulation knows to be true.</summary>
    public bool UseTruth { get; init; } = true;

    /// <summary>Whether channels and external inputs are those of the model in the order of the recording, whatever their names and units.</summary>
    public bool ByPosition { get; init; }

    /// <summary>Seed of what is drawn; null for the model's.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Worker threads; null or 0 for one a core. Of several processes each has as many.</summary>
    public int? Threads { get; init; }

    /// <summary>The processes that share the trials, each by the same call; the first alone calibrates and writes.</summary>
    public IProcessGroup Processes { get; init; } = new OneProcess();
}

/// <summary>How well intervals hold, before and after, each trial by what the others say.</summary>
/// <param name="Name">A group, or a truth table.</param>
/// <param name="Case">Why entries were not seen; null for what a simulation knows.</param>
/// <param name="FirstLead">Of forecasts the fewest bins ahead; else 0.</param>
/// <param name="LastLead">Of forecasts the most bins ahead; else 0.</param>
/// <param name="Entries">Number of entries.</param>
/// <param name="PosteriorScale">The scale of the posterior's deviations; NaN for what a simulation knows.</param>
/// <param name="NoiseScale">The scale of the noise's deviations; NaN for what a simulation knows.</param>
/// <param name="Raw">The shares of entries inside intervals of 50, 90 and 95 % without calibration.</param>
/// <param name="Scaled">The same with the scales alone; NaN for what a simulation knows.</param>
/// <param name="Calibrated">The same with scales and half-widths.</param>
/// <param name="Errors">The standard errors of the last over trials.</param>
public sealed record CalibrationScore(
    string Name, EntryCase? Case, int FirstLead, int LastLead, long Entries, double PosteriorScale, double NoiseScale,
    IReadOnlyList<double> Raw, IReadOnlyList<double> Scaled, IReadOnlyList<double> Calibrated, IReadOnlyList<double> Errors);

/// <summary>What a calibration found.</summary>
/// <param name="Situation">What is written to the run.</param>
/// <param name="Scores">How well it holds.</param>
/// <param name="Remarks">What could not be calibrated, a sentence each.</param>
/// <param name="Path">The file it was written to.</param>
public sealed record CalibrationOutcome(SituationCalibration Situation, IReadOnlyList<CalibrationScore> Scores, IReadOnlyList<string> Remarks, string Path);

/// <summary>
/// Learns from trials that parameters were not learned from what makes intervals hold: of groups that are hidden, of single entries that are, of the end of
/// trials, and of what a simulation knows.
/// </summary>
public static class CalibrationSession
{
    private const int Folds = 8;
    private const int LeastEntries = 50;
    private const int CountEntries = 60_000;
    private const int ValueEntries = 50_000;
    private const int TruthEntries = 400_000;
    private const int FewTrials = 5;
    private const int PartsOfLongTrials = 10;
    private const int CrossFits = 10;

    /// <summary>Calibrates, and writes what was learned to the run.</summary>
    /// <param name="run">The run's folder, or a model file.</param>
    /// <param name="data">The dataset file.</param>
    /// <param name="recording">What it holds.</param>
    /// <param name="request">What to calibrate.</param>
    /// <param name="progress">Told of every trial that is done; null for nobody.</param>
    /// <param name="interrupt">Stops the inference.</param>
    /// <returns>What was learned; of several processes the others than the first have nothing.</returns>
    /// <exception cref="InputException">There are no trials to learn from, or the recording does not fit the model.</exception>
    public static CalibrationOutcome Run(
        string run, string data, Recording recording, CalibrationRequest request, IProgress<InferenceProgress>? progress = null, CancellationToken interrupt = default)
    {
        ArgumentNullException.ThrowIfNull(recording);
        ArgumentNullException.ThrowIfNull(request);
        var path = RunFolder.ModelOf(run);
        var (description, raw, _) = ModelFile.Read(path);
        var split = request.Split ?? "validation";
        var trials = split == "all" ? recording.Trials : recording.TrialsOf(Enum.Parse<TrialSplit>(split, ignoreCase: true));
        if (trials.Count == 0)
        {
            throw new InputException($"{data}: there are no {split} trials to calibrate by; name others with --split, at best ones that were not learned from.");
        }

        var units = trials.Count < FewTrials ? PartsOfLongTrials : 1;
        var inference = new InferenceRequest
        {
            Split = split, Hidden = request.Hidden, ByPosition = request.ByPosition, Seed = request.Seed, Threads = request.Threads, Processes = request.Processes,
        };
        var folds = FoldsOf(description, trials, request.Hidden);
        var (passes, pass) = (1 + folds + (request.ForecastBins > 0 ? 1 : 0), 0);
        InferenceResult Infer(int fold, int forecast, bool withTruth) => InferenceSession.Run(
            path, data, recording,
            inference with { ForecastBins = forecast, Pass = new CalibrationPass(fold, Folds, Shares(description, trials, forecast, fold < 0 ? 1 : (double)folds / Folds), withTruth, TruthShare(description, trials), units) },
            progress is null ? null : new PartOfInference(progress, pass++ * trials.Count, passes * trials.Count), interrupt);

        var samples = new TrialSamples();
        var whole = Infer(-1, 0, request.UseTruth);
        Collect(samples, whole);
        if (request.UseTruth && request.Processes.Number == 0 && InputScores.Of(whole, isLaplace: true) is { } inputs)
        {
            foreach (var (trial, scores) in inputs)
            {
                for (var i = 0; i < scores.Values.Length; i++)
                {
                    samples.AddTruth(CoveragePart.Inputs, (trial * units) + (i / scores.Columns * units / scores.Bins), scores.Values[i]);
                }
            }
        }

        // Every entry of the groups that are seen is missing once, unless fewer are enough.
        for (var fold = 0; fold < folds; fold++)
        {
            Collect(samples, Infer(fold, 0, withTruth: false));
        }

        if (request.ForecastBins > 0)
        {
            Collect(samples, Infer(-1, request.ForecastBins, withTruth: false));
        }

        if (request.Processes.Number > 0)
        {
            return new CalibrationOutcome(new SituationCalibration([], split, trials.Count, [], []), [], [], "");
        }

        var outcome = Learn(samples, description, request, split, trials.Count);
        var file = new RunFolder(Path.GetDirectoryName(path)!).Calibration;
        var model = RunCalibration.FingerprintOf(raw);
        var before = CalibrationFile.ReadIfAny(file);
        CalibrationFile.Write(file, (before?.Model == model ? before : new RunCalibration(model, [])).With(outcome.Situation));
        return outcome with { Path = file, Remarks = [.. whole.Remarks, .. outcome.Remarks] };
    }

    private static void Collect(TrialSamples samples, InferenceResult result)
    {
        foreach (var trial in result.Samples)
        {
            samples.Add(trial);
        }
    }

    private static double Enough(ModelDescription description, int group) => description.IsRate(group) ? CountEntries : ValueEntries;

    /// <summary>How many parts of the entries of groups that are seen have to be missing in turn for enough of them; none where all groups are hidden.</summary>
    private static int FoldsOf(ModelDescription description, IReadOnlyList<Trial> trials, IReadOnlySet<string> hidden)
    {
        var bins = trials.Sum(trial => (double)trial.Bins);
        return Enumerable.Range(0, description.Groups.Count).Where(g => !hidden.Contains(description.Groups[g].Name))
            .Select(g => (int)Math.Clamp(Math.Ceiling(Folds * Enough(description, g) / (bins * description.Groups[g].Channels)), 1, Folds)).DefaultIfEmpty(0).Max();
    }

    /// <summary>The share of bins to look at in each group, so that there are enough entries and no more.</summary>
    private static double[] Shares(ModelDescription description, IReadOnlyList<Trial> trials, int forecast, double share)
    {
        var bins = share * trials.Sum(trial => forecast > 0 ? Math.Min(forecast, trial.Bins) : (double)trial.Bins);
        return [.. description.Groups.Select((group, g) => Enough(description, g) / Math.Max(1, bins * group.Channels))];
    }

    private static double TruthShare(ModelDescription description, IReadOnlyList<Trial> trials)
        => TruthEntries / Math.Max(1, trials.Sum(trial => (double)trial.Bins) * description.Groups.Max(group => group.Channels));

    private static CalibrationOutcome Learn(TrialSamples samples, ModelDescription description, CalibrationRequest request, string split, int trials)
    {
        var (groups, truth, scores, remarks) = (new List<GroupCalibration>(), new List<TruthCalibration>(), new List<CalibrationScore>(), new List<string>());
        foreach (var (place, entries) in samples.Entries.OrderBy(pair => pair.Key.Group).ThenBy(pair => pair.Key.Case).ThenBy(pair => pair.Key.Lead))
        {
            var name = description.Groups[place.Group].Name;
            var (first, last) = (place.Lead, place.Lead == 0 ? 0 : Math.Min(request.ForecastBins, (2 * place.Lead) - 1));
            if (entries.Count < LeastEntries)
            {
                remarks.Add($"{name}, {CalibrationFile.NameOf(place.Case)}: {entries.Count} entries are too few to calibrate by; it takes {LeastEntries}.");
                continue;
            }

            var (posterior, noise) = entries.Fit(_ => true);
            groups.Add(new GroupCalibration(name, place.Case, first, last, entries.Count, posterior, noise, entries.HalfWidths(_ => true, posterior, noise, RunCalibration.Levels)));
            scores.Add(Judge(name, place.Case, first, last, entries, posterior, noise));
        }

        foreach (var (name, distances) in samples.Truth)
        {
            truth.Add(new TruthCalibration(name, distances.Count, EntrySamples.Quantiles([.. distances.Select(one => Math.Abs((double)one.Score))], RunCalibration.Levels)));
            scores.Add(Judge(name, distances));
        }

        foreach (var name in request.Hidden.Where(name => !groups.Exists(group => group.Group == name)))
        {
            remarks.Add($"the {split} trials hold no observations of '{name}', so that its intervals cannot be calibrated.");
        }

        return new CalibrationOutcome(new SituationCalibration([.. request.Hidden.Order(StringComparer.Ordinal)], split, trials, groups, truth), scores, remarks, "");
    }

    /// <summary>Every tenth of the units by what the others say.</summary>
    private static CalibrationScore Judge(string name, EntryCase why, int first, int last, EntrySamples entries, double posterior, double noise)
    {
        var folds = Fold(entries.Units);
        var (raw, scaled, calibrated) = (new IntervalCoverage(), new IntervalCoverage(), new UnitCoverage());
        var learned = Enumerable.Range(0, CrossFits).Select(fold =>
        {
            bool IsOther(int unit) => folds[unit] != fold;
            var scales = folds.ContainsValue(fold) ? entries.Fit(IsOther) : (Posterior: 1, Noise: 1);
            return (scales.Posterior, scales.Noise, Widths: entries.HalfWidths(IsOther, scales.Posterior, scales.Noise, IntervalCoverage.Levels));
        }).ToArray();
        for (var i = 0; i < entries.Count; i++)
        {
            var by = learned[folds[entries.Units[i]]];
            var score = entries.Score(i, by.Posterior, by.Noise);
            raw.AddScore(entries.Score(i, 1, 1));
            scaled.AddScore(score);
            calibrated.Add(entries.Units[i], score, by.Widths);
        }

        return new CalibrationScore(name, why, first, last, entries.Count, posterior, noise, raw.Shares, scaled.Shares, calibrated.Shares, calibrated.Errors);
    }

    private static CalibrationScore Judge(string name, List<(int Unit, float Score)> distances)
    {
        var folds = Fold(distances.Select(one => one.Unit));
        var (raw, calibrated) = (new IntervalCoverage(), new UnitCoverage());
        var widths = Enumerable.Range(0, CrossFits).Select(fold => EntrySamples.Quantiles(
            [.. distances.Where(one => folds[one.Unit] != fold).Select(one => Math.Abs((double)one.Score))], IntervalCoverage.Levels)).ToArray();
        foreach (var (unit, score) in distances)
        {
            raw.AddScore(score);
            calibrated.Add(unit, score, widths[folds[unit]]);
        }

        return new CalibrationScore(
            name, null, 0, 0, distances.Count, double.NaN, double.NaN, raw.Shares, [.. IntervalCoverage.Levels.Select(_ => double.NaN)], calibrated.Shares, calibrated.Errors);
    }

    private static Dictionary<int, int> Fold(IEnumerable<int> units) => units.Distinct().Order().Select((unit, k) => (unit, k)).ToDictionary(pair => pair.unit, pair => pair.k % CrossFits);

    /// <summary>Coverage by unit, so that its error can be told although entries of a trial depend on each other.</summary>
    private sealed class UnitCoverage
    {
        private readonly Dictionary<int, IntervalCoverage> _units = [];

        public IReadOnlyList<double> Shares
        {
            get
            {
                var sum = new IntervalCoverage();
                foreach (var unit in _units.Values)
                {
                    sum.Add(unit);
                }

                return sum.Shares;
            }
        }

        /// <summary>Of a ratio of sums over units: the residuals' deviation over the mean number of entries and the root of the number of units.</summary>
        public IReadOnlyList<double> Errors
        {
            get
            {
                var (shares, n) = (Shares, (double)_units.Count);
                var size = _units.Values.Average(unit => unit.Entries);
                return [.. shares.Select((share, level) =>
                    Math.Sqrt(_units.Values.Sum(unit => Math.Pow((unit.Shares[level] - share) * unit.Entries / size, 2)) / (n * Math.Max(1, n - 1))))];
            }
        }

        public void Add(int unit, double score, IReadOnlyList<double> widths)
        {
            if (!_units.TryGetValue(unit, out var coverage))
            {
                _units[unit] = coverage = new IntervalCoverage();
            }

            coverage.AddScore(score, widths);
        }
    }
}
