using System.Diagnostics;
using System.Globalization;
using IlqrVae.Models.Dynamics;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;
using IlqrVae.Training;

namespace IlqrVae.Runs.Fitting;

/// <summary>How a fit went.</summary>
/// <param name="Attempts">What was tried.</param>
/// <param name="Chosen">The candidate chosen.</param>
/// <param name="Training">The training of the chosen one.</param>
/// <param name="Seconds">What it all took.</param>
public sealed record FitOutcome(IReadOnlyList<FitAttempt> Attempts, FitCandidate Chosen, TrainingOutcome Training, double Seconds)
{
    /// <summary>Whether the last training was stopped for taking longer than it had seemed it would; it can be resumed.</summary>
    public bool IsOutOfTime { get; init; }
}

/// <summary>
/// Finds a model of a recording without a configuration: a ladder of candidates is thinned out by successive halving (Jamieson and Talwalkar 2016) on how well
/// they predict what they do not see of the validation trials, and the best is trained at length as an ordinary run. Test trials have no part in it.
/// </summary>
public static class FitSession
{
    /// <summary>Shares of the time for the first and the second round; the rest is for the last training.</summary>
    private static readonly double[] Shares = [0.3, 0.2];

    /// <summary>Share of the time that the last training leaves for what comes after it.</summary>
    private const double Reserve = 0.03;

    /// <summary>The last training is planned by the pace of the search. Where the machine has become slower since, it stops when the fit has taken so many times the time given.</summary>
    private const double Overrun = 1.1;

    /// <summary>Updates whose time tells the pace of a candidate; the first are slower than the others.</summary>
    private const int Probe = 12;
    private const int ProbeWarmUp = 4;

    /// <summary>
    /// Updates below which candidates cannot be told apart: then there are fewer of them. After 120 a larger model may not have begun on behaviour that it decodes best after 600.
    /// </summary>
    private const int FewestSearchIterations = 200;

    /// <summary>Updates of the last training, however little time is left.</summary>
    private const int FewestIterations = 120;
    private const int MostIterations = 8000;

    /// <summary>Updates that a training of each of several folds should have.</summary>
    private const int FewestOfFolds = 300;

    /// <summary>One candidate of so many goes on to the next round.</summary>
    private const int KeptOf = 3;

    /// <summary>Updates that the last training should have: larger models need them, and show after few what they could become, not what they will be.</summary>
    private const int FewestLastIterations = 600;

    /// <summary>Share of what is left that linear dynamics is trained in at last, where it has won the search: it is learned first, and may be overtaken by what learns more slowly.</summary>
    private const double LinearShare = 0.25;

    /// <summary>Validations of a candidate in a round.</summary>
    private const int Validations = 4;

    /// <summary>Validations of the last training.</summary>
    private const int LastValidations = 40;

    /// <summary>Fits.</summary>
    /// <param name="data">Path of the dataset.</param>
    /// <param name="recording">What it holds.</param>
    /// <param name="folder">Where the run goes.</param>
    /// <param name="request">How.</param>
    /// <param name="attempted">Told of every candidate tried; null for nobody.</param>
    /// <param name="progress">Told of every iteration; null for nobody.</param>
    /// <param name="interrupt">Stops the search without a trace, and the last training with its state saved.</param>
    /// <exception cref="InputException">There is nothing to learn from, or the folder holds another run.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted during the search.</exception>
    public static FitOutcome Run(
        string data, Recording recording, RunFolder folder, FitRequest request,
        Action<FitAttempt>? attempted = null, IProgress<TrainingProgress>? progress = null, CancellationToken interrupt = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var clock = Stopwatch.StartNew();
        TrainingSession.RequireFolder(folder, new TrainingRequest(folder.Root, Force: request.Force));
        var candidates = FitLadder.Of(data, recording, request);

        // Cut and shared out once for the search: all candidates learn from the same trials.
        var shared = candidates[0].Configuration.Training;
        var trials = LearningTrials.Of(recording, shared.Chunk, shared.ValidationShare);
        var attempts = new List<FitAttempt>();
        var pace = new Dictionary<FitCandidate, double>();
        if (request.SecondsPerUpdate is { } assumed)
        {
            pace = candidates.ToDictionary(candidate => candidate, _ => assumed);
        }

        List<FitCandidate> ordered = [];
        for (var round = 0; round < Shares.Length && candidates.Count > 1; round++)
        {
            var seconds = Shares[round] * request.Seconds;
            var end = clock.Elapsed.TotalSeconds + seconds;
            candidates = Affordable(candidates, trials, seconds, (1 - Reserve - Shares.Sum()) * request.Seconds, pace, interrupt);
            if (candidates.Count == 1)
            {
                break;
            }

            var affordable = (end - clock.Elapsed.TotalSeconds) / candidates.Sum(one => pace[one]);
            var folds = SearchFolds.Of(trials, (int)Math.Clamp(affordable / FewestOfFolds, 1, SearchFolds.Wanted(trials)));
            var iterations = (int)Math.Clamp(affordable / folds.Count, FewestSearchIterations, MostIterations);
            var found = new List<(FitCandidate Candidate, FitAttempt Attempt)>();
            foreach (var candidate in candidates)
            {
                found.Add((candidate, Try(candidate, folds, round + 1, iterations, pace, request.SecondsPerUpdate is null, progress, interrupt)));
            }

            // What is not a number comes last.
            ordered = found.OrderByDescending(one => double.IsFinite(one.Attempt.Gain) ? one.Attempt.Gain : double.NegativeInfinity).Select(one => one.Candidate).ToList();
            var best = ordered[..(round == Shares.Length - 1 ? 1 : (ordered.Count + KeptOf - 1) / KeptOf)];
            if (round < Shares.Length - 1 && best.TrueForAll(IsLinear) && ordered.Find(one => !IsLinear(one)) is { } slower)
            {
                // Linear dynamics is learned fastest, and may be overtaken.
                best.Add(slower);
            }

            foreach (var (candidate, attempt) in found)
            {
                attempts.Add(attempt with { IsKept = best.Contains(candidate) });
                attempted?.Invoke(attempts[^1]);
            }

            candidates = best;
        }

        var trainings = new LastTrainings(recording, trials, folder, request, clock, pace, progress, interrupt);
        Final last;
        if (IsLinear(candidates[0]) && ordered.Find(one => !IsLinear(one)) is { } rival)
        {
            (last, var finals) = trainings.Better(candidates[0], rival);
            foreach (var attempt in finals)
            {
                attempts.Add(attempt);
                attempted?.Invoke(attempt);
            }
        }
        else
        {
            last = trainings.AtLength(candidates[0]);
        }

        return new FitOutcome(attempts, last.Candidate, last.Training, clock.Elapsed.TotalSeconds)
        {
            IsOutOfTime = last.Training.End == TrainingEnd.Interrupted && !interrupt.IsCancellationRequested,
        };
    }

