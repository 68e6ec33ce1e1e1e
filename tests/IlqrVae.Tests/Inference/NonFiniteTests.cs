using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Numerics;

namespace IlqrVae.Tests.Inference;

/// <summary>Numbers that are not finite, wherever they come from, end in a status; nothing throws, nothing runs for ever.</summary>
public sealed class NonFiniteTests
{
    public static TheoryData<double> Bad => [double.NaN, double.PositiveInfinity, double.NegativeInfinity];

    [Theory]
    [MemberData(nameof(Bad))]
    public void A_trial_that_holds_one_is_not_usable_and_all_that_is_built_on_it_says_so(double bad)
    {
        foreach (var external in (bool[])[true, false])
        {
            var (recipe, model, trial, capacity) = Create();
            if (external)
            {
                trial.External[2, 0] = bad;
            }
            else
            {
                trial.Observations[1].Values[3, 1] = bad;
            }

            var solver = new MapSolver<double>(model.Generative, capacity);
            var map = solver.Solve(trial, null, new SolverOptions());
            Assert.Equal(SolverStatus.NonFinite, map.Status);
            Assert.False(map.IsUsable);
            Assert.Equal(0, map.Report.Iterations);
            Assert.False(new WarmStart<double>(trial.Bins, recipe.States, recipe.Inputs).TryCopyFrom(map));

            var draws = Draws(recipe, capacity, trial.Bins);
            var gradient = new TrialGradient<double>(model, 1);
            Assert.Equal(double.NegativeInfinity, new ElboEstimator<double>(model, capacity).Evaluate(map, draws, new ElboOptions(), gradient).Elbo);
            Assert.Equal(0, gradient.Others.SumOfSquares());
            var random = new CounterRandom(1);
            Assert.Equal(double.NegativeInfinity, new EvidenceEstimator<double>(solver).Evaluate(map, new ElboOptions(), ref random, gradient).Elbo);
            Assert.Equal(0, gradient.Others.SumOfSquares());

            var estimate = new TrialInference<double>(model, capacity).Infer(
                trial, new ElboOptions(), draws, 2, new CounterRandom(1), new TrialAnalyses { ImportanceSamples = 3, Horizons = [1], InputEffects = true, SpreadSamples = 3 });
            Assert.Equal(SolverStatus.NonFinite, estimate.Map.Status);
            Assert.True(double.IsNaN(estimate.LogEvidence));
            Assert.Equal(double.NegativeInfinity, estimate.Elbo!.Value.Elbo);
            Assert.Empty(estimate.Samples);
            Assert.Equal((null, null), (estimate.SharedBound, estimate.LaplaceBound));
            Assert.All(estimate.StateDeviations.Values, deviation => Assert.True(double.IsNaN(deviation)));
        }
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void Starts_settings_and_draws_that_hold_one_end_the_solve_or_the_estimate(double bad)
    {
        var (recipe, model, trial, capacity) = Create();
        var solver = new MapSolver<double>(model.Generative, capacity);
        var expected = solver.Solve(trial, null, new SolverOptions()).Cost;
        var start = new WarmStart<double>(trial.Bins, recipe.States, recipe.Inputs);
        start.Values[1] = bad;
        var replaced = solver.Solve(trial, start, new SolverOptions());
        Assert.Equal((SolverStatus.Converged, expected), (replaced.Status, replaced.Cost));

        Assert.True(double.IsFinite(solver.Solve(trial, null, new SolverOptions { Tolerance = bad }).Cost));
        Assert.True(double.IsFinite(solver.Solve(trial, null, new SolverOptions { SufficientDecrease = bad }).Cost));
        Assert.NotEqual(SolverStatus.Converged, solver.Solve(trial, null, new SolverOptions(), new SolveScope { InputPriorWeight = bad }).Status);

        var map = solver.Solve(trial, null, new SolverOptions());
        var draws = Draws(recipe, capacity, trial.Bins);
        draws.Inputs(0)[2, 0] = bad;
        var estimator = new ElboEstimator<double>(model, capacity);
        Assert.False(double.IsFinite(estimator.Evaluate(map, draws, new ElboOptions(), new TrialGradient<double>(model, 1)).Elbo));
        Assert.False(double.IsFinite(estimator.SampleShared(map, draws, 0, out _).Cost));

        // The solution is as it was.
        Assert.Equal(expected, map.Trajectory.Cost);
        var laplace = new LaplacePosterior<double>(solver);
        Assert.True(laplace.Prepare(map));
        Assert.True(double.IsFinite(laplace.LogEvidence));
    }

    private static RandomModel<double> Create() => RandomModels.Create<double>(new Recipe
    {
        Seed = 9, Bins = 8, External = 1, Dynamics = DynamicsChoice.MiniGru, Prior = PriorChoice.Student, Readout = ReadoutChoice.SpikesAndValues,
    });

    private static PosteriorDraws<double> Draws(Recipe recipe, int capacity, int bins)
    {
        var draws = new PosteriorDraws<double>(1, capacity, recipe.States, recipe.Inputs);
        draws.SetBins(bins);
        draws.Fill(1, 2, 3);
        return draws;
    }
}
