using ScottPlot;
using SkiaSharp;

namespace IlqrVae.Reports.Drawing;

/// <summary>The font that figures are set in. It comes with the program, since bare machines have none.</summary>
internal static class FigureFont
{
    /// <summary>Its name.</summary>
    public const string Name = "DejaVu Sans";

    private static readonly Lazy<SKTypeface> Loaded = new(Load);

    /// <summary>Gets it.</summary>
    public static SKTypeface Typeface => Loaded.Value;

    private static SKTypeface Load()
    {
        using var resource = typeof(FigureFont).Assembly.GetManifestResourceStream("DejaVuSans.ttf")
            ?? throw new InvalidOperationException("The font is not in the program.");
        using var data = SKData.Create(resource);
        var typeface = SKTypeface.FromData(data);
        Fonts.FontResolvers.Insert(0, new Embedded(typeface));
        Fonts.Default = Name;
        return typeface;
    }

    private sealed class Embedded(SKTypeface typeface) : IFontResolver
    {
        public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => typeface;

        public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) => typeface;
    }
}
