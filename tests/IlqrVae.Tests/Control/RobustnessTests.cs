using System.Globalization;
using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Numerics;
using IlqrVae.Tests.Inference;

namespace IlqrVae.Tests.Control;

/// <summary>
/// Solves thousands of random problems, most of them unreasonable: recurrent weights up to a thousand, noise a thousandth of the signal, not one spike
/// or three hundred in every bin. Whatever the numbers, a solve ends without throwing, at a point no worse than its start, with a status that is true.
/// </summary>
public sealed class RobustnessTests(ITestOutputHelper output)
{
    private const int Extremes = 2000;
    private const int Ordinary = 500;

    [Fact]
    public void Extreme_problems_end_with_a_true_status_in_double_precision()
    {
        var counts = Solve<double>(Extremes, RandomModels.ExtremeRecipe, 1e-6);
        Assert.True(counts.Converged >= 0.86 * Extremes, $"{counts.Converged} of {Extremes} converged");
        Assert.True(counts.NonFinite <= 0.01 * Extremes, $"numbers overflowed in {counts.NonFinite} of {Extremes}");
    }

    [Fact]
    public void Extreme_problems_end_with_a_true_status_in_single_precision()
    {
        var counts = Solve<float>(Extremes, RandomModels.ExtremeRecipe, 1e-3);
        Assert.True(counts.Converged >= 0.86 * Extremes, $"{counts.Converged} of {Extremes} converged");
    }

    [Fact]
    public void Ordinary_problems_converge_almost_always_in_double_precision()
    {
        var counts = Solve<double>(Ordinary, OrdinaryRecipe, 1e-6);
        Assert.True(counts.Converged >= 0.995 * Ordinary, $"{counts.Converged} of {Ordinary} converged");
    }

    [Fact]
    public void Ordinary_problems_converge_almost_always_in_single_precision()
    {
        var counts = Solve<float>(Ordinary, OrdinaryRecipe, 1e-3);
        Assert.True(counts.Converged >= 0.995 * Ordinary, $"{counts.Converged} of {Ordinary} converged");
    }

    /// <summary>Observations that the model could have made.</summary>
    private static Recipe OrdinaryRecipe(ulong seed)
    {
        var recipe = RandomModels.RandomRecipe(seed);
        return recipe.Spikes == SpikeChoice.Saturated ? recipe with { Spikes = SpikeChoice.FromTheModel } : recipe;
    }

    private Counts Solve<T>(int count, Func<ulong, Recipe> recipes, double tolerance)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var statuses = new Dictionary<SolverStatus, int>();
        var (iterations, factorisations, products) = (0L, 0L, 0L);
        var misjudged = 0;
        for (var seed = 0UL; seed < (ulong)count; seed++)
        {
            var (recipe, model, trial, capacity) = RandomModels.Create<T>(recipes(seed));
            var solver = new MapSolver<T>(model.Generative, capacity);
            var solution = solver.Solve(trial, null, new SolverOptions { Tolerance = tolerance }).Report;
            misjudged += Check(recipe, solver, solution, tolerance) ? 0 : 1;
            statuses[solution.Status] = statuses.GetValueOrDefault(solution.Status) + 1;
            iterations += solution.Iterations;
            factorisations += solution.Factorisations;
            products += solution.ConjugateGradientSteps;
        }

        var shares = string.Join(", ", statuses.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key} {pair.Value}"));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{count} problems in {typeof(T).Name}: {shares}; {misjudged} converged too early; on average {(double)iterations / count:F1} iterations, {(double)factorisations / count:F1} factorisations, {(double)products / count:F1} Hessian products"));
        Assert.True(misjudged <= count / 500, $"{misjudged} of {count} are said to have converged but have not");
        return new(statuses.GetValueOrDefault(SolverStatus.Converged), statuses.GetValueOrDefault(SolverStatus.NonFinite));
    }

    /// <summary>Whether the status is true: false where the solve is said to have converged and a fresh decrement is far above its tolerance.</summary>
    private static bool Check<T>(Recipe recipe, MapSolver<T> solver, SolveReport solution, double tolerance)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var at = solver.Workspace.Current;
        Assert.True(IsFinite(at.States.RowRange(0, 1)) && IsFinite(at.Inputs), $"inputs that are not finite: {solution} {recipe}");
        Assert.Equal(at.Cost, solution.Cost);
        if (double.IsFinite(solution.InitialCost))
        {
            Assert.True(solution.Cost <= solution.InitialCost, $"the cost rose: {solution} {recipe}");
        }

        if (solution.Status != SolverStatus.NonFinite)
        {
            Assert.True(double.IsFinite(solution.Cost), $"a cost that is not finite: {solution} {recipe}");
            Assert.True(double.IsFinite(solution.Decrement), $"a decrement that is not finite: {solution} {recipe}");
        }

        if (solution.Status != SolverStatus.Converged)
        {
            return true;
        }

        // The decrement anew, with a fresh gradient and a fresh backward pass.
        var problem = solver.Problem;
        var adjoint = new AdjointSweep<T>(problem);
        var factors = new RiccatiFactors<T>(problem);
        var feedforward = new InputVector<T>(problem.Capacity, problem.StateCount, problem.InputCount);
        feedforward.SetBins(at.Bins);
        Assert.Equal(at.Cost, IterativeLqr<T>.RollOut(problem, at));
        adjoint.Run(problem, at);
        var regularisation = 0.0;
        while (!factors.Factorise(problem, at, regularisation))
        {
            regularisation = Math.Max(1e-3, 4 * regularisation);
            Assert.True(regularisation < 1e15, $"no factors at a point said to be converged: {solution} {recipe}");
        }

        // M + mu P is at most (1 + mu) M.
        var decrement = 0.5 * (1 + regularisation) * factors.SweepBack(problem, at, adjoint.Gradient, feedforward);
        var epsilon = typeof(T) == typeof(float) ? 1.2e-7 : 2.3e-16;
        var allowed = (20 * tolerance) + (100 * epsilon * (1 + Math.Abs(solution.Cost)));
        return decrement <= allowed;
    }

    private static bool IsFinite<T>(Matrix<T> matrix)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = 0; i < matrix.Rows; i++)
        {
            foreach (var x in matrix.Row(i))
            {
                if (!T.IsFinite(x))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private readonly record struct Counts(int Converged, int NonFinite);
}
