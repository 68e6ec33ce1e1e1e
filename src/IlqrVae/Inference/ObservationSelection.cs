namespace IlqrVae.Inference;

/// <summary>
/// What is hidden of a trial's observations: entries that neither a solve nor any likelihood counts, as if they were marked missing. It is an argument of a
/// solve; the prepared trial stays as it is. Not to be changed once it is in use: make a new one.
/// </summary>
public sealed record ObservationSelection
{
    /// <summary>Names of channel groups that are hidden in every bin.</summary>
    public IReadOnlySet<string> HiddenGroups { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Bins at the end of the trial that are hidden in every group; at least 0.</summary>
    public int HiddenEnd { get; init; }

    /// <summary>For names of channel groups bins x channels, row by row, true where an entry is hidden: neurons left out, bins dropped. What follows is ignored.</summary>
    public IReadOnlyDictionary<string, bool[]> HiddenEntries { get; init; } = new Dictionary<string, bool[]>(StringComparer.Ordinal);
}
