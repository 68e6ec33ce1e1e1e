using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IlqrVae.Models.Kinds;

/// <summary>
/// One key of a configuration: how it is read, checked, written and explained. The one home of its bounds, for files and for programs that set the
/// property themselves.
/// </summary>
/// <typeparam name="TOwner">What it is a setting of.</typeparam>
/// <param name="Path">Dotted path of the key.</param>
/// <param name="Allowed">What is allowed, in words that complete "give ...".</param>
/// <param name="Meaning">What it means, in one sentence.</param>
/// <param name="IsList">Whether it takes a list of texts.</param>
/// <param name="Write">The value as YAML; null when it is left open.</param>
/// <param name="Read">The owner with the value read from text (one text, or several for a list); null when the text is not allowed.</param>
/// <param name="Holds">Whether the owner's value is allowed.</param>
public sealed record Setting<TOwner>(
    string Path,
    string Allowed,
    string Meaning,
    bool IsList,
    Func<TOwner, string?> Write,
    Func<TOwner, IReadOnlyList<string>, TOwner?> Read,
    Func<TOwner, bool> Holds)
    where TOwner : class
{
    /// <summary>The values it takes.</summary>
    public SettingValues Values { get; init; } = new(IsList ? SettingType.Texts : SettingType.Text) { MayBeEmpty = true };

    /// <summary>The last part of the path.</summary>
    public string Key => Path[(Path.LastIndexOf('.') + 1)..];

    /// <summary>The path without its last part; empty at the top.</summary>
    public string Section => Path.Contains('.', StringComparison.Ordinal) ? Path[..Path.LastIndexOf('.')] : "";

    /// <summary>The same setting, of owners that are known by a base type.</summary>
    /// <typeparam name="TBase">The base type.</typeparam>
    public Setting<TBase> Of<TBase>()
        where TBase : class
        => new(
            Path, Allowed, Meaning, IsList, owner => Write(Own(owner)), (owner, texts) => Read(Own(owner), texts) as TBase, owner => Holds(Own(owner)))
        {
            Values = Values,
        };

    private TOwner Own(object owner)
        => owner as TOwner ?? throw new ArgumentException($"'{Key}' is not a setting of {owner.GetType().Name}.", nameof(owner));
}

