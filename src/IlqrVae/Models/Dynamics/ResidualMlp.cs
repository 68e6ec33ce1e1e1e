using System.Numerics;
using IlqrVae.Models.Kinds;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;

namespace IlqrVae.Models.Dynamics;

/// <summary>
/// A linear map and a perceptron with one hidden layer of any width h beside it:
/// <code>
/// hidden = tanh(A1 z + b1)
/// z'     = A0 z + A2 hidden + b2 + B u + E x
/// </code>
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class ResidualMlp<T> : Dynamics<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly ResidualMlpParameters<T> _p;
    private readonly int _paddedHidden;
    private readonly LinearMap<T> _a0;
    private readonly LinearMap<T> _a1;
    private readonly LinearMap<T> _a2;
    private readonly LinearMap<T> _b;
    private readonly LinearMap<T>? _e;

    /// <summary>Creates the dynamics.</summary>
    /// <param name="parameters">The parameters.</param>
    public ResidualMlp(ResidualMlpParameters<T> parameters)
        : base(parameters.SkipWeights.Rows, parameters.InputWeights.Columns, parameters.ExternalWeights?.Columns ?? 0)
    {
        _p = parameters;
        HiddenCount = parameters.HiddenWeights.Rows;
        _paddedHidden = Matrix<T>.PaddedLength(HiddenCount);
        _a0 = new LinearMap<T>(parameters.SkipWeights);
        _a1 = new LinearMap<T>(parameters.HiddenWeights);
        _a2 = new LinearMap<T>(parameters.OutputWeights);
        _b = new LinearMap<T>(parameters.InputWeights);
        _e = parameters.ExternalWeights is null ? null : new LinearMap<T>(parameters.ExternalWeights);
        Parameters = parameters.All;
        RecurrentWeights = [parameters.SkipWeights, parameters.HiddenWeights, parameters.OutputWeights];
    }

    /// <summary>Width h of the hidden layer.</summary>
    public int HiddenCount { get; }

    /// <inheritdoc/>
    public override string Kind => "residual-mlp";

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter<T>> Parameters { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter<T>> RecurrentWeights { get; }

    /// <summary>hidden.</summary>
    public override int TapeLength => _paddedHidden;

    /// <summary>q = A2' lambda, and the derivative (1 - hidden^2) q with respect to the argument of tanh.</summary>
    public override int AdjointTapeLength => 2 * _paddedHidden;

    /// <summary>dhidden.</summary>
    public override int TangentTapeLength => _paddedHidden;

    /// <summary>The change of the second of the adjoint tape.</summary>
    public override int AdjointTangentTapeLength => _paddedHidden;

    /// <inheritdoc/>
    public override void Refresh()
    {
        _a0.Refresh();
        _a1.Refresh();
        _a2.Refresh();
        _b.Refresh();
        _e?.Refresh();
    }

    /// <inheritdoc/>
    public override void Step(DynamicsScratch<T> scratch, T* z, T* u, T* x, T* next, T* tape)
    {
        Elementwise.Copy(_p.HiddenBias.Value.Pointer, tape, _paddedHidden);
        _a1.Apply(z, tape, accumulate: true);
        Elementwise.Tanh(tape, tape, _paddedHidden);
        Elementwise.Copy(_p.OutputBias.Value.Pointer, next, Padded);
        _a0.Apply(z, next, accumulate: true);
        _a2.Apply(tape, next, accumulate: true);
        _b.Apply(u, next, accumulate: true);
        _e?.Apply(x, next, accumulate: true);
        GC.KeepAlive(this);
    }

    /// <summary>df/dz = A0 + A2 diag(1 - hidden^2) A1, df/du = B.</summary>
    public override void Jacobian(DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, Matrix<T> a, Matrix<T> b)
    {
        var inner = ((ResidualMlpScratch)scratch).Inner;
        for (var i = 0; i < HiddenCount; i++)
        {
            Elementwise.ScaleTo(T.One - (tape[i] * tape[i]), _a1.Matrix.RowPointer(i), inner.RowPointer(i), StateCount);
        }

        RowOperations.Copy(_a0.Matrix, a);
        Gemm.Multiply(_a2.Matrix, inner, a, accumulate: true);
        RowOperations.Copy(_b.Matrix, b);
        GC.KeepAlive(scratch);
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public override void Tangent(DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, T* dz, T* du, T* dnext, T* tangentTape)
    {
        _a1.Apply(dz, tangentTape);
        TimesSlope(tape, tangentTape, tangentTape);
        _a0.Apply(dz, dnext);
        _a2.Apply(tangentTape, dnext, accumulate: true);
        _b.Apply(du, dnext, accumulate: true);
    }

    /// <inheritdoc/>
    public override void Adjoint(
        DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, T* lambda, T* toState, T* toInput, T* adjointTape)
    {
        T* q = adjointTape, toArgument = q + _paddedHidden;
        _a2.ApplyTransposed(lambda, q);
        TimesSlope(tape, q, toArgument);
        _a0.ApplyTransposed(lambda, toState);
        _a1.ApplyTransposed(toArgument, toState, accumulate: true);
        _b.ApplyTransposed(lambda, toInput);
    }

    /// <summary>d[(1 - hidden^2) q] = (1 - hidden^2) A2' dlambda - 2 hidden dhidden q.</summary>
    public override void AdjointTangent(
        DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, T* lambda, T* adjointTape, T* dz, T* du, T* tangentTape, T* dlambda,
        T* toState, T* toInput, T* adjointTangentTape)
    {
        _a2.ApplyTransposed(dlambda, adjointTangentTape);
        for (var i = 0; i < HiddenCount; i += Vector<T>.Count)
        {
            var hidden = Vector.Load(tape + i);
            var bend = hidden * Vector.Load(tangentTape + i) * Vector.Load(adjointTape + i);
            var straight = (Vector<T>.One - (hidden * hidden)) * Vector.Load(adjointTangentTape + i);
            Vector.Store(straight - (bend + bend), adjointTangentTape + i);
        }

        _a0.ApplyTransposed(dlambda, toState);
        _a1.ApplyTransposed(adjointTangentTape, toState, accumulate: true);
        _b.ApplyTransposed(dlambda, toInput);
    }

    /// <inheritdoc/>
    public override void AccumulateGradient(DynamicsScratch<T> scratch, in DynamicsPath<T> path, ParameterGradient<T> gradient)
        => AccumulateOutputs(path.CostatesAfter, path.AdjointTape.ColumnRange(_paddedHidden, HiddenCount), path, gradient);

    /// <inheritdoc/>
    public override void AccumulateGradientTangent(
        DynamicsScratch<T> scratch, in DynamicsPath<T> path, in DynamicsPath<T> tangent, ParameterGradient<T> gradient)
    {
        AccumulateOutputs(tangent.CostatesAfter, tangent.AdjointTape.ColumnRange(0, HiddenCount), path, gradient);
        _a0.Accumulate(path.CostatesAfter, tangent.StatesBefore, gradient);
        _a1.Accumulate(path.AdjointTape.ColumnRange(_paddedHidden, HiddenCount), tangent.StatesBefore, gradient);
        _a2.Accumulate(path.CostatesAfter, tangent.Tape.ColumnRange(0, HiddenCount), gradient);
        _b.Accumulate(path.CostatesAfter, tangent.Inputs, gradient);
    }

    /// <inheritdoc/>
    public override DynamicsScratch<T> CreateScratch() => new ResidualMlpScratch(StateCount, InputCount, HiddenCount);

    /// <summary>y = (1 - hidden^2) x.</summary>
    private void TimesSlope(T* hidden, T* x, T* y)
    {
        for (var i = 0; i < HiddenCount; i += Vector<T>.Count)
        {
            var h = Vector.Load(hidden + i);
            Vector.Store((Vector<T>.One - (h * h)) * Vector.Load(x + i), y + i);
        }
    }

    /// <summary>The sums that pair costates (or their tangents) with the trajectory itself.</summary>
    private void AccumulateOutputs(Matrix<T> costatesAfter, Matrix<T> toArgument, in DynamicsPath<T> path, ParameterGradient<T> gradient)
    {
        _a0.Accumulate(costatesAfter, path.StatesBefore, gradient);
        _a1.Accumulate(toArgument, path.StatesBefore, gradient);
        Elementwise.AddColumnSums(toArgument, gradient[_p.HiddenBias].Pointer);
        _a2.Accumulate(costatesAfter, path.Tape.ColumnRange(0, HiddenCount), gradient);
        Elementwise.AddColumnSums(costatesAfter, gradient[_p.OutputBias].Pointer);
        _b.Accumulate(costatesAfter, path.Inputs, gradient);
        _e?.Accumulate(costatesAfter, path.ExternalOfSteps, gradient);
        GC.KeepAlive(gradient);
    }

    private sealed class ResidualMlpScratch(int states, int inputs, int hidden) : DynamicsScratch<T>(1, Math.Max(states, inputs), 1)
    {
        public Matrix<T> Inner { get; } = Matrix<T>.Allocate(hidden, states);
    }
}

/// <summary>The parameters of a <see cref="ResidualMlp{T}"/>.</summary>
/// <param name="SkipWeights">A0, n x n.</param>
/// <param name="HiddenWeights">A1, h x n.</param>
/// <param name="HiddenBias">b1, 1 x h.</param>
/// <param name="OutputWeights">A2, n x h.</param>
/// <param name="OutputBias">b2, 1 x n.</param>
/// <param name="InputWeights">B, n x m.</param>
/// <param name="ExternalWeights">E, n x external inputs, or null.</param>
/// <typeparam name="T">float or double.</typeparam>
public sealed record ResidualMlpParameters<T>(
    Parameter<T> SkipWeights,
    Parameter<T> HiddenWeights,
    Parameter<T> HiddenBias,
    Parameter<T> OutputWeights,
    Parameter<T> OutputBias,
    Parameter<T> InputWeights,
    Parameter<T>? ExternalWeights = null)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    internal IReadOnlyList<Parameter<T>> All =>
    [
        .. new[] { SkipWeights, HiddenWeights, HiddenBias, OutputWeights, OutputBias, InputWeights, ExternalWeights }.OfType<Parameter<T>>(),
    ];
}

