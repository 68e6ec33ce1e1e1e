using IlqrVae.Data;
using IlqrVae.Reports.Panels;
using ScottPlot;
using SkiaSharp;

namespace IlqrVae.Reports.Drawing;

/// <summary>
/// A figure for print: panels on white, in the widths of journals, with text of 7 points. Its file is SVG or PDF, whose text is text, or PNG with 300
/// pixels an inch.
/// </summary>
public sealed class Figure
{
    /// <summary>The width of a column, in millimetres.</summary>
    public const double ColumnWidth = 89;

    /// <summary>The width of a page, in millimetres.</summary>
    public const double PageWidth = 183;

    private const float TextSize = 7;
    private const float RowHeight = 9.5f;
    private const float Gap = 8;
    private const float PixelsOfPoint = 300f / 72;
    private static readonly SKColor Ink = SKColor.Parse("#222222");
    private readonly IReadOnlyList<Panel> _panels;
    private readonly List<Part> _parts = [];
    private readonly float _width;

    /// <summary>Makes a figure.</summary>
    /// <param name="panels">Its panels, the first on top.</param>
    /// <param name="width">Its width in millimetres.</param>
    /// <param name="columns">How many panels stand beside each other.</param>
    public Figure(IReadOnlyList<Panel> panels, double width = ColumnWidth, int columns = 1)
    {
        ArgumentNullException.ThrowIfNull(panels);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 30);
        ArgumentOutOfRangeException.ThrowIfZero(panels.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        (_panels, Width) = (panels, width);
        _width = (float)(width * 72 / 25.4);
        var top = 2f;
        using var font = NewFont();
        var each = (_width - (Gap * (columns - 1))) / columns;
        foreach (var row in panels.Chunk(columns))
        {
            var parts = row.Select((panel, column) => new Part(
                panel, column * (each + Gap), top, each, [.. Wrapped(panel.Title, font, each - (panels.Count > 1 ? 14 : 4))], LegendRows(panel, font, each), (float)Math.Max(50, each * panel.Aspect))).ToList();
            _parts.AddRange(parts);
            top = parts.Max(part => part.Bottom) + Gap;
        }

        Height = (top - Gap + 2) * 25.4 / 72;
    }

    /// <summary>Gets the width in millimetres.</summary>
    public double Width { get; }

    /// <summary>Gets the height in millimetres.</summary>
    public double Height { get; }

    private float HeightInPoints => (float)(Height * 72 / 25.4);

    /// <summary>The endings of files that <see cref="Write"/> knows.</summary>
    public static IReadOnlyList<string> Endings { get; } = [".svg", ".pdf", ".png"];

