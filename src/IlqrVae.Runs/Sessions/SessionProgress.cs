using IlqrVae.Control;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Training;

namespace IlqrVae.Runs.Sessions;

/// <summary>How far a training is. Reported by the training's own thread, which waits for the watcher.</summary>
/// <param name="Record">What the last iteration did.</param>
/// <param name="Iterations">Iterations there are to be.</param>
/// <param name="ValidationLoss">The last validation loss, or the best of the session before; not finite where there was none.</param>
/// <param name="SecondsLeft">An estimate of what is left; NaN at the start and the end.</param>
/// <param name="Learned">What is learned, in words.</param>
public sealed record TrainingProgress(TrainingRecord Record, int Iterations, double ValidationLoss, double SecondsLeft, string Learned)
{
    /// <summary>Whether this is the last iteration.</summary>
    public bool IsLast => Record.Iteration == Iterations;

    /// <summary>The configuration that is trained; null where nobody says.</summary>
    public RunConfiguration? Configuration { get; init; }

    /// <summary>Where the training writes; null where it is a trial training that leaves nothing.</summary>
    public RunFolder? Folder { get; init; }

    /// <summary>Which of several trainings it is, such as a candidate of a fit; empty where there is one.</summary>
    public string Name { get; init; } = "";

    /// <summary>Seconds that the fit it belongs to has taken, over all sessions; NaN where it belongs to none.</summary>
    public double FitSeconds { get; init; } = double.NaN;
}

/// <summary>How far an inference is. Reported before the first trial, and by its workers, one at a time.</summary>
/// <param name="Done">Trials that are done.</param>
/// <param name="Trials">Trials there are.</param>
/// <param name="Activity">What the solves are doing, to be read at any time; null where nobody knows.</param>
public readonly record struct InferenceProgress(int Done, int Trials, SolveActivity? Activity = null);

/// <summary>Tells of a part of an inference as of a part of the whole.</summary>
/// <param name="whole">Who is told.</param>
/// <param name="before">Trials of the parts before.</param>
/// <param name="all">Trials of all parts.</param>
internal sealed class PartOfInference(IProgress<InferenceProgress> whole, int before, int all) : IProgress<InferenceProgress>
{
    /// <inheritdoc/>
    public void Report(InferenceProgress value) => whole.Report(new InferenceProgress(before + value.Done, all, value.Activity));
}
