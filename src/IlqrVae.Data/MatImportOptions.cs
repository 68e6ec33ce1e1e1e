namespace IlqrVae.Data;

/// <summary>One group of real-valued channels to take from a MATLAB file.</summary>
/// <param name="Group">Name of the channel group ("velocity").</param>
/// <param name="Variable">Name of the variable ("handVel", "session.kin").</param>
/// <param name="Unit">Unit of the values ("m/s").</param>
/// <param name="Rows">Which channels to take, counted from 0 along the axis that is not time; null for all.</param>
public sealed record MatValues(string Group, string Variable, string Unit = "", IReadOnlyList<int>? Rows = null);

/// <summary>What to take from a MATLAB file of one continuous session, and how to cut it into trials.</summary>
public sealed record MatImportOptions
{
    /// <summary>Variable of the spike counts, channels by bins or bins by channels; null to look for one called spikes, spike_counts, counts or the like.</summary>
    public string? SpikesVariable { get; init; }

    /// <summary>Groups of real values recorded with the spikes.</summary>
    public IReadOnlyList<MatValues> Values { get; init; } = [];

    /// <summary>Variable of the bins' times in seconds, evenly spaced; null to look for one called time, times, t or the like.</summary>
    public string? TimeVariable { get; init; }

    /// <summary>Width of a bin in seconds; null to take it from the times.</summary>
    public double? BinWidth { get; init; }

    /// <summary>Units that fire less over the whole session are left out; in Hz.</summary>
    public double MinimumRate { get; init; }

    /// <summary>Share of the session, from its start, that is for training.</summary>
    public double TrainFraction { get; init; } = 0.8;

    /// <summary>Share of the session, after the training part, that is for validation. What then remains is for testing.</summary>
    public double ValidationFraction { get; init; }

    /// <summary>Length of the chunks in seconds that the training and validation parts are cut into; null to keep each part as one trial.</summary>
    public double? ChunkSeconds { get; init; }

    /// <summary>
    /// Where <see cref="ValidationFraction"/> is 0, one chunk of the training part in so many is for validation instead: the one in the middle of each run,
    /// so that validation is spread evenly over the part (8 takes chunks 4, 12, 20, ...). 0 takes none, as does a session that is not cut into chunks.
    /// </summary>
    public int ValidationEvery { get; init; } = 8;

    /// <summary>Whether the test part is cut into chunks too.</summary>
    public bool ChunkTest { get; init; }

    /// <summary>Whether channels are the first axis and time the second; null to decide by the lengths, the longer axis being time.</summary>
    public bool? ChannelsFirst { get; init; }
}
