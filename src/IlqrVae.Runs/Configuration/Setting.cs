using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IlqrVae.Runs.Configuration;

/// <summary>One key of the configuration file: how it is read, checked, written and explained.</summary>
/// <typeparam name="TOwner">What it is a setting of.</typeparam>
/// <param name="Path">Dotted path of the key.</param>
/// <param name="Allowed">What is allowed, in words that complete "give ...".</param>
/// <param name="Meaning">What it means, in one sentence.</param>
/// <param name="IsList">Whether it takes a list of texts.</param>
/// <param name="Write">The value as YAML; null when it is left open.</param>
/// <param name="Read">The owner with the value read from text (one text, or several for a list); null when the text is not allowed.</param>
public sealed record Setting<TOwner>(
    string Path,
    string Allowed,
    string Meaning,
    bool IsList,
    Func<TOwner, string?> Write,
    Func<TOwner, IReadOnlyList<string>, TOwner?> Read)
    where TOwner : class
{
    /// <summary>The last part of the path.</summary>
    public string Key => Path[(Path.LastIndexOf('.') + 1)..];

    /// <summary>The path without its last part; empty at the top.</summary>
    public string Section => Path.Contains('.', StringComparison.Ordinal) ? Path[..Path.LastIndexOf('.')] : "";
}

/// <summary>Makes settings of the usual types.</summary>
internal static class Setting
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Setting<TOwner> Whole<TOwner>(
        string path, long least, long most, Func<TOwner, long> get, Func<TOwner, long, TOwner> set, string meaning, string? zero = null)
        where TOwner : class
        => new(
            path,
            (most >= int.MaxValue ? $"a whole number from {(zero is null ? least : 1)}" : $"a whole number from {(zero is null ? least : 1)} to {most}")
                + (zero is null ? "" : $", or 0 for {zero}"),
            meaning,
            false,
            owner => get(owner).ToString(CultureInfo.InvariantCulture),
            (owner, texts) => long.TryParse(texts[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
                ? set(owner, value)
                : null);

    public static Setting<TOwner> Number<TOwner>(
        string path, Predicate<double> isAllowed, string allowed, Func<TOwner, double> get, Func<TOwner, double, TOwner> set, string meaning)
        where TOwner : class
        => new(
            path,
            allowed,
            meaning,
            false,
            owner => get(owner).ToString("R", CultureInfo.InvariantCulture),
            (owner, texts) => double.TryParse(texts[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) && isAllowed(value)
                ? set(owner, value)
                : null);

    public static Setting<TOwner> Flag<TOwner>(string path, Func<TOwner, bool> get, Func<TOwner, bool, TOwner> set, string meaning)
        where TOwner : class
        => new(
            path,
            "true or false",
            meaning,
            false,
            owner => get(owner) ? "true" : "false",
            (owner, texts) => texts[0] switch { "true" => set(owner, true), "false" => set(owner, false), _ => null });

    public static Setting<TOwner> Choice<TOwner, TValue>(
        string path, IReadOnlyList<(string Word, TValue Value)> choices, Func<TOwner, TValue> get, Func<TOwner, TValue, TOwner> set, string meaning)
        where TOwner : class
        => new(
            path,
            string.Join(", ", choices.SkipLast(1).Select(choice => choice.Word)) + " or " + choices[^1].Word,
            meaning,
            false,
            owner => choices.FirstOrDefault(choice => EqualityComparer<TValue>.Default.Equals(choice.Value, get(owner))).Word,
            (owner, texts) => choices.Any(choice => choice.Word == texts[0])
                ? set(owner, choices.First(choice => choice.Word == texts[0]).Value)
                : null);

    public static Setting<TOwner> Text<TOwner>(string path, string allowed, Func<TOwner, string> get, Func<TOwner, string, TOwner> set, string meaning)
        where TOwner : class
        => new(
            path, allowed, meaning, false, owner => Quote(get(owner)), (owner, texts) => string.IsNullOrWhiteSpace(texts[0]) ? null : set(owner, texts[0]));

    public static Setting<TOwner> Texts<TOwner>(
        string path, string allowed, Func<TOwner, IReadOnlyList<string>> get, Func<TOwner, IReadOnlyList<string>, TOwner> set, string meaning)
        where TOwner : class
        => new(path, allowed, meaning, true, owner => $"[{string.Join(", ", get(owner).Select(Quote))}]", set);

    /// <summary>A text in double quotes, which YAML and JSON read alike.</summary>
    public static string Quote(string text) => JsonSerializer.Serialize(text, Plain);
}
