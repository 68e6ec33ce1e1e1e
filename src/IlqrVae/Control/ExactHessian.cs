using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Control;

/// <summary>
/// Products of the exact Hessian of J with rolled-out directions, at a trajectory whose adjoint sweep has been run: one tangent roll-out and one
/// tangent of the adjoint sweep, O(T (n^2 + n N)).
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class ExactHessian<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Matrix<T> _costateTangents;
    private readonly Matrix<T> _row;
    private readonly Matrix<T> _toState;
    private readonly Matrix<T> _toInput;
    private Matrix<T> _tape;

    /// <summary>Allocates the workspace of a problem.</summary>
    /// <param name="problem">The problem; its capacity bounds the number of bins.</param>
    public ExactHessian(ShootingProblem<T> problem)
    {
        _costateTangents = Matrix<T>.Allocate(problem.Capacity, problem.StateCount);
        _row = Matrix<T>.Allocate(1, problem.AdjointTangentTapeLength);
        _toState = Matrix<T>.Allocate(1, problem.StateCount);
        _toInput = Matrix<T>.Allocate(1, problem.InputCount);
        _tape = Matrix<T>.Allocate(0, problem.AdjointTangentTapeLength);
        CostateTangents = _costateTangents;
        Tape = _tape;
    }

    /// <summary>T x n: the change of the costates along the last direction.</summary>
    public Matrix<T> CostateTangents { get; private set; }

    /// <summary>(T - 1) x adjoint tangent tape length, of the last direction that was recorded.</summary>
    public Matrix<T> Tape { get; private set; }

    /// <summary>product = H direction.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="at">The trajectory.</param>
    /// <param name="adjoint">The adjoint sweep at the trajectory.</param>
    /// <param name="direction">A rolled-out direction.</param>
    /// <param name="product">The result.</param>
    /// <param name="isRecorded">Whether to fill <see cref="Tape"/>, for derivatives of the product with respect to parameters.</param>
    public void Multiply(
        ShootingProblem<T> problem,
        Trajectory<T> at,
        AdjointSweep<T> adjoint,
        TangentRollout<T> direction,
        InputVector<T> product,
        bool isRecorded = false)
    {
        CostateTangents = _costateTangents.RowRange(0, at.Bins);
        if (isRecorded)
        {
            if (_tape.Rows == 0 && problem.AdjointTangentTapeLength > 0)
            {
                // On demand: solves alone, of trials however long, do without.
                _tape = Matrix<T>.Allocate(problem.Capacity - 1, problem.AdjointTangentTapeLength);
            }

            Tape = _tape.Rows == 0 ? _tape : _tape.RowRange(0, at.Bins - 1);
        }

        var n = problem.StateCount;
        var m = problem.InputCount;
        product.SetBins(at.Bins);
        problem.CostHessianProduct(at, direction.States, direction.Direction, CostateTangents, product);
        for (var t = at.Bins - 2; t >= 0; t--)
        {
            problem.AdjointTangent(
                t,
                at,
                adjoint.Costates.RowPointer(t + 1),
                adjoint.TapeRow(t),
                direction.States.RowPointer(t),
                direction.Direction.Inputs.RowPointer(t),
                direction.TapeRow(t),
                CostateTangents.RowPointer(t + 1),
                _toState.Pointer,
                _toInput.Pointer,
                isRecorded && Tape.Rows > 0 ? Tape.RowPointer(t) : _row.Pointer);
            Gemv.AddScaled(T.One, _toState.Pointer, CostateTangents.RowPointer(t), n);
            Gemv.AddScaled(T.One, _toInput.Pointer, product.Inputs.RowPointer(t), m);
        }

        Gemv.AddScaled(T.One, CostateTangents.RowPointer(0), product.InitialPointer, n);
    }
}
