using IlqrVae.Recordings;

namespace IlqrVae.Runs.Sessions;

/// <summary>What is scored by itself of a trial.</summary>
public enum ScoredPart
{
    /// <summary>The bins that are neither of the others.</summary>
    Rest,

    /// <summary>The end of the trial, which inference did not see.</summary>
    Forecast,

    /// <summary>Gaps before it, which inference did not see.</summary>
    Gap,
}

/// <summary>Which entries of trials inference does not see although their groups are not hidden as a whole: the one place that says so.</summary>
/// <param name="ForecastBins">Bins at the end of every trial.</param>
/// <param name="Gaps">Other bins.</param>
internal readonly record struct UnseenParts(int ForecastBins, IReadOnlyList<Gap> Gaps)
{
    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => ForecastBins == 0 && Gaps.Count == 0;

    /// <summary>The part that an entry belongs to.</summary>
    /// <param name="group">Its channel group.</param>
    /// <param name="bins">Bins of its trial.</param>
    /// <param name="bin">Its bin.</param>
    /// <param name="channel">Its channel.</param>
    public ScoredPart Of(string group, int bins, int bin, int channel)
    {
        if (bin >= bins - ForecastBins)
        {
            return ScoredPart.Forecast;
        }

        for (var i = 0; i < Gaps.Count; i++)
        {
            if (Gaps[i].Hides(group, bin, channel))
            {
                return ScoredPart.Gap;
            }
        }

        return ScoredPart.Rest;
    }

    /// <summary>The observed entries of a part, row by row; null for all.</summary>
    /// <param name="part">The part.</param>
    /// <param name="group">The channel group.</param>
    /// <param name="observations">What was observed of it in a trial.</param>
    public bool[]? Observed(ScoredPart part, string group, Observations observations)
    {
        if (IsEmpty && part == ScoredPart.Rest)
        {
            return observations.ToMask();
        }

        // The mask first: where nothing is hidden of a short trial there is none.
        var mask = Mask(part, group, observations.Bins, observations.Channels);
        for (var i = 0; i < mask.Length; i++)
        {
            mask[i] &= observations.IsObserved(i / observations.Channels, i % observations.Channels);
        }

        return mask;
    }

    /// <summary>The entries of a part, row by row, whether they were observed or not.</summary>
    /// <param name="part">The part.</param>
    /// <param name="group">The channel group.</param>
    /// <param name="bins">Bins of the trial.</param>
    /// <param name="channels">Channels of the group.</param>
    public bool[] Mask(ScoredPart part, string group, int bins, int channels)
    {
        var mask = new bool[bins * channels];
        for (var i = 0; i < mask.Length; i++)
        {
            mask[i] = Of(group, bins, i / channels, i % channels) == part;
        }

        return mask;
    }

    /// <summary>What gaps hide of a trial, with what else is to be hidden of it.</summary>
    /// <param name="groups">The model's groups.</param>
    /// <param name="bins">Bins of the trial.</param>
    /// <param name="others">For names of groups the entries that are hidden besides; null for none.</param>
    public IReadOnlyDictionary<string, bool[]>? Entries(IReadOnlyList<ChannelGroup> groups, int bins, IReadOnlyDictionary<string, bool[]>? others)
    {
        if (Gaps.Count == 0)
        {
            return others;
        }

        var entries = new Dictionary<string, bool[]>(StringComparer.Ordinal);
        foreach (var group in groups)
        {
            var mask = Mask(ScoredPart.Gap, group.Name, bins, group.Channels);
            if (others?.GetValueOrDefault(group.Name) is { } other)
            {
                for (var i = 0; i < mask.Length; i++)
                {
                    mask[i] |= other[i];
                }
            }

            entries[group.Name] = mask;
        }

        return entries;
    }
}
