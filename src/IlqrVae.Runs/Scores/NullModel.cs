using IlqrVae.Evaluation;
using IlqrVae.Recordings;
using IlqrVae.Runs.Files;

namespace IlqrVae.Runs.Scores;

/// <summary>
/// The model that a model of dynamics has to beat: every channel constant, counts Poisson at their mean rate and values Gaussian with their mean and
/// variance. The constants are those of the very entries that are scored, so that no other constants explain them better: the comparison never flatters.
/// </summary>
/// <param name="LogLikelihood">
/// In nats per observed entry, to be compared with an ELBO or a log evidence; NaN where nothing was observed, or a channel of values does not vary, whose
/// density knows no bound.
/// </param>
/// <param name="Entries">The entries.</param>
public readonly record struct NullModel(double LogLikelihood, long Entries)
{
    private const int Tabled = 64;

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
    public static NullModel Of(ModelDescription description, Recording recording, IReadOnlyList<Trial> trials, IReadOnlySet<string> hidden, int forecastBins = 0)
    {
        var (sum, entries) = (0.0, 0L);
        for (var g = 0; g < description.Groups.Count; g++)
        {
            var index = recording.IndexOfGroup(description.Groups[g].Name);
            if (index < 0 || hidden.Contains(description.Groups[g].Name))
            {
                continue;
            }

            var observations = trials.Select(trial => (trial.Observations[index], trial.Bins - forecastBins)).ToList();
            foreach (var channel in description.IsRate(g) ? OfCounts(observations, description.Groups[g].Channels) : OfValues(observations, description.Groups[g].Channels))
            {
                sum += channel.LogLikelihood;
                entries += channel.Entries;
            }
        }

        return new NullModel(entries == 0 || !double.IsFinite(sum) ? double.NaN : sum / entries, entries);
    }

    private static IEnumerable<(double LogLikelihood, long Entries)> OfCounts(IReadOnlyList<(Observations Observations, int Bins)> parts, int channels)
    {
        var (spikes, factorials, entries) = (new double[channels], new double[channels], new long[channels]);
        ForEach(parts, (channel, count) =>
        {
            spikes[channel] += count;
            factorials[channel] += count < Tabled ? LogFactorials[(int)count] : LogFactorial(count);
            entries[channel]++;
        });

        // sum over entries of n ln r - r - ln n! at r the mean of n.
        return Enumerable.Range(0, channels).Select(c => ((spikes[c] > 0 ? spikes[c] * (Math.Log(spikes[c] / entries[c]) - 1) : 0) - factorials[c], entries[c]));
    }

    private static IEnumerable<(double LogLikelihood, long Entries)> OfValues(IReadOnlyList<(Observations Observations, int Bins)> parts, int channels)
    {
        var (means, squares, entries) = (new double[channels], new double[channels], new long[channels]);
        ForEach(parts, (channel, value) =>
        {
            // Welford's sums.
            entries[channel]++;
            var difference = value - means[channel];
            means[channel] += difference / entries[channel];
            squares[channel] += difference * (value - means[channel]);
        });
        return Enumerable.Range(0, channels).Select(c => (entries[c] == 0 ? 0 : -0.5 * entries[c] * (Math.Log(2 * Math.PI * squares[c] / entries[c]) + 1), entries[c]));
    }

    private static void ForEach(IReadOnlyList<(Observations Observations, int Bins)> parts, Action<int, double> take)
    {
        foreach (var (observations, bins) in parts)
        {
            var row = new double[observations.Channels];
            for (var bin = 0; bin < bins; bin++)
            {
                observations.CopyRow<double>(bin, row);
                for (var channel = 0; channel < row.Length; channel++)
                {
                    if (observations.IsObserved(bin, channel))
                    {
                        take(channel, row[channel]);
                    }
                }
            }
        }
    }

    private static double LogFactorial(double count) => Metrics.PoissonNegativeLogLikelihood(1, count) - 1;
}
