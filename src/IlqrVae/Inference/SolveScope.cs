namespace IlqrVae.Inference;

/// <summary>What a solve looks at of a trial and how it weighs that; by default all of it, as the model has it.</summary>
public sealed record SolveScope
{
    /// <summary>All of a trial, as the model has it.</summary>
    public static SolveScope Whole { get; } = new();

    /// <summary>The number of bins to look at, the first of the trial; null for all. Costs of a part contain the constants of the whole.</summary>
    public int? Horizon { get; init; }

    /// <summary>A factor on the loss of the inputs' prior in the cost and all its derivatives with respect to states and inputs; 1 is the model itself.</summary>
    public double InputPriorWeight { get; init; } = 1;

    /// <summary>Observations that do not count; null for none.</summary>
    public ObservationSelection? Selection { get; init; }
}
