using IlqrVae.Recordings;

namespace IlqrVae.Runs.Fitting;

/// <summary>How to fit a recording.</summary>
public sealed record FitRequest
{
    /// <summary>Trials of a batch that a thread should have: with fewer it waits for the others more than it works.</summary>
    private const int TrialsOfThread = 4;

    /// <summary>Seconds that the search and the last training may take together.</summary>
    public double Seconds { get; init; } = 600;

    /// <summary>Seed of everything random.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Worker threads; 0 for one a core.</summary>
    public int Threads { get; init; }

    /// <summary>Trainings of the search at a time, which share the threads; 0 for as many as can keep the threads busy. The last training has all threads.</summary>
    public int Parallel { get; init; }

    /// <summary>Channel groups that are to be predicted wholly, besides values, which always are: neurons held out.</summary>
    public IReadOnlyList<string> Predict { get; init; } = [];

    /// <summary>
    /// Seconds that an update of any candidate is taken to cost, however many trainings there are at a time, for searches that depend on no clock; null to measure it.
    /// </summary>
    public double? SecondsPerUpdate { get; init; }

    /// <summary>Whether an existing run may be replaced, and a fit that was interrupted begun anew.</summary>
    public bool Force { get; init; }

    /// <summary>Told, where a fit that was interrupted goes on, how many trainings of its search are done, and how many seconds they took of its time; null for nobody.</summary>
    public Action<int, double>? GoesOn { get; init; }

    /// <summary>Threads of all trainings together.</summary>
    internal int AllThreads => Threads > 0 ? Threads : Environment.ProcessorCount;

    /// <summary>Trainings of the search at a time.</summary>
    /// <param name="trials">What is learned from.</param>
    internal int WorkersFor(Recording trials)
    {
        if (Parallel > 0)
        {
            return Parallel;
        }

        // Two threads always find enough to do.
        var batch = Math.Min(new Training.TrainingOptions().BatchSize, trials.TrialsOf(TrialSplit.Train).Count);
        return Math.Max(1, AllThreads / Math.Max(2, (batch + TrialsOfThread - 1) / TrialsOfThread));
    }
}
