using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Control;

/// <summary>
/// The second derivatives of lambda' f at each step, which turn the Gauss-Newton backward pass into the exact one (Dunn and Bertsekas, 1989):
/// its factors are then those of the exact Hessian.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class ExactCurvature<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly AdjointSweep<T> _adjoint;
    private readonly Matrix<T> _unitState;
    private readonly Matrix<T> _unitInput;
    private readonly Matrix<T> _zero;
    private readonly Matrix<T> _toState;
    private readonly Matrix<T> _toInput;
    private readonly Matrix<T> _nextTangent;
    private readonly Matrix<T> _tangentTape;
    private readonly Matrix<T> _adjointTangentTape;

    /// <summary>Allocates the workspace.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="adjoint">The adjoint sweep whose costates weigh the second derivatives; run it before each use.</param>
    public ExactCurvature(ShootingProblem<T> problem, AdjointSweep<T> adjoint)
    {
        _adjoint = adjoint;
        _unitState = Matrix<T>.Allocate(1, problem.StateCount);
        _unitInput = Matrix<T>.Allocate(1, problem.InputCount);
        _zero = Matrix<T>.Allocate(1, problem.StateCount);
        _toState = Matrix<T>.Allocate(1, problem.StateCount);
        _toInput = Matrix<T>.Allocate(1, problem.InputCount);
        _nextTangent = Matrix<T>.Allocate(1, problem.StateCount);
        _tangentTape = Matrix<T>.Allocate(1, problem.TangentTapeLength);
        _adjointTangentTape = Matrix<T>.Allocate(1, problem.AdjointTangentTapeLength);
    }

    /// <summary>Adds the second derivatives at step t, a column for each unit direction.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="at">The trajectory.</param>
    /// <param name="t">Step.</param>
    /// <param name="inputBlock">m x m, upper triangle used.</param>
    /// <param name="crossBlock">m x n.</param>
    /// <param name="stateBlock">n x n, upper triangle used.</param>
    public void AddDynamicsCurvature(
        ShootingProblem<T> problem, Trajectory<T> at, int t, Matrix<T> inputBlock, Matrix<T> crossBlock, Matrix<T> stateBlock)
    {
        var n = problem.StateCount;
        var m = problem.InputCount;
        var adjointTape = _adjoint.TapeRow(problem, at, t);
        for (var j = 0; j < n; j++)
        {
            _unitState[0, j] = T.One;
            Contract(problem, at, t, adjointTape);
            _unitState[0, j] = T.Zero;
            for (var i = 0; i <= j; i++)
            {
                stateBlock[i, j] += _toState[0, i];
            }

            for (var i = 0; i < m; i++)
            {
                crossBlock[i, j] += _toInput[0, i];
            }
        }

        for (var j = 0; j < m; j++)
        {
            _unitInput[0, j] = T.One;
            Contract(problem, at, t, adjointTape);
            _unitInput[0, j] = T.Zero;
            for (var i = 0; i <= j; i++)
            {
                inputBlock[i, j] += _toInput[0, i];
            }
        }

        GC.KeepAlive(this);
    }

    private void Contract(ShootingProblem<T> problem, Trajectory<T> at, int t, T* adjointTape)
    {
        problem.Tangent(t, at, _unitState.Pointer, _unitInput.Pointer, _nextTangent.Pointer, _tangentTape.Pointer);
        problem.AdjointTangent(
            t,
            at,
            _adjoint.Costates.RowPointer(t + 1),
            adjointTape,
            _unitState.Pointer,
            _unitInput.Pointer,
            _tangentTape.Pointer,
            _zero.Pointer,
            _toState.Pointer,
            _toInput.Pointer,
            _adjointTangentTape.Pointer);
        GC.KeepAlive(this);
    }
}
