using System.Diagnostics;
using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Recordings;
using IlqrVae.Training.Processes;

namespace IlqrVae.Training;

/// <summary>
/// Learns a model's parameters by stochastic ascent of the ELBO, or of the evidence. Trials of a batch are shared out to threads, and so are the
/// parameters once their gradients are known: each thread sums gradients in the order of the batch and moves numbers of its own. Every random number
/// is a function of (seed, iteration, trial), so results do not depend on the number of threads.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class Trainer<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly VariationalModel<T> _model;
    private readonly TrainingOptions _options;
    private readonly TrainingTrials<T> _trials;
    private readonly MiniBatches _batches;
    private readonly int _threads;
    private readonly SharedWork<T> _shared;
    private readonly BatchGradient<T> _gradient;
    private readonly UpdateRule<T> _update;
    private readonly ValidationScore<T> _validation;
    private readonly LearningProgress<T> _progress;
    private readonly ReadOutShrinkage<T>? _shrinkage;

    /// <summary>Prepares training from the model's present parameters. Allocates every workspace.</summary>
    /// <param name="model">The model; its parameters change during training.</param>
    /// <param name="recording">The recording; its training trials are learned from, its validation trials choose when to stop.</param>
    /// <param name="options">Settings.</param>
    /// <param name="processes">The processes that train this model together, each with the same model, recording and settings; null for this one alone.</param>
    /// <exception cref="InputException">A setting is impossible, or the recording has no training trials or not what the model needs.</exception>
    public Trainer(VariationalModel<T> model, Recording recording, TrainingOptions options, IProcessGroup? processes = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(recording);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _model = model;
        _options = options;
        _shared = new SharedWork<T>(processes ?? new OneProcess());
        _trials = new TrainingTrials<T>(model, recording, options);
        _batches = new MiniBatches(_trials.Training.Count, options.BatchSize, options.Seed, [.. recording.TrialsOf(TrialSplit.Train).Select(trial => trial.Session)]);
        _threads = Math.Min(options.Threads > 0 ? options.Threads : Environment.ProcessorCount, Math.Max(_batches.Size, _trials.Validation.Count));
        TrainingWorker<T>[] workers = [.. Enumerable.Range(0, _threads).Select(index => new TrainingWorker<T>(index, model, _trials.Longest, options.Elbo.Draws))];
        _gradient = new BatchGradient<T>(model, _trials, _batches.Size, options, workers, _shared);
        _update = new UpdateRule<T>(model, options, recording);
        _validation = new ValidationScore<T>(_trials.Validation, options, workers, _shared,
            options.ScoreOfValidation == LearningObjective.Predictive ? new PredictiveValidation<T>(model.Generative, recording, options) : null);
        _progress = new LearningProgress<T>(model, options);
        _shrinkage = options.ShrinkReadOuts == true && !_validation.IsEmpty ? new ReadOutShrinkage<T>(model, recording, _trials.Training, options, workers) : null;
        State = NewState(_trials.All);
    }

    /// <summary>Where training stands.</summary>
    public TrainingState<T> State { get; private set; }

    /// <summary>Continues from a saved state. Its arrays are taken over.</summary>
    /// <param name="state">A state of a training of the same model, recording and options.</param>
    /// <exception cref="InputException">The state belongs to a model of another size or to other trials.</exception>
    public void Resume(TrainingState<T> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Raw.Length != _model.Parameters.RawCount)
        {
            throw new InputException(
                $"the checkpoint holds {state.Raw.Length} parameters where the model has {_model.Parameters.RawCount}; resume with the configuration it was made with.");
        }

        if (state.Average is null != _options.Averaging is null or 0)
        {
            throw new InputException("the checkpoint was made with another 'averaging'; resume with the configuration it was made with.");
        }

        foreach (var (name, start) in NewState(_trials.All).WarmStarts)
        {
            if (!state.WarmStarts.TryGetValue(name, out var saved) || saved.Values.Length != start.Values.Length)
            {
                throw new InputException($"the checkpoint has no fitting start for trial '{name}'; resume with the recording it was made with.");
            }
        }

        State = state;
        _model.SetRaw(state.Raw);
    }

    /// <summary>Trains until the last iteration, an early stop or an interruption.</summary>
    /// <param name="onRecord">Called after every iteration.</param>
    /// <param name="onCheckpoint">Called when the state is to be saved: at the chosen interval and at the end, whatever the end.</param>
    /// <param name="interrupt">Ends training after the batch at hand.</param>
    /// <returns>Why training ended. The model holds the best parameters, or the last ones where nothing was validated.</returns>
    public TrainingEnd Run(Action<TrainingRecord>? onRecord, Action<TrainingState<T>>? onCheckpoint, CancellationToken interrupt)
    {
        using var crew = new WorkerCrew(_threads);
        State.Shrunk = null;
        var clock = Stopwatch.StartNew();
        var secondsBefore = State.Seconds;
        var sawFinite = State.Iteration >= _options.Iterations;
        TrainingEnd? end = null;
        while (end is null && State.Iteration < _options.Iterations)
        {
            if (_shared.Any(interrupt.IsCancellationRequested))
            {
                end = TrainingEnd.Interrupted;
                break;
            }

            if (State.Iteration == 0 && !_validation.IsEmpty)
            {
                State.UntrainedLoss = _validation.Loss(State, crew);
            }

            var record = Iterate(crew, clock);
            sawFinite |= double.IsFinite(record.Loss);
            var isLast = State.Iteration == _options.Iterations;
            if (!_validation.IsEmpty && (isLast || State.Iteration % _options.ValidationInterval == 0))
            {
                record = record with { ValidationLoss = ValidationLoss(crew) };
                LearningProgress<T>.AcceptValidation(State, record.ValidationLoss.Value);
            }

            State.Seconds = secondsBefore + clock.Elapsed.TotalSeconds;
            onRecord?.Invoke(record with { Seconds = State.Seconds });
            end = _progress.Decide(State);
            if (end is null && _options.CheckpointInterval > 0 && State.Iteration % _options.CheckpointInterval == 0 && !isLast)
            {
                onCheckpoint?.Invoke(State);
            }
        }

        var reason = end ?? (sawFinite ? TrainingEnd.Finished : TrainingEnd.Diverged);
        State.Shrunk = reason is TrainingEnd.Finished or TrainingEnd.EarlyStopped ? Shrunk(crew) : null;
        onCheckpoint?.Invoke(State);
        _model.SetRaw(State.Kept);
        return reason;
    }

    /// <summary>The best parameters with shrunk read-outs, and what validation says of both.</summary>
    private ShrunkParameters? Shrunk(WorkerCrew crew)
    {
        if (_shrinkage is null || !double.IsFinite(State.BestLoss))
        {
            return null;
        }

        _model.SetRaw(State.BestRaw);
        if (!_shrinkage.Apply(State, crew))
        {
            return null;
        }

        var raw = new double[_model.Parameters.RawCount];
        _model.Parameters.CopyRawTo(raw);
        var loss = LossBeside(raw, crew);
        return new ShrunkParameters(raw, LossBeside(State.BestRaw, crew), loss);
    }

    /// <summary>The validation loss of some parameters, from copies of the starts: what training would go on from stays as it is.</summary>
    private double LossBeside(double[] raw, WorkerCrew crew)
    {
        var beside = NewState([]);
        foreach (var (name, loss) in State.FirstLosses)
        {
            beside.FirstLosses.Add(name, loss);
        }

        foreach (var name in Enumerable.Range(0, _trials.Validation.Count).Select(_trials.Validation.NameOf))
        {
            beside.WarmStarts.Add(name, State.WarmStarts[name].Copy());
        }

        _model.SetRaw(raw);
        return _validation.Loss(beside, crew);
    }

    /// <summary>The validation loss of what the updates have led to. The model goes on with what they go on from.</summary>
    private double ValidationLoss(WorkerCrew crew)
    {
        if (State.Average is null)
        {
            return _validation.Loss(State, crew);
        }

        _model.SetRaw(State.Average);
        var loss = _validation.Loss(State, crew);
        _model.SetRaw(State.Raw);
        return loss;
    }

    /// <summary>One update by one batch.</summary>
    private TrainingRecord Iterate(WorkerCrew crew, Stopwatch clock)
    {
        var started = clock.Elapsed.TotalSeconds;
        var batch = _batches.At(State.Iteration).ToArray();
        var outcome = _gradient.Compute(batch, State, crew);
        LearningProgress<T>.AcceptBatch(State, outcome.Bounded, batch.Length);
        var entries = outcome.Entries;
        var (norm, rate) = _update.Apply(_gradient.Sum, entries, State, crew);
        State.Iteration++;
        ElboResult[] results = [.. outcome.Trials.Select(trial => trial.Result)];
        var finite = results.Where(result => double.IsFinite(result.Elbo)).ToArray();
        return new TrainingRecord(
            State.Iteration,
            0,
            finite.Length == batch.Length && double.IsFinite(norm) ? -results.Sum(result => result.Elbo) / entries : double.NaN,
            finite.Sum(result => result.LogLikelihood) / entries,
            finite.Sum(result => result.Divergence) / entries,
            null,
            rate,
            norm,
            batch.Length / Math.Max(clock.Elapsed.TotalSeconds - started, 1e-9),
            results.Average(result => result.Map.Factorisations),
            results.Average(result => result.Map.ConjugateGradientSteps),
            results.Average(result => result.GradientSteps),
            results.Count(result => result.FellBack),
            results.Count(result => result.Map.Status != SolverStatus.Converged),
            outcome.Bounded,
            State.Recoveries);
    }

    private TrainingState<T> NewState(IEnumerable<(string Name, int Bins)> trials)
    {
        var raw = new double[_model.Parameters.RawCount];
        _model.Parameters.CopyRawTo(raw);
        var average = _options.Averaging > 0 ? (double[])raw.Clone() : null;
        var state = new TrainingState<T> { Raw = raw, Average = average, BestRaw = (double[])raw.Clone(), Optimiser = new Adam(raw.Length), BestOptimiser = new Adam(raw.Length) };
        foreach (var trial in trials)
        {
            state.WarmStarts[trial.Name] = new WarmStart<T>(trial.Bins, _model.Generative.StateCount, _model.Generative.InputCount);
        }

        return state;
    }
}
