using System.Text.Json.Nodes;
using IlqrVae.Evaluation;
using IlqrVae.Recordings;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Scores;

/// <summary>R2 of condition averages of rates, where trials carry a condition.</summary>
/// <param name="Scores">For each group of spikes: its name, number of conditions, R2 against smoothed spikes, and against true rates (NaN where unknown).</param>
public sealed record ConditionPart(IReadOnlyList<(string Group, int Conditions, double OfSpikes, double OfTruth)> Scores) : IReportPart
{
    /// <summary>Standard deviation of the kernel that smooths observed spikes, in seconds, as in the Neural Latents Benchmark.</summary>
    private const double Smoothing = 0.07;

    /// <inheritdoc/>
    public string Key => "psth";

    /// <summary>The condition averages of a result; null when trials have no condition or there are no spikes.</summary>
    public static ConditionPart? Of(InferenceResult result)
    {
        if (TruthTables.Of(result.Trials, "condition") is not { } truth)
        {
            return null;
        }

        var conditions = truth.Tables.Select(table => table[0, 0]).ToList();
        var scores = new List<(string, int, double, double)>();
        for (var g = 0; g < result.Description.Groups.Count; g++)
        {
            var index = result.Recording.IndexOfGroup(result.Description.Groups[g].Name);
            if (index < 0 || !result.Description.IsRate(g))
            {
                continue;
            }

            var means = truth.Indices.Select(i => result.Estimates[i].Means[g]).ToList();
            var observed = truth.Indices.Select(i => Smoothed(result.Trials[i].Observations[index], result.Description.BinWidth)).ToList();
            var rates = TruthTables.OfGroup(result.Description, [.. truth.Indices.Select(i => result.Trials[i])], g);
            scores.Add((
                result.Description.Groups[g].Name,
                conditions.Distinct().Count(),
                ConditionMeans.R2(observed, means, conditions),
                rates is not null && rates.Indices.Count == means.Count ? ConditionMeans.R2(rates.Tables, means, conditions) : double.NaN));
        }

        return scores.Count == 0 ? null : new ConditionPart(scores);
    }

    /// <inheritdoc/>
    public JsonNode ToJson() => new JsonObject(Scores.Select(score => KeyValuePair.Create(score.Group, (JsonNode?)new JsonObject
    {
        ["conditions"] = score.Conditions,
        ["r2"] = Json.Number(score.OfSpikes),
        ["r2_of_true_rates"] = Json.Number(score.OfTruth),
    })));

    /// <inheritdoc/>
    public IEnumerable<IReadOnlyList<string>> ToRows() => Scores.Select(score => (IReadOnlyList<string>)
    [
        $"PSTH R2 of {score.Group}", Wording.Number(score.OfSpikes),
        $"{score.Conditions} conditions, against spikes smoothed over {Smoothing * 1000:0} ms{(double.IsFinite(score.OfTruth) ? $"; against true rates {Wording.Number(score.OfTruth)}" : "")}",
    ]);

    /// <summary>Smoothed spikes in Hz.</summary>
    private static Table Smoothed(Observations observations, double binWidth)
    {
        var smooth = GaussianSmoothing.Smooth(observations.ToTable(), Smoothing / binWidth, observations.ToMask());
        return new Table(smooth.Bins, smooth.Columns, Array.ConvertAll(smooth.Values, count => count / binWidth));
    }
}
