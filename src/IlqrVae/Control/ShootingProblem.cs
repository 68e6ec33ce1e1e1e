using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Control;

/// <summary>Which second derivatives a curvature stands for.</summary>
public enum CurvatureKind
{
    /// <summary>
    /// Positive definite by construction: Fisher information or a majoriser of the costs, and no second derivatives of the dynamics.
    /// </summary>
    GaussNewton,

    /// <summary>The exact second derivatives, which may be indefinite away from a minimum.</summary>
    Exact,
}

/// <summary>
/// What the solver knows of an optimal-control problem over (z_0, u_0 .. u_{T-2}):
/// <code>
/// J = c_0(z_0) + sum_t p(u_t) + sum_t l_t(z_t),   z_{t+1} = f_t(z_t, u_t)
/// </code>
/// with every derivative the exact Hessian-vector product needs. It says nothing of what states and inputs mean. A problem owns its scratch
/// space and serves one thread at a time.
/// </summary>
/// <remarks>
/// Vectors are addresses of padded rows, as in <see cref="Matrix{T}"/>. "Tapes" are rows in which the problem keeps what it will need again: the
/// tape of a step is written by <see cref="Step"/>, the adjoint tape by <see cref="Adjoint"/>, the tangent tape by <see cref="Tangent"/> (linear in
/// its direction, so that tapes combine as directions do), and the adjoint tangent tape by <see cref="AdjointTangent"/>.
/// </remarks>
/// <typeparam name="T">float or double.</typeparam>
public abstract unsafe class ShootingProblem<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Number of bins T, at least 1.</summary>
    public abstract int Bins { get; }

    /// <summary>The largest number of bins the problem can take on.</summary>
    public abstract int Capacity { get; }

    /// <summary>State dimension n.</summary>
    public abstract int StateCount { get; }

    /// <summary>Input dimension m.</summary>
    public abstract int InputCount { get; }

    /// <summary>Numbers a step records.</summary>
    public abstract int TapeLength { get; }

    /// <summary>Numbers an adjoint step records.</summary>
    public abstract int AdjointTapeLength { get; }

    /// <summary>Numbers a tangent step records.</summary>
    public abstract int TangentTapeLength { get; }

    /// <summary>Numbers a tangent of an adjoint step records.</summary>
    public abstract int AdjointTangentTapeLength { get; }

    /// <summary>z_{t+1} = f_t(z_t, u_t), recording the step.</summary>
    public abstract void Step(int t, T* state, T* input, T* next, T* tape);

    /// <summary>The derivatives of step t: A = df/dz (n x n) and B = df/du (n x m).</summary>
    public abstract void Jacobian(int t, Trajectory<T> at, Matrix<T> stateJacobian, Matrix<T> inputJacobian);

    /// <summary>dz_{t+1} = A dz_t + B du_t.</summary>
    public abstract void Tangent(int t, Trajectory<T> at, T* stateTangent, T* inputTangent, T* nextTangent, T* tangentTape);

    /// <summary>(A' lambda, B' lambda) for the costate lambda of bin t + 1.</summary>
    public abstract void Adjoint(int t, Trajectory<T> at, T* costate, T* toState, T* toInput, T* adjointTape);

    /// <summary>
    /// The derivative of (A' lambda, B' lambda) along a tangent (dz, du) and a change of the costate:
    /// (A' dlambda, B' dlambda) plus the second derivatives of lambda' f contracted with (dz, du).
    /// </summary>
    public abstract void AdjointTangent(
        int t,
        Trajectory<T> at,
        T* costate,
        T* adjointTape,
        T* stateTangent,
        T* inputTangent,
        T* tangentTape,
        T* costateTangent,
        T* toState,
        T* toInput,
        T* adjointTangentTape);

    /// <summary>J at a trajectory whose states are rolled out; infinite or not a number where it cannot be evaluated.</summary>
    public abstract double Cost(Trajectory<T> at);

    /// <summary>
    /// The gradients of the costs, each overwritten: l_x (T x n), p_u ((T - 1) x m), c_0 (n). Keeps what the curvature and
    /// Hessian products need until the next call.
    /// </summary>
    public abstract void DifferentiateCost(Trajectory<T> at, Matrix<T> stateGradient, Matrix<T> inputGradient, T* initialGradient);

    /// <summary>Adds the second derivatives of l_t to the upper triangle of an n x n matrix.</summary>
    public abstract void AddStateCurvature(int t, CurvatureKind kind, Matrix<T> target);

    /// <summary>Adds <paramref name="scale"/> times the second derivatives of p at u_t to the upper triangle of an m x m matrix.</summary>
    public abstract void AddInputCurvature(int t, Trajectory<T> at, CurvatureKind kind, T scale, Matrix<T> target);

    /// <summary>Adds <paramref name="scale"/> times the second derivatives of c_0 to the upper triangle of an n x n matrix.</summary>
    public abstract void AddInitialCurvature(T scale, Matrix<T> target);

    /// <summary>
    /// The exact second derivatives of the costs of some bins in a row times a direction, each overwritten: of their states, of the inputs that drive
    /// the steps from them and, if the first bin is among them, of the initial state.
    /// </summary>
    /// <param name="at">The trajectory.</param>
    /// <param name="first">The first bin.</param>
    /// <param name="stateTangents">The tangents of their states, bins x n.</param>
    /// <param name="direction">The direction, of the whole trial.</param>
    /// <param name="stateProduct">Bins x n.</param>
    /// <param name="inputProduct">The product, of the whole trial.</param>
    public abstract void CostHessianProduct(
        Trajectory<T> at, int first, Matrix<T> stateTangents, InputVector<T> direction, Matrix<T> stateProduct, InputVector<T> inputProduct);
}
