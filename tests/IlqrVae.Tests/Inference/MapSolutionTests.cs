using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;

namespace IlqrVae.Tests.Inference;

public sealed class MapSolutionTests
{
    private static readonly Recipe Spiking = new()
    {
        Seed = 11, States = 4, Inputs = 2, Bins = 14, SpareBins = 2, Dynamics = DynamicsChoice.MiniGru, Prior = PriorChoice.Student, Readout = ReadoutChoice.SpikesAndValues, MissingShare = 0.1,
    };

    [Fact]
    public void A_solution_whose_solver_has_solved_again_is_refused()
    {
        var (_, model, trial, capacity) = RandomModels.Create<double>(Spiking);
        var solver = new MapSolver<double>(model.Generative, capacity);
        var laplace = new LaplacePosterior<double>(solver);
        var search = new MapSearch<double>(solver);
        var sampler = new ImportanceSampler<double>(model, new ElboEstimator<double>(model, capacity));
        var draws = new PosteriorDraws<double>(1, capacity, 4, 2);
        foreach (var again in (Action[])[() => solver.Solve(trial, null, new SolverOptions { MaximumIterations = 0 }), () => search.Run(trial, new SolverOptions())])
        {
            var map = solver.Solve(trial, null, new SolverOptions());
            Assert.True(map.IsCurrent && map.IsUsable);
            Assert.True(laplace.Prepare(map));
            var cost = map.Cost;
            again();
            Assert.False(map.IsCurrent);
            Assert.Equal((cost, trial), (map.Cost, map.Trial));
            Assert.Throws<InvalidOperationException>(() => map.Trajectory);
            Assert.Throws<InvalidOperationException>(() => map.ObservedCount);
            Assert.Throws<InvalidOperationException>(() => laplace.Prepare(map));
            Assert.Throws<InvalidOperationException>(() => laplace.LogEvidence);
            Assert.Throws<InvalidOperationException>(() => laplace.Marginals());
            Assert.Throws<InvalidOperationException>(() => ImportanceSampler<double>.OfLaplace(laplace, 2, 1, 1));
            Assert.Throws<InvalidOperationException>(() => sampler.OfShared(map, 2, 1, 1));
            Assert.Throws<InvalidOperationException>(() => new ElboEstimator<double>(model, capacity).Evaluate(map, draws, new ElboOptions(), null));
            Assert.Throws<InvalidOperationException>(() => new OpenLoopPrediction<double>(model.Generative).Predict(map, [1]));
            Assert.Throws<InvalidOperationException>(() => new OpenLoopPrediction<double>(model.Generative).InputEffects(map));
            Assert.Throws<InvalidOperationException>(() => new WarmStart<double>(14, 4, 2).TryCopyFrom(map));
        }

        Assert.False(default(MapSolution<double>).IsCurrent);
        Assert.Throws<InvalidOperationException>(() => default(MapSolution<double>).Trajectory);
    }

    [Fact]
    public void A_solution_of_another_solver_and_one_of_a_part_are_refused_where_they_do_not_fit()
    {
        var (_, model, trial, capacity) = RandomModels.Create<double>(Spiking);
        var solver = new MapSolver<double>(model.Generative, capacity);
        var other = new MapSolver<double>(model.Generative, capacity).Solve(trial, null, new SolverOptions());
        Assert.Throws<ArgumentException>(() => new LaplacePosterior<double>(solver).Prepare(other));
        var part = solver.Solve(trial, null, new SolverOptions(), new SolveScope { Horizon = 5 });
        var draws = new PosteriorDraws<double>(1, capacity, 4, 2);
        Assert.Throws<ArgumentException>(() => new ElboEstimator<double>(model, capacity).Evaluate(part, draws, new ElboOptions(), null));
        Assert.Throws<ArgumentException>(() => new ElboEstimator<double>(model, 13).Evaluate(other, draws, new ElboOptions(), null));
        Assert.Equal(5, part.Trajectory.Bins);
    }

