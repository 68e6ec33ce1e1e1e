using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Control;

/// <summary>Costates and gradient of the cost at one trajectory, by one sweep backwards in time.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class AdjointSweep<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Matrix<T> _costates;
    private readonly Matrix<T> _tape;
    private readonly Matrix<T> _toState;
    private readonly Matrix<T> _toInput;

    /// <summary>Allocates the workspace of a problem.</summary>
    /// <param name="problem">The problem; its capacity bounds the number of bins.</param>
    public AdjointSweep(ShootingProblem<T> problem)
    {
        _costates = Matrix<T>.Allocate(problem.Capacity, problem.StateCount);
        _tape = Matrix<T>.Allocate(problem.AdjointTapeLength == 0 ? 0 : problem.Capacity - 1, problem.AdjointTapeLength);
        _toState = Matrix<T>.Allocate(1, problem.StateCount);
        _toInput = Matrix<T>.Allocate(1, problem.InputCount);
        Gradient = new InputVector<T>(problem.Capacity, problem.StateCount, problem.InputCount);
        Costates = _costates;
        Tape = _tape;
    }

    /// <summary>T x n: the derivative of J with respect to each state, later states following from it.</summary>
    public Matrix<T> Costates { get; private set; }

    /// <summary>(T - 1) x adjoint tape length.</summary>
    public Matrix<T> Tape { get; private set; }

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
        problem.DifferentiateCost(at, Costates, Gradient.Inputs, Gradient.InitialPointer);
        SweepBack(problem, at);
    }

    /// <summary>The same sweep over gradients of the costs that the caller has put into <see cref="Costates"/> and <see cref="Gradient"/>.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="at">A rolled-out trajectory.</param>
    public void SweepBack(ShootingProblem<T> problem, Trajectory<T> at)
    {
        var n = problem.StateCount;
        var m = problem.InputCount;
        for (var t = at.Bins - 2; t >= 0; t--)
        {
            problem.Adjoint(t, at, Costates.RowPointer(t + 1), _toState.Pointer, _toInput.Pointer, TapeRow(t));
            Gemv.AddScaled(T.One, _toState.Pointer, Costates.RowPointer(t), n);
            Gemv.AddScaled(T.One, _toInput.Pointer, Gradient.Inputs.RowPointer(t), m);
        }

        Gemv.AddScaled(T.One, Costates.RowPointer(0), Gradient.InitialPointer, n);
    }

    /// <summary>Sets the number of bins; the contents are then unspecified.</summary>
    /// <param name="bins">1 to the capacity.</param>
    public void SetBins(int bins)
    {
        Costates = _costates.RowRange(0, bins);
        Tape = _tape.Rows == 0 ? _tape : _tape.RowRange(0, bins - 1);
        Gradient.SetBins(bins);
    }

    internal T* TapeRow(int t) => Tape.Rows == 0 ? null : Tape.RowPointer(t);
}
