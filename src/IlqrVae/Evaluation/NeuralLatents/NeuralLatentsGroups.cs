using IlqrVae.Recordings;

namespace IlqrVae.Evaluation.NeuralLatents;

/// <summary>What is submitted of one data set: expected spikes a bin, trials x bins x neurons. What is not there is null.</summary>
/// <param name="Name">The name of the group, such as mc_maze or mc_maze_20.</param>
/// <param name="EvaluatedHeldOut">Held-out neurons in the evaluated trials.</param>
public sealed record SubmittedGroup(string Name, TrialArray EvaluatedHeldOut)
{
    /// <summary>Held-in neurons in the training trials.</summary>
    public TrialArray? TrainingHeldIn { get; init; }

    /// <summary>Held-out neurons in the training trials.</summary>
    public TrialArray? TrainingHeldOut { get; init; }

    /// <summary>Held-in neurons in the evaluated trials.</summary>
    public TrialArray? EvaluatedHeldIn { get; init; }

    /// <summary>Held-in neurons in the bins after the window of the evaluated trials.</summary>
    public TrialArray? ForwardHeldIn { get; init; }

    /// <summary>Held-out neurons in the bins after the window of the evaluated trials.</summary>
    public TrialArray? ForwardHeldOut { get; init; }
}

/// <summary>What a submission is scored against. What is not there is null and not scored.</summary>
/// <param name="Name">The name of the group.</param>
/// <param name="HeldOutSpikes">Spikes of held-out neurons in the evaluated trials, trials x bins x neurons; NaN where they are not known.</param>
public sealed record TargetGroup(string Name, TrialArray HeldOutSpikes)
{
    /// <summary>Spikes of held-in neurons in the bins after the window.</summary>
    public TrialArray? ForwardHeldIn { get; init; }

    /// <summary>Spikes of held-out neurons in the bins after the window.</summary>
    public TrialArray? ForwardHeldOut { get; init; }

    /// <summary>Behaviour of the training trials, trials x bins x outputs (or trials x 1 x columns of their table).</summary>
    public TrialArray? TrainingBehaviour { get; init; }

    /// <summary>Behaviour of the evaluated trials.</summary>
    public TrialArray? EvaluatedBehaviour { get; init; }

    /// <summary>For each decoder the training trials it is fitted on; empty for one decoder and all trials.</summary>
    public IReadOnlyList<IReadOnlyList<bool>> TrainingMasks { get; init; } = [];

    /// <summary>For each decoder the trials it is scored on; as many as <see cref="TrainingMasks"/>.</summary>
    public IReadOnlyList<IReadOnlyList<bool>> EvaluatedMasks { get; init; } = [];

    /// <summary>Condition averages of smoothed spikes, conditions x bins x neurons, held-in neurons first.</summary>
    public TrialArray? Averages { get; init; }

    /// <summary>For each condition its evaluated trials; needed with <see cref="Averages"/>.</summary>
    public IReadOnlyList<IReadOnlyList<int>>? ConditionTrials { get; init; }

    /// <summary>For each evaluated trial how many bins later its rates belong in condition averages; null for none.</summary>
    public IReadOnlyList<int>? Jitter { get; init; }
}
