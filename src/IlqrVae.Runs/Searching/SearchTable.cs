using System.Globalization;
using System.Text;
using IlqrVae.Data;

namespace IlqrVae.Runs.Searching;

/// <summary>What a search tried, as a CSV file.</summary>
internal static class SearchTable
{
    /// <summary>Writes the file.</summary>
    /// <param name="path">Destination.</param>
    /// <param name="headers">Names of the columns.</param>
    /// <param name="rows">Rows of as many cells.</param>
    public static void Write(string path, IEnumerable<string> headers, IEnumerable<IEnumerable<string>> rows)
    {
        var text = new StringBuilder();
        foreach (var row in rows.Prepend(headers))
        {
            text.AppendJoin(',', row.Select(Cell)).Append('\n');
        }

        AtomicFile.WriteText(path, text.ToString());
    }

    /// <summary>A number in full; empty where it is none.</summary>
    public static string Number(double value) => double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : "";

    /// <summary>Seconds.</summary>
    public static string Seconds(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);

    private static string Cell(string value) => value.AsSpan().IndexOfAny(",\"\n") < 0 ? value : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
