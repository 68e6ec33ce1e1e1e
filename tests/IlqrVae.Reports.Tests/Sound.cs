using IlqrVae.Reports.Kinds;
using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports.Tests;

/// <summary>What holds of every picture and report.</summary>
internal static class Sound
{
    /// <summary>Checks a report, all of its panels and all of its words.</summary>
    public static void Check(Report report)
    {
        Sentences(report.Title, report.Summary);
        Assert.Equal(report.Sections.Count, report.Sections.Select(section => section.Name).Distinct(StringComparer.Ordinal).Count());
        foreach (var section in report.Sections)
        {
            Sentences(section.Title, section.Words);
            Assert.True(section.Words.Length > 0 || section.Panels.Count + section.Choices.Count + section.Tables.Count > 0, $"section '{section.Name}' is empty and does not say why");
            foreach (var table in section.Tables)
            {
                Assert.NotEmpty(table.Rows);
                Assert.All(table.Rows, row => Assert.Equal(table.Columns.Count, row.Count));
                Sentences([table.Title, table.Note, .. table.Columns, .. table.Rows.SelectMany(row => row)]);
            }

            Assert.All(section.Panels.Concat(section.Choices.SelectMany(choice => choice.Panels)), Check);
            Sentences([.. section.Choices.Select(choice => choice.Label)]);
        }
    }

    /// <summary>Checks what a kind made: panels, or a sentence.</summary>
    public static void Check(PanelResult result)
    {
        Assert.NotEqual(result.Panels.Count == 0, result.Reason.Length == 0);
        Assert.All(result.Panels, Check);
        Sentences(result.Reason);
        Assert.True(result.Reason.Length == 0 || result.Reason.EndsWith('.'), result.Reason);
    }

    public static void Check(Panel panel)
    {
        Assert.Contains(PanelKinds.All, kind => kind.Name == panel.Kind);
        Assert.All([panel.Title, panel.Caption, panel.Description], text => Assert.NotEmpty(text));
        Assert.All([panel.Caption, panel.Description], text => Assert.True(text.EndsWith('.'), text));
        Assert.True(panel.Description.Any(char.IsDigit) || panel.Description.Contains("No ", StringComparison.Ordinal), panel.Description);
        Sentences([panel.Title, panel.Caption, panel.Description, panel.X.Text, panel.Y.Text, panel.Z?.Text ?? "", .. Labels(panel.X), .. Labels(panel.Y), .. panel.Marks.Select(mark => mark.Name)]);
        Assert.NotEmpty(panel.Marks);
        Assert.InRange(panel.Marks.OfType<BandMark>().Count(), 0, 6);
        Assert.All(new[] { panel.X, panel.Y, panel.Z }, axis => Assert.True(axis?.Limits is not { } limits || (double.IsFinite(limits.Low) && limits.Low < limits.High && double.IsFinite(limits.High)), $"{panel.Title}: {axis?.Limits}"));
        foreach (var mark in panel.Marks)
        {
            Shapes(panel, mark);
        }
    }

    private static IEnumerable<string> Labels(Axis axis) => axis.Ticks?.Select(tick => tick.Label) ?? [];

    private static void Shapes(Panel panel, Mark mark)
    {
        switch (mark)
        {
            case LineMark line:
                Assert.Equal(line.X.Count, line.Y.Count);
                Assert.True(line.Z is null || line.Z.Count == line.X.Count);
                Assert.InRange(line.X.Count, 1, Lines.MostPoints);
                Assert.All(line.X, x => Assert.True(double.IsFinite(x), panel.Title));
                Assert.DoesNotContain(line.Y, double.IsInfinity);
                if (panel.Y.Logarithmic)
                {
                    Assert.DoesNotContain(line.Y, y => y <= 0);
                }

                break;
            case BandMark band:
                Assert.Equal((band.X.Count, band.X.Count), (band.Low.Count, band.High.Count));
                Assert.All(band.Low.Zip(band.High), ends => Assert.False(ends.First > ends.Second, panel.Title));
                break;
            case PointMark points:
                Assert.Equal(points.X.Count, points.Y.Count);
                Assert.True(points.Labels is null || points.Labels.Count == points.X.Count);
                Sentences([.. points.Labels ?? []]);
                break;
            case StrokeMark strokes:
                Assert.Equal(strokes.X.Count, strokes.Row.Count);
                Assert.InRange(strokes.X.Count, 1, RasterPanels.MostStrokes);
                break;
            case BarMark bars:
                Assert.Equal(bars.X.Count, bars.Height.Count);
                Assert.True(bars.Width > 0);
                break;
            case HeatMark heat:
                Assert.Equal((heat.Y.Count - 1, heat.X.Count - 1), (heat.Values.GetLength(0), heat.Values.GetLength(1)));
                Assert.InRange(heat.Values.Length, 1, Heat.MostColumns * Heat.MostRows);
                break;
            case SpanMark span:
                Assert.True(span.From < span.To);
                break;
        }
    }

    private static void Sentences(params IReadOnlyList<string> texts)
        => Assert.All(texts, text =>
        {
            Assert.All(["NaN", "Infinity", "∞"], word => Assert.DoesNotContain(word, text, StringComparison.Ordinal));
            Assert.DoesNotContain("  ", text, StringComparison.Ordinal);
            Assert.DoesNotContain("..", text.Replace("...", "", StringComparison.Ordinal), StringComparison.Ordinal);
            Assert.DoesNotContain(" .", text.Replace(" .NET ", " ", StringComparison.Ordinal), StringComparison.Ordinal);
        });
}
