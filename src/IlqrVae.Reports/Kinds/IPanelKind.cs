using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports.Kinds;

/// <summary>One kind of picture: what is to be asked for it, and how it is made of numbers.</summary>
public interface IPanelKind
{
    /// <summary>Gets the word by which <c>plot</c> calls it.</summary>
    string Name { get; }

    /// <summary>Gets what it shows, in one line.</summary>
    string Help { get; }

    /// <summary>Gets what it is made of.</summary>
    PanelNeeds Needs { get; }

    /// <summary>Makes its panels.</summary>
    /// <param name="source">What there is to be shown.</param>
    /// <param name="request">What of it.</param>
    /// <returns>The panels, or a sentence that says why there are none.</returns>
    /// <exception cref="InputException">The request names a trial, group or channel that there is none of.</exception>
    PanelResult Make(RecordingSource source, PanelRequest request);
}

/// <summary>What a kind of picture is made of.</summary>
public enum PanelNeeds
{
    /// <summary>A recording alone; of a run it may show more.</summary>
    Recording,

    /// <summary>A run, but nothing that has to be inferred.</summary>
    Run,

    /// <summary>What a run's model infers in trials of a recording.</summary>
    Inference,
}

/// <summary>What of a source is to be shown.</summary>
public sealed record PanelRequest
{
    /// <summary>Gets what is usual.</summary>
    public static PanelRequest Usual { get; } = new();

    /// <summary>Gets the name of the trial; null for the one that tells most.</summary>
    public string? Trial { get; init; }

    /// <summary>Gets the name of the channel group; null for all, or the first that can be shown.</summary>
    public string? Group { get; init; }

    /// <summary>Gets the name of an event that was noted of trials; null for all events there are. Only what is aligned to events takes notice.</summary>
    public string? Event { get; init; }

    /// <summary>Gets the part of the trial, in seconds from its start; null for all of it. Kinds that are not of one trial take no notice.</summary>
    public (double From, double To)? Window { get; init; }

    /// <summary>Gets names of channels, or their numbers from 0; empty for those that tell most.</summary>
    public IReadOnlyList<string> Channels { get; init; } = [];

    /// <summary>The name of a trial with the part of it that is shown.</summary>
    /// <param name="trial">The trial's name.</param>
    internal string Of(string trial) => Window is { } part ? $"{trial}, {Words.Of(part.From)} to {Words.Of(part.To, "s")}" : trial;

    /// <summary>The bins of a trial that are shown.</summary>
    /// <param name="trial">The trial.</param>
    /// <param name="binWidth">In seconds.</param>
    /// <exception cref="InputException">The part of it that was asked for has no bin.</exception>
    internal (int First, int End) Bins(Recordings.Trial trial, double binWidth)
    {
        if (Window is not { } part)
        {
            return (0, trial.Bins);
        }

        // A bin belongs to a part that its middle is in.
        var first = (int)Math.Clamp(Math.Ceiling((part.From / binWidth) - 0.5 - 1e-9), 0, trial.Bins);
        var end = (int)Math.Clamp(Math.Ceiling((part.To / binWidth) - 0.5 - 1e-9), 0, trial.Bins);
        return first < end ? (first, end) : throw new InputException($"trial '{trial.Name}' is {Words.Of(trial.Bins * binWidth, "s")} long and has no bin from {Words.Of(part.From)} to {Words.Of(part.To, "s")}.");
    }
}

/// <summary>The panels that were made, or why there are none.</summary>
/// <param name="Panels">The panels.</param>
/// <param name="Reason">A sentence; empty where there are panels.</param>
public sealed record PanelResult(IReadOnlyList<Panel> Panels, string Reason)
{
    /// <summary>Some panels.</summary>
    /// <param name="panels">At least one.</param>
    public static PanelResult Of(params IReadOnlyList<Panel> panels) => new(panels, "");

    /// <summary>None.</summary>
    /// <param name="reason">Why, in a sentence.</param>
    public static PanelResult None(string reason) => new([], reason);
}
