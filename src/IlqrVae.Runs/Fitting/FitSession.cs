using System.Diagnostics;
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
public sealed record FitOutcome(IReadOnlyList<FitAttempt> Attempts, FitCandidate Chosen, TrainingOutcome Training, double Seconds);

/// <summary>
/// Finds a model of a recording without a configuration: a ladder of candidates is thinned out by successive halving (Jamieson and Talwalkar 2016) on how well
/// they predict what they do not see of the validation trials, and the best is trained at length as an ordinary run. Test trials have no part in it.
/// </summary>
public static class FitSession
{
    /// <summary>Shares of the time for the first and the second round; the rest is for the last training.</summary>
    private static readonly double[] Shares = [0.25, 0.2];

    /// <summary>Share of the time that the last training leaves for what comes after it.</summary>
    private const double Reserve = 0.03;

    /// <summary>Updates whose time tells the pace of a candidate; the first are slower than the others.</summary>
    private const int Probe = 12;
    private const int ProbeWarmUp = 4;

    /// <summary>A training has at least and at most as many updates.</summary>
    private const int FewestIterations = 60;
    private const int MostIterations = 8000;

    /// <summary>A candidate in training may overrun its time by this factor.</summary>
    private const double Overrun = 1.3;

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
        var attempts = new List<FitAttempt>();
        var pace = new Dictionary<FitCandidate, double>();
        for (var round = 0; round < Shares.Length && candidates.Count > 1; round++)
        {
            var kept = round == Shares.Length - 1 ? 1 : (candidates.Count + 1) / 2;
            var found = new List<(FitCandidate Candidate, FitAttempt Attempt)>();
            foreach (var candidate in candidates)
            {
                var seconds = Shares[round] * request.Seconds / candidates.Count;
                var attempt = Try(candidate, recording, round + 1, seconds, pace, progress, interrupt);
                found.Add((candidate, attempt));
            }

            // Not a number comes last.
            var best = found.OrderByDescending(one => double.IsFinite(one.Attempt.Gain) ? one.Attempt.Gain : double.NegativeInfinity).Take(kept).Select(one => one.Candidate).ToList();
            foreach (var (candidate, attempt) in found)
            {
                attempts.Add(attempt with { IsKept = best.Contains(candidate) });
                attempted?.Invoke(attempts[^1]);
            }

            candidates = best;
        }

        var chosen = candidates[0];
        var left = ((1 - Reserve) * request.Seconds) - clock.Elapsed.TotalSeconds;
        var configuration = WithIterations(chosen, recording, left, PaceOf(chosen, recording, pace, interrupt));
        var outcome = TrainingSession.Run(
            configuration, recording, folder, new TrainingRequest(folder.Root, Force: request.Force), progress, interrupt);
        return new FitOutcome(attempts, chosen with { Configuration = configuration }, outcome, clock.Elapsed.TotalSeconds);
    }

    private static FitAttempt Try(
        FitCandidate candidate, Recording recording, int round, double seconds, Dictionary<FitCandidate, double> pace,
        IProgress<TrainingProgress>? progress, CancellationToken interrupt)
    {
        var clock = Stopwatch.StartNew();
        var perIteration = PaceOf(candidate, recording, pace, interrupt);
        var configuration = WithIterations(candidate, recording, seconds - clock.Elapsed.TotalSeconds, perIteration);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(interrupt);
        var started = clock.Elapsed.TotalSeconds;
        var trainer = TrainerOf(configuration, recording);
        var iterations = 0;
        trainer.Run(
            record =>
            {
                iterations = record.Iteration;
                progress?.Report(new TrainingProgress(record, configuration.Training.Iterations, trainer.State.BestLoss, double.NaN, configuration.Training.Objective));
                if (clock.Elapsed.TotalSeconds > Overrun * seconds)
                {
                    stop.Cancel();
                }
            },
            null, stop.Token);
        interrupt.ThrowIfCancellationRequested();
        pace[candidate] = (clock.Elapsed.TotalSeconds - started) / Math.Max(1, iterations);
        return new FitAttempt(round, candidate.Name, iterations, clock.Elapsed.TotalSeconds, -trainer.State.BestLoss, false);
    }

    /// <summary>Seconds an update, validation included: of the last training of the candidate, or of a few updates.</summary>
    private static double PaceOf(FitCandidate candidate, Recording recording, Dictionary<FitCandidate, double> pace, CancellationToken interrupt)
    {
        if (pace.TryGetValue(candidate, out var known))
        {
            return known;
        }

        var configuration = candidate.Configuration with { Training = candidate.Configuration.Training with { Iterations = Probe, ValidationInterval = Probe } };
        var warm = 0.0;
        var last = 0.0;
        TrainerOf(configuration, recording).Run(
            record =>
            {
                warm = record.Iteration == ProbeWarmUp ? record.Seconds : warm;
                last = record.Iteration < Probe ? record.Seconds : last;
            },
            null, interrupt);
        interrupt.ThrowIfCancellationRequested();
        return pace[candidate] = Math.Max(1e-6, (last - warm) / (Probe - 1 - ProbeWarmUp));
    }

    private static RunConfiguration WithIterations(FitCandidate candidate, Recording recording, double seconds, double perIteration)
    {
        var training = candidate.Configuration.Training;
        var iterations = (int)Math.Clamp(seconds / perIteration, FewestIterations, MostIterations);
        var validations = LearningTrials.Of(recording, training.Chunk, training.ValidationShare).TrialsOf(TrialSplit.Validation).Count;

        // A validation solves every trial once a part; it may take about a fifth of the time, an update being worth two solves a trial.
        var interval = (int)Math.Ceiling(training.ValidationFolds * validations / (0.4 * Math.Max(1, training.BatchSize)));
        return candidate.Configuration with
        {
            Training = training with { Iterations = iterations, ValidationInterval = Math.Clamp(Math.Max(interval, iterations / 40), 1, Math.Max(1, iterations / 3)) },
        };
    }

    private static Trainer<float> TrainerOf(RunConfiguration configuration, Recording recording)
    {
        recording = LearningTrials.Of(recording, configuration.Training.Chunk, configuration.Training.ValidationShare);
        configuration = configuration.CompletedFor(recording);
        return new Trainer<float>(ModelDescription.Of(configuration, recording).Build<float>(), recording, configuration.Training);
    }
}
