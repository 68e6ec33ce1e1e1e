using IlqrVae.Control;
using IlqrVae.Evaluation.Baselines;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Priors;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Tests.Inference;

namespace IlqrVae.Tests.Evaluation.Baselines;

public sealed class LinearStateSpaceTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 12)];

    /// <summary>Linear dynamics, Gaussian inputs and values: Q = B diag(s^2) B', P = diag(sigma_0^2), and nothing else differs.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void It_is_the_linear_gaussian_model_of_this_library(int seed)
    {
        var recipe = RandomModels.RandomRecipe(2_000_000 + (ulong)seed) with
        {
            States = 1 + (seed % 4),
            Inputs = 1 + (seed % 4),
            External = 0,
            Bins = 8 + (5 * seed),
            Dynamics = seed % 2 == 0 ? DynamicsChoice.LinearFree : DynamicsChoice.LinearStable,
            Prior = PriorChoice.Gaussian,
            Readout = ReadoutChoice.Gaussian,
            Spikes = SpikeChoice.FromTheModel,
            MissingShare = seed % 3 == 0 ? 0.4 : 0,
        };
        var (_, model, trial, capacity) = RandomModels.Create<double>(recipe);
        var solver = new MapSolver<double>(model.Generative, capacity);
        var map = solver.Solve(trial, null, new SolverOptions { Tolerance = 1e-20 });
        var states = map.Trajectory.States;
        var observed = trial.Observations[0];
        var (bins, channels) = (trial.Bins, model.Generative.Likelihoods[0].ChannelCount);
        var values = new Table(bins, channels);
        var mask = observed.Mask.IsEmpty ? null : new bool[bins * channels];
        for (var t = 0; t < bins; t++)
        {
            for (var c = 0; c < channels; c++)
            {
                values[t, c] = observed.Values[t, c];
                if (mask is not null)
                {
                    mask[(t * channels) + c] = observed.Mask[t, c] != 0;
                }
            }
        }

        var smoothed = Same(model.Generative).Smooth(values, mask);
        for (var t = 0; t < bins; t++)
        {
            for (var i = 0; i < recipe.States; i++)
            {
                Close(states[t, i], smoothed.States[t, i], 1e-6);
            }
        }

        var laplace = new LaplacePosterior<double>(solver);
        Assert.True(laplace.Prepare(map));
        Close(laplace.LogEvidence, smoothed.LogLikelihood, 1e-7);
    }

    /// <summary>Where all is observed covariances settle and are computed once; a mask of nothing has them computed bin by bin.</summary>
    [Theory]
    [InlineData(1, 300)]
    [InlineData(3, 500)]
    [InlineData(5, 40)]
    public void Settled_covariances_change_nothing(int states, int bins)
    {
        Table[] trials = [Data(4, bins, 1), Data(4, 7, 2), Data(4, bins / 2, 3)];
        bool[]?[] masks = [.. trials.Select(table => Enumerable.Repeat(true, table.Values.Length).ToArray())];
        var (plain, masked) = (LinearStateSpace.Fit(trials, states, null, 8), LinearStateSpace.Fit(trials, states, masks, 8));
        for (var i = 0; i < 8; i++)
        {
            Close(masked.LogLikelihoods[i], plain.LogLikelihoods[i], 1e-8);
        }

        var (one, other) = (plain.Smooth(trials[0]), plain.Smooth(trials[0], masks[0]));
        Close(other.LogLikelihood, one.LogLikelihood, 1e-9);
        for (var i = 0; i < one.States.Values.Length; i++)
        {
            Close(other.States.Values[i], one.States.Values[i], 1e-8);
        }
    }

    [Theory]
    [InlineData(1, 3, false)]
    [InlineData(2, 5, true)]
    [InlineData(4, 6, false)]
    [InlineData(3, 4, true)]
    public void The_likelihood_never_falls(int states, int channels, bool isMasked)
    {
        Table[] trials = [Data(channels, 60, 4), Data(channels, 35, 5), Data(channels, 1, 6)];
        bool[]?[]? masks = isMasked ? [.. trials.Select((table, k) => k == 0 ? null : Enumerable.Range(0, table.Values.Length).Select(i => i % 3 != 1 && i % 11 > 1).ToArray())] : null;
        var model = LinearStateSpace.Fit(trials, states, masks, 40);
        Assert.Equal(40, model.LogLikelihoods.Count);
        for (var i = 1; i < 40; i++)
        {
            Assert.True(model.LogLikelihoods[i] >= model.LogLikelihoods[i - 1] - (1e-9 * Math.Abs(model.LogLikelihoods[i])), $"{i}: {model.LogLikelihoods[i - 1]} {model.LogLikelihoods[i]}");
        }

        Assert.True(model.LogLikelihoods[^1] > model.LogLikelihoods[0] + 1);
    }

    [Fact]
    public void Channels_that_were_not_seen_are_predicted_from_the_others()
    {
        Table[] trials = [Data(4, 400, 7), Data(4, 400, 8)];
        var model = LinearStateSpace.Fit(trials[..1], 2, null, 60);
        var states = model.Select([0, 1, 2]).Smooth(trials[1].SelectColumns([0, 1, 2])).States;
        var found = model.Select([3]).Means(states);
        Assert.InRange(IlqrVae.Evaluation.Metrics.R2(trials[1].SelectColumns([3]), found), 0.5, 1);

        // The same as the whole model with that channel missing.
        var mask = Enumerable.Range(0, 1600).Select(i => i % 4 != 3).ToArray();
        var whole = model.Means(model.Smooth(trials[1], mask).States);
        for (var t = 0; t < 400; t++)
        {
            Close(whole[t, 3], found[t, 0], 1e-8);
        }
    }

    private static LinearStateSpace Same(GenerativeModel<double> model)
    {
        var dynamics = (LinearDynamics<double>)model.Dynamics;
        var prior = (GaussianPrior<double>)model.InputPrior;
        var readout = (GaussianLikelihood<double>)model.Likelihoods[0];
        var n = model.StateCount;
        var (transition, input) = (dynamics.Parameters[0].Value, dynamics.Parameters[1].Value);
        var (initial, noise) = (new Table(n, n), new Table(n, n));
        for (var i = 0; i < n; i++)
        {
            initial[i, i] = Math.Pow(model.InitialPrior.Scale.ExactValue[i], 2);
            for (var j = 0; j < n; j++)
            {
                noise[i, j] = Enumerable.Range(0, model.InputCount).Sum(k => input[i, k] * Math.Pow(prior.Scale.ExactValue[k], 2) * input[j, k]);
            }
        }

        return new LinearStateSpace(
            new double[n], initial, new Table(n, n, transition.ToArray()), noise, new Table(readout.ChannelCount, n, readout.Weights.Value.ToArray()),
            readout.Bias.ExactValue.ToArray(), readout.Variance.ExactValue.ToArray());
    }

    // Two oscillating states behind all channels.
    private static Table Data(int channels, int bins, ulong seed)
    {
        var random = new CounterRandom(seed, 11);
        var table = new Table(bins, channels);
        var (x, y) = (random.NextNormal(), random.NextNormal());
        for (var t = 0; t < bins; t++)
        {
            (x, y) = ((0.9 * x) - (0.3 * y) + (0.3 * random.NextNormal()), (0.3 * x) + (0.9 * y) + (0.3 * random.NextNormal()));
            for (var c = 0; c < channels; c++)
            {
                table[t, c] = c + (x * Math.Cos(c)) + (y * Math.Sin(2 * c)) + (0.4 * random.NextNormal());
            }
        }

        return table;
    }

    private static void Close(double expected, double actual, double tolerance) => Assert.Equal(expected, actual, tolerance * (1 + Math.Abs(expected)));
}
