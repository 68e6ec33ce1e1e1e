using IlqrVae.Models;
using IlqrVae.Models.Differentiation;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Dynamics.Custom;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Parameters;
using IlqrVae.Models.Priors;

namespace IlqrVae.Tests.Models;

/// <summary>Free runs and their largest Lyapunov exponents, where these are known.</summary>
public sealed class FreeRunTests
{
    [Fact]
    public void The_exponent_of_a_linear_system_is_the_logarithm_of_its_spectral_radius()
    {
        // A rotation shrunk to 0.95 and a fast decay, sheared against each other.
        var (c, s) = (0.95 * Math.Cos(0.4), 0.95 * Math.Sin(0.4));
        var run = Run(Linear([c, -s, 0.7, s, c, 0, 0, 0, 0.3]), [1, 1, 1], 2000);
        Assert.True(run.IsComplete);
        Assert.Equal(2000, run.States.Bins);
        Assert.Equal(Math.Log(0.95), run.LyapunovExponent, 1e-3);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(1, run.States[0, i]);
        }

        Assert.Equal(c - s + 0.7, run.States[1, 0], 1e-14);
        Assert.Equal(s + c, run.States[1, 1], 1e-14);
    }

    /// <summary>The largest exponent of the Lorenz system is 0.9056 a unit of time (Sprott 2003).</summary>
    [Fact]
    public void The_exponent_of_the_lorenz_system_is_the_known_one()
    {
        var run = Run(new CustomDynamics<double, Lorenz>(new Lorenz()), [1, 1, 20], 60_000);
        Assert.InRange(run.LyapunovExponent / Lorenz.Duration, 0.87, 0.94);
        Assert.InRange(run.States.Values.Max(), 40, 55);
    }

    [Fact]
    public void A_run_that_overflows_ends_there()
    {
        var run = Run(Linear([1e3, 0, 0, 0, 1e3, 0, 0, 0, 1e3]), [1, 1, 1], 1000);
        Assert.False(run.IsComplete);
        Assert.InRange(run.States.Bins, 50, 120);
        Assert.True(double.IsNaN(run.LyapunovExponent));
        Assert.All(run.States.Values, value => Assert.True(double.IsFinite(value)));
    }

    [Fact]
    public void A_start_of_another_length_is_refused()
        => Assert.Throws<ArgumentException>(() => Run(Linear(new double[9]), [1, 1], 5));

    private static LinearDynamics<double> Linear(double[] a)
        => new(new Parameter<double>("dynamics.A", 3, 3, Constraint.Free, a), new Parameter<double>("dynamics.B", 3, 1, Constraint.Free, [1, 1, 1]));

    private static FreeRun Run(Dynamics<double> dynamics, double[] start, int steps)
    {
        var model = new GenerativeModel<double>(
            dynamics,
            new GaussianPrior<double>(new Parameter<double>("initial.scale", 1, 3, Constraint.Positive, [1, 1, 1])),
            new GaussianPrior<double>(new Parameter<double>("prior.scale", 1, 1, Constraint.Positive, [1])),
            [new GaussianLikelihood<double>(
                "values",
                new Parameter<double>("values.C", 1, 3, Constraint.Free, [1, 1, 1]),
                new Parameter<double>("values.d", 1, 1, Constraint.Free, [0]),
                new Parameter<double>("values.variance", 1, 1, Constraint.Positive, [1]))]);
        model.Refresh();
        return FreeRun.Of(model, start, steps, 1);
    }

    /// <summary>One classical Runge-Kutta step of 0.01 of the Lorenz system, whose input pushes x.</summary>
    private readonly struct Lorenz : IDynamicsDefinition
    {
        public const double Duration = 0.01;

        public Lorenz()
        {
        }

        public int States => 3;

        public int Inputs => 1;

        public IReadOnlyList<ParameterDeclaration> Parameters { get; } = [];

        public void Step<TScalar>(
            StepContext<TScalar> model, ReadOnlySpan<TScalar> state, ReadOnlySpan<TScalar> input, ReadOnlySpan<TScalar> external, Span<TScalar> next)
            where TScalar : struct, IScalar<TScalar>
        {
            var k = new TScalar[4][];
            for (var stage = 0; stage < 4; stage++)
            {
                var share = stage is 0 ? 0 : stage is 3 ? 1 : 0.5;
                var at = new TScalar[3];
                for (var i = 0; i < 3; i++)
                {
                    at[i] = stage == 0 ? state[i] : state[i] + (share * Duration * k[stage - 1][i]);
                }

                k[stage] = [10 * (at[1] - at[0]), (at[0] * (28 - at[2])) - at[1], (at[0] * at[1]) - (8.0 / 3 * at[2])];
            }

            for (var i = 0; i < 3; i++)
            {
                next[i] = state[i] + (Duration / 6 * (k[0][i] + (2 * k[1][i]) + (2 * k[2][i]) + k[3][i]));
            }

            next[0] += input[0];
        }
    }
}
