using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Numerics;
using IlqrVae.Tests.Inference;

namespace IlqrVae.Tests.Control;

/// <summary>How the solver converges, and that it allocates nothing.</summary>
public sealed class SolverTests
{
    private static readonly Recipe SmallRecipe = new()
    {
        Seed = 3,
        States = 6,
        Inputs = 2,
        Channels = 20,
        Bins = 50,
        Dynamics = DynamicsChoice.MiniGru,
        Prior = PriorChoice.Student,
        Readout = ReadoutChoice.PoissonExp,
        PriorScale = 0.3,
        ReadoutScale = 2,
    };

    [Fact]
    public void Newton_steps_finish_superlinearly_where_gauss_newton_steps_drift()
    {
        var (_, model, trial, capacity) = RandomModels.Create<double>(SmallRecipe);
        var solver = new MapSolver<double>(model.Generative, capacity);
        var tight = new SolverOptions { Tolerance = 1e-12 };

        var newton = solver.Solve(trial, null, tight).Report;
        Assert.Equal(SolverStatus.Converged, newton.Status);
        Assert.InRange(newton.Iterations, 1, 10);
        Assert.InRange(newton.Factorisations, 1, 5);

        var gaussNewton = solver.Solve(trial, null, tight with { MaximumConjugateGradientSteps = 0 }).Report;
        Assert.Equal(0, gaussNewton.ConjugateGradientSteps);
        Assert.True(gaussNewton.Factorisations >= 2 * newton.Factorisations, $"{gaussNewton.Factorisations} and {newton.Factorisations} factorisations");
        Assert.Equal(newton.Cost, gaussNewton.Cost, 1e-6);
    }

    [Fact]
    public void A_start_at_the_solution_ends_at_once()
    {
        var (recipe, model, trial, capacity) = RandomModels.Create<double>(SmallRecipe);
        var solver = new MapSolver<double>(model.Generative, capacity);
        solver.Solve(trial, null, new SolverOptions { Tolerance = 1e-12 });
        var start = new WarmStart<double>(trial.Bins, recipe.States, recipe.Inputs);
        start.CopyFrom(solver.Workspace.Current);

        var again = solver.Solve(trial, start, new SolverOptions { Tolerance = 1e-9 }).Report;
        Assert.Equal(SolverStatus.Converged, again.Status);
        Assert.Equal(0, again.Iterations);
        Assert.Equal(1, again.Factorisations);
        Assert.Equal(again.InitialCost, again.Cost);
    }

    [Fact]
    public void A_start_near_the_solution_takes_one_factorisation()
    {
        var (recipe, model, trial, capacity) = RandomModels.Create<double>(SmallRecipe);
        var solver = new MapSolver<double>(model.Generative, capacity);
        solver.Solve(trial, null, new SolverOptions());
        var start = new WarmStart<double>(trial.Bins, recipe.States, recipe.Inputs);
        start.CopyFrom(solver.Workspace.Current);
        var raw = new double[model.Parameters.RawCount];
        model.Parameters.CopyRawTo(raw);
        var random = new CounterRandom(5);
        for (var i = 0; i < raw.Length; i++)
        {
            raw[i] += random.NextInt32(2) == 0 ? -0.01 : 0.01;
        }

        model.SetRaw(raw);
        var warm = solver.Solve(trial, start, new SolverOptions()).Report;
        Assert.Equal(SolverStatus.Converged, warm.Status);
        Assert.Equal(1, warm.Factorisations);
        Assert.InRange(warm.ConjugateGradientSteps, 1, 12);
    }

