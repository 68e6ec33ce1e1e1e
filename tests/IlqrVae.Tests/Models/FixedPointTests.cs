using IlqrVae.Evaluation;
using IlqrVae.Models;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Dynamics.Custom;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Tests.Inference;

namespace IlqrVae.Tests.Models;

/// <summary>Fixed points of systems whose fixed points are known.</summary>
public sealed class FixedPointTests
{
    [Fact]
    public void A_stable_linear_system_rests_at_zero_alone()
    {
        double[] a = [0.9, 0.2, 0, -0.2, 0.9, 0, 0, 0, 0.5];
        var dynamics = new LinearDynamics<double>(new Parameter<double>("dynamics.A", 3, 3, Constraint.Free, a), new Parameter<double>("dynamics.B", 3, 1, Constraint.Free, [1, 1, 1]));
        var found = FixedPoints.Of(dynamics, Starts(40, 3, 2), TestContext.Current.CancellationToken);
        var point = Assert.Single(found.Points);
        Assert.Equal((40, 40), (found.Starts, found.Ended));
        Assert.Equal(40, point.Starts);
        Assert.All(point.State, z => Assert.Equal(0, z, 1e-8));
        Assert.Equal(a, point.Transition);
        Assert.True(point.Residual <= FixedPoints.Tolerance * found.Spread);
    }

    /// <summary>z' = z + .3 (z - z^3) rests at -1, 0 and 1 with slopes 1 + .3 (1 - 3 z^2); the second state follows the first and decays at .8.</summary>
    [Fact]
    public void A_bistable_system_has_two_sinks_and_a_saddle_between_them()
    {
        var found = FixedPoints.Of(new CustomDynamics<double, BistableDefinition>(new BistableDefinition()), Starts(200, 2, 1.5), TestContext.Current.CancellationToken);
        Assert.Equal(3, found.Points.Count);
        Assert.Equal(found.Ended, found.Points.Sum(point => point.Starts));
        foreach (var (side, slope) in new[] { (-1.0, 0.4), (0.0, 1.3), (1.0, 0.4) })
        {
            var point = Assert.Single(found.Points, one => Math.Abs(one.State[0] - side) < 1e-6);
            Assert.Equal(side, point.State[1], 1e-6);
            Assert.Equal([slope, 0, 0.2, 0.8], point.Transition, (x, y) => Math.Abs(x - y) < 1e-6);
            Assert.Equal(side == 0 ? [1.3, 0.8] : [0.8, 0.4], Spectrum.Eigenvalues(point.Transition, 2).Select(value => value.Real), (x, y) => Math.Abs(x - y) < 1e-6);
            Assert.InRange(point.Distance, 0, 0.3);
        }
    }

    /// <summary>The Lorenz system rests at 0 and at (+-sqrt(72), +-sqrt(72), 27), here in tenths; a step of any length leaves these where they are.</summary>
    [Fact]
    public void The_lorenz_system_has_its_three_known_ones()
    {
        var starts = Starts(300, 3, 3);
        for (var t = 0; t < starts.Bins; t++)
        {
            starts[t, 2] += 2.5;
        }

        var found = FixedPoints.Of(new CustomDynamics<double, LorenzDefinition>(new LorenzDefinition()), starts, TestContext.Current.CancellationToken);
        var root = Math.Sqrt(0.72);
        foreach (double[] known in (double[][])[[0, 0, 0], [root, root, 2.7], [-root, -root, 2.7]])
        {
            Assert.Single(found.Points, point => point.State.Zip(known).All(pair => Math.Abs(pair.First - pair.Second) < 1e-5));
        }
    }

    [Fact]
    public void Drift_without_a_fixed_point_finds_none()
        => Assert.Equal((0, 20), Ended(FixedPoints.Of(new CustomDynamics<double, Drift>(new Drift()), Starts(20, 1, 1), TestContext.Current.CancellationToken)));

    [Fact]
    public void Starts_that_are_not_finite_are_left_out()
    {
        var starts = Starts(3, 2, 1);
        starts[1, 0] = double.NaN;
        Assert.Equal(2, FixedPoints.Of(new CustomDynamics<double, BistableDefinition>(new BistableDefinition()), starts, TestContext.Current.CancellationToken).Starts);
        Assert.Empty(FixedPoints.Of(new CustomDynamics<double, BistableDefinition>(new BistableDefinition()), new Table(0, 2), TestContext.Current.CancellationToken).Points);
        Assert.Throws<ArgumentException>(() => FixedPoints.Of(new CustomDynamics<double, BistableDefinition>(new BistableDefinition()), Starts(3, 3, 1), TestContext.Current.CancellationToken));
    }

    private static (int Ended, int Starts) Ended(FixedPoints found) => (found.Ended, found.Starts);

    private static Table Starts(int count, int states, double size)
    {
        var random = new CounterRandom(7, 0, 0);
        return new Table(count, states, [.. Enumerable.Range(0, count * states).Select(_ => size * ((2 * random.NextDouble()) - 1))]);
    }

    private sealed class Drift : IDynamicsDefinition
    {
        public int States => 1;

        public int Inputs => 1;

        public IReadOnlyList<ParameterDeclaration> Parameters => [];

        public void Step<TScalar>(
            StepContext<TScalar> model, ReadOnlySpan<TScalar> state, ReadOnlySpan<TScalar> input, ReadOnlySpan<TScalar> external, Span<TScalar> next)
            where TScalar : struct, IlqrVae.Models.Differentiation.IScalar<TScalar>
            => next[0] = state[0] + 0.1 + (0.1 * state[0] * state[0]) + input[0];
    }
}
