using IlqrVae.Recordings;

namespace IlqrVae.Reports.Kinds;

/// <summary>A kind of picture of the counts of a recording, or of its values: it needs no run.</summary>
public abstract class GroupPanelKind : IPanelKind
{
    private protected GroupPanelKind()
    {
    }

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public abstract string Help { get; }

    /// <inheritdoc/>
    public PanelNeeds Needs => PanelNeeds.Recording;

    /// <summary>Gets the kind of the groups that it shows.</summary>
    private protected abstract ChannelKind Kind { get; }

    /// <summary>Gets what there is to say of a recording that has none of them, in a sentence.</summary>
    private protected abstract string Missing { get; }

    /// <inheritdoc/>
    public PanelResult Make(RecordingSource source, PanelRequest request)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(request);
        var groups = Naming.Groups(source.Recording.Groups, request, group => group.Kind == Kind, Kind == ChannelKind.Counts ? "counts" : "values");
        return groups.Count == 0 ? PanelResult.None(Missing) : Make(source, request, groups);
    }

    /// <summary>Makes its panels of some groups.</summary>
    /// <param name="source">What there is to be shown.</param>
    /// <param name="request">What of it.</param>
    /// <param name="groups">Places of the groups in the recording, one at least.</param>
    private protected abstract PanelResult Make(RecordingSource source, PanelRequest request, IReadOnlyList<int> groups);
}
