using IlqrVae.Reports.Panels;
using SkiaSharp;

namespace IlqrVae.Reports.Drawing;

/// <summary>Draws a panel of paths in space, seen from one side.</summary>
internal static class SpaceArt
{
    /// <summary>Draws it.</summary>
    /// <param name="canvas">Where.</param>
    /// <param name="panel">The panel.</param>
    /// <param name="area">The room there is.</param>
    /// <param name="font">The font of the axes' names.</param>
    /// <param name="svg">Whether it is for an SVG.</param>
    public static void Draw(SKCanvas canvas, Panel panel, SKRect area, SKFont font, bool svg)
    {
        var view = ViewOfSpace.Of(panel);
        var legend = PanelLegend.Of(panel);

        // The corners of the box around everything fill the room, but for a margin for names.
        var corners = (from x in new[] { view.Ends[0].Low, view.Ends[0].High } from y in new[] { view.Ends[1].Low, view.Ends[1].High } from z in new[] { view.Ends[2].Low, view.Ends[2].High } select view.Project(x, y, z)).ToList();
        var (left, right, bottom, top) = (corners.Min(one => one.Right), corners.Max(one => one.Right), corners.Min(one => one.Up), corners.Max(one => one.Up));
        var scale = Math.Min((area.Width - (6 * font.Size)) / Math.Max(right - left, 1e-12), (area.Height - (6 * font.Size)) / Math.Max(top - bottom, 1e-12));
        SKPoint Place((double Right, double Up) seen) => new(area.MidX + (float)(scale * (seen.Right - ((left + right) / 2))), area.MidY - (float)(scale * (seen.Up - ((bottom + top) / 2))));
        SKPoint[] Points(IReadOnlyList<double> x, IReadOnlyList<double> y, IReadOnlyList<double> z) => [.. Enumerable.Range(0, x.Count).Select(i => Place(view.Project(x[i], y[i], z[i])))];

        // The axes start where all three are least.
        var corner = view.Ends.Select(one => one.Low).ToArray();
        using var ink = new SKPaint { Color = SKColor.Parse("#222222"), IsAntialias = true };
        using var pen = PanelArt.Pen(SKColor.Parse("#999999"), 0.6, dashed: false, svg);
        foreach (var (axis, name) in new[] { panel.X.Text, panel.Y.Text, panel.Z?.Text ?? "" }.Index())
        {
            var end = corner.ToArray();
            end[axis] = view.Ends[axis].High;
            var (from, to) = (Place(view.Project(corner[0], corner[1], corner[2])), Place(view.Project(end[0], end[1], end[2])));
            canvas.DrawLine(from, to, pen);

            // Long names would lie upon each other: what is in brackets goes below. That of the third axis is above all paths, which would cross it.
            var at = font.MeasureText(name) > 0.4 * area.Width ? name.IndexOf(" (", StringComparison.Ordinal) : -1;
            string[] rows = at < 0 ? [name] : [name[..at], name[(at + 1)..]];
            var height = font.Size + 2;
            var first = Math.Clamp(axis == 2 ? 0 : to.Y + height, area.Top + font.Size, area.Bottom - 2 - ((rows.Length - 1) * height));
            foreach (var (row, text) in rows.Index())
            {
                var width = font.MeasureText(text);
                canvas.DrawText(text, Math.Clamp(to.X - (width / 2), area.Left + 1, Math.Max(area.Left + 1, area.Right - width - 1)), first + (row * height), font, ink);
            }
        }

        foreach (var mark in panel.Marks)
        {
            switch (mark)
            {
                case LineMark { Z: not null } line:
                    PanelArt.DrawLine(canvas, Points(line.X, line.Y, line.Z), Palette.Of(line.Color), line.Width, line.Dashed, legend.SignOf(line), svg);
                    break;
                case PointMark { Z: not null } points:
                    foreach (var point in Points(points.X, points.Y, points.Z).Where(point => float.IsFinite(point.X) && float.IsFinite(point.Y)))
                    {
                        PanelArt.DrawPoint(canvas, point, PanelLegend.SignOf(points.Shape), 1.8f, Palette.Of(points.Color));
                    }

                    break;
            }
        }
    }
}
