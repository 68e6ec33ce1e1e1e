using System.Text.Json.Nodes;
using IlqrVae.Evaluation;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Scores;

/// <summary>How often intervals of 50, 90 and 95 % hold true rates, values and inputs, by both posteriors.</summary>
/// <param name="Scores">The truth's name, whether by the Laplace posteriors, and the shares.</param>
public sealed record CoveragePart(IReadOnlyList<(string Name, bool IsLaplace, IntervalCoverage Coverage)> Scores) : IReportPart
{
    /// <inheritdoc/>
    public string Key => "coverage";

    /// <summary>The coverage of a result; null when it was not asked for or nothing is known to be true.</summary>
    public static CoveragePart? Of(InferenceResult result)
    {
        var scores = new List<(string Name, bool IsLaplace, IntervalCoverage Coverage)>();
        foreach (var isLaplace in (bool[])[true, false])
        {
            for (var g = 0; g < result.Description.Groups.Count; g++)
            {
                var found = result.Coverage.Select(one => (isLaplace ? one.Laplace : one.Shared)[g]).OfType<IntervalCoverage>().ToList();
                if (found.Count > 0)
                {
                    scores.Add((TruthTables.OfGroup(result.Description, result.Trials, g)!.Name, isLaplace, Sum(found)));
                }
            }

            if (OfInputs(result, isLaplace) is { } inputs)
            {
                scores.Add(("inputs", isLaplace, inputs));
            }
        }

        return scores.Count == 0 ? null : new CoveragePart(scores);
    }

    /// <inheritdoc/>
    public JsonNode ToJson()
    {
        JsonObject By(bool isLaplace) => new(Scores.Where(score => score.IsLaplace == isLaplace).Select(score => KeyValuePair.Create(score.Name, (JsonNode?)Json.Numbers(score.Coverage.Shares))));
        return new JsonObject { ["levels"] = Json.Numbers(IntervalCoverage.Levels), ["laplace"] = By(true), ["shared"] = By(false) };
    }

    /// <inheritdoc/>
    public IEnumerable<IReadOnlyList<string>> ToRows() => Scores.Select(score => (IReadOnlyList<string>)
    [
        $"coverage of {score.Name}, {(score.IsLaplace ? "Laplace" : "shared")}",
        string.Join(' ', score.Coverage.Shares.Select(share => Wording.Number(share))),
        $"by intervals of {string.Join(' ', IntervalCoverage.Levels.Select(level => Wording.Number(level, "0.00")))}{(score.Name == "inputs" ? "; after the best affine map" : "")}",
    ]);

    private static IntervalCoverage Sum(IEnumerable<IntervalCoverage> parts)
    {
        var sum = new IntervalCoverage();
        foreach (var part in parts)
        {
            sum.Add(part);
        }

        return sum;
    }

    /// <summary>True inputs against inferred ones after the affine map u -> W'u + b, whose variance is w' Cov(u) w for each column w of W.</summary>
    private static IntervalCoverage? OfInputs(InferenceResult result, bool isLaplace)
    {
        // Inputs that never vary, as those of an autonomous system, are nothing to cover.
        if (EvaluationReport.AlignInputs(result) is not { VarianceCaptured: not double.NaN } map || TruthTables.Of(result.Trials, "inputs") is not { } truth)
        {
            return null;
        }

        var coverage = new IntervalCoverage();
        for (var k = 0; k < truth.Indices.Count; k++)
        {
            var estimate = result.Estimates[truth.Indices[k]];
            if ((isLaplace ? estimate.LaplaceSpread : estimate.SharedSpread) is not { } spread)
            {
                continue;
            }

            var mapped = map.Apply(estimate.Inputs);
            for (var t = 0; t < mapped.Bins - 1; t++)
            {
                for (var c = 0; c < mapped.Columns; c++)
                {
                    coverage.Add(truth.Tables[k][t, c], mapped[t, c], Math.Sqrt(Variance(spread.InputCovariances, t, map.Weights, estimate.Inputs.Columns, mapped.Columns, c)));
                }
            }
        }

        return coverage.Entries == 0 ? null : coverage;
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
