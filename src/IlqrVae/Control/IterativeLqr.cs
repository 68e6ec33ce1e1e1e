using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Control;

/// <summary>
/// Minimises a shooting problem over the initial state and the inputs. Gauss-Newton steps by Riccati backward passes (iLQR, Li and Todorov 2004)
/// far from the minimum; near it, truncated Newton steps whose conjugate gradients are preconditioned with the last backward pass, which converge
/// superlinearly without further factorisations.
/// </summary>
/// <remarks>
/// Numbers never make it throw: it returns its best point and a true status. Levenberg-Marquardt regularisation follows Tassa, Erez and Todorov
/// (2012). A solver owns its workspace, serves one thread at a time and allocates nothing in <see cref="Solve"/>.
/// </remarks>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class IterativeLqr<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const double FirstRegularisation = 1e-3;
    private const double LargestRegularisation = 1e12;
    private const int LineSearchSteps = 12;

    /// <summary>A step counts as Newton-like when its decrease is within this factor of the quadratic model's.</summary>
    private const double TrustedRatio = 0.3;

    private static readonly double MachineEpsilon = typeof(T) == typeof(float) ? 1.2e-7 : 2.3e-16;

    private readonly ShootingProblem<T> _problem;
    private readonly InputVector<T> _descent;
    private Trajectory<T> _candidate;
    private double _regularisation;

    /// <summary>Allocates the workspace of a problem.</summary>
    /// <param name="problem">The problem; its capacity bounds the number of bins.</param>
    public IterativeLqr(ShootingProblem<T> problem)
    {
        _problem = problem;
        Current = new Trajectory<T>(problem.Capacity, problem.StateCount, problem.InputCount, problem.TapeLength);
        _candidate = new Trajectory<T>(problem.Capacity, problem.StateCount, problem.InputCount, problem.TapeLength);
        Adjoint = new AdjointSweep<T>(problem);
        Factors = new RiccatiFactors<T>(problem);
        Hessian = new ExactHessian<T>(problem);
        ConjugateGradients = new ConjugateGradients<T>(problem);
        _descent = new InputVector<T>(problem.Capacity, problem.StateCount, problem.InputCount);
    }

    /// <summary>The start before a solve (its decision variables; set the bins first) and the best point after it.</summary>
    public Trajectory<T> Current { get; private set; }

    /// <summary>Costates and gradient; after a solve that converged, those of <see cref="Current"/>.</summary>
    public AdjointSweep<T> Adjoint { get; }

    /// <summary>The last Riccati factors, at <see cref="Current"/> or an iterate shortly before it.</summary>
    public RiccatiFactors<T> Factors { get; }

    /// <summary>The exact Hessian's workspace.</summary>
    public ExactHessian<T> Hessian { get; }

    /// <summary>The conjugate gradients' workspace.</summary>
    public ConjugateGradients<T> ConjugateGradients { get; }

    /// <summary>Rolls a trajectory's decision variables out through the dynamics and evaluates the cost.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="trajectory">The trajectory.</param>
    /// <returns>The cost; infinity where it is not a number.</returns>
    public static double RollOut(ShootingProblem<T> problem, Trajectory<T> trajectory)
    {
        for (var t = 0; t < trajectory.Bins - 1; t++)
        {
            problem.Step(t, trajectory.States.RowPointer(t), trajectory.Inputs.RowPointer(t), trajectory.States.RowPointer(t + 1), TapeRow(trajectory, t));
        }

        return trajectory.Cost = FiniteOrInfinite(problem.Cost(trajectory));
    }

    /// <summary>Minimises the problem from the decision variables in <see cref="Current"/>.</summary>
    /// <param name="options">Settings.</param>
    public Solution Solve(SolverOptions options)
    {
        var bins = _problem.Bins;
        if (Current.Bins != bins)
        {
            Current.SetBins(bins);
            Current.ClearInputs();
        }

        _candidate.SetBins(bins);
        _descent.SetBins(bins);
        var passesBefore = Factors.Passes;
        var initialCost = RollOut(_problem, Current);
        if (!double.IsFinite(initialCost))
        {
            // A warm start can overflow under changed parameters; rest is the natural second try.
            Current.ClearInputs();
            var atRest = RollOut(_problem, Current);
            if (!double.IsFinite(atRest))
            {
                return new Solution(SolverStatus.NonFinite, initialCost, atRest, double.NaN, 0, 0, 0);
            }
        }

        var variables = _problem.StateCount + ((bins - 1) * _problem.InputCount);
        var products = 0;
        var decrement = double.PositiveInfinity;
        var mustFactorise = true;
        var mayUseNewton = false;
        var status = SolverStatus.MaximumIterations;
        var previousDecrement = double.PositiveInfinity;
        var iteration = 0;
        _regularisation = 0;
        Adjoint.Run(_problem, Current);
        for (; iteration < options.MaximumIterations; iteration++)
        {
            if (mustFactorise && !FactoriseRegularised())
            {
                status = SolverStatus.NonFinite;
                break;
            }

            _descent.CopyFrom(Adjoint.Gradient);
            _descent.Scale(-1);
            var isFresh = mustFactorise;
            var useNewton = mayUseNewton && options.MaximumConjugateGradientSteps > 0;
            var direction = ConjugateGradients.Solution;
            if (useNewton)
            {
                var nearness = Math.Sqrt(previousDecrement / variables);
                var floor = 0.3 * Math.Sqrt(options.Tolerance / previousDecrement);
                var result = ConjugateGradients.Solve(
                    _problem, Current, Adjoint, Factors, Hessian, _descent,
                    Math.Min(0.3, Math.Max(nearness * 0.1, floor)), options.MaximumConjugateGradientSteps);
                products += result.Iterations;
                decrement = 0.5 * ConjugateGradients.PreconditionedNormSquared;
                if (result.Status is ConjugateGradientStatus.NegativeCurvature or ConjugateGradientStatus.NonFinite)
                {
                    mayUseNewton = false;
                    mustFactorise = true;
                    continue;
                }

                mustFactorise = result.Status == ConjugateGradientStatus.MaximumIterations;
            }
            else
            {
                Factors.Apply(_problem, Current, _descent, direction);
                decrement = 0.5 * _descent.Dot(direction.Direction);
            }

            var visible = 50 * MachineEpsilon * (1 + Math.Abs(Current.Cost));
            if (!double.IsFinite(decrement))
            {
                status = SolverStatus.NonFinite;
                break;
            }

            if (decrement <= options.Tolerance && _regularisation <= FirstRegularisation)
            {
                status = SolverStatus.Converged;
                break;
            }

            if (decrement <= visible && decrement > 0.5 * previousDecrement)
            {
                status = SolverStatus.Converged;
                break;
            }

            if (!useNewton && isFresh && _regularisation <= FirstRegularisation && decrement < 0.02 * variables
                && options.MaximumConjugateGradientSteps > 0 && !mayUseNewton && previousDecrement != decrement)
            {
                // Close enough for the quadratic model: take the Newton direction instead, with the factors just made.
                mayUseNewton = true;
                mustFactorise = false;
                previousDecrement = decrement;
                continue;
            }

            previousDecrement = decrement;
            var slope = Adjoint.Gradient.Dot(direction.Direction);
            var step = LineSearch(direction, slope, options.SufficientDecrease, decrement <= visible ? Math.Min(initialCost, Current.Cost + visible) : double.NegativeInfinity);
            if (step > 0)
            {
                var predicted = -slope * step * (1 - (0.5 * step));
                var achieved = Current.Cost - _candidate.Cost;
                (Current, _candidate) = (_candidate, Current);
                var trusted = step == 1 && achieved > TrustedRatio * predicted && achieved < predicted / TrustedRatio;
                _regularisation = step == 1 ? Decreased(_regularisation) : _regularisation;
                if (!useNewton)
                {
                    mayUseNewton = trusted && decrement < 0.5 * variables;
                    mustFactorise = !mayUseNewton;
                }

                Adjoint.Run(_problem, Current);
            }
            else if (useNewton || !isFresh)
            {
                mayUseNewton = false;
                mustFactorise = true;
            }
            else if (decrement <= visible)
            {
                status = SolverStatus.Converged;
                break;
            }
            else
            {
                _regularisation = Math.Max(FirstRegularisation, _regularisation * 8);
                mustFactorise = true;
                if (_regularisation > LargestRegularisation)
                {
                    status = SolverStatus.Stalled;
                    break;
                }
            }
        }

        return new Solution(status, initialCost, Current.Cost, decrement, iteration, Factors.Passes - passesBefore, products);
    }

    private static double Decreased(double regularisation)
    {
        var next = regularisation / 8;
        return next < 1e-6 ? 0 : next;
    }

    private static double FiniteOrInfinite(double cost) => double.IsFinite(cost) ? cost : double.PositiveInfinity;

    private static T* TapeRow(Trajectory<T> trajectory, int t) => trajectory.Tape.Rows == 0 ? null : trajectory.Tape.RowPointer(t);

    private bool FactoriseRegularised()
    {
        while (!Factors.Factorise(_problem, Current, _regularisation))
        {
            _regularisation = Math.Max(FirstRegularisation, _regularisation * 8);
            if (_regularisation > LargestRegularisation)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Armijo backtracking from the full step, rolling out with feedback around the tangent:
    /// u_t = ubar_t + alpha du_t + K_t (z_t - zbar_t - alpha dz_t).
    /// For a Gauss-Newton direction, du = k + K dz, this is iLQR's forward pass.
    /// </summary>
    /// <returns>The accepted step, or 0. The candidate holds its trajectory.</returns>
    private double LineSearch(TangentRollout<T> direction, double slope, double sufficientDecrease, double ceiling)
    {
        if (!(slope < 0))
        {
            return 0;
        }

        var step = 1.0;
        for (var k = 0; k < LineSearchSteps; k++, step *= 0.5)
        {
            if (RollOutWithFeedback(direction, T.CreateChecked(step)) <= Math.Max(Current.Cost + (sufficientDecrease * step * slope), ceiling))
            {
                return step;
            }
        }

        return 0;
    }

    private double RollOutWithFeedback(TangentRollout<T> direction, T step)
    {
        var n = _problem.StateCount;
        var m = _problem.InputCount;
        var deviation = stackalloc T[Matrix<T>.PaddedLength(n)];
        Elementwise.Clear(deviation, Matrix<T>.PaddedLength(n));
        var z = _candidate.States.RowPointer(0);
        Elementwise.Copy(Current.States.RowPointer(0), z, n);
        Gemv.AddScaled(step, direction.States.RowPointer(0), z, n);
        for (var t = 0; t < Current.Bins - 1; t++)
        {
            z = _candidate.States.RowPointer(t);
            Elementwise.Subtract(z, Current.States.RowPointer(t), deviation, n);
            Gemv.AddScaled(-step, direction.States.RowPointer(t), deviation, n);
            var u = _candidate.Inputs.RowPointer(t);
            Gemv.Multiply(Factors.Gain(t), deviation, u);
            Gemv.AddScaled(T.One, Current.Inputs.RowPointer(t), u, m);
            Gemv.AddScaled(step, direction.Direction.Inputs.RowPointer(t), u, m);
            _problem.Step(t, z, u, _candidate.States.RowPointer(t + 1), TapeRow(_candidate, t));
        }

        return _candidate.Cost = FiniteOrInfinite(_problem.Cost(_candidate));
    }
}
