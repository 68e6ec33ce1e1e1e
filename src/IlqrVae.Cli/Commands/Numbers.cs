using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;

namespace IlqrVae.Cli.Commands;

/// <summary>
/// Numbers on the command line, with a decimal point and nothing between thousands, wherever the program runs: a comma would be read as one or the
/// other depending on who reads.
/// </summary>
internal static partial class Numbers
{
    /// <summary>Reads the value of an option; the result carries the error where it is none.</summary>
    /// <typeparam name="T">int, ulong or double, or a nullable one.</typeparam>
    /// <param name="name">The option, for messages.</param>
    /// <param name="result">What was given.</param>
    public static T? Parse<T>(string name, ArgumentResult result)
    {
        var text = string.Join(' ', result.Tokens.Select(token => token.Value));
        var type = Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T);
        if (TryParse(type, text) is { } number)
        {
            return (T)number;
        }

        result.AddError($"{name}: '{text}' is {Explain(type, text)}");
        return default;
    }

    private static object? TryParse(Type type, string text)
    {
        if (type == typeof(double))
        {
            return double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real) ? real : null;
        }

        if (type == typeof(ulong))
        {
            // Files keep seeds as signed numbers, as YAML and HDF5 have them.
            return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? (ulong)seed : null;
        }

        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? whole : null;
    }

    private static string Explain(Type type, string text)
    {
        if (type != typeof(double) && DigitsPattern().IsMatch(text))
        {
            return type == typeof(ulong) ? $"too large; give a whole number from 0 to {long.MaxValue}" : $"too large; give a whole number up to {int.MaxValue}";
        }

        var what = type == typeof(double) ? "not a number" : type == typeof(ulong) ? "not a whole number from 0" : "not a whole number";
        List<string> instead = [text.Replace(',', '.')];
        if (ThousandsPattern().IsMatch(text))
        {
            instead.Add(text.Replace(",", "", StringComparison.Ordinal));
        }

        instead.RemoveAll(one => TryParse(type, one) is null);
        return instead.Count == 0 ? what : $"{what}; write {string.Join(" or ", instead)}";
    }

    [GeneratedRegex(@"^\d+$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex DigitsPattern();

    [GeneratedRegex(@"^-?\d{1,3}(,\d{3})+(\.\d+)?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ThousandsPattern();
}
