using IlqrVae.Recordings;

namespace IlqrVae.Evaluation.Baselines;

/// <summary>A recording as baselines see it: what they may learn from, what they are tuned on, what they predict.</summary>
internal sealed class BaselineData
{
    /// <summary>Folds of the training trials by which baselines are tuned.</summary>
    public const int Folds = 5;

    // Fewer trials than this are cut into blocks for tuning, and more bins are thinned out.
    private const int LeastPieces = 2 * Folds;
    private const int MostTuningBins = 30_000;

    private BaselineData(double binWidth, IReadOnlyList<ChannelGroup> hidden, bool[] seenCounts, IReadOnlyList<BaselineTrial> training, IReadOnlyList<BaselineTrial> scored)
    {
        BinWidth = binWidth;
        Hidden = hidden;
        SeenCounts = seenCounts;
        Training = training;
        Scored = scored;
        Tuning = Pieces(training);
        FoldOf = AssignFolds(Tuning);
        Means = [.. hidden.Select((group, g) => TargetMeans(training, g, group.Channels))];
    }

    /// <summary>Width of a bin in seconds.</summary>
    public double BinWidth { get; }

    /// <summary>The hidden groups, to be predicted.</summary>
    public IReadOnlyList<ChannelGroup> Hidden { get; }

    /// <summary>Of every seen channel whether it holds counts.</summary>
    public bool[] SeenCounts { get; }

    /// <summary>The training trials.</summary>
    public IReadOnlyList<BaselineTrial> Training { get; }

    /// <summary>The trials to predict.</summary>
    public IReadOnlyList<BaselineTrial> Scored { get; }

    /// <summary>The training trials, or blocks of them where they are few; every so many where they are long.</summary>
    public IReadOnlyList<BaselineTrial> Tuning { get; }

    /// <summary>The fold of every trial of <see cref="Tuning"/>.</summary>
    public int[] FoldOf { get; }

    /// <summary>Mean of every channel of every hidden group over its observed entries in the training trials; 0 where there are none.</summary>
    public IReadOnlyList<double[]> Means { get; }

    /// <summary>Prepares a recording.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="scored">The trials to predict.</param>
    /// <param name="hidden">Indices of the groups to predict.</param>
    /// <param name="seen">Indices of the groups to predict from.</param>
    public static BaselineData Of(Recording recording, IReadOnlyList<Trial> scored, IReadOnlyList<int> hidden, IReadOnlyList<int> seen)
    {
        var training = recording.TrialsOf(TrialSplit.Train);
        var statistics = seen.Select(g => ChannelStatistics.Of(recording, g)).ToList();
        double[] fill = [.. statistics.SelectMany(one => one.Mean)];

        // Values are taken in units of their own size, beside counts.
        double[] scale = [.. statistics.SelectMany((one, k) => one.Variance.Select(variance => recording.Groups[seen[k]].Kind == ChannelKind.Counts ? 0 : Math.Sqrt(variance)))];
        return new BaselineData(
            recording.BinWidth,
            [.. hidden.Select(g => recording.Groups[g])],
            [.. seen.SelectMany(g => Enumerable.Repeat(recording.Groups[g].Kind == ChannelKind.Counts, recording.Groups[g].Channels))],
            [.. training.Select(Take)],
            [.. scored.Select(Take)]);

        BaselineTrial Take(Trial trial)
        {
            var table = new Table(trial.Bins, fill.Length);
            var mask = seen.All(g => trial.Observations[g].AllObserved) ? null : new bool[trial.Bins * fill.Length];
            for (var t = 0; t < trial.Bins; t++)
            {
                var offset = 0;
                foreach (var observations in seen.Select(g => trial.Observations[g]))
                {
                    var row = table.Row(t).Slice(offset, observations.Channels);
                    observations.CopyRow(t, row);
                    for (var c = 0; mask is not null && c < row.Length; c++)
                    {
                        mask[(t * fill.Length) + offset + c] = observations.IsObserved(t, c);
                        row[c] = observations.IsObserved(t, c) ? row[c] : fill[offset + c];
                    }

                    for (var c = 0; c < row.Length; c++)
                    {
                        row[c] = scale[offset + c] > 0 ? (row[c] - fill[offset + c]) / scale[offset + c] : row[c];
                    }

                    offset += observations.Channels;
                }
            }

            var condition = trial.Truth.TryGetValue("condition", out var truth) && truth.Values is [var first, ..] && double.IsFinite(first) ? first : (double?)null;
            return new BaselineTrial(
                table, mask, [.. hidden.Select(g => trial.Observations[g].ToTable())], [.. hidden.Select(g => trial.Observations[g].ToMask())], condition);
        }
    }

