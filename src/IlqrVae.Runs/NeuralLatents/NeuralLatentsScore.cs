using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Evaluation.NeuralLatents;
using IlqrVae.Recordings;

namespace IlqrVae.Runs.NeuralLatents;

/// <summary>The scores of a submission file against a target file of the Neural Latents Benchmark.</summary>
/// <param name="Submission">The submission file.</param>
/// <param name="Target">The target file.</param>
/// <param name="Groups">The scores of each group that both have.</param>
/// <param name="PassedOver">Groups that are not scored, each with why.</param>
/// <param name="Remarks">What the user should know, a sentence each.</param>
public sealed record NeuralLatentsScore(
    string Submission, string Target, IReadOnlyList<SubmissionScores> Groups, IReadOnlyList<KeyValuePair<string, string>> PassedOver, IReadOnlyList<string> Remarks)
{
    internal const string HeldOut = "eval_rates_heldout";
    internal const string HeldOutSpikes = "eval_spikes_heldout";

    // Rates that sum to so many times the spikes, or to so small a part of them, are not in spikes a bin.
    private const double Suspicious = 20;

    /// <summary>Scores every group that both files have, a few trials at a time.</summary>
    /// <param name="submission">The submission file.</param>
    /// <param name="target">The target file.</param>
    /// <param name="interrupt">Stops the scoring.</param>
    /// <exception cref="InputException">A file cannot be read, has another layout or numbers that are none; or there is no group that both have.</exception>
    public static NeuralLatentsScore Of(string submission, string target, CancellationToken interrupt = default)
    {
        using var submitted = NeuralLatentsFile.Open(submission);
        using var targets = NeuralLatentsFile.Open(target);
        var groups = new List<SubmissionScores>();
        var passed = new List<KeyValuePair<string, string>>();
        var remarks = new List<string>();
        foreach (var name in submitted.Groups.Union(targets.Groups, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            interrupt.ThrowIfCancellationRequested();
            var (rates, truth) = (SubmittedOrNull(submitted, name), TargetOrNull(targets, name));
            if (rates is null || truth is null)
            {
                passed.Add(KeyValuePair.Create(name, rates is null ? $"{submission} has no '/{name}/{HeldOut}'" : $"{target} has no '/{name}/{HeldOutSpikes}'"));
                continue;
            }

            groups.Add(SubmissionScores.Of(rates, truth));
            remarks.AddRange(Remark(submission, groups[^1]));
        }

        return groups.Count > 0
            ? new NeuralLatentsScore(submission, target, groups, passed, remarks)
            : throw new InputException(
                $"{submission}: no group can be scored against {target}: {string.Join("; ", passed.Select(one => one.Value))}. A group needs one name in both files.");
    }

    /// <summary>The scores as JSON: what the benchmark reports, and for each group what its scores are made of.</summary>
    public JsonObject ToJson() => new()
    {
        ["submission"] = Submission,
        ["target"] = Target,
        ["result"] = new JsonArray([.. SubmissionScores.Reported(Groups).Select(one => (JsonNode?)new JsonObject
        {
            [one.Key] = new JsonObject(one.Value.Select(score => KeyValuePair.Create(score.Key, Json.Number(score.Value)))),
        })]),
        ["behind"] = new JsonObject(Groups.Select(group => KeyValuePair.Create(group.Name, (JsonNode?)Behind(group)))),
        ["passed_over"] = new JsonObject(PassedOver.Select(one => KeyValuePair.Create(one.Key, (JsonNode?)JsonValue.Create(one.Value)))),
    };

    /// <summary>Rows of a table: group, score, value and what it is made of.</summary>
    public IEnumerable<IReadOnlyList<string>> ToRows()
    {
        foreach (var group in Groups)
        {
            foreach (var (name, value) in group.Values)
            {
                yield return [group.Name, name, Wording.Number(value, "0.0000"), Explain(group, name)];
            }
        }
    }

    private static string Explain(SubmissionScores group, string name) => name switch
    {
        "co-bps" => $"bits per spike over {group.HeldOut.Spikes:0} spikes of held-out neurons",
        "fp-bps" => $"bits per spike over {group.Forward!.Spikes:0} spikes after the window",
        "psth R2" => $"{group.Conditions!.Conditions} conditions, {group.Conditions.R2PerNeuron.Count} neurons",
        "tp corr" => $"{group.Speed!.Conditions.Count} conditions; the more negative the better",
        _ => string.Join("; ", group.Decoding!.Select(one => FormattableString.Invariant($"{one.EvaluatedBins} bins, decoder of {one.TrainingBins} bins, penalty {one.Penalty:0.####}"))),
    };

    internal static SubmittedGroup? SubmittedOrNull(NeuralLatentsFile file, string name) => file.ArrayOrNull(name, HeldOut) is not { } heldOut ? null : new SubmittedGroup(name, heldOut)
    {
        TrainingHeldIn = file.ArrayOrNull(name, "train_rates_heldin"),
        TrainingHeldOut = file.ArrayOrNull(name, "train_rates_heldout"),
        EvaluatedHeldIn = file.ArrayOrNull(name, "eval_rates_heldin"),
        ForwardHeldIn = file.ArrayOrNull(name, "eval_rates_heldin_forward"),
        ForwardHeldOut = file.ArrayOrNull(name, "eval_rates_heldout_forward"),
    };

    internal static TargetGroup? TargetOrNull(NeuralLatentsFile file, string name) => file.ArrayOrNull(name, HeldOutSpikes) is not { } heldOut ? null : new TargetGroup(name, heldOut)
    {
        ForwardHeldIn = file.ArrayOrNull(name, "eval_spikes_heldin_forward"),
        ForwardHeldOut = file.ArrayOrNull(name, "eval_spikes_heldout_forward"),
        TrainingBehaviour = file.ArrayOrNull(name, "train_behavior", takesRows: true),
        EvaluatedBehaviour = file.ArrayOrNull(name, "eval_behavior", takesRows: true),
        TrainingMasks = file.Masks(name, "train_decode_mask"),
        EvaluatedMasks = file.Masks(name, "eval_decode_mask"),
        Averages = file.ArrayOrNull(name, "psth"),
        ConditionTrials = file.ListsOrNull(name, "eval_cond_idx"),
        Jitter = file.WholesOrNull(name, "eval_jitter"),
    };

    internal static IEnumerable<string> Remark(string submission, SubmissionScores group)
    {
        foreach (var (part, score) in new[] { ("held-out neurons", group.HeldOut), ("bins after the window", group.Forward) })
        {
            if (score is null)
            {
                continue;
            }

            if (!(score.Spikes > 0))
            {
                yield return $"{submission}: group '{group.Name}' has no spikes of {part} to score, so bits per spike are not defined.";
                continue;
            }

            var share = score.ExpectedSpikes / score.Spikes;
            var width = group.Name.EndsWith(NeuralLatentsSet.WideSuffix, StringComparison.Ordinal) ? NeuralLatentsSet.WideBin : NeuralLatentsSet.NarrowBin;
            if (share > Suspicious)
            {
                yield return FormattableString.Invariant(
                    $"{submission}: group '{group.Name}', {part}: the rates sum to {share:0} times the spikes there are. Rates are expected spikes a bin; if these are in Hz, multiply them by the width of a bin ({width / 1000.0} s).");
            }
            else if (share < 1 / Suspicious)
            {
                yield return FormattableString.Invariant(
                    $"{submission}: group '{group.Name}', {part}: the rates sum to 1/{1 / share:0} of the spikes there are. Rates are expected spikes a bin; were they multiplied by the width of a bin twice?");
            }
        }
    }

    private static JsonObject Behind(SubmissionScores group)
    {
        var json = new JsonObject { ["co-bps"] = Spikes(group.HeldOut) };
        if (group.Speed is { } speed)
        {
            json["tp corr"] = new JsonObject
            {
                ["conditions"] = new JsonArray([.. speed.Conditions.Select(one => (JsonNode?)new JsonObject
                {
                    ["condition"] = Json.Numbers(one.Condition), ["trials"] = one.Trials, ["r"] = Json.Number(one.Correlation),
                })]),
                ["speed"] = Json.Numbers(speed.Speeds),
            };
        }

        if (group.Decoding is { } decoders)
        {
            json["vel R2"] = new JsonArray([.. decoders.Select(one => (JsonNode?)new JsonObject
            {
                ["train_rows"] = one.TrainingBins,
                ["eval_rows"] = one.EvaluatedBins,
                ["alpha"] = Json.Number(one.Penalty),
                ["cv_r2"] = Json.Numbers(one.CrossValidatedR2),
                ["r2_per_output"] = Json.Numbers(one.R2PerOutput),
                ["r2"] = Json.Number(one.R2),
            })]);
        }

        if (group.Conditions is { } conditions)
        {
            json["psth R2"] = new JsonObject
            {
                ["rows"] = conditions.Bins, ["conditions"] = conditions.Conditions, ["r2_per_neuron"] = Json.Numbers(conditions.R2PerNeuron),
            };
        }

        if (group.Forward is { } forward)
        {
            json["fp-bps"] = Spikes(forward);
        }

        return json;
    }

    private static JsonObject Spikes(SpikePrediction score) => new()
    {
        ["nll_model"] = Json.Number(score.ModelLoss),
        ["nll_null"] = Json.Number(score.NullLoss),
        ["spikes"] = Json.Number(score.Spikes),
        ["expected_spikes"] = Json.Number(score.ExpectedSpikes),
        ["bins_counted"] = score.Counted,
        ["bins_missing"] = score.Missing,
        ["zero_rates"] = score.ZeroRates,
    };
}