    /// <summary>Writes it; what was at the path before stays until the new file is complete.</summary>
    /// <param name="path">The file: its ending, <c>.svg</c>, <c>.pdf</c> or <c>.png</c>, is its format.</param>
    /// <exception cref="InputException">The ending is none of these.</exception>
    public void Write(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        Action<Stream> write = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".svg" => WriteSvg,
            ".pdf" => WritePdf,
            ".png" => WritePng,
            _ => throw new InputException($"{path}: a figure is written as {string.Join(", ", Endings)}; end the name with one of these."),
        };
        AtomicFile.Write(path, write);
    }

    /// <summary>Writes it as SVG.</summary>
    /// <param name="stream">Where to.</param>
    public void WriteSvg(Stream stream)
    {
        using var drawn = new MemoryStream();
        using (var canvas = SKSvgCanvas.Create(new SKRect(0, 0, _width, HeightInPoints), drawn))
        {
            Draw(canvas, svg: true);
        }

        drawn.Position = 0;
        using var font = NewFont();
        SvgText.Finish(drawn, stream, Width, Height, (_width, HeightInPoints), font, _panels);
    }

    /// <summary>Writes it as PDF.</summary>
    /// <param name="stream">Where to.</param>
    public void WritePdf(Stream stream)
    {
        // Through memory: the writer of documents wants a stream that it can ask for its position.
        using var memory = new MemoryStream();
        using (var document = SKDocument.CreatePdf(memory, new SKDocumentPdfMetadata { Title = string.Join("; ", _panels.Select(panel => panel.Title)), Creator = "iLQR-VAE for .NET", RasterDpi = 300 }))
        {
            Draw(document.BeginPage(_width, HeightInPoints));
            document.EndPage();
            document.Close();
        }

        memory.WriteTo(stream);
    }

    /// <summary>Writes it as PNG.</summary>
    /// <param name="stream">Where to.</param>
    public void WritePng(Stream stream)
    {
        using var surface = SKSurface.Create(new SKImageInfo((int)Math.Round(_width * PixelsOfPoint), (int)Math.Round(HeightInPoints * PixelsOfPoint)));
        surface.Canvas.Clear(SKColors.White);
        surface.Canvas.Scale(PixelsOfPoint);
        Draw(surface.Canvas);
        using var image = surface.Snapshot();
        using var data = image.Encode(SKEncodedImageFormat.Png, 100);
        data.SaveTo(stream);
    }

    private static SKFont NewFont() => new(FigureFont.Typeface, TextSize) { Subpixel = true, Hinting = SKFontHinting.None };

    private void Draw(SKCanvas canvas, bool svg = false)
    {
        using var font = NewFont();
        using var ink = new SKPaint { Color = Ink, IsAntialias = true };
        using var paper = new SKPaint { Color = SKColors.White };
        canvas.DrawRect(0, 0, _width, HeightInPoints, paper);
        foreach (var (number, part) in _parts.Index())
        {
            var y = part.Top;
            if (_parts.Count > 1)
            {
                canvas.DrawText(((char)('a' + (number % 26))).ToString(), part.Left + 2, y + TextSize, font, ink);
            }

            foreach (var line in part.Title)
            {
                canvas.DrawText(line, part.Left + (_parts.Count > 1 ? 12 : 2), y + TextSize, font, ink);
                y += RowHeight;
            }

            foreach (var row in part.Legend)
            {
                foreach (var item in row)
                {
                    (item with { Left = part.Left + item.Left }).Draw(canvas, y, font, ink, svg);
                }

                y += RowHeight;
            }

            var area = new PixelRect(part.Left, part.Left + part.Width, y + part.Height, y);
            if (part.Panel.Z is not null)
            {
                SpaceArt.Draw(canvas, part.Panel, new SKRect(part.Left, y, part.Left + part.Width, y + part.Height), font, svg);
            }
            else
            {
                using var plot = PanelAxes.Of(part.Panel, TextSize, area.Width, area.Height, svg);

                // A plot draws itself again where its limits changed, the first time always, and what is half transparent would be there twice.
                using (var nowhere = new SKNoDrawCanvas((int)_width + 1, (int)HeightInPoints + 1))
                {
                    plot.Render(nowhere, area);
                }

                plot.Render(canvas, area);
            }
        }
    }

    private static IEnumerable<string> Wrapped(string text, SKFont font, float width)
    {
        var line = "";
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var longer = line.Length == 0 ? word : $"{line} {word}";
            if (line.Length > 0 && font.MeasureText(longer) > width)
            {
                yield return line;
                longer = word;
            }

            line = longer;
        }

        if (line.Length > 0)
        {
            yield return line;
        }
    }

    /// <summary>The entries of a legend in rows that fit, and the scales of heat maps.</summary>
    private static List<List<LegendSample>> LegendRows(Panel panel, SKFont font, float width)
    {
        var items = PanelLegend.Of(panel).Entries.Select(entry => new LegendSample(entry, null, LegendSample.SampleWidth + 3 + font.MeasureText(entry.Name)))
            .Concat(panel.Marks.OfType<HeatMark>().Select(heat => new LegendSample(null, heat, LegendSample.WidthOfScale(heat, font))));
        var rows = new List<List<LegendSample>>();
        var left = 0f;
        foreach (var item in items)
        {
            if (rows.Count == 0 || left + item.Width > width - 4)
            {
                rows.Add([]);
                left = 2;
            }

            rows[^1].Add(item with { Left = left });
            left += item.Width + 10;
        }

        return rows;
    }

    /// <summary>A panel and where it is, in points.</summary>
    private sealed record Part(Panel Panel, float Left, float Top, float Width, IReadOnlyList<string> Title, List<List<LegendSample>> Legend, float Height)
    {
        public float Bottom => Top + (RowHeight * (Title.Count + Legend.Count)) + Height;
    }
}
