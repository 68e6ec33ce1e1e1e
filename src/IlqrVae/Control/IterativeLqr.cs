using System.Numerics;

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

    /// <summary>A step shorter than this asks for more regularisation.</summary>
    private const double RaiseBelow = 0.2;

    /// <summary>A step at least as long as this allows less.</summary>
    private const double LowerFrom = 0.5;

    private readonly ShootingProblem<T> _problem;
    private readonly LineSearch<T> _lineSearch;
    private readonly DescentDirection<T> _direction;
    private readonly FactorReuse _reuse = new();
    private readonly Regularisation _regularisation = new();

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
        Adjoint = new AdjointSweep<T>(problem, recordedBins);
        Factors = new RiccatiFactors<T>(problem, recordedBins);
        Hessian = new ExactHessian<T>(problem, recordedBins);
        ConjugateGradients = new ConjugateGradients<T>(problem, recordedBins);
        _lineSearch = new LineSearch<T>(problem, Factors, Current);
        _direction = new DescentDirection<T>(problem, Adjoint, Factors, Hessian, ConjugateGradients, _lineSearch);
    }

    /// <summary>The start before a solve (its decision variables; set the bins first) and the best point after it.</summary>
    public Trajectory<T> Current { get; private set; }

    /// <summary>Told of iterations while they are done; null for nobody.</summary>
    public SolveActivity? Activity { get; set; }

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

        GC.KeepAlive(trajectory);
        return trajectory.Cost = FiniteOrInfinite(problem.Cost(trajectory));
    }

    /// <summary>Minimises the problem from the decision variables in <see cref="Current"/>.</summary>
    /// <param name="options">Settings.</param>
    public SolveReport Solve(SolverOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var passesBefore = Factors.Passes;
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
            Activity?.AddIteration();
            if (!_reuse.AreUsable && !Factorise())
            {
                status = SolverStatus.NonFinite;
                break;
            }

            decrement = _direction.Decrement(Current);
            if (!double.IsFinite(decrement))
            {
                // Numbers overflow in applying the factors.
                if (!_reuse.AreFresh || _regularisation.TryRaise())
                {
                    _reuse.Discard();
                    continue;
                }

                status = SolverStatus.NonFinite;
                break;
            }

            var visible = Ending.Visible(Current.Cost, RiccatiFactors<T>.MachineEpsilon);
            if (Ending.HasConverged(decrement, previous, visible, options.Tolerance, _reuse, _regularisation))
            {
                status = SolverStatus.Converged;
                break;
            }

            if (Ending.HidesRegularisation(decrement, visible, _reuse, _regularisation))
            {
                _regularisation.Drop();
                _reuse.Discard();
                previous = double.PositiveInfinity;
                continue;
            }

            if (!_reuse.AreFresh && Ending.HasStopped(decrement, previous))
            {
                // The earlier factors no longer serve. Within rounding, what fresh ones say is held against the last decrement all the same: else
                // steps with fresh and earlier factors could take turns for ever.
                _reuse.Discard();
                previous = decrement <= visible ? previous : double.PositiveInfinity;
                continue;
            }

            previous = decrement;
            var direction = _direction.Find(Current, decrement, options, _regularisation.Value, out var result);
            var ceiling = decrement <= visible ? Math.Min(startCost, Current.Cost + visible) : double.NegativeInfinity;
            var step = _lineSearch.Search(
                Current, Adjoint.Gradient, direction, options.SufficientDecrease, ceiling, result.Status == ConjugateGradientStatus.NegativeCurvature);
            if (step > 0)
            {
                if (step < 1 && decrement <= visible && _reuse.AreFresh && _regularisation.IsOff)
                {
                    // Rounding of the cost has chosen the step: the point whose decrement is known is worth more.
                    status = SolverStatus.Converged;
                    break;
                }

                var achieved = (Current.Cost - _lineSearch.Candidate.Cost) / decrement;
                Current = _lineSearch.Accept(Current);
                Adjoint.Run(_problem, Current);
                Adapt(step, achieved, result, options);
            }
            else if (!_reuse.AreFresh)
            {
                _reuse.Discard();
            }
            else if (decrement <= visible && _regularisation.IsOff)
            {
                status = SolverStatus.Converged;
                break;
            }
            else if (!Raise())
            {
                status = SolverStatus.Stalled;
                break;
            }

            _lineSearch.RestoreTape(Current);
        }

        _lineSearch.RestoreTape(Current);
        Activity?.AddSolve(Factors.Passes - passesBefore, _direction.Products);
        return new SolveReport(status, initialCost, Current.Cost, decrement, iteration, Factors.Passes - passesBefore, _direction.Products);
    }

    /// <summary>
    /// Makes one trajectory of states and inputs in <see cref="Current"/> that were found apart, so that states at seams do not follow from those before: it
    /// is rolled out from its first state with the feedback of a backward pass along it, which closes gaps at the least cost to first order. One backward
    /// pass, or a few where it takes regularisation; where none succeeds, the inputs are rolled out as they are.
    /// </summary>
    internal void Join()
    {
        _lineSearch.Begin(Current.Bins);
        _lineSearch.RecordTape(Current);
        _regularisation.Reset();
        Adjoint.Run(_problem, Current);
        if (!Factorise())
        {
            RollOut(_problem, Current);
            return;
        }

        _lineSearch.Follow(Current);
        Current = _lineSearch.Accept(Current);
    }

    /// <summary>Rolls the decision variables in <see cref="Current"/> out and prepares what a solve that ends there leaves behind. Takes no step.</summary>
    /// <returns>False where numbers overflow.</returns>
    internal bool Hold() => Start(out _) && Factorise();

    /// <summary>A cost, or infinity where it is not a number.</summary>
    internal static double FiniteOrInfinite(double cost) => double.IsFinite(cost) ? cost : double.PositiveInfinity;

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

        _lineSearch.Begin(bins);
        _direction.Begin();
        _regularisation.Reset();
        _reuse.Discard();
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
        while (!Factors.Factorise(_problem, Current, _regularisation.Value))
        {
            if (!Raise())
            {
                return false;
            }
        }

        _reuse.Renew();
        return true;
    }

    /// <summary>After a step: whether the factors serve the next iteration as well, and how much regularisation it gets.</summary>
    private void Adapt(double step, double achieved, ConjugateGradientResult result, SolverOptions options)
    {
        _reuse.Age(step, achieved, result, ConjugateGradients.SmallestQuotient, !_regularisation.IsOff, options.MaximumConjugateGradientSteps == 0);
        if (_direction.Judge(step, isNewton: result.Iterations > 0))
        {
            return;
        }

        if (step < RaiseBelow)
        {
            Raise();
        }
        else if (step >= LowerFrom && _regularisation.Lower())
        {
            _reuse.Discard();
        }
    }

    /// <summary>More regularisation, for which factors must be made anew.</summary>
    /// <returns>False when there is nothing left to raise.</returns>
    private bool Raise()
    {
        _reuse.Discard();
        return _regularisation.TryRaise();
    }
}
