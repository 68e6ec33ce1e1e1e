using System.Globalization;
using System.Text.RegularExpressions;

namespace IlqrVae.Data.Tests;

/// <summary>A text of keys and values, or of cells, of which some are others: still a text of its kind for the most part, so that it is read far.</summary>
internal static partial class MutatedText
{
    private static readonly string[] s_odd =
    [
        "", "0", "-1", "nan", "NaN", "Infinity", "1e999", "-1e308", "5e-324", "2147483648", "9223372036854775808", "0.5", "1_000", "0x10", "true", "null", "~", "[]", "{}", "{a: 1}", "[1, [2, [3]]]", "'", "\"",
        "é", "\u202e", "../../etc/passwd", "/dev/zero", "!!str x", "&a [*a]", "*a", "|", "- ", "#", ",", "a,b", "\"a\"\"b\"", "\t", "\\u0000", "<script>alert(1)</script>",
    ];

    /// <summary>A copy with one to four changes.</summary>
    public static string Of(string text, Random random)
    {
        for (var changes = random.Next(1, 5); changes > 0; changes--)
        {
            text = random.Next(7) switch
            {
                0 => OfLines(text, lines => lines.RemoveAt(random.Next(lines.Count))),
                1 => OfLines(text, lines => lines.Insert(random.Next(lines.Count), lines[random.Next(lines.Count)])),
                2 => OfLines(text, lines => { var i = random.Next(lines.Count); lines[i] = new string(' ', random.Next(1, 9)) + lines[i]; }),
                3 => OfLines(text, lines => { var i = random.Next(lines.Count); lines[i] = lines[i].TrimStart(); }),
                4 when text.Length < 100_000 => OfLines(text, lines => { var i = random.Next(lines.Count); lines[i] += random.Next(3) switch { 0 => new string('[', 10_000), 1 => new string('9', 5_000), _ => string.Concat(Enumerable.Repeat("{a: ", 2_000)) }; }),
                _ => WithOddWord(text, random),
            };
        }

        return text;
    }

    private static string OfLines(string text, Action<List<string>> change)
    {
        List<string> lines = [.. text.Split('\n')];
        change(lines);
        return lines.Count == 0 ? "\n" : string.Join('\n', lines);
    }

    /// <summary>A word or number is another one, or one from elsewhere in the text.</summary>
    private static string WithOddWord(string text, Random random)
    {
        var words = Words().Matches(text);
        if (words.Count == 0)
        {
            return text + s_odd[random.Next(s_odd.Length)];
        }

        var word = words[random.Next(words.Count)];
        var other = random.Next(4) switch
        {
            0 => words[random.Next(words.Count)].Value,
            1 => (random.NextDouble() * Math.Pow(10, random.Next(-20, 20))).ToString(CultureInfo.InvariantCulture),
            _ => s_odd[random.Next(s_odd.Length)],
        };
        return text[..word.Index] + other + text[(word.Index + word.Length)..];
    }

    [GeneratedRegex(@"[\w.+-]+", RegexOptions.None, 10_000)]
    private static partial Regex Words();
}
