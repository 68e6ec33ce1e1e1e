using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models.Parameters;

namespace IlqrVae.Tests.Inference;

/// <summary>A worker's workspace outlives its trials: what overflowed in one must not be felt by the next.</summary>
public sealed class OverflowTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 24)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_trial_that_overflowed_leaves_nothing_behind_in_double_precision(int seed) => Check<double>(seed, [1e100, 1e116, 1e135, 1e140, 1e145, 1e150, 1e153, 1e154, 1e155, 1e160, 1e300, double.NaN]);

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_trial_that_overflowed_leaves_nothing_behind_in_single_precision(int seed) => Check<float>(seed, [1e3, 1e5, 1e10, 1e13, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 3e38, double.NaN]);

    /// <summary>Zero times infinity is NaN, in the padding of rows too, over which inner products run.</summary>
    [Theory]
    [MemberData(nameof(DynamicsChoice.Derived), MemberType = typeof(DynamicsChoice))]
    public void A_gradient_is_whole_again_after_an_infinite_one(string dynamics)
    {
        var (_, model, trial, capacity) = RandomModels.Create<float>(new Recipe { Seed = 4, States = 3, Inputs = 2, Bins = 9, Dynamics = dynamics, Readout = ReadoutChoice.Gaussian });
        var problem = new TrialProblem<float>(model.Generative, capacity);
        problem.Bind(trial);
        var adjoint = new AdjointSweep<float>(problem);
        var trajectory = new Trajectory<float>(capacity, 3, 2, problem.TapeLength);
        trajectory.SetBins(trial.Bins);
        IterativeLqr<float>.RollOut(problem, trajectory);
        adjoint.Run(problem, trajectory);
        var expected = adjoint.Gradient.Dot(adjoint.Gradient);
        Assert.True(double.IsFinite(expected) && expected > 0);

        trajectory.States.Row(0).Fill(3e38f);
        IterativeLqr<float>.RollOut(problem, trajectory);
        trajectory.States.Row(4).Fill(float.PositiveInfinity);
        adjoint.Run(problem, trajectory);
        Assert.False(double.IsFinite(adjoint.Gradient.Dot(adjoint.Gradient)));

        trajectory.ClearInputs();
        IterativeLqr<float>.RollOut(problem, trajectory);
        adjoint.Run(problem, trajectory);
        Assert.Equal(expected, adjoint.Gradient.Dot(adjoint.Gradient));
    }

    private static void Check<T>(int seed, double[] sizes)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var (_, model, trial, capacity) = RandomModels.Create<T>(RandomModels.RandomRecipe(3_000_000 + (ulong)seed));
        var options = new ElboOptions { Solver = new() { Tolerance = 1e-6, MaximumIterations = 30 }, GradientTolerance = 1e-4 };
        var (n, m) = (model.Generative.StateCount, model.Generative.InputCount);
        var expected = Evaluate(new MapSolver<T>(model.Generative, capacity), new ElboEstimator<T>(model, capacity), null);
        foreach (var size in sizes)
        {
            var used = new MapSolver<T>(model.Generative, capacity);
            var estimator = new ElboEstimator<T>(model, capacity);
            var laplace = new LaplacePosterior<T>(used);
            var search = new MapSearch<T>(used);
            foreach (var sign in (int[])[1, -1])
            {
                var far = new WarmStart<T>(trial.Bins, n, m);
                far.Values.AsSpan().Fill(T.CreateSaturating(sign * size));
                Evaluate(used, estimator, far);
                laplace.Prepare(used.Solve(trial, far, options.Solver));
                search.Run(trial, options.Solver);
            }

            Assert.Equal(expected, Evaluate(used, estimator, null));
        }

        double[] Evaluate(MapSolver<T> solver, ElboEstimator<T> estimator, WarmStart<T>? start)
        {
            var draws = new PosteriorDraws<T>(1, capacity, n, m);
            draws.SetBins(trial.Bins);
            draws.Fill(1, 2, 3);
            var gradient = new TrialGradient<T>(model, 1);
            var result = estimator.Evaluate(solver.Solve(trial, start, options.Solver), draws, options, gradient);
            var total = new ParameterGradient<T>(model.Parameters.All);
            gradient.AddTo(total);
            var raw = new double[model.Parameters.RawCount];
            model.Parameters.PullBack(total, raw);
            return [result.Elbo, result.LogLikelihood, result.Map.Cost, result.Map.Iterations, .. raw];
        }
    }
}
