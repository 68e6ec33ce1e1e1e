using System.Text.Json.Nodes;
using IlqrVae.Evaluation;
using IlqrVae.Models;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Scores;

/// <summary>The learned system left to itself, beside the true states.</summary>
/// <param name="Steps">Bins asked for.</param>
/// <param name="Run">The run.</param>
/// <param name="BinWidth">Seconds.</param>
/// <param name="Marginals">For each true state, the run after the affine map that was fitted to inferred states; empty where no true states are known.</param>
public sealed record FreeRunPart(int Steps, FreeRun Run, double BinWidth, IReadOnlyList<MarginalComparison> Marginals) : IReportPart
{
    /// <inheritdoc/>
    public string Key => "free_run";

    /// <summary>The free run of a result; null when it was not asked for.</summary>
    public static FreeRunPart? Of(InferenceResult result, int steps)
    {
        if (result.FreeRun is not { } run)
        {
            return null;
        }

        var map = EvaluationReport.AlignStates(result);
        var truth = TruthTables.Of(result.Recording.Trials, "states");
        return new FreeRunPart(
            steps, run, result.Description.BinWidth,
            map is null || truth is null || run.States.Bins == 0 ? [] : MarginalComparison.Of(map.Apply(run.States), LinearAlignment.Stack(truth.Tables)));
    }

    /// <inheritdoc/>
    public JsonNode ToJson()
    {
        var json = new JsonObject
        {
            ["bins"] = Run.States.Bins,
            ["complete"] = Run.IsComplete,
            ["lyapunov_exponent_per_bin"] = Json.Number(Run.LyapunovExponent),
            ["lyapunov_exponent_per_second"] = Json.Number(Run.LyapunovExponent / BinWidth),
        };
        if (Marginals.Count > 0)
        {
            json["states"] = new JsonArray([.. Marginals.Select(one => new JsonObject
            {
                ["mean"] = Json.Number(one.Mean),
                ["true_mean"] = Json.Number(one.TrueMean),
                ["deviation"] = Json.Number(one.Deviation),
                ["true_deviation"] = Json.Number(one.TrueDeviation),
                ["distribution_distance"] = Json.Number(one.Distance),
                ["share_in_true_range"] = Json.Number(one.ShareInRange),
            })]);
        }

        return json;
    }

    /// <inheritdoc/>
    public IEnumerable<IReadOnlyList<string>> ToRows()
    {
        yield return
        [
            "free run, Lyapunov exponent", Wording.Number(Run.LyapunovExponent, "0.00000"),
            Run.IsComplete ? $"nats a bin, the largest, over {Steps} bins without inputs" : $"states overflowed after {Run.States.Bins} of {Steps} bins",
        ];
        for (var i = 0; i < Marginals.Count; i++)
        {
            var one = Marginals[i];
            yield return
            [
                $"free run, state {i} vs truth", Wording.Number(one.Distance),
                $"distance of distributions; mean {Wording.Number(one.Mean)} for {Wording.Number(one.TrueMean)}, deviation {Wording.Number(one.Deviation)} for {Wording.Number(one.TrueDeviation)}, {Wording.Number(100 * one.ShareInRange, "0.0")} % in the true range",
            ];
        }
    }
}
