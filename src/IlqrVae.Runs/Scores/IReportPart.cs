using System.Text.Json.Nodes;

namespace IlqrVae.Runs.Scores;

/// <summary>A group of scores that belong together.</summary>
public interface IReportPart
{
    /// <summary>Its key in the JSON object.</summary>
    string Key { get; }

    /// <summary>The scores as JSON.</summary>
    JsonNode ToJson();

    /// <summary>The scores as rows of name, value and remark.</summary>
    IEnumerable<IReadOnlyList<string>> ToRows();
}
