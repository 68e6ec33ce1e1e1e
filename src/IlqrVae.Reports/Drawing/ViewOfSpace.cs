using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports.Drawing;

/// <summary>Looks at paths in space from one side: points of space become points of a plane, on one scale for all three axes.</summary>
internal sealed class ViewOfSpace
{
    /// <summary>Where the view is from, in degrees around the upright axis; as a page begins too.</summary>
    public const double Turn = 35;

    /// <summary>How far the view is from above, in degrees.</summary>
    public const double Tilt = 20;

    private readonly (double Sine, double Cosine) _turn = Math.SinCos(Turn * Math.PI / 180);
    private readonly (double Sine, double Cosine) _tilt = Math.SinCos(Tilt * Math.PI / 180);

    private ViewOfSpace((double Low, double High)[] ends) => Ends = ends;

    /// <summary>Gets from where to where what is seen goes along each axis.</summary>
    public IReadOnlyList<(double Low, double High)> Ends { get; }

    /// <summary>Makes the view of a panel.</summary>
    public static ViewOfSpace Of(Panel panel)
    {
        var ends = new (double Low, double High)[] { (double.MaxValue, double.MinValue), (double.MaxValue, double.MinValue), (double.MaxValue, double.MinValue) };
        foreach (var mark in panel.Marks)
        {
            var (x, y, z) = mark switch
            {
                LineMark { Z: not null } line => (line.X, line.Y, line.Z),
                PointMark { Z: not null } points => (points.X, points.Y, points.Z),
                _ => ([], [], []),
            };
            foreach (var (axis, values) in new[] { x, y, z }.Index())
            {
                foreach (var value in values.Where(double.IsFinite))
                {
                    ends[axis] = (Math.Min(ends[axis].Low, value), Math.Max(ends[axis].High, value));
                }
            }
        }

        return new([.. ends.Select(one => one.Low <= one.High ? one : (-1, 1))]);
    }

    /// <summary>Where a point is seen: to the right, and up.</summary>
    public (double Right, double Up) Project(double x, double y, double z)
    {
        var right = (x * _turn.Cosine) - (y * _turn.Sine);
        var deep = (x * _turn.Sine) + (y * _turn.Cosine);
        return (right, (z * _tilt.Cosine) + (deep * _tilt.Sine));
    }
}
