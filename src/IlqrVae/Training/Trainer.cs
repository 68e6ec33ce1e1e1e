using System.Diagnostics;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

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
    /// <summary>Bad iterations in a row after which training goes back to its best parameters.</summary>
    private const int BadIterationLimit = 5;

    /// <summary>
    /// A validation has lost its way when more than this share of what had been learned, from the first loss to the best, is gone. Chaotic dynamics can
    /// leave a good region for one without sense and stay there, with gradients that are usual by then.
    /// </summary>
    private const double LostShare = 0.1;

    /// <summary>Lost validations in a row, and the iterations they span, after which training goes back too.</summary>
    private const int LostValidationLimit = 3;
    private const int LostIterationLimit = 100;

    /// <summary>Times it may go back, and how many of them may be for lost validations.</summary>
    private const int RecoveryLimit = 6;
    private const int LostRecoveryLimit = 3;

    /// <summary>Stream of the validation draws, the same at every validation so that losses compare.</summary>
    private const ulong ValidationStream = ulong.MaxValue;

    private readonly VariationalModel<T> _model;
    private readonly TrainingOptions _options;
    private readonly PreparedTrial<T>[] _trials;
    private readonly PreparedTrial<T>[] _validation;
    private readonly MiniBatches _batches;
    private readonly Worker[] _workers;
    private WorkerCrew? _crew;
    private readonly TrialGradient<T>[] _gradients;
    private readonly int _groupSize;
    private readonly TimeFactorGradients<T> _timeGradients;
    private readonly ElboResult[] _results;
    private readonly double[] _scores;
    private readonly double[] _norms;
    private readonly double[] _weights;
    private readonly int[] _lengths;
    private readonly int[] _order;
    private readonly ParameterGradient<T> _total;
    private readonly double[] _rawGradient;
    private readonly double[] _penalties;
    private readonly double[] _blockSquares;

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
        var draws = options.Elbo.Draws;
        _workers = [.. Enumerable.Range(0, Math.Min(threads, Math.Max(_batches.Size, _validation.Length))).Select(index => new Worker(index, model, longest, draws))];
        _norms = new double[_batches.Size];
        _weights = new double[_batches.Size];
        _lengths = new int[_batches.Size];
        _order = new int[_batches.Size];
        var time = model.Posterior.Time;
        var bytes = Unsafe.SizeOf<T>() * model.Parameters.All.Where(parameter => parameter != time).Sum(parameter => (long)parameter.Rows * parameter.Columns);
        _groupSize = (int)Math.Min(_batches.Size, Math.Max(2L * _workers.Length, options.GradientBytes / bytes));
        ParameterGradient<T>[] group = [.. Enumerable.Range(0, _groupSize).Select(_ => new ParameterGradient<T>(model.Parameters.All, without: time))];
        _timeGradients = new TimeFactorGradients<T>(_batches.Size, draws, model.Generative.InputCount, longest);
        _gradients = [.. Enumerable.Range(0, _batches.Size).Select(i => new TrialGradient<T>(model, group[i % _groupSize], _timeGradients, i))];
        _results = new ElboResult[_batches.Size];
        _scores = new double[_validation.Length];
        _total = new ParameterGradient<T>(model.Parameters.All);
        _rawGradient = new double[model.Parameters.RawCount];
        _penalties = [.. model.Parameters.Blocks.Select(block => Penalty(block.Parameter))];
        _blockSquares = new double[model.Parameters.Blocks.Count];
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

            if (State.Iteration == 0 && _validation.Length > 0)
            {
                State.UntrainedLoss = ValidationLoss();
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

            // Unlike overflow, this is no reason to end: what training still finds is kept only where it is better.
            if (State.LostValidations >= LostValidationLimit && State.LostValidations * _options.ValidationInterval >= LostIterationLimit
                && State.Recoveries < LostRecoveryLimit)
            {
                Recover();
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
        var state = new TrainingState<T> { Raw = raw, BestRaw = (double[])raw.Clone(), Optimiser = new Adam(raw.Length), BestOptimiser = new Adam(raw.Length) };
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
        var bounded = SumGradients(batch, entries);
        State.BadIterations = 2 * bounded > batch.Length ? State.BadIterations + 1 : 0;
        var norm = Math.Sqrt(_blockSquares.Sum());
        var rate = _options.RateAt(State.Iteration) * Math.Pow(0.5, State.Recoveries);
        if (double.IsFinite(norm))
        {
            Move(rate, _options.GradientClip > 0 && norm > _options.GradientClip ? _options.GradientClip / norm : 1);
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

    /// <summary>
    /// Sums the gradients of a batch in its order, each bounded against what is usual, and turns the sum into derivatives of the loss per observed entry
    /// with respect to the raw numbers, and their squares.
    /// </summary>
    /// <returns>Number of trials that were bounded or left out.</returns>
    private int SumGradients(int[] batch, long entries)
    {
        var usual = State.UsualGradientNorm;
        if (usual == 0 && batch.Length > _groupSize)
        {
            // What is usual is first told by a whole batch; if its gradients cannot be kept, they are worked out twice, the first time for their norms.
            LongestFirst(batch);
            ForEach(batch.Length, (worker, i) => Differentiate(worker, batch, _order[i], _gradients[worker.Index], keepsSolution: false));
        }

        var blocks = _model.Parameters.Blocks;
        var bounded = 0;
        for (var first = 0; first < batch.Length; first += _groupSize)
        {
            var start = first;
            var count = Math.Min(_groupSize, batch.Length - first);
            LongestFirst(batch.AsSpan(start, count));
            ForEach(count, (worker, i) => Differentiate(worker, batch, start + _order[i], _gradients[start + _order[i]], keepsSolution: true));
            if (first == 0 && usual == 0)
            {
                usual = GradientGuard.Median(_norms.AsSpan(0, batch.Length));
            }

            for (var i = first; i < first + count; i++)
            {
                _weights[i] = GradientGuard.Weight(_norms[i], usual);
                if (_weights[i] < 1)
                {
                    bounded++;
                    _gradients[i].Time.Scale(_weights[i]);
                    State.WarmStarts[_trials[batch[i]].Name].IsLost = true;
                }
            }

            ForEach(blocks.Count, (_, b) =>
            {
                AddGroup(blocks[b], start, count);
                if (start + count == batch.Length)
                {
                    _blockSquares[b] = PullBack(blocks[b], _penalties[b], batch.Length, entries);
                }
            });
        }

        State.UsualGradientNorm = GradientGuard.Adapt(usual, _norms.AsSpan(0, batch.Length));
        return bounded;
    }

    /// <summary>The order in which trials are handed out: with short ones last, threads finish close together.</summary>
    private void LongestFirst(ReadOnlySpan<int> trials)
    {
        for (var i = 0; i < trials.Length; i++)
        {
            _order[i] = i;
            _lengths[i] = -_trials[trials[i]].Bins;
        }

        _lengths.AsSpan(0, trials.Length).Sort(_order.AsSpan(0, trials.Length));
    }

    /// <summary>Adds the gradients of a group to the total.</summary>
    private void AddGroup(ParameterBlock<T> block, int first, int count)
    {
        if (first == 0)
        {
            block.Clear(_total);
        }

        if (block.Parameter == _model.Posterior.Time)
        {
            return;
        }

        for (var i = first; i < first + count; i++)
        {
            if (_weights[i] > 0)
            {
                block.AddScaled(_weights[i], _gradients[i].Others, _total);
            }
        }
    }

    /// <summary>Adds to a block of the total what does not come in groups, and turns it into derivatives with respect to raw numbers.</summary>
    /// <returns>The sum of their squares.</returns>
    private double PullBack(ParameterBlock<T> block, double penalty, int trials, long entries)
    {
        var parameter = block.Parameter;
        if (parameter == _model.Posterior.Time)
        {
            _timeGradients.AddRows(trials, parameter.Value, block.FirstRow, block.Rows, _total[parameter]);
        }

        if (penalty != 0)
        {
            RowOperations.AddScaled(T.CreateChecked(penalty * entries), parameter.Value, _total[parameter]);
        }

        block.PullBack(_total, _rawGradient);
        var squares = 0.0;
        for (var i = 0; i < block.RangeCount; i++)
        {
            var (start, length) = block.Range(i);
            squares += DivideAndSumSquares(_rawGradient.AsSpan(start, length), entries);
        }

        return squares;
    }

    /// <summary>Moves the parameters against the gradient.</summary>
    private void Move(double rate, double scale)
    {
        var blocks = _model.Parameters.Blocks;
        State.Optimiser.Updates++;
        ForEach(blocks.Count, (_, b) =>
        {
            var block = blocks[b];
            for (var i = 0; i < block.RangeCount; i++)
            {
                var (start, length) = block.Range(i);
                var gradient = _rawGradient.AsSpan(start, length);
                if (scale != 1)
                {
                    TensorPrimitives.Multiply(gradient, scale, gradient);
                }

                State.Optimiser.Move(start, State.Raw.AsSpan(start, length), gradient, rate);
            }

            block.SetRaw(State.Raw);
        });
        _model.Generative.Refresh();
    }

    /// <summary>Divides in place. Which lane sums which number depends on its index alone, not on where it happens to be in memory.</summary>
    private static double DivideAndSumSquares(Span<double> values, double divisor)
    {
        var d = new Vector<double>(divisor);
        var squares = Vector<double>.Zero;
        var i = 0;
        for (; i + Vector<double>.Count <= values.Length; i += Vector<double>.Count)
        {
            var x = new Vector<double>(values[i..]) / d;
            x.CopyTo(values[i..]);
            squares += x * x;
        }

        var sum = Vector.Sum(squares);
        for (; i < values.Length; i++)
        {
            values[i] /= divisor;
            sum += values[i] * values[i];
        }

        return sum;
    }

    /// <summary>The gradient of one trial of a batch, its norm and what came with it.</summary>
    private void Differentiate(Worker worker, int[] batch, int i, TrialGradient<T> gradient, bool keepsSolution)
    {
        var trial = _trials[batch[i]];
        var start = StartOf(worker, trial);
        _results[i] = Evaluate(worker, trial, start, _options.Objective, (ulong)State.Iteration + 1, batch[i], gradient);
        _norms[i] = double.IsFinite(_results[i].Elbo) ? gradient.Norm(worker.TimeNorm) / Math.Max(1, trial.ObservedCount) : double.NaN;
        if (keepsSolution)
        {
            Keep(start, worker.Estimator.Solver);
        }
    }

    /// <summary>An objective of one trial and, where it is wanted, its gradient; the draws are a function of the seed, a stream and the trial's key.</summary>
    private ElboResult Evaluate(
        Worker worker, PreparedTrial<T> trial, WarmStart<T> start, LearningObjective objective, ulong stream, int key, TrialGradient<T>? gradient)
    {
        if (objective == LearningObjective.Evidence)
        {
            var random = new CounterRandom(_options.Seed, stream, (ulong)key);
            return worker.Evidence.Evaluate(trial, start, _options.Elbo, ref random, gradient);
        }

        worker.Draws.SetBins(trial.Bins);
        worker.Draws.Fill(_options.Seed, stream, (ulong)key);
        return worker.Estimator.Evaluate(trial, start, worker.Draws, _options.Elbo, gradient);
    }

    /// <summary>
    /// Goes back to the best parameters (the first ones, where nothing was validated yet) and the optimiser as it was there, with half the learning rate.
    /// The starts of trials belong to other parameters; each is searched for anew.
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
        State.LostValidations = 0;
        State.ValidationsWithoutImprovement = 0;
        State.UsualGradientNorm = 0;
        State.BestRaw.CopyTo(State.Raw, 0);
        State.Optimiser.CopyFrom(State.BestOptimiser);
        foreach (var start in State.WarmStarts.Values)
        {
            start.IsLost = true;
        }

        _model.SetRaw(State.Raw);
        return true;
    }

    private double Validate()
    {
        var loss = ValidationLoss();
        if (double.IsPositiveInfinity(State.BestLoss))
        {
            State.BestLoss = State.UntrainedLoss;
        }

        if (loss < State.BestLoss)
        {
            State.BestLoss = loss;
            State.BestIteration = State.Iteration;
            State.Raw.CopyTo(State.BestRaw, 0);
            State.BestOptimiser.CopyFrom(State.Optimiser);
            State.ValidationsWithoutImprovement = 0;
        }
        else
        {
            State.ValidationsWithoutImprovement++;
        }

        var learned = State.UntrainedLoss - State.BestLoss;
        State.LostValidations = learned > 0 && !(loss <= State.BestLoss + (LostShare * learned)) ? State.LostValidations + 1 : 0;
        return loss;
    }

    /// <summary>Minus the score of the validation trials in nats per observed entry, none counted as worse than before learning; infinite where none can be scored.</summary>
    private double ValidationLoss()
    {
        ForEach(_validation.Length, (worker, i) =>
        {
            var trial = _validation[i];
            var start = StartOf(worker, trial);
            _scores[i] = Evaluate(worker, trial, start, _options.ScoreOfValidation, ValidationStream, i, gradient: null).Elbo;
            Keep(start, worker.Estimator.Solver);
        });

        if (State.FirstLosses.Count == 0)
        {
            foreach (var (trial, score) in _validation.Zip(_scores).Where(pair => double.IsFinite(pair.Second)))
            {
                State.FirstLosses[trial.Name] = -score;
            }
        }

        var (loss, entries) = (0.0, 0L);
        for (var i = 0; i < _validation.Length; i++)
        {
            var trial = _validation[i];
            var first = State.FirstLosses.GetValueOrDefault(trial.Name, double.NaN);
            var hasExploded = !(-_scores[i] <= first);
            State.WarmStarts[trial.Name].IsLost = hasExploded;
            if (double.IsFinite(first))
            {
                loss += hasExploded ? first : -_scores[i];
                entries += trial.ObservedCount;
            }
        }

        return State.FirstLosses.Count == 0 ? double.PositiveInfinity : loss / Math.Max(1, entries);
    }

    /// <summary>
    /// The start of a trial. For one that exploded, or whose start belongs to other parameters, a better one is searched for: by now the dynamics may be strong,
    /// where a solve from a bad start or from rest ends in a poor minimum again and again, and what that teaches would lead away from the good region.
    /// </summary>
    private WarmStart<T> StartOf(Worker worker, PreparedTrial<T> trial)
    {
        var start = State.WarmStarts[trial.Name];
        if (start.IsLost)
        {
            // It may have been a draw that exploded, from a good solution.
            var old = worker.Estimator.SolveMap(trial, start, _options.Elbo.Solver);
            Keep(start, worker.Estimator.Solver);
            if (!(old.Cost <= worker.Search.Run(trial, _options.Elbo.Solver).Cost))
            {
                Keep(start, worker.Estimator.Solver);
            }

            start.IsLost = false;
        }

        return start;
    }

    /// <summary>Keeps a solution as the next start, unless it overflowed.</summary>
    private static void Keep(WarmStart<T> start, IterativeLqr<T> solver)
    {
        if (double.IsFinite(solver.Current.Cost))
        {
            start.CopyFrom(solver.Current);
        }
    }

    /// <summary>What penalty * mean square of a recurrent weight matrix multiplies the matrix by in its derivative; zero for other parameters.</summary>
    private double Penalty(Parameter<T> parameter)
        => _model.Generative.Dynamics.RecurrentWeights.Contains(parameter)
            ? 2 * _options.RecurrentPenalty / ((double)parameter.Rows * parameter.Columns)
            : 0;

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

        public MapSearch<T> Search => field ??= new MapSearch<T>(Estimator);

        public TimeFactorNorm<T> TimeNorm { get; } = new(draws * model.Generative.InputCount);

        public PosteriorDraws<T> Draws { get; } = new(draws, longest, model.Generative.StateCount, model.Generative.InputCount);

        public EvidenceEstimator<T> Evidence => field ??= new EvidenceEstimator<T>(model, Estimator);
    }
}
