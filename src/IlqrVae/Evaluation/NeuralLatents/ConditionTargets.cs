using IlqrVae.Recordings;

namespace IlqrVae.Evaluation.NeuralLatents;

/// <summary>Condition averages of smoothed spikes to score rates against, as the Neural Latents Benchmark makes them.</summary>
/// <param name="Averages">For each condition bins x neurons; NaN where the shortest of its trials has ended.</param>
/// <param name="Trials">For each condition the trials that were averaged, in order.</param>
/// <param name="LeftOut">Trials that are much shorter than the others of their condition and belong to none.</param>
public sealed record ConditionTargets(IReadOnlyList<Table> Averages, IReadOnlyList<IReadOnlyList<int>> Trials, IReadOnlyList<int> LeftOut)
{
    /// <summary>A trial that is shorter than so much of its condition's mean length is left out.</summary>
    private const double LeastShare = 0.8;

    /// <summary>Averages.</summary>
    /// <param name="conditions">For each trial the number of its condition from 0; -1 for none.</param>
    /// <param name="bins">Bins of the window.</param>
    /// <param name="neurons">Number of neurons.</param>
    /// <param name="smoothed">Of a trial's number its smoothed spikes in the window, bins x neurons; NaN where missing. Asked for twice.</param>
    /// <param name="areAlignedAtEnd">Whether short trials miss their first bins and not their last.</param>
    public static ConditionTargets Of(IReadOnlyList<int> conditions, int bins, int neurons, Func<int, Table> smoothed, bool areAlignedAtEnd)
    {
        ArgumentNullException.ThrowIfNull(conditions);
        ArgumentNullException.ThrowIfNull(smoothed);
        var lengths = new int[conditions.Count];
        for (var trial = 0; trial < lengths.Length; trial++)
        {
            lengths[trial] = conditions[trial] < 0 ? 0 : Length(smoothed(trial), areAlignedAtEnd);
        }

        var count = conditions.DefaultIfEmpty(-1).Max() + 1;
        var (averages, members, leftOut) = (new List<Table>(), new List<IReadOnlyList<int>>(), new List<int>());
        for (var c = 0; c < count; c++)
        {
            var all = Enumerable.Range(0, conditions.Count).Where(trial => conditions[trial] == c).ToList();
            var least = LeastShare * all.Select(trial => (double)lengths[trial]).DefaultIfEmpty(0).Average();
            var kept = all.Where(trial => lengths[trial] >= least && lengths[trial] > 0).ToList();
            leftOut.AddRange(all.Except(kept));
            members.Add(kept);
            averages.Add(Mean(kept, bins, neurons, smoothed));
            var shortest = kept.Select(trial => lengths[trial]).DefaultIfEmpty(0).Min();
            var cut = areAlignedAtEnd ? averages[c].Values.AsSpan(0, (bins - shortest) * neurons) : averages[c].Values.AsSpan(shortest * neurons);
            cut.Fill(double.NaN);
        }

        return new ConditionTargets(averages, members, leftOut);
    }

    private static int Length(Table trial, bool isAlignedAtEnd)
    {
        bool IsKnown(int bin) => !trial.Row(bin).ToArray().All(double.IsNaN);
        var known = Enumerable.Range(0, trial.Bins).Where(IsKnown).ToList();
        return known.Count == 0 ? 0 : isAlignedAtEnd ? trial.Bins - known[0] : known[^1] + 1;
    }

    private static Table Mean(List<int> trials, int bins, int neurons, Func<int, Table> smoothed)
    {
        var mean = new Table(bins, neurons);
        var known = new int[bins * neurons];
        foreach (var table in trials.Select(smoothed))
        {
            for (var i = 0; i < known.Length; i++)
            {
                if (!double.IsNaN(table.Values[i]))
                {
                    mean.Values[i] += table.Values[i];
                    known[i]++;
                }
            }
        }

        for (var i = 0; i < known.Length; i++)
        {
            mean.Values[i] = known[i] == 0 ? double.NaN : mean.Values[i] / known[i];
        }

        return mean;
    }
}
