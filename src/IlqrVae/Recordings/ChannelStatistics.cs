namespace IlqrVae.Recordings;

/// <summary>
/// Usual values of channels and external inputs in the training trials (in all trials, when none is for training). They scale as the numbers do: data in
/// another unit have the same statistics in that unit.
/// </summary>
public static class ChannelStatistics
{
    /// <summary>A channel varies by less than this share of its mean only by rounding.</summary>
    private const double Rounding = 1e-9;

    /// <summary>
    /// Mean and variance of each channel of a group over its observed entries. One that was never observed has mean 0 and variance 1. One that does not vary
    /// has a thousandth of its mean for deviation, or 1 if it is zero throughout.
    /// </summary>
    /// <param name="recording">The recording.</param>
    /// <param name="group">Index of the group.</param>
    public static (double[] Mean, double[] Variance) Of(Recording recording, int group)
    {
        var channels = recording.Groups[group].Channels;
        var count = new long[channels];
        var mean = new double[channels];
        var squares = new double[channels];
        var row = new double[channels];
        foreach (var observations in TrialsToLearnFrom(recording).Select(trial => trial.Observations[group]).Where(one => one.ObservedCount > 0))
        {
            for (var bin = 0; bin < observations.Bins; bin++)
            {
                observations.CopyRow<double>(bin, row);
                for (var channel = 0; channel < channels; channel++)
                {
                    if (!observations.IsObserved(bin, channel))
                    {
                        continue;
                    }

                    // Welford's update.
                    var delta = row[channel] - mean[channel];
                    mean[channel] += delta / ++count[channel];
                    squares[channel] += delta * (row[channel] - mean[channel]);
                }
            }
        }

        var variance = new double[channels];
        for (var i = 0; i < channels; i++)
        {
            variance[i] = count[i] > 1 ? squares[i] / count[i] : 0;
            if (variance[i] <= Rounding * Rounding * mean[i] * mean[i])
            {
                variance[i] = mean[i] * mean[i] > 0 ? 1e-6 * mean[i] * mean[i] : 1;
            }
        }

        return (mean, variance);
    }

    /// <summary>The root of the mean square of each external input; 1 for one that is always zero.</summary>
    /// <param name="recording">The recording.</param>
    public static double[] OfExternal(Recording recording)
    {
        ArgumentNullException.ThrowIfNull(recording);
        var largest = new double[recording.ExternalNames.Count];
        var squares = new double[largest.Length];
        var tables = TrialsToLearnFrom(recording).Select(trial => trial.External).OfType<Table>().ToList();
        foreach (var table in tables)
        {
            for (var i = 0; i < table.Values.Length; i++)
            {
                largest[i % largest.Length] = Math.Max(largest[i % largest.Length], Math.Abs(table.Values[i]));
            }
        }

        // Relative to the largest, so that no square under- or overflows.
        foreach (var table in tables)
        {
            for (var i = 0; i < table.Values.Length; i++)
            {
                var j = i % largest.Length;
                squares[j] += largest[j] > 0 ? table.Values[i] / largest[j] * (table.Values[i] / largest[j]) : 0;
            }
        }

        var bins = tables.Sum(table => (long)table.Bins);
        return [.. largest.Select((most, j) => most > 0 ? most * Math.Sqrt(squares[j] / bins) : 1)];
    }

    private static IReadOnlyList<Trial> TrialsToLearnFrom(Recording recording)
        => recording.TrialsOf(TrialSplit.Train) is { Count: > 0 } training ? training : recording.Trials;
}
