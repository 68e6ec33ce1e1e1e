using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Control;

/// <summary>
/// Minimises a shooting problem over the initial state and the inputs. Gauss-Newton steps by Riccati backward passes (iLQR, Li and Todorov 2004)
/// far from the minimum; near it, truncated Newton steps whose conjugate gradients are preconditioned with the last backward pass, which converge
/// superlinearly without further factorisations. Levenberg-Marquardt regularisation in the metric of the priors where steps turn short.
/// </summary>
/// <remarks>
/// Numbers never make it throw: it returns its best point and a true status. A solver owns its workspace, serves one thread at a time and allocates nothing in <see cref="Solve"/>.
/// </remarks>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class IterativeLqr<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>As many bins as the longest trials for training have.</summary>
    public const int DefaultRecordedBins = 4096;

    private const double FirstRegularisation = 1e-2;
    private const double LargestRegularisation = 1e14;

    /// <summary>Steps tried are 1, 1/2 .. 1/32, then tenths of that.</summary>
    private const int Halvings = 5;
    private const int LineSearchSteps = 12;

    /// <summary>Gauss-Newton steps are taken while the decrement is above this many nats for each variable; closer, Newton steps.</summary>
    private const double FarAway = 0.05;

    /// <summary>Factors serve the next iterate as well after a Gauss-Newton step that decreases the cost by what they say, within this share of it,</summary>
    private const double FaithfulDecrease = 0.3;

    /// <summary>and after a Newton step whose conjugate gradients take no more products than this</summary>
    private const int PatientProducts = 20;

    /// <summary>and meet no direction with less curvature than this share of what they say;</summary>
    private const double FaithfulQuotient = 0.1;

    /// <summary>but for no more iterates than this.</summary>
    private const int PatientIterations = 6;

    /// <summary>How far below the tolerance a decrement in their metric must be: they may overrate curvature in directions not met.</summary>
    private const double Caution = 10;

    private readonly ShootingProblem<T> _problem;
    private readonly Matrix<T> _next;
    private Trajectory<T> _candidate;
    private bool _tapeIsCandidates;
    private SolverOptions _options = new();
    private double _regularisation;
    private double _regularisationGrowth;
    private bool _factorsAreUsable;
    private bool _factorsAreFresh;
    private int _factorsAge;
    private double _smallestQuotient;
    private bool _gaussNewtonWorks;
    private int _products;

    /// <summary>Allocates the workspace of a problem.</summary>
    /// <param name="problem">The problem; its capacity bounds the number of bins.</param>
    /// <param name="recordedBins">
    /// Trials of up to so many bins keep whatever will be needed again. Of longer ones the records of adjoint and tangent steps are computed again, step
    /// by step, and the preconditioner's gains are kept in single precision: a little more arithmetic, and less than half of the memory.
    /// </param>
    public IterativeLqr(ShootingProblem<T> problem, int recordedBins = DefaultRecordedBins)
    {
        _problem = problem;
        Current = new Trajectory<T>(problem.Capacity, problem.StateCount, problem.InputCount, problem.TapeLength);
        _candidate = new Trajectory<T>(Current);
        _next = Matrix<T>.Allocate(1, problem.StateCount);
        Adjoint = new AdjointSweep<T>(problem, recordedBins);
        Factors = new RiccatiFactors<T>(problem, recordedBins);
        Hessian = new ExactHessian<T>(problem, recordedBins);
        ConjugateGradients = new ConjugateGradients<T>(problem, recordedBins);
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
            problem.Step(t, trajectory.States.RowPointer(t), trajectory.Inputs.RowPointer(t), trajectory.States.RowPointer(t + 1), trajectory.TapeRow(t));
        }

        return trajectory.Cost = FiniteOrInfinite(problem.Cost(trajectory));
    }

    /// <summary>Minimises the problem from the decision variables in <see cref="Current"/>.</summary>
    /// <param name="options">Settings.</param>
    public SolveReport Solve(SolverOptions options)
    {
        var passesBefore = Factors.Passes;
        _options = options;
        if (!Start(out var initialCost))
        {
            return new SolveReport(SolverStatus.NonFinite, initialCost, Current.Cost, double.NaN, 0, 0, 0);
        }

        var startCost = Current.Cost;
        var status = SolverStatus.MaximumIterations;
        var decrement = double.PositiveInfinity;
        var previous = double.PositiveInfinity;
        var iteration = 0;
        for (; iteration < options.MaximumIterations; iteration++)
        {
            if (!_factorsAreUsable && !Factorise())
            {
                status = SolverStatus.NonFinite;
                break;
            }

            decrement = Decrement();
            if (!double.IsFinite(decrement))
            {
                // Numbers overflow in applying the factors.
                if (!_factorsAreFresh || RaiseRegularisation())
                {
                    _factorsAreUsable = false;
                    continue;
                }

                status = SolverStatus.NonFinite;
                break;
            }

            // What rounding allows to see of the cost. Below it, the cost cannot judge a step, but the decrement can: while it halves, go on.
            var visible = 50 * RiccatiFactors<T>.MachineEpsilon * (1 + Math.Abs(Current.Cost));
            if (IsConverged(decrement) || (_factorsAreFresh && _regularisation == 0 && decrement <= visible && decrement > 0.5 * previous))
            {
                status = SolverStatus.Converged;
                break;
            }

            if (_factorsAreFresh && _regularisation > 0 && (1 + _regularisation) * decrement <= visible)
            {
                // The cost cannot tell any more what regularisation is good for.
                _regularisation = 0;
                _factorsAreUsable = false;
                previous = double.PositiveInfinity;
                continue;
            }

            if (!_factorsAreFresh && decrement > 0.5 * previous)
            {
                // The earlier factors no longer serve. Within rounding, what fresh ones say is held against the last decrement all the same: else
                // steps with fresh and earlier factors could take turns for ever.
                _factorsAreUsable = false;
                previous = decrement <= visible ? previous : double.PositiveInfinity;
                continue;
            }

            previous = decrement;
            var direction = Direction(decrement, out var result);
            var ceiling = decrement <= visible ? Math.Min(startCost, Current.Cost + visible) : double.NegativeInfinity;
            var step = LineSearch(direction, ceiling, result.Status == ConjugateGradientStatus.NegativeCurvature);
            if (step > 0)
            {
                var achieved = (Current.Cost - _candidate.Cost) / decrement;
                (Current, _candidate) = (_candidate, Current);
                _tapeIsCandidates = false;
                Adjoint.Run(_problem, Current);
                if (step < 1 && decrement <= visible && _factorsAreFresh && _regularisation == 0)
                {
                    // Rounding of the cost has chosen the step.
                    status = SolverStatus.Converged;
                    break;
                }

                AdaptAfter(step, achieved, result);
            }
            else if (!_factorsAreFresh)
            {
                _factorsAreUsable = false;
            }
            else if (decrement <= visible && _regularisation == 0)
            {
                status = SolverStatus.Converged;
                break;
            }
            else if (!RaiseRegularisation())
            {
                status = SolverStatus.Stalled;
                break;
            }

            RecordCurrent();
        }

        RecordCurrent();
        return new SolveReport(status, initialCost, Current.Cost, decrement, iteration, Factors.Passes - passesBefore, _products);
    }

    private static double FiniteOrInfinite(double cost) => double.IsFinite(cost) ? cost : double.PositiveInfinity;

    /// <summary>Rolls the start out, or rest where the start's cost is not finite: a warm start can overflow under changed parameters.</summary>
    /// <returns>False where neither has a finite cost.</returns>
    private bool Start(out double initialCost)
    {
        var bins = _problem.Bins;
        if (Current.Bins != bins)
        {
            Current.SetBins(bins);
            Current.ClearInputs();
        }

        _candidate.SetBins(bins);
        _tapeIsCandidates = false;
        _regularisation = 0;
        _regularisationGrowth = 2;
        _factorsAreUsable = false;
        _gaussNewtonWorks = true;
        _products = 0;
        initialCost = RollOut(_problem, Current);
        if (!double.IsFinite(initialCost))
        {
            Current.ClearInputs();
            if (!double.IsFinite(RollOut(_problem, Current)))
            {
                return false;
            }
        }

        Adjoint.Run(_problem, Current);
        return true;
    }

    /// <summary>A backward pass at the current point, with as much regularisation as it takes.</summary>
    private bool Factorise()
    {
        while (!Factors.Factorise(_problem, Current, _regularisation))
        {
            if (!RaiseRegularisation())
            {
                return false;
            }
        }

        _factorsAreUsable = true;
        _factorsAreFresh = true;
        _factorsAge = 0;
        _smallestQuotient = 1;
        return true;
    }

    /// <summary>Half the squared Newton decrement in the metric of the factors, an estimate of J - J*; the first half of the Gauss-Newton direction.</summary>
    private double Decrement()
    {
        ConjugateGradients.Begin(_problem, Current, Factors, Adjoint.Gradient, -1);
        return 0.5 * ConjugateGradients.PreconditionedNormSquared;
    }

    /// <summary>
    /// Regularised factors M + mu P are at most (1 + mu) M, so that the decrement without regularisation is at most 1 + mu times as large. Factors of
    /// an earlier iterate may overrate the Hessian here, by as much as the conjugate gradients found and more.
    /// </summary>
    private bool IsConverged(double decrement)
    {
        var flattery = _factorsAreFresh ? 1 + _regularisation : Caution / _smallestQuotient;
        return flattery * decrement <= _options.Tolerance;
    }

    /// <summary>
    /// The Gauss-Newton direction while it makes progress far from the minimum; elsewhere the Newton direction by conjugate gradients, truncated by Eisenstat and Walker's rule. Where these meet negative curvature, the better of the two.
    /// </summary>
    private SearchDirection<T> Direction(double decrement, out ConjugateGradientResult result)
    {
        result = default;
        var variables = _problem.StateCount + ((double)(Current.Bins - 1) * _problem.InputCount);
        if (_options.MaximumConjugateGradientSteps == 0 || (_gaussNewtonWorks && decrement > FarAway * variables))
        {
            return GaussNewtonDirection();
        }

        var superlinear = 0.1 * Math.Sqrt(decrement / variables);
        var sufficient = 0.3 * Math.Sqrt(_options.Tolerance / decrement);
        result = ConjugateGradients.Continue(
            _problem, Current, Adjoint, Factors, Hessian,
            Math.Min(0.3, Math.Max(superlinear, sufficient)), _options.MaximumConjugateGradientSteps, _regularisation);
        _products += result.Iterations;
        if (result.Status == ConjugateGradientStatus.Converged || (result.Status == ConjugateGradientStatus.NegativeCurvature && result.Iterations == 1))
        {
            return NewtonDirection();
        }

        var isCandidate = result.Status == ConjugateGradientStatus.NegativeCurvature;
        var newtonCost = isCandidate ? RollOutWithFeedback(NewtonDirection(), T.One) : double.PositiveInfinity;
        RecordCurrent();
        Decrement();
        var gaussNewton = GaussNewtonDirection();
        if (!isCandidate || !(newtonCost < RollOutWithFeedback(gaussNewton, T.One)))
        {
            return gaussNewton;
        }

        RecordCurrent();
        return NewtonDirection();
    }

    private SearchDirection<T> NewtonDirection() => ConjugateGradients.SearchDirection(_problem, Current);

    private SearchDirection<T> GaussNewtonDirection() => new(ConjugateGradients.RollOutPreconditioned(_problem, Current, Factors));

    /// <summary>After a step: whether the factors serve the next iteration as well, and how much regularisation it gets.</summary>
    /// <param name="step">The step.</param>
    /// <param name="achieved">The decrease of the cost over the decrement before it.</param>
    /// <param name="result">How the conjugate gradients ended, by default where there were none.</param>
    private void AdaptAfter(double step, double achieved, ConjugateGradientResult result)
    {
        _factorsAreFresh = false;
        _factorsAge++;
        var isNewton = result.Iterations > 0;
        _smallestQuotient = Math.Min(_smallestQuotient, isNewton ? ConjugateGradients.SmallestQuotient : FaithfulQuotient);
        _factorsAreUsable = step == 1 && _regularisation == 0 && _factorsAge <= PatientIterations && _smallestQuotient >= FaithfulQuotient
            && (isNewton
                ? result.Status == ConjugateGradientStatus.Converged && result.Iterations <= PatientProducts
                : _options.MaximumConjugateGradientSteps > 0 && Math.Abs(achieved - 1) < FaithfulDecrease);
        if (_gaussNewtonWorks && !isNewton)
        {
            _gaussNewtonWorks = step >= 0.1;
        }
        else if (step < 0.2)
        {
            RaiseRegularisation();
        }
        else if (step >= 0.5)
        {
            LowerRegularisation();
        }
    }

    /// <summary>Ever faster, as Nielsen (1999).</summary>
    /// <returns>False when there is nothing left to raise.</returns>
    private bool RaiseRegularisation()
    {
        _factorsAreUsable = false;
        if (_regularisation >= LargestRegularisation)
        {
            return false;
        }

        _regularisationGrowth *= 2;
        _regularisation = Math.Clamp(_regularisation * _regularisationGrowth, FirstRegularisation, LargestRegularisation);
        return true;
    }

    private void LowerRegularisation()
    {
        _regularisationGrowth = 2;
        if (_regularisation > 0)
        {
            _regularisation = _regularisation < 5 * FirstRegularisation ? 0 : _regularisation / 5;
            _factorsAreUsable = false;
        }
    }

    /// <summary>
    /// Armijo backtracking from the full step, rolling out with feedback around the tangent:
    /// u_t = ubar_t + alpha du_t + K_t (z_t - zbar_t - alpha dz_t).
    /// For a Gauss-Newton direction, du = k + K dz, this is iLQR's forward pass.
    /// </summary>
    /// <param name="direction">The direction.</param>
    /// <param name="ceiling">A cost that is accepted in any case.</param>
    /// <param name="mayLengthen">Whether to look beyond the full step.</param>
    /// <returns>The accepted step, or 0. The candidate holds its trajectory.</returns>
    private double LineSearch(SearchDirection<T> direction, double ceiling, bool mayLengthen)
    {
        var slope = Adjoint.Gradient.Dot(direction.Direction);
        if (!(slope < 0))
        {
            return 0;
        }

        var step = 1.0;
        for (var k = 0; k < LineSearchSteps; k++)
        {
            var allowed = Math.Max(Current.Cost + (_options.SufficientDecrease * step * slope), ceiling);
            if (RollOutWithFeedback(direction, T.CreateChecked(step)) <= allowed)
            {
                return mayLengthen && k == 0 ? Lengthen(direction) : step;
            }

            step *= k < Halvings ? 0.5 : 0.1;
        }

        return 0;
    }

    /// <summary>Doubles the full step while that decreases the cost, along a direction in which the cost bends downwards.</summary>
    private double Lengthen(SearchDirection<T> direction)
    {
        var step = 1.0;
        for (var k = 0; k < LineSearchSteps; k++)
        {
            var best = _candidate.Cost;
            if (!(RollOutWithFeedback(direction, T.CreateChecked(2 * step)) < best))
            {
                RollOutWithFeedback(direction, T.CreateChecked(step));
                break;
            }

            step *= 2;
        }

        return step;
    }

    private double RollOutWithFeedback(SearchDirection<T> direction, T step)
    {
        var n = _problem.StateCount;
        var m = _problem.InputCount;
        _tapeIsCandidates = true;
        var deviation = stackalloc T[Matrix<T>.PaddedLength(n)];
        Elementwise.Clear(deviation, Matrix<T>.PaddedLength(n));
        var z = _candidate.States.RowPointer(0);
        Elementwise.Copy(Current.States.RowPointer(0), z, n);
        Gemv.AddScaled(step, direction.States.RowPointer(0), z, n);
        for (var t = 0; t < Current.Bins - 1; t++)
        {
            var ahead = t + Prefetch.Distance;
            Factors.PrefetchGain(ahead);
            Prefetch.Row(Current.States, ahead);
            Prefetch.Row(Current.Inputs, ahead);
            Prefetch.Row(direction.States, ahead);
            Prefetch.Row(direction.Direction.Inputs, ahead);
            z = _candidate.States.RowPointer(t);
            Elementwise.Subtract(z, Current.States.RowPointer(t), deviation, n);
            Gemv.AddScaled(-step, direction.States.RowPointer(t), deviation, n);
            var u = _candidate.Inputs.RowPointer(t);
            Gemv.Multiply(Factors.Gain(t), deviation, u);
            Gemv.AddScaled(T.One, Current.Inputs.RowPointer(t), u, m);
            Gemv.AddScaled(step, direction.Direction.Inputs.RowPointer(t), u, m);
            _problem.Step(t, z, u, _candidate.States.RowPointer(t + 1), _candidate.TapeRow(t));
        }

        return _candidate.Cost = FiniteOrInfinite(_problem.Cost(_candidate));
    }

    /// <summary>Current and candidate share one tape: restores the current one's after candidates that were not accepted.</summary>
    private void RecordCurrent()
    {
        if (_tapeIsCandidates && Current.Tape.Rows > 0)
        {
            for (var t = 0; t < Current.Bins - 1; t++)
            {
                _problem.Step(t, Current.States.RowPointer(t), Current.Inputs.RowPointer(t), _next.Pointer, Current.TapeRow(t));
            }
        }

        _tapeIsCandidates = false;
    }
}
