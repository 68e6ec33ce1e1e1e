using System.Numerics;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Parameters;
using IlqrVae.Models.Priors;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Benchmarking;

/// <summary>A model and trials of a given size, random but realistic: states of about unit variance, and spikes at about 10 Hz in 10 ms bins.</summary>
/// <param name="Name">What the case is called.</param>
/// <param name="States">n.</param>
/// <param name="Inputs">m.</param>
/// <param name="Channels">N.</param>
/// <param name="Bins">T.</param>
/// <param name="IsLinear">Linear dynamics, else the mini-GRU.</param>
/// <param name="IsStudent">Student inputs, else Gaussian.</param>
/// <param name="IsSpikes">Poisson counts, else Gaussian values.</param>
public sealed record BenchmarkCase(string Name, int States, int Inputs, int Channels, int Bins, bool IsLinear, bool IsStudent, bool IsSpikes)
{
    private const double BinWidth = 0.01;

    /// <summary>The cases that are reported: a large population, a medium one, and two small systems.</summary>
    public static IReadOnlyList<BenchmarkCase> Standard { get; } =
    [
        new("n=60 m=15 N=182 T=140 mini-GRU, Student, Poisson", 60, 15, 182, 140, false, true, true),
        new("n=20 m=5 N=100 T=100 mini-GRU, Student, Poisson", 20, 5, 100, 100, false, true, true),
        new("n=8 m=3 N=8 T=100 linear, Gaussian, Gaussian", 8, 3, 8, 100, true, false, false),
        new("n=3 m=3 N=10 T=1000 linear, Student, Gaussian", 3, 3, 10, 1000, true, true, false),
    ];

    /// <summary>
    /// Useful operations of one iteration of the backward pass and its linearisation, for one bin:
    /// n^2 N + 3 n^3 + 4 n^2 m + 2 n m^2 + m^3 / 3, and 2 n^3 for the mini-GRU's Jacobian.
    /// </summary>
    public double FlopsPerBin
    {
        get
        {
            double n = States, m = Inputs;
            return (n * n * Channels) + ((IsLinear ? 3 : 5) * n * n * n) + (4 * n * n * m) + (2 * n * m * m) + (m * m * m / 3);
        }
    }

    /// <summary>Makes the model.</summary>
    /// <param name="seed">Seed of its weights.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public VariationalModel<T> CreateModel<T>(ulong seed)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var random = new CounterRandom(seed, RandomStreams.Benchmarks);
        double[] Normal(int count, double deviation)
        {
            var values = new double[count];
            for (var i = 0; i < count; i++)
            {
                values[i] = deviation * random.NextNormal();
            }

            return values;
        }

        Parameter<T> Weights(string name, int rows, int columns, double deviation)
            => new(name, rows, columns, Constraint.Free, Normal(rows * columns, deviation));
        Parameter<T> Filled(string name, int length, Constraint constraint, double value)
            => new(name, 1, length, constraint, [.. Enumerable.Repeat(value, length)]);

        Dynamics<T> dynamics;
        if (IsLinear)
        {
            var a = Normal(States * States, 0.2 / Math.Sqrt(States));
            for (var i = 0; i < States; i++)
            {
                a[(i * States) + i] += 0.85;
            }

            dynamics = new LinearDynamics<T>(
                new Parameter<T>("dynamics.A", States, States, Constraint.Free, a), Weights("dynamics.B", States, Inputs, 0.5 / Math.Sqrt(Inputs)));
        }
        else
        {
            dynamics = new GatedUnit<T>(InputPlacement.Outside, new GatedUnitParameters<T>(
                Weights("dynamics.Uf", States, States, 0.5 / Math.Sqrt(States)),
                Filled("dynamics.bf", States, Constraint.Free, -1.5),
                Weights("dynamics.Uh", States, States, 1.2 / Math.Sqrt(States)),
                Filled("dynamics.bh", States, Constraint.Free, 0),
                Weights("dynamics.W", States, Inputs, 1.5 / Math.Sqrt(Inputs))));
        }

        var scale = Filled("prior.scale", Inputs, Constraint.Positive, 0.7);
        InputPrior<T> prior = IsStudent
            ? new StudentPrior<T>(scale, Filled("prior.degrees-of-freedom", 1, Constraint.AboveTwo, 8))
            : new GaussianPrior<T>(scale);
        var c = Weights("likelihood.C", Channels, States, (IsSpikes ? 0.6 : 1) / Math.Sqrt(States));
        Likelihood<T> likelihood = IsSpikes
            ? new PoissonLikelihood<T>("spikes", c, Filled("likelihood.d", Channels, Constraint.Free, 2), Link.Exponential, BinWidth)
            : new GaussianLikelihood<T>("values", c, Filled("likelihood.d", Channels, Constraint.Free, 0), Filled("likelihood.variance", Channels, Constraint.Positive, 0.1));
        var generative = new GenerativeModel<T>(dynamics, new GaussianPrior<T>(Filled("initial.scale", States, Constraint.Positive, 1)), prior, [likelihood]);
        return new VariationalModel<T>(generative, SharedPosterior<T>.Independent(States, Inputs, Bins, 0.2, 0.2));
    }

    /// <summary>Draws trials from a model made by <see cref="CreateModel"/>.</summary>
    /// <param name="model">The model.</param>
    /// <param name="trials">Number of trials.</param>
    /// <param name="seed">Seed.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public Recording CreateRecording<T>(VariationalModel<T> model, int trials, ulong seed)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => ModelSampler.Draw(model.Generative, trials, Bins, BinWidth, seed);
}
