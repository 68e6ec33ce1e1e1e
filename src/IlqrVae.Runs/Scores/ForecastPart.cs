using System.Text.Json.Nodes;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Scores;

/// <summary>How well the end of every trial is predicted from the bins before it (of spikes: fp-bps of the Neural Latents Benchmark).</summary>
/// <param name="Bins">Bins that inference did not see.</param>
/// <param name="BinWidth">Seconds.</param>
/// <param name="Groups">The scores of these bins.</param>
public sealed record ForecastPart(int Bins, double BinWidth, IReadOnlyList<GroupScore> Groups) : IReportPart
{
    /// <inheritdoc/>
    public string Key => "forecast";

    /// <summary>The forecasts of a result; null when nothing was hidden.</summary>
    public static ForecastPart? Of(InferenceResult result)
        => result.ForecastBins == 0 ? null : new ForecastPart(result.ForecastBins, result.Description.BinWidth, GroupScore.OfAll(result, ScoredPart.Forecast));

    /// <inheritdoc/>
    public JsonNode ToJson() => new JsonObject
    {
        ["bins"] = Bins,
        ["seconds"] = Json.Number(Bins * BinWidth),
        ["groups"] = new JsonObject(Groups.Select(group => KeyValuePair.Create(group.Name, (JsonNode?)group.ToJson()))),
    };

    /// <inheritdoc/>
    public IEnumerable<IReadOnlyList<string>> ToRows() => Groups.Select(group => group.ToRow("forecast", $"the last {Bins} bins, predicted from the bins before"));
}
