using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports.Drawing;

/// <summary>How a line is told from others beside its color.</summary>
internal enum LineSign
{
    /// <summary>Nothing: it is the first of its kind.</summary>
    Plain,

    /// <summary>Discs here and there.</summary>
    Disc,

    /// <summary>Squares here and there.</summary>
    Square,

    /// <summary>Diamonds here and there.</summary>
    Diamond,

    /// <summary>Circles here and there.</summary>
    Circle,

    /// <summary>Crosses here and there.</summary>
    Cross,

    /// <summary>Triangles here and there.</summary>
    Triangle,

    /// <summary>Triangles on their tips here and there.</summary>
    TriangleDown,
}

/// <summary>An entry of a legend: marks of one name and color.</summary>
/// <param name="Name">What they are.</param>
/// <param name="Color">Their color.</param>
/// <param name="Marks">The marks.</param>
/// <param name="Sign">What is on its lines.</param>
internal sealed record LegendEntry(string Name, PanelColor Color, IReadOnlyList<Mark> Marks, LineSign Sign);

/// <summary>The legend of a panel. Lines of several names that are dashed alike have signs too, so that no two are told apart by color alone.</summary>
internal sealed class PanelLegend
{
    private static readonly int Signs = Enum.GetValues<LineSign>().Length;
    private readonly Dictionary<(string Name, PanelColor Color), LineSign> _signs = [];

    private PanelLegend(Panel panel)
    {
        foreach (var alike in panel.Marks.OfType<LineMark>().Where(line => line.InLegend).GroupBy(line => line.Dashed))
        {
            var number = 0;
            foreach (var line in alike.DistinctBy(line => (line.Name, line.Color)))
            {
                _signs.TryAdd((line.Name, line.Color), (LineSign)(number++ % Signs));
            }
        }

        Entries = [.. panel.Marks.Where(mark => mark.InLegend && mark is not HeatMark).GroupBy(mark => (mark.Name, mark.Color))
            .Select(marks => new LegendEntry(marks.Key.Name, marks.Key.Color, [.. marks], _signs.GetValueOrDefault(marks.Key)))];
    }

    /// <summary>Gets its entries, in the order of the marks.</summary>
    public IReadOnlyList<LegendEntry> Entries { get; }

    /// <summary>Makes the legend of a panel.</summary>
    public static PanelLegend Of(Panel panel) => new(panel);

    /// <summary>The sign that looks like the shape of points.</summary>
    public static LineSign SignOf(PointShape shape) => Enum.Parse<LineSign>(shape.ToString());

    /// <summary>The sign of a mark.</summary>
    public LineSign SignOf(Mark mark) => _signs.GetValueOrDefault((mark.Name, mark.Color));
}
