using System.Globalization;

namespace IlqrVae.Data.Import.Arrays;

/// <summary>In which unit a file counts time.</summary>
internal static class ArrayTimes
{
    /// <summary>Seconds a tick of the unit that was given; null where none was.</summary>
    /// <exception cref="InputException">It is no unit.</exception>
    public static double? Seconds(string? unit)
    {
        switch (unit?.Trim().ToUpperInvariant())
        {
            case null: return null;
            case "S" or "SEC" or "SECONDS": return 1;
            case "MS" or "MSEC" or "MILLISECONDS": return 1e-3;
            case "US" or "USEC" or "MICROSECONDS": return 1e-6;
            case { } text when text.EndsWith("HZ", StringComparison.Ordinal)
                && double.TryParse(text[..^2], NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var rate) && rate > 0 && double.IsFinite(rate):
                return 1 / rate;
            default: throw new InputException($"--time-unit: '{unit}' is no unit of time; write s, ms, us, or ticks a second as 30000Hz.");
        }
    }

    /// <summary>What times must be multiplied by to be in seconds: as was said, or as the name says.</summary>
    public static double Scale(ArrayFile file, string name, ImportOptions options, List<string> remarks)
    {
        if (Seconds(options.TimeUnit) is { } said)
        {
            return said;
        }

        // Of Kilosort; those of ALF are in seconds.
        if (file.SampleRate is { } rate && ArrayRoles.Last(name) == "spike_times")
        {
            AddOnce(remarks, string.Create(CultureInfo.InvariantCulture, $"{file.Path}: '{Messages.OneLine(name)}' is taken for numbers of samples at {rate} Hz, as params.py says; --time-unit says otherwise."));
            return 1 / rate;
        }

        if (!ArrayRoles.IsInMilliseconds(name))
        {
            return 1;
        }

        AddOnce(remarks, $"{file.Path}: '{Messages.OneLine(name)}' is taken to be in ms, as its name says; --time-unit s says otherwise.");
        return 1e-3;
    }

    /// <summary>Adds a remark that is not there yet.</summary>
    public static void AddOnce(List<string> remarks, string remark)
    {
        if (!remarks.Contains(remark, StringComparer.Ordinal))
        {
            remarks.Add(remark);
        }
    }
}
