using IlqrVae.Numerics;

namespace IlqrVae.Tests.Numerics;

/// <summary>Probabilities of counts against sums of the textbook's terms.</summary>
public sealed class CountDistributionTests
{
    [Theory]
    [InlineData(0.02, 0, 0)]
    [InlineData(0.02, 0, 2)]
    [InlineData(3.5, 0, 4)]
    [InlineData(3.5, 0.4, 4)]
    [InlineData(3.5, 1e-6, 2)]
    [InlineData(60, 0, 63)]
    [InlineData(60, 0, 66)]
    [InlineData(60, 0.02, 64)]
    [InlineData(60, 0.02, 65)]
    [InlineData(900, 0, 930)]
    [InlineData(900, 0.1, 400)]
    [InlineData(900, 3, 10)]
    public void They_are_sums_of_terms(double mean, double dispersion, int count)
    {
        var (below, at) = CountDistribution.Of(mean, dispersion, count);
        Assert.Equal(Enumerable.Range(0, count).Sum(k => Math.Exp(LogTerm(mean, dispersion, k))), below, 1e-9);
        Assert.Equal(Math.Exp(LogTerm(mean, dispersion, count)), at, 1e-9);
    }

    [Fact]
    public void Silence_and_overflow_are_told()
    {
        Assert.Equal((0, 1), CountDistribution.Of(0, 0.3, 0));
        Assert.Equal((1, 0), CountDistribution.Of(0, 0.3, 2));
        Assert.True(double.IsNaN(CountDistribution.Of(double.PositiveInfinity, 0, 2).Below));
        Assert.True(double.IsNaN(CountDistribution.Of(double.NaN, 0, 2).At));
    }

    [Fact]
    public void Quantiles_invert_the_normal_distribution()
    {
        foreach (var x in (double[])[-6, -1.3, 0, 0.4, 2.5])
        {
            Assert.Equal(x, NormalDistribution.Quantile(NormalDistribution.Cumulative(x)), 1e-9);
        }

        Assert.Equal(1.959963984540054, NormalDistribution.HalfWidth(0.95), 1e-12);
        Assert.Equal(0, NormalDistribution.HalfWidth(0), 1e-12);
        Assert.Equal(double.NegativeInfinity, NormalDistribution.Quantile(0));
        Assert.True(double.IsNaN(NormalDistribution.Quantile(double.NaN)));
    }

    private static double LogTerm(double mean, double dispersion, int k)
    {
        if (dispersion == 0)
        {
            return (k * Math.Log(mean)) - mean - SpecialFunctions.LogGamma(k + 1.0);
        }

        var sum = Enumerable.Range(0, k).Sum(j => Math.Log(1 + (dispersion * j)));
        return sum + (k * Math.Log(mean)) - (((1 / dispersion) + k) * Math.Log(1 + (dispersion * mean))) - SpecialFunctions.LogGamma(k + 1.0);
    }
}
