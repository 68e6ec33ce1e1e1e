using System.Numerics;
using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports;

/// <summary>Eigenvalues in the complex plane, and what each means for how a state moves.</summary>
internal static class Plane
{
    private const int CirclePoints = 120;

    /// <summary>The circle on which nothing grows or decays.</summary>
    public static LineMark Circle()
    {
        double[] angles = [.. Enumerable.Range(0, CirclePoints + 1).Select(k => 2 * Math.PI * k / CirclePoints)];
        return new LineMark("unit circle", PanelColor.Muted, [.. angles.Select(Math.Cos)], [.. angles.Select(Math.Sin)]);
    }

    /// <summary>Eigenvalues as points, each with what it means.</summary>
    public static PointMark Points(string name, PanelColor color, IReadOnlyList<Complex> values, double binWidth, PointShape shape)
        => new(name, color, [.. values.Select(value => value.Real)], [.. values.Select(value => value.Imaginary)]) { Shape = shape, Labels = [.. values.Select(value => Meaning(value, binWidth))] };

    /// <summary>Time constant and frequency of a mode.</summary>
    public static string Meaning(Complex value, double binWidth)
    {
        var modulus = value.Magnitude;
        var pace = modulus < 1e-12 ? "gone in one bin"
            : Math.Abs(modulus - 1) < 1e-9 ? "neither grows nor decays"
            : $"{(modulus < 1 ? "decays" : "grows")} by e in {Words.Of(binWidth / Math.Abs(Math.Log(modulus)), "s")}";
        return Math.Abs(value.Imaginary) < 1e-9
            ? $"{pace}{(value.Real < 0 ? ", its sign changes every bin" : "")}"
            : $"{pace}, turns at {Words.Of(Frequency(value, binWidth), "Hz")}";
    }

    /// <summary>How often a mode turns, in Hz.</summary>
    public static double Frequency(Complex value, double binWidth) => Math.Abs(value.Phase) / (2 * Math.PI * binWidth);

    /// <summary>An axis that holds the circle and all points.</summary>
    public static Axis Axis(string label, IEnumerable<double> values)
    {
        var reach = 1.1 * Math.Max(1, Words.Largest(values.Select(Math.Abs).Append(1)));
        return new Axis(label) { Limits = (-reach, reach) };
    }
}
