using System.Globalization;
using IlqrVae.Recordings;

namespace IlqrVae.Evaluation.Baselines;

/// <summary>Baselines that do not look at the seen channels.</summary>
internal static class SimpleBaselines
{
    /// <summary>Half a count is added to every neuron of the training trials: one that was silent there is rare and not impossible.</summary>
    private const double AddedCounts = 0.5;

    /// <summary>Every channel at its mean over the training trials.</summary>
    public static BaselineResult Constant(BaselineData data, int group)
    {
        var means = ConstantMeans(data, group);
        return new BaselineResult([.. data.Scored.Select(trial => Repeated(means, trial.Bins))], "");
    }

    /// <summary>
    /// The smoothed average of the training trials of the trial's condition, bin by bin from the start, over those that have the bin; the mean of the channel where none has.
    /// </summary>
    public static BaselineResult? OfConditions(BaselineData data, int group)
    {
        if (data.Training.All(trial => trial.Condition is null) || data.Scored.All(trial => trial.Condition is null))
        {
            return null;
        }

        var deviations = SmoothedTrials.Deviations;

        // Conditions of trials that were cut into blocks are not those of their blocks: folds are over whole trials here.
        var (folds, trials) = (Math.Min(BaselineData.Folds, data.Training.Count), data.Training);
        var best = folds < 2 ? SmoothedTrials.Usual(data.BinWidth) : GridClimb.Climb([deviations.Length], [SmoothedTrials.Usual(data.BinWidth)], at =>
        {
            var predictions = new Table[trials.Count];
            for (var fold = 0; fold < folds; fold++)
            {
                var predict = Averages(data, group, [.. trials.Where((_, i) => i % folds != fold)], deviations[at[0]]);
                for (var i = fold; i < predictions.Length; i += folds)
                {
                    predictions[i] = predict(trials[i]);
                }
            }

            return data.Score(group, trials, predictions);
        }).Point[0];
        var final = Averages(data, group, trials, deviations[best]);
        var conditions = trials.Select(trial => trial.Condition).OfType<double>().Distinct().Count();
        return new BaselineResult(
            [.. data.Scored.Select(final)], string.Create(CultureInfo.InvariantCulture, $"{conditions} conditions, smoothed over {deviations[best]:0.##} bins"));
    }

    /// <summary>The training means, of counts with what is added to them.</summary>
    private static double[] ConstantMeans(BaselineData data, int group)
        => data.Hidden[group].Kind == ChannelKind.Counts
            ? [.. data.Means[group].Select(mean => mean + (AddedCounts / Math.Max(1, data.Training.Sum(trial => (long)trial.Bins))))]
            : data.Means[group];

    private static Func<BaselineTrial, Table> Averages(BaselineData data, int group, IReadOnlyList<BaselineTrial> trials, double deviation)
    {
        var means = ConstantMeans(data, group);
        var averages = trials.Where(trial => trial.Condition is not null).GroupBy(trial => trial.Condition!.Value)
            .ToDictionary(members => members.Key, members => Average([.. members], group, means, deviation, data.Hidden[group].Kind == ChannelKind.Counts));
        return trial =>
        {
            var prediction = Repeated(means, trial.Bins);
            if (trial.Condition is { } condition && averages.TryGetValue(condition, out var average))
            {
                average.Values.AsSpan(0, Math.Min(average.Bins, trial.Bins) * average.Columns).CopyTo(prediction.Values);
            }

            return prediction;
        };
    }

    private static Table Average(List<BaselineTrial> members, int group, double[] means, double deviation, bool isCount)
    {
        var sum = new Table(members.Max(trial => trial.Bins), means.Length);
        var count = new double[sum.Values.Length];
        foreach (var trial in members)
        {
            for (var t = 0; t < trial.Bins; t++)
            {
                for (var c = 0; c < means.Length; c++)
                {
                    if (trial.IsObserved(group, t, c))
                    {
                        sum[t, c] += trial.Targets[group][t, c];
                        count[(t * means.Length) + c]++;
                    }
                }
            }
        }

        for (var i = 0; i < count.Length; i++)
        {
            // Of counts the channel's mean weighs as much as a trial: a bin in which no spike was seen is not one in which none is possible.
            var (prior, mean) = (isCount ? 1 : 0, means[i % means.Length]);
            sum.Values[i] = count[i] + prior > 0 ? (sum.Values[i] + (prior * mean)) / (count[i] + prior) : mean;
        }

        return GaussianSmoothing.Smooth(sum, deviation);
    }

    private static Table Repeated(double[] means, int bins)
    {
        var table = new Table(bins, means.Length);
        for (var t = 0; t < bins; t++)
        {
            means.CopyTo(table.Row(t));
        }

        return table;
    }
}
