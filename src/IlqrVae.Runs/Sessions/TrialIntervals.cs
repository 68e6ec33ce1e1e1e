using System.Numerics;
using IlqrVae.Evaluation;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Recordings;
using IlqrVae.Runs.Files;

namespace IlqrVae.Runs.Sessions;

/// <summary>Intervals of what may be observed in a trial, the noise included.</summary>
/// <param name="Lower">For each group and each of <see cref="IntervalCoverage.Levels"/> T x N lower ends; of counts in a bin, or of values.</param>
/// <param name="Upper">The upper ends, which belong to the interval as the lower ones do.</param>
public sealed record TrialIntervals(IReadOnlyList<IReadOnlyList<Table>> Lower, IReadOnlyList<IReadOnlyList<Table>> Upper)
{
    /// <summary>The intervals of a trial.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="model">The model.</param>
    /// <param name="spread">The posterior; null where numbers overflowed, so that ends are not numbers.</param>
    /// <param name="bins">Bins of the trial.</param>
    /// <param name="hidden">Names of the groups that were hidden.</param>
    /// <param name="calibration">The run's calibration; null for none.</param>
    public static TrialIntervals Of<T>(GenerativeModel<T> model, PosteriorSpread? spread, int bins, IReadOnlySet<string> hidden, SituationCalibration? calibration)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var (lower, upper) = (new List<IReadOnlyList<Table>>(), new List<IReadOnlyList<Table>>());
        for (var g = 0; g < model.Likelihoods.Count; g++)
        {
            var likelihood = model.Likelihoods[g];
            var predictive = new PredictiveDistribution<T>(likelihood);
            var found = calibration?.Of(likelihood.Group, hidden.Contains(likelihood.Group) ? EntryCase.Hidden : EntryCase.Missing);
            Table[] low = [.. IntervalCoverage.Levels.Select(_ => new Table(bins, likelihood.ChannelCount))];
            Table[] high = [.. IntervalCoverage.Levels.Select(_ => new Table(bins, likelihood.ChannelCount))];
            for (var k = 0; k < low.Length; k++)
            {
                if (spread is null)
                {
                    Array.Fill(low[k].Values, double.NaN);
                    Array.Fill(high[k].Values, double.NaN);
                    continue;
                }

                var width = found is null ? IntervalCoverage.HalfWidths[k] : RunCalibration.HalfWidth(found.HalfWidths, IntervalCoverage.Levels[k]);
                for (var t = 0; t < bins; t++)
                {
                    predictive.Interval(
                        spread.Activations[g].Row(t), spread.ActivationDeviations[g].Row(t), found?.PosteriorScale ?? 1, found?.NoiseScale ?? 1, width, low[k].Row(t), high[k].Row(t));
                }
            }

            lower.Add(low);
            upper.Add(high);
        }

        return new TrialIntervals(lower, upper);
    }
}
