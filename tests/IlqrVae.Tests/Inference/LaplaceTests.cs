using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Numerics;

namespace IlqrVae.Tests.Inference;

/// <summary>The Laplace posterior by sampling, in long trials, and where the Hessian is not positive definite.</summary>
public sealed class LaplaceTests
{
    [Theory]
    [InlineData(DynamicsChoice.LinearFree)]
    [InlineData(DynamicsChoice.LinearStable)]
    public void Samples_of_a_linear_model_have_the_marginal_variances(string dynamics)
    {
        const int Count = 20_000;
        var (recipe, model, trial, capacity) = RandomModels.Create<double>(new Recipe
        {
            Seed = 21,
            States = 3,
            Inputs = 2,
            Bins = 6,
            Dynamics = dynamics,
            Prior = PriorChoice.Gaussian,
            Readout = ReadoutChoice.PoissonExp,
            MissingShare = 0.2,
        });
        var solver = new MapSolver<double>(model.Generative, capacity);
        var map = solver.Solve(trial, null, new SolverOptions { Tolerance = 1e-16 });
        var laplace = new LaplacePosterior<double>(solver);
        Assert.True(laplace.Prepare(map));
        Assert.False(laplace.IsGaussNewton);
        var marginals = laplace.Marginals();
        var states = new double[trial.Bins * recipe.States];
        var inputs = new double[(trial.Bins - 1) * recipe.Inputs];
        var meanOfStates = map.Trajectory.States.ToArray();
        var meanOfInputs = map.Trajectory.Inputs.ToArray();
        var random = new CounterRandom(4);
        for (var k = 0; k < Count; k++)
        {
            var sample = laplace.Sample(ref random, out _);
            AddSquares(sample.States, meanOfStates, states);
            AddSquares(sample.Inputs, meanOfInputs, inputs);
        }

        AssertVariances(marginals.States, states);
        AssertVariances(marginals.Inputs, inputs);
        AssertVariances(marginals.InitialState, states[..recipe.States]);

        static void AddSquares(Matrix<double> sample, double[] mean, double[] sums)
        {
            var values = sample.ToArray();
            for (var i = 0; i < values.Length; i++)
            {
                sums[i] += (values[i] - mean[i]) * (values[i] - mean[i]) / Count;
            }
        }

        static void AssertVariances(double[] expected, double[] actual)
        {
            // The mean of squares of normal numbers is within five standard deviations.
            for (var i = 0; i < expected.Length; i++)
            {
                var deviation = Math.Sqrt(2.0 / Count) * expected[i];
                Assert.True(Math.Abs(actual[i] - expected[i]) < 5 * deviation, $"entry {i}: {actual[i]:R} where {expected[i]:R} is expected");
            }
        }
    }

    [Fact]
    public void A_trial_of_twenty_thousand_bins_has_four_times_the_evidence_and_entropy_of_five_thousand()
    {
        var (shortEntropy, shortEvidence) = Analyse(5_000);
        var (longEntropy, longEvidence) = Analyse(20_000);
        Assert.InRange(longEntropy / shortEntropy, 3.9, 4.1);
        Assert.InRange(longEvidence / shortEvidence, 3.8, 4.2);

        static (double Entropy, double Evidence) Analyse(int bins)
        {
            var (_, model, trial, capacity) = RandomModels.Create<double>(new Recipe
            {
                Seed = 8,
                States = 4,
                Inputs = 2,
                Channels = 5,
                Bins = bins,
                CoversTrial = false,
                Dynamics = DynamicsChoice.MiniGru,
                Prior = PriorChoice.Student,
                Readout = ReadoutChoice.PoissonExp,
                PriorScale = 0.3,
            });
            var solver = new MapSolver<double>(model.Generative, capacity);
            var map = solver.Solve(trial, null, new SolverOptions());
            Assert.Equal(SolverStatus.Converged, map.Status);
            var laplace = new LaplacePosterior<double>(solver);
            Assert.True(laplace.Prepare(map));
            var marginals = laplace.Marginals();
            Assert.All(marginals.States, variance => Assert.InRange(variance, double.Epsilon, 1e3));
            Assert.All(marginals.Inputs, variance => Assert.InRange(variance, double.Epsilon, 1e3));
            Assert.All(marginals.Activations[0], variance => Assert.InRange(variance, double.Epsilon, 1e3));
            var random = new CounterRandom(1);
            Assert.True(double.IsFinite(laplace.Sample(ref random, out var logDensity).Cost));
            Assert.True(double.IsFinite(logDensity));
            return (laplace.Entropy, laplace.LogEvidence);
        }
    }

    /// <summary>At rest, not at a minimum, second derivatives of strongly curved dynamics need not be positive definite.</summary>
    [Fact]
    public void Where_the_hessian_is_not_positive_definite_the_gauss_newton_one_stands_in()
    {
        var stoodIn = 0;
        for (var seed = 0UL; seed < 40; seed++)
        {
            var (_, model, trial, capacity) = RandomModels.Create<double>(new Recipe
            {
                Seed = seed,
                Dynamics = DynamicsChoice.Custom,
                Prior = PriorChoice.Student,
                Readout = ReadoutChoice.Gaussian,
                Spikes = SpikeChoice.Saturated,
            });
            var solver = new MapSolver<double>(model.Generative, capacity);
            var laplace = new LaplacePosterior<double>(solver);
            Assert.True(laplace.Prepare(solver.Solve(trial, null, new SolverOptions { MaximumIterations = 0 })));
            stoodIn += laplace.IsGaussNewton ? 1 : 0;
            Assert.All(laplace.Marginals().Inputs, variance => Assert.InRange(variance, double.Epsilon, 1e6));
        }

        Assert.InRange(stoodIn, 1, 40);
    }
}
