using System.Globalization;

namespace IlqrVae.Data.Import.Timed;

/// <summary>What a column holds, in few words.</summary>
internal static class ColumnSummary
{
    private const int MostWords = 6;
    private const int LongestCell = 28;

    /// <summary>A cell that fits beside others.</summary>
    public static string Cut(string text) => text.Length > LongestCell ? string.Concat(Messages.OneLine(text).AsSpan(0, LongestCell - 3), "...") : Messages.OneLine(text);

    /// <summary>The range of numbers, and how often texts are there.</summary>
    public static string Of(TableColumn column)
    {
        switch (column.Kind)
        {
            case ColumnKind.Number:
                var known = column.Numbers.Where(double.IsFinite).ToList();
                var missing = column.Numbers.Length - known.Count;
                var range = known.Count == 0 ? "" : known.Min().Equals(known.Max()) ? Number(known[0]) : $"{Number(known.Min())} to {Number(known.Max())}";
                return range + (missing > 0 ? $"{(range.Length > 0 ? ", " : "")}{missing} missing" : "");
            case ColumnKind.Truth:
                return $"{column.Numbers.Count(value => value != 0)} true, {column.Numbers.Count(value => value == 0)} false";
            case ColumnKind.Text:
                var words = column.Texts.GroupBy(text => text, StringComparer.Ordinal).OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal).ToList();
                return words.Count > MostWords ? $"{words.Count} different" : string.Join(", ", words.Select(group => $"{Cut(group.Key)} ({group.Count()})"));
            default:
                return "";
        }
    }

    /// <summary>A number with as many digits as a person reads.</summary>
    public static string Number(double value) => value.ToString("G7", CultureInfo.InvariantCulture);
}
