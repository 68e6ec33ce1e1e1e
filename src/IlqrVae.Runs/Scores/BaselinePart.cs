using System.Text.Json.Nodes;
using IlqrVae.Evaluation.Baselines;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Scores;

/// <summary>What is reached without a model of dynamics: the hidden groups predicted from the seen ones by simpler means, fitted on the training trials.</summary>
/// <param name="Scores">For each hidden group and baseline.</param>
public sealed record BaselinePart(IReadOnlyList<BaselineScore> Scores) : IReportPart
{
    /// <summary>Why there are none where parts of trials are hidden.</summary>
    public const string OnlyGroups = "--baselines: baselines predict hidden groups, not the ends of trials or gaps; leave out --forecast and --gap.";

    /// <inheritdoc/>
    public string Key => "baselines";

    /// <summary>Names of baselines for which there was no time.</summary>
    public IReadOnlyList<string> LeftOut { get; private init; } = [];

    /// <summary>Scores baselines on the trials of a result, with what the model saw and what was hidden from it.</summary>
    /// <param name="result">The trials and hidden groups.</param>
    /// <param name="atMost">Once so much time is spent no further baseline is begun; null for no limit.</param>
    /// <param name="interrupt">Stops between baselines.</param>
    /// <exception cref="InputException">Nothing is hidden that the recording has, or parts of trials are.</exception>
    public static BaselinePart Of(InferenceResult result, TimeSpan? atMost = null, CancellationToken interrupt = default)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (!result.Unseen.IsEmpty)
        {
            throw new InputException(OnlyGroups);
        }

        var names = result.Description.Groups.Select(group => group.Name).Where(name => result.Recording.IndexOfGroup(name) >= 0).ToList();
        var hidden = names.Where(result.Hidden.Contains).ToList();
        if (hidden.Count == 0)
        {
            throw new InputException("--baselines: baselines predict hidden groups; hide one that the dataset has, with --hide GROUP.");
        }

        var leftOut = new List<string>();
        var scores = BaselineSuite.Score(result.Recording, result.Trials, hidden, [.. names.Except(hidden, StringComparer.Ordinal)], atMost, leftOut, interrupt);
        return new BaselinePart(scores) { LeftOut = leftOut };
    }

    /// <inheritdoc/>
    public JsonNode ToJson() => new JsonObject(Scores.GroupBy(score => score.Group, StringComparer.Ordinal).Select(group => KeyValuePair.Create(
        group.Key,
        (JsonNode?)new JsonObject(group.Select(score => KeyValuePair.Create(score.Key, (JsonNode?)Entry(score)))))));

    /// <inheritdoc/>
    public IEnumerable<IReadOnlyList<string>> ToRows() => Scores.Select(score => (IReadOnlyList<string>)
    [
        $"{(score.R2.Count > 0 ? "R2" : "bits per spike")} of {score.Group}: {score.Name}",
        Wording.Number(score.R2.Count > 0 ? score.MeanR2 : score.BitsPerSpike),
        $"baseline{(score.R2.Count > 0 ? "" : $"; over training means {Wording.Number(score.BitsPerSpikeOverTrainingMeans)}")}{(score.Tuned.Length > 0 ? $"; {score.Tuned}" : "")}; {Wording.Duration(score.Seconds)}",
    ]);

    private static JsonObject Entry(BaselineScore score)
    {
        var json = score.R2.Count > 0
            ? new JsonObject { ["r2"] = Json.Number(score.MeanR2), ["r2_per_column"] = Json.Numbers(score.R2) }
            : new JsonObject { ["bits_per_spike"] = Json.Number(score.BitsPerSpike), ["bits_per_spike_over_training_means"] = Json.Number(score.BitsPerSpikeOverTrainingMeans) };
        json["tuned"] = score.Tuned;
        json["seconds"] = Json.Number(score.Seconds);
        return json;
    }
}
