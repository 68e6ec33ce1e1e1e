using System.Numerics;
using IlqrVae.Inference;
using IlqrVae.Recordings;

namespace IlqrVae.Training;

/// <summary>The trials of a recording that a training learns from and is validated on.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class TrainingTrials<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Lays the trials out.</summary>
    /// <param name="model">The model.</param>
    /// <param name="recording">The recording.</param>
    /// <param name="options">Whether to validate, and what validation hides.</param>
    /// <exception cref="InputException">There is nothing to learn from, or the recording has not what the model needs.</exception>
    public TrainingTrials(VariationalModel<T> model, Recording recording, TrainingOptions options)
    {
        var learned = recording.TrialsOf(TrialSplit.Train);
        Training = new TrialShelf<T>(model.Generative, recording, learned, hidden: null, options.PreparedBytes);
        // Validation by prediction hides and shows by itself what it predicts.
        var hidden = options.ValidationHides.Count == 0 || options.ScoreOfValidation == LearningObjective.Predictive ? null : new HashSet<string>(options.ValidationHides, StringComparer.Ordinal);
        var validated = options.ValidationInterval == 0 ? [] : recording.TrialsOf(TrialSplit.Validation);
        Validation = new TrialShelf<T>(model.Generative, recording, validated, hidden, options.PreparedBytes);
        if (Training.Count == 0)
        {
            throw new InputException("the recording has no trials with the split 'train'; mark some to learn from.");
        }

        var explained = model.Generative.Likelihoods.Select(likelihood => recording.IndexOfGroup(likelihood.Group)).ToList();
        if (!learned.Any(trial => explained.Any(g => trial.Observations[g].ObservedCount > 0)))
        {
            throw new InputException("every entry of the trials with the split 'train' is marked missing; there is nothing to learn from.");
        }

        Longest = learned.Concat(validated).Max(trial => trial.Bins);
        if (Longest > model.Posterior.Capacity)
        {
            throw new InputException($"a trial has {Longest} bins where the model was made for {model.Posterior.Capacity}; cut trials into chunks or make the model anew.");
        }
    }

    /// <summary>The trials to learn from, at least one.</summary>
    public TrialShelf<T> Training { get; }

    /// <summary>The trials that choose when to stop; none where nothing is to be validated.</summary>
    public TrialShelf<T> Validation { get; }

    /// <summary>Names and numbers of bins of both.</summary>
    public IEnumerable<(string Name, int Bins)> All => Sizes(Training).Concat(Sizes(Validation));

    /// <summary>Bins of the longest trial.</summary>
    public int Longest { get; }

    private static IEnumerable<(string Name, int Bins)> Sizes(TrialShelf<T> trials) => Enumerable.Range(0, trials.Count).Select(i => (trials.NameOf(i), trials.BinsOf(i)));
}
