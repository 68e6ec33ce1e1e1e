using System.Numerics;
using IlqrVae.Evaluation;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Recordings;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Scores;

namespace IlqrVae.Runs.Sessions;

/// <summary>How often intervals hold the truth of one trial's rates or values.</summary>
/// <param name="Laplace">For each group by the Laplace posterior; null where there is no truth or no posterior.</param>
/// <param name="Shared">The same by the shared covariance.</param>
public sealed record ChannelCoverage(IReadOnlyList<IntervalCoverage?> Laplace, IReadOnlyList<IntervalCoverage?> Shared)
{
    /// <summary>Looks at a trial.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    public static ChannelCoverage Of<T>(GenerativeModel<T> model, ModelDescription description, Trial trial, TrialEstimate estimate)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        IReadOnlyList<IntervalCoverage?> Count(PosteriorSpread? spread) => [.. model.Likelihoods.Select((likelihood, g) =>
        {
            if (spread is null || TruthTables.OfGroup(description, trial, g) is not { } truth)
            {
                return null;
            }

            var coverage = new IntervalCoverage();
            for (var level = 0; level < IntervalCoverage.Levels.Count; level++)
            {
                var (lower, upper) = spread.Interval(likelihood, g, IntervalCoverage.HalfWidths[level]);
                coverage.Add(level, truth, lower, upper);
            }

            return coverage;
        })];
        return new ChannelCoverage(Count(estimate.LaplaceSpread), Count(estimate.SharedSpread));
    }
}