    [Fact]
    public void A_solve_that_is_cut_short_says_so_and_keeps_its_best_point()
    {
        var (_, model, trial, capacity) = RandomModels.Create<double>(SmallRecipe);
        var solver = new MapSolver<double>(model.Generative, capacity);
        var whole = solver.Solve(trial, null, new SolverOptions { Tolerance = 1e-12 }).Report;
        for (var limit = 0; limit < whole.Iterations; limit++)
        {
            var cut = solver.Solve(trial, null, new SolverOptions { Tolerance = 1e-12, MaximumIterations = limit }).Report;
            Assert.Equal(SolverStatus.MaximumIterations, cut.Status);
            Assert.Equal(limit, cut.Iterations);
            Assert.InRange(cut.Cost, whole.Cost - 1e-9, cut.InitialCost);
            Assert.Contains("limit", cut.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_start_that_overflows_is_replaced_by_rest()
    {
        var (recipe, model, trial, capacity) = RandomModels.Create<double>(SmallRecipe);
        var solver = new MapSolver<double>(model.Generative, capacity);
        var start = new WarmStart<double>(trial.Bins, recipe.States, recipe.Inputs);
        Array.Fill(start.Values, 1e200);
        var solution = solver.Solve(trial, start, new SolverOptions()).Report;
        Assert.False(double.IsFinite(solution.InitialCost));
        Assert.Equal(SolverStatus.Converged, solution.Status);
        Assert.Equal(solver.Solve(trial, null, new SolverOptions()).Cost, solution.Cost);
    }

    [Fact]
    public void The_same_problem_gives_the_same_bits()
    {
        var (_, model, trial, capacity) = RandomModels.Create<double>(SmallRecipe);
        var used = new MapSolver<double>(model.Generative, capacity);
        used.Solve(trial, null, new SolverOptions { MaximumIterations = 2 });
        var first = used.Solve(trial, null, new SolverOptions());
        var fresh = new MapSolver<double>(model.Generative, capacity).Solve(trial, null, new SolverOptions());
        Assert.Equal(first.Report, fresh.Report);
        Assert.Equal(first.Trajectory.Inputs.ToArray(), fresh.Trajectory.Inputs.ToArray());
    }

    public static TheoryData<string, string> Parts
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var dynamics in DynamicsChoice.All)
            {
                data.Add(dynamics, ReadoutChoice.All[data.Count / 2 % ReadoutChoice.All.Count]);
                data.Add(dynamics, ReadoutChoice.SpikesAndValues);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Parts))]
    public void Solving_and_evaluating_allocate_nothing(string dynamics, string readout)
    {
        foreach (var recordedBins in (int[])[IterativeLqr<double>.DefaultRecordedBins, 1])
        {
            AllocateNothing<double>(dynamics, readout, recordedBins);
            AllocateNothing<float>(dynamics, readout, recordedBins);
        }
    }

    private static void AllocateNothing<T>(string dynamics, string readout, int recordedBins)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        foreach (var prior in PriorChoice.All)
        {
            var (_, model, trial, capacity) = RandomModels.Create<T>(new Recipe
            {
                Seed = 12,
                Dynamics = dynamics,
                Prior = prior,
                Readout = readout,
                SpareBins = 1,
                External = 1,
                MissingShare = 0.2,
            });
            var solver = new MapSolver<T>(model.Generative, capacity, recordedBins, recordedBins);
            var estimator = new ElboEstimator<T>(model, capacity, recordedBins);
            var gradient = new TrialGradient<T>(model, 2);
            var draws = new PosteriorDraws<T>(2, capacity, model.Generative.StateCount, model.Generative.InputCount);
            draws.SetBins(trial.Bins);
            draws.Fill(1, 0, 0);
            var options = new ElboOptions();
            var start = new WarmStart<T>(trial.Bins, model.Generative.StateCount, model.Generative.InputCount);

            // Warm up, twice, and past the first tier of the compiler.
            for (var i = 0; i < 3; i++)
            {
                Run();
            }

            // The least of a few runs: a collection that falls into one of them moves the thread's count.
            var least = long.MaxValue;
            for (var i = 0; i < 3 && least != 0; i++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                Run();
                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            }

            Assert.Equal(0, least);

            void Run()
            {
                start.CopyFrom(solver.Solve(trial, null, options.Solver).Trajectory);
                draws.Fill(1, 2, 3);
                var map = solver.Solve(trial, start, options.Solver);
                estimator.Evaluate(map, draws, options, gradient);
                estimator.Evaluate(map, draws, options, null);
            }
        }
    }
}
