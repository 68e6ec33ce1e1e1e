using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using IlqrVae.Reports.Drawing;
using IlqrVae.Reports.Panels;
using SkiaSharp;

namespace IlqrVae.Reports.Tests;

/// <summary>Figures for print, as files.</summary>
public sealed class Figures : IDisposable
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ilqr-vae-figures-");

    public static TheoryData<string> Kinds => [.. SomePanels.All().Select(panel => panel.Title)];

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Words_of_a_panel_are_text_in_an_svg(string title)
    {
        var panel = SomePanels.All().Single(one => one.Title == title);
        var texts = SvgOf([panel]).Descendants(Svg + "text").Select(text => text.Value).ToList();
        Assert.Contains(title, texts, StringComparer.Ordinal);
        Assert.Contains(panel.X.Text, texts, StringComparer.Ordinal);
        Assert.Contains(panel.Y.Text, texts, StringComparer.Ordinal);
        foreach (var mark in panel.Marks.Where(mark => mark.InLegend))
        {
            Assert.Contains(texts, text => text.StartsWith(mark.Name, StringComparison.Ordinal));
        }

        Assert.All(SvgOf([panel]).Descendants(Svg + "text"), text => Assert.Equal("7", text.Attribute("font-size")!.Value));
        Assert.Contains(panel.Description, SvgOf([panel]).Root!.Element(Svg + "desc")!.Value, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Figure.ColumnWidth, 252.28)]
    [InlineData(Figure.PageWidth, 518.74)]
    public void Widths_are_those_of_journals(double width, double points)
    {
        var figure = new Figure([SomePanels.Rates(), SomePanels.Bars()], width);
        var root = SvgOf(figure).Root!;
        Assert.Equal($"{width}mm", root.Attribute("width")!.Value);
        Assert.Equal($"{figure.Height.ToString("0.###", CultureInfo.InvariantCulture)}mm", root.Attribute("height")!.Value);
        Assert.Equal(points, double.Parse(root.Attribute("viewBox")!.Value.Split(' ')[2], CultureInfo.InvariantCulture), 0.01);
        var page = Regex.Match(Latin(figure.WritePdf), @"/MediaBox \[0 0 (?<width>\S+) (?<height>[0-9.]+)\]", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));

        // A page ends at a whole pixel of 300 an inch.
        Assert.Equal(points, double.Parse(page.Groups["width"].Value, CultureInfo.InvariantCulture), 0.25);
        Assert.Equal(figure.Height * 72 / 25.4, double.Parse(page.Groups["height"].Value, CultureInfo.InvariantCulture), 0.25);
        using var stream = new MemoryStream();
        figure.WritePng(stream);
        using var image = SKBitmap.Decode(stream.ToArray());
        Assert.Equal(width / 25.4 * 300, image.Width, 1.0);
        Assert.Equal(figure.Height / 25.4 * 300, image.Height, 1.0);
    }

    [Fact]
    public void A_cell_that_is_much_higher_does_not_make_all_others_dark()
    {
        HeatMark Of(double outlier, Func<int, double> usual, bool diverging = false)
        {
            var values = new double[20, 50];
            for (var i = 0; i < 1000; i++)
            {
                values[i / 50, i % 50] = i == 333 ? outlier : usual(i);
            }

            return new HeatMark("rate", [.. Enumerable.Range(0, 51).Select(x => (double)x)], [.. Enumerable.Range(0, 21).Select(y => (double)y)], values, "Hz") { Diverging = diverging };
        }

        Assert.Equal(((0.0, 9.0), true), (HeatImage.Scale(Of(470, i => i % 10)), HeatImage.IsCut(Of(470, i => i % 10))));
        Assert.Equal(((0.0, 17.0), false), (HeatImage.Scale(Of(17, i => i % 10)), HeatImage.IsCut(Of(17, i => i % 10))));
        Assert.Equal(((0.0, 9.0), false), (HeatImage.Scale(Of(double.NaN, i => i % 10)), HeatImage.IsCut(Of(double.NaN, i => i % 10))));
        Assert.Equal((-470.0, 470.0), HeatImage.Scale(Of(470, i => i % 10, diverging: true)));

        // Where next to nothing else is there, it is what there is to be seen.
        Assert.Equal(((0.0, 470.0), false), (HeatImage.Scale(Of(470, _ => 0)), HeatImage.IsCut(Of(470, _ => 0))));
    }

    [Fact]
    public void Panels_beside_each_other_share_the_width()
    {
        var two = SvgOf(new Figure([SomePanels.Rates(), SomePanels.Rates(1)], Figure.PageWidth, columns: 2));
        var titles = two.Descendants(Svg + "text").Where(text => text.Value == "Rates of four neurons").Select(text => (double)text.Attribute("x")!).ToList();
        Assert.Equal((518.74 + 8) / 2, titles[1] - titles[0], 0.1);
        Assert.Equal(new Figure([SomePanels.Rates(), SomePanels.Rates(1)], Figure.PageWidth, 2).Height, new Figure([SomePanels.Rates()], Figure.PageWidth, 2).Height, 1e-6);
    }

    [Fact]
    public void Lines_are_where_their_numbers_are()
    {
        // Two lines of known places, by the places of their ends in the drawing.
        var panel = SomePanels.Bars() with
        {
            X = new Axis("time", "s") { Limits = (0, 10) },
            Y = new Axis("rate", "Hz") { Limits = (0, 100) },
            Marks = [new LineMark("diagonal", PanelColor.Series(0), [0, 10], [0, 100]), new LineMark("half", PanelColor.Series(1), [0, 5, double.NaN, 5], [50, 50, 50, 100])],
        };
        var paths = SvgOf([panel]).Descendants(Svg + "path").Where(path => path.Attribute("stroke")?.Value is "#0072B2" or "#D55E00").Select(path => Points(path.Attribute("d")!.Value)).Where(points => points.Count > 1).ToList();
        var diagonal = paths.MaxBy(points => Math.Abs(points[^1].Y - points[0].Y))!;
        var half = paths.Single(points => points.Count == 2 && points[0].Y == points[1].Y && Math.Abs(points[0].X - diagonal[0].X) < 0.01);
        Assert.True(diagonal[0].Y > diagonal[1].Y, "up is up");
        Assert.Equal((diagonal[0].X + diagonal[1].X) / 2, half[1].X, 0.01);
        Assert.Equal((diagonal[0].Y + diagonal[1].Y) / 2, half[1].Y, 0.01);
    }

    [Fact]
    public void A_band_goes_from_its_lower_to_its_upper_edge()
    {
        var panel = SomePanels.Rates() with { Y = new Axis("rate", "Hz") { Limits = (0, 10) }, Marks = [new BandMark("band", PanelColor.Series(0), [0, 1], [0, 0], [10, 10])] };
        var svg = SvgOf([panel]);
        var clip = svg.Descendants(Svg + "clipPath").First().Element(Svg + "rect")!;
        var corners = svg.Descendants(Svg + "path").Where(path => path.Attribute("fill")?.Value == "#0072B2").Select(path => Points(path.Attribute("d")!.Value)).Single(points => points.Count >= 4);
        Assert.Equal((double)clip.Attribute("height")!, corners.Max(point => point.Y) - corners.Min(point => point.Y), 0.1);
    }

    [Fact]
    public void Nothing_is_drawn_twice_and_dashed_lines_stay_lines()
    {
        var svg = SvgOf([SomePanels.Rates()]);
        Assert.Equal(4, svg.Descendants(Svg + "path").Count(path => (path.Attribute("fill-opacity")?.Value ?? "").StartsWith("0.2", StringComparison.Ordinal) && path.Attribute("d")!.Value.Length > 1000));
        var dashed = svg.Descendants(Svg + "path").Where(path => path.Attribute("stroke-dasharray") is not null).ToList();
        Assert.True(dashed.Count >= 6, $"{dashed.Count} dashed lines");
        Assert.All(dashed, line => Assert.Equal("none", line.Attribute("fill")!.Value));
        Assert.DoesNotContain(svg.Descendants(), one => one.Attribute("stroke-miterlimit")?.Value == "7.25");
    }

    [Fact]
    public void No_two_lines_are_told_apart_by_color_alone()
    {
        var signs = PanelLegend.Of(SomePanels.Rates()).Entries.Where(entry => entry.Marks.OfType<LineMark>().Any(line => !line.Dashed)).Select(entry => entry.Sign).ToList();
        Assert.Equal([LineSign.Plain, LineSign.Disc, LineSign.Square, LineSign.Diamond], signs);
        Assert.Equal(8, PanelLegend.Of(SomePanels.Space()).Entries.Where(entry => entry.Marks[0] is LineMark).Select(entry => entry.Sign).Distinct().Count());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Colors_stand_out_from_their_background(bool dark)
    {
        var paper = SKColor.Parse(dark ? "#1D2128" : "#FFFFFF");
        PanelColor[] colors =
        [
            PanelColor.Truth, PanelColor.Found, PanelColor.Compared, PanelColor.Muted, .. Enumerable.Range(0, Palette.Distinct).Select(PanelColor.Series),
            .. Enumerable.Range(0, 12).Select(turn => PanelColor.Circle(turn / 12.0)),
        ];
        Assert.All(colors, color => Assert.True(Contrast(Palette.Of(color, dark), paper) >= (color.Meaning == ColorMeaning.Circle ? 2.5 : 3), $"{color}: {Contrast(Palette.Of(color, dark), paper):0.00}"));
    }

    [Fact]
    public void A_pdf_holds_its_words_as_text()
    {
        var path = Path.Combine(_folder.FullName, "figure.pdf");
        new Figure(SomePanels.All()).Write(path);
        Assert.StartsWith("%PDF-", Latin(new Figure(SomePanels.All()).WritePdf)[..5], StringComparison.Ordinal);
        var words = TextOfPdf(path);
        Assert.SkipWhen(words is null, "there is no pdftotext to read it with.");
        foreach (var word in new[] { "Rates of four neurons", "time (s)", "rate (Hz)", "component 3", "smoothing", "neuron 2" })
        {
            Assert.Contains(word, words, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Heat_maps_have_the_first_row_at_the_bottom_and_gaps_where_nothing_is_known()
    {
        var heat = new HeatMark("rate", [0, 1, 3], [0, 1, 2], new double[,] { { 0, 10 }, { double.NaN, 5 } }, "Hz");
        using var image = HeatImage.Draw(heat);
        using var bitmap = SKBitmap.FromImage(image);
        Assert.Equal(Palette.Heat(0, false), bitmap.GetPixel(1, bitmap.Height - 2));
        Assert.Equal(Palette.Heat(1, false), bitmap.GetPixel(bitmap.Width - 2, bitmap.Height - 2));
        Assert.Equal(0, bitmap.GetPixel(1, 1).Alpha);

        // The second column is twice as wide.
        Assert.Equal(Palette.Heat(1, false), bitmap.GetPixel((bitmap.Width / 3) + 2, bitmap.Height - 2));
        Assert.Equal(Palette.Heat(0, false), bitmap.GetPixel((bitmap.Width / 3) - 2, bitmap.Height - 2));
    }

    [Fact]
    public void Hostile_names_are_names()
    {
        var panel = SomePanels.Rates() with { Title = SomePanels.Hostile + "\0", Description = SomePanels.Hostile };
        panel = panel with { Marks = [.. panel.Marks, new LineMark(SomePanels.Hostile, PanelColor.Found, [0, 1], [0, 1])] };
        var svg = SvgOf([panel]);
        Assert.DoesNotContain(svg.Descendants(), one => one.Name.LocalName is "script" or "img" or "a");
        Assert.Contains(svg.Descendants(Svg + "text"), text => text.Value.Contains("<img", StringComparison.Ordinal));
        new Figure([panel]).Write(Path.Combine(_folder.FullName, "x.pdf"));
    }

    [Fact]
    public void Panels_without_a_single_number_are_drawn_too()
    {
        var empty = SomePanels.Rates() with { Marks = [new LineMark("none", PanelColor.Found, [], []), new LineMark("gap", PanelColor.Found, [double.NaN], [double.NaN])] };
        var one = SomePanels.Rates() with { Marks = [new PointMark("one", PanelColor.Found, [3], [7])] };
        var space = SomePanels.Space() with { Marks = [] };
        foreach (var ending in Figure.Endings)
        {
            var path = Path.Combine(_folder.FullName, "figure" + ending);
            new Figure([empty, one, space]).Write(path);
            Assert.True(new FileInfo(path).Length > 1000);
        }
    }

    [Fact]
    public void Another_ending_is_refused()
        => Assert.Contains(".svg", Assert.Throws<InputException>(() => new Figure([SomePanels.Bars()]).Write(Path.Combine(_folder.FullName, "x.jpg"))).Message, StringComparison.Ordinal);

    internal static string? TextOfPdf(string path)
    {
        try
        {
            using var reading = Process.Start(new ProcessStartInfo("pdftotext", ["-layout", path, "-"]) { RedirectStandardOutput = true, UseShellExecute = false })!;
            var text = reading.StandardOutput.ReadToEnd();
            reading.WaitForExit();
            return text;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static List<(double X, double Y)> Points(string path)
        => [.. path.Split(['M', 'L', 'Z'], StringSplitOptions.RemoveEmptyEntries).Select(point => point.Split(' ')).Where(two => two.Length == 2).Select(two => (double.Parse(two[0], CultureInfo.InvariantCulture), double.Parse(two[1], CultureInfo.InvariantCulture)))];

    private static double Contrast(SKColor one, SKColor other)
    {
        var (a, b) = (Luminance(one), Luminance(other));
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    private static double Luminance(SKColor color)
    {
        static double Linear(byte value) => value <= 10 ? value / 255.0 / 12.92 : Math.Pow(((value / 255.0) + 0.055) / 1.055, 2.4);
        return (0.2126 * Linear(color.Red)) + (0.7152 * Linear(color.Green)) + (0.0722 * Linear(color.Blue));
    }

    private static XDocument SvgOf(IReadOnlyList<Panel> panels) => SvgOf(new Figure(panels));

    private static XDocument SvgOf(Figure figure)
    {
        using var stream = new MemoryStream();
        figure.WriteSvg(stream);
        stream.Position = 0;
        return XDocument.Load(stream);
    }

    private static string Latin(Action<Stream> write)
    {
        using var stream = new MemoryStream();
        write(stream);
        return Encoding.Latin1.GetString(stream.ToArray());
    }
}
