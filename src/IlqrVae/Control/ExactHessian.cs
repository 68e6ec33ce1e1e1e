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
    /// <summary>Bins of a segment: its rows stay in a near cache between the two passes over it.</summary>
    private const int Segment = 128;

    private readonly int _recordedBins;
    private readonly Matrix<T> _costateTangentAfter;
    private readonly Matrix<T> _row;
    private readonly Matrix<T> _toState;
    private readonly Matrix<T> _toInput;
    private Matrix<T> _costateTangents;
    private Matrix<T> _tape;

    /// <summary>Allocates the workspace of a problem.</summary>
    /// <param name="problem">The problem; its capacity bounds the number of bins.</param>
    /// <param name="recordedBins">Trials of more bins are worked through in segments, and <see cref="CostateTangents"/> kept only where recording is asked for.</param>
    public ExactHessian(ShootingProblem<T> problem, int recordedBins = int.MaxValue)
    {
        _recordedBins = recordedBins;
        _costateTangents = Matrix<T>.Allocate(Math.Min(problem.Capacity, Math.Max(Segment, recordedBins)), problem.StateCount);
        _costateTangentAfter = Matrix<T>.Allocate(1, problem.StateCount);
        _row = Matrix<T>.Allocate(1, problem.AdjointTangentTapeLength);
        _toState = Matrix<T>.Allocate(1, problem.StateCount);
        _toInput = Matrix<T>.Allocate(1, problem.InputCount);
        _tape = Matrix<T>.Allocate(0, problem.AdjointTangentTapeLength);
        CostateTangents = default;
        Tape = _tape;
    }

    /// <summary>T x n: the change of the costates along the last direction that was recorded.</summary>
    public Matrix<T> CostateTangents { get; private set; }

    /// <summary>(T - 1) x adjoint tangent tape length, of the last direction that was recorded.</summary>
    public Matrix<T> Tape { get; private set; }

    /// <summary>product = H direction.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="at">The trajectory.</param>
    /// <param name="adjoint">The adjoint sweep at the trajectory.</param>
    /// <param name="direction">A rolled-out direction.</param>
    /// <param name="product">The result.</param>
    /// <param name="isRecorded">Whether to keep costate tangents and tape, for derivatives of the product with respect to parameters.</param>
    public void Multiply(
        ShootingProblem<T> problem,
        Trajectory<T> at,
        AdjointSweep<T> adjoint,
        TangentRollout<T> direction,
        InputVector<T> product,
        bool isRecorded = false)
    {
        var segment = at.Bins <= _recordedBins || isRecorded ? at.Bins : Segment;
        if (isRecorded)
        {
            if (_costateTangents.Rows < at.Bins)
            {
                _costateTangents = Matrix<T>.Allocate(problem.Capacity, problem.StateCount);
            }

            if (_tape.Rows == 0 && problem.AdjointTangentTapeLength > 0)
            {
                // On demand: solves alone, of trials however long, do without.
                _tape = Matrix<T>.Allocate(problem.Capacity - 1, problem.AdjointTangentTapeLength);
            }

            Tape = _tape.Rows == 0 ? _tape : _tape.RowRange(0, at.Bins - 1);
            CostateTangents = _costateTangents.RowRange(0, at.Bins);
        }

        product.SetBins(at.Bins);

        // Paddings that overflow has made NaN would stay so; see AdjointSweep.Run.
        product.Clear();
        _toState.Clear();
        _toInput.Clear();
        for (var first = (at.Bins - 1) / segment * segment; first >= 0; first -= segment)
        {
            SweepSegmentBack(problem, at, adjoint, direction, product, first, Math.Min(segment, at.Bins - first), isRecorded);
        }

        Gemv.AddScaled(T.One, _costateTangentAfter.Pointer, product.InitialPointer, problem.StateCount);
        GC.KeepAlive(product);
        GC.KeepAlive(this);
    }

    /// <summary>
    /// The tangent of the adjoint sweep over some bins: dlambda_t = l_xx dz_t + d(A' lambda_{t+1}), dp_t = p_uu du_t + d(B' lambda_{t+1}). Takes the costate
    /// tangent of the bin after them and leaves that of the first.
    /// </summary>
    private void SweepSegmentBack(
        ShootingProblem<T> problem,
        Trajectory<T> at,
        AdjointSweep<T> adjoint,
        TangentRollout<T> direction,
        InputVector<T> product,
        int first,
        int count,
        bool isRecorded)
    {
        var n = problem.StateCount;
        var m = problem.InputCount;
        var tangents = _costateTangents.RowRange(0, count);
        var after = _costateTangentAfter.Pointer;
        problem.CostHessianProduct(at, first, direction.States.RowRange(first, count), direction.Direction, tangents, product);
        for (var t = Math.Min(first + count, at.Bins - 1) - 1; t >= first; t--)
        {
            var ahead = t - Prefetch.Distance;
            at.Prefetch(ahead);
            Prefetch.Row(adjoint.Costates, ahead + 1);
            problem.AdjointTangent(
                t,
                at,
                adjoint.Costates.RowPointer(t + 1),
                adjoint.TapeRow(problem, at, t),
                direction.States.RowPointer(t),
                direction.Direction.Inputs.RowPointer(t),
                direction.TapeRow(problem, at, t),
                t + 1 < first + count ? tangents.RowPointer(t + 1 - first) : after,
                _toState.Pointer,
                _toInput.Pointer,
                isRecorded && Tape.Rows > 0 ? Tape.RowPointer(t) : _row.Pointer);
            Gemv.AddScaled(T.One, _toState.Pointer, tangents.RowPointer(t - first), n);
            Gemv.AddScaled(T.One, _toInput.Pointer, product.Inputs.RowPointer(t), m);
        }

        Elementwise.Copy(tangents.Pointer, after, n);
        GC.KeepAlive(adjoint);
        GC.KeepAlive(direction);
        GC.KeepAlive(product);
        GC.KeepAlive(this);
    }
}
