using System.Numerics;
using System.Runtime.CompilerServices;
using IlqrVae.Models.Differentiation;
using IlqrVae.Models.Kinds;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;

namespace IlqrVae.Models.Dynamics.Custom;

/// <summary>Makes dynamics of definitions.</summary>
public static class CustomDynamics
{
    /// <summary>Makes dynamics of a definition whose type is known at run time only.</summary>
    /// <param name="definition">The definition.</param>
    /// <param name="prefix">What the names of its parameters start with in the model.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static CustomDynamics<T, IDynamicsDefinition> Create<T>(IDynamicsDefinition definition, string prefix = "dynamics.")
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => new(definition, prefix);
}

/// <summary>
/// Dynamics from a definition over a generic scalar. Values come from plain numbers, Jacobians and tangents from dual numbers, adjoints and
/// gradients from a reverse tape, and their tangents from a tape over duals. Every method evaluates the definition anew, so nothing is recorded
/// between them. A definition that is a struct is inlined into each.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
/// <typeparam name="TDefinition">The definition.</typeparam>
public sealed unsafe class CustomDynamics<T, TDefinition> : Dynamics<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TDefinition : IDynamicsDefinition
{
    private readonly TDefinition _definition;
    private readonly ParameterLayout _layout;
    private readonly Parameter<T>[] _parameters;
    private readonly double[] _numbers;
    private readonly Real<T>[] _reals;
    private readonly Dual<Real<T>>[] _duals;
    private readonly DualBatch<T>[] _batches;
    private readonly Variable<Real<T>>[] _constants;
    private readonly Variable<Dual<Real<T>>>[] _dualConstants;

    /// <summary>Creates the dynamics at the definition's initial values.</summary>
    /// <param name="definition">The definition.</param>
    /// <param name="prefix">What the names of its parameters start with in the model.</param>
    /// <exception cref="ArgumentException">Sizes, names or initial values do not fit.</exception>
    public CustomDynamics(TDefinition definition, string prefix = "dynamics.")
        : base(definition.States, definition.Inputs, definition.External)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(definition.States, 1, nameof(definition));
        ArgumentOutOfRangeException.ThrowIfLessThan(definition.Inputs, 1, nameof(definition));
        ArgumentOutOfRangeException.ThrowIfNegative(definition.External, nameof(definition));
        _definition = definition;
        _layout = new ParameterLayout(definition.Parameters);
        _parameters = new Parameter<T>[_layout.Declarations.Length];
        var recurrent = new List<Parameter<T>>();
        for (var i = 0; i < _parameters.Length; i++)
        {
            var declaration = _layout.Declarations[i];
            _parameters[i] = new Parameter<T>(
                prefix + declaration.Name, declaration.Rows, declaration.Columns, declaration.Constraint, declaration.Initial);
            if (declaration.IsRecurrent)
            {
                recurrent.Add(_parameters[i]);
            }
        }

