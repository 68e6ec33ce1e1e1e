using System.Globalization;
using IlqrVae.Reports.Panels;
using SkiaSharp;

namespace IlqrVae.Reports.Drawing;

/// <summary>An entry of a legend, or the scale of a heat map, in a row of a figure.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Heat">The heat map whose scale it is.</param>
/// <param name="Width">Its width in points.</param>
internal sealed record LegendSample(LegendEntry? Entry, HeatMark? Heat, float Width)
{
    /// <summary>The width of the sample of a line, in points.</summary>
    public const float SampleWidth = 14;

    private const float ScaleWidth = 40;

    /// <summary>Gets where it begins, in points.</summary>
    public float Left { get; init; }

    /// <summary>The width that the scale of a heat map needs.</summary>
    public static float WidthOfScale(HeatMark heat, SKFont font)
    {
        var (name, low, high) = Words(heat);
        return font.MeasureText(name) + font.MeasureText(low) + font.MeasureText(high) + ScaleWidth + 9;
    }

    /// <summary>Draws it.</summary>
    public void Draw(SKCanvas canvas, float top, SKFont font, SKPaint ink, bool svg)
    {
        var middle = top + (0.63f * font.Size);
        if (Heat is not null)
        {
            DrawScale(canvas, top, font, ink);
            return;
        }

        var color = Palette.Of(Entry!.Color);
        var (from, to) = (new SKPoint(Left, middle), new SKPoint(Left + SampleWidth, middle));
        foreach (var mark in Entry.Marks.DistinctBy(mark => mark.GetType()))
        {
            switch (mark)
            {
                case LineMark line:
                    using (var pen = PanelArt.Pen(color, line.Width, line.Dashed, svg))
                    {
                        canvas.DrawLine(from, to, pen);
                    }

                    PanelArt.DrawPoint(canvas, new(Left + (SampleWidth / 2), middle), Entry.Sign, 1.7f, color);

                    break;
                case BandMark or SpanMark:
                    using (var fill = new SKPaint { Color = color.WithAlpha(70) })
                    {
                        canvas.DrawRect(Left, middle - 3, SampleWidth, 6, fill);
                    }

                    break;
                case PointMark points:
                    PanelArt.DrawPoint(canvas, new(Left + (SampleWidth / 2), middle), PanelLegend.SignOf(points.Shape), 2, color);
                    break;
                case StrokeMark:
                    using (var pen = PanelArt.Pen(color, 0.7, dashed: false, svg))
                    {
                        canvas.DrawLine(Left + (SampleWidth / 2), middle - 3, Left + (SampleWidth / 2), middle + 3, pen);
                    }

                    break;
                case BarMark:
                    using (var fill = new SKPaint { Color = color })
                    {
                        canvas.DrawRect(Left + 4, middle - 3, 6, 6, fill);
                    }

                    break;
                case RuleMark:
                    using (var pen = PanelArt.Pen(color, 0.6, dashed: true, svg))
                    {
                        canvas.DrawLine(from, to, pen);
                    }

                    break;
            }
        }

        canvas.DrawText(Entry.Name, Left + SampleWidth + 3, top + font.Size, font, ink);
    }

    private static (string Name, string Low, string High) Words(HeatMark heat)
    {
        var (low, high) = HeatImage.Scale(heat);
        return ($"{heat.Name}{(heat.Unit.Length > 0 ? $" ({heat.Unit})" : "")}", low.ToString("G3", CultureInfo.InvariantCulture), $"{(HeatImage.IsCut(heat) ? "\u2265 " : "")}{high.ToString("G3", CultureInfo.InvariantCulture)}");
    }

    private void DrawScale(SKCanvas canvas, float top, SKFont font, SKPaint ink)
    {
        var (name, low, high) = Words(Heat!);
        var left = Left;
        void Write(string text)
        {
            canvas.DrawText(text, left, top + font.Size, font, ink);
            left += font.MeasureText(text) + 3;
        }

        Write(name);
        Write(low);
        var place = new SKRect(left, top + 1.5f, left + ScaleWidth, top + 7.5f);
        using (var shader = SKShader.CreateLinearGradient(
            new(place.Left, 0), new(place.Right, 0), [.. Palette.Anchors(Heat!.Diverging, dark: false).Select(SKColor.Parse)], SKShaderTileMode.Clamp))
        using (var paint = new SKPaint { Shader = shader })
        {
            canvas.DrawRect(place, paint);
        }

        left = place.Right + 3;
        Write(high);
    }
}
