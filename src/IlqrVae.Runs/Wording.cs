using System.Globalization;

namespace IlqrVae.Runs;

/// <summary>Numbers and durations as people read them.</summary>
public static class Wording
{
    /// <summary>A number with a few digits; "-" where it is not finite.</summary>
    /// <param name="value">The number.</param>
    /// <param name="format">A numeric format of the invariant culture.</param>
    public static string Number(double value, string format = "0.000")
    {
        if (!double.IsFinite(value))
        {
            return "-";
        }

        // What rounds to zero has no sign.
        var text = value.ToString(format, CultureInfo.InvariantCulture);
        return text.StartsWith('-') && !text.AsSpan().ContainsAnyInRange('1', '9') ? text[1..] : text;
    }

    /// <summary>A text as it may be shown and logged: what names hold that would move the cursor, name the window or fill the clipboard is a space; ends of lines stay.</summary>
    /// <param name="text">The text.</param>
    public static string Printable(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Any(IsHidden) ? new string([.. text.Select(character => IsHidden(character) ? ' ' : character)]) : text;

        static bool IsHidden(char character) => char.IsControl(character) && character is not ('\n' or '\r' or '\t');
    }

    /// <summary>A path as a word of a command line: in quotes where the shell would read it otherwise, never like an option.</summary>
    /// <param name="path">The path.</param>
    public static string Quoted(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        path = path.StartsWith('-') ? Path.Combine(".", path) : path;
        return path.Length > 0 && path.All(character => char.IsLetterOrDigit(character) || "/\\._-+:,@%".Contains(character, StringComparison.Ordinal) && (character != '\\' || OperatingSystem.IsWindows()))
            ? path
            : OperatingSystem.IsWindows() ? $"\"{path}\"" : $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }

    /// <summary>A length of time in words.</summary>
    /// <param name="seconds">Seconds.</param>
    public static string Duration(double seconds) => seconds switch
    {
        < 0 => "-",
        < 0.001 => "0 s",
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0} ms"),
        < 60 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s"),
        < 3600 => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(seconds / 60):0} min {seconds % 60:00} s"),
        < 1e9 => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(seconds / 3600):0} h {Math.Floor(seconds % 3600 / 60):00} min"),
        _ => "-",
    };
}
