using IlqrVae.Reports.Panels;
using ScottPlot;
using SkiaSharp;

namespace IlqrVae.Reports.Drawing;

/// <summary>Draws the marks of a panel between the axes of a plot. Lengths are points of print.</summary>
internal sealed class PanelArt : IPlottable
{
    private const float SignSize = 1.5f;
    private const int SignsOfLine = 7;
    private static readonly float[] Dashes = [3, 2];
    private readonly Panel _panel;
    private readonly PanelLegend _legend;
    private readonly bool _svg;

    private PanelArt(Panel panel, bool svg)
    {
        (_panel, _svg) = (panel, svg);
        _legend = PanelLegend.Of(panel);
    }

    /// <inheritdoc/>
    public bool IsVisible { get; set; } = true;

    /// <inheritdoc/>
    public IAxes Axes { get; set; } = new Axes();

    /// <inheritdoc/>
    public IEnumerable<LegendItem> LegendItems => [];

    /// <summary>Makes what draws a panel.</summary>
    public static PanelArt Of(Panel panel, bool svg) => new(panel, svg);

    /// <inheritdoc/>
    public AxisLimits GetAxisLimits() => AxisLimits.NoLimits;

    /// <inheritdoc/>
    public void Render(RenderPack rp)
    {
        var area = new SKRect(rp.DataRect.Left, rp.DataRect.Top, rp.DataRect.Right, rp.DataRect.Bottom);
        foreach (var mark in _panel.Marks)
        {
            Draw(rp.Canvas, area, mark);
        }
    }

    /// <summary>Draws the sign of a line, or a point.</summary>
    public static void DrawPoint(SKCanvas canvas, SKPoint at, LineSign shape, float radius, SKColor color)
    {
        using var fill = new SKPaint { Color = color, IsAntialias = true };
        using var stroke = new SKPaint { Color = color, IsAntialias = true, IsStroke = true, StrokeWidth = 0.75f };
        switch (shape)
        {
            case LineSign.Circle:
                using (var paper = new SKPaint { Color = SKColors.White, IsAntialias = true })
                {
                    canvas.DrawCircle(at, radius, paper);
                }

                canvas.DrawCircle(at, radius, stroke);
                break;
            case LineSign.Cross:
                canvas.DrawLine(at.X - radius, at.Y - radius, at.X + radius, at.Y + radius, stroke);
                canvas.DrawLine(at.X - radius, at.Y + radius, at.X + radius, at.Y - radius, stroke);
                break;
            case LineSign.Diamond:
                using (var path = Polygon([new(at.X, at.Y - (1.3f * radius)), new(at.X + (1.3f * radius), at.Y), new(at.X, at.Y + (1.3f * radius)), new(at.X - (1.3f * radius), at.Y)]))
                {
                    canvas.DrawPath(path, fill);
                }

                break;
            case LineSign.Square:
                canvas.DrawRect(at.X - radius, at.Y - radius, 2 * radius, 2 * radius, fill);
                break;
            case LineSign.Triangle or LineSign.TriangleDown:
                var up = (shape == LineSign.Triangle ? 1 : -1) * 1.3f * radius;
                using (var path = Polygon([new(at.X, at.Y - up), new(at.X + (1.2f * radius), at.Y + (0.75f * up)), new(at.X - (1.2f * radius), at.Y + (0.75f * up))]))
                {
                    canvas.DrawPath(path, fill);
                }

                break;
            case LineSign.Disc:
                canvas.DrawCircle(at, radius, fill);
                break;
        }
    }

    /// <summary>A pen for a line. In an SVG a dashed line is left whole and marked: <see cref="SvgText"/> gives it dashes that can be edited, where the canvas would draw each as a polygon.</summary>
    public static SKPaint Pen(SKColor color, double width, bool dashed, bool svg) => new()
    {
        Color = color, IsAntialias = true, IsStroke = true, StrokeWidth = (float)width, StrokeJoin = svg && dashed ? SKStrokeJoin.Miter : SKStrokeJoin.Round,
        StrokeMiter = svg && dashed ? SvgText.DashedMiter : 4, PathEffect = dashed && !svg ? SKPathEffect.CreateDash(Dashes, 0) : null,
    };

    private static SKPath Polygon(IEnumerable<SKPoint> corners)
    {
        var path = new SKPath();
        path.AddPoly([.. corners], close: true);
        return path;
    }

    private void Draw(SKCanvas canvas, SKRect area, Mark mark)
    {
        var color = Palette.Of(mark.Color);
        switch (mark)
        {
            case LineMark line:
                DrawLine(canvas, [.. line.X.Zip(line.Y, At)], color, line.Width, line.Dashed, _legend.SignOf(line), _svg);
                break;
            case BandMark band:
                foreach (var (from, to) in Stretches(band.X.Count, i => double.IsFinite(band.X[i]) && double.IsFinite(band.Low[i]) && double.IsFinite(band.High[i])))
                {
                    var indices = Enumerable.Range(from, to - from).ToList();
                    using var path = Polygon(indices.Select(i => At(band.X[i], band.High[i])).Concat(indices.AsEnumerable().Reverse().Select(i => At(band.X[i], band.Low[i]))));
                    using var paint = new SKPaint { Color = color.WithAlpha(56), IsAntialias = true };
                    canvas.DrawPath(path, paint);
                }

                break;
            case PointMark points:
                DrawPoints(canvas, points, color);
                break;
            case StrokeMark strokes:
                DrawStrokes(canvas, strokes, color);
                break;
            case BarMark bars:
                DrawBars(canvas, area, bars, color);
                break;
            case HeatMark heat:
                var (first, last) = (At(heat.X[0], heat.Y[^1]), At(heat.X[^1], heat.Y[0]));
                using (var image = HeatImage.Draw(heat))
                {
                    canvas.DrawImage(image, new SKRect(first.X, first.Y, last.X, last.Y), new SKSamplingOptions(SKFilterMode.Nearest));
                }

                break;
            case RuleMark rule:
                using (var pen = Pen(color, 0.6, dashed: true, _svg))
                {
                    var at = At(rule.Position, rule.Position);
                    canvas.DrawLine(rule.Vertical ? new(at.X, area.Top) : new(area.Left, at.Y), rule.Vertical ? new(at.X, area.Bottom) : new(area.Right, at.Y), pen);
                }

                break;
            case SpanMark span:
                using (var paint = new SKPaint { Color = color.WithAlpha(36) })
                {
                    canvas.DrawRect(new SKRect(At(span.From, 1).X, area.Top, At(span.To, 1).X, area.Bottom), paint);
                }

                break;
        }
    }

