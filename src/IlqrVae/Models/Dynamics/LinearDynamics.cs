using System.Numerics;
using IlqrVae.Models.Kinds;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;

namespace IlqrVae.Models.Dynamics;

/// <summary>z' = A z + B u + E x, with A free or stable by construction (<see cref="Constraint.Stable"/>).</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class LinearDynamics<T> : Dynamics<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly LinearMap<T> _a;
    private readonly LinearMap<T> _b;
    private readonly LinearMap<T>? _e;

    /// <summary>Creates the dynamics.</summary>
    /// <param name="a">n x n.</param>
    /// <param name="b">n x m.</param>
    /// <param name="e">n x external inputs, or null.</param>
    public LinearDynamics(Parameter<T> a, Parameter<T> b, Parameter<T>? e = null)
        : base(a.Rows, b.Columns, e?.Columns ?? 0)
    {
        _a = new LinearMap<T>(a);
        _b = new LinearMap<T>(b);
        _e = e is null ? null : new LinearMap<T>(e);
        Parameters = e is null ? [a, b] : [a, b, e];
        RecurrentWeights = [a];
    }

    /// <inheritdoc/>
    public override string Kind => "linear";

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter<T>> Parameters { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter<T>> RecurrentWeights { get; }

    /// <inheritdoc/>
    public override Parameter<T> Transition => RecurrentWeights[0];

    /// <inheritdoc/>
    public override int TapeLength => 0;

    /// <inheritdoc/>
    public override int AdjointTapeLength => 0;

    /// <inheritdoc/>
    public override int TangentTapeLength => 0;

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
        _a.Apply(z, next);
        _b.Apply(u, next, accumulate: true);
        _e?.Apply(x, next, accumulate: true);
    }

    /// <inheritdoc/>
    public override void Jacobian(DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, Matrix<T> a, Matrix<T> b)
    {
        RowOperations.Copy(_a.Matrix, a);
        RowOperations.Copy(_b.Matrix, b);
    }

    /// <inheritdoc/>
    public override void Tangent(DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, T* dz, T* du, T* dnext, T* tangentTape)
    {
        _a.Apply(dz, dnext);
        _b.Apply(du, dnext, accumulate: true);
    }

    /// <inheritdoc/>
    public override void Adjoint(
        DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, T* lambda, T* toState, T* toInput, T* adjointTape)
    {
        _a.ApplyTransposed(lambda, toState);
        _b.ApplyTransposed(lambda, toInput);
    }

    /// <inheritdoc/>
    public override void AdjointTangent(
        DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, T* lambda, T* adjointTape, T* dz, T* du, T* tangentTape, T* dlambda,
        T* toState, T* toInput, T* adjointTangentTape)
    {
        _a.ApplyTransposed(dlambda, toState);
        _b.ApplyTransposed(dlambda, toInput);
    }

    /// <inheritdoc/>
    public override void AccumulateGradient(DynamicsScratch<T> scratch, in DynamicsPath<T> path, ParameterGradient<T> gradient)
    {
        _a.Accumulate(path.CostatesAfter, path.StatesBefore, gradient);
        _b.Accumulate(path.CostatesAfter, path.Inputs, gradient);
        _e?.Accumulate(path.CostatesAfter, path.ExternalOfSteps, gradient);
    }

    /// <inheritdoc/>
    public override void AccumulateGradientTangent(
        DynamicsScratch<T> scratch, in DynamicsPath<T> path, in DynamicsPath<T> tangent, ParameterGradient<T> gradient)
    {
        _a.Accumulate(tangent.CostatesAfter, path.StatesBefore, gradient);
        _a.Accumulate(path.CostatesAfter, tangent.StatesBefore, gradient);
        _b.Accumulate(tangent.CostatesAfter, path.Inputs, gradient);
        _b.Accumulate(path.CostatesAfter, tangent.Inputs, gradient);
        _e?.Accumulate(tangent.CostatesAfter, path.ExternalOfSteps, gradient);
    }
}

/// <summary>Linear dynamics in configurations.</summary>
public sealed record LinearSpecification : LeakyDynamicsSpecification
{
    /// <summary>Stable by construction.</summary>
    public bool Stable { get; init; } = true;

    /// <inheritdoc/>
    public override string Kind => "linear";

    /// <inheritdoc/>
    public override string Meaning => "z' = A z + B u";

    /// <inheritdoc/>
    public override IReadOnlyList<Setting<DynamicsSpecification>> SettingsAmong(ModelKinds kinds) =>
    [
        Setting.Flag<LinearSpecification>("stable", one => one.Stable, (one, value) => one with { Stable = value }, "Keep A stable by construction.")
            .Of<DynamicsSpecification>(),
        .. base.SettingsAmong(kinds),
    ];

    /// <inheritdoc/>
    public override Dynamics<T> Build<T>(ModelStart start)
    {
        var n = start.States;
        var weak = start.Random(n, n, Weak(start) * Leak);
        var a = Stable ? SlowRotation<T>(start) : new Parameter<T>("dynamics.A", n, n, Constraint.Free, WithLeak(weak));
        return new LinearDynamics<T>(a, InputMatrix<T>("dynamics.B", start, Drive(start)), start.External<T>("dynamics.E", n, Drive(start)));
    }

    private double[] WithLeak(double[] weak)
    {
        var n = (int)Math.Sqrt(weak.Length);
        for (var i = 0; i < n; i++)
        {
            weak[(i * n) + i] = weak[(i * n) + i] + 1 - Leak;
        }

        return weak;
    }

    /// <summary>A slow rotation shrunk by the leak: the rotation breaks the symmetry between states.</summary>
    private Parameter<T> SlowRotation<T>(ModelStart start)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var n = start.States;
        var angles = start.Random(1, n * (n - 1) / 2, 0.1 / Math.Sqrt(n));
        var value = new double[n * n];
        Constraint.Orthogonal.Apply(angles, n, n, value);
        for (var i = 0; i < value.Length; i++)
        {
            value[i] *= 1 - Leak;
        }

        return new Parameter<T>("dynamics.A", n, n, Constraint.Stable, value);
    }
}
