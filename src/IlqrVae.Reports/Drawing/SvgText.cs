using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using IlqrVae.Reports.Panels;
using SkiaSharp;

namespace IlqrVae.Reports.Drawing;

/// <summary>
/// Makes an SVG of a canvas one to edit: its size is in millimetres, it says what it shows, and each text is one element about its middle, in place of one with a place
/// a letter, which drawing programs take apart.
/// </summary>
internal static class SvgText
{
    /// <summary>What marks a dashed line on its way through the canvas: a limit that no other line has.</summary>
    public const float DashedMiter = 7.25f;

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    /// <summary>Writes the finished SVG.</summary>
    public static void Finish(Stream drawn, Stream stream, double width, double height, (float Width, float Height) points, SKFont font, IReadOnlyList<Panel> panels)
    {
        var document = XDocument.Load(drawn);
        var root = document.Root!;
        root.SetAttributeValue("width", Number(width) + "mm");
        root.SetAttributeValue("height", Number(height) + "mm");
        root.SetAttributeValue("viewBox", $"0 0 {Number(points.Width)} {Number(points.Height)}");
        root.SetAttributeValue("role", "img");
        root.AddFirst(new XElement(Svg + "title", Allowed(string.Join("; ", panels.Select(panel => panel.Title)))), new XElement(Svg + "desc", Allowed(string.Join(" ", panels.Select(panel => panel.Description)))));
        foreach (var text in root.Descendants(Svg + "text").ToList())
        {
            var (first, line) = (FirstOf(text.Attribute("x")), FirstOf(text.Attribute("y")));
            using var sized = new SKFont(font.Typeface, (float)(FirstOf(text.Attribute("font-size")) ?? font.Size)) { Subpixel = true, Hinting = SKFontHinting.None };
            text.SetAttributeValue("x", Number((first ?? 0) + (sized.MeasureText(text.Value.Trim()) / 2)));
            text.SetAttributeValue("y", Number(line ?? 0));
            text.SetAttributeValue("text-anchor", "middle");
            text.SetAttributeValue("font-family", "Arial, Helvetica, 'DejaVu Sans', sans-serif");
            text.Value = text.Value.Trim();
        }

        foreach (var line in root.Descendants().Where(one => (double?)one.Attribute("stroke-miterlimit") == DashedMiter).ToList())
        {
            line.SetAttributeValue("stroke-miterlimit", null);
            line.SetAttributeValue("stroke-dasharray", "3 2");
        }

        using var writer = XmlWriter.Create(stream, new XmlWriterSettings { Indent = true, CloseOutput = false });
        document.Save(writer);
    }

    private static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    /// <summary>Without the characters that no XML can hold.</summary>
    private static string Allowed(string text) => new([.. text.Where(XmlConvert.IsXmlChar)]);

    private static double? FirstOf(XAttribute? places)
        => places is not null && double.TryParse(places.Value.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
}
