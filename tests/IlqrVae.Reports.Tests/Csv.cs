using System.Globalization;
using IlqrVae.Reports.Drawing;
using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports.Tests;

/// <summary>The numbers behind panels as a table.</summary>
public sealed class Csv
{
    [Fact]
    public void Every_number_of_every_mark_is_there()
    {
        foreach (var panel in SomePanels.All())
        {
            var rows = RowsOf(panel);
            Assert.All(rows, row => Assert.Equal(10, row.Length));
            foreach (var mark in panel.Marks)
            {
                var of = rows.Where(row => row[1] == mark.Name && row[2] == PanelCsv.KindOf(mark)).ToList();
                switch (mark)
                {
                    case LineMark line when panel.Marks.Count(one => one.Name == line.Name && one is LineMark) == 1:
                        Same(line.X, of, 3);
                        Same(line.Y, of, 4);
                        break;
                    case BandMark band:
                        Same(band.X, of, 3);
                        Same(band.Low, of, 6);
                        Same(band.High, of, 7);
                        break;
                    case BarMark bars:
                        Same(bars.Height, of, 4);
                        Same([.. bars.Height.Zip(bars.Errors!, (height, error) => height + error)], of, 7);
                        break;
                    case StrokeMark strokes:
                        Same(strokes.X, of, 3);
                        Same(strokes.Row, of, 4);
                        break;
                    case HeatMark heat:
                        Same([.. heat.Values.Cast<double>()], of, 8);
                        Assert.Equal((heat.X[0] + heat.X[1]) / 2, double.Parse(of[0][3], CultureInfo.InvariantCulture));
                        break;
                    case RuleMark rule:
                        Same([rule.Position], of, rule.Vertical ? 3 : 4);
                        break;
                    case SpanMark span:
                        Same([span.From], of, 6);
                        Same([span.To], of, 7);
                        break;
                }
            }
        }

        var space = SomePanels.Space();
        Same([.. space.Marks.OfType<LineMark>().SelectMany(line => line.Z!)], [.. RowsOf(space).Where(row => row[2] == "line")], 5);
    }

    [Fact]
    public void Names_are_cells_and_no_formulas()
    {
        var panel = SomePanels.Bars() with
        {
            Title = "=1+1",
            Marks = [new PointMark("a, \"b\"", PanelColor.Found, [1], [-2]) { Labels = ["-1.5 s"] }, new PointMark("@x", PanelColor.Found, [1], [2])],
        };
        using var writer = new StringWriter { NewLine = "\n" };
        PanelCsv.Write([panel], writer);
        Assert.Equal([PanelCsv.Header, "'=1+1,\"a, \"\"b\"\"\",point,1,-2,,,,,-1.5 s", "'=1+1,'@x,point,1,2,,,,,"], writer.ToString().TrimEnd('\n').Split('\n'));
    }

    private static void Same(IReadOnlyList<double> expected, List<string[]> rows, int column)
        => Assert.Equal(expected, rows.Select(row => row[column].Length == 0 ? double.NaN : double.Parse(row[column], CultureInfo.InvariantCulture)));

    private static List<string[]> RowsOf(Panel panel)
    {
        using var writer = new StringWriter { NewLine = "\n" };
        PanelCsv.Write([panel], writer);
        return [.. writer.ToString().TrimEnd('\n').Split('\n').Skip(1).Select(line => line.Split(','))];
    }
}