    /// <summary>Bits per spike of a group of counts, the mean R2 over channels of a group of values.</summary>
    /// <param name="group">Index of the hidden group.</param>
    /// <param name="trials">Trials.</param>
    /// <param name="predictions">What was predicted of each: counts a bin, or values.</param>
    public double Score(int group, IReadOnlyList<BaselineTrial> trials, IReadOnlyList<Table> predictions)
    {
        Table[] targets = [.. trials.Select(trial => trial.Targets[group])];
        bool[]?[] masks = [.. trials.Select(trial => trial.TargetMasks[group])];
        return Hidden[group].Kind == ChannelKind.Counts
            ? Metrics.BitsPerSpike(predictions, targets, masks)
            : Metrics.MeanOfDefined(Metrics.R2PerColumn(targets, predictions, masks));
    }

    /// <summary>The score of predictions of every tuning trial by what was fitted on the other folds.</summary>
    /// <param name="group">Index of the hidden group.</param>
    /// <param name="fit">Fits on trials and returns what predicts one; called for several folds at a time.</param>
    public double CrossValidate(int group, Func<IReadOnlyList<BaselineTrial>, Func<BaselineTrial, Table>> fit)
        => CrossValidate([group], trials =>
        {
            var predict = fit(trials);
            return trial => [predict(trial)];
        })[0];

    /// <summary>The same of several groups that are predicted at once.</summary>
    /// <param name="groups">Indices of the hidden groups.</param>
    /// <param name="fit">Fits on trials and returns what predicts these groups of one; called for several folds at a time.</param>
    public double[] CrossValidate(IReadOnlyList<int> groups, Func<IReadOnlyList<BaselineTrial>, Func<BaselineTrial, IReadOnlyList<Table>>> fit)
    {
        int[] folds = [.. FoldOf.Distinct()];
        if (folds.Length < 2)
        {
            return [.. groups.Select(_ => double.NaN)];
        }

        var predictions = new IReadOnlyList<Table>[Tuning.Count];
        Parallel.ForEach(folds, fold =>
        {
            var predict = fit([.. Tuning.Where((_, i) => FoldOf[i] != fold)]);
            for (var i = 0; i < Tuning.Count; i++)
            {
                if (FoldOf[i] == fold)
                {
                    predictions[i] = predict(Tuning[i]);
                }
            }
        });

        return [.. groups.Select((group, k) => Score(group, Tuning, [.. predictions.Select(tables => tables[k])]))];
    }

    private static List<BaselineTrial> Pieces(IReadOnlyList<BaselineTrial> training)
    {
        var pieces = new List<BaselineTrial>();
        var cuts = training.Count >= LeastPieces ? 1 : (LeastPieces + training.Count - 1) / Math.Max(1, training.Count);
        foreach (var trial in training)
        {
            if (cuts == 1 || trial.Bins < 2 * cuts)
            {
                pieces.Add(trial);
                continue;
            }

            for (var k = 0; k < cuts; k++)
            {
                var first = (int)((long)trial.Bins * k / cuts);
                pieces.Add(trial.Part(first, (int)((long)trial.Bins * (k + 1) / cuts) - first));
            }
        }

        // Whole pieces, evenly over the session, as long as every fold keeps some.
        var every = (int)Math.Min(pieces.Sum(piece => (long)piece.Bins) / MostTuningBins, pieces.Count / LeastPieces);
        return every < 2 ? pieces : [.. pieces.Where((_, i) => i % every == 0)];
    }

    // Contiguous stretches of trials: neighbours are alike and would leak from one fold to another.
    private static int[] AssignFolds(IReadOnlyList<BaselineTrial> trials)
    {
        var total = trials.Sum(trial => (long)trial.Bins);
        var folds = new int[trials.Count];
        var before = 0L;
        for (var i = 0; i < folds.Length; i++)
        {
            folds[i] = (int)(((2 * before) + trials[i].Bins) * Folds / (2 * total));
            before += trials[i].Bins;
        }

        return folds;
    }

    private static double[] TargetMeans(IReadOnlyList<BaselineTrial> trials, int group, int channels)
    {
        var sum = new double[channels];
        var count = new long[channels];
        foreach (var trial in trials)
        {
            for (var t = 0; t < trial.Bins; t++)
            {
                for (var c = 0; c < channels; c++)
                {
                    if (trial.IsObserved(group, t, c))
                    {
                        sum[c] += trial.Targets[group][t, c];
                        count[c]++;
                    }
                }
            }
        }

        return [.. sum.Zip(count, (s, n) => n > 0 ? s / n : 0)];
    }
}
