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
    private readonly Matrix<T> _tape;

    /// <summary>Allocates the workspace of a problem.</summary>
    /// <param name="problem">The problem; its capacity bounds the number of bins.</param>
    /// <param name="hasTape">
    /// False for a direction that is only summed up and stepped along: it has no tape, and takes no part in Hessian products.
    /// </param>
    public TangentRollout(ShootingProblem<T> problem, bool hasTape = true)
    {
        _states = Matrix<T>.Allocate(problem.Capacity, problem.StateCount);
        _tape = Matrix<T>.Allocate(hasTape && problem.TangentTapeLength > 0 ? problem.Capacity - 1 : 0, problem.TangentTapeLength);
        Direction = new InputVector<T>(problem.Capacity, problem.StateCount, problem.InputCount);
        States = _states;
        Tape = _tape;
    }

    /// <summary>The direction (dz_0, du).</summary>
    public InputVector<T> Direction { get; }

    /// <summary>dz: T x n.</summary>
    public Matrix<T> States { get; private set; }

    /// <summary>(T - 1) x tangent tape length.</summary>
    public Matrix<T> Tape { get; private set; }

    /// <summary>Sets the number of bins; the contents are then unspecified.</summary>
    /// <param name="bins">1 to the capacity.</param>
    public void SetBins(int bins)
    {
        States = _states.RowRange(0, bins);
        Tape = _tape.Rows == 0 ? _tape : _tape.RowRange(0, bins - 1);
        Direction.SetBins(bins);
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
    }

    /// <summary>Makes this rolled-out direction zero.</summary>
    public void Clear()
    {
        Direction.Clear();
        States.Clear();
        Tape.Clear();
    }

    /// <summary>this = factor * this + other.</summary>
    /// <param name="factor">The factor.</param>
    /// <param name="other">A rolled-out direction at the same trajectory.</param>
    public void ScaleAndAdd(double factor, TangentRollout<T> other)
    {
        var f = T.CreateSaturating(factor);
        Direction.ScaleAndAdd(factor, other.Direction);
        RowOperations.ScaleAndAdd(f, States, other.States);
        RowOperations.ScaleAndAdd(f, Tape, other.Tape);
    }

    /// <summary>this += factor * other.</summary>
    /// <param name="factor">The factor.</param>
    /// <param name="other">A rolled-out direction at the same trajectory.</param>
    public void AddScaled(double factor, TangentRollout<T> other)
    {
        var f = T.CreateSaturating(factor);
        Direction.AddScaled(factor, other.Direction);
        RowOperations.AddScaled(f, other.States, States);
        if (!Tape.IsEmpty)
        {
            RowOperations.AddScaled(f, other.Tape, Tape);
        }
    }

    /// <summary>Copies another rolled-out direction of the same number of bins.</summary>
    /// <param name="other">The source.</param>
    public void CopyFrom(TangentRollout<T> other)
    {
        Direction.CopyFrom(other.Direction);
        RowOperations.Copy(other.States, States);
        RowOperations.Copy(other.Tape, Tape);
    }

    internal T* TapeRow(int t) => Tape.Rows == 0 ? null : Tape.RowPointer(t);

    internal void Step(ShootingProblem<T> problem, Trajectory<T> at, int t)
        => problem.Tangent(t, at, States.RowPointer(t), Direction.Inputs.RowPointer(t), States.RowPointer(t + 1), TapeRow(t));
}
