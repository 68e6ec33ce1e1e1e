using IlqrVae.Benchmarking.SelfTest;
using IlqrVae.Control;
using IlqrVae.Inference;

namespace IlqrVae.Tests.Inference;

/// <summary>Importance-weighted bounds against naive sums, quadrature and what is known of their expectations.</summary>
public sealed class ImportanceBoundTests
{
    private static readonly SolverOptions Tight = new() { Tolerance = 1e-18 };

    private static readonly Recipe Spiking = new()
    {
        Seed = 5, States = 3, Inputs = 2, Bins = 5, Dynamics = DynamicsChoice.MiniGru, Prior = PriorChoice.Student, Readout = ReadoutChoice.PoissonExp,
    };

    public static TheoryData<string> Fixtures => [.. Fixture.Names];

    [Fact]
    public void The_bound_is_the_logarithm_of_the_mean_weight()
    {
        double[] logWeights = [-1.2, 0.3, 0.1, -4, 2.5];
        var bound = ImportanceBound.Of(logWeights);
        var weights = logWeights.Select(Math.Exp).ToArray();
        Assert.Equal(5, bound.Samples);
        Assert.Equal(Math.Log(weights.Average()), bound.Bound, 1e-14);
        Assert.Equal(logWeights.Average(), bound.Elbo, 1e-14);
        Assert.Equal(weights.Sum() * weights.Sum() / weights.Sum(w => w * w), bound.EffectiveSamples, 1e-13);
    }

    [Theory]
    [InlineData(-1e6)]
    [InlineData(1e6)]
    public void Weights_beyond_the_range_of_exp_do_no_harm(double shift)
    {
        double[] logWeights = [-1.2, 0.3, 0.1, -4, 2.5];
        var plain = ImportanceBound.Of(logWeights);
        var shifted = ImportanceBound.Of([.. logWeights.Select(w => w + shift)]);
        Assert.Equal(plain.Bound + shift, shifted.Bound, 1e-9);
        Assert.Equal(plain.EffectiveSamples, shifted.EffectiveSamples, 1e-9);
    }

    [Fact]
    public void Samples_that_overflowed_weigh_nothing()
    {
        var bound = ImportanceBound.Of([1, double.NaN, double.NegativeInfinity, 1]);
        Assert.Equal(1 + Math.Log(0.5), bound.Bound, 1e-14);
        Assert.Equal(double.NegativeInfinity, bound.Elbo);
        Assert.Equal(2, bound.EffectiveSamples, 1e-14);
        Assert.Equal(double.NegativeInfinity, ImportanceBound.Of([double.NaN]).Bound);
        Assert.Throws<ArgumentException>(() => ImportanceBound.Of([]));
    }

    /// <summary>The dense computation takes the entropy in closed form; a weight has its own draw's density.</summary>
    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Weights_under_the_shared_covariance_match_the_dense_computation(string name)
    {
        var fixture = Fixture.Load(name);
        var estimator = new ElboEstimator<double>(fixture.Model, fixture.Bins);
        var map = new MapSolver<double>(fixture.Model.Generative, fixture.Bins).Solve(fixture.Trial, null, Tight);
        var elbo = 0.0;
        for (var k = 0; k < fixture.Draws.Count; k++)
        {
            var sample = estimator.SampleShared(map, fixture.Draws, k, out var logDensity);
            double[] numbers = [.. fixture.Draws.Initial(k).ToArray(), .. fixture.Draws.Inputs(k).ToArray()];
            elbo += (-sample.Cost - logDensity - (0.5 * (numbers.Sum(x => x * x) - numbers.Length))) / fixture.Draws.Count;
        }

        var expected = fixture.ExpectedNumber("elbo");
        Assert.Equal(expected, elbo, 1e-9 * Math.Abs(expected));
    }

    [Theory]
    [InlineData(ReadoutChoice.PoissonExp, PriorChoice.Student)]
    [InlineData(ReadoutChoice.PoissonSoftplus, PriorChoice.Gaussian)]
    public void Many_samples_come_to_the_evidence_that_quadrature_finds(string readout, string prior)
    {
        var (_, model, trial, capacity) = RandomModels.Create<double>(new Recipe
        {
            Seed = 3, States = 1, Inputs = 1, Bins = 2, Dynamics = DynamicsChoice.MiniGru, Prior = prior, Readout = readout,
        });

        // As wide as the posterior and more: a narrow proposal would need samples without end.
        model.Posterior.Initial.Set([2]);
        model.Posterior.Time.Set([2]);
        model.Posterior.Space.Set([2]);
        var (solution, laplace, sampler) = Solve(model, trial, capacity);
        var map = solution.Trajectory;
        var at = new Trajectory<double>(2, 1, 1, solution.Problem.TapeLength);
        var (step, sum) = (0.04, 0.0);
        for (var i = -400; i <= 400; i++)
        {
            for (var j = -400; j <= 400; j++)
            {
                at.States[0, 0] = map.States[0, 0] + (step * i);
                at.Inputs[0, 0] = map.Inputs[0, 0] + (step * j);
                sum += Math.Exp(map.Cost - IterativeLqr<double>.RollOut(solution.Problem, at));
            }
        }

        var evidence = Math.Log(sum * step * step) - map.Cost;
        var shared = sampler.OfShared(solution, 50_000, 1, 0);
        Assert.Equal(evidence, shared.Bound, 0.03);
        Assert.True(shared.Elbo < evidence - 0.1);
        if (prior == PriorChoice.Gaussian)
        {
            // The Laplace posterior lacks the tails of a Student prior.
            Assert.Equal(evidence, ImportanceSampler<double>.OfLaplace(laplace, 50_000, 1, 0).Bound, 0.01);
        }
    }

