using System.Numerics;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;

namespace IlqrVae.Models.Dynamics;

/// <summary>z' = A tanh(z) + B u + E x + b.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class RecurrentNetwork<T> : Dynamics<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly LinearMap<T> _a;
    private readonly LinearMap<T> _b;
    private readonly LinearMap<T>? _e;
    private readonly Parameter<T> _bias;

    /// <summary>Creates the dynamics.</summary>
    /// <param name="a">Recurrent weights A, n x n.</param>
    /// <param name="bias">b, 1 x n.</param>
    /// <param name="b">Input weights B, n x m.</param>
    /// <param name="e">E, n x external inputs, or null.</param>
    public RecurrentNetwork(Parameter<T> a, Parameter<T> bias, Parameter<T> b, Parameter<T>? e = null)
        : base(a.Rows, b.Columns, e?.Columns ?? 0)
    {
        _a = new LinearMap<T>(a);
        _b = new LinearMap<T>(b);
        _e = e is null ? null : new LinearMap<T>(e);
        _bias = bias;
        Parameters = e is null ? [a, bias, b] : [a, bias, b, e];
        RecurrentWeights = [a];
    }

    /// <inheritdoc/>
    public override string Kind => "rnn";

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter<T>> Parameters { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter<T>> RecurrentWeights { get; }

    /// <summary>phi = tanh(z).</summary>
    public override int TapeLength => Padded;

    /// <summary>q = A' lambda.</summary>
    public override int AdjointTapeLength => Padded;

    /// <summary>dphi = (1 - phi^2) dz.</summary>
    public override int TangentTapeLength => Padded;

    /// <inheritdoc/>
    public override int AdjointTangentTapeLength => 0;

    /// <inheritdoc/>
    public override void Refresh()
    {
        _a.Refresh();
        _b.Refresh();
        _e?.Refresh();
    }

    /// <inheritdoc/>
    public override void Step(DynamicsScratch<T> scratch, T* z, T* u, T* x, T* next, T* tape)
    {
        Elementwise.Tanh(z, tape, Padded);
        Elementwise.Copy(_bias.Value.Pointer, next, Padded);
        _a.Apply(tape, next, accumulate: true);
        _b.Apply(u, next, accumulate: true);
        _e?.Apply(x, next, accumulate: true);
        GC.KeepAlive(this);
    }

    /// <summary>df/dz = A diag(1 - phi^2), df/du = B.</summary>
    public override void Jacobian(DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, Matrix<T> a, Matrix<T> b)
    {
        var slope = scratch.Vectors.RowPointer(0);
        for (var i = 0; i < Padded; i += Vector<T>.Count)
        {
            var phi = Vector.Load(tape + i);
            Vector.Store(Vector<T>.One - (phi * phi), slope + i);
        }

        for (var i = 0; i < StateCount; i++)
        {
            Elementwise.Multiply(_a.Matrix.RowPointer(i), slope, a.RowPointer(i), Padded);
        }

        RowOperations.Copy(_b.Matrix, b);
        GC.KeepAlive(scratch);
        a.KeepAlive();
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public override void Tangent(DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, T* dz, T* du, T* dnext, T* tangentTape)
    {
        for (var i = 0; i < StateCount; i += Vector<T>.Count)
        {
            var phi = Vector.Load(tape + i);
            Vector.Store((Vector<T>.One - (phi * phi)) * Vector.Load(dz + i), tangentTape + i);
        }

        _a.Apply(tangentTape, dnext);
        _b.Apply(du, dnext, accumulate: true);
    }

    /// <inheritdoc/>
    public override void Adjoint(
        DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, T* lambda, T* toState, T* toInput, T* adjointTape)
    {
        _a.ApplyTransposed(lambda, adjointTape);
        for (var i = 0; i < StateCount; i += Vector<T>.Count)
        {
            var phi = Vector.Load(tape + i);
            Vector.Store((Vector<T>.One - (phi * phi)) * Vector.Load(adjointTape + i), toState + i);
        }

        _b.ApplyTransposed(lambda, toInput);
    }

    /// <summary>d[(1 - phi^2) q] = (1 - phi^2) A' dlambda - 2 phi dphi q.</summary>
    public override void AdjointTangent(
        DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, T* lambda, T* adjointTape, T* dz, T* du, T* tangentTape, T* dlambda,
        T* toState, T* toInput, T* adjointTangentTape)
    {
        var dq = scratch.Vectors.RowPointer(0);
        _a.ApplyTransposed(dlambda, dq);
        for (var i = 0; i < StateCount; i += Vector<T>.Count)
        {
            var phi = Vector.Load(tape + i);
            var bend = phi * Vector.Load(tangentTape + i) * Vector.Load(adjointTape + i);
            Vector.Store(((Vector<T>.One - (phi * phi)) * Vector.Load(dq + i)) - (bend + bend), toState + i);
        }

        _b.ApplyTransposed(dlambda, toInput);
        GC.KeepAlive(scratch);
    }

    /// <inheritdoc/>
    public override void AccumulateGradient(DynamicsScratch<T> scratch, in DynamicsPath<T> path, ParameterGradient<T> gradient)
        => AccumulateOutputs(path.CostatesAfter, path, gradient);

    /// <inheritdoc/>
    public override void AccumulateGradientTangent(
        DynamicsScratch<T> scratch, in DynamicsPath<T> path, in DynamicsPath<T> tangent, ParameterGradient<T> gradient)
    {
        AccumulateOutputs(tangent.CostatesAfter, path, gradient);
        _a.Accumulate(path.CostatesAfter, tangent.Tape.ColumnRange(0, StateCount), gradient);
        _b.Accumulate(path.CostatesAfter, tangent.Inputs, gradient);
    }

    /// <summary>The sums that pair costates (or their tangents) with the trajectory itself.</summary>
    private void AccumulateOutputs(Matrix<T> costatesAfter, in DynamicsPath<T> path, ParameterGradient<T> gradient)
    {
        _a.Accumulate(costatesAfter, path.Tape.ColumnRange(0, StateCount), gradient);
        Elementwise.AddColumnSums(costatesAfter, gradient[_bias].Pointer);
        _b.Accumulate(costatesAfter, path.Inputs, gradient);
        _e?.Accumulate(costatesAfter, path.ExternalOfSteps, gradient);
        GC.KeepAlive(gradient);
    }
}

/// <summary>A recurrent network in configurations.</summary>
public sealed record RnnSpecification : LeakyDynamicsSpecification
{
    /// <inheritdoc/>
    public override string Kind => "rnn";

    /// <inheritdoc/>
    public override string Meaning => "z' = A tanh(z) + B u + b";

    /// <inheritdoc/>
    public override Dynamics<T> Build<T>(ModelStart start)
    {
        var n = start.States;
        return new RecurrentNetwork<T>(
            new Parameter<T>("dynamics.A", n, n, Constraint.Free, WithDiagonal(start.Random(n, n, Weak(start)), 1 - Leak)),
            ModelStart.Constant<T>("dynamics.b", n, Constraint.Free, 0),
            InputMatrix<T>("dynamics.B", start, Drive(start)),
            start.External<T>("dynamics.E", n, Drive(start)));
    }
}
