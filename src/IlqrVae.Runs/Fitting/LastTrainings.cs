using System.Text.Json.Nodes;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;
using IlqrVae.Training;

namespace IlqrVae.Runs.Fitting;

/// <summary>A candidate trained at length.</summary>
/// <param name="Candidate">The candidate, with its updates.</param>
/// <param name="Training">How that went.</param>
internal sealed record Final(FitCandidate Candidate, TrainingOutcome Training);

/// <summary>Trains at length, with what is left of the time.</summary>
/// <param name="ladder">The candidates.</param>
/// <param name="recording">The recording.</param>
/// <param name="trials">What is learned from of it.</param>
/// <param name="run">Where the run goes.</param>
/// <param name="request">How.</param>
/// <param name="folder">What is kept.</param>
/// <param name="clock">The time of the fit.</param>
/// <param name="pace">What updates take.</param>
/// <param name="progress">Told of every iteration; null for nobody.</param>
/// <param name="interrupt">Stops it, with its state saved.</param>
internal sealed class LastTrainings(
    IReadOnlyList<FitCandidate> ladder, Recording recording, Recording trials, RunFolder run, FitRequest request, FitFolder folder, FitClock clock, FitPace pace,
    IProgress<TrainingProgress>? progress, CancellationToken interrupt)
{
    /// <summary>Share of the time that is left for what comes after.</summary>
    public const double Reserve = 0.03;

    /// <summary>It is planned by the pace of the search. Where the machine has become slower since, it stops when the fit has taken so many times the time given.</summary>
    private const double Overrun = 1.1;

    /// <summary>Updates, however little time is left.</summary>
    private const int FewestIterations = 120;
    private const int MostIterations = 8000;

    /// <summary>Share of what is left that linear dynamics is trained in, where it has won the search: it is learned first, and may be overtaken by what learns more slowly.</summary>
    private const double LinearShare = 0.25;

    /// <summary>Validations.</summary>
    private const int Validations = 40;

    private double Left => ((1 - Reserve) * request.Seconds) - clock.Reckoned;

    /// <summary>Trains one.</summary>
    public Final AtLength(int candidate) => AtLength(candidate, "last", run, 1);

    /// <summary>
    /// Trains linear dynamics beside, and then what learns more slowly, for longer; the better one stays. Interrupted in the second training, what was reached by it is returned, and neither counts as
    /// tried.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was interrupted in the first one.</exception>
    public (Final Kept, IReadOnlyList<FitAttempt> Attempts) Better(int linear, int rival)
    {
        var first = AtLength(linear, "last-linear", folder.Linear, LinearShare);
        interrupt.ThrowIfCancellationRequested();
        clock.Spend(first.Training.Iterations);
        var second = AtLength(rival, "last", run, 1);
        if (interrupt.IsCancellationRequested)
        {
            return (second, []);
        }

        // Also where numbers overflowed, and the loss is none.
        var isOvertaken = second.Training.ValidationLoss < first.Training.ValidationLoss;
        if (!isOvertaken)
        {
            folder.Linear.MoveTo(run);
        }

        return (isOvertaken ? second : first, [Attempt(first, !isOvertaken), Attempt(second, isOvertaken)]);
    }

    private static FitAttempt Attempt(Final final, bool isKept)
        => new(FitSearch.Shares.Count + 1, final.Candidate.Name, final.Training.Iterations, final.Training.Seconds, -final.Training.ValidationLoss, isKept);

    private Final AtLength(int candidate, string name, RunFolder where, double share)
    {
        var (updates, start, isNew) = folder.Decide(
            $"plan-{name}", () => (int)Math.Clamp(share * Left / pace.Alone(candidate), FewestIterations, MostIterations), made => new JsonObject { ["iterations"] = made }, json => (int)json["iterations"]!);
        var configuration = FitTrainings.WithIterations(ladder[candidate], trials, updates, Math.Max(1, updates / Validations));
        var chosen = ladder[candidate] with { Configuration = configuration };
        if (folder.Board.IsDone(name))
        {
            return new Final(chosen, folder.Board.Read(name, Read));
        }

        using var timeIsUp = CancellationTokenSource.CreateLinkedTokenSource(interrupt);
        var training = TrainingSession.Run(
            configuration, recording, where, RequestOf(where, configuration, isNew), new Deadline(progress, $"last, {ladder[candidate].Name}", clock, start, Overrun * request.Seconds, timeIsUp), timeIsUp.Token);
        if (training.End != TrainingEnd.Interrupted || !interrupt.IsCancellationRequested)
        {
            folder.Board.Write(name, Written(training));
        }

        return new Final(chosen, training);
    }

    /// <summary>How to begin a training, or to go on with it where it was begun before. A run that somebody else has put there is not replaced unasked.</summary>
    private TrainingRequest RequestOf(RunFolder where, RunConfiguration configuration, bool isNew)
    {
        var isOwn = !isNew && (!where.HoldsRun || IsOf(where, configuration.CompletedFor(trials)));
        return new TrainingRequest(where.Root, isOwn && where.HoldsCheckpoint, isOwn || folder.IsReplacing) { Home = run };
    }

    /// <summary>Whether what is in a folder is of this training. What is damaged is left to be told of.</summary>
    private bool IsOf(RunFolder where, RunConfiguration configuration)
    {
        try
        {
            var fingerprint = RecordingFingerprint.Of(recording);
            if (!where.HoldsCheckpoint)
            {
                // Killed between the first writing of the model and that of the checkpoint.
                var model = ModelFile.Read(where.Model).Description;
                return IsSame(model.Configuration) && model.Fingerprint == fingerprint.Whole;
            }

            var origin = CheckpointFile.ReadOrigin(CheckpointFile.Find(where).Path);
            return IsSame(origin.Configuration) && origin.Recording.DifferenceFrom(fingerprint) is null;
        }
        catch (InputException)
        {
            return true;
        }

        bool IsSame(RunConfiguration other) => ConfigurationFile.Differences(other, configuration).All(path => path != "training.iterations" && Settings.ChangeableOnResume.Contains(path));
    }

    private static JsonObject Written(TrainingOutcome training) => new()
    {
        ["end"] = training.End.ToString().ToLowerInvariant(),
        ["iterations"] = training.Iterations,
        ["best_iteration"] = training.BestIteration,
        ["loss"] = Json.Number(training.Loss),
        ["validation_loss"] = Json.Number(training.ValidationLoss),
        ["validation_null"] = Json.Number(training.ValidationNull),
        ["validation_score"] = training.ValidationScore.ToString().ToLowerInvariant(),
        ["seconds"] = Json.Number(training.Seconds),
        ["parameters"] = training.Parameters,
    };

    private static TrainingOutcome Read(JsonObject json)
    {
        return new TrainingOutcome(
            Enum.Parse<TrainingEnd>((string)json["end"]!, ignoreCase: true), (int)json["iterations"]!, (int)json["best_iteration"]!, Number("loss"), Number("validation_loss"), Number("validation_null"),
            (double)json["seconds"]!, (int)json["parameters"]!)
        {
            ValidationScore = Enum.Parse<LearningObjective>((string)json["validation_score"]!, ignoreCase: true),
        };

        double Number(string name) => (double?)json[name] ?? double.NaN;
    }

    /// <summary>Passes progress on, and stops a training that has its fewest updates when the time is up.</summary>
    private sealed class Deadline(IProgress<TrainingProgress>? progress, string name, FitClock clock, double start, double seconds, CancellationTokenSource stop) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            // What it took before it was interrupted counts.
            clock.AtLeast(start + value.Record.Seconds);
            progress?.Report(value with { Name = name, FitSeconds = clock.Elapsed });
            if (value.Record.Iteration >= FewestIterations && clock.Elapsed > seconds)
            {
                stop.Cancel();
            }
        }
    }
}
