using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Training;

namespace IlqrVae.Runs.Fitting;

/// <summary>How candidates are trained.</summary>
internal static class FitTrainings
{
    /// <summary>The configuration of a candidate trained by so many updates; validated at an interval, but never more than for a fifth of the time.</summary>
    /// <param name="candidate">The candidate.</param>
    /// <param name="trials">What it learns from.</param>
    /// <param name="iterations">Updates.</param>
    /// <param name="interval">Updates between two validations; 0 for none.</param>
    public static RunConfiguration WithIterations(FitCandidate candidate, Recording trials, int iterations, int interval)
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

    /// <summary>Trains in memory alone.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="trials">What it learns from.</param>
    /// <param name="threads">Threads it has.</param>
    public static Trainer<float> TrainerOf(RunConfiguration configuration, Recording trials, int threads)
    {
        // The last training alone shrinks read-outs: candidates are compared as they were learned.
        configuration = configuration.CompletedFor(trials);
        configuration = configuration with { Training = configuration.Training with { ShrinkReadOuts = false, Threads = threads } };
        return new Trainer<float>(ModelDescription.Of(configuration, trials).Build<float>(), trials, configuration.Training);
    }
}
