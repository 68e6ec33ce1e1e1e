using System.Globalization;

namespace IlqrVae.Runs.Sweeps;

/// <summary>A key of a configuration that a sweep varies, and the values it may have.</summary>
/// <param name="Path">The key, as "model.states".</param>
public abstract record SweepKey(string Path)
{
    /// <summary>A key without the sections it is in, as headings have it.</summary>
    /// <param name="path">The key.</param>
    public static string WordOf(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path[(path.LastIndexOf('.') + 1)..];
    }

    /// <summary>The value at a place among all.</summary>
    /// <param name="share">The place, from 0 to below 1.</param>
    /// <returns>The value as it is written in a configuration.</returns>
    public abstract string At(double share);
}

/// <summary>A key with a list of values, all as likely.</summary>
/// <param name="Path">The key.</param>
/// <param name="Values">The values as YAML.</param>
public sealed record ListedKey(string Path, IReadOnlyList<string> Values) : SweepKey(Path)
{
    /// <inheritdoc/>
    public override string At(double share) => Values[Math.Min(Values.Count - 1, (int)(share * Values.Count))];
}

/// <summary>A key with all numbers of a range.</summary>
/// <param name="Path">The key.</param>
/// <param name="From">The least.</param>
/// <param name="To">The largest.</param>
/// <param name="IsLogarithmic">Whether numbers of one ratio are as likely, not those of one difference.</param>
/// <param name="IsWhole">Whether they are whole numbers.</param>
public sealed record RangedKey(string Path, double From, double To, bool IsLogarithmic, bool IsWhole) : SweepKey(Path)
{
    /// <inheritdoc/>
    public override string At(double share)
    {
        // Whole numbers stand for what is rounded to them, so that the ends are as likely as the others.
        var (from, to) = IsWhole ? (From - 0.5, To + 0.5) : (From, To);
        from = IsLogarithmic && IsWhole ? Math.Max(from, 0.5) : from;
        var value = IsLogarithmic ? from * Math.Pow(to / from, share) : from + (share * (to - from));
        return IsWhole
            ? Math.Clamp(Math.Round(value), From, To).ToString("0", CultureInfo.InvariantCulture)
            : Math.Clamp(double.Parse(value.ToString("G4", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture), From, To).ToString("R", CultureInfo.InvariantCulture);
    }
}
