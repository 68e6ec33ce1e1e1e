using System.Numerics;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Recordings;

namespace IlqrVae.Training;

/// <summary>The trials of a recording that a training learns from and is validated on, prepared for a model.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class TrainingTrials<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Prepares the trials. Allocates.</summary>
    /// <param name="model">The model.</param>
    /// <param name="recording">The recording.</param>
    /// <param name="options">Whether to validate, and what validation hides.</param>
    /// <exception cref="InputException">There is nothing to learn from, or the recording has not what the model needs.</exception>
    public TrainingTrials(VariationalModel<T> model, Recording recording, TrainingOptions options)
    {
        Training = Prepare(model.Generative, recording, TrialSplit.Train, hidden: null);
        // Validation by prediction hides and shows by itself what it predicts.
        var hidden = options.ValidationHides.Count == 0 || options.ScoreOfValidation == LearningObjective.Predictive ? null : new HashSet<string>(options.ValidationHides, StringComparer.Ordinal);
        Validation = options.ValidationInterval == 0 ? [] : Prepare(model.Generative, recording, TrialSplit.Validation, hidden);
        if (Training.Length == 0)
        {
            throw new InputException("the recording has no trials with the split 'train'; mark some to learn from.");
        }

        if (Training.All(trial => trial.ObservedCount == 0))
        {
            throw new InputException("every entry of the trials with the split 'train' is marked missing; there is nothing to learn from.");
        }

        Longest = All.Max(trial => trial.Bins);
        if (Longest > model.Posterior.Capacity)
        {
            throw new InputException($"a trial has {Longest} bins where the model was made for {model.Posterior.Capacity}; cut trials into chunks or make the model anew.");
        }
    }

    /// <summary>The trials to learn from, at least one.</summary>
    public PreparedTrial<T>[] Training { get; }

    /// <summary>The trials that choose when to stop; none where nothing is to be validated.</summary>
    public PreparedTrial<T>[] Validation { get; }

    /// <summary>Both.</summary>
    public IEnumerable<PreparedTrial<T>> All => Training.Concat(Validation);

    /// <summary>Bins of the longest trial.</summary>
    public int Longest { get; }

    private static PreparedTrial<T>[] Prepare(GenerativeModel<T> model, Recording recording, TrialSplit split, HashSet<string>? hidden)
        => [.. recording.TrialsOf(split).Select(trial => new PreparedTrial<T>(model, recording, trial, hidden))];
}
