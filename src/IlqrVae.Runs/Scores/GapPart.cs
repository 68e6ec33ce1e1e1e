using System.Text.Json.Nodes;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Scores;

/// <summary>How well gaps, bins that inference did not see, are predicted from what it saw before, after and beside them.</summary>
/// <param name="Gaps">What was hidden.</param>
/// <param name="Groups">The scores of these bins, of each group that has any.</param>
public sealed record GapPart(IReadOnlyList<Gap> Gaps, IReadOnlyList<GroupScore> Groups) : IReportPart
{
    /// <inheritdoc/>
    public string Key => "gap";

    /// <summary>The gaps of a result; null when there are none.</summary>
    public static GapPart? Of(InferenceResult result) => result.Gaps.Count == 0 ? null : new GapPart(result.Gaps, GroupScore.OfAll(result, ScoredPart.Gap));

    /// <inheritdoc/>
    public JsonNode ToJson() => new JsonObject
    {
        ["hidden"] = Json.Texts(Gaps.Select(gap => gap.ToString())),
        ["groups"] = new JsonObject(Groups.Select(group => KeyValuePair.Create(group.Name, (JsonNode?)group.ToJson()))),
    };

    /// <inheritdoc/>
    public IEnumerable<IReadOnlyList<string>> ToRows()
        => Groups.Select(group => group.ToRow("gap", $"{string.Join(' ', Gaps.Where(gap => gap.Touches(group.Name)))} hidden, predicted from what was seen"));
}
