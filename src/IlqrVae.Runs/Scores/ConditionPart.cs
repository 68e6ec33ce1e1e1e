using System.Text.Json.Nodes;
using IlqrVae.Evaluation;
using IlqrVae.Recordings;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Scores;

/// <summary>R2 of condition averages of rates, where trials carry a condition.</summary>
/// <param name="Scores">
/// For each group of spikes: its name, number of conditions and of units that count, those left out, R2 against smoothed spikes, and against true rates (NaN where unknown).
/// </param>
public sealed record ConditionPart(IReadOnlyList<(string Group, int Conditions, int Units, int LeftOut, double OfSpikes, double OfTruth)> Scores) : IReportPart
{
    /// <summary>Units that fire less in the scored trials, in Hz, are left out: averages of a few spikes are noise, and R2 against them has no lower bound.</summary>
    private const double LeastRate = 0.5;

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
        var scores = new List<(string, int, int, int, double, double)>();
        for (var g = 0; g < result.Description.Groups.Count; g++)
        {
            var index = result.Recording.IndexOfGroup(result.Description.Groups[g].Name);
            if (index < 0 || !result.Description.IsRate(g))
            {
                continue;
            }

            var means = truth.Indices.Select(i => result.Estimates[i].Means[g]).ToList();
            var observed = truth.Indices.Select(i => Smoothed(result.Trials[i].Observations[index], result.Description.BinWidth)).ToList();
            var units = Units([.. truth.Indices.Select(i => result.Trials[i].Observations[index])], ConditionMeans.Of(observed, conditions), result.Description.BinWidth);
            var rates = TruthTables.OfGroup(result.Description, [.. truth.Indices.Select(i => result.Trials[i])], g);
            scores.Add((
                result.Description.Groups[g].Name,
                conditions.Distinct().Count(),
                units.Length,
                result.Description.Groups[g].Channels - units.Length,
                R2(observed, means),
                rates is not null && rates.Indices.Count == means.Count ? R2(rates.Tables, means) : double.NaN));

            double R2(IReadOnlyList<Table> known, IReadOnlyList<Table> estimated) => units.Length == 0
                ? double.NaN
                : ConditionMeans.R2([.. known.Select(table => table.SelectColumns(units))], [.. estimated.Select(table => table.SelectColumns(units))], conditions);
        }

        return scores.Count == 0 ? null : new ConditionPart(scores);
    }

    /// <inheritdoc/>
    public JsonNode ToJson() => new JsonObject(Scores.Select(score => KeyValuePair.Create(score.Group, (JsonNode?)new JsonObject
    {
        ["conditions"] = score.Conditions,
        ["units"] = score.Units,
        ["units_left_out"] = score.LeftOut,
        ["r2"] = Json.Number(score.OfSpikes),
        ["r2_of_true_rates"] = Json.Number(score.OfTruth),
    })));

    /// <inheritdoc/>
    public IEnumerable<IReadOnlyList<string>> ToRows() => Scores.Select(score => (IReadOnlyList<string>)
    [
        $"PSTH R2 of {score.Group}", Wording.Number(score.OfSpikes),
        $"{score.Conditions} conditions, {score.Units} units{(score.LeftOut > 0 ? $" ({score.LeftOut} left out: below {Wording.Number(LeastRate, "0.#")} Hz, or the same in all averages)" : "")}, against spikes smoothed over {Smoothing * 1000:0} ms{(double.IsFinite(score.OfTruth) ? $"; against true rates {Wording.Number(score.OfTruth)}" : "")}",
    ]);

    private static int[] Units(IReadOnlyList<Observations> observations, Table averages, double binWidth)
        => [.. Enumerable.Range(0, averages.Columns).Where(c =>
        {
            var (spikes, bins) = (0.0, 0L);
            foreach (var one in observations)
            {
                for (var t = 0; t < one.Bins; t++)
                {
                    spikes += one[t, c];
                    bins += one.IsObserved(t, c) ? 1 : 0;
                }
            }

            return spikes >= LeastRate * bins * binWidth && bins > 0 && Enumerable.Range(1, Math.Max(0, averages.Bins - 1)).Any(t => averages[t, c] != averages[0, c]);
        })];

    /// <summary>Smoothed spikes in Hz.</summary>
    private static Table Smoothed(Observations observations, double binWidth)
    {
        var smooth = GaussianSmoothing.Smooth(observations.ToTable(), Smoothing / binWidth, observations.ToMask());
        return new Table(smooth.Bins, smooth.Columns, Array.ConvertAll(smooth.Values, count => count / binWidth));
    }
}
