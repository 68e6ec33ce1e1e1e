using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Training;

/// <summary>
/// Learns a model's parameters by stochastic ascent of the ELBO. Trials of a batch are shared out to threads; their gradients are summed in the
/// order of the batch and every random number is a function of (seed, iteration, trial), so results do not depend on the number of threads.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class Trainer<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Bad iterations in a row after which training goes back to its best parameters.</summary>
    private const int BadIterationLimit = 5;

    /// <summary>Times it may do so.</summary>
    private const int RecoveryLimit = 6;

    /// <summary>Stream of the validation draws, the same at every validation so that losses compare.</summary>
    private const ulong ValidationStream = ulong.MaxValue;

    private readonly VariationalModel<T> _model;
    private readonly TrainingOptions _options;
    private readonly PreparedTrial<T>[] _trials;
    private readonly PreparedTrial<T>[] _validation;
    private readonly MiniBatches _batches;
    private readonly Worker[] _workers;
    private WorkerCrew? _crew;
    private readonly ParameterGradient<T>[] _gradients;
    private readonly ElboResult[] _results;
    private readonly double[] _norms;
    private readonly ParameterGradient<T> _total;
    private readonly double[] _rawGradient;

    /// <summary>Prepares training from the model's present parameters. Allocates every workspace.</summary>
    /// <param name="model">The model; its parameters change during training.</param>
    /// <param name="recording">The recording; its training trials are learned from, its validation trials choose when to stop.</param>
    /// <param name="options">Settings.</param>
    /// <exception cref="InputException">A setting is impossible, or the recording has no training trials or not what the model needs.</exception>
    public Trainer(VariationalModel<T> model, Recording recording, TrainingOptions options)
    {
        options.Validate();
        _model = model;
        _options = options;
        _trials = Prepare(recording, TrialSplit.Train, hidden: null);
        var hidden = options.ValidationHides.Count == 0 ? null : new HashSet<string>(options.ValidationHides, StringComparer.Ordinal);
        _validation = options.ValidationInterval == 0 ? [] : Prepare(recording, TrialSplit.Validation, hidden);
        if (_trials.Length == 0)
        {
            throw new InputException("the recording has no trials with the split 'train'; mark some to learn from.");
        }

        if (_trials.All(trial => trial.ObservedCount == 0))
        {
            throw new InputException("every entry of the trials with the split 'train' is marked missing; there is nothing to learn from.");
        }

        var longest = _trials.Concat(_validation).Max(trial => trial.Bins);
        if (longest > model.Posterior.Capacity)
        {
            throw new InputException($"a trial has {longest} bins where the model was made for {model.Posterior.Capacity}; cut trials into chunks or make the model anew.");
        }

        _batches = new MiniBatches(_trials.Length, options.BatchSize, options.Seed);
        var threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        _workers = [.. Enumerable.Range(0, Math.Min(threads, Math.Max(_batches.Size, _validation.Length))).Select(index => new Worker(index, model, longest, options.Elbo.Draws))];
        _norms = new double[_batches.Size];
        var bytes = Unsafe.SizeOf<T>() * model.Parameters.All.Sum(parameter => (long)parameter.Rows * parameter.Columns);
        var gradients = Math.Min(_batches.Size, Math.Max(2L * _workers.Length, options.GradientBytes / bytes));
        _gradients = [.. Enumerable.Range(0, (int)gradients).Select(_ => new ParameterGradient<T>(model.Parameters.All))];
        _results = new ElboResult[Math.Max(_batches.Size, _validation.Length)];
        _total = new ParameterGradient<T>(model.Parameters.All);
        _rawGradient = new double[model.Parameters.RawCount];
        State = NewState();
    }

    /// <summary>Where training stands.</summary>
    public TrainingState<T> State { get; private set; }

    /// <summary>Continues from a saved state. Its arrays are taken over.</summary>
    /// <param name="state">A state of a training of the same model, recording and options.</param>
    /// <exception cref="InputException">The state belongs to a model of another size.</exception>
    public void Resume(TrainingState<T> state)
    {
        if (state.Raw.Length != _model.Parameters.RawCount)
        {
            throw new InputException(
                $"the checkpoint holds {state.Raw.Length} parameters where the model has {_model.Parameters.RawCount}; resume with the configuration it was made with.");
        }

        foreach (var (name, start) in NewState().WarmStarts)
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
        using var crew = new WorkerCrew(_workers.Length);
        _crew = crew;
        var end = TrainingEnd.Finished;
        var first = State.Iteration;
        var sawFinite = false;
        var clock = Stopwatch.StartNew();
        var secondsBefore = State.Seconds;
        while (State.Iteration < _options.Iterations)
        {
            if (interrupt.IsCancellationRequested)
            {
                end = TrainingEnd.Interrupted;
                break;
            }

            var started = clock.Elapsed.TotalSeconds;
            var record = Iterate();
            sawFinite |= double.IsFinite(record.Loss);
            State.Iteration++;
            var seconds = clock.Elapsed.TotalSeconds - started;
            var isLast = State.Iteration == _options.Iterations;
            double? validation = null;
            if (_validation.Length > 0 && (isLast || State.Iteration % _options.ValidationInterval == 0))
            {
                validation = Validate();
            }

            State.Seconds = secondsBefore + clock.Elapsed.TotalSeconds;
            onRecord?.Invoke(record with
            {
                Seconds = State.Seconds,
                ValidationLoss = validation,
                TrialsPerSecond = record.TrialsPerSecond / Math.Max(seconds, 1e-9),
            });
            if (State.BadIterations >= BadIterationLimit && !Recover())
            {
                end = TrainingEnd.Diverged;
                break;
            }

            if (_options.Patience > 0 && State.ValidationsWithoutImprovement >= _options.Patience)
            {
                end = TrainingEnd.EarlyStopped;
                break;
            }

            if (_options.CheckpointInterval > 0 && State.Iteration % _options.CheckpointInterval == 0 && !isLast)
            {
                onCheckpoint?.Invoke(State);
            }
        }

        if (end == TrainingEnd.Finished && State.Iteration > first && !sawFinite)
        {
            end = TrainingEnd.Diverged;
        }

        onCheckpoint?.Invoke(State);
        _model.SetRaw(double.IsFinite(State.BestLoss) ? State.BestRaw : State.Raw);
        return end;
    }

    private TrainingState<T> NewState()
    {
        var raw = new double[_model.Parameters.RawCount];
        _model.Parameters.CopyRawTo(raw);
        var state = new TrainingState<T> { Raw = raw, BestRaw = (double[])raw.Clone(), Optimiser = new Adam(raw.Length) };
        foreach (var trial in _trials.Concat(_validation))
        {
            state.WarmStarts[trial.Name] = new WarmStart<T>(trial.Bins, _model.Generative.StateCount, _model.Generative.InputCount);
        }

        return state;
    }

    private PreparedTrial<T>[] Prepare(Recording recording, TrialSplit split, HashSet<string>? hidden)
        => [.. recording.TrialsOf(split).Select(trial => new PreparedTrial<T>(_model.Generative, recording, trial, hidden))];

    private TrainingRecord Iterate()
    {
        var batch = _batches.At(State.Iteration).ToArray();
        var entries = Math.Max(1, batch.Sum(i => _trials[i].ObservedCount));
        var bounded = SumGradients(batch);
        State.BadIterations = 2 * bounded > batch.Length ? State.BadIterations + 1 : 0;
        AddPenalty(entries);
        _model.Parameters.PullBack(_total, _rawGradient);
        var norm = 0.0;
        for (var i = 0; i < _rawGradient.Length; i++)
        {
            _rawGradient[i] /= entries;
            norm += _rawGradient[i] * _rawGradient[i];
        }

        norm = Math.Sqrt(norm);
        var rate = _options.RateAt(State.Iteration) * Math.Pow(0.5, State.Recoveries);
        if (double.IsFinite(norm))
        {
            if (_options.GradientClip > 0 && norm > _options.GradientClip)
            {
                for (var i = 0; i < _rawGradient.Length; i++)
                {
                    _rawGradient[i] *= _options.GradientClip / norm;
                }
            }

            State.Optimiser.Update(State.Raw, _rawGradient, rate);
            _model.SetRaw(State.Raw);
        }

        var results = _results.AsSpan(0, batch.Length).ToArray();
        var finite = results.Where(result => double.IsFinite(result.Elbo)).ToArray();
        return new TrainingRecord(
            State.Iteration + 1,
            0,
            finite.Length == batch.Length && double.IsFinite(norm) ? -results.Sum(result => result.Elbo) / entries : double.NaN,
            finite.Sum(result => result.LogLikelihood) / entries,
            finite.Sum(result => result.Divergence) / entries,
            null,
            rate,
            norm,
            batch.Length,
            results.Average(result => result.Map.Factorisations),
            results.Average(result => result.Map.ConjugateGradientSteps),
            results.Average(result => result.GradientSteps),
            results.Count(result => result.FellBack),
            results.Count(result => result.Map.Status != SolverStatus.Converged),
            bounded,
            State.Recoveries);
    }

    /// <summary>Sums the gradients of a batch in its order, each bounded against what is usual, into the total.</summary>
    /// <returns>Number of trials that were bounded or left out.</returns>
    private int SumGradients(int[] batch)
    {
        var usual = State.UsualGradientNorm;
        if (usual == 0 && batch.Length > _gradients.Length)
        {
            // What is usual is first told by a whole batch; if its gradients cannot be kept, they are worked out twice, the first time for their norms.
            ForEach(batch.Length, (worker, i) => Differentiate(worker, batch, i, _gradients[worker.Index], keepsSolution: false));
        }

        _total.Clear();
        var bounded = 0;
        for (var first = 0; first < batch.Length; first += _gradients.Length)
        {
            var start = first;
            var count = Math.Min(_gradients.Length, batch.Length - first);
            ForEach(count, (worker, i) => Differentiate(worker, batch, start + i, _gradients[i], keepsSolution: true));
            if (first == 0 && usual == 0)
            {
                usual = GradientGuard.Median(_norms.AsSpan(0, batch.Length));
            }

            for (var i = 0; i < count; i++)
            {
                var weight = GradientGuard.Weight(_norms[first + i], usual);
                bounded += weight < 1 ? 1 : 0;
                if (weight > 0)
                {
                    _total.AddScaled(weight, _gradients[i]);
                }
            }
        }

        State.UsualGradientNorm = GradientGuard.Adapt(usual, _norms.AsSpan(0, batch.Length));
        return bounded;
    }

    /// <summary>The gradient of one trial of a batch, its norm and what came with it.</summary>
    private void Differentiate(Worker worker, int[] batch, int i, ParameterGradient<T> gradient, bool keepsSolution)
    {
        var trial = _trials[batch[i]];
        worker.Draws.SetBins(trial.Bins);
        worker.Draws.Fill(_options.Seed, (ulong)State.Iteration + 1, (ulong)batch[i]);
        var start = State.WarmStarts[trial.Name];
        _results[i] = worker.Estimator.Evaluate(trial, start, worker.Draws, _options.Elbo, gradient);
        _norms[i] = double.IsFinite(_results[i].Elbo) ? gradient.Norm() / Math.Max(1, trial.ObservedCount) : double.NaN;
        if (keepsSolution)
        {
            Keep(start, worker.Estimator.Solver);
        }
    }

    /// <summary>
    /// Goes back to the best parameters (the first ones, where nothing was validated yet) with half the learning rate, a fresh optimiser and trials at
    /// rest.
    /// </summary>
    /// <returns>False when that was done too often already.</returns>
    private bool Recover()
    {
        if (State.Recoveries >= RecoveryLimit)
        {
            return false;
        }

        State.Recoveries++;
        State.BadIterations = 0;
        State.UsualGradientNorm = 0;
        State.BestRaw.CopyTo(State.Raw, 0);
        State.Optimiser.Reset();
        foreach (var start in State.WarmStarts.Values)
        {
            Array.Clear(start.Values);
        }

        _model.SetRaw(State.Raw);
        return true;
    }

    private double Validate()
    {
        ForEach(_validation.Length, (worker, i) =>
        {
            var trial = _validation[i];
            worker.Draws.SetBins(trial.Bins);
            worker.Draws.Fill(_options.Seed, ValidationStream, (ulong)i);
            var start = State.WarmStarts[trial.Name];
            _results[i] = worker.Estimator.Evaluate(trial, start, worker.Draws, _options.Elbo, null);
            Keep(start, worker.Estimator.Solver);
        });

        var loss = 0.0;
        for (var i = 0; i < _validation.Length; i++)
        {
            loss -= _results[i].Elbo;
        }

        loss /= Math.Max(1, _validation.Sum(trial => trial.ObservedCount));
        if (loss < State.BestLoss)
        {
            State.BestLoss = loss;
            State.BestIteration = State.Iteration;
            State.Raw.CopyTo(State.BestRaw, 0);
            State.ValidationsWithoutImprovement = 0;
        }
        else
        {
            State.ValidationsWithoutImprovement++;
        }

        return loss;
    }

    /// <summary>Keeps a solution as the next start, unless it overflowed.</summary>
    private static void Keep(WarmStart<T> start, IterativeLqr<T> solver)
    {
        if (double.IsFinite(solver.Current.Cost))
        {
            start.CopyFrom(solver.Current);
        }
    }

    /// <summary>penalty * entries * mean square of each recurrent weight matrix.</summary>
    private void AddPenalty(long entries)
    {
        if (_options.RecurrentPenalty == 0)
        {
            return;
        }

        foreach (var parameter in _model.Generative.Dynamics.RecurrentWeights)
        {
            var factor = T.CreateChecked(2 * _options.RecurrentPenalty * entries / ((double)parameter.Rows * parameter.Columns));
            RowOperations.AddScaled(factor, parameter.Value, _total[parameter]);
        }
    }

    private void ForEach(int count, Action<Worker, int> body)
    {
        var next = -1;
        _crew!.Run(number =>
        {
            for (var i = Interlocked.Increment(ref next); i < count; i = Interlocked.Increment(ref next))
            {
                body(_workers[number], i);
            }
        });
    }

    private sealed class Worker(int index, VariationalModel<T> model, int longest, int draws)
    {
        public int Index { get; } = index;

        public ElboEstimator<T> Estimator { get; } = new(model, longest);

        public PosteriorDraws<T> Draws { get; } = new(draws, longest, model.Generative.StateCount, model.Generative.InputCount);
    }
}
