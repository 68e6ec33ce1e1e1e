using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Control;

/// <summary>
/// States and inputs over the bins of one problem. The initial state is a decision variable, so the trajectory is a function of
/// (row 0 of <see cref="States"/>, <see cref="Inputs"/>).
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class Trajectory<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Matrix<T> _states;
    private readonly Matrix<T> _inputs;
    private readonly Matrix<T> _tape;

    /// <summary>Allocates a trajectory of zeros.</summary>
    /// <param name="capacity">The largest number of bins it can hold, at least 1.</param>
    /// <param name="states">State dimension n.</param>
    /// <param name="inputs">Input dimension m.</param>
    /// <param name="tapeLength">Numbers that the dynamics records a step (see <see cref="ShootingProblem{T}.TapeLength"/>).</param>
    public Trajectory(int capacity, int states, int inputs, int tapeLength)
        : this(capacity, states, inputs, AllocateTape(capacity, tapeLength))
    {
    }

    /// <summary>Allocates a trajectory of zeros beside another one of the same capacity, whose tape it writes over.</summary>
    /// <param name="other">The trajectory whose tape the two share.</param>
    public Trajectory(Trajectory<T> other)
        : this(other.Capacity, other.States.Columns, other.Inputs.Columns, other._tape)
    {
    }

    private Trajectory(int capacity, int states, int inputs, Matrix<T> tape)
    {
        Capacity = capacity;
        _states = Matrix<T>.Allocate(capacity, states);
        _inputs = Matrix<T>.Allocate(capacity - 1, inputs);
        _tape = tape;
        SetBins(capacity);
    }

    /// <summary>The largest number of bins.</summary>
    public int Capacity { get; }

    /// <summary>Number of bins in use, T.</summary>
    public int Bins { get; private set; }

    /// <summary>T x n.</summary>
    public Matrix<T> States { get; private set; }

    /// <summary>(T - 1) x m; row t drives the step from bin t to t + 1.</summary>
    public Matrix<T> Inputs { get; private set; }

    /// <summary>(T - 1) x tape length: what the dynamics recorded of each step, for its derivatives.</summary>
    public Matrix<T> Tape { get; private set; }

    /// <summary>The cost of the trajectory in nats, as the last roll-out found it.</summary>
    public double Cost { get; set; } = double.NaN;

    /// <summary>Sets the number of bins in use; the contents are then unspecified.</summary>
    /// <param name="bins">1 to <see cref="Capacity"/>.</param>
    public void SetBins(int bins)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bins, Capacity);
        Bins = bins;
        States = _states.RowRange(0, bins);
        Inputs = _inputs.RowRange(0, bins - 1);
        Tape = _tape.Rows == 0 ? _tape : _tape.RowRange(0, bins - 1);
    }

    /// <summary>The tape of a step; null where the dynamics records nothing.</summary>
    internal T* TapeRow(int t) => Tape.Rows == 0 ? null : Tape.RowPointer(t);

    /// <summary>Asks for what a sweep will read at a step.</summary>
    internal void Prefetch(int t)
    {
        Numerics.Prefetch.Row(States, t);
        Numerics.Prefetch.Row(Inputs, t);
        Numerics.Prefetch.Row(Tape, t);
    }

    private static Matrix<T> AllocateTape(int capacity, int tapeLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        return Matrix<T>.Allocate(tapeLength == 0 ? 0 : capacity - 1, tapeLength);
    }

    /// <summary>Sets the decision variables to zero.</summary>
    public void ClearInputs()
    {
        States.RowRange(0, 1).Clear();
        Inputs.Clear();
    }
}
