using System.Globalization;
using IlqrVae.Recordings;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Searching;
using IlqrVae.Runs.Sessions;
using IlqrVae.Training;

namespace IlqrVae.Runs.Fitting;

/// <summary>How a fit went.</summary>
/// <param name="Attempts">What was tried.</param>
/// <param name="Chosen">The candidate chosen.</param>
/// <param name="Training">The training of the chosen one.</param>
/// <param name="Seconds">What it all took, over all sessions.</param>
public sealed record FitOutcome(IReadOnlyList<FitAttempt> Attempts, FitCandidate Chosen, TrainingOutcome Training, double Seconds)
{
    /// <summary>Whether the last training was stopped for taking longer than it had seemed it would; it can be resumed.</summary>
    public bool IsOutOfTime { get; init; }
}

/// <summary>
/// Finds a model of a recording without a configuration: a ladder of candidates is thinned out by successive halving (Jamieson and Talwalkar 2016) on how well
/// they predict what they do not see of the validation trials, and the best is trained at length as an ordinary run. Test trials have no part in it. What was tried is kept in the run's folder until all is
/// done: the same call goes on with a fit that was interrupted, however it was, and with an assumed pace ends with the same bits.
/// </summary>
public static class FitSession
{
    /// <summary>Fits, or goes on with the same fit that was interrupted.</summary>
    /// <param name="data">Path of the dataset.</param>
    /// <param name="recording">What it holds.</param>
    /// <param name="folder">Where the run goes.</param>
    /// <param name="request">How.</param>
    /// <param name="attempted">Told of every candidate tried, in rounds before an interruption too; null for nobody.</param>
    /// <param name="progress">Told of every iteration, one at a time, though of several trainings by turns; null for nobody.</param>
    /// <param name="interrupt">Stops the trainings of the search, with what is done kept, and the last training with its state saved.</param>
    /// <exception cref="InputException">There is nothing to learn from, or the folder holds another run or another fit.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted during the search.</exception>
    public static FitOutcome Run(
        string data, Recording recording, RunFolder folder, FitRequest request,
        Action<FitAttempt>? attempted = null, IProgress<TrainingProgress>? progress = null, CancellationToken interrupt = default)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(request);
        var clock = new FitClock(request.SecondsPerUpdate);
        var ladder = FitLadder.Of(data, recording, request);

        // Cut and shared out once for the search: all candidates learn from the same trials.
        var shared = ladder[0].Configuration.Training;
        var trials = LearningTrials.Of(recording, shared.Chunk, shared.ValidationShare);
        using var kept = FitFolder.Open(folder, FitFolder.Describe(ladder, recording, request), request.Force, clock);
        if (kept.GoesOn)
        {
            request.GoesOn?.Invoke(kept.Done, clock.Elapsed);
        }

        var attempts = new List<FitAttempt>();
        void Tell(FitAttempt attempt)
        {
            attempts.Add(attempt);
            attempted?.Invoke(attempt);
        }

        var pace = new FitPace(request.SecondsPerUpdate, request.WorkersFor(trials));
        var search = new FitSearch(ladder, trials, request, kept, clock, pace, Tell, progress, interrupt);
        var chosen = search.Choose((1 - LastTrainings.Reserve - FitSearch.Shares.Sum()) * request.Seconds);
        interrupt.ThrowIfCancellationRequested();
        var trainings = new LastTrainings(ladder, recording, trials, folder, request, kept, clock, pace, progress, interrupt);
        Final last;
        if (search.IsLinear(chosen) && search.Ordered.FirstOrDefault(one => !search.IsLinear(one), -1) is >= 0 and var rival)
        {
            (last, var finals) = trainings.Better(chosen, rival);
            foreach (var attempt in finals)
            {
                Tell(attempt);
            }
        }
        else
        {
            last = trainings.AtLength(chosen);
        }

        var isInterrupted = last.Training.End == TrainingEnd.Interrupted && interrupt.IsCancellationRequested;
        if (!isInterrupted)
        {
            WriteTable(folder.Tried, attempts, last);
            kept.Complete();
        }

        return new FitOutcome(attempts, last.Candidate, last.Training, clock.Elapsed)
        {
            IsOutOfTime = last.Training.End == TrainingEnd.Interrupted && !isInterrupted,
        };
    }

    private static void WriteTable(string path, IEnumerable<FitAttempt> attempts, Final last)
    {
        SearchTable.Write(
            path, ["round", "candidate", "folds", "iterations", "seconds", "validation_gain", "kept"],
            attempts.Select(one => Row($"{one.Round}", one)).Append(Row("last", new FitAttempt(0, last.Candidate.Name, last.Training.Iterations, last.Training.Seconds, -last.Training.ValidationLoss, true))));

        static string[] Row(string round, FitAttempt one) => [round, one.Candidate, Whole(one.Folds), Whole(one.Iterations), SearchTable.Seconds(one.Seconds), SearchTable.Number(one.Gain), one.IsKept ? "yes" : "no"];
        static string Whole(int value) => value.ToString(CultureInfo.InvariantCulture);
    }
}
