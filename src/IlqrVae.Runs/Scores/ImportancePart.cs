using System.Text.Json.Nodes;
using IlqrVae.Inference;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Scores;

/// <summary>Importance-weighted bounds beside the ELBO of the same samples, by both posteriors.</summary>
/// <param name="Samples">K.</param>
/// <param name="Shared">By the shared covariance; null when it covers no trial.</param>
/// <param name="Laplace">By the Laplace posteriors; null when none could be formed.</param>
public sealed record ImportancePart(int Samples, ImportanceScore? Shared, ImportanceScore? Laplace) : IReportPart
{
    /// <inheritdoc/>
    public string Key => "iwae";

    /// <summary>The bounds of a result; null when they were not asked for.</summary>
    public static ImportancePart? Of(InferenceResult result, int samples)
        => samples == 0
            ? null
            : new ImportancePart(
                samples, ImportanceScore.Of(result.Estimates, estimate => estimate.SharedBound), ImportanceScore.Of(result.Estimates, estimate => estimate.LaplaceBound));

    /// <inheritdoc/>
    public JsonNode ToJson() => new JsonObject { ["samples"] = Samples, ["shared"] = Shared?.ToJson(), ["laplace"] = Laplace?.ToJson() };

    /// <inheritdoc/>
    public IEnumerable<IReadOnlyList<string>> ToRows() => Rows(Shared, "shared covariance").Concat(Rows(Laplace, "Laplace posterior"));

    private IEnumerable<IReadOnlyList<string>> Rows(ImportanceScore? score, string posterior)
    {
        if (score is null)
        {
            yield break;
        }

        var trials = $"{score.Trials} trials";
        yield return [$"IWAE({Samples}), {posterior}", Wording.Number(score.PerEntry(score.Bound), "0.00000"), $"nats per observed entry; {Wording.Number(score.Bound / score.Trials, "0.00")} a trial, {trials}"];
        yield return [$"ELBO, {posterior}", Wording.Number(score.PerEntry(score.Elbo), "0.00000"), $"of the same samples; {Wording.Number(score.Elbo / score.Trials, "0.00")} a trial"];
        yield return ["IWAE minus ELBO", Wording.Number(score.PerEntry(score.Gap), "0.00000"), $"{Wording.Number(score.Gap / score.Trials, "0.00")} a trial; {Wording.Number(score.EffectiveSamples, "0.0")} effective samples on average"];
    }
}

/// <summary>Bounds summed over trials.</summary>
/// <param name="Trials">Number of trials.</param>
/// <param name="Entries">Their observed entries.</param>
/// <param name="Elbo">Sum of the ELBOs in nats.</param>
/// <param name="Bound">Sum of the bounds in nats.</param>
/// <param name="EffectiveSamples">Mean of the effective numbers of samples.</param>
public sealed record ImportanceScore(int Trials, long Entries, double Elbo, double Bound, double EffectiveSamples)
{
    /// <summary>What importance weighting gains, in nats.</summary>
    public double Gap => Bound - Elbo;

    /// <summary>A sum per observed entry; NaN where nothing was observed.</summary>
    /// <param name="sum">The sum.</param>
    public double PerEntry(double sum) => Entries == 0 ? double.NaN : sum / Entries;

    /// <summary>Sums the bounds of trials; null when no trial has one.</summary>
    public static ImportanceScore? Of(IReadOnlyList<TrialEstimate> estimates, Func<TrialEstimate, ImportanceBound?> take)
    {
        var found = estimates.Where(estimate => take(estimate) is not null).ToList();
        return found.Count == 0
            ? null
            : new ImportanceScore(
                found.Count,
                found.Sum(estimate => estimate.ObservedCount),
                found.Sum(estimate => take(estimate)!.Value.Elbo),
                found.Sum(estimate => take(estimate)!.Value.Bound),
                found.Average(estimate => take(estimate)!.Value.EffectiveSamples));
    }

    /// <summary>The sums as JSON, for a trial and for an observed entry.</summary>
    public JsonObject ToJson() => new()
    {
        ["trials"] = Trials,
        ["per_entry"] = Nats(Entries),
        ["per_trial"] = Nats(Trials),
        ["effective_samples"] = Json.Number(EffectiveSamples),
    };

    private JsonObject Nats(long count)
        => new() { ["elbo"] = Json.Number(count == 0 ? double.NaN : Elbo / count), ["iwae"] = Json.Number(count == 0 ? double.NaN : Bound / count), ["gap"] = Json.Number(count == 0 ? double.NaN : Gap / count) };
}
