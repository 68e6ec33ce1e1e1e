using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Models;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Inference;

/// <summary>
/// Inference of one trial's inputs as a shooting problem: J = -log p(z_0) - sum_t log p(u_t) - sum_t log p(o_t | z_t). One worker has one and binds
/// it to trial after trial.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class TrialProblem<T> : ShootingProblem<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly GenerativeModel<T> _model;
    private readonly DynamicsScratch<T> _dynamicsScratch;
    private readonly LikelihoodScratch<T>[] _likelihoodScratch;
    private readonly Matrix<T> _initialDirection;
    private readonly Matrix<T> _initialProduct;
    private PreparedTrial<T>? _trial;
    private IReadOnlyList<ObservationMatrix<T>> _observations = [];
    private VisibleObservations<T>? _visible;
    private ObservationMatrix<T>[]? _counted;
    private double _inputPriorWeight = 1;

    /// <summary>Which likelihoods have anything to explain in this trial, and how many; the others, as those of neurons of other sessions, cost nothing.</summary>
    private readonly int[] _observed;
    private int _observedGroups;
    private int _bins;

    /// <summary>Allocates the workspace.</summary>
    /// <param name="model">The model.</param>
    /// <param name="capacity">The largest number of bins.</param>
    /// <param name="likelihoodWindow">Bins whose likelihood terms are kept between calls.</param>
    public TrialProblem(GenerativeModel<T> model, int capacity, int likelihoodWindow = LikelihoodScratch<T>.DefaultWindow)
    {
        _model = model;
        Capacity = capacity;
        _dynamicsScratch = model.Dynamics.CreateScratch();
        _likelihoodScratch = [.. model.Likelihoods.Select(likelihood => likelihood.CreateScratch(capacity, likelihoodWindow, model.StateCount))];
        _observed = new int[_likelihoodScratch.Length];
        _initialDirection = Matrix<T>.Allocate(1, model.StateCount);
        _initialProduct = Matrix<T>.Allocate(1, model.StateCount);
    }

    /// <inheritdoc/>
    public override int Capacity { get; }

    /// <inheritdoc/>
    public override int Bins => _bins;

    /// <inheritdoc/>
    public override int StateCount => _model.StateCount;

    /// <inheritdoc/>
    public override int InputCount => _model.InputCount;

    /// <inheritdoc/>
    public override int TapeLength => _model.Dynamics.TapeLength;

    /// <inheritdoc/>
    public override int AdjointTapeLength => _model.Dynamics.AdjointTapeLength;

    /// <inheritdoc/>
    public override int TangentTapeLength => _model.Dynamics.TangentTapeLength;

    /// <inheritdoc/>
    public override int AdjointTangentTapeLength => _model.Dynamics.AdjointTangentTapeLength;

    /// <summary>Leaves the prior of the inputs out of <see cref="DifferentiateCost"/>: for terms whose expectation is known in closed form.</summary>
    public bool OmitsPriorGradient { get; set; }

    /// <summary>Leaves the prior of the initial state out of <see cref="DifferentiateCost"/>.</summary>
    public bool OmitsInitialPriorGradient { get; set; }

    /// <summary>Number of observed entries that count.</summary>
    public long ObservedCount => _observations.Sum(observed => observed.ObservedCount);

    private PreparedTrial<T> Trial => _trial ?? throw new InvalidOperationException("Bind a trial first.");

    /// <summary>Sets the trial.</summary>
    /// <param name="trial">The trial; its bins fit the capacity.</param>
    /// <param name="scope">What to look at; null for all of it. The first selection takes room for the observations it leaves.</param>
    /// <exception cref="InputException">The scope hides what is not there.</exception>
    public void Bind(PreparedTrial<T> trial, SolveScope? scope = null)
    {
        ArgumentNullException.ThrowIfNull(trial);
        scope ??= SolveScope.Whole;
        var bins = scope.Horizon ?? trial.Bins;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(trial.Bins, Capacity);
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bins, trial.Bins);
        _observations = scope.Selection is null ? trial.Observations : (_visible ??= new VisibleObservations<T>(_model, Capacity)).Of(trial, scope.Selection);
        _trial = trial;
        _bins = bins;
        _inputPriorWeight = scope.InputPriorWeight;
        FindObserved();
    }

    /// <summary>Binds to what another problem of the same model is bound to: the same trial, observations and weights.</summary>
    /// <param name="other">The other problem, which must not be bound anew while this one is in use.</param>
    /// <param name="counted">What counts of the trial's observations; null for what the other problem sees.</param>
    internal void BindAs(TrialProblem<T> other, CountedObservations? counted = null)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(other._bins, Capacity);
        (_trial, _observations, _bins, _inputPriorWeight) = (other.Trial, other._observations, other._bins, other._inputPriorWeight);
        if (counted is not null)
        {
            _counted ??= [.. _model.Likelihoods.Select(likelihood => new ObservationMatrix<T>(Capacity, likelihood.ChannelCount))];
            for (var g = 0; g < _counted.Length; g++)
            {
                var weight = _model.Likelihoods[g].Draws == ChannelKind.Counts ? 1 : counted.ValuesWeight;
                _counted[g].CopyWeighted(_trial.Observations[g], other._observations[g], weight * counted.VisibleWeight, weight * counted.HiddenWeight);
            }

            _observations = _counted;
        }

        FindObserved();
    }

    /// <summary>The sum of weights of observed entries.</summary>
    internal double ObservedWeight
    {
        get
        {
            var sum = 0.0;
            for (var i = 0; i < _observations.Count; i++)
            {
                sum += _observations[i].TotalWeight;
            }

            return sum;
        }
    }

    /// <summary>A draw of the initial state from its prior.</summary>
    /// <param name="random">The generator.</param>
    /// <param name="state">Receives the state, 1 x n.</param>
    public void SampleInitialState(ref CounterRandom random, Matrix<T> state) => _model.InitialPrior.Sample(ref random, state);

    /// <summary>-log p(observations | states).</summary>
    /// <param name="states">T x n.</param>
    public double ObservationLoss(Matrix<T> states)
    {
        var sum = 0.0;
        foreach (var i in _observed.AsSpan(0, _observedGroups))
        {
            sum += _model.Likelihoods[i].Loss(_likelihoodScratch[i], states, _observations[i]);
        }

        return sum;
    }

    /// <summary>-log p(u) - log p(z_0), the first over all steps.</summary>
    /// <param name="at">The trajectory.</param>
    public (double Inputs, double Initial) PriorLosses(Trajectory<T> at)
        => (_model.InputPrior.Loss(at.Inputs), _model.InitialPrior.Loss(at.States.RowRange(0, 1)));

    /// <summary>
    /// What some bins in a row, and the inputs that drive the steps from them, add to the cost. Allocates a little.
    /// </summary>
    /// <param name="first">The first bin.</param>
    /// <param name="states">Their states.</param>
    /// <param name="inputs">Their inputs; one less where the last bin is the trial's.</param>
    internal double PartCost(int first, Matrix<T> states, Matrix<T> inputs)
    {
        var sum = _inputPriorWeight * _model.InputPrior.Loss(inputs);
        for (var k = 0; k < _observedGroups; k++)
        {
            var i = _observed[k];
            sum += _model.Likelihoods[i].Loss(_likelihoodScratch[i], states, _observations[i].Part(first, states.Rows));
        }

        return first == 0 ? sum + _model.InitialPrior.Loss(states.RowRange(0, 1)) : sum;
    }

    /// <inheritdoc/>
    public override double Cost(Trajectory<T> at)
    {
        var (inputs, initial) = PriorLosses(at);
        return (_inputPriorWeight * inputs) + initial + ObservationLoss(at.States);
    }

    /// <inheritdoc/>
    public override void Step(int t, T* state, T* input, T* next, T* tape)
    {
        _model.Dynamics.Step(_dynamicsScratch, state, input, External(t), next, tape);
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public override void Jacobian(int t, Trajectory<T> at, Matrix<T> stateJacobian, Matrix<T> inputJacobian)
    {
        _model.Dynamics.Jacobian(_dynamicsScratch, at.States.RowPointer(t), at.Inputs.RowPointer(t), External(t), at.TapeRow(t), stateJacobian, inputJacobian);
        GC.KeepAlive(at);
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public override void Tangent(int t, Trajectory<T> at, T* stateTangent, T* inputTangent, T* nextTangent, T* tangentTape)
    {
        _model.Dynamics.Tangent(
            _dynamicsScratch, at.States.RowPointer(t), at.Inputs.RowPointer(t), External(t), at.TapeRow(t), stateTangent, inputTangent, nextTangent, tangentTape);
        GC.KeepAlive(at);
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public override void Adjoint(int t, Trajectory<T> at, T* costate, T* toState, T* toInput, T* adjointTape)
    {
        _model.Dynamics.Adjoint(
            _dynamicsScratch, at.States.RowPointer(t), at.Inputs.RowPointer(t), External(t), at.TapeRow(t), costate, toState, toInput, adjointTape);
        GC.KeepAlive(at);
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public override void AdjointTangent(
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
        T* adjointTangentTape)
    {
        _model.Dynamics.AdjointTangent(
            _dynamicsScratch, at.States.RowPointer(t), at.Inputs.RowPointer(t), External(t), at.TapeRow(t), costate, adjointTape,
            stateTangent, inputTangent, tangentTape, costateTangent, toState, toInput, adjointTangentTape);
        GC.KeepAlive(at);
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public override void DifferentiateCost(Trajectory<T> at, Matrix<T> stateGradient, Matrix<T> inputGradient, T* initialGradient)
    {
        stateGradient.Clear();
        foreach (var i in _observed.AsSpan(0, _observedGroups))
        {
            _model.Likelihoods[i].Differentiate(_likelihoodScratch[i], at.States, _observations[i], stateGradient);
        }

        if (OmitsPriorGradient)
        {
            inputGradient.Clear();
        }
        else
        {
            _model.InputPrior.Gradient(at.Inputs, inputGradient);
            Weigh(inputGradient);
        }

        if (OmitsInitialPriorGradient)
        {
            Elementwise.Clear(initialGradient, StateCount);
        }
        else
        {
            _model.InitialPrior.Gradient(at.States.RowRange(0, 1), _initialProduct);
            Elementwise.Copy(_initialProduct.Pointer, initialGradient, StateCount);
        }

        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public override void AddStateCurvature(int t, CurvatureKind kind, Matrix<T> target)
    {
        foreach (var i in _observed.AsSpan(0, _observedGroups))
        {
            _model.Likelihoods[i].AddCurvature(_likelihoodScratch[i], t, kind, target);
        }
    }

    /// <inheritdoc/>
    public override void AddInputCurvature(int t, Trajectory<T> at, CurvatureKind kind, T scale, Matrix<T> target)
    {
        _model.InputPrior.AddCurvature(at.Inputs.RowPointer(t), kind, scale * T.CreateChecked(_inputPriorWeight), target);
        GC.KeepAlive(at);
    }

    /// <inheritdoc/>
    public override void AddInitialCurvature(T scale, Matrix<T> target)
        => _model.InitialPrior.AddCurvature(null, CurvatureKind.Exact, scale, target);

    /// <inheritdoc/>
    public override void CostHessianProduct(
        Trajectory<T> at, int first, Matrix<T> stateTangents, InputVector<T> direction, Matrix<T> stateProduct, InputVector<T> inputProduct)
    {
        stateProduct.Clear();
        foreach (var i in _observed.AsSpan(0, _observedGroups))
        {
            _model.Likelihoods[i].AddHessianProduct(_likelihoodScratch[i], first, stateTangents, stateProduct);
        }

        var steps = Math.Min(stateTangents.Rows, at.Bins - 1 - first);
        var inputs = inputProduct.Inputs.RowRange(first, steps);
        _model.InputPrior.HessianProduct(at.Inputs.RowRange(first, steps), direction.Inputs.RowRange(first, steps), inputs);
        Weigh(inputs);
        if (first > 0)
        {
            return;
        }

        direction.Initial.CopyTo(_initialDirection.Row(0));
        _model.InitialPrior.HessianProduct(_initialDirection, _initialDirection, _initialProduct);
        _initialProduct.Row(0).CopyTo(inputProduct.Initial);
    }

    /// <summary>gradient += the derivative of the observations' loss, through states and read-outs, with respect to every parameter.</summary>
    /// <param name="at">The trajectory.</param>
    /// <param name="adjoint">Its adjoint sweep, just run.</param>
    /// <param name="gradient">The sums.</param>
    public void AccumulateGradient(Trajectory<T> at, AdjointSweep<T> adjoint, ParameterGradient<T> gradient)
    {
        _model.Dynamics.AccumulateGradient(_dynamicsScratch, Path(at, adjoint), gradient);
        foreach (var i in _observed.AsSpan(0, _observedGroups))
        {
            _model.Likelihoods[i].AccumulateGradient(_likelihoodScratch[i], gradient);
        }
    }

    /// <summary>gradient += d/dtheta [grad J . v]: the mixed derivative along the direction of the last Hessian product.</summary>
    /// <param name="at">The trajectory.</param>
    /// <param name="adjoint">Its adjoint sweep.</param>
    /// <param name="direction">v, rolled out.</param>
    /// <param name="hessian">The Hessian's workspace after the product with v.</param>
    /// <param name="gradient">The sums.</param>
    public void AccumulateMixedDerivative(
        Trajectory<T> at, AdjointSweep<T> adjoint, TangentRollout<T> direction, ExactHessian<T> hessian, ParameterGradient<T> gradient)
    {
        var tangent = new DynamicsPath<T>(
            direction.States, direction.Direction.Inputs, default, direction.Tape, hessian.CostateTangents, hessian.Tape);
        _model.Dynamics.AccumulateGradientTangent(_dynamicsScratch, Path(at, adjoint), tangent, gradient);
        foreach (var i in _observed.AsSpan(0, _observedGroups))
        {
            _model.Likelihoods[i].AccumulateGradientTangent(_likelihoodScratch[i], direction.States, gradient);
        }

        _model.InputPrior.AccumulateGradientTangent(at.Inputs, direction.Direction.Inputs, gradient);
        direction.Direction.Initial.CopyTo(_initialDirection.Row(0));
        _model.InitialPrior.AccumulateGradientTangent(at.States.RowRange(0, 1), _initialDirection, gradient);
    }

    private void FindObserved()
    {
        _observedGroups = 0;
        for (var i = 0; i < _observations.Count; i++)
        {
            if (_observations[i].ObservedCount > 0)
            {
                _observed[_observedGroups++] = i;
            }
        }
    }

    private void Weigh(Matrix<T> inputs)
    {
        if (_inputPriorWeight != 1)
        {
            RowOperations.Scale(T.CreateChecked(_inputPriorWeight), inputs);
        }
    }

    private DynamicsPath<T> Path(Trajectory<T> at, AdjointSweep<T> adjoint)
        => new(at.States, at.Inputs, Trial.External, at.Tape, adjoint.Costates, adjoint.Tape);

    private T* External(int t)
    {
        var external = _trial!.External;
        return external.Rows == 0 ? null : external.RowPointer(t);
    }
}
