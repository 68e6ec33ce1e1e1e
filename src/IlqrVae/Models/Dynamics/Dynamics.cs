using System.Numerics;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;

namespace IlqrVae.Models.Dynamics;

/// <summary>
/// z_{t+1} = f(z_t, u_t, x_t) with every derivative that the solver and the exact gradient need. Immutable but for its parameters' values, which
/// change only between solves; scratch space is made by <see cref="CreateScratch"/> and passed in, so any number of workers share one model.
/// </summary>
/// <remarks>
/// Vectors are addresses of zero-padded rows, see <see cref="Matrix{T}"/>. A tape is a row of numbers that one method writes and later ones read;
/// <see cref="Step"/> writes the tape, <see cref="Adjoint"/> the adjoint tape, <see cref="Tangent"/> the tangent tape (which must be linear in the
/// tangent) and <see cref="AdjointTangent"/> the adjoint tangent tape. Pointers to tapes of length zero may be null.
/// </remarks>
/// <typeparam name="T">float or double.</typeparam>
public abstract unsafe class Dynamics<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Rows of a block when a sum over bins is formed through scratch space.</summary>
    protected const int Block = 64;

    /// <summary>Creates the dynamics.</summary>
    /// <param name="states">State dimension n.</param>
    /// <param name="inputs">Input dimension m.</param>
    /// <param name="externalInputs">Number of known external inputs.</param>
    protected Dynamics(int states, int inputs, int externalInputs)
    {
        StateCount = states;
        InputCount = inputs;
        ExternalCount = externalInputs;
        Padded = Matrix<T>.PaddedLength(states);
    }

    /// <summary>What configurations call it.</summary>
    public abstract string Kind { get; }

    /// <summary>State dimension n.</summary>
    public int StateCount { get; }

    /// <summary>Input dimension m.</summary>
    public int InputCount { get; }

    /// <summary>Number of known external inputs.</summary>
    public int ExternalCount { get; }

    /// <summary>
    /// The dynamics of the system itself under its inputs; these ones but where a prior with a memory carries more than the system's state along. The
    /// system's state comes first in the state.
    /// </summary>
    public virtual Dynamics<T> System => this;

    /// <summary>The parameters.</summary>
    public abstract IReadOnlyList<Parameter<T>> Parameters { get; }

    /// <summary>The recurrent weight matrices, which an L2 penalty may act on.</summary>
    public abstract IReadOnlyList<Parameter<T>> RecurrentWeights { get; }

    /// <summary>A of dynamics z' = A z + ..., n x n; null for dynamics that are not linear.</summary>
    public virtual Parameter<T>? Transition => null;

    /// <summary>Numbers that a step records.</summary>
    public abstract int TapeLength { get; }

    /// <summary>Numbers that an adjoint step records.</summary>
    public abstract int AdjointTapeLength { get; }

    /// <summary>Numbers that a tangent step records.</summary>
    public abstract int TangentTapeLength { get; }

    /// <summary>Numbers that the tangent of an adjoint step records.</summary>
    public abstract int AdjointTangentTapeLength { get; }

    /// <summary>Length of a padded state vector.</summary>
    protected int Padded { get; }

    /// <summary>Makes the scratch space of one worker.</summary>
    public virtual DynamicsScratch<T> CreateScratch() => new(8, Math.Max(StateCount, InputCount), StateCount);

    /// <summary>Recomputes whatever is derived from the parameters; to be called after they change.</summary>
    public abstract void Refresh();

    /// <summary>next = f(z, u, x).</summary>
    public abstract void Step(DynamicsScratch<T> scratch, T* z, T* u, T* x, T* next, T* tape);

    /// <summary>A = df/dz (n x n) and B = df/du (n x m).</summary>
    public abstract void Jacobian(DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, Matrix<T> a, Matrix<T> b);

    /// <summary>dnext = A dz + B du.</summary>
    public abstract void Tangent(DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, T* dz, T* du, T* dnext, T* tangentTape);

    /// <summary>(A' lambda, B' lambda).</summary>
    public abstract void Adjoint(
        DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, T* lambda, T* toState, T* toInput, T* adjointTape);

    /// <summary>
    /// The derivative of <see cref="Adjoint"/> along (dz, du) and a change dlambda of its costate.
    /// </summary>
    public abstract void AdjointTangent(
        DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, T* lambda, T* adjointTape, T* dz, T* du, T* tangentTape, T* dlambda,
        T* toState, T* toInput, T* adjointTangentTape);

    /// <summary>gradient += sum_t (df_t/dtheta)' lambda_{t+1}.</summary>
    /// <param name="scratch">Scratch space.</param>
    /// <param name="path">The trajectory and its adjoint sweep.</param>
    /// <param name="gradient">The sums.</param>
    public abstract void AccumulateGradient(DynamicsScratch<T> scratch, in DynamicsPath<T> path, ParameterGradient<T> gradient);

    /// <summary>gradient += the derivative of <see cref="AccumulateGradient"/>'s sum along a tangent of the trajectory and its costates.</summary>
    /// <param name="scratch">Scratch space.</param>
    /// <param name="path">The trajectory and its adjoint sweep.</param>
    /// <param name="tangent">The tangent.</param>
    /// <param name="gradient">The sums.</param>
    public abstract void AccumulateGradientTangent(
        DynamicsScratch<T> scratch, in DynamicsPath<T> path, in DynamicsPath<T> tangent, ParameterGradient<T> gradient);
}

