using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Scores;

/// <summary>Which scores are wanted beyond the usual.</summary>
public sealed record EvaluationRequest
{
    /// <summary>What was asked of inference.</summary>
    public InferenceRequest Inference { get; init; } = new();

    /// <summary>Bins at which the energy of inputs is wanted.</summary>
    public IReadOnlyList<int> EnergyAt { get; init; } = [];

    /// <summary>How many bins away still count.</summary>
    public int EnergyWindow { get; init; } = 3;

    /// <summary>What was decoded; null for nothing.</summary>
    public DecodingPart? Decoding { get; init; }

    /// <summary>What baselines reach; null for nothing.</summary>
    public BaselinePart? Baselines { get; init; }

    /// <summary>Whether to score shuffled predictions too.</summary>
    public bool Shuffle { get; init; }

    /// <summary>Inputs around onsets of movement; null for nothing.</summary>
    public OnsetPart? Onsets { get; init; }
}
