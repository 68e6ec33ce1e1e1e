using IlqrVae.Evaluation;
using IlqrVae.Recordings;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Scores;

/// <summary>
/// The model that a model of dynamics has to beat: every channel constant, rates Poisson at their mean over the training trials and values Gaussian with
/// their mean and variance there (<see cref="GroupSummary"/>), so that both were learned from the same. Half a count is added to each channel of the
/// training trials: a neuron that is silent in them is rare later and not impossible.
/// </summary>
/// <param name="LogLikelihood">
/// In nats per observed entry, to be compared with an ELBO or a log evidence; NaN where nothing was observed, or where the model's file is of a former version, which
/// does not know the constants.
/// </param>
/// <param name="Entries">The entries.</param>
public readonly record struct NullModel(double LogLikelihood, long Entries)
{
    private const int Tabled = 64;
    private const double AddedCounts = 0.5;

    private static readonly double[] LogFactorials = [.. Enumerable.Range(0, Tabled).Select(count => LogFactorial(count))];

    /// <summary>Whether a score is no better than that of constants.</summary>
    /// <param name="score">Nats per observed entry of the same entries; NaN where there is none.</param>
    public bool IsAsGoodAs(double score) => score <= LogLikelihood;

    /// <summary>Scores the constants on the entries that inference sees.</summary>
    /// <param name="description">The model whose groups count.</param>
    /// <param name="recording">The recording.</param>
    /// <param name="trials">Some of its trials.</param>
    /// <param name="hidden">Groups that inference does not see.</param>
    /// <param name="forecastBins">Bins at the end of every trial that inference does not see.</param>
    /// <param name="gaps">Other bins that inference does not see; null for none.</param>
    public static NullModel Of(
        ModelDescription description, Recording recording, IReadOnlyList<Trial> trials, IReadOnlySet<string> hidden, int forecastBins = 0, IReadOnlyList<Gap>? gaps = null)
    {
        var unseen = new UnseenParts(forecastBins, gaps ?? []);
        var (sum, entries) = (0.0, 0L);
        for (var g = 0; g < description.Groups.Count; g++)
        {
            var index = recording.IndexOfGroup(description.Groups[g].Name);
            if (index < 0 || hidden.Contains(description.Groups[g].Name))
            {
                continue;
            }

            var group = description.Recording.Groups[g];
            var rates = ConstantRates(description, g);
            Func<double, int, double> score = description.IsRate(g) ? (count, c) => OfCount(count, rates.Length == 0 ? double.NaN : rates[c]) : (value, c) => OfValue(value, group.Mean[c], group.Variance[c]);
            foreach (var trial in trials)
            {
                var part = Of(trial.Observations[index], (bin, c) => unseen.Of(group.Group.Name, trial.Bins, bin, c) == ScoredPart.Rest, score);
                sum += part.Sum;
                entries += part.Entries;
            }
        }

        return new NullModel(entries == 0 || description.Recording.Seconds == 0 ? double.NaN : sum / entries, entries);
    }

    /// <summary>The constant counts a bin of a group of rates; empty where the model's file does not know them.</summary>
    internal static double[] ConstantRates(ModelDescription description, int group)
    {
        var added = AddedCounts * description.BinWidth / description.Recording.Seconds;
        return description.Recording.Seconds == 0 ? [] : [.. description.Recording.Groups[group].Mean.Select(mean => mean + added)];
    }

    private static (double Sum, long Entries) Of(Observations observations, Func<int, int, bool> isSeen, Func<double, int, double> score)
    {
        var (sum, entries) = (0.0, 0L);
        var row = new double[observations.Channels];
        for (var bin = 0; bin < observations.Bins; bin++)
        {
            observations.CopyRow<double>(bin, row);
            for (var c = 0; c < row.Length; c++)
            {
                if (observations.IsObserved(bin, c) && isSeen(bin, c))
                {
                    sum += score(row[c], c);
                    entries++;
                }
            }
        }

        return (sum, entries);
    }

    private static double OfCount(double count, double mean)
        => (count > 0 ? count * Math.Log(mean) : 0) - mean - (count < Tabled ? LogFactorials[(int)count] : LogFactorial(count));

    private static double OfValue(double value, double mean, double variance)
        => -0.5 * (Math.Log(2 * Math.PI * variance) + ((value - mean) * (value - mean) / variance));

    private static double LogFactorial(double count) => Metrics.PoissonNegativeLogLikelihood(1, count) - 1;
}