/// <summary>Makes settings of the usual types.</summary>
public static class Setting
{
    /// <summary>What a number above zero is called.</summary>
    public const string Positive = "a positive number";

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A whole number.</summary>
    /// <typeparam name="TOwner">What it is a setting of.</typeparam>
    /// <param name="path">Dotted path of the key.</param>
    /// <param name="least">The least value.</param>
    /// <param name="most">The largest value.</param>
    /// <param name="get">Reads the property.</param>
    /// <param name="set">The owner with another value.</param>
    /// <param name="meaning">What it means.</param>
    /// <param name="zero">What 0 stands for, where it stands for something of its own.</param>
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
                : null,
            owner => get(owner) >= least && get(owner) <= most)
        {
            Values = new SettingValues(SettingType.Whole) { Range = NumberRange.From(least).UpTo(most) },
        };

    /// <summary>A real number.</summary>
    /// <typeparam name="TOwner">What it is a setting of.</typeparam>
    /// <param name="path">Dotted path of the key.</param>
    /// <param name="range">Which numbers are allowed.</param>
    /// <param name="allowed">The same in words that complete "give ...".</param>
    /// <param name="get">Reads the property.</param>
    /// <param name="set">The owner with another value.</param>
    /// <param name="meaning">What it means.</param>
    public static Setting<TOwner> Number<TOwner>(
        string path, NumberRange range, string allowed, Func<TOwner, double> get, Func<TOwner, double, TOwner> set, string meaning)
        where TOwner : class
        => new(
            path,
            allowed,
            meaning,
            false,
            owner => get(owner).ToString("R", CultureInfo.InvariantCulture),
            (owner, texts) => double.TryParse(texts[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && range.Contains(value)
                ? set(owner, value)
                : null,
            owner => range.Contains(get(owner)))
        {
            Values = new SettingValues(SettingType.Number) { Range = range },
        };

    /// <summary>True or false.</summary>
    /// <typeparam name="TOwner">What it is a setting of.</typeparam>
    /// <param name="path">Dotted path of the key.</param>
    /// <param name="get">Reads the property.</param>
    /// <param name="set">The owner with another value.</param>
    /// <param name="meaning">What it means.</param>
    public static Setting<TOwner> Flag<TOwner>(string path, Func<TOwner, bool> get, Func<TOwner, bool, TOwner> set, string meaning)
        where TOwner : class
        => new(
            path,
            "true or false",
            meaning,
            false,
            owner => get(owner) ? "true" : "false",
            (owner, texts) => texts[0] switch { "true" => set(owner, true), "false" => set(owner, false), _ => null },
            _ => true)
        {
            Values = new SettingValues(SettingType.Flag),
        };

    /// <summary>One of some words.</summary>
    /// <typeparam name="TOwner">What it is a setting of.</typeparam>
    /// <typeparam name="TValue">What the words stand for.</typeparam>
    /// <param name="path">Dotted path of the key.</param>
    /// <param name="choices">The words and what they stand for.</param>
    /// <param name="get">Reads the property.</param>
    /// <param name="set">The owner with another value.</param>
    /// <param name="meaning">What it means.</param>
    public static Setting<TOwner> Choice<TOwner, TValue>(
        string path, IReadOnlyList<(string Word, TValue Value)> choices, Func<TOwner, TValue> get, Func<TOwner, TValue, TOwner> set, string meaning)
        where TOwner : class
        => new(
            path,
            Words(choices.Select(choice => choice.Word)),
            meaning,
            false,
            owner => choices.FirstOrDefault(choice => EqualityComparer<TValue>.Default.Equals(choice.Value, get(owner))).Word,
            (owner, texts) => choices.Any(choice => choice.Word == texts[0])
                ? set(owner, choices.First(choice => choice.Word == texts[0]).Value)
                : null,
            _ => true)
        {
            Values = new SettingValues(SettingType.Text) { Words = [.. choices.Select(choice => choice.Word)] },
        };

    /// <summary>A text that is not blank.</summary>
    /// <typeparam name="TOwner">What it is a setting of.</typeparam>
    /// <param name="path">Dotted path of the key.</param>
    /// <param name="allowed">What is allowed, in words that complete "give ...".</param>
    /// <param name="get">Reads the property.</param>
    /// <param name="set">The owner with another value.</param>
    /// <param name="meaning">What it means.</param>
    public static Setting<TOwner> Text<TOwner>(string path, string allowed, Func<TOwner, string> get, Func<TOwner, string, TOwner> set, string meaning)
        where TOwner : class
        => new(
            path, allowed, meaning, false, owner => Quote(get(owner)), (owner, texts) => string.IsNullOrWhiteSpace(texts[0]) ? null : set(owner, texts[0]), _ => true)
        {
            Values = new SettingValues(SettingType.Text),
        };

    /// <summary>A list of texts.</summary>
    /// <typeparam name="TOwner">What it is a setting of.</typeparam>
    /// <param name="path">Dotted path of the key.</param>
    /// <param name="allowed">What is allowed, in words that complete "give ...".</param>
    /// <param name="get">Reads the property.</param>
    /// <param name="set">The owner with another value.</param>
    /// <param name="meaning">What it means.</param>
    public static Setting<TOwner> Texts<TOwner>(
        string path, string allowed, Func<TOwner, IReadOnlyList<string>> get, Func<TOwner, IReadOnlyList<string>, TOwner> set, string meaning)
        where TOwner : class
        => new(path, allowed, meaning, true, owner => $"[{string.Join(", ", get(owner).Select(Quote))}]", set, _ => true);

    /// <summary>A text in double quotes, which YAML and JSON read alike.</summary>
    /// <param name="text">The text.</param>
    public static string Quote(string text) => JsonSerializer.Serialize(text, Plain);

    /// <summary>"a, b or c".</summary>
    /// <param name="words">The words.</param>
    public static string Words(IEnumerable<string> words)
    {
        var all = words.ToList();
        return all.Count < 2 ? string.Concat(all) : string.Join(", ", all.SkipLast(1)) + " or " + all[^1];
    }
}
