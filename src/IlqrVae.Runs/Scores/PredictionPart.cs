using System.Text.Json.Nodes;
using IlqrVae.Evaluation;
using IlqrVae.Recordings;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Scores;

/// <summary>R2 of predictions by the dynamics alone, from every bin of every trial, against what is known to be true.</summary>
/// <param name="BinWidth">Seconds.</param>
/// <param name="Scores">For each horizon the name of the truth and its R2.</param>
public sealed record PredictionPart(double BinWidth, IReadOnlyList<(int Bins, IReadOnlyList<(string Name, double R2)> R2)> Scores) : IReportPart
{
    /// <inheritdoc/>
    public string Key => "prediction";

    /// <summary>The predictions of a result; null when there are none, or nothing true to compare them with.</summary>
    public static PredictionPart? Of(InferenceResult result, IReadOnlyList<int> horizons)
    {
        var map = EvaluationReport.AlignStates(result);
        var truth = new List<(string Name, TruthTables Tables, Func<int, int, Table> Predicted)>();
        for (var g = 0; g < result.Description.Groups.Count; g++)
        {
            var group = g;
            if (TruthTables.OfGroup(result.Description, result.Trials, g) is { } means)
            {
                truth.Add((means.Name, means, (trial, h) => result.Estimates[trial].Predictions[h].Means[group]));
            }
        }

        if (map is not null && TruthTables.Of(result.Trials, "states") is { } states)
        {
            truth.Add(("states", states, (trial, h) => map.Apply(result.Estimates[trial].Predictions[h].States)));
        }

        return horizons.Count == 0 || truth.Count == 0
            ? null
            : new PredictionPart(
                result.Description.BinWidth,
                [
                    .. horizons.Select((bins, h) => (bins, (IReadOnlyList<(string, double)>)
                    [
                        .. truth.Select(one => (one.Name, Metrics.KStepR2(one.Tables.Tables, [.. one.Tables.Indices.Select(i => one.Predicted(i, h))], bins))),
                    ])),
                ]);
    }

    /// <inheritdoc/>
    public JsonNode ToJson() => new JsonArray([.. Scores.Select(score => new JsonObject
    {
        ["bins"] = score.Bins,
        ["seconds"] = Json.Number(score.Bins * BinWidth),
        ["r2"] = new JsonObject(score.R2.Select(one => KeyValuePair.Create(one.Name, Json.Number(one.R2)))),
    })]);

    /// <inheritdoc/>
    public IEnumerable<IReadOnlyList<string>> ToRows() => Scores.SelectMany(score => score.R2.Select(one => (IReadOnlyList<string>)
    [
        $"R2 of {one.Name}, {score.Bins} bins ahead",
        Wording.Number(one.R2, "0.0000"),
        one.Name == "states" ? "by the dynamics without inputs; after the best affine map" : "by the dynamics without inputs, against the truth",
    ]));
}
