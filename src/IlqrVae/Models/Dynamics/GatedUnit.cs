using System.Numerics;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;

namespace IlqrVae.Models.Dynamics;

/// <summary>Where the input enters a gated unit.</summary>
public enum InputPlacement
{
    /// <summary>Added to the candidate after its nonlinearity (the paper's published results).</summary>
    Outside,

    /// <summary>Inside the candidate's nonlinearity (paper, Eq. S5).</summary>
    Candidate,

    /// <summary>Inside the candidate's nonlinearity and, through its own matrix, the gate (the minimal gated unit).</summary>
    GateAndCandidate,
}

/// <summary>
/// The minimal gated units of Heck and Salem (2017), with g(y) = (y + sqrt(y^2 + 4)) / 2 - 1:
/// <code>
/// gate = sigmoid(U_f z + b_f [+ W_f u + E_f x])
/// pre  = U_h (gate * z) + b_h,   drive = W u + E x
/// cand = g(pre) + drive  (outside)   or   g(pre + drive)
/// z'   = (1 - gate) * z + gate * cand
/// </code>
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class GatedUnit<T> : Dynamics<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly GatedUnitParameters<T> _p;
    private readonly bool _outside;
    private readonly LinearMap<T> _uf;
    private readonly LinearMap<T> _uh;
    private readonly LinearMap<T> _w;
    private readonly LinearMap<T>? _e;
    private readonly LinearMap<T>? _wf;
    private readonly LinearMap<T>? _ef;

    /// <summary>Creates the dynamics.</summary>
    /// <param name="placement">Where the input enters.</param>
    /// <param name="parameters">The parameters.</param>
    /// <exception cref="ArgumentException">The gate's input matrices are given or missing against the placement.</exception>
    public GatedUnit(InputPlacement placement, GatedUnitParameters<T> parameters)
        : base(parameters.GateWeights.Rows, parameters.InputWeights.Columns, parameters.ExternalWeights?.Columns ?? 0)
    {
        var gateHasInput = placement == InputPlacement.GateAndCandidate;
        if (gateHasInput != (parameters.GateInputWeights is not null)
            || (gateHasInput && parameters.ExternalWeights is not null) != (parameters.GateExternalWeights is not null))
        {
            throw new ArgumentException("The gate has input matrices exactly when the input enters it.", nameof(parameters));
        }

        Placement = placement;
        _outside = placement == InputPlacement.Outside;
        _p = parameters;
        _uf = new LinearMap<T>(parameters.GateWeights);
        _uh = new LinearMap<T>(parameters.CandidateWeights);
        _w = new LinearMap<T>(parameters.InputWeights);
        _e = Map(parameters.ExternalWeights);
        _wf = Map(parameters.GateInputWeights);
        _ef = Map(parameters.GateExternalWeights);
        Parameters = parameters.All;
        RecurrentWeights = [parameters.GateWeights, parameters.CandidateWeights];
    }

    /// <summary>Where the input enters.</summary>
    public InputPlacement Placement { get; }

    /// <inheritdoc/>
    public override string Kind => Placement == InputPlacement.GateAndCandidate ? "mgu" : "mini-gru";

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter<T>> Parameters { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter<T>> RecurrentWeights { get; }

    /// <summary>gate, cand - z, g'(.), g''(.).</summary>
    public override int TapeLength => 4 * Padded;

    /// <summary>Derivatives with respect to pre, the gate's argument, drive; then q = U_h' (the first) and the derivative with respect to the gate.</summary>
    public override int AdjointTapeLength => 5 * Padded;

    /// <summary>The changes of gate, of the argument of g, and of cand - z.</summary>
    public override int TangentTapeLength => 3 * Padded;

    /// <summary>The changes of the first three of the adjoint tape.</summary>
    public override int AdjointTangentTapeLength => 3 * Padded;

    /// <inheritdoc/>
    public override void Refresh()
    {
        _uf.Refresh();
        _uh.Refresh();
        _w.Refresh();
        _e?.Refresh();
        _wf?.Refresh();
        _ef?.Refresh();
    }

    /// <inheritdoc/>
    public override void Step(DynamicsScratch<T> scratch, T* z, T* u, T* x, T* next, T* tape)
    {
        var n = StateCount;
        T* gate = tape, error = tape + Padded, slope = error + Padded, bend = slope + Padded;
        var gated = scratch.Vectors.RowPointer(0);
        var pre = scratch.Vectors.RowPointer(1);
        var drive = scratch.Vectors.RowPointer(2);

        Elementwise.Copy(_p.GateBias.Value.Pointer, gate, Padded);
        _uf.Apply(z, gate, accumulate: true);
        _wf?.Apply(u, gate, accumulate: true);
        _ef?.Apply(x, gate, accumulate: true);
        Elementwise.Sigmoid(gate, gate, n);
        Elementwise.Multiply(gate, z, gated, n);
        Elementwise.Copy(_p.CandidateBias.Value.Pointer, pre, Padded);
        _uh.Apply(gated, pre, accumulate: true);
        _w.Apply(u, drive);
        _e?.Apply(x, drive, accumulate: true);

        var half = new Vector<T>(T.CreateChecked(0.5));
        var two = new Vector<T>(T.CreateChecked(2));
        var four = new Vector<T>(T.CreateChecked(4));
        for (var i = 0; i < n; i += Vector<T>.Count)
        {
            var d = Vector.Load(drive + i);
            var y = _outside ? Vector.Load(pre + i) : Vector.Load(pre + i) + d;
            var root = Vector.SquareRoot((y * y) + four);
            var candidate = ((y + root) * half) - Vector<T>.One;
            candidate = _outside ? candidate + d : candidate;
            var state = Vector.Load(z + i);
            var e = candidate - state;
            Vector.Store((Vector<T>.One + (y / root)) * half, slope + i);
            Vector.Store(two / (root * root * root), bend + i);
            Vector.Store(e, error + i);
            Vector.Store(state + (Vector.Load(gate + i) * e), next + i);
        }

        GC.KeepAlive(scratch);
        GC.KeepAlive(this);
    }

    /// <summary>
    /// A = diag(1 - gate) + diag(e s) U_f + diag(gate g') U_h (diag(gate) + diag(z s) U_f) with s = gate (1 - gate), e = cand - z;
    /// B = diag(gate) W, or diag(gate g') W, or that with the gate's own path added.
    /// </summary>
    public override void Jacobian(DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, Matrix<T> a, Matrix<T> b)
    {
        var n = StateCount;
        T* gate = tape, error = tape + Padded, slope = error + Padded;
        var own = (GatedUnitScratch)scratch;
        T* throughState = scratch.Vectors.RowPointer(0), throughError = scratch.Vectors.RowPointer(1), candidate = scratch.Vectors.RowPointer(2);
        var kept = scratch.Vectors.RowPointer(3);
        for (var i = 0; i < n; i += Vector<T>.Count)
        {
            var g = Vector.Load(gate + i);
            var s = g * (Vector<T>.One - g);
            Vector.Store(s * Vector.Load(z + i), throughState + i);
            Vector.Store(s * Vector.Load(error + i), throughError + i);
            Vector.Store(g * Vector.Load(slope + i), candidate + i);
            Vector.Store(Vector<T>.One - g, kept + i);
        }

        RowOperations.ScaleRows(throughState, _uf.Matrix, own.Inner, diagonal: gate);
        Gemm.Multiply(_uh.Matrix, own.Inner, a);
        RowOperations.CombineRows(candidate, a, throughError, _uf.Matrix, diagonal: kept);

        if (_wf is null)
        {
            RowOperations.ScaleRows(_outside ? gate : candidate, _w.Matrix, b);
            GC.KeepAlive(scratch);
            return;
        }

        RowOperations.ScaleRows(throughState, _wf.Matrix, own.InnerOfInput);
        RowOperations.Copy(_w.Matrix, b);
        Gemm.Multiply(_uh.Matrix, own.InnerOfInput, b, accumulate: true);
        RowOperations.CombineRows(candidate, b, throughError, _wf.Matrix);
        GC.KeepAlive(scratch);
    }

    /// <inheritdoc/>
    public override void Tangent(DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, T* dz, T* du, T* dnext, T* tangentTape)
    {
        var n = StateCount;
        T* gate = tape, error = tape + Padded, slope = error + Padded;
        T* dgate = tangentTape, dpre = dgate + Padded, derror = dpre + Padded;
        var dgated = scratch.Vectors.RowPointer(0);
        var ddrive = scratch.Vectors.RowPointer(1);
        _uf.Apply(dz, dgate);
        _wf?.Apply(du, dgate, accumulate: true);
        _w.Apply(du, ddrive);
        for (var i = 0; i < n; i += Vector<T>.Count)
        {
            var g = Vector.Load(gate + i);
            var dg = g * (Vector<T>.One - g) * Vector.Load(dgate + i);
            Vector.Store(dg, dgate + i);
            Vector.Store((g * Vector.Load(dz + i)) + (dg * Vector.Load(z + i)), dgated + i);
        }

        _uh.Apply(dgated, dpre);
        for (var i = 0; i < n; i += Vector<T>.Count)
        {
            var dd = Vector.Load(ddrive + i);
            var dy = _outside ? Vector.Load(dpre + i) : Vector.Load(dpre + i) + dd;
            Vector.Store(dy, dpre + i);
            var dcandidate = Vector.Load(slope + i) * dy;
            dcandidate = _outside ? dcandidate + dd : dcandidate;
            var dstate = Vector.Load(dz + i);
            var de = dcandidate - dstate;
            Vector.Store(de, derror + i);
            Vector.Store(dstate + (Vector.Load(dgate + i) * Vector.Load(error + i)) + (Vector.Load(gate + i) * de), dnext + i);
        }

        GC.KeepAlive(scratch);
    }

    /// <inheritdoc/>
    public override void Adjoint(
        DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, T* lambda, T* toState, T* toInput, T* adjointTape)
    {
        var n = StateCount;
        T* gate = tape, error = tape + Padded, slope = error + Padded;
        T* toPre = adjointTape, toGateArgument = toPre + Padded, toDrive = toGateArgument + Padded, q = toDrive + Padded, toGate = q + Padded;
        for (var i = 0; i < n; i += Vector<T>.Count)
        {
            var toCandidate = Vector.Load(gate + i) * Vector.Load(lambda + i);
            var pre = Vector.Load(slope + i) * toCandidate;
            Vector.Store(pre, toPre + i);
            Vector.Store(_outside ? toCandidate : pre, toDrive + i);
        }

        _uh.ApplyTransposed(toPre, q);
        for (var i = 0; i < n; i += Vector<T>.Count)
        {
            var g = Vector.Load(gate + i);
            var l = Vector.Load(lambda + i);
            var qi = Vector.Load(q + i);
            var dg = (Vector.Load(error + i) * l) + (Vector.Load(z + i) * qi);
            Vector.Store(dg, toGate + i);
            Vector.Store(g * (Vector<T>.One - g) * dg, toGateArgument + i);
            Vector.Store(((Vector<T>.One - g) * l) + (g * qi), toState + i);
        }

        _uf.ApplyTransposed(toGateArgument, toState, accumulate: true);
        _w.ApplyTransposed(toDrive, toInput);
        _wf?.ApplyTransposed(toGateArgument, toInput, accumulate: true);
    }

    /// <inheritdoc/>
    public override void AdjointTangent(
        DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, T* lambda, T* adjointTape, T* dz, T* du, T* tangentTape, T* dlambda,
        T* toState, T* toInput, T* adjointTangentTape)
    {
        var n = StateCount;
        T* gate = tape, error = tape + Padded, slope = error + Padded, bend = slope + Padded;
        T* q = adjointTape + (3 * Padded), toGate = q + Padded;
        T* dgate = tangentTape, dpre = dgate + Padded, derror = dpre + Padded;
        T* dtoPre = adjointTangentTape, dtoGateArgument = dtoPre + Padded, dtoDrive = dtoGateArgument + Padded;
        var dq = scratch.Vectors.RowPointer(0);
        for (var i = 0; i < n; i += Vector<T>.Count)
        {
            var g = Vector.Load(gate + i);
            var l = Vector.Load(lambda + i);
            var dtoCandidate = (Vector.Load(dgate + i) * l) + (g * Vector.Load(dlambda + i));
            var pre = (Vector.Load(bend + i) * Vector.Load(dpre + i) * g * l) + (Vector.Load(slope + i) * dtoCandidate);
            Vector.Store(pre, dtoPre + i);
            Vector.Store(_outside ? dtoCandidate : pre, dtoDrive + i);
        }

        _uh.ApplyTransposed(dtoPre, dq);
        var two = new Vector<T>(T.CreateChecked(2));
        for (var i = 0; i < n; i += Vector<T>.Count)
        {
            var g = Vector.Load(gate + i);
            var dg = Vector.Load(dgate + i);
            var l = Vector.Load(lambda + i);
            var dl = Vector.Load(dlambda + i);
            var qi = Vector.Load(q + i);
            var dqi = Vector.Load(dq + i);
            var dtoGate = (Vector.Load(derror + i) * l) + (Vector.Load(error + i) * dl) + (Vector.Load(dz + i) * qi) + (Vector.Load(z + i) * dqi);
            var argument = ((Vector<T>.One - (two * g)) * dg * Vector.Load(toGate + i)) + (g * (Vector<T>.One - g) * dtoGate);
            Vector.Store(argument, dtoGateArgument + i);
            Vector.Store(((Vector<T>.One - g) * dl) + (g * dqi) + (dg * (qi - l)), toState + i);
        }

        _uf.ApplyTransposed(dtoGateArgument, toState, accumulate: true);
        _w.ApplyTransposed(dtoDrive, toInput);
        _wf?.ApplyTransposed(dtoGateArgument, toInput, accumulate: true);
        GC.KeepAlive(scratch);
    }

    /// <inheritdoc/>
    public override void AccumulateGradient(DynamicsScratch<T> scratch, in DynamicsPath<T> path, ParameterGradient<T> gradient)
    {
        AccumulateOutputs(path.AdjointTape, path, gradient);
        var toPre = path.AdjointTape.ColumnRange(0, StateCount);
        for (var first = 0; first < path.Steps; first += Block)
        {
            var count = Math.Min(Block, path.Steps - first);
            var gated = scratch.BlockOfBins.RowRange(0, count);
            for (var i = 0; i < count; i++)
            {
                Elementwise.Multiply(path.Tape.RowPointer(first + i), path.States.RowPointer(first + i), gated.RowPointer(i), StateCount);
            }

            _uh.Accumulate(toPre.RowRange(first, count), gated, gradient);
        }

        GC.KeepAlive(scratch);
        path.KeepAlive();
    }

    /// <inheritdoc/>
    public override void AccumulateGradientTangent(
        DynamicsScratch<T> scratch, in DynamicsPath<T> path, in DynamicsPath<T> tangent, ParameterGradient<T> gradient)
    {
        AccumulateOutputs(tangent.AdjointTape, path, gradient);
        var toGateArgument = path.AdjointTape.ColumnRange(Padded, StateCount);
        var toDrive = path.AdjointTape.ColumnRange(2 * Padded, StateCount);
        _uf.Accumulate(toGateArgument, tangent.StatesBefore, gradient);
        _w.Accumulate(toDrive, tangent.Inputs, gradient);
        _wf?.Accumulate(toGateArgument, tangent.Inputs, gradient);
        var toPre = path.AdjointTape.ColumnRange(0, StateCount);
        var dtoPre = tangent.AdjointTape.ColumnRange(0, StateCount);
        for (var first = 0; first < path.Steps; first += Block)
        {
            var count = Math.Min(Block, path.Steps - first);
            var gated = scratch.BlockOfBins.RowRange(0, count);
            for (var i = 0; i < count; i++)
            {
                Elementwise.Multiply(path.Tape.RowPointer(first + i), path.States.RowPointer(first + i), gated.RowPointer(i), StateCount);
            }

            _uh.Accumulate(dtoPre.RowRange(first, count), gated, gradient);
            for (var i = 0; i < count; i++)
            {
                SumOfProducts(
                    path.Tape.RowPointer(first + i), tangent.States.RowPointer(first + i),
                    tangent.Tape.RowPointer(first + i), path.States.RowPointer(first + i), gated.RowPointer(i), StateCount);
            }

            _uh.Accumulate(toPre.RowRange(first, count), gated, gradient);
        }

        GC.KeepAlive(scratch);
        path.KeepAlive();
        tangent.KeepAlive();
    }

    /// <inheritdoc/>
    public override DynamicsScratch<T> CreateScratch() => new GatedUnitScratch(StateCount, InputCount);

    private static LinearMap<T>? Map(Parameter<T>? parameter) => parameter is null ? null : new LinearMap<T>(parameter);

    /// <summary>y = a * b + c * d.</summary>
    private static void SumOfProducts(T* a, T* b, T* c, T* d, T* y, int n)
    {
        for (var i = 0; i < n; i += Vector<T>.Count)
        {
            Vector.Store((Vector.Load(a + i) * Vector.Load(b + i)) + (Vector.Load(c + i) * Vector.Load(d + i)), y + i);
        }
    }

    /// <summary>The sums that pair an adjoint tape (or its tangent) with the trajectory itself, but for U_h.</summary>
    private void AccumulateOutputs(Matrix<T> adjointTape, in DynamicsPath<T> path, ParameterGradient<T> gradient)
    {
        var toPre = adjointTape.ColumnRange(0, StateCount);
        var toGateArgument = adjointTape.ColumnRange(Padded, StateCount);
        var toDrive = adjointTape.ColumnRange(2 * Padded, StateCount);
        _uf.Accumulate(toGateArgument, path.StatesBefore, gradient);
        Elementwise.AddColumnSums(toGateArgument, gradient[_p.GateBias].Pointer);
        Elementwise.AddColumnSums(toPre, gradient[_p.CandidateBias].Pointer);
        _w.Accumulate(toDrive, path.Inputs, gradient);
        _e?.Accumulate(toDrive, path.ExternalOfSteps, gradient);
        _wf?.Accumulate(toGateArgument, path.Inputs, gradient);
        _ef?.Accumulate(toGateArgument, path.ExternalOfSteps, gradient);
        GC.KeepAlive(gradient);
    }

    private sealed class GatedUnitScratch(int states, int inputs) : DynamicsScratch<T>(4, Math.Max(states, inputs), states)
    {
        public Matrix<T> Inner { get; } = Matrix<T>.Allocate(states, states);

        public Matrix<T> InnerOfInput { get; } = Matrix<T>.Allocate(states, inputs);
    }
}

