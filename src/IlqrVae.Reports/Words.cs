using System.Globalization;
using IlqrVae.Runs;

namespace IlqrVae.Reports;

/// <summary>Numbers, counts and lists in sentences.</summary>
internal static class Words
{
    /// <summary>What no number is known of.</summary>
    public const string Unknown = "not known";

    /// <summary>A number with three digits that count; words where it is not finite.</summary>
    public static string Of(double value) => Math.Abs(value) switch
    {
        double.NaN or double.PositiveInfinity => Unknown,
        >= 1e6 => Wording.Number(value, "0.00e0"),
        >= 100 => Wording.Number(value, "0"),
        >= 10 => Wording.Number(value, "0.#"),
        >= 0.9995 => Wording.Number(value, "0.##"),
        >= 0.1 => Wording.Number(value, "0.###"),
        >= 0.01 => Wording.Number(value, "0.####"),
        >= 1e-3 => Wording.Number(value, "0.#####"),
        0 => "0",
        _ => Wording.Number(value, "0.0e0"),
    };

    /// <summary>A number with its unit.</summary>
    public static string Of(double value, string unit) => double.IsFinite(value) && unit.Length > 0 ? $"{Of(value)} {unit}" : Of(value);

    /// <summary>A share in percent.</summary>
    public static string Percent(double share) => double.IsFinite(share) ? string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.#} %") : Unknown;

    /// <summary>How many there are.</summary>
    public static string Count(long count, string one, string? many = null)
        => string.Create(CultureInfo.InvariantCulture, $"{count:#,0} {(count == 1 ? one : many ?? $"{one}s")}");

    /// <summary>A list in a sentence, the first few of it.</summary>
    public static string List(IEnumerable<string> names, int most = 6)
    {
        var all = names.ToList();
        return all.Count > most ? $"{string.Join(", ", all.Take(most))} and {all.Count - most} more"
            : all.Count > 1 ? $"{string.Join(", ", all.Take(all.Count - 1))} and {all[^1]}"
            : string.Concat(all);
    }

    /// <summary>The largest finite number of a list; NaN where there is none.</summary>
    public static double Largest(IEnumerable<double> values) => values.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Max();

    /// <summary>The least finite number of a list; NaN where there is none.</summary>
    public static double Least(IEnumerable<double> values) => values.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Min();

    /// <summary>The mean of the finite numbers of a list; NaN where there is none.</summary>
    public static double Mean(IEnumerable<double> values) => values.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();
}
