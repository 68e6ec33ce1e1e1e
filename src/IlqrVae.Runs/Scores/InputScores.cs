using IlqrVae.Recordings;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Scores;

/// <summary>How many posterior deviations true inputs are away from inferred ones, after the affine map from inferred to true inputs that fits best.</summary>
internal static class InputScores
{
    /// <summary>
    /// The scores of the trials that know their inputs, one table of (bins - 1) x inputs a trial; null where none does. Under the map u -> W'u + b
    /// the variance is w' Cov(u) w for each column w of W.
    /// </summary>
    /// <param name="result">What was found.</param>
    /// <param name="isLaplace">Whether by the Laplace posteriors, or by the shared covariance.</param>
    public static IReadOnlyList<(int Trial, Table Scores)>? Of(InferenceResult result, bool isLaplace)
    {
        // Inputs that never vary, as those of an autonomous system, are nothing to cover.
        if (EvaluationReport.AlignInputs(result) is not { VarianceCaptured: not double.NaN } map || TruthTables.Of(result.Trials, "inputs") is not { } truth)
        {
            return null;
        }

        var found = new List<(int Trial, Table Scores)>();
        for (var k = 0; k < truth.Indices.Count; k++)
        {
            var estimate = result.Estimates[truth.Indices[k]];
            if ((isLaplace ? estimate.LaplaceSpread : estimate.SharedSpread) is not { } spread)
            {
                continue;
            }

            var mapped = map.Apply(estimate.Inputs);
            var scores = new Table(mapped.Bins - 1, mapped.Columns);
            for (var t = 0; t < scores.Bins; t++)
            {
                for (var c = 0; c < scores.Columns; c++)
                {
                    var deviation = Math.Sqrt(Variance(spread.InputCovariances, t, map.Weights, estimate.Inputs.Columns, mapped.Columns, c));
                    scores[t, c] = double.IsFinite(deviation) ? (truth.Tables[k][t, c] - mapped[t, c]) / deviation : double.PositiveInfinity;
                }
            }

            found.Add((truth.Indices[k], scores));
        }

        return found.Count == 0 ? null : found;
    }

    private static double Variance(IReadOnlyList<double> covariances, int t, ReadOnlySpan<double> weights, int inputs, int columns, int column)
    {
        var sum = 0.0;
        for (var i = 0; i < inputs; i++)
        {
            for (var j = 0; j < inputs; j++)
            {
                sum += weights[(i * columns) + column] * covariances[(((t * inputs) + i) * inputs) + j] * weights[(j * columns) + column];
            }
        }

        return sum;
    }
}