        RecurrentWeights = recurrent;
        _numbers = new double[_layout.Length];
        _reals = new Real<T>[_layout.Length];
        _duals = new Dual<Real<T>>[_layout.Length];
        _batches = new DualBatch<T>[_layout.Length];
        _constants = new Variable<Real<T>>[_layout.Length];
        _dualConstants = new Variable<Dual<Real<T>>>[_layout.Length];
        Refresh();
    }

    /// <inheritdoc/>
    public override string Kind => KindName.Of(_definition.GetType().Name);

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter<T>> Parameters => _parameters;

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter<T>> RecurrentWeights { get; }

    /// <inheritdoc/>
    public override int TapeLength => 0;

    /// <inheritdoc/>
    public override int AdjointTapeLength => 0;

    /// <inheritdoc/>
    public override int TangentTapeLength => 0;

    /// <inheritdoc/>
    public override int AdjointTangentTapeLength => 0;

    /// <inheritdoc/>
    public override DynamicsScratch<T> CreateScratch() => new CustomScratch(this);

    /// <inheritdoc/>
    public override void Refresh()
    {
        var at = 0;
        foreach (var parameter in _parameters)
        {
            for (var i = 0; i < parameter.Rows; i++)
            {
                foreach (var value in parameter.Value.Row(i))
                {
                    _reals[at++] = new Real<T>(value);
                }
            }
        }

        for (var i = 0; i < at; i++)
        {
            _numbers[i] = _reals[i].ToDouble();
            _duals[i] = new Dual<Real<T>>(_reals[i], default);
            _batches[i] = new DualBatch<T>(_reals[i], Vector<T>.Zero);
            _constants[i] = Variable<Real<T>>.Constant(_reals[i]);
            _dualConstants[i] = Variable<Dual<Real<T>>>.Constant(_duals[i]);
        }
    }

    /// <inheritdoc/>
    public override void Step(DynamicsScratch<T> scratch, T* z, T* u, T* x, T* next, T* tape)
    {
        var evaluator = ((CustomScratch)scratch).OfReals;
        Load(z, evaluator.State);
        Load(u, evaluator.Input);
        Load(x, evaluator.External);
        evaluator.Run(_definition);
        for (var i = 0; i < evaluator.Next.Length; i++)
        {
            next[i] = evaluator.Next[i].Value;
        }
    }

    /// <summary>Columns of [A B], as many in one pass as a register has room for.</summary>
    public override void Jacobian(DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, Matrix<T> a, Matrix<T> b)
    {
        var evaluator = ((CustomScratch)scratch).OfBatches;
        var n = StateCount;
        var derivatives = stackalloc T[DualBatch<T>.Width];
        for (var i = 0; i < ExternalCount; i++)
        {
            evaluator.External[i] = new DualBatch<T>(new Real<T>(x[i]), Vector<T>.Zero);
        }

        for (var first = 0; first < n + InputCount; first += DualBatch<T>.Width)
        {
            for (var i = 0; i < n; i++)
            {
                evaluator.State[i] = new DualBatch<T>(new Real<T>(z[i]), Basis(i - first));
            }

            for (var i = 0; i < InputCount; i++)
            {
                evaluator.Input[i] = new DualBatch<T>(new Real<T>(u[i]), Basis(n + i - first));
            }

            evaluator.Run(_definition);
            var count = Math.Min(DualBatch<T>.Width, n + InputCount - first);
            for (var i = 0; i < n; i++)
            {
                Vector.Store(evaluator.Next[i].Tangents, derivatives);
                for (var j = 0; j < count; j++)
                {
                    var column = first + j;
                    *(column < n ? a.RowPointer(i) + column : b.RowPointer(i) + (column - n)) = derivatives[j];
                }
            }
        }

        a.KeepAlive();
        b.KeepAlive();
    }

    /// <inheritdoc/>
    public override void Tangent(DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, T* dz, T* du, T* dnext, T* tangentTape)
    {
        var evaluator = ((CustomScratch)scratch).OfDuals;
        Load(z, dz, evaluator.State);
        Load(u, du, evaluator.Input);
        Load(x, null, evaluator.External);
        evaluator.Run(_definition);
        for (var i = 0; i < evaluator.Next.Length; i++)
        {
            dnext[i] = evaluator.Next[i].Tangent.Value;
        }
    }

    /// <inheritdoc/>
    public override void Adjoint(
        DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, T* lambda, T* toState, T* toInput, T* adjointTape)
    {
        var work = ((CustomScratch)scratch).OfStep;
        var evaluator = work.Evaluator;
        Load(x, work.External);
        Load(z, work.State);
        Load(u, work.Input);
        Load(lambda, work.Costate);
        work.RecordVectors();
        evaluator.Run(_definition);
        work.SweepStep();
        for (var i = 0; i < StateCount; i++)
        {
            toState[i] = work.Tape.Derivative(evaluator.State[i]).Value;
        }

        for (var i = 0; i < InputCount; i++)
        {
            toInput[i] = work.Tape.Derivative(evaluator.Input[i]).Value;
        }
    }

    /// <summary>The tangents of an adjoint that is carried out in dual numbers.</summary>
    public override void AdjointTangent(
        DynamicsScratch<T> scratch, T* z, T* u, T* x, T* tape, T* lambda, T* adjointTape, T* dz, T* du, T* tangentTape, T* dlambda,
        T* toState, T* toInput, T* adjointTangentTape)
    {
        var work = ((CustomScratch)scratch).OfDualStep;
        var evaluator = work.Evaluator;
        Load(x, null, work.External);
        Load(z, dz, work.State);
        Load(u, du, work.Input);
        Load(lambda, dlambda, work.Costate);
        work.RecordVectors();
        evaluator.Run(_definition);
        work.SweepStep();
        for (var i = 0; i < StateCount; i++)
        {
            toState[i] = work.Tape.Derivative(evaluator.State[i]).Tangent.Value;
        }

        for (var i = 0; i < InputCount; i++)
        {
            toInput[i] = work.Tape.Derivative(evaluator.Input[i]).Tangent.Value;
        }
    }

    /// <inheritdoc/>
    public override void AccumulateGradient(DynamicsScratch<T> scratch, in DynamicsPath<T> path, ParameterGradient<T> gradient)
    {
        var work = ((CustomScratch)scratch).OfParameters;
        work.RecordParameters(_reals);
        for (var t = 0; t < path.Steps; t++)
        {
            Load(path.States.RowPointer(t), work.State);
            Load(path.Inputs.RowPointer(t), work.Input);
            Load(ExternalCount == 0 ? null : path.External.RowPointer(t), work.External);
            Load(path.Costates.RowPointer(t + 1), work.Costate);
            work.SetVectors();
            work.Evaluator.Run(_definition);
            work.SweepStep();
        }

        for (var i = 0; i < _reals.Length; i++)
        {
            work.Sums[i] = work.Tape.Derivative(work.Evaluator.Parameters[i]).Value;
        }

        Add(work.Sums, gradient);
        path.KeepAlive();
    }

    /// <summary>The tangents of a gradient that is carried out in dual numbers; parameters have none of their own.</summary>
    public override void AccumulateGradientTangent(
        DynamicsScratch<T> scratch, in DynamicsPath<T> path, in DynamicsPath<T> tangent, ParameterGradient<T> gradient)
    {
        var work = ((CustomScratch)scratch).OfDualParameters;
        work.RecordParameters(_duals);
        for (var t = 0; t < path.Steps; t++)
        {
            Load(path.States.RowPointer(t), tangent.States.RowPointer(t), work.State);
            Load(path.Inputs.RowPointer(t), tangent.Inputs.RowPointer(t), work.Input);
            Load(ExternalCount == 0 ? null : path.External.RowPointer(t), null, work.External);
            Load(path.Costates.RowPointer(t + 1), tangent.Costates.RowPointer(t + 1), work.Costate);
            work.SetVectors();
            work.Evaluator.Run(_definition);
            work.SweepStep();
        }

        for (var i = 0; i < _reals.Length; i++)
        {
            work.Sums[i] = work.Tape.Derivative(work.Evaluator.Parameters[i]).Tangent.Value;
        }

        Add(work.Sums, gradient);
        path.KeepAlive();
        tangent.KeepAlive();
    }

    private static void Load(T* source, Real<T>[] target)
    {
        for (var i = 0; i < target.Length; i++)
        {
            target[i] = new Real<T>(source[i]);
        }
    }

    private static void Load(T* source, T* tangent, Dual<Real<T>>[] target)
    {
        for (var i = 0; i < target.Length; i++)
        {
            target[i] = new Dual<Real<T>>(new Real<T>(source[i]), tangent is null ? default : new Real<T>(tangent[i]));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<T> Basis(int index)
        => (uint)index < (uint)Vector<T>.Count ? Vector.WithElement(Vector<T>.Zero, index, T.One) : Vector<T>.Zero;

    private void Add(T[] sums, ParameterGradient<T> gradient)
    {
        var at = 0;
        foreach (var parameter in _parameters)
        {
            var block = gradient[parameter];
            for (var i = 0; i < block.Rows; i++)
            {
                for (var j = 0; j < block.Columns; j++)
                {
                    block[i, j] += sums[at++];
                }
            }
        }
    }

    /// <summary>A tape, the variables on it, and the numbers to put into them.</summary>
    private sealed class TapedStep<TScalar>(CustomDynamics<T, TDefinition> owner, Variable<TScalar>[] parameters, double[]? constants)
        where TScalar : struct, IScalar<TScalar>
    {
        private int _independent;

        public Tape<TScalar> Tape { get; } = new();

        public StepEvaluator<Variable<TScalar>> Evaluator { get; } = new(owner._definition, owner._layout, parameters, constants);

        public TScalar[] State { get; } = new TScalar[owner.StateCount];

        public TScalar[] Input { get; } = new TScalar[owner.InputCount];

        public TScalar[] External { get; } = new TScalar[owner.ExternalCount];

        public TScalar[] Costate { get; } = new TScalar[owner.StateCount];

        public T[] Sums { get; } = new T[parameters.Length];

        /// <summary>Makes states and inputs the independent variables.</summary>
        public void RecordVectors()
        {
            Tape.Rewind();
            for (var i = 0; i < State.Length; i++)
            {
                Evaluator.State[i] = Tape.Variable(State[i]);
            }

            for (var i = 0; i < Input.Length; i++)
            {
                Evaluator.Input[i] = Tape.Variable(Input[i]);
            }

            SetConstants(External, Evaluator.External);
            _independent = Tape.Count;
        }

        /// <summary>Makes the parameters the independent variables, which gather derivatives over any number of steps.</summary>
        public void RecordParameters(TScalar[] values)
        {
            Tape.Rewind();
            for (var i = 0; i < values.Length; i++)
            {
                Evaluator.Parameters[i] = Tape.Variable(values[i]);
            }

            _independent = Tape.Count;
        }

        /// <summary>Makes states and inputs constants.</summary>
        public void SetVectors()
        {
            SetConstants(State, Evaluator.State);
            SetConstants(Input, Evaluator.Input);
            SetConstants(External, Evaluator.External);
        }

        /// <summary>Differentiates costate . next, then drops what the step recorded.</summary>
        public void SweepStep()
        {
            for (var i = 0; i < Costate.Length; i++)
            {
                Tape.Seed(Evaluator.Next[i], Costate[i]);
            }

            Tape.Sweep(_independent);
            Tape.Rewind(_independent);
        }

        private static void SetConstants(TScalar[] values, Variable<TScalar>[] target)
        {
            for (var i = 0; i < values.Length; i++)
            {
                target[i] = Variable<TScalar>.Constant(values[i]);
            }
        }
    }

    private sealed class CustomScratch(CustomDynamics<T, TDefinition> owner) : DynamicsScratch<T>(0, 1, 1)
    {
        public StepEvaluator<Real<T>> OfReals { get; } = new(owner._definition, owner._layout, owner._reals, owner._numbers);

        public StepEvaluator<Dual<Real<T>>> OfDuals { get; } = new(owner._definition, owner._layout, owner._duals, owner._numbers);

        public StepEvaluator<DualBatch<T>> OfBatches { get; } = new(owner._definition, owner._layout, owner._batches, owner._numbers);

        public TapedStep<Real<T>> OfStep { get; } = new(owner, owner._constants, owner._numbers);

        public TapedStep<Dual<Real<T>>> OfDualStep { get; } = new(owner, owner._dualConstants, owner._numbers);

        public TapedStep<Real<T>> OfParameters { get; } = new(owner, new Variable<Real<T>>[owner._layout.Length], constants: null);

        public TapedStep<Dual<Real<T>>> OfDualParameters { get; } = new(owner, new Variable<Dual<Real<T>>>[owner._layout.Length], constants: null);
    }
}