/// <summary>The scratch space of one worker.</summary>
/// <typeparam name="T">float or double.</typeparam>
public class DynamicsScratch<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Allocates scratch space.</summary>
    /// <param name="vectors">Number of vectors.</param>
    /// <param name="length">Length of each.</param>
    /// <param name="blockColumns">Columns of the block of bins.</param>
    public DynamicsScratch(int vectors, int length, int blockColumns)
    {
        Vectors = Matrix<T>.Allocate(vectors, length);
        Square = Matrix<T>.Allocate(length, length);
        BlockOfBins = Matrix<T>.Allocate(64, blockColumns);
    }

    /// <summary>Vectors, one a row.</summary>
    public Matrix<T> Vectors { get; }

    /// <summary>A square matrix.</summary>
    public Matrix<T> Square { get; }

    /// <summary>A block of bins.</summary>
    public Matrix<T> BlockOfBins { get; }
}

/// <summary>A trajectory of T bins with S = T - 1 steps, and its adjoint sweep; or the tangent of both.</summary>
/// <param name="States">T x n.</param>
/// <param name="Inputs">S x m.</param>
/// <param name="External">S x external inputs, or more rows; empty when there are none.</param>
/// <param name="Tape">S x tape length (for a tangent: tangent tape length).</param>
/// <param name="Costates">T x n; row t + 1 belongs to step t.</param>
/// <param name="AdjointTape">S x adjoint tape length (for a tangent: adjoint tangent tape length).</param>
/// <typeparam name="T">float or double.</typeparam>
public readonly record struct DynamicsPath<T>(
    Matrix<T> States, Matrix<T> Inputs, Matrix<T> External, Matrix<T> Tape, Matrix<T> Costates, Matrix<T> AdjointTape)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Number of steps S.</summary>
    public int Steps => Inputs.Rows;

    /// <summary>The states before each step: S x n.</summary>
    public Matrix<T> StatesBefore => States.RowRange(0, Steps);

    /// <summary>The costates after each step: S x n.</summary>
    public Matrix<T> CostatesAfter => Costates.RowRange(1, Steps);

    /// <summary>The external inputs of each step: S x external inputs.</summary>
    public Matrix<T> ExternalOfSteps => External.RowRange(0, Steps);

    /// <summary>Holds the memory of every part up to this call; see <see cref="Matrix{T}"/>.</summary>
    internal void KeepAlive()
    {
        States.KeepAlive();
        Inputs.KeepAlive();
        External.KeepAlive();
        Tape.KeepAlive();
        Costates.KeepAlive();
        AdjointTape.KeepAlive();
    }
}
