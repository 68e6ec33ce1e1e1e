using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;

namespace IlqrVae.Runs.Sessions;

/// <summary>What a training would do, found out as the training itself does before its first update.</summary>
/// <param name="Configuration">The configuration, complete: what it left open is what the recording made of it.</param>
/// <param name="Recording">The trials as they are learned from: cut into chunks, some set aside for validation.</param>
/// <param name="Parameters">The names of the parameters, and how many free numbers each has.</param>
/// <param name="Batch">Trials an update.</param>
/// <param name="Workers">Worker threads.</param>
/// <param name="Remarks">What the user should know, a sentence each.</param>
public sealed record TrainingPlan(
    RunConfiguration Configuration, Recording Recording, IReadOnlyList<(string Name, int Numbers)> Parameters, int Batch, int Workers, IReadOnlyList<string> Remarks)
{
    /// <summary>Free numbers in all.</summary>
    public int Numbers => Parameters.Sum(one => one.Numbers);

    /// <summary>Finds out what a training would do. Nothing is written.</summary>
    /// <param name="configuration">The configuration; its data path is resolved.</param>
    /// <param name="recording">The recording it names.</param>
    /// <param name="where">What to call the configuration in messages.</param>
    /// <exception cref="InputException">The configuration does not fit the recording.</exception>
    public static TrainingPlan Of(RunConfiguration configuration, Recording recording, string where) => TrainingSession.PlanOf(configuration, recording, where);

    /// <summary>How often each training trial is seen.</summary>
    public double Turns => (double)Configuration.Training.Iterations * Batch / Math.Max(1, Recording.TrialsOf(TrialSplit.Train).Count);
}
