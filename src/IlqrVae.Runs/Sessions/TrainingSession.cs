using System.Globalization;
using System.Numerics;
using IlqrVae.Data;
using IlqrVae.Inference;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Scores;
using IlqrVae.Training;
using IlqrVae.Training.Processes;

namespace IlqrVae.Runs.Sessions;

/// <summary>How a training went.</summary>
/// <param name="End">Why it ended.</param>
/// <param name="Iterations">Iterations done so far.</param>
/// <param name="BestIteration">Iteration of the parameters kept.</param>
/// <param name="Loss">The last training loss, in nats per observed entry; NaN when no iteration was done now.</param>
/// <param name="ValidationLoss">The best validation loss; NaN when there was none.</param>
/// <param name="ValidationNull">What each channel being constant explains of the validation trials; NaN when there was no validation.</param>
/// <param name="Seconds">Seconds of training, over all sessions.</param>
/// <param name="Parameters">Number of free parameters.</param>
public sealed record TrainingOutcome(
    TrainingEnd End, int Iterations, int BestIteration, double Loss, double ValidationLoss, double ValidationNull, double Seconds, int Parameters)
{
    /// <summary>What the validation losses are of.</summary>
    public LearningObjective ValidationScore { get; init; }

    /// <summary>Whether the kept parameters explain the validation trials no better than each channel being constant does.</summary>
    public bool IsNoBetterThanConstant => -ValidationLoss <= ValidationNull;
}

/// <summary>How to train.</summary>
/// <param name="Resume">Whether to continue a run.</param>
/// <param name="Force">Whether an existing run may be replaced.</param>
/// <param name="StopAfter">Iterations after which to stop as if interrupted; null for none.</param>
/// <param name="Where">What to call the configuration in messages.</param>
public sealed record TrainingRequest(string Where, bool Resume = false, bool Force = false, int? StopAfter = null)
{
    /// <summary>Iteration at which to stop as if interrupted; null for none.</summary>
    public int? StopAt { get; init; }

    /// <summary>Where the run will be in the end, which paths in its configuration are relative to; null for where it is written.</summary>
    internal RunFolder? Home { get; init; }

    /// <summary>The processes that train together, each by the same call; the first alone writes.</summary>
    public IProcessGroup Processes { get; init; } = new OneProcess();

    /// <summary>Told in a sentence of what was not as it should be and is made up for; null for nobody.</summary>
    public Action<string>? Remark { get; init; }
}

/// <summary>Trains a model in a run folder.</summary>
public static class TrainingSession
{
    /// <summary>The longest trial to learn from: the posterior covariance holds the square of it.</summary>
    public const int LongestTrial = 4096;

    /// <summary>Trains.</summary>
    /// <param name="configuration">The configuration; its data path is resolved.</param>
    /// <param name="recording">The recording it names.</param>
    /// <param name="folder">Where to write.</param>
    /// <param name="request">How; null for a run of its own, from the start.</param>
    /// <param name="progress">Told of every iteration; null for nobody.</param>
    /// <param name="interrupt">Stops the training, with its state saved.</param>
    /// <exception cref="InputException">The configuration does not fit the recording, or the folder holds another run; nothing was written then.</exception>
    public static TrainingOutcome Run(
        RunConfiguration configuration, Recording recording, RunFolder folder, TrainingRequest? request = null,
        IProgress<TrainingProgress>? progress = null, CancellationToken interrupt = default)
    {
        ArgumentNullException.ThrowIfNull(folder);
        request ??= new TrainingRequest(folder.Root);
        return configuration.Precision == Precision.Single
            ? Run<float>(configuration, recording, folder, request, progress, interrupt)
            : Run<double>(configuration, recording, folder, request, progress, interrupt);
    }

