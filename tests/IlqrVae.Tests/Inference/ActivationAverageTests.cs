using IlqrVae.Inference;
using IlqrVae.Models.Kinds;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Parameters;

namespace IlqrVae.Tests.Inference;

/// <summary>Averages over Gaussian activations, against what is known in closed form or by a fine sum.</summary>
public sealed class ActivationAverageTests
{
    [Theory]
    [InlineData(0.5, 0)]
    [InlineData(1.5, 0.09)]
    [InlineData(-2, 1)]
    [InlineData(-4, 4)]
    public void Rates_under_the_exponential_link_are_log_normal(double activation, double variance)
    {
        var (mean, deviation) = Average(Poisson(Link.Exponential), activation, variance);
        var expected = Math.Exp(activation + (variance / 2));
        Assert.Equal(expected, mean, 1e-9 * expected);
        Assert.Equal(expected * Math.Sqrt(Math.Exp(variance) - 1), deviation, 1e-4 * expected);
    }

    [Theory]
    [InlineData("softplus")]
    [InlineData("soft-relu")]
    public void Other_links_match_a_fine_sum(string link)
    {
        var function = ModelKinds.BuiltIn.Links.First(one => one.Name == link);
        var (mean, deviation) = Average(Poisson(function), 0.3, 0.8);
        var (total, first, second) = (0.0, 0.0, 0.0);
        Span<double> rate = stackalloc double[1];
        Span<double> logarithm = stackalloc double[1];
        for (var x = -10.0; x <= 10; x += 1e-3)
        {
            var weight = Math.Exp(-0.5 * x * x);
            function.Evaluate([0.3 + (Math.Sqrt(0.8) * x)], rate, logarithm);
            total += weight;
            first += weight * rate[0];
            second += weight * rate[0] * rate[0];
        }

        Assert.Equal(first / total, mean, 1e-7);
        Assert.Equal(Math.Sqrt((second / total) - (first / total * (first / total))), deviation, 1e-6);
    }

    [Fact]
    public void Values_keep_mean_and_deviation()
    {
        var gaussian = new GaussianLikelihood<double>(
            "values",
            new Parameter<double>("C", 1, 1, Constraint.Free, [1]),
            new Parameter<double>("d", 1, 1, Constraint.Free, [0]),
            new Parameter<double>("variance", 1, 1, Constraint.Positive, [0.5]));
        var (mean, deviation) = Average(gaussian, 1e6, 4);
        Assert.Equal(1e6, mean, 1e-6);
        Assert.Equal(2, deviation, 1e-6);
    }

    private static PoissonLikelihood<double> Poisson(Link link) => new(
        "spikes", new Parameter<double>("C", 1, 1, Constraint.Free, [1]), new Parameter<double>("d", 1, 1, Constraint.Free, [0]), link, 0.01);

    private static (double Mean, double Deviation) Average(Likelihood<double> likelihood, double activation, double variance)
    {
        var mean = new double[1];
        var deviation = new double[1];
        new ActivationAverage<double>(likelihood).Compute([activation], [variance], mean, deviation);
        return (mean[0], deviation[0]);
    }
}
