using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IlqrVae.Runs;

/// <summary>Makes JSON of results; numbers that are not finite become null.</summary>
public static class Json
{
    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A number; null where it is not finite or not there.</summary>
    /// <param name="value">The number.</param>
    public static JsonNode? Number(double? value) => value is { } number && double.IsFinite(number) ? JsonValue.Create(number) : null;

    /// <summary>A list of numbers; null in place of those that are not finite.</summary>
    /// <param name="values">The numbers.</param>
    public static JsonArray Numbers(IEnumerable<double> values) => new([.. values.Select(value => Number(value))]);

    /// <summary>A list of texts.</summary>
    /// <param name="values">The texts.</param>
    public static JsonArray Texts(IEnumerable<string> values) => new([.. values.Select(value => (JsonNode?)JsonValue.Create(value))]);

    /// <summary>Indented text, letters outside ASCII as they are.</summary>
    /// <param name="node">What to write.</param>
    public static string Format(JsonNode node) => node.ToJsonString(Options);
}
