using System.Globalization;
using IlqrVae.Recordings;

namespace IlqrVae.Evaluation.Baselines;

/// <summary>Baselines that regress a hidden group on seen channels around each bin.</summary>
internal sealed class RegressionBaselines
{
    private static readonly double[] Alphas = [1e-4, 1e-3, 1e-2, 3e-2, 0.1, 0.3, 1];
    private static readonly double[] Penalties = [.. RidgeRegression.DefaultAlphas];
    private static readonly int[] Before = [0, 1, 2, 3, 4, 6, 8, 10, 12, 16, 20];
    private static readonly int[] After = [0, 1, 2, 3, 4, 6, 8, 10];

    /// <summary>A lag is at least so long.</summary>
    private const double LeastLag = 0.04;

    /// <summary>Entries of a design: rows are thinned out beyond.</summary>
    private const long MostEntries = 40_000_000;
    private const long MostTuningEntries = 12_000_000;

    private readonly SmoothedTrials _smoothed = new();

    // Other lags need much the same penalty: each search starts from what the last found.
    private int _penalty = Array.FindIndex(Penalties, alpha => alpha > 0.09);
    private (int Group, BaselineFeatures Features)? _chosen;
    private (int Group, BaselineFeatures Features)? _acausal;

    /// <summary>Poisson regression of counts on smoothed seen channels.</summary>
    public BaselineResult? PoissonOnSmoothed(BaselineData data, int group)
    {
        if (data.Hidden[group].Kind != ChannelKind.Counts || data.Means[group].All(mean => mean == 0))
        {
            return null;
        }

        var deviations = SmoothedTrials.Deviations;
        var (best, _) = GridClimb.Climb(
            [deviations.Length, Alphas.Length], [SmoothedTrials.Usual(data.BinWidth), 2],
            at => data.CrossValidate(group, trials => Poisson(trials, group, deviations[at[0]], Alphas[at[1]])));
        var predict = Poisson(data.Training, group, deviations[best[0]], Alphas[best[1]]);
        return new BaselineResult(
            [.. data.Scored.Select(predict)],
            string.Create(CultureInfo.InvariantCulture, $"smoothed over {deviations[best[0]]:0.##} bins, penalty {Alphas[best[1]]:0.####}"));
    }

    /// <summary>Ridge regression of values on smoothed seen channels, some bins before.</summary>
    public BaselineResult? RidgeOnSmoothed(BaselineData data, int group)
    {
        var (deviations, step) = (SmoothedTrials.Deviations, Step(data));
        return Ridge(data, group, [deviations.Length, Before.Length], [SmoothedTrials.Usual(data.BinWidth), 1], (at, root) => new BaselineFeatures(-Before[at[1]], -Before[at[1]], deviations[at[0]], root) { LagStep = step });
    }

    /// <summary>Ridge regression of values on seen channels at the bin and before.</summary>
    public BaselineResult? CausalLags(BaselineData data, int group)
    {
        var step = Step(data);
        return Ridge(data, group, [Before.Length], [6], (at, root) => new BaselineFeatures(-Before[at[0]], 0, 0, root) { LagStep = step });
    }

    /// <summary>Ridge regression of values on seen channels around the bin.</summary>
    public BaselineResult? AcausalLags(BaselineData data, int group)
    {
        var step = Step(data);
        var result = Ridge(data, group, [Before.Length, After.Length], [6, 4], (at, root) => new BaselineFeatures(-Before[at[0]], After[at[1]], 0, root) { LagStep = step });
        _acausal = result is null ? null : _chosen;
        return result;
    }

    /// <summary>The same of smoothed channels, with the lags that were best without.</summary>
    public BaselineResult? SmoothedLags(BaselineData data, int group)
    {
        if (_acausal is not { } found || found.Group != group)
        {
            return null;
        }

        double[] deviations = [0.5, 0.75, 1, 1.5, 2, 3];
        var step = found.Features.LagStep;
        return Ridge(data, group, [deviations.Length], [2], (at, root) => found.Features with { SmoothingDeviation = deviations[at[0]] * step, SquareRoot = root }, found.Features.SquareRoot);
    }

    private Func<BaselineTrial, Table> Poisson(IReadOnlyList<BaselineTrial> trials, int group, double deviation, double alpha)
    {
        var regression = PoissonRegression.Fit(
            [.. trials.Select(trial => _smoothed.Of(trial, deviation))], [.. trials.Select(trial => trial.Targets[group])], alpha, [.. trials.Select(trial => trial.TargetMasks[group])]);

        // Beyond the features it has learned from an exponential knows no bounds; counts never seen are not predicted.
        var most = Enumerable.Range(0, regression.Outputs).Select(c => Math.Max(1, trials.Max(trial => Largest(trial, group, c)))).ToArray();
        return trial =>
        {
            var rates = regression.Apply(_smoothed.Of(trial, deviation));
            for (var i = 0; i < rates.Values.Length; i++)
            {
                rates.Values[i] = Math.Min(rates.Values[i], most[i % most.Length]);
            }

            return rates;
        };
    }

    private static double Largest(BaselineTrial trial, int group, int channel)
        => Enumerable.Range(0, trial.Bins).Where(t => trial.IsObserved(group, t, channel)).Select(t => trial.Targets[group][t, channel]).DefaultIfEmpty(0).Max();