    /// <summary>Draws a line through points; one that is not finite breaks it.</summary>
    internal static void DrawLine(SKCanvas canvas, SKPoint[] points, SKColor color, double width, bool dashed, LineSign sign, bool svg)
    {
        using var pen = Pen(color, width, dashed, svg);
        using var path = new SKPath();
        bool IsThere(int i) => float.IsFinite(points[i].X) && float.IsFinite(points[i].Y);
        foreach (var (from, to) in Stretches(points.Length, IsThere))
        {
            if (to - from == 1)
            {
                DrawPoint(canvas, points[from], LineSign.Disc, (float)width, color);
                continue;
            }

            path.MoveTo(points[from]);
            for (var i = from + 1; i < to; i++)
            {
                path.LineTo(points[i]);
            }
        }

        canvas.DrawPath(path, pen);
        if (sign != LineSign.Plain)
        {
            // Shifted by its sign, so that those of several lines do not lie on each other.
            foreach (var i in Enumerable.Range(0, SignsOfLine).Select(k => (int)((k + 0.1 + (0.11 * (int)sign)) * points.Length / SignsOfLine)).Where(i => i < points.Length && IsThere(i)))
            {
                DrawPoint(canvas, points[i], sign, SignSize, color);
            }
        }
    }

    private void DrawPoints(SKCanvas canvas, PointMark points, SKColor color)
    {
        using var pen = Pen(color, 0.6, dashed: false, _svg);
        for (var i = 0; i < points.X.Count; i++)
        {
            var at = At(points.X[i], points.Y[i]);
            if (!float.IsFinite(at.X) || !float.IsFinite(at.Y))
            {
                continue;
            }

            if (points.Errors is { } errors && double.IsFinite(errors[i]))
            {
                canvas.DrawLine(At(points.X[i], points.Y[i] - errors[i]), At(points.X[i], points.Y[i] + errors[i]), pen);
            }

            DrawPoint(canvas, at, PanelLegend.SignOf(points.Shape), points.X.Count > 300 ? 1.2f : 1.8f, color);
        }
    }

    private void DrawStrokes(SKCanvas canvas, StrokeMark strokes, SKColor color)
    {
        // One path of all: a recording has thousands, and a file with an element a spike opens slowly.
        using var path = new SKPath();
        for (var i = 0; i < strokes.X.Count; i++)
        {
            path.MoveTo(At(strokes.X[i], strokes.Row[i] + 0.1));
            path.LineTo(At(strokes.X[i], strokes.Row[i] + 0.9));
        }

        using var pen = Pen(color, 0.5, dashed: false, _svg);
        canvas.DrawPath(path, pen);
    }

    private void DrawBars(SKCanvas canvas, SKRect area, BarMark bars, SKColor color)
    {
        using var fill = new SKPaint { Color = color, IsAntialias = true };
        using var pen = Pen(SKColor.Parse("#222222"), 0.6, dashed: false, _svg);
        for (var i = 0; i < bars.X.Count; i++)
        {
            if (!double.IsFinite(bars.Height[i]))
            {
                continue;
            }

            var (top, bottom) = (At(bars.X[i] - (bars.Width / 2), bars.Height[i]), _panel.Y.Logarithmic ? new SKPoint(At(bars.X[i] + (bars.Width / 2), 1).X, area.Bottom) : At(bars.X[i] + (bars.Width / 2), 0));
            canvas.DrawRect(new SKRect(top.X, Math.Min(top.Y, bottom.Y), bottom.X, Math.Max(top.Y, bottom.Y)), fill);
            if (bars.Errors is { } errors && double.IsFinite(errors[i]))
            {
                canvas.DrawLine(At(bars.X[i], bars.Height[i] - errors[i]), At(bars.X[i], bars.Height[i] + errors[i]), pen);
            }
        }
    }

    private static IEnumerable<(int From, int To)> Stretches(int count, Func<int, bool> isThere)
    {
        var from = -1;
        for (var i = 0; i <= count; i++)
        {
            var there = i < count && isThere(i);
            if (there && from < 0)
            {
                from = i;
            }
            else if (!there && from >= 0)
            {
                yield return (from, i);
                from = -1;
            }
        }
    }

    private SKPoint At(double x, double y)
        => new(Axes.GetPixelX(_panel.X.Logarithmic ? Math.Log10(x) : x), Axes.GetPixelY(_panel.Y.Logarithmic ? Math.Log10(y) : y));
}
