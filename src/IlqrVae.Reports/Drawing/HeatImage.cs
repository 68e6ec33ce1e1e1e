using IlqrVae.Reports.Panels;
using SkiaSharp;

namespace IlqrVae.Reports.Drawing;

/// <summary>A heat map as an image whose cells have sharp edges at any size.</summary>
internal static class HeatImage
{
    private const int Side = 1200;

    /// <summary>A scale ends here, for the share of cells that are higher, where the highest is so many times as high: one cell would make all others dark.</summary>
    private const double ShareBelow = 0.995;
    private const double TimesAsHigh = 2;

    /// <summary>Whether some cells are higher than the scale, and have the color of its end.</summary>
    public static bool IsCut(HeatMark heat) => !heat.Diverging && Scale(heat).High < heat.Values.Cast<double>().Where(double.IsFinite).DefaultIfEmpty(double.NegativeInfinity).Max();

    /// <summary>The ends of the scale of a heat map; around zero where two colors part there. A few cells that are much higher than all others lie beyond it.</summary>
    public static (double Low, double High) Scale(HeatMark heat)
    {
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var value in heat.Values)
        {
            if (double.IsFinite(value))
            {
                (low, high) = (Math.Min(low, value), Math.Max(high, value));
            }
        }

        if (!(low <= high))
        {
            return heat.Diverging ? (-1, 1) : (0, 1);
        }

        if (!heat.Diverging)
        {
            double[] sorted = [.. heat.Values.Cast<double>().Where(double.IsFinite).Order()];
            var usual = sorted[(int)(ShareBelow * (sorted.Length - 1))];
            high = usual > low && high - low > TimesAsHigh * (usual - low) ? usual : high;
        }

        var most = Math.Max(Math.Abs(low), Math.Abs(high));
        return heat.Diverging ? (most > 0 ? (-most, most) : (-1, 1)) : low < high ? (low, high) : (low, low + 1);
    }

    /// <summary>Draws it. The first row is at the bottom.</summary>
    public static SKImage Draw(HeatMark heat)
    {
        var (columns, rows) = (Cells(heat.X), Cells(heat.Y));
        var (low, high) = Scale(heat);
        var pixels = new SKColor[columns.Length * rows.Length];
        for (var y = 0; y < rows.Length; y++)
        {
            var line = pixels.AsSpan((rows.Length - 1 - y) * columns.Length, columns.Length);
            if (y > 0 && rows[y] == rows[y - 1])
            {
                pixels.AsSpan((rows.Length - y) * columns.Length, columns.Length).CopyTo(line);
                continue;
            }

            for (var x = 0; x < columns.Length; x++)
            {
                line[x] = x > 0 && columns[x] == columns[x - 1] ? line[x - 1] : Palette.Heat((heat.Values[rows[y], columns[x]] - low) / (high - low), heat.Diverging);
            }
        }

        // All at once: one pixel at a time is a call of the drawing library for each of a million.
        using var bitmap = new SKBitmap(columns.Length, rows.Length, SKColorType.Rgba8888, SKAlphaType.Unpremul) { Pixels = pixels };
        return SKImage.FromBitmap(bitmap);
    }

    /// <summary>Which cell is at each of so many pixels that no program that enlarges the image can blur it.</summary>
    private static int[] Cells(IReadOnlyList<double> edges)
    {
        var cells = edges.Count - 1;
        var pixels = cells * Math.Max(1, Side / Math.Max(1, cells));
        var found = new int[pixels];
        var (from, width) = (edges[0], edges[^1] - edges[0]);
        var cell = 0;
        for (var i = 0; i < pixels; i++)
        {
            var place = from + (width * (i + 0.5) / pixels);
            while (cell < cells - 1 && (place - edges[cell + 1]) * Math.Sign(width) >= 0)
            {
                cell++;
            }

            found[i] = cell;
        }

        return found;
    }
}
