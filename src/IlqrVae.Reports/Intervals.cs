using IlqrVae.Evaluation;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Reports;

/// <summary>The one interval that all bands of reports show: the central 95 % of what the posterior says, which of a Gaussian is 1.96 deviations to either side.</summary>
internal static class Intervals
{
    /// <summary>The level.</summary>
    public const double Level = 0.95;

    /// <summary>What a band is called.</summary>
    public const string Name = "95 % interval";

    /// <summary>Half of its width in deviations.</summary>
    public static double HalfWidth => IntervalCoverage.HalfWidths[^1];

    /// <summary>The band of a trial's channel, of rates never below zero; with the noise of observations where that is wanted, and as the run's calibration corrects it.</summary>
    /// <param name="found">What was found.</param>
    /// <param name="trial">Number of the trial.</param>
    /// <param name="group">The model's group.</param>
    /// <param name="channel">Its channel.</param>
    /// <param name="withNoise">Whether the band is of what is observed, or of the rate or noise-free value.</param>
    public static (double[] Low, double[] High, bool IsCalibrated) Of(InferenceResult found, int trial, int group, int channel, bool withNoise)
    {
        var estimate = found.Estimates[trial];
        var name = found.Description.Groups[group].Name;
        var (mean, deviation) = (estimate.Means[group], estimate.MeanDeviations[group]);
        var noise = withNoise && estimate.NoiseDeviations.Count > group ? estimate.NoiseDeviations[group] : null;
        var unit = found.Description.IsRate(group) ? 1 / found.Description.BinWidth : 1;
        var learned = found.Calibration?.Of(name, found.Hidden.Contains(name) ? EntryCase.Hidden : EntryCase.Missing);
        var width = learned is null ? HalfWidth
            : noise is null ? learned.PosteriorScale * HalfWidth
            : RunCalibration.HalfWidth(learned.HalfWidths, Level);
        var (a, b) = noise is null ? (1.0, 0.0) : (learned?.PosteriorScale ?? 1, (learned?.NoiseScale ?? 1) * unit);
        var (low, high) = (new double[mean.Bins], new double[mean.Bins]);
        for (var t = 0; t < mean.Bins; t++)
        {
            var reach = a * deviation[t, channel];
            if (noise is not null)
            {
                var own = b * noise[t, channel];
                reach = Math.Sqrt((reach * reach) + (own * own));
            }

            low[t] = mean[t, channel] - (width * reach);
            high[t] = mean[t, channel] + (width * reach);
            if (found.Description.IsRate(group))
            {
                low[t] = Math.Max(0, low[t]);
            }
        }

        return (low, high, learned is not null);
    }
}
