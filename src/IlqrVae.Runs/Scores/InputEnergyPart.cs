using System.Text.Json.Nodes;
using IlqrVae.Evaluation;
using IlqrVae.Recordings;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Scores;

/// <summary>Where in time the inferred inputs act.</summary>
/// <param name="InitialShare">The initial states' share of the energy.</param>
/// <param name="InitialShareOfEffects">The same where inputs count by what they do to the state; null when that is not known.</param>
/// <param name="Window">What counts as near, in bins.</param>
/// <param name="Bins">The bins that were named.</param>
/// <param name="AtBins">The share of energy near them, and of steps; null when none were named.</param>
/// <param name="AtTruth">The share of energy near the true inputs, and of steps; null unless true inputs are known and rare.</param>
public sealed record InputEnergyPart(
    double InitialShare, double? InitialShareOfEffects, int Window, IReadOnlyList<int> Bins, (double Energy, double Steps)? AtBins, (double Energy, double Steps)? AtTruth) : IReportPart
{
    /// <summary>True inputs in more than this share of the bins are not events.</summary>
    private const double LargestEventShare = 0.2;

    /// <inheritdoc/>
    public string Key => "input_energy";

    /// <summary>The energies of a result.</summary>
    public static InputEnergyPart Of(InferenceResult result, IReadOnlyList<int> bins, int window)
    {
        var energy = Measure(result, [.. Enumerable.Range(0, result.Trials.Count)]);
        return new InputEnergyPart(
            energy.InitialShare,
            MeasureEffects(result)?.InitialShare,
            window,
            bins,
            bins.Count == 0 ? null : energy.ShareNear([.. result.Trials.Select(_ => bins)], window),
            NearTruth(result, window));
    }

    /// <inheritdoc/>
    public JsonNode ToJson()
    {
        var json = new JsonObject { ["initial_state"] = Json.Number(InitialShare) };
        if (InitialShareOfEffects is { } share)
        {
            json["initial_state_by_effect"] = Json.Number(share);
        }

        if (AtBins is { } at)
        {
            json["bins"] = new JsonArray([.. Bins.Select(bin => (JsonNode?)JsonValue.Create(bin))]);
            json["at_bins"] = Shares(at);
        }

        if (AtTruth is { } truth)
        {
            json["at_true_inputs"] = Shares(truth);
        }

        return json;
    }

    /// <inheritdoc/>
    public IEnumerable<IReadOnlyList<string>> ToRows()
    {
        yield return ["input energy in the initial state", Wording.Number(InitialShare), "share; in units of the prior"];
        if (InitialShareOfEffects is { } share)
        {
            yield return ["", Wording.Number(share), "share; by what inputs do to the state"];
        }

        if (AtBins is { } at)
        {
            yield return [$"input energy at bins {string.Join(',', Bins)}", Wording.Number(at.Energy), $"share, within {Window} bins, which are {Wording.Number(at.Steps)} of all; without the initial state"];
        }

        if (AtTruth is { } truth)
        {
            yield return ["input energy at true inputs", Wording.Number(truth.Energy), $"share, within {Window} bins, which are {Wording.Number(truth.Steps)} of all"];
        }
    }

    private static (double Energy, double Steps)? NearTruth(InferenceResult result, int window)
    {
        if (TruthTables.Of(result.Trials, "inputs") is not { } truth)
        {
            return null;
        }

        var events = truth.Tables.Select(Events).ToList();
        var steps = truth.Tables.Sum(table => table.Bins - 1);
        var count = events.Sum(one => one.Count);
        return count > 0 && count <= LargestEventShare * steps ? Measure(result, truth.Indices).ShareNear(events, window) : null;
    }

    /// <summary>The steps with an input.</summary>
    private static IReadOnlyCollection<int> Events(Table inputs)
        => [.. Enumerable.Range(0, inputs.Bins - 1).Where(t => inputs.Row(t).ContainsAnyExcept(0.0))];

    /// <summary>The energies of some trials.</summary>
    public static InputEnergy Measure(InferenceResult result, IReadOnlyList<int> trials) => InputEnergy.Of(
        [.. trials.Select(i => result.Estimates[i].States.Row(0).ToArray())],
        [.. trials.Select(i => result.Estimates[i].Inputs)],
        result.Learned.InitialScale,
        result.Learned.StationaryScale);

    private static InputEnergy? MeasureEffects(InferenceResult result)
    {
        Table[] effects = [.. result.Estimates.Select(estimate => estimate.InputEffects).OfType<Table>()];
        return effects.Length < result.Estimates.Count
            ? null
            : InputEnergy.Of([.. result.Estimates.Select(estimate => estimate.States.Row(0).ToArray())], effects, result.Learned.InitialScale, result.Learned.InitialScale);
    }

    private JsonObject Shares((double Energy, double Steps) share)
        => new() { ["energy"] = Json.Number(share.Energy), ["steps"] = Json.Number(share.Steps), ["window"] = Window };
}