    private static int Step(BaselineData data) => Math.Max(1, (int)Math.Ceiling((LeastLag / data.BinWidth) - 1e-9));

    private BaselineResult? Ridge(BaselineData data, int group, int[] sizes, int[] start, Func<int[], bool, BaselineFeatures> features, bool? root = null)
    {
        if (data.Hidden[group].Kind != ChannelKind.Values || data.SeenCounts.Length == 0)
        {
            return null;
        }

        bool[] roots = root is { } given ? [given] : data.SeenCounts.Contains(true) ? [true, false] : [false];
        var isRoot = roots.MaxBy(one => Score(features(start, one)));
        var (best, score) = GridClimb.Climb(sizes, start, at => Score(features(at, isRoot)));
        var chosen = features(best, isRoot);
        if (double.IsNegativeInfinity(score))
        {
            return null;
        }

        _chosen = (group, chosen);
        var (columns, _, fill) = Fit(data, group, chosen, data.Training, MostEntries);
        return new BaselineResult(
            [.. data.Scored.Select(trial => Apply(columns, BaselineDecoder.Lagged(chosen, BaselineDecoder.Transform(chosen, trial.Seen, data.SeenCounts), fill), data.Means[group]))],
            Describe(chosen, data) + string.Create(CultureInfo.InvariantCulture, $", penalty {columns[0].Regression.Alpha:0.####}"));

        double Score(BaselineFeatures tried) => Fit(data, group, tried, data.Tuning, MostTuningEntries).Score;
    }

    private static string Describe(BaselineFeatures features, BaselineData data)
    {
        var bins = features.LagStep == 1 ? "bins" : string.Create(CultureInfo.InvariantCulture, $"times {features.LagStep} bins");
        var lags = features.FirstLag == features.LastLag ? $"{-features.FirstLag} {bins} before" : $"{-features.FirstLag} {bins} back, {features.LastLag} ahead";
        var smoothing = features.SmoothingDeviation > 0 ? string.Create(CultureInfo.InvariantCulture, $", smoothed over {features.SmoothingDeviation:0.##} bins") : "";
        return lags + smoothing + (data.SeenCounts.Contains(true) ? features.SquareRoot ? ", square roots" : ", counts" : "");
    }

    // One regression of all channels where they are observed together, else one of each.
    private (IReadOnlyList<(int[] Channels, RidgeRegression Regression)> Regressions, double Score, double[] Fill) Fit(
        BaselineData data, int group, BaselineFeatures features, IReadOnlyList<BaselineTrial> trials, long mostEntries)
    {
        var channels = data.Hidden[group].Channels;
        var width = data.SeenCounts.Length * (features.LastLag - features.FirstLag + 1);
        var every = (int)Math.Max(1, trials.Sum(trial => (long)trial.Bins) * width / mostEntries);
        Table[] transformed = [.. trials.Select(trial => BaselineDecoder.Transform(features, trial.Seen, data.SeenCounts))];
        var fill = Metrics.ColumnMeans(LinearAlignment.Stack(transformed));
        int[][] together = trials.All(trial => trial.TargetMasks[group] is null) ? [[.. Enumerable.Range(0, channels)]] : [.. Enumerable.Range(0, channels).Select(c => (int[])[c])];
        var (regressions, scores) = (new List<(int[], RidgeRegression)>(), new List<double>());
        foreach (var some in together)
        {
            var rows = trials.SelectMany((trial, k) => Enumerable.Range(0, trial.Bins).Where(t => trial.IsObserved(group, t, some[0])).Select(t => (k, t))).Where((_, i) => i % every == 0).ToList();
            var (x, y) = (new Table(rows.Count, width), new Table(rows.Count, some.Length));
            for (var i = 0; i < rows.Count; i++)
            {
                BaselineDecoder.CopyLagged(features, transformed[rows[i].k], fill, rows[i].t, x.Row(i));
                for (var c = 0; c < some.Length; c++)
                {
                    y[i, c] = trials[rows[i].k].Targets[group][rows[i].t, some[c]];
                }
            }

            // A channel that was hardly observed keeps its mean.
            if (rows.Count < 2 * BaselineData.Folds)
            {
                continue;
            }

            var regression = RidgeRegression.FitClimbing(x, y, Penalties, _penalty, BaselineData.Folds, RidgePenalty.Relative);
            _penalty = Array.IndexOf(Penalties, regression.Alpha);
            regressions.Add((some, regression));
            scores.Add(regression.CrossValidatedR2);
        }

        return (regressions, Metrics.MeanOfDefined([.. scores]), fill);
    }

    private static Table Apply(IReadOnlyList<(int[] Channels, RidgeRegression Regression)> regressions, Table design, double[] means)
    {
        var result = new Table(design.Bins, means.Length, [.. Enumerable.Repeat(means, design.Bins).SelectMany(row => row)]);
        foreach (var (some, regression) in regressions)
        {
            var part = regression.Apply(design);
            for (var t = 0; t < design.Bins; t++)
            {
                for (var c = 0; c < some.Length; c++)
                {
                    result[t, some[c]] = part[t, c];
                }
            }
        }

        return result;
    }
}
