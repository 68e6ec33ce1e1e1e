using System.Globalization;
using IlqrVae.Data;
using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports.Drawing;

/// <summary>
/// The numbers behind panels as one table with a row a point: <c>panel, mark, kind, x, y, z, low, high, value, label</c>. Low and high are the edges of a band, the ends of
/// an error bar or, along x, of a span; value is the color of a cell of a heat map, whose x and y are its middle. What a row lacks is empty.
/// </summary>
public static class PanelCsv
{
    /// <summary>The first line.</summary>
    public const string Header = "panel,mark,kind,x,y,z,low,high,value,label";

    /// <summary>Writes a file; what was at the path before stays until it is complete.</summary>
    /// <param name="panels">The panels.</param>
    /// <param name="path">The file.</param>
    public static void Write(IReadOnlyList<Panel> panels, string path) => AtomicFile.Write(path, stream =>
    {
        using var writer = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
        Write(panels, writer);
    });

    /// <summary>Writes the table.</summary>
    /// <param name="panels">The panels.</param>
    /// <param name="writer">Where to.</param>
    public static void Write(IReadOnlyList<Panel> panels, TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(panels);
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteLine(Header);
        foreach (var panel in panels)
        {
            foreach (var mark in panel.Marks)
            {
                foreach (var row in Rows(mark))
                {
                    writer.Write($"{Text(panel.Title)},{Text(mark.Name)},{KindOf(mark)}");
                    foreach (var number in new[] { row.X, row.Y, row.Z, row.Low, row.High, row.Value })
                    {
                        writer.Write(',');
                        writer.Write(double.IsNaN(number) ? "" : number.ToString("R", CultureInfo.InvariantCulture));
                    }

                    writer.Write(',');
                    writer.WriteLine(Text(row.Label));
                }
            }
        }
    }

    /// <summary>The word for a kind of mark.</summary>
    internal static string KindOf(Mark mark) => mark switch
    {
        LineMark => "line",
        BandMark => "band",
        PointMark => "point",
        StrokeMark => "stroke",
        BarMark => "bar",
        HeatMark => "heat",
        RuleMark => "rule",
        SpanMark => "span",
        _ => throw new ArgumentOutOfRangeException(nameof(mark)),
    };

    private static IEnumerable<Row> Rows(Mark mark) => mark switch
    {
        LineMark line => line.X.Select((x, i) => new Row(x, line.Y[i]) { Z = line.Z?[i] ?? double.NaN }),
        BandMark band => band.X.Select((x, i) => new Row(x, double.NaN) { Low = band.Low[i], High = band.High[i] }),
        PointMark points => points.X.Select((x, i) => WithError(new Row(x, points.Y[i]) { Z = points.Z?[i] ?? double.NaN, Label = points.Labels?[i] ?? "" }, points.Errors?[i])),
        StrokeMark strokes => strokes.X.Select((x, i) => new Row(x, strokes.Row[i])),
        BarMark bars => bars.X.Select((x, i) => WithError(new Row(x, bars.Height[i]), bars.Errors?[i])),
        HeatMark heat => Cells(heat),
        RuleMark rule => [rule.Vertical ? new Row(rule.Position, double.NaN) : new Row(double.NaN, rule.Position)],
        SpanMark span => [new Row(double.NaN, double.NaN) { Low = span.From, High = span.To }],
        _ => [],
    };

    private static Row WithError(Row row, double? half) => half is { } error ? row with { Low = row.Y - error, High = row.Y + error } : row;

    private static IEnumerable<Row> Cells(HeatMark heat)
    {
        for (var row = 0; row < heat.Values.GetLength(0); row++)
        {
            for (var column = 0; column < heat.Values.GetLength(1); column++)
            {
                yield return new Row((heat.X[column] + heat.X[column + 1]) / 2, (heat.Y[row] + heat.Y[row + 1]) / 2) { Value = heat.Values[row, column] };
            }
        }
    }

    /// <summary>A text as a cell. One that a spreadsheet would take for a formula gets an apostrophe in front, as people write it there.</summary>
    private static string Text(string text)
    {
        if (text.Length > 0 && (text[0] is '=' or '+' or '@' or '\t' or '\r' || (text[0] == '-' && (text.Length == 1 || !char.IsDigit(text[1])))))
        {
            text = "'" + text;
        }

        return text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    private readonly record struct Row(double X, double Y)
    {
        public double Z { get; init; } = double.NaN;

        public double Low { get; init; } = double.NaN;

        public double High { get; init; } = double.NaN;

        public double Value { get; init; } = double.NaN;

        public string Label { get; init; } = "";
    }
}
