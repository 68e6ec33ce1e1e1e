namespace IlqrVae.Runs.Fitting;

/// <summary>How to fit a recording.</summary>
public sealed record FitRequest
{
    /// <summary>Seconds that the search and the last training may take together.</summary>
    public double Seconds { get; init; } = 600;

    /// <summary>Seed of everything random.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Worker threads; 0 for one a core.</summary>
    public int Threads { get; init; }

    /// <summary>Channel groups that are to be predicted wholly, besides values, which always are: neurons held out.</summary>
    public IReadOnlyList<string> Predict { get; init; } = [];

    /// <summary>Seconds that an update of any candidate is taken to need, for searches that depend on no clock; null to measure it.</summary>
    public double? SecondsPerUpdate { get; init; }

    /// <summary>Whether an existing run may be replaced.</summary>
    public bool Force { get; init; }
}
