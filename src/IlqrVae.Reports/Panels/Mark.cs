namespace IlqrVae.Reports.Panels;

/// <summary>What is drawn into a panel. A NaN is a gap.</summary>
/// <param name="Name">What it is, for the legend, for a pointer that rests on it and as its column of a table; marks of one name and color have one entry in the legend.</param>
/// <param name="Color">Its color.</param>
public abstract record Mark(string Name, PanelColor Color)
{
    /// <summary>Gets whether the legend names it.</summary>
    public bool InLegend { get; init; } = true;
}

/// <summary>A line through points.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Color">Its color.</param>
/// <param name="X">Along the horizontal axis.</param>
/// <param name="Y">Along the vertical axis.</param>
public sealed record LineMark(string Name, PanelColor Color, IReadOnlyList<double> X, IReadOnlyList<double> Y) : Mark(Name, Color)
{
    /// <summary>Gets the third coordinate of a path in space; null where the panel is flat.</summary>
    public IReadOnlyList<double>? Z { get; init; }

    /// <summary>Gets whether it is dashed.</summary>
    public bool Dashed { get; init; }

    /// <summary>Gets its width in points of print.</summary>
    public double Width { get; init; } = 1;
}

/// <summary>A band between two lines, such as an interval.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Color">Its color.</param>
/// <param name="X">Along the horizontal axis.</param>
/// <param name="Low">The lower edge.</param>
/// <param name="High">The upper edge.</param>
public sealed record BandMark(string Name, PanelColor Color, IReadOnlyList<double> X, IReadOnlyList<double> Low, IReadOnlyList<double> High) : Mark(Name, Color);

/// <summary>Points by themselves.</summary>
/// <param name="Name">What they are.</param>
/// <param name="Color">Their color.</param>
/// <param name="X">Along the horizontal axis.</param>
/// <param name="Y">Along the vertical axis.</param>
public sealed record PointMark(string Name, PanelColor Color, IReadOnlyList<double> X, IReadOnlyList<double> Y) : Mark(Name, Color)
{
    /// <summary>Gets the third coordinate in space; null where the panel is flat.</summary>
    public IReadOnlyList<double>? Z { get; init; }

    /// <summary>Gets what each point is, told where a pointer rests on it; null where its numbers say enough.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Gets half of the length of each vertical error bar; null for none.</summary>
    public IReadOnlyList<double>? Errors { get; init; }

    /// <summary>Gets the shape, so that nothing is told by color alone.</summary>
    public PointShape Shape { get; init; } = PointShape.Disc;
}

/// <summary>The shape of a point.</summary>
public enum PointShape
{
    /// <summary>A filled disc.</summary>
    Disc,

    /// <summary>An open circle.</summary>
    Circle,

    /// <summary>A cross.</summary>
    Cross,

    /// <summary>A filled diamond.</summary>
    Diamond,

    /// <summary>A filled square.</summary>
    Square,
}

/// <summary>Short vertical strokes in rows, such as spikes.</summary>
/// <param name="Name">What they are.</param>
/// <param name="Color">Their color.</param>
/// <param name="X">Where each is along the horizontal axis.</param>
/// <param name="Row">The row of each; a stroke goes from .1 to .9 above it.</param>
public sealed record StrokeMark(string Name, PanelColor Color, IReadOnlyList<double> X, IReadOnlyList<double> Row) : Mark(Name, Color);

/// <summary>Bars that stand on zero.</summary>
/// <param name="Name">What they are.</param>
/// <param name="Color">Their color.</param>
/// <param name="X">Their middles.</param>
/// <param name="Height">Their heights.</param>
/// <param name="Width">The width of each, in units of the horizontal axis.</param>
public sealed record BarMark(string Name, PanelColor Color, IReadOnlyList<double> X, IReadOnlyList<double> Height, double Width) : Mark(Name, Color)
{
    /// <summary>Gets half of the length of each error bar; null for none.</summary>
    public IReadOnlyList<double>? Errors { get; init; }
}

/// <summary>A table of values as colors, such as counts of many channels in many bins.</summary>
/// <param name="Name">What the values are.</param>
/// <param name="X">The edges of columns: one more than columns.</param>
/// <param name="Y">The edges of rows: one more than rows.</param>
/// <param name="Values">The values, [row, column].</param>
/// <param name="Unit">Their unit.</param>
public sealed record HeatMark(string Name, IReadOnlyList<double> X, IReadOnlyList<double> Y, double[,] Values, string Unit) : Mark(Name, PanelColor.Found)
{
    /// <summary>Gets whether zero is in the middle of the scale, with two colors that part there.</summary>
    public bool Diverging { get; init; }
}

/// <summary>A straight line across the whole panel, such as zero, chance, or the iteration that was kept.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Color">Its color.</param>
/// <param name="Position">Where it crosses the axis that it stands on.</param>
/// <param name="Vertical">Whether it is vertical.</param>
public sealed record RuleMark(string Name, PanelColor Color, double Position, bool Vertical) : Mark(Name, Color);

/// <summary>A part of the horizontal axis, such as bins that were hidden.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Color">Its color.</param>
/// <param name="From">Where it begins.</param>
/// <param name="To">Where it ends.</param>
public sealed record SpanMark(string Name, PanelColor Color, double From, double To) : Mark(Name, Color);
