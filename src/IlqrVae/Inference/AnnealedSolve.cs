using System.Numerics;
using IlqrVae.Control;

namespace IlqrVae.Inference;

/// <summary>
/// The MAP inputs of a trial nobody has solved before. Where the learned dynamics is strong and inputs are rare, J has many local minima and a solve
/// from rest may end in a poor one; training does not notice, because its warm starts follow each trial from the days when the dynamics was weak. This
/// class repeats that history in a few steps: it solves first with cheap inputs, which lets states follow the data and makes the problem almost convex,
/// and raises their price to the prior's. The better of this and the solve from rest is kept.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class AnnealedSolve<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Weights of the inputs' prior, from cheap to its own.</summary>
    private static readonly double[] Weights = [1.0 / 256, 1.0 / 64, 1.0 / 16, 1.0 / 4];

    /// <summary>The solves on the way need not be exact.</summary>
    private const double CoarseTolerance = 0.1;
    private const int CoarseIterations = 25;

    private readonly ElboEstimator<T> _estimator;

    /// <summary>Solves with an estimator's workspace.</summary>
    /// <param name="estimator">The estimator; its solver holds the solution afterwards.</param>
    public AnnealedSolve(ElboEstimator<T> estimator) => _estimator = estimator;

    /// <summary>Finds the MAP inputs. Allocates two starts.</summary>
    /// <param name="trial">The trial.</param>
    /// <param name="options">Settings of the last solve.</param>
    /// <returns>How the better solve ended; its iterations, factorisations and products include all that was spent.</returns>
    public Solution Run(PreparedTrial<T> trial, SolverOptions options)
    {
        var states = _estimator.Solver.Current.States.Columns;
        var inputs = _estimator.Solver.Current.Inputs.Columns;
        var fromRest = new WarmStart<T>(trial.Bins, states, inputs);
        var start = new WarmStart<T>(trial.Bins, states, inputs);
        var rest = _estimator.SolveMap(trial, null, options);
        fromRest.CopyFrom(_estimator.Solver.Current);
        var spent = rest;
        var coarse = options with { Tolerance = Math.Max(options.Tolerance, CoarseTolerance), MaximumIterations = CoarseIterations };
        foreach (var weight in Weights)
        {
            _estimator.Problem.InputPriorWeight = weight;
            var step = _estimator.SolveMap(trial, start, coarse);
            start.CopyFrom(_estimator.Solver.Current);
            spent = Sum(spent, step);
        }

        _estimator.Problem.InputPriorWeight = 1;
        var annealed = _estimator.SolveMap(trial, start, options);
        spent = Sum(spent, annealed);
        var better = annealed;
        if (!(annealed.Cost <= rest.Cost))
        {
            // Back to the solve from rest, which from its own solution takes one look.
            better = _estimator.SolveMap(trial, fromRest, options);
            spent = Sum(spent, better);
        }

        return better with
        {
            InitialCost = rest.InitialCost,
            Iterations = spent.Iterations,
            Factorisations = spent.Factorisations,
            ConjugateGradientSteps = spent.ConjugateGradientSteps,
        };
    }

    private static Solution Sum(Solution a, Solution b) => b with
    {
        Iterations = a.Iterations + b.Iterations,
        Factorisations = a.Factorisations + b.Factorisations,
        ConjugateGradientSteps = a.ConjugateGradientSteps + b.ConjugateGradientSteps,
    };
}
