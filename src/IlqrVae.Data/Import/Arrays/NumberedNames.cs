using System.Globalization;

namespace IlqrVae.Data.Import.Arrays;

/// <summary>Names that end in a number, as trial_2 and trial_10, in the order of their numbers.</summary>
internal static class NumberedNames
{
    private const int MostDigits = 15;

    /// <summary>What stands in front of the number; null where there is none.</summary>
    public static string? StemOf(string name)
    {
        var stem = name.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
        return stem.Length < name.Length && name.Length - stem.Length <= MostDigits ? stem : null;
    }

    /// <summary>Sorts by the number.</summary>
    public static IEnumerable<T> InOrder<T>(IEnumerable<T> all, Func<T, string> name) =>
        all.OrderBy(one => StemOf(name(one)) is { } stem ? long.Parse(name(one).AsSpan(stem.Length), CultureInfo.InvariantCulture) : long.MaxValue);
}
