namespace IlqrVae.Inference;

/// <summary>What to find out about a trial beyond its MAP inputs and Laplace posterior; nothing by default.</summary>
public sealed record TrialAnalyses
{
    /// <summary>Seed of everything drawn here.</summary>
    public ulong Seed { get; init; }

    /// <summary>A number that identifies the trial: what is drawn is a function of it and the seed.</summary>
    public ulong Key { get; init; }

    /// <summary>Samples K of the importance-weighted bounds; 0 for none.</summary>
    public int ImportanceSamples { get; init; }

    /// <summary>Numbers of steps to predict ahead from every bin, each at least 1.</summary>
    public IReadOnlyList<int> Horizons { get; init; } = [];

    /// <summary>Whether to find what the inputs do to the state in each step.</summary>
    public bool InputEffects { get; init; }

    /// <summary>Samples by which the spread of activations under the shared covariance is measured, at least 2; 0 for no spreads.</summary>
    public int SpreadSamples { get; init; }

    /// <summary>MAP inputs that were found before, so that they need not be searched for; null for none.</summary>
    public KnownSolution? Known { get; init; }

    /// <summary>Whether to find the noise that observations have besides.</summary>
    public bool Noise { get; init; }
}
