using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Control;

/// <summary>
/// A direction in the space of decision variables together with the tangent it makes of the whole trajectory. Everything here is linear in the
/// direction, so rolled-out directions are combined without rolling out again.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class TangentRollout<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Matrix<T> _states;
    private readonly StepTape<T> _tape;
    private readonly Matrix<T> _next;

    /// <summary>Allocates the workspace of a problem.</summary>
    /// <param name="problem">The problem; its capacity bounds the number of bins.</param>
    /// <param name="recordedBins">Trials of more bins are rolled out without keeping <see cref="Tape"/>, whose rows are computed again when needed.</param>
    public TangentRollout(ShootingProblem<T> problem, int recordedBins = int.MaxValue)
    {
        _states = Matrix<T>.Allocate(problem.Capacity, problem.StateCount);
        _tape = new StepTape<T>(problem.Capacity, problem.TangentTapeLength, recordedBins);
        _next = Matrix<T>.Allocate(1, problem.StateCount);
        Direction = new InputVector<T>(problem.Capacity, problem.StateCount, problem.InputCount);
        States = _states;
    }

    /// <summary>The direction (dz_0, du).</summary>
    public InputVector<T> Direction { get; }

    /// <summary>dz: T x n.</summary>
    public Matrix<T> States { get; private set; }

    /// <summary>(T - 1) x tangent tape length; empty where it is not kept.</summary>
    public Matrix<T> Tape => _tape.Rows;

    /// <summary>Sets the number of bins; the contents are then unspecified.</summary>
    /// <param name="bins">1 to the capacity.</param>
    public void SetBins(int bins)
    {
        States = _states.RowRange(0, bins);
        _tape.SetBins(bins);
        Direction.SetBins(bins);
    }

    /// <summary>Makes this rolled-out direction zero.</summary>
    public void Clear()
    {
        Direction.Clear();
        States.Clear();
        Tape.Clear();
    }

    /// <summary>Rolls out <see cref="Direction"/> without feedback.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="at">The trajectory at which the dynamics is linearised.</param>
    public void Run(ShootingProblem<T> problem, Trajectory<T> at)
    {
        SetBins(at.Bins);
        Elementwise.Copy(Direction.InitialPointer, States.RowPointer(0), problem.StateCount);
        for (var t = 0; t < at.Bins - 1; t++)
        {
            Step(problem, at, t);
        }

        GC.KeepAlive(this);
    }

    /// <summary>Fills <see cref="Tape"/> where the trial is too long for the roll-out to have kept it. Allocates the first time.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="at">The trajectory at which this was rolled out.</param>
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

    internal void Step(ShootingProblem<T> problem, Trajectory<T> at, int t)
    {
        problem.Tangent(t, at, States.RowPointer(t), Direction.Inputs.RowPointer(t), States.RowPointer(t + 1), _tape.RowToWrite(t));
        GC.KeepAlive(this);
    }

    /// <summary>Row t of states, inputs and tape = factor * itself + the given rows.</summary>
    internal void ScaleAndAdd(T factor, int t, T* state, T* input, T* tape)
    {
        RowOperations.ScaleAndAdd(factor, States.RowPointer(t), state, States.Stride);
        if (t < Direction.Inputs.Rows)
        {
            RowOperations.ScaleAndAdd(factor, Direction.Inputs.RowPointer(t), input, Direction.Inputs.Stride);
            if (Tape.Rows > 0)
            {
                RowOperations.ScaleAndAdd(factor, Tape.RowPointer(t), tape, Tape.Stride);
            }
        }

        GC.KeepAlive(this);
    }

    /// <summary>Asks for what a sweep will read at a step.</summary>
    internal void Prefetch(int t)
    {
        Numerics.Prefetch.Row(States, t);
        Numerics.Prefetch.Row(Direction.Inputs, t);
        Numerics.Prefetch.Row(Tape, t);
    }

    private T* Recompute(ShootingProblem<T> problem, Trajectory<T> at, int t)
    {
        var row = _tape.RowToWrite(t);
        problem.Tangent(t, at, States.RowPointer(t), Direction.Inputs.RowPointer(t), _next.Pointer, row);
        GC.KeepAlive(this);
        return row;
    }
}
