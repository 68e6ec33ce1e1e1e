namespace IlqrVae.Inference;

/// <summary>
/// What an objective counts of a trial of which the solve saw only a part:
/// <code>
/// loss = divergence - visible weight * E[log p(visible | u)] - hidden weight * E[log p(hidden | u)],    u ~ q(u | visible).
/// </code>
/// With both weights 1 and the divergence it is minus a lower bound of log p(visible, hidden), however much was hidden; without the divergence and with the hidden
/// entries alone it is the prediction of what was not seen from what was.
/// </summary>
public sealed record CountedObservations
{
    /// <summary>The lower bound of the whole trial.</summary>
    public static CountedObservations All { get; } = new();

    /// <summary>What was hidden from the solve, and nothing else.</summary>
    public static CountedObservations Hidden { get; } = new() { VisibleWeight = 0, CountsDivergence = false };

    /// <summary>The weight of an entry that the solve saw; not negative.</summary>
    public double VisibleWeight { get; init; } = 1;

    /// <summary>The weight of an entry that was hidden from it; not negative.</summary>
    public double HiddenWeight { get; init; } = 1;

    /// <summary>What multiplies the weights of values, as behaviour, beside counts; not negative.</summary>
    public double ValuesWeight { get; init; } = 1;

    /// <summary>Whether the divergence from the prior counts.</summary>
    public bool CountsDivergence { get; init; } = true;
}