/// <summary>A linear map and a perceptron in configurations.</summary>
public sealed record ResidualMlpSpecification : LeakyDynamicsSpecification
{
    /// <summary>Hidden units.</summary>
    public int HiddenUnits { get; init; } = 64;

    /// <inheritdoc/>
    public override string Kind => "residual-mlp";

    /// <inheritdoc/>
    public override string Meaning => "a linear part plus one hidden layer";

    /// <inheritdoc/>
    public override IReadOnlyList<Setting<DynamicsSpecification>> SettingsAmong(ModelKinds kinds) =>
    [
        Setting.Whole<ResidualMlpSpecification>("hidden", 1, 4096, one => one.HiddenUnits, (one, value) => one with { HiddenUnits = (int)value }, "Hidden units.")
            .Of<DynamicsSpecification>(),
        .. base.SettingsAmong(kinds),
    ];

    /// <inheritdoc/>
    public override Dynamics<T> Build<T>(ModelStart start)
    {
        var n = start.States;
        return new ResidualMlp<T>(new ResidualMlpParameters<T>(
            new Parameter<T>("dynamics.A0", n, n, Constraint.Free, WithDiagonal(new double[n * n], 1 - Leak)),
            start.RandomMatrix<T>("dynamics.A1", HiddenUnits, n, 1 / Math.Sqrt(n)),
            ModelStart.Constant<T>("dynamics.b1", HiddenUnits, Constraint.Free, 0),
            start.RandomMatrix<T>("dynamics.A2", n, HiddenUnits, 0.1 * Leak / Math.Sqrt(HiddenUnits)),
            ModelStart.Constant<T>("dynamics.b2", n, Constraint.Free, 0),
            InputMatrix<T>("dynamics.B", start, Drive(start)),
            start.External<T>("dynamics.E", n, Drive(start))));
    }
}