    private static bool IsLinear(FitCandidate candidate) => candidate.Configuration.Model.Dynamics is LinearSpecification;

    /// <summary>
    /// The first candidates that can be told apart in the time of the round, all trained by as many updates, and trained at length in that of the last training; the
    /// fastest, where none can.
    /// </summary>
    private static List<FitCandidate> Affordable(
        IReadOnlyList<FitCandidate> candidates, Recording trials, double seconds, double lastSeconds, Dictionary<FitCandidate, double> pace, CancellationToken interrupt)
    {
        var clock = Stopwatch.StartNew();
        var taken = new List<FitCandidate>();
        foreach (var candidate in candidates)
        {
            var own = PaceOf(candidate, trials, pace, interrupt);
            if (FewestLastIterations * own > lastSeconds)
            {
                continue;
            }

            if (taken.Count == 0 || clock.Elapsed.TotalSeconds + (FewestSearchIterations * (own + taken.Sum(one => pace[one]))) <= seconds)
            {
                taken.Add(candidate);
            }
        }

        return taken.Count > 0 ? taken : [candidates.MinBy(candidate => pace[candidate])!];
    }

    private static FitAttempt Try(
        FitCandidate candidate, IReadOnlyList<Recording> folds, int round, int iterations, Dictionary<FitCandidate, double> pace, bool isMeasured,
        IProgress<TrainingProgress>? progress, CancellationToken interrupt)
    {
        var clock = Stopwatch.StartNew();
        var (gain, updates) = (0.0, 0);
        foreach (var (fold, trials) in folds.Index())
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"round {round}, {candidate.Name}{(folds.Count > 1 ? $", part {fold + 1} of {folds.Count}" : "")}");
            var configuration = WithIterations(candidate, trials, iterations, iterations / Validations);
            var trainer = TrainerOf(configuration, trials);
            trainer.Run(
                record => progress?.Report(new TrainingProgress(record, iterations, trainer.State.BestLoss, double.NaN, TrainingSession.LearnedBy(configuration.Training)) { Configuration = configuration, Name = name }), null, interrupt);
            interrupt.ThrowIfCancellationRequested();
            gain -= trainer.State.BestLoss / folds.Count;
            updates += trainer.State.Iteration;
        }

        var seconds = clock.Elapsed.TotalSeconds;
        pace[candidate] = isMeasured ? seconds / updates : pace[candidate];
        return new FitAttempt(round, candidate.Name, updates / folds.Count, seconds, gain, false) { Folds = folds.Count };
    }

    /// <summary>Seconds an update, validation included: of the last training of the candidate, or of a few updates.</summary>
    private static double PaceOf(FitCandidate candidate, Recording trials, Dictionary<FitCandidate, double> pace, CancellationToken interrupt)
    {
        if (pace.TryGetValue(candidate, out var known))
        {
            return known;
        }

        var (warm, last) = (0.0, 0.0);
        TrainerOf(WithIterations(candidate, trials, Probe, 0), trials).Run(
            record =>
            {
                warm = record.Iteration == ProbeWarmUp ? record.Seconds : warm;
                last = record.Seconds;
            },
            null, interrupt);
        interrupt.ThrowIfCancellationRequested();
        return pace[candidate] = Math.Max(1e-6, (last - warm) / (Probe - ProbeWarmUp));
    }

    /// <summary>A candidate trained by so many updates; validated at an interval, but never more than for a fifth of the time.</summary>
    private static RunConfiguration WithIterations(FitCandidate candidate, Recording trials, int iterations, int interval)
    {
        // A validation solves every trial once a part; an update is worth about two solves a trial.
        var training = candidate.Configuration.Training;
        var validations = trials.TrialsOf(TrialSplit.Validation).Count;
        var least = (int)Math.Ceiling(training.ValidationFolds * validations / (0.4 * Math.Max(1, training.BatchSize)));
        return candidate.Configuration with
        {
            Training = training with { Iterations = iterations, ValidationInterval = interval == 0 ? 0 : Math.Clamp(Math.Max(interval, least), 1, Math.Max(1, iterations / 2)) },
        };
    }

    private static Trainer<float> TrainerOf(RunConfiguration configuration, Recording trials)
    {
        // The last training alone shrinks read-outs: candidates are compared as they were learned.
        configuration = configuration.CompletedFor(trials);
        configuration = configuration with { Training = configuration.Training with { ShrinkReadOuts = false } };
        return new Trainer<float>(ModelDescription.Of(configuration, trials).Build<float>(), trials, configuration.Training);
    }

    /// <summary>A candidate trained at length.</summary>
    private sealed record Final(FitCandidate Candidate, TrainingOutcome Training);

    /// <summary>Trains at length, with what is left of the time.</summary>
    private sealed class LastTrainings(
        Recording recording, Recording trials, RunFolder folder, FitRequest request, Stopwatch clock, Dictionary<FitCandidate, double> pace, IProgress<TrainingProgress>? progress,
        CancellationToken interrupt)
    {
        private double Left => ((1 - Reserve) * request.Seconds) - clock.Elapsed.TotalSeconds;

        /// <summary>Trains one in the fit's folder.</summary>
        public Final AtLength(FitCandidate candidate) => AtLength(candidate, folder, Left);

        /// <summary>
        /// Trains linear dynamics in a folder beside, and then what learns more slowly, for longer; the better one stays. Interrupted in the first training, nothing is left
        /// behind; in the second, what was reached by it, and neither counts as tried.
        /// </summary>
        public (Final Kept, IReadOnlyList<FitAttempt> Attempts) Better(FitCandidate linear, FitCandidate rival)
        {
            var beside = new RunFolder($"{Path.TrimEndingDirectorySeparator(folder.Root)}.{Guid.NewGuid():N}");
            try
            {
                var first = AtLength(linear, beside, LinearShare * Left);
                interrupt.ThrowIfCancellationRequested();
                var second = AtLength(rival);
                if (interrupt.IsCancellationRequested)
                {
                    return (second, []);
                }

                // Also where numbers overflowed, and the loss is none.
                var isOvertaken = second.Training.ValidationLoss < first.Training.ValidationLoss;
                if (!isOvertaken)
                {
                    beside.MoveTo(folder);
                }

                return (isOvertaken ? second : first, [Attempt(first, !isOvertaken), Attempt(second, isOvertaken)]);
            }
            finally
            {
                if (Directory.Exists(beside.Root))
                {
                    Directory.Delete(beside.Root, recursive: true);
                }
            }
        }

        private static FitAttempt Attempt(Final final, bool isKept)
            => new(Shares.Length + 1, final.Candidate.Name, final.Training.Iterations, final.Training.Seconds, -final.Training.ValidationLoss, isKept);

        private Final AtLength(FitCandidate candidate, RunFolder where, double seconds)
        {
            var updates = (int)Math.Clamp(seconds / PaceOf(candidate, trials, pace, interrupt), FewestIterations, MostIterations);
            var configuration = WithIterations(candidate, trials, updates, Math.Max(1, updates / LastValidations));
            using var timeIsUp = CancellationTokenSource.CreateLinkedTokenSource(interrupt);
            var training = TrainingSession.Run(
                configuration, recording, where, new TrainingRequest(where.Root, Force: request.Force), new Deadline(progress, $"last, {candidate.Name}", clock, Overrun * request.Seconds, timeIsUp), timeIsUp.Token);
            return new Final(candidate with { Configuration = configuration }, training);
        }
    }

    /// <summary>Passes progress on, and stops a training that has its fewest updates when the time is up.</summary>
    private sealed class Deadline(IProgress<TrainingProgress>? progress, string name, Stopwatch clock, double seconds, CancellationTokenSource stop) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            progress?.Report(value with { Name = name });
            if (value.Record.Iteration >= FewestIterations && clock.Elapsed.TotalSeconds > seconds)
            {
                stop.Cancel();
            }
        }
    }
}