/// <summary>The parameters of a <see cref="GatedUnit{T}"/>.</summary>
/// <param name="GateWeights">U_f, n x n.</param>
/// <param name="GateBias">b_f, 1 x n.</param>
/// <param name="CandidateWeights">U_h, n x n.</param>
/// <param name="CandidateBias">b_h, 1 x n.</param>
/// <param name="InputWeights">W, n x m.</param>
/// <param name="ExternalWeights">E, n x external inputs, or null.</param>
/// <param name="GateInputWeights">W_f, n x m, only when the input enters the gate.</param>
/// <param name="GateExternalWeights">E_f, n x external inputs, only when the input enters the gate and there are external inputs.</param>
/// <typeparam name="T">float or double.</typeparam>
public sealed record GatedUnitParameters<T>(
    Parameter<T> GateWeights,
    Parameter<T> GateBias,
    Parameter<T> CandidateWeights,
    Parameter<T> CandidateBias,
    Parameter<T> InputWeights,
    Parameter<T>? ExternalWeights = null,
    Parameter<T>? GateInputWeights = null,
    Parameter<T>? GateExternalWeights = null)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    internal IReadOnlyList<Parameter<T>> All =>
    [
        .. new[] { GateWeights, GateBias, CandidateWeights, CandidateBias, InputWeights, ExternalWeights, GateInputWeights, GateExternalWeights }
            .OfType<Parameter<T>>(),
    ];
}
