using IlqrVae.Runs.Sessions;

namespace IlqrVae.Reports;

/// <summary>What a report is to be of.</summary>
public sealed record ReportRequest
{
    /// <summary>Gets which trials are inferred: "train", "validation", "test" or "all"; null for the test trials, or what there is instead.</summary>
    public string? Split { get; init; }

    /// <summary>
    /// Gets names of the channel groups that inference does not see; null for the usual: what was hidden in validation, and values where there are counts to predict
    /// them from.
    /// </summary>
    public IReadOnlySet<string>? Hidden { get; init; }

    /// <summary>Gets the bins at the end of every trial that inference does not see.</summary>
    public int ForecastBins { get; init; }

    /// <summary>Gets other bins that inference does not see.</summary>
    public IReadOnlyList<Gap> Gaps { get; init; } = [];

    /// <summary>Gets whether channels are those of the model in the order of the recording, whatever their names.</summary>
    public bool ByPosition { get; init; }

    /// <summary>Gets whether baselines are fitted beside the model, which may take minutes.</summary>
    public bool Baselines { get; init; }

    /// <summary>Gets the posterior file of this run and recording whose inputs are taken instead of a search for them; null for none.</summary>
    public string? Posterior { get; init; }

    /// <summary>Gets how many trials one can choose among.</summary>
    public int Choices { get; init; } = 12;

    /// <summary>Gets the seed of what is drawn; null for the model's.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Gets the number of worker threads; null or 0 for one a core.</summary>
    public int? Threads { get; init; }
}
