namespace IlqrVae.Numerics;

/// <summary>The gamma family for positive arguments, by upward recurrence into the range of Stirling's series (Abramowitz and Stegun 6.1.40, 6.3.18).</summary>
public static class SpecialFunctions
{
    private const double StirlingRange = 10;

    /// <summary>log Gamma(x) for x > 0; not a number otherwise.</summary>
    /// <param name="x">The argument.</param>
    public static double LogGamma(double x)
    {
        if (!(x > 0))
        {
            return double.NaN;
        }

        if (double.IsPositiveInfinity(x))
        {
            return x;
        }

        var product = 1.0;
        while (x < StirlingRange)
        {
            product *= x;
            x++;
        }

        var y = 1 / (x * x);
        var series = (1.0 / 12) - (y * ((1.0 / 360) - (y * ((1.0 / 1260) - (y * ((1.0 / 1680) - (y * ((1.0 / 1188)
            - (y * ((691.0 / 360360) - (y * ((1.0 / 156) - (y * 3617.0 / 122400)))))))))))));
        return ((x - 0.5) * Math.Log(x)) - x + (0.5 * Math.Log(2 * Math.PI)) + (series / x) - Math.Log(product);
    }

    /// <summary>The derivative of log Gamma(x) for x > 0; not a number otherwise.</summary>
    /// <param name="x">The argument.</param>
    public static double Digamma(double x)
    {
        if (!(x > 0))
        {
            return double.NaN;
        }

        var shift = 0.0;
        while (x < StirlingRange)
        {
            shift += 1 / x;
            x++;
        }

        var y = 1 / (x * x);
        var series = y * ((1.0 / 12) - (y * ((1.0 / 120) - (y * ((1.0 / 252) - (y * ((1.0 / 240) - (y * ((1.0 / 132)
            - (y * ((691.0 / 32760) - (y / 12))))))))))));
        return Math.Log(x) - (0.5 / x) - series - shift;
    }
}
