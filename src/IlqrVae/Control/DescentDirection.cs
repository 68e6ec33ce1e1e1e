using System.Numerics;

namespace IlqrVae.Control;

/// <summary>
/// The direction of a step. Far from the minimum, while it makes progress, that of Gauss-Newton: the backward pass of iLQR (Li and Todorov, 2004). Elsewhere
/// the Newton direction by conjugate gradients with the exact Hessian, truncated by the rule of Eisenstat and Walker (Nocedal and Wright, Algorithm 7.1). Where
/// these meet negative curvature, the better of the two.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class DescentDirection<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Gauss-Newton steps are taken while the decrement is above this many nats for each variable; closer, Newton steps.</summary>
    private const double FarAway = 0.05;

    /// <summary>The residual left at most.</summary>
    private const double LargestResidual = 0.3;

    /// <summary>The residual left for a decrement of one nat a variable; it falls with the root of the decrement, for superlinear convergence.</summary>
    private const double Superlinear = 0.1;

    /// <summary>Of what the tolerance asks for in the end, the residual that is small enough.</summary>
    private const double Sufficient = 0.3;

    /// <summary>A Gauss-Newton step shorter than this makes no progress.</summary>
    private const double ShortStep = 0.1;

    private readonly ShootingProblem<T> _problem;
    private readonly ConjugateGradients<T> _conjugateGradients;
    private readonly ExactHessian<T> _hessian;
    private readonly RiccatiFactors<T> _factors;
    private readonly AdjointSweep<T> _adjoint;
    private readonly LineSearch<T> _lineSearch;
    private bool _gaussNewtonWorks;

    /// <summary>Works with what a solver has.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="adjoint">Costates and gradient at the iterate.</param>
    /// <param name="factors">The preconditioner.</param>
    /// <param name="hessian">Products with the exact Hessian.</param>
    /// <param name="conjugateGradients">The conjugate gradients.</param>
    /// <param name="lineSearch">To compare full steps.</param>
    public DescentDirection(
        ShootingProblem<T> problem,
        AdjointSweep<T> adjoint,
        RiccatiFactors<T> factors,
        ExactHessian<T> hessian,
        ConjugateGradients<T> conjugateGradients,
        LineSearch<T> lineSearch)
    {
        _problem = problem;
        _adjoint = adjoint;
        _factors = factors;
        _hessian = hessian;
        _conjugateGradients = conjugateGradients;
        _lineSearch = lineSearch;
    }

    /// <summary>Products with the exact Hessian since the start of the solve.</summary>
    public int Products { get; private set; }

    /// <summary>The start of a solve.</summary>
    public void Begin()
    {
        _gaussNewtonWorks = true;
        Products = 0;
    }

    /// <summary>Half the squared Newton decrement in the metric of the factors, an estimate of J - J*; the first half of the Gauss-Newton direction.</summary>
    /// <param name="current">The iterate.</param>
    public double Decrement(Trajectory<T> current)
    {
        _conjugateGradients.Begin(_problem, current, _factors, _adjoint.Gradient, -1);
        return 0.5 * _conjugateGradients.PreconditionedNormSquared;
    }

    /// <summary>Finds a direction, after <see cref="Decrement"/>.</summary>
    /// <param name="current">The iterate.</param>
    /// <param name="decrement">The decrement there.</param>
    /// <param name="options">Settings of the solve.</param>
    /// <param name="regularisation">mu.</param>
    /// <param name="result">How the conjugate gradients ended, by default where there were none.</param>
    public SearchDirection<T> Find(Trajectory<T> current, double decrement, SolverOptions options, double regularisation, out ConjugateGradientResult result)
    {
        result = default;
        var variables = _problem.StateCount + ((double)(current.Bins - 1) * _problem.InputCount);
        if (options.MaximumConjugateGradientSteps == 0 || (_gaussNewtonWorks && decrement > FarAway * variables))
        {
            return GaussNewton(current);
        }

        var superlinear = Superlinear * Math.Sqrt(decrement / variables);
        var sufficient = Sufficient * Math.Sqrt(options.Tolerance / decrement);
        result = _conjugateGradients.Continue(
            _problem, current, _adjoint, _factors, _hessian,
            Math.Min(LargestResidual, Math.Max(superlinear, sufficient)), options.MaximumConjugateGradientSteps, regularisation);
        Products += result.Iterations;
        var meetsNegative = result.Status == ConjugateGradientStatus.NegativeCurvature;
        return result.Status == ConjugateGradientStatus.Converged || (meetsNegative && result.Iterations == 1)
            ? Newton(current)
            : BetterOfBoth(current, meetsNegative);
    }

    /// <summary>After a step: whether Gauss-Newton steps still make progress.</summary>
    /// <param name="step">The step.</param>
    /// <param name="isNewton">Whether it was along a Newton direction.</param>
    /// <returns>Whether it was a Gauss-Newton step that was judged by this, so that regularisation has no say.</returns>
    public bool Judge(double step, bool isNewton)
    {
        if (!_gaussNewtonWorks || isNewton)
        {
            return false;
        }

        _gaussNewtonWorks = step >= ShortStep;
        return true;
    }

    /// <summary>The Newton direction where its full step is better; it is no candidate where the conjugate gradients ended for another reason than negative curvature.</summary>
    private SearchDirection<T> BetterOfBoth(Trajectory<T> current, bool isCandidate)
    {
        var newtonCost = isCandidate ? _lineSearch.RollOut(current, Newton(current), T.One) : double.PositiveInfinity;
        _lineSearch.RestoreTape(current);
        Decrement(current);
        var gaussNewton = GaussNewton(current);
        if (!isCandidate || !(newtonCost < _lineSearch.RollOut(current, gaussNewton, T.One)))
        {
            return gaussNewton;
        }

        _lineSearch.RestoreTape(current);
        return Newton(current);
    }

    private SearchDirection<T> Newton(Trajectory<T> current) => _conjugateGradients.SearchDirection(_problem, current);

    private SearchDirection<T> GaussNewton(Trajectory<T> current) => new(_conjugateGradients.RollOutPreconditioned(_problem, current, _factors));
}
