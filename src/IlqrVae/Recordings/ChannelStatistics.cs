namespace IlqrVae.Recordings;

/// <summary>Means and variances of channels over the observed entries of the training trials (of all trials, when none is for training).</summary>
public static class ChannelStatistics
{
    /// <summary>The statistics of one channel group; a channel that was never observed has mean 0, and no variance is below a millionth of its scale.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="group">Index of the group.</param>
    public static (double[] Mean, double[] Variance) Of(Recording recording, int group)
    {
        var channels = recording.Groups[group].Channels;
        var trials = recording.TrialsOf(TrialSplit.Train);
        trials = trials.Count > 0 ? trials : recording.Trials;
        var count = new long[channels];
        var mean = new double[channels];
        var squares = new double[channels];
        var row = new double[channels];
        foreach (var observations in trials.Select(trial => trial.Observations[group]))
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
            var floor = 1e-6 * Math.Max(1e-6, mean[i] * mean[i]);
            variance[i] = Math.Max(count[i] > 1 ? squares[i] / count[i] : 1, floor);
        }

        return (mean, variance);
    }
}
