using System.Numerics;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Models.Dynamics;

/// <summary>
/// Any dynamics under inputs that go on from bin to bin. The state is the system's and, after it, the inputs w of the step before; what drives it are the
/// innovations e, which are independent over bins as the prior wants them:
/// <code>
/// u_t = a * w_t + e_t  (input by input);   z_{t+1} = f(z_t, u_t, x_t);   w_{t+1} = u_t
/// </code>
/// All of the solver, the ELBO and the posteriors are thereby exact for autoregressive inputs. The memory w_0 that a trial begins with is part of its initial
/// state, with learned deviations of its own: it need not be that of a stationary process, which for the heaviest tails has none.
/// </summary>
/// <remarks>Vectors of the system are copied to and from rows with a padding of zeros, which its kernels rely on.</remarks>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class AutoregressiveInputs<T> : Dynamics<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly int _n;
    private readonly int _m;

    /// <summary>Lets the inputs of dynamics go on.</summary>
    /// <param name="system">The dynamics of the system.</param>
    /// <param name="coefficient">a, 1 x m, between -1 and 1.</param>
    /// <exception cref="ArgumentException">There is another number of coefficients than of inputs.</exception>
    public AutoregressiveInputs(Dynamics<T> system, Parameter<T> coefficient)
        : base(system.StateCount + system.InputCount, system.InputCount, system.ExternalCount)
    {
        if (coefficient.Rows != 1 || coefficient.Columns != system.InputCount)
        {
            throw new ArgumentException($"{system.InputCount} inputs need as many coefficients.", nameof(coefficient));
        }

        System = system;
        Coefficient = coefficient;
        Parameters = [.. system.Parameters, coefficient];
        _n = system.StateCount;
        _m = system.InputCount;
        InnerAdjointWidth = Matrix<T>.PaddedLength(system.AdjointTapeLength);
        InnerAdjointTangentWidth = Matrix<T>.PaddedLength(system.AdjointTangentTapeLength);
    }

    /// <inheritdoc/>
    public override Dynamics<T> System { get; }

    /// <summary>a, 1 x m.</summary>
    public Parameter<T> Coefficient { get; }

    /// <inheritdoc/>
    public override string Kind => System.Kind;

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter<T>> Parameters { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter<T>> RecurrentWeights => System.RecurrentWeights;

    /// <inheritdoc/>
    public override Parameter<T>? Transition => System.Transition;

    /// <inheritdoc/>
    public override int TapeLength => System.TapeLength;

    /// <summary>The system's adjoint tape, then what the cost gains by the inputs u.</summary>
    public override int AdjointTapeLength => InnerAdjointWidth + _m;

    /// <inheritdoc/>
    public override int TangentTapeLength => System.TangentTapeLength;

    /// <inheritdoc cref="AdjointTapeLength"/>
    public override int AdjointTangentTapeLength => InnerAdjointTangentWidth + _m;

    private int InnerAdjointWidth { get; }

    private int InnerAdjointTangentWidth { get; }

    /// <inheritdoc/>
    public override DynamicsScratch<T> CreateScratch() => new Scratch(System);

    /// <inheritdoc/>
    public override void Refresh() => System.Refresh();

    /// <inheritdoc/>
    public override void Step(DynamicsScratch<T> scratch, T* z, T* u, T* x, T* next, T* tape)
    {
        var own = (Scratch)scratch;
        Load(own, z, u);
        System.Step(own.Inner, own.State, own.Input, x, own.Result, tape);
        Copy(own.Result, next, _n);
        Copy(own.Input, next + _n, _m);
        GC.KeepAlive(own);
    }

    /// <inheritdoc/>
    public override void Jacobian(DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, Matrix<T> a, Matrix<T> b)
    {
        var own = (Scratch)scratch;
        Load(own, z, u);
        System.Jacobian(own.Inner, own.State, own.Input, x, tape, own.StateJacobian, own.InputJacobian);
        var coefficient = Coefficient.Value.Pointer;
        for (var i = 0; i < _n; i++)
        {
            var toState = a.RowPointer(i);
            var ofInput = own.InputJacobian.RowPointer(i);
            Copy(own.StateJacobian.RowPointer(i), toState, _n);
            Copy(ofInput, b.RowPointer(i), _m);
            for (var j = 0; j < _m; j++)
            {
                toState[_n + j] = ofInput[j] * coefficient[j];
            }
        }

        for (var j = 0; j < _m; j++)
        {
            a.Row(_n + j).Clear();
            b.Row(_n + j).Clear();
            a[_n + j, _n + j] = coefficient[j];
            b[_n + j, j] = T.One;
        }

        GC.KeepAlive(own);
        a.KeepAlive();
        b.KeepAlive();
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public override void Tangent(DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, T* dz, T* du, T* dnext, T* tangentTape)
    {
        var own = (Scratch)scratch;
        Load(own, z, u);
        LoadTangent(own, dz, du);
        System.Tangent(own.Inner, own.State, own.Input, x, tape, own.StateTangent, own.InputTangent, own.Result, tangentTape);
        Copy(own.Result, dnext, _n);
        Copy(own.InputTangent, dnext + _n, _m);
        GC.KeepAlive(own);
    }

    /// <inheritdoc/>
    public override void Adjoint(DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, T* lambda, T* toState, T* toInput, T* adjointTape)
    {
        var own = (Scratch)scratch;
        Load(own, z, u);
        Copy(lambda, own.Costate, _n);
        System.Adjoint(own.Inner, own.State, own.Input, x, tape, own.Costate, own.Result, own.ToInput, adjointTape);
        Distribute(own, lambda, toState, toInput, adjointTape + InnerAdjointWidth);
        GC.KeepAlive(own);
    }

    /// <inheritdoc/>
    public override void AdjointTangent(
        DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, T* lambda, T* adjointTape, T* dz, T* du, T* tangentTape, T* dlambda,
        T* toState, T* toInput, T* adjointTangentTape)
    {
        var own = (Scratch)scratch;
        Load(own, z, u);
        LoadTangent(own, dz, du);
        Copy(lambda, own.Costate, _n);
        Copy(dlambda, own.CostateTangent, _n);
        System.AdjointTangent(
            own.Inner, own.State, own.Input, x, tape, own.Costate, adjointTape, own.StateTangent, own.InputTangent, tangentTape, own.CostateTangent,
            own.Result, own.ToInput, adjointTangentTape);
        Distribute(own, dlambda, toState, toInput, adjointTangentTape + InnerAdjointTangentWidth);
        GC.KeepAlive(own);
    }

    /// <summary>gradient += the system's own; for a, sum_t w_t * (what the cost gains by u_t).</summary>
    /// <inheritdoc/>
    public override void AccumulateGradient(DynamicsScratch<T> scratch, in DynamicsPath<T> path, ParameterGradient<T> gradient)
    {
        var own = (Scratch)scratch;
        System.AccumulateGradient(own.Inner, own.Path.Of(this, path), gradient);
        AddProducts(path.States, path.AdjointTape, InnerAdjointWidth, path.Steps, gradient);
    }

    /// <inheritdoc/>
    public override void AccumulateGradientTangent(
        DynamicsScratch<T> scratch, in DynamicsPath<T> path, in DynamicsPath<T> tangent, ParameterGradient<T> gradient)
    {
        var own = (Scratch)scratch;
        System.AccumulateGradientTangent(
            own.Inner, own.Path.Of(this, path), own.TangentPath.Of(this, tangent), gradient);
        AddProducts(tangent.States, path.AdjointTape, InnerAdjointWidth, path.Steps, gradient);
        AddProducts(path.States, tangent.AdjointTape, InnerAdjointTangentWidth, path.Steps, gradient);
    }

    /// <summary>The innovations under which the inputs of a step are zero: -a * w.</summary>
    /// <param name="state">The state before the step.</param>
    /// <param name="innovation">Receives them.</param>
    public void Silence(T* state, T* innovation)
    {
        for (var j = 0; j < _m; j++)
        {
            innovation[j] = -(Coefficient.Value.Pointer[j] * state[_n + j]);
        }

        GC.KeepAlive(this);
    }

    /// <summary>The inputs along a trajectory. Allocates the result.</summary>
    /// <param name="states">T x (n + m).</param>
    /// <returns>T x m; row t drives the step from bin t to t + 1, so the last row is zero.</returns>
    public Table InputsAlong(Matrix<T> states)
    {
        var inputs = new Table(states.Rows, _m);
        for (var t = 0; t < states.Rows - 1; t++)
        {
            for (var j = 0; j < _m; j++)
            {
                inputs[t, j] = double.CreateChecked(states[t + 1, _n + j]);
            }
        }

        return inputs;
    }

    private static void Copy(T* from, T* to, int count) => new ReadOnlySpan<T>(from, count).CopyTo(new Span<T>(to, count));

    /// <summary>z, and u = a * w + e.</summary>
    private void Load(Scratch own, T* z, T* innovation)
    {
        Load(z, innovation, own.State, own.Input);
        GC.KeepAlive(own);
    }

    private void LoadTangent(Scratch own, T* dz, T* innovation)
    {
        Load(dz, innovation, own.StateTangent, own.InputTangent);
        GC.KeepAlive(own);
    }

    private void Load(T* from, T* innovation, T* state, T* input)
    {
        var a = Coefficient.Value.Pointer;
        Copy(from, state, _n);
        for (var j = 0; j < _m; j++)
        {
            input[j] = (a[j] * from[_n + j]) + innovation[j];
        }

        GC.KeepAlive(this);
    }

    /// <summary>From what the system's adjoint step gave: the inputs' share goes to the innovations and, times a, to the inputs before.</summary>
    private void Distribute(Scratch own, T* lambda, T* toState, T* toInput, T* record)
    {
        var a = Coefficient.Value.Pointer;
        Copy(own.Result, toState, _n);
        for (var j = 0; j < _m; j++)
        {
            var toOwnInput = own.ToInput[j] + lambda[_n + j];
            record[j] = toOwnInput;
            toInput[j] = toOwnInput;
            toState[_n + j] = a[j] * toOwnInput;
        }

        GC.KeepAlive(own);
        GC.KeepAlive(this);
    }

    private void AddProducts(Matrix<T> states, Matrix<T> tape, int at, int steps, ParameterGradient<T> gradient)
    {
        var target = gradient[Coefficient].Pointer;
        for (var t = 0; t < steps; t++)
        {
            var w = states.RowPointer(t) + _n;
            var toInput = tape.RowPointer(t) + at;
            for (var j = 0; j < _m; j++)
            {
                target[j] += w[j] * toInput[j];
            }
        }

        states.KeepAlive();
        tape.KeepAlive();
        GC.KeepAlive(gradient);
    }

    /// <summary>The system's scratch space, and rows for its vectors.</summary>
    private sealed class Scratch : DynamicsScratch<T>
    {
        public Scratch(Dynamics<T> system)
            : base(8, Math.Max(system.StateCount, system.InputCount), 0)
        {
            Inner = system.CreateScratch();
            StateJacobian = Matrix<T>.Allocate(system.StateCount, system.StateCount);
            InputJacobian = Matrix<T>.Allocate(system.StateCount, system.InputCount);
        }

        public DynamicsScratch<T> Inner { get; }

        public Matrix<T> StateJacobian { get; }

        public Matrix<T> InputJacobian { get; }

        public SystemPath Path { get; } = new();

        public SystemPath TangentPath { get; } = new();

        public T* State => Vectors.RowPointer(0);

        public T* Input => Vectors.RowPointer(1);

        public T* StateTangent => Vectors.RowPointer(2);

        public T* InputTangent => Vectors.RowPointer(3);

        public T* Costate => Vectors.RowPointer(4);

        public T* CostateTangent => Vectors.RowPointer(5);

        public T* Result => Vectors.RowPointer(6);

        public T* ToInput => Vectors.RowPointer(7);
    }

    /// <summary>The system's part of a path, in rows of its own; they grow with the longest trial.</summary>
    private sealed class SystemPath
    {
        private Matrix<T> _states;
        private Matrix<T> _costates;
        private Matrix<T> _inputs;

        public DynamicsPath<T> Of(AutoregressiveInputs<T> owner, in DynamicsPath<T> path)
        {
            var (n, m, bins) = (owner._n, owner._m, path.States.Rows);
            if (_states.Rows < bins)
            {
                _states = Matrix<T>.Allocate(bins, n);
                _costates = Matrix<T>.Allocate(bins, n);
                _inputs = Matrix<T>.Allocate(bins, m);
            }

            for (var t = 0; t < bins; t++)
            {
                Copy(path.Costates.RowPointer(t), _costates.RowPointer(t), n);
                if (t < path.Steps)
                {
                    owner.Load(path.States.RowPointer(t), path.Inputs.RowPointer(t), _states.RowPointer(t), _inputs.RowPointer(t));
                }
                else
                {
                    Copy(path.States.RowPointer(t), _states.RowPointer(t), n);
                }
            }

            path.KeepAlive();
            GC.KeepAlive(this);

            // The system's own adjoint tape is the first part of its row.
            return new DynamicsPath<T>(
                _states.RowRange(0, bins), _inputs.RowRange(0, path.Steps), path.External, path.Tape, _costates.RowRange(0, bins), path.AdjointTape);
        }
    }
}
