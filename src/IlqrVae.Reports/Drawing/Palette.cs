using System.Globalization;
using IlqrVae.Reports.Panels;
using SkiaSharp;

namespace IlqrVae.Reports.Drawing;

/// <summary>
/// What meanings look like, on light paper and on a dark screen. Series are told apart by eyes with any kind of color vision, and each stands out from its background by
/// at least 3 to 1.
/// </summary>
internal static class Palette
{
    private static readonly (string Light, string Dark)[] Series =
        [("#0072B2", "#58AEE6"), ("#D55E00", "#FF8A3D"), ("#008F68", "#2FC79A"), ("#B8578F", "#E59CC9"), ("#3A8FC4", "#9AD9F7"), ("#A87400", "#F2B84B")];

    /// <summary>Dark to light, as even steps to the eye and in grey.</summary>
    private static readonly SKColor[] Viridis =
        [.. new[] { "#440154", "#482878", "#3E4989", "#31688E", "#26828E", "#1F9E89", "#35B779", "#6ECE58", "#B5DE2B", "#FDE725" }.Select(SKColor.Parse)];

    private static readonly SKColor[] Parting = [.. new[] { "#08407E", "#2F7EBC", "#8DBFE0", "#F7F7F7", "#F5AB7B", "#D9601A", "#7F2704" }.Select(SKColor.Parse)];

    private static readonly SKColor[] PartingOnDark = [.. new[] { "#BFE3FF", "#5FADE8", "#2A5F8F", "#20252C", "#94481A", "#F08A45", "#FFD9BF" }.Select(SKColor.Parse)];

    /// <summary>How many series have colors of their own.</summary>
    public static int Distinct => Series.Length;

    /// <summary>The color of a meaning.</summary>
    public static SKColor Of(PanelColor color, bool dark = false) => color.Meaning switch
    {
        ColorMeaning.Truth => SKColor.Parse(dark ? "#ECEFF3" : "#222222"),
        ColorMeaning.Found => SKColor.Parse(dark ? "#FF8A3D" : "#D55E00"),
        ColorMeaning.Compared => SKColor.Parse(dark ? "#58AEE6" : "#0072B2"),
        ColorMeaning.Muted => SKColor.Parse(dark ? "#98A1AC" : "#757575"),
        ColorMeaning.Series => SKColor.Parse(Pick(Series[(int)Math.Abs(color.Value) % Series.Length], dark)),
        // The ends that are nearly as light or as dark as the background are for areas alone.
        ColorMeaning.Scale => Along(Viridis, dark ? 0.35 + (0.65 * Share(color.Value)) : 0.75 * Share(color.Value)),
        _ => Around(color.Value, dark),
    };

    /// <summary>The color of a value of a heat map.</summary>
    /// <param name="share">Where the value is between the ends of the scale, from 0 to 1.</param>
    /// <param name="diverging">Whether the middle is neutral.</param>
    /// <param name="dark">Whether the background is dark.</param>
    public static SKColor Heat(double share, bool diverging, bool dark = false)
        => double.IsNaN(share) ? SKColors.Transparent : Along(!diverging ? Viridis : dark ? PartingOnDark : Parting, Share(share));

    /// <summary>The anchors of the scale of heat maps, for a page.</summary>
    public static IReadOnlyList<string> Anchors(bool diverging, bool dark)
        => [.. (!diverging ? Viridis : dark ? PartingOnDark : Parting).Select(Hex)];

    /// <summary>A color as <c>#RRGGBB</c>.</summary>
    public static string Hex(SKColor color) => string.Create(CultureInfo.InvariantCulture, $"#{color.Red:X2}{color.Green:X2}{color.Blue:X2}");

    private static string Pick((string Light, string Dark) both, bool dark) => dark ? both.Dark : both.Light;

    private static double Share(double value) => double.IsNaN(value) ? 0 : Math.Clamp(value, 0, 1);

    private static SKColor Along(SKColor[] anchors, double share)
    {
        var place = share * (anchors.Length - 1);
        var first = Math.Min((int)place, anchors.Length - 2);
        var (from, to, part) = (anchors[first], anchors[first + 1], place - first);
        byte Mixed(byte a, byte b) => (byte)Math.Round(a + (part * (b - a)));
        return new SKColor(Mixed(from.Red, to.Red), Mixed(from.Green, to.Green), Mixed(from.Blue, to.Blue));
    }

    /// <summary>Hues around a circle. Their lightness goes up and down once, so that what lies opposite differs for eyes that do not tell these hues apart.</summary>
    private static SKColor Around(double turn, bool dark)
    {
        var angle = 2 * Math.PI * (turn - Math.Floor(turn));
        var lightness = (dark ? 0.76 : 0.53) + (0.1 * Math.Cos(angle));
        var (a, b) = (0.13 * Math.Cos(angle), 0.13 * Math.Sin(angle));

        // Oklab to linear sRGB, by Björn Ottosson's matrices.
        var l = Math.Pow(lightness + (0.3963377774 * a) + (0.2158037573 * b), 3);
        var m = Math.Pow(lightness - (0.1055613458 * a) - (0.0638541728 * b), 3);
        var s = Math.Pow(lightness - (0.0894841775 * a) - (1.2914855480 * b), 3);
        return new SKColor(
            Byte((4.0767416621 * l) - (3.3077115913 * m) + (0.2309699292 * s)),
            Byte((-1.2684380046 * l) + (2.6097574011 * m) - (0.3413193965 * s)),
            Byte((-0.0041960863 * l) - (0.7034186147 * m) + (1.7076147010 * s)));
    }

    private static byte Byte(double linear)
    {
        var value = Math.Clamp(linear, 0, 1);
        return (byte)Math.Round(255 * (value <= 0.0031308 ? 12.92 * value : (1.055 * Math.Pow(value, 1 / 2.4)) - 0.055));
    }
}
