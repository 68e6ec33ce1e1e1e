using System.Numerics;
using IlqrVae.Control;

namespace IlqrVae.Inference;

/// <summary>
/// The MAP inputs of a trial nobody has solved before. Where the learned dynamics is strong and inputs are rare, J has many local minima, and a solve of
/// the whole trial from rest may end in a poor one: a small error of the initial state grows until no bin far away agrees with the data. Training does
/// not notice, because its warm starts follow each trial from the days when the dynamics was weak.
/// </summary>
/// <remarks>
/// A growing horizon avoids that: the first few bins, where J is almost convex, are solved alone, and then again and again with a quarter more bins,
/// each time from what was found before and no inputs after it. New bins are then predicted from a state that the data before them determine, and the
/// little they add corrects it. Where that and the solve from rest agree, as they do for gentle dynamics, the search is over. Else it goes on, with
/// other first horizons and with inputs that are cheap at first (which makes J almost convex too), and the best minimum is kept.
/// </remarks>
/// <typeparam name="T">float or double.</typeparam>
public sealed class MapSearch<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Bins of the first horizon, in the order in which they are tried.</summary>
    private static readonly int[] FirstHorizons = [10, 20, 30, 5];

    /// <summary>A horizon over the one before.</summary>
    private const double Growth = 1.25;

    /// <summary>Weights of the inputs' prior, from cheap to almost its own.</summary>
    private static readonly double[] Prices = [1.0 / 256, 1.0 / 64, 1.0 / 16, 1.0 / 4];

    /// <summary>The solves on the way need not be exact.</summary>
    private const double CoarseTolerance = 0.1;
    private const int CoarseIterations = 25;

    /// <summary>Two minima are the same when their costs differ by less than this many nats and by less than this share.</summary>
    private const double SameNats = 0.01;
    private const double SameShare = 1e-6;

    private readonly ElboEstimator<T> _estimator;

    /// <summary>Solves with an estimator's workspace.</summary>
    /// <param name="estimator">The estimator; its solver holds the solution afterwards.</param>
    public MapSearch(ElboEstimator<T> estimator) => _estimator = estimator;

    /// <summary>Finds the MAP inputs. Allocates two starts.</summary>
    /// <param name="trial">The trial.</param>
    /// <param name="options">Settings of the last solve.</param>
    /// <returns>How the best solve ended; its iterations, factorisations and products include all that was spent.</returns>
    public Solution Run(PreparedTrial<T> trial, SolverOptions options)
    {
        ArgumentNullException.ThrowIfNull(trial);
        ArgumentNullException.ThrowIfNull(options);
        var current = _estimator.Solver.Current;
        var bestStart = new WarmStart<T>(trial.Bins, current.States.Columns, current.Inputs.Columns);
        var start = new WarmStart<T>(trial.Bins, current.States.Columns, current.Inputs.Columns);
        var rest = _estimator.SolveMap(trial, null, options);
        bestStart.CopyFrom(_estimator.Solver.Current);
        var (best, spent, isLast) = (rest, rest, true);

        // Whether the one just tried is the best, the same as the best, or worse.
        bool Compare(Solution next)
        {
            var isSame = Math.Abs(next.Cost - best.Cost) <= SameNats + (SameShare * Math.Abs(best.Cost));
            isLast = next.Cost <= best.Cost || !double.IsFinite(best.Cost);
            if (isLast)
            {
                best = next;
                bestStart.CopyFrom(_estimator.Solver.Current);
            }

            return isSame;
        }

        var isFound = false;
        foreach (var first in FirstHorizons.Where(first => first < trial.Bins))
        {
            isFound = Compare(Grow(first));
            if (isFound)
            {
                break;
            }
        }

        if (!isFound)
        {
            Compare(FromCheapInputs(trial.Bins, options));
        }

        if (!isLast)
        {
            // Back to the best, which from its own solution takes one look.
            best = Solve(bestStart, options, trial.Bins);
        }

        return best with
        {
            InitialCost = rest.InitialCost,
            Iterations = spent.Iterations,
            Factorisations = spent.Factorisations,
            ConjugateGradientSteps = spent.ConjugateGradientSteps,
        };

        Solution Grow(int first)
        {
            FromCheapInputs(first, Coarse(options));
            for (var horizon = first * Growth; horizon < trial.Bins; horizon *= Growth)
            {
                Solve(start, Coarse(options), (int)horizon);
            }

            return Solve(start, options, trial.Bins);
        }

        Solution FromCheapInputs(int bins, SolverOptions last)
        {
            Array.Clear(start.Values);
            foreach (var price in Prices)
            {
                _estimator.Problem.InputPriorWeight = price;
                Solve(start, Coarse(options), bins);
            }

            _estimator.Problem.InputPriorWeight = 1;
            return Solve(start, last, bins);
        }

        Solution Solve(WarmStart<T> from, SolverOptions settings, int bins)
        {
            var solution = _estimator.SolveMap(trial, from, settings, bins);
            from.CopyFrom(_estimator.Solver.Current);
            spent = spent with
            {
                Iterations = spent.Iterations + solution.Iterations,
                Factorisations = spent.Factorisations + solution.Factorisations,
                ConjugateGradientSteps = spent.ConjugateGradientSteps + solution.ConjugateGradientSteps,
            };
            return solution;
        }
    }

    private static SolverOptions Coarse(SolverOptions options)
        => options with { Tolerance = Math.Max(options.Tolerance, CoarseTolerance), MaximumIterations = CoarseIterations };
}
