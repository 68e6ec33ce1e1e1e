using IlqrVae.Training;

namespace IlqrVae.Tests.Training;

public sealed class GradientGuardTests
{
    [Fact]
    public void One_exploding_trial_is_bounded_and_one_that_overflowed_is_left_out()
    {
        double[] norms = [1, 1.2, 1e17, double.NaN, 0.8];
        var usual = GradientGuard.Median(norms);
        Assert.Equal(1.2, usual, 12);
        Assert.Equal([1, 1, 1.2e-16, 0, 1], norms.Select(norm => GradientGuard.Weight(norm, usual)), (expected, actual) => Math.Abs(expected - actual) <= 1e-12 * expected);
        Assert.Equal(1.2, GradientGuard.Adapt(usual, norms), 12);
    }

    [Fact]
    public void An_explosion_does_not_become_usual_at_once()
    {
        Assert.InRange(GradientGuard.Adapt(1.2, [1e6, 1e6, 1e6]), 1.2, 1.45);
        Assert.InRange(GradientGuard.Weight(1e6, 1.2), 1e-6, 1e-4);
        Assert.Equal(1.2, GradientGuard.Adapt(1.2, [double.NaN, double.NaN]));
    }
}
