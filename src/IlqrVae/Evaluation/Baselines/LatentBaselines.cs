using System.Globalization;
using IlqrVae.Recordings;

namespace IlqrVae.Evaluation.Baselines;

/// <summary>Baselines of hidden states that all channels share, learned of seen and hidden channels together.</summary>
internal sealed class LatentBaselines
{
    private const int FactorIterations = 60;
    private const int TuningIterations = 25;
    private const int FinalIterations = 60;

    /// <summary>A Gaussian mean of counts can fall below zero; rates are at least this share of the neuron's mean.</summary>
    private const double LeastShare = 0.1;

    private static readonly int[] Sizes = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 40, 48, 64];

    private readonly SmoothedTrials _smoothed = new();
    private readonly Dictionary<int, LinearStateSpace> _models = [];
    private Dictionary<int, double[]>? _scores;

    /// <summary>Factor analysis of smoothed seen channels and the hidden group; the group's mean given the seen channels of the bin.</summary>
    public BaselineResult? Factors(BaselineData data, int group)
    {
        if (data.SeenCounts.Length == 0)
        {
            return null;
        }

        var deviations = SmoothedTrials.Deviations;
        int[] sizes = Allowed(data, group);
        var (best, score) = GridClimb.Climb(
            [deviations.Length, sizes.Length], [SmoothedTrials.Usual(data.BinWidth), 5], at => data.CrossValidate(group, trials => Factors(data, trials, group, deviations[at[0]], sizes[at[1]])));
        if (double.IsNegativeInfinity(score))
        {
            return null;
        }

        var predict = Factors(data, data.Training, group, deviations[best[0]], sizes[best[1]]);
        return new BaselineResult(
            [.. data.Scored.Select(predict)], string.Create(CultureInfo.InvariantCulture, $"{sizes[best[1]]} factors, smoothed over {deviations[best[0]]:0.##} bins"));
    }

    /// <summary>A linear-Gaussian state space of all channels; the group's mean given the seen channels of the whole trial.</summary>
    public BaselineResult? StateSpace(BaselineData data, int group)
    {
        if (data.SeenCounts.Length == 0)
        {
            return null;
        }

        int[] sizes = Allowed(data, group);
        var scores = _scores ??= [];
        int[] groups = [.. Enumerable.Range(0, data.Hidden.Count)];
        var (best, score) = GridClimb.Climb([sizes.Length], [5], at =>
        {
            if (!scores.TryGetValue(sizes[at[0]], out var found))
            {
                scores[sizes[at[0]]] = found = data.CrossValidate(groups, trials => StateSpace(data, Learn(data, trials, sizes[at[0]], TuningIterations)));
            }

            return found[group];
        });
        if (double.IsNegativeInfinity(score))
        {
            return null;
        }

        var states = sizes[best[0]];
        if (!_models.TryGetValue(states, out var model))
        {
            _models[states] = model = Learn(data, data.Training, states, FinalIterations);
        }

        var predict = StateSpace(data, model);
        return new BaselineResult([.. data.Scored.Select(trial => predict(trial)[group])], $"{states} states");
    }

    private static int[] Allowed(BaselineData data, int group)
        => [.. Sizes.Where(size => size == 1 || size < data.SeenCounts.Length + data.Hidden[group].Channels)];

    private Func<BaselineTrial, Table> Factors(BaselineData data, IReadOnlyList<BaselineTrial> trials, int group, double deviation, int size)
    {
        var (seen, hidden) = (data.SeenCounts.Length, data.Hidden[group].Channels);
        var rows = new List<double>();
        foreach (var trial in trials)
        {
            var smooth = _smoothed.Of(trial, deviation);
            for (var t = 0; t < trial.Bins; t++)
            {
                // Only bins in which the whole group was observed.
                if (Enumerable.Range(0, hidden).All(c => trial.IsObserved(group, t, c)))
                {
                    rows.AddRange(smooth.Row(t));
                    rows.AddRange(trial.Targets[group].Row(t));
                }
            }
        }

        var means = data.Means[group];
        if (rows.Count < 2 * (seen + hidden))
        {
            return trial => Rates(data, group, new Table(trial.Bins, hidden, [.. Enumerable.Repeat(means, trial.Bins).SelectMany(one => one)]));
        }

        var (mean, covariance) = FactorAnalysis.Moments(new Table(rows.Count / (seen + hidden), seen + hidden, [.. rows]));
        var model = FactorAnalysis.Fit(mean, covariance, size, FactorIterations);
        var weights = model.Conditional([.. Enumerable.Range(0, seen)], [.. Enumerable.Range(seen, hidden)]);
        return trial =>
        {
            var smooth = _smoothed.Of(trial, deviation);
            var prediction = new Table(trial.Bins, hidden);
            var difference = new double[seen];
            for (var t = 0; t < trial.Bins; t++)
            {
                System.Numerics.Tensors.TensorPrimitives.Subtract(smooth.Row(t), mean.AsSpan(0, seen), difference);
                for (var c = 0; c < hidden; c++)
                {
                    prediction[t, c] = mean[seen + c] + System.Numerics.Tensors.TensorPrimitives.Dot<double>(weights.Row(c), difference);
                }
            }

            return Rates(data, group, prediction);
        };
    }

    private static LinearStateSpace Learn(BaselineData data, IReadOnlyList<BaselineTrial> trials, int states, int iterations)
    {
        var isMasked = trials.Any(trial => trial.SeenMask is not null || trial.TargetMasks.Any(mask => mask is not null));
        return LinearStateSpace.Fit([.. trials.Select(trial => All(data, trial))], states, isMasked ? [.. trials.Select(trial => Mask(data, trial))] : null, iterations);
    }

    private static Func<BaselineTrial, IReadOnlyList<Table>> StateSpace(BaselineData data, LinearStateSpace model)
    {
        var seen = model.Select([.. Enumerable.Range(0, data.SeenCounts.Length)]);
        var offset = data.SeenCounts.Length;
        var hidden = new List<LinearStateSpace>();
        foreach (var group in data.Hidden)
        {
            hidden.Add(model.Select([.. Enumerable.Range(offset, group.Channels)]));
            offset += group.Channels;
        }

        return trial =>
        {
            var states = seen.Smooth(trial.Seen, trial.SeenMask).States;
            return [.. hidden.Select((one, g) => Rates(data, g, one.Means(states)))];
        };
    }

    private static Table Rates(BaselineData data, int group, Table means)
    {
        if (data.Hidden[group].Kind == ChannelKind.Counts)
        {
            var least = data.Means[group];
            for (var i = 0; i < means.Values.Length; i++)
            {
                means.Values[i] = Math.Max(means.Values[i], LeastShare * least[i % least.Length]);
            }
        }

        return means;
    }

    private static Table All(BaselineData data, BaselineTrial trial)
    {
        var table = new Table(trial.Bins, data.SeenCounts.Length + data.Hidden.Sum(group => group.Channels));
        for (var t = 0; t < trial.Bins; t++)
        {
            var row = table.Row(t);
            trial.Seen.Row(t).CopyTo(row);
            var offset = data.SeenCounts.Length;
            foreach (var target in trial.Targets)
            {
                target.Row(t).CopyTo(row[offset..]);
                offset += target.Columns;
            }
        }

        return table;
    }

    private static bool[]? Mask(BaselineData data, BaselineTrial trial)
    {
        if (trial.SeenMask is null && trial.TargetMasks.All(mask => mask is null))
        {
            return null;
        }

        var mask = new List<bool>();
        for (var t = 0; t < trial.Bins; t++)
        {
            for (var c = 0; c < data.SeenCounts.Length; c++)
            {
                mask.Add(trial.SeenMask?[(t * data.SeenCounts.Length) + c] ?? true);
            }

            for (var g = 0; g < data.Hidden.Count; g++)
            {
                for (var c = 0; c < data.Hidden[g].Channels; c++)
                {
                    mask.Add(trial.IsObserved(g, t, c));
                }
            }
        }

        return [.. mask];
    }
}