    [Fact]
    public void Bounds_rise_with_the_number_of_samples()
    {
        var (_, model, trial, capacity) = RandomModels.Create<double>(Spiking);
        var (map, laplace, sampler) = Solve(model, trial, capacity);
        foreach (var isShared in (bool[])[true, false])
        {
            ImportanceBound Bound(int samples, ulong key) => isShared ? sampler.OfShared(map, samples, 2, key) : ImportanceSampler<double>.OfLaplace(laplace, samples, 2, key);
            const int Repeats = 400;
            double Mean(int samples) => Enumerable.Range(0, Repeats).Average(k => Bound(samples, (ulong)k).Bound);
            var (one, few, many) = (Mean(1), Mean(8), Mean(64));
            Assert.True(one < few && few < many, $"shared {isShared}: {one}, {few}, {many}");
            Assert.All(Enumerable.Range(0, 50), k => Assert.True(Bound(8, (ulong)k).Gap >= 0));

            // The mean of log w is the ELBO whatever the number of samples.
            var elbo = Enumerable.Range(0, Repeats).Average(k => Bound(8, (ulong)k).Elbo);
            var spread = Deviation([.. Enumerable.Range(0, Repeats).Select(k => Bound(1, (ulong)k).Elbo)]);
            Assert.InRange(one, elbo - (5 * spread / Math.Sqrt(Repeats)), elbo + (5 * spread / Math.Sqrt(Repeats)));
        }

        static double Deviation(double[] values)
        {
            var mean = values.Average();
            return Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
        }
    }

    [Fact]
    public void The_mean_under_the_shared_covariance_is_the_elbo_that_learning_uses()
    {
        var (recipe, model, trial, capacity) = RandomModels.Create<double>(Spiking with { Prior = PriorChoice.Gaussian });
        var (map, _, sampler) = Solve(model, trial, capacity);
        var weights = Enumerable.Range(0, 40).Select(k => sampler.OfShared(map, 500, 3, (ulong)k).Elbo).ToArray();
        var draws = new PosteriorDraws<double>(4000, capacity, recipe.States, recipe.Inputs);
        draws.SetBins(trial.Bins);
        draws.Fill(9, 1, 0);
        var elbo = new ElboEstimator<double>(model, capacity).Evaluate(map, draws, new ElboOptions(), null).Elbo;
        var error = Math.Sqrt(weights.Sum(w => (w - weights.Average()) * (w - weights.Average()))) / weights.Length;
        Assert.InRange(weights.Average(), elbo - (10 * error), elbo + (10 * error));
    }

    [Fact]
    public void Bounds_are_a_function_of_seed_and_trial()
    {
        var (_, model, trial, capacity) = RandomModels.Create<double>(Spiking);
        var (mapOfOne, laplaceOfOne, one) = Solve(model, trial, capacity);
        var (mapOfOther, laplaceOfOther, other) = Solve(model, trial, capacity);
        var before = other.OfShared(mapOfOther, 20, 7, 1);
        Assert.Equal(one.OfShared(mapOfOne, 20, 7, 4), other.OfShared(mapOfOther, 20, 7, 4));
        Assert.Equal(ImportanceSampler<double>.OfLaplace(laplaceOfOne, 20, 7, 4), ImportanceSampler<double>.OfLaplace(laplaceOfOther, 20, 7, 4));
        Assert.NotEqual(before.Bound, one.OfShared(mapOfOne, 20, 7, 4).Bound);
        Assert.NotEqual(ImportanceSampler<double>.OfLaplace(laplaceOfOne, 20, 8, 4).Bound, ImportanceSampler<double>.OfLaplace(laplaceOfOne, 20, 7, 4).Bound);
    }

    private static (MapSolution<double> Map, LaplacePosterior<double> Laplace, ImportanceSampler<double> Sampler) Solve(
        VariationalModel<double> model, PreparedTrial<double> trial, int capacity)
    {
        var solver = new MapSolver<double>(model.Generative, capacity);
        var map = solver.Solve(trial, null, Tight);
        Assert.Equal(SolverStatus.Converged, map.Status);
        var laplace = new LaplacePosterior<double>(solver);
        Assert.True(laplace.Prepare(map));
        return (map, laplace, new ImportanceSampler<double>(model, new ElboEstimator<double>(model, capacity)));
    }
}
