namespace IlqrVae.Data;

/// <summary>Makes what comes out of a file fit for a message of one line.</summary>
internal static class Messages
{
    private const int LongestQuotation = 200;

    /// <summary>A text without line breaks and other control characters, cut when it is long.</summary>
    public static string OneLine(string text)
    {
        var cut = text.Length > LongestQuotation ? string.Concat(text.AsSpan(0, LongestQuotation), "...") : text;
        return new string([.. cut.Select(character => char.IsControl(character) || character is '\u2028' or '\u2029' ? ' ' : character)]);
    }

    /// <summary>A shape as "640 x 100 x 60"; negative lengths stand for any length.</summary>
    public static string Shape(IReadOnlyList<int> shape) =>
        shape.Count == 0 ? "scalar" : string.Join(" x ", shape.Select(length => length < 0 ? "any" : $"{length}"));

    /// <summary>A list of names, cut when it is long.</summary>
    public static string Names(IEnumerable<string> names)
    {
        var list = names.Take(25).ToList();
        return list.Count == 0 ? "nothing" : OneLine(string.Join(", ", list));
    }
}
