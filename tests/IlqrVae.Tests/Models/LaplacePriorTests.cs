using IlqrVae.Models.Parameters;
using IlqrVae.Models.Priors;
using IlqrVae.Numerics;

namespace IlqrVae.Tests.Models;

/// <summary>The Laplace prior's density and samples; its derivatives are tested with those of all kinds.</summary>
public sealed class LaplacePriorTests
{
    /// <summary>2 w K_1(w), K_1 from tables.</summary>
    [Theory]
    [InlineData(0.1, 2 * 0.1 * 9.853844780870606)]
    [InlineData(1.0, 2 * 0.6019072301972346)]
    [InlineData(5.0, 2 * 5 * 0.004044613445452164)]
    public void The_density_has_the_normaliser_of_the_tables(double width, double expected)
        => Assert.Equal(Math.Log(expected) + width, Loss(width, 1, 0), 1e-12);

    [Theory]
    [InlineData(0.001, 1)]
    [InlineData(0.1, 0.3)]
    [InlineData(2, 7)]
    public void The_density_sums_to_one(double width, double scale)
    {
        var (sum, step) = (0.0, scale * Math.Min(0.01, width / 4));
        for (var u = -60 * scale; u < 60 * scale; u += step)
        {
            sum += step * Math.Exp(-Loss(width, scale, u));
        }

        Assert.Equal(1, sum, 1e-6);
    }

    [Fact]
    public void Far_from_zero_it_is_the_Laplace_density()
        => Assert.Equal(Math.Log(2 * 0.5) + (3 / 0.5), Loss(1e-4, 0.5, 3), 1e-6);

    [Theory]
    [InlineData(0.05)]
    [InlineData(3)]
    public void Samples_follow_the_density(double width)
    {
        const double Scale = 1.7;
        var prior = Make(width, Scale);
        var draws = Matrix<double>.Allocate(50_000, 1);
        var random = new CounterRandom(8);
        prior.Sample(ref random, draws);
        var values = draws.ToArray();
        Assert.Equal(0, values.Average(), 0.05);
        var (step, expected) = (0.001, (Absolute: 0.0, Square: 0.0));
        for (var u = -60.0; u < 60; u += step)
        {
            var share = step * Math.Exp(-Loss(width, Scale, u));
            expected = (expected.Absolute + (share * Math.Abs(u)), expected.Square + (share * u * u));
        }

        Assert.Equal(expected.Absolute, values.Average(Math.Abs), 0.03);
        Assert.Equal(expected.Square, values.Average(x => x * x), 0.04 * expected.Square);
    }

    private static double Loss(double width, double scale, double u)
    {
        var inputs = Matrix<double>.Allocate(1, 1);
        inputs[0, 0] = u;
        return Make(width, scale).Loss(inputs);
    }

    private static LaplacePrior<double> Make(double width, double scale)
        => new(new Parameter<double>("scale", 1, 1, Constraint.Positive, [scale]), width);
}