    /// <summary>What is built on a solution leaves it as it was, so that the order does not matter.</summary>
    [Fact]
    public void What_is_built_on_a_solution_does_not_depend_on_what_was_built_on_it_before()
    {
        var (recipe, model, trial, capacity) = RandomModels.Create<double>(Spiking);
        var solver = new MapSolver<double>(model.Generative, capacity);
        var options = new ElboOptions { Draws = 3 };
        Func<MapSolution<double>, double[]>[] analyses =
        [
            map =>
            {
                var random = new CounterRandom(1, 2, 3);
                return With(gradient => new EvidenceEstimator<double>(solver).Evaluate(map, options, ref random, gradient));
            },
            map =>
            {
                var laplace = new LaplacePosterior<double>(solver);
                Assert.True(laplace.Prepare(map));
                var marginals = laplace.Marginals();
                return [laplace.LogEvidence, .. marginals.States, .. marginals.Inputs, ImportanceSampler<double>.OfLaplace(laplace, 5, 1, 1).Bound];
            },
            map =>
            {
                var draws = new PosteriorDraws<double>(3, capacity, recipe.States, recipe.Inputs);
                draws.SetBins(trial.Bins);
                draws.Fill(1, 2, 3);
                return With(gradient => new ElboEstimator<double>(model, capacity).Evaluate(map, draws, options, gradient));
            },
            map => [new ImportanceSampler<double>(model, new ElboEstimator<double>(model, capacity)).OfShared(map, 5, 1, 1).Bound],
            map => [.. new OpenLoopPrediction<double>(model.Generative).Predict(map, [2])[0].States.Values],
        ];
        var alone = analyses.Select(analysis => analysis(Solve())).ToArray();
        foreach (var order in (int[][])[[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 1, 0, 2]])
        {
            var map = Solve();
            Assert.All(order, i => Assert.Equal(alone[i], analyses[i](map)));
        }

        MapSolution<double> Solve() => solver.Solve(trial, null, new SolverOptions { Tolerance = 1e-10 });

        double[] With(Func<TrialGradient<double>, ElboResult> evaluate)
        {
            var gradient = new TrialGradient<double>(model, options.Draws);
            var result = evaluate(gradient);
            var total = new ParameterGradient<double>(model.Parameters.All);
            gradient.AddTo(total);
            var raw = new double[model.Parameters.RawCount];
            model.Parameters.PullBack(total, raw);
            return [result.Elbo, result.LogLikelihood, .. raw];
        }
    }

    [Fact]
    public void Inference_needs_a_generative_model_alone()
    {
        var (_, model, trial, capacity) = RandomModels.Create<double>(Spiking);
        var analyses = new TrialAnalyses { ImportanceSamples = 4, Horizons = [1], InputEffects = true, SpreadSamples = 10 };
        var draws = new PosteriorDraws<double>(1, capacity, 4, 2);
        draws.SetBins(trial.Bins);
        var alone = new TrialInference<double>(model.Generative, capacity).Infer(trial, new ElboOptions(), draws, 2, new CounterRandom(1), analyses);
        var whole = new TrialInference<double>(model, capacity).Infer(trial, new ElboOptions(), null, 2, new CounterRandom(1), analyses);
        Assert.Equal(whole.Map, alone.Map);
        Assert.Equal(whole.LogEvidence, alone.LogEvidence);
        Assert.Equal(whole.States.Values, alone.States.Values);
        Assert.Equal(whole.StateDeviations.Values, alone.StateDeviations.Values);
        Assert.Equal(whole.Samples[1].LogWeight, alone.Samples[1].LogWeight);
        Assert.Equal(whole.LaplaceBound, alone.LaplaceBound);
        Assert.NotNull(alone.LaplaceSpread);
        Assert.NotNull(whole.SharedBound);
        Assert.Equal((null, null, null), (alone.Elbo, alone.SharedBound, alone.SharedSpread));
    }
}