    private static TrainingOutcome Run<T>(
        RunConfiguration configuration, Recording recording, RunFolder folder, TrainingRequest request, IProgress<TrainingProgress>? progress, CancellationToken interrupt)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var isFirst = request.Processes.Number == 0;
        RunLock? held = null;
        try
        {
            Session<T>? session = null;
            string? failure = null;
            try
            {
                if (isFirst)
                {
                    RequireFolder(folder, request);

                    // A run to be continued is read and written by nobody else from here on; one to be made has no folder yet that could be held.
                    held = request.Resume ? RunLock.Take(folder) : null;
                }

                session = new Session<T>(configuration, recording, folder, request, progress, interrupt);
                if (isFirst)
                {
                    var taken = session.Begin();
                    held ??= taken;
                }
            }
            catch (InputException exception) when (request.Processes.Count > 1)
            {
                failure = exception.Message;
            }

            return request.Processes.Agree(failure) is { } reason ? throw new InputException(reason) : isFirst ? session!.Run() : session!.Follow();
        }
        finally
        {
            held?.Dispose();
        }
    }

    /// <summary>Checks that a run may be written to a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="request">Whether it is to be resumed or replaced.</param>
    /// <exception cref="InputException">It may not.</exception>
    internal static void RequireFolder(RunFolder folder, TrainingRequest request)
    {
        if (request.Resume)
        {
            if (!folder.HoldsCheckpoint)
            {
                throw new InputException($"{folder.Root}: there is no checkpoint to resume from; train without --resume, or give the run's folder with -o.");
            }
        }
        else if (folder.HoldsRun && !request.Force)
        {
            throw new InputException($"{folder.Root}: this folder holds a run already; continue it with --resume, replace it with --force, or choose another with -o.");
        }
        else if (File.Exists(folder.Configuration) && !request.Force)
        {
            throw new InputException($"{folder.Root}: this folder holds a config.yaml already, which the run's would replace; choose another folder with -o, or replace it with --force.");
        }
        else if (File.Exists(folder.Root))
        {
            throw new InputException($"{folder.Root}: this is a file; give the name of a folder for the run.");
        }
    }

    /// <summary>What of a configuration has no effect on a training with this recording, a sentence each.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="recording">The recording it names.</param>
    public static IReadOnlyList<string> RemarksOf(RunConfiguration configuration, Recording recording)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(recording);
        return configuration.Training.Patience > 0
            && LearningTrials.Of(recording, configuration.Training.Chunk, configuration.Training.ValidationShare).TrialsOf(TrialSplit.Validation).Count == 0
            ? ["training.patience has no effect: there are no trials with the split 'validation' to stop by; mark some, set 'training.validation-share', or choose the iterations by yourself."]
            : [];
    }

    /// <summary>What a training would do; nothing is written.</summary>
    internal static TrainingPlan PlanOf(RunConfiguration configuration, Recording recording, string where)
    {
        var (folder, request) = (new RunFolder("."), new TrainingRequest(where));
        return configuration.Precision == Precision.Single
            ? new Session<float>(configuration, recording, folder, request, null, default).Plan(RemarksOf(configuration, recording))
            : new Session<double>(configuration, recording, folder, request, null, default).Plan(RemarksOf(configuration, recording));
    }

    /// <summary>What an objective is called in messages.</summary>
    /// <param name="objective">The objective.</param>
    public static string NameOf(LearningObjective objective) => objective switch
    {
        LearningObjective.Evidence => "log evidence",
        LearningObjective.Predictive => "prediction",
        _ => "ELBO",
    };

    /// <summary>What a training learns, in words: an ELBO in which some entries count more than others is no bound.</summary>
    /// <param name="training">Its settings.</param>
    public static string LearnedBy(TrainingOptions training)
    {
        ArgumentNullException.ThrowIfNull(training);
        return training is { Objective: LearningObjective.Elbo } and ({ Hide.Count: > 0, HiddenWeight: not 1 } or { ValuesWeight: not (null or 1) }) ? "weighted ELBO" : NameOf(training.Objective);
    }

    /// <summary>A validation score in words.</summary>
    /// <param name="score">What was measured.</param>
    /// <param name="loss">The loss.</param>
    public static string InWords(LearningObjective score, double loss)
        => $"{NameOf(score)} {Wording.Number(-loss, "0.0000")} nats per {(score == LearningObjective.Predictive ? "hidden entry, over each channel being constant" : "observed entry")}";

    /// <summary>What to call to continue a run.</summary>
    /// <param name="folder">The run.</param>
    public static string ResumeCommand(RunFolder folder) => $"ilqr-vae train {Wording.Quoted(folder.Configuration)} --resume";

    private sealed class Session<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        private readonly RunConfiguration _configuration;
        private readonly RunFolder _folder;
        private readonly TrainingRequest _request;
        private readonly IProgress<TrainingProgress>? _progress;
        private readonly CancellationToken _interrupt;
        private readonly Recording _recording;
        private readonly ModelDescription _description;
        private readonly VariationalModel<T> _model;
        private readonly Trainer<T> _trainer;
        private readonly int _trials;
        private readonly int _batch;
        private int _first;
        private readonly CheckpointOrigin _origin;
        private readonly HistoryFile.Past _past = HistoryFile.Past.None;
        private int _recoveries;
        private readonly IReadOnlyList<string> _beginning = [];
        private readonly string _checkpoint;
        private int? _saved;
        private double _factorisations;
        private double _newtonSteps;
        private double _gradientSteps;
        private long _unconverged;
        private long _fallBacks;

        public Session(
            RunConfiguration configuration, Recording recording, RunFolder folder, TrainingRequest request, IProgress<TrainingProgress>? progress, CancellationToken interrupt)
        {
            _folder = folder;
            _request = request;
            _progress = progress;
            _interrupt = interrupt;
            var fingerprint = RecordingFingerprint.Of(recording);
            recording = LearningTrials.Of(recording, configuration.Training.Chunk, configuration.Training.ValidationShare);
            _recording = recording;
            RequireTrials(configuration.Data, recording);
            _configuration = Completed(configuration, recording);
            _description = ModelDescription.Of(_configuration, recording, fingerprint.Whole);
            _model = _description.Build<T>();
            _origin = new CheckpointOrigin(_configuration, fingerprint);
            _checkpoint = folder.Checkpoint;
            if (request.Resume)
            {
                (_checkpoint, var reason) = CheckpointFile.Find(folder);
                List<string> madeUp = reason is null ? [] : [$"{reason} Training goes on from the checkpoint before it, {_checkpoint}."];
                RequireSameRun(configuration.Data, madeUp);
                _beginning = madeUp;
            }
            else
            {
                _beginning = TrainingStart.Apply(_configuration, configuration.StartFrom, recording, _model);
            }

            _trainer = new Trainer<T>(_model, recording, _configuration.Training, request.Processes);
            _trials = recording.TrialsOf(TrialSplit.Train).Count;
            _batch = _configuration.Training.BatchSize == 0 ? _trials : Math.Min(_trials, _configuration.Training.BatchSize);
            if (request.Resume)
            {
                _trainer.Resume(CheckpointFile.Read(_checkpoint, _trainer.State));
                _recoveries = _trainer.State.Recoveries;
                _saved = _checkpoint == folder.Checkpoint ? _trainer.State.Iteration : null;
                _past = HistoryFile.Past.Read(folder.History, folder.HistoryLines, _trainer.State.Iteration);
            }
        }

        public TrainingPlan Plan(IEnumerable<string> remarks) => new(
            _configuration, _recording, [.. _model.Parameters.All.Select(one => (one.Name, one.Raw.Length))], _batch, Workers, [.. _beginning, .. remarks]);

        private int Workers => _configuration.Training.Threads > 0 ? _configuration.Training.Threads : Environment.ProcessorCount;

        /// <summary>Prepares the run's folder.</summary>
        /// <returns>What holds it; null where it was held before.</returns>
        public RunLock? Begin()
        {
            _folder.Create();
            RunLock? held = null;
            if (!_request.Resume)
            {
                held = RunLock.Take(_folder);
                try
                {
                    RequireFolder(_folder, _request);
                }
                catch
                {
                    held.Dispose();
                    throw;
                }

                File.Delete(_folder.Model);
                _folder.DeleteCheckpoints();
                File.Delete(_folder.Calibration);
                File.Delete(_folder.Log);
                File.Delete(_folder.Tried);
            }
            else if (_checkpoint != _folder.Checkpoint && File.Exists(_folder.Checkpoint))
            {
                // The next checkpoint would put it in the place of the sound one.
                File.Move(_folder.Checkpoint, _folder.DamagedCheckpoint, overwrite: true);
            }

            foreach (var text in _request.Resume ? _beginning : [])
            {
                _request.Remark?.Invoke(text);
            }

            RunOrigin.Add(_folder, _configuration, _origin.Recording, _trainer.State.Iteration, Workers, _request.Processes.Count);

            AtomicFile.WriteText(_folder.Configuration, ConfigurationFile.Write(_configuration));
            return held;
        }

        /// <summary>Trains, and writes what comes of it.</summary>
        public TrainingOutcome Run()
        {
            var processes = _request.Processes.Count > 1 ? $"{_request.Processes.Count} processes of " : "";
            _folder.Write(string.Create(
                CultureInfo.InvariantCulture,
                $"{(_request.Resume ? "resumed at" : "started at")} iteration {_trainer.State.Iteration}: {_trials} training trials, {_model.Parameters.RawCount} parameters, {_configuration.Precision.ToString().ToLowerInvariant()} precision, {processes}{Workers} threads"));
            foreach (var line in _beginning)
            {
                _folder.Write(line);
            }

            try
            {
                return Train();
            }
            catch (Exception exception) when (exception is not (InputException or OperationCanceledException))
            {
                TryLog(exception);
                throw;
            }
        }

        /// <summary>Trains with the first process, which writes.</summary>
        public TrainingOutcome Follow()
        {
            var end = _trainer.Run(null, null, _interrupt);
            var state = _trainer.State;
            return new TrainingOutcome(end, state.Iteration, state.BestIteration, double.NaN, double.NaN, double.NaN, state.Seconds, _model.Parameters.RawCount);
        }

        private TrainingOutcome Train()
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(_interrupt);
            using var history = HistoryFile.Open(_folder.History, _folder.HistoryLines, _past);
            _first = _trainer.State.Iteration;
            TrainingRecord? last = null;
            var validation = _trainer.State.BestLoss;
            var pace = 0.0;
            var secondsBefore = _trainer.State.Seconds;
            var end = _trainer.Run(
                record =>
                {
                    history.Add(record);
                    Count(record);
                    last = record;
                    validation = record.ValidationLoss ?? validation;
                    pace = (record.Seconds - secondsBefore) / (record.Iteration - _first);
                    Remark(record);
                    if (record.Iteration - _first >= _request.StopAfter || record.Iteration >= _request.StopAt)
                    {
                        stop.Cancel();
                    }

                    _progress?.Report(Progress(record, validation, pace));
                },
                Save,
                stop.Token);
            var state = _trainer.State;
            _folder.Write(string.Create(CultureInfo.InvariantCulture, $"{Describe(end)} at iteration {state.Iteration} after {state.Seconds:0.0} s of training"));
            if (state.Shrunk is { } shrunk)
            {
                _folder.Write(string.Create(CultureInfo.InvariantCulture, $"read-outs shrunk under a prior learned from all channels: validation {shrunk.LossBefore:0.00000}, then {shrunk.Loss:0.00000} nats per entry{(shrunk.IsBetter ? "" : "; left as they were")}"));
            }

            _folder.Write(string.Create(
                CultureInfo.InvariantCulture,
                $"solves since iteration {_first}, on average of a trial: {_factorisations / Math.Max(1, state.Iteration - _first):0.0} factorisations, {_newtonSteps / Math.Max(1, state.Iteration - _first):0.0} Newton and {_gradientSteps / Math.Max(1, state.Iteration - _first):0.0} gradient products; {_unconverged} did not converge, {_fallBacks} gradients fell back"));
            return new TrainingOutcome(
                end,
                state.Iteration,
                double.IsFinite(state.BestLoss) ? state.BestIteration : state.Iteration,
                last?.Loss ?? double.NaN,
                double.IsFinite(state.BestLoss) ? state.KeptLoss : double.NaN,
                double.IsFinite(state.BestLoss) ? ConstantOnValidation() : double.NaN,
                state.Seconds,
                _model.Parameters.RawCount)
            {
                ValidationScore = _configuration.Training.ScoreOfValidation,
            };
        }

        private void Count(TrainingRecord record)
        {
            _factorisations += record.Factorisations;
            _newtonSteps += record.NewtonSteps;
            _gradientSteps += record.GradientSteps;
            _unconverged += record.Unconverged;
            _fallBacks += record.FallBacks;
        }

        /// <summary>What each channel being constant scores; a prediction is measured from there.</summary>
        private double ConstantOnValidation()
            => _configuration.Training.ScoreOfValidation == LearningObjective.Predictive ? 0 : NullModel.Of(_description, _recording, _recording.TrialsOf(TrialSplit.Validation), _configuration.Training.ValidationHides.ToHashSet(StringComparer.Ordinal)).LogLikelihood;

        private void Save(TrainingState<T> state)
        {
            var isValidated = double.IsFinite(state.BestLoss);
            ModelFile.Write(
                _folder.Model, _description, _model, state.Kept,
                new TrainingSummary(isValidated ? state.BestIteration : state.Iteration, state.Iteration, state.Seconds, isValidated ? state.KeptLoss : double.NaN));

            // At the end a state is saved that may have been saved already: that is no checkpoint before.
            CheckpointFile.Write(_folder.Checkpoint, state, _origin, state.Iteration == _saved ? null : _folder.CheckpointBefore);
            _saved = state.Iteration;
        }

        private void Remark(TrainingRecord record)
        {
            if (record.ValidationLoss is { } loss)
            {
                _folder.Write(string.Create(CultureInfo.InvariantCulture, $"iteration {record.Iteration}: loss {record.Loss:0.00000}, validation {loss:0.00000} nats per entry"));
            }

            if (!double.IsFinite(record.Loss))
            {
                _folder.Write($"iteration {record.Iteration}: numbers overflowed in a trial; it was left out of the update");
            }

            if (record.Recoveries > _recoveries)
            {
                _recoveries = record.Recoveries;
                _folder.Write($"iteration {record.Iteration}: most trials had exploding gradients, or validation stayed far above its best; training went back to the best parameters with half the learning rate");
            }

            if (2 * record.Unconverged > _batch)
            {
                _folder.Write($"iteration {record.Iteration}: inference did not converge in {record.Unconverged} of {_batch} trials");
            }
        }

        private TrainingProgress Progress(TrainingRecord record, double validation, double pace)
        {
            // The first iterations are slow and say nothing of the rest.
            var remaining = _configuration.Training.Iterations - record.Iteration;
            var left = remaining == 0 || record.Iteration - _first < 5 ? double.NaN : pace * remaining;
            return new TrainingProgress(record, _configuration.Training.Iterations, validation, left, LearnedBy(_configuration.Training)) { Configuration = _configuration, Folder = _folder };
        }

        private static string Describe(TrainingEnd end) => end switch
        {
            TrainingEnd.Finished => "finished",
            TrainingEnd.EarlyStopped => "stopped early",
            TrainingEnd.Interrupted => "interrupted",
            _ => "diverged",
        };

        /// <summary>Checks the run to be continued against what is asked for now: a run's files are easily edited, copied and swapped.</summary>
        private void RequireSameRun(string data, List<string> madeUp)
        {
            var before = CheckpointFile.ReadOrigin(_checkpoint);
            RequireSame(before.Configuration, _checkpoint, "put it back");
            if (before.Recording.DifferenceFrom(_origin.Recording) is { } difference)
            {
                throw new InputException($"{data}: this is not the recording the run in {_folder.Root} was made with, they differ in {difference}; resume with that one, or train anew with --force.");
            }

            if (File.Exists(_folder.Model) && ReadModel(madeUp) is { } model)
            {
                RequireSame(model.Configuration, _folder.Model, "remove the file, since the checkpoint has all of it");
                if (model.Fingerprint != _origin.Recording.Whole)
                {
                    throw new InputException($"{_folder.Model}: this is the model of another recording; remove the file, since the checkpoint has all of it.");
                }
            }
        }

        /// <summary>What the run's model is; null where its file is damaged, which training will replace.</summary>
        private ModelDescription? ReadModel(List<string> madeUp)
        {
            try
            {
                return ModelFile.Read(_folder.Model).Description;
            }
            catch (InputException exception)
            {
                madeUp.Add($"{exception.Message} Training goes on without it, since the checkpoint has all of it, and writes it anew.");
                return null;
            }
        }

        private void RequireSame(RunConfiguration before, string where, string mend)
        {
            var changed = ConfigurationFile.Differences(before, _configuration).Where(path => !Settings.ChangeableOnResume.Contains(path)).ToList();
            if (changed.Count > 0)
            {
                throw new InputException(
                    $"{_request.Where}: the configuration differs from that of {where} in {string.Join(", ", changed.Select(path => $"'{path}'"))}; {mend}, or train anew with --force.");
            }
        }

        private static void RequireTrials(string where, Recording recording)
        {
            if (recording.TrialsOf(TrialSplit.Train).Count == 0)
            {
                throw new InputException($"{where}: there are no trials with the split 'train'; mark some to learn from.");
            }

            if (recording.Trials.FirstOrDefault(trial => trial.Split != TrialSplit.Test && trial.Bins > LongestTrial) is { } longest)
            {
                throw new InputException(
                    $"{where}: trial '{longest.Name}' has {longest.Bins} bins, too many to learn from (at most {LongestTrial}); have it cut into chunks by 'training.chunk: 100', or mark it for testing.");
            }
        }

        /// <summary>The configuration as it is kept: complete, with the path of the data relative to the run's folder.</summary>
        private RunConfiguration Completed(RunConfiguration configuration, Recording recording)
        {
            try
            {
                return configuration.CompletedFor(recording) with
                {
                    Data = RelativeToRun(configuration.Data),
                    StartFrom = configuration.StartFrom.Length == 0 ? "" : RelativeToRun(configuration.StartFrom),
                    Extensions = [.. configuration.Extensions.Select(RelativeToRun)],
                };
            }
            catch (InputException exception)
            {
                throw new InputException($"{_request.Where}: {exception.Message}", exception);
            }
        }

        private string RelativeToRun(string path)
            => Path.GetRelativePath(Path.GetFullPath((_request.Home ?? _folder).Root), Path.GetFullPath(path)).Replace('\\', '/');

        private void TryLog(Exception exception)
        {
            try
            {
                _folder.Write($"failed: {exception}");
            }
            catch (IOException)
            {
                // The error that brought us here is the one to report.
            }
        }
    }
}
