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

    /// <summary>What is hidden of some bins in a row.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="bins">Their number.</param>
    /// <param name="trialBins">Bins of the whole trial.</param>
    internal ObservationSelection Part(int first, int bins, int trialBins) => this with
    {
        HiddenEnd = Math.Clamp(first + bins - (trialBins - HiddenEnd), 0, bins),
        HiddenEntries = HiddenEntries.ToDictionary(
            pair => pair.Key, pair => pair.Value.AsSpan(first * (pair.Value.Length / trialBins), bins * (pair.Value.Length / trialBins)).ToArray(), StringComparer.Ordinal),
    };
}
