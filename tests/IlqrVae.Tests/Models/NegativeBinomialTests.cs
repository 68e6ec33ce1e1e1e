using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Tests.Models;

/// <summary>The negative binomial likelihood against the textbook's formula, its Poisson limit, and its own samples; derivatives are tested with those of all kinds.</summary>
public sealed class NegativeBinomialTests
{
    private const double BinWidth = 0.02;

    /// <summary>p(y) = Gamma(y + r) / (Gamma(r) y!) (r / (r + mu))^r (mu / (r + mu))^y with r = 1 / alpha.</summary>
    [Theory]
    [InlineData(0.3, 2.5, 0)]
    [InlineData(0.3, 2.5, 1)]
    [InlineData(2.0, 0.1, 7)]
    [InlineData(0.05, 40, 255)]
    [InlineData(0.05, 40, 256)]
    [InlineData(0.7, 900, 5000)]
    [InlineData(1e-3, 900, 5000)]
    public void The_loss_is_that_of_the_textbook(double alpha, double mean, int count)
    {
        var r = 1 / alpha;
        var expected = -(SpecialFunctions.LogGamma(count + r) - SpecialFunctions.LogGamma(r) - SpecialFunctions.LogGamma(count + 1.0)
            + (r * Math.Log(r / (r + mean))) + (count * Math.Log(mean / (r + mean))));
        Assert.Equal(expected, Loss(alpha, mean, count), 1e-9 * Math.Max(1, Math.Abs(expected)));
    }

    [Theory]
    [InlineData(1e-12)]
    [InlineData(1e-300)]
    public void Without_dispersion_it_is_the_Poisson_likelihood(double alpha)
    {
        foreach (var (mean, count) in ((double, int)[])[(0.01, 0), (0.01, 3), (2.5, 2), (40, 41), (300, 290), (300, 310), (3000, 2800)])
        {
            var poisson = mean - (count * Math.Log(mean)) + SpecialFunctions.LogGamma(count + 1.0);
            Assert.Equal(poisson, Loss(alpha, mean, count), 1e-5 * Math.Max(1, Math.Abs(poisson) * 1e-3));
        }
    }

    /// <summary>Tables, series and closed forms of the sums over j agree where they meet.</summary>
    [Theory]
    [InlineData(1e-4 / 300)]
    [InlineData(0.9e-4 / 300)]
    [InlineData(1e-6)]
    public void Large_counts_are_scored_as_well_as_small_ones(double alpha)
    {
        foreach (var count in (int[])[255, 256, 300])
        {
            var sum = Enumerable.Range(0, count).Sum(j => Math.Log(1 + (alpha * j)));
            var expected = ((1 / alpha) + count) * Math.Log(1 + (alpha * 280)) - (count * Math.Log(280)) + SpecialFunctions.LogGamma(count + 1.0) - sum;
            Assert.Equal(expected, Loss(alpha, 280, count), 1e-6);
        }
    }

    [Fact]
    public void Samples_have_the_mean_and_the_variance()
    {
        var likelihood = Make(0.5, 0.4);
        var random = new CounterRandom(3);
        double[] mean = [4 / BinWidth], one = [0];
        var (sum, squares) = (0.0, 0.0);
        const int Draws = 40_000;
        for (var k = 0; k < Draws; k++)
        {
            likelihood.Sample(ref random, mean, one);
            sum += one[0];
            squares += one[0] * one[0];
        }

        Assert.Equal(4, sum / Draws, 0.07);
        Assert.Equal(4 + (0.4 * 16), (squares / Draws) - (sum / Draws * (sum / Draws)), 0.4);
    }

    [Fact]
    public void The_dispersion_starts_from_what_counts_vary_beyond_Poisson_ones()
    {
        var group = new GroupSummary(new ChannelGroup("spikes", ChannelKind.Counts, 3), [2, 2, 0], [2 + (0.8 * 4), 1, 1]);
        var start = new IlqrVae.Models.ModelStart(2, 1, new RecordingSummary(BinWidth, 10, [group], [], []), 1);
        var likelihood = Assert.IsType<NegativeBinomialLikelihood<double>>(new NegativeBinomialSpecification { Group = "spikes" }.Build<double>(start, group));
        Assert.Equal([0.4, 0.01, 0.01], likelihood.Dispersion.ExactValue.ToArray().Select(alpha => Math.Round(alpha, 12)));
    }

    private static NegativeBinomialLikelihood<double> Make(double mean, double alpha) => new(
        "spikes",
        new Parameter<double>("C", 1, 1, Constraint.Free, [0]),
        new Parameter<double>("d", 1, 1, Constraint.Free, [Math.Log(mean / BinWidth)]),
        new Parameter<double>("dispersion", 1, 1, Constraint.Positive, [alpha]),
        Link.Exponential,
        BinWidth);

    private static double Loss(double alpha, double mean, int count)
    {
        var likelihood = Make(mean, alpha);
        var observed = new ObservationMatrix<double>(Observations.FromCounts(new Table(1, 1, [count])), ChannelKind.Counts);
        return likelihood.Loss(likelihood.CreateScratch(1), Matrix<double>.Allocate(1, 1), observed);
    }
}
