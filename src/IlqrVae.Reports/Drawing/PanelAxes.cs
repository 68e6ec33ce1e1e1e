using System.Globalization;
using IlqrVae.Reports.Panels;
using ScottPlot;
using ScottPlot.TickGenerators;
using SkiaSharp;

namespace IlqrVae.Reports.Drawing;

/// <summary>The axes of a panel, as a plot whose marks <see cref="PanelArt"/> draws.</summary>
internal static class PanelAxes
{
    private static readonly Color Ink = Color.FromHex("#222222");

    /// <summary>Makes the plot of a flat panel.</summary>
    /// <param name="panel">The panel.</param>
    /// <param name="size">The size of text, in points.</param>
    /// <param name="width">The width there is, in points.</param>
    /// <param name="height">The height there is, in points.</param>
    /// <param name="svg">Whether it is for an SVG.</param>
    public static Plot Of(Panel panel, float size, float width, float height, bool svg)
    {
        var plot = new Plot();
        plot.RenderManager.ClearCanvasBeforeEachRender = false;
        plot.FigureBackground.Color = Colors.Transparent;
        plot.DataBackground.Color = Colors.Transparent;
        plot.Grid.MajorLineColor = Color.FromHex("#ECECEC");
        plot.Grid.MajorLineWidth = 0.5f;
        plot.Axes.Title.IsVisible = false;
        foreach (var hidden in new IAxis[] { plot.Axes.Top, plot.Axes.Right })
        {
            hidden.FrameLineStyle.Width = 0;
            hidden.MinimumSize = 4;
        }

        Set(plot.Axes.Bottom, panel.X, size, width / (size * 4));
        Set(plot.Axes.Left, panel.Y, size, height / (size * (panel.Y.Ticks is null ? 3 : 1.3f)));
        using var font = new SKFont(FigureFont.Typeface, size);
        plot.Axes.Left.MinimumSize = Math.Max(5 * size, (panel.Y.Ticks?.Max(tick => font.MeasureText(tick.Label)) ?? 0) + (3.4f * size));
        plot.Axes.Right.MinimumSize = 1.5f * size;
        var (x, y) = (Placed(panel.X, PanelRange.OfX(panel)), Placed(panel.Y, PanelRange.OfY(panel)));
        plot.Axes.SetLimits(x.Low, x.High, y.Low, y.High);
        if (panel.EqualUnits)
        {
            plot.Axes.SquareUnits();
        }

        if (panel.Marks.Any(mark => mark is HeatMark))
        {
            plot.HideGrid();
        }

        plot.PlottableList.Add(PanelArt.Of(panel, svg));
        return plot;
    }

    private static (double Low, double High) Placed(Panels.Axis axis, (double Low, double High) ends)
        => axis.Logarithmic ? (Math.Log10(ends.Low), Math.Log10(ends.High)) : ends;

    private static void Set(IAxis drawn, Panels.Axis axis, float size, float most)
    {
        drawn.Label.Text = axis.Text;
        foreach (var style in new[] { drawn.Label, drawn.TickLabelStyle })
        {
            style.FontName = FigureFont.Name;
            style.FontSize = size;
            style.Bold = false;
            style.ForeColor = Ink;
        }

        drawn.FrameLineStyle.Width = 0.6f;
        drawn.FrameLineStyle.Color = Ink;
        foreach (var ticks in new[] { drawn.MajorTickStyle, drawn.MinorTickStyle })
        {
            ticks.Width = 0.5f;
            ticks.Color = Ink;
            ticks.Length = ticks == drawn.MajorTickStyle ? 2.5f : 0;
        }

        if (drawn is ScottPlot.AxisPanels.AxisBase { } panel)
        {
            panel.EmptyLabelPadding = new PixelPadding(1);
            panel.PaddingBetweenTickAndAxisLabels = new PixelPadding(2);
            panel.PaddingOutsideAxisLabels = new PixelPadding(1);
        }

        if (axis.Ticks is { Count: > 0 } named)
        {
            // As many names as can be read.
            var step = (int)Math.Max(1, Math.Ceiling(named.Count / Math.Max(1, most)));
            var shown = named.Where((_, i) => i % step == 0).ToList();
            drawn.TickGenerator = new NumericManual([.. shown.Select(tick => tick.Position)], [.. shown.Select(tick => tick.Label)]);
        }
        else if (axis.Logarithmic)
        {
            drawn.TickGenerator = new NumericAutomatic { IntegerTicksOnly = true, TargetTickCount = (int)Math.Clamp(most, 2, 8), LabelFormatter = exponent => Power(exponent) };
        }
        else
        {
            drawn.TickGenerator = new NumericAutomatic { TargetTickCount = (int)Math.Clamp(most, 2, 8) };
        }
    }

    private static string Power(double exponent) => Math.Pow(10, Math.Round(exponent)).ToString(exponent is < -4 or > 5 ? "0e0" : "0.####", CultureInfo.InvariantCulture);
}
