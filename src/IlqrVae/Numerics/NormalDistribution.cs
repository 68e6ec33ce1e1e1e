using MathNet.Numerics.Distributions;

namespace IlqrVae.Numerics;

/// <summary>The standard normal distribution.</summary>
public static class NormalDistribution
{
    /// <summary>The probability of being at most x.</summary>
    /// <param name="x">Any number.</param>
    public static double Cumulative(double x) => Normal.CDF(0, 1, x);

    /// <summary>The number that is exceeded with probability 1 - p; infinite for 0 and 1, not a number outside.</summary>
    /// <param name="p">A probability.</param>
    public static double Quantile(double p) => p is >= 0 and <= 1 ? Normal.InvCDF(0, 1, p) : double.NaN;

    /// <summary>Half-width in standard deviations of the central interval that holds a share of the distribution.</summary>
    /// <param name="level">The share, from 0 to below 1.</param>
    public static double HalfWidth(double level) => Quantile(0.5 + (0.5 * level));
}
