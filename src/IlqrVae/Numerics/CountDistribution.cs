using Functions = MathNet.Numerics.SpecialFunctions;

namespace IlqrVae.Numerics;

/// <summary>Probabilities of counts: negative binomial of mean r and variance r + alpha r^2, which for alpha = 0 is Poisson.</summary>
public static class CountDistribution
{
    /// <summary>Sums of so many terms are shorter than continued fractions.</summary>
    private const double LongestSum = 64;

    /// <summary>Below this, probabilities of zero have lost digits.</summary>
    private const double LeastFirst = 1e-250;

    /// <summary>Smaller dispersions than this are Poisson to all digits that matter here.</summary>
    private const double LeastDispersion = 1e-9;

    /// <summary>P(Y below y) and P(Y = y).</summary>
    /// <param name="mean">r, not negative.</param>
    /// <param name="dispersion">alpha, not negative.</param>
    /// <param name="count">y, whole and not negative.</param>
    /// <returns>Both, not a number where the mean is not finite.</returns>
    public static (double Below, double At) Of(double mean, double dispersion, double count)
    {
        if (!double.IsFinite(mean) || mean < 0 || !(count >= 0))
        {
            return (double.NaN, double.NaN);
        }

        if (mean == 0)
        {
            return count == 0 ? (0, 1) : (1, 0);
        }

        var isPoisson = dispersion < LeastDispersion;
        var x = dispersion * mean;
        var first = isPoisson ? Math.Exp(-mean) : Math.Exp(-Math.Log(1 + x) / dispersion);
        if (count <= LongestSum && first > LeastFirst)
        {
            var (below, at) = (0.0, first);
            for (var k = 0; k < count; k++)
            {
                below += at;
                at *= mean * (1 + (dispersion * k)) / ((1 + x) * (k + 1));
            }

            return (Math.Min(1, below), at);
        }

        var upTo = UpTo(mean, dispersion, isPoisson, count);
        var before = count == 0 ? 0 : UpTo(mean, dispersion, isPoisson, count - 1);
        return (before, Math.Max(0, upTo - before));
    }

    private static double UpTo(double mean, double dispersion, bool isPoisson, double count) => isPoisson
        ? Functions.GammaUpperRegularized(count + 1, mean)
        : Functions.BetaRegularized(1 / dispersion, count + 1, 1 / (1 + (dispersion * mean)));
}
