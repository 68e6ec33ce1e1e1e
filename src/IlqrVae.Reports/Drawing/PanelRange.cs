using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports.Drawing;

/// <summary>From where to where the axes of a panel go, where it does not say so itself.</summary>
internal static class PanelRange
{
    /// <summary>Numbers beyond have no place on an axis, whose length would be none.</summary>
    private const double Farthest = 1e300;
    private const double FarthestDecade = 300;

    /// <summary>The ends of the horizontal axis.</summary>
    public static (double Low, double High) OfX(Panel panel)
        => Usable(panel.X.Limits) ?? Around(panel.X.Logarithmic, panel.Marks.SelectMany(mark => AlongX(mark, panel.X.Logarithmic)), panel.Marks.All(FillsItsWidth) ? 0 : 0.03);

    /// <summary>The ends of the vertical axis.</summary>
    public static (double Low, double High) OfY(Panel panel)
        => Usable(panel.Y.Limits) ?? Around(panel.Y.Logarithmic, panel.Marks.SelectMany(mark => AlongY(mark, panel.Y.Logarithmic)), panel.Marks.Any(mark => mark is HeatMark) ? 0 : 0.05);

    /// <summary>Limits that were reckoned from numbers that overflowed are none.</summary>
    private static (double Low, double High)? Usable((double Low, double High)? limits) => limits is ( > -Farthest, < Farthest) and var (low, high) && low < high ? limits : null;

    /// <summary>Lines in time go from edge to edge; points and bars need room.</summary>
    private static bool FillsItsWidth(Mark mark) => mark is not (PointMark or BarMark) && !(mark is LineMark line && !IsAscending(line.X));

    private static bool IsAscending(IReadOnlyList<double> values)
    {
        for (var i = 1; i < values.Count; i++)
        {
            if (values[i] < values[i - 1])
            {
                return false;
            }
        }

        return true;
    }

    private static IEnumerable<double> AlongX(Mark mark, bool logarithmic) => mark switch
    {
        LineMark line => line.X,
        BandMark band => band.X,
        PointMark points => points.X,
        StrokeMark strokes => strokes.X,
        BarMark bars => bars.X.SelectMany(x => new[] { x - (bars.Width / 2), x + (bars.Width / 2) }),
        HeatMark heat => heat.X,
        RuleMark { Vertical: true } rule => [rule.Position],
        SpanMark span when !logarithmic => [span.From, span.To],
        _ => [],
    };

    private static IEnumerable<double> AlongY(Mark mark, bool logarithmic) => mark switch
    {
        LineMark line => line.Y,
        BandMark band => band.Low.Concat(band.High),
        PointMark { Errors: { } errors } points => points.Y.Concat(points.Y.Zip(errors, (y, error) => y - error)).Concat(points.Y.Zip(errors, (y, error) => y + error)),
        PointMark points => points.Y,
        StrokeMark strokes => strokes.Row.SelectMany(row => new[] { row, row + 1 }),
        BarMark { Errors: { } errors } bars => bars.Height.Concat(bars.Height.Zip(errors, (y, error) => y - error)).Concat(bars.Height.Zip(errors, (y, error) => y + error)).Append(0),
        BarMark bars => logarithmic ? bars.Height : bars.Height.Append(0),
        HeatMark heat => heat.Y,
        RuleMark { Vertical: false } rule => [rule.Position],
        _ => [],
    };

    private static (double Low, double High) Around(bool logarithmic, IEnumerable<double> values, double margin)
    {
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var value in values)
        {
            var placed = logarithmic ? Math.Log10(value) : value;
            if (Math.Abs(placed) <= Farthest)
            {
                (low, high) = (Math.Min(low, placed), Math.Max(high, placed));
            }
        }

        if (!(low <= high))
        {
            (low, high) = (0, 1);
        }
        else if (high - low <= 1e-12 * Math.Max(Math.Abs(low), Math.Abs(high)))
        {
            var half = logarithmic || low == 0 ? 0.5 : 0.1 * Math.Abs(low);
            (low, high) = (low - half, high + half);
        }
        else
        {
            var room = margin * (high - low);
            (low, high) = (low - room, high + room);
        }

        return logarithmic ? (Math.Pow(10, Math.Clamp(low, -FarthestDecade, FarthestDecade - 1)), Math.Pow(10, Math.Clamp(high, 1 - FarthestDecade, FarthestDecade))) : (low, high);
    }
}
