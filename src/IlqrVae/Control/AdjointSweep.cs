using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Control;

/// <summary>Costates and gradient of the cost at one trajectory, by one sweep backwards in time.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class AdjointSweep<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Matrix<T> _costates;
    private readonly StepTape<T> _tape;
    private readonly Matrix<T> _toState;
    private readonly Matrix<T> _toInput;

    /// <summary>Allocates the workspace of a problem.</summary>
    /// <param name="problem">The problem; its capacity bounds the number of bins.</param>
    /// <param name="recordedBins">Trials of more bins are swept without keeping <see cref="Tape"/>, whose rows are computed again when needed.</param>
    public AdjointSweep(ShootingProblem<T> problem, int recordedBins = int.MaxValue)
    {
        _costates = Matrix<T>.Allocate(problem.Capacity, problem.StateCount);
        _tape = new StepTape<T>(problem.Capacity, problem.AdjointTapeLength, recordedBins);
        _toState = Matrix<T>.Allocate(1, problem.StateCount);
        _toInput = Matrix<T>.Allocate(1, problem.InputCount);
        Gradient = new InputVector<T>(problem.Capacity, problem.StateCount, problem.InputCount);
        Costates = _costates;
    }

    /// <summary>T x n: the derivative of J with respect to each state, later states following from it.</summary>
    public Matrix<T> Costates { get; private set; }

    /// <summary>(T - 1) x adjoint tape length; empty where it is not kept.</summary>
    public Matrix<T> Tape => _tape.Rows;

    /// <summary>dJ/dz_0 and dJ/du.</summary>
    public InputVector<T> Gradient { get; }

    /// <summary>
    /// lambda_{T-1} = l_x;  lambda_t = l_x + A' lambda_{t+1};  dJ/du_t = p_u + B' lambda_{t+1};  dJ/dz_0 = c_0' + lambda_0.
    /// Differentiates the cost on the way.
    /// </summary>
    /// <param name="problem">The problem.</param>
    /// <param name="at">A rolled-out trajectory.</param>
    public void Run(ShootingProblem<T> problem, Trajectory<T> at)
    {
        SetBins(at.Bins);

        // Where a costate overflowed, zero times infinity has made the padding of its step's row NaN. Nothing else would ever clear it, and inner products run
        // over whole rows: the worker's later trials would all fail.
        Gradient.Clear();
        problem.DifferentiateCost(at, Costates, Gradient.Inputs, Gradient.InitialPointer);
        SweepBack(problem, at);
        GC.KeepAlive(this);
    }

    /// <summary>The same sweep over gradients of the costs that the caller has put into <see cref="Costates"/> and <see cref="Gradient"/>.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="at">A rolled-out trajectory.</param>
    public void SweepBack(ShootingProblem<T> problem, Trajectory<T> at)
    {
        var n = problem.StateCount;
        var m = problem.InputCount;
        _toState.Clear();
        _toInput.Clear();
        for (var t = at.Bins - 2; t >= 0; t--)
        {
            var ahead = t - Prefetch.Distance;
            at.Prefetch(ahead);
            Prefetch.Row(Costates, ahead);
            problem.Adjoint(t, at, Costates.RowPointer(t + 1), _toState.Pointer, _toInput.Pointer, _tape.RowToWrite(t));
            Gemv.AddScaled(T.One, _toState.Pointer, Costates.RowPointer(t), n);
            Gemv.AddScaled(T.One, _toInput.Pointer, Gradient.Inputs.RowPointer(t), m);
        }

        Gemv.AddScaled(T.One, Costates.RowPointer(0), Gradient.InitialPointer, n);
        GC.KeepAlive(this);
    }

    /// <summary>Sets the number of bins; the contents are then unspecified.</summary>
    /// <param name="bins">1 to the capacity.</param>
    public void SetBins(int bins)
    {
        Costates = _costates.RowRange(0, bins);
        _tape.SetBins(bins);
        Gradient.SetBins(bins);
    }

    /// <summary>Fills <see cref="Tape"/> where the trial is too long for the sweep to have kept it. Allocates the first time.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="at">The trajectory that was swept.</param>
    public void Record(ShootingProblem<T> problem, Trajectory<T> at)
    {
        if (_tape.Keep())
        {
            for (var t = 0; t < at.Bins - 1; t++)
            {
                Recompute(problem, at, t);
            }
        }
    }

    /// <summary>The tape of step t: kept, or computed again and valid until the next call.</summary>
    internal T* TapeRow(ShootingProblem<T> problem, Trajectory<T> at, int t)
        => _tape.IsKept ? _tape.RowToWrite(t) : Recompute(problem, at, t);

    private T* Recompute(ShootingProblem<T> problem, Trajectory<T> at, int t)
    {
        var row = _tape.RowToWrite(t);
        problem.Adjoint(t, at, Costates.RowPointer(t + 1), _toState.Pointer, _toInput.Pointer, row);
        GC.KeepAlive(this);
        return row;
    }
}
