using IlqrVae.Numerics;

namespace IlqrVae.Training.Hiding;

/// <summary>Hides whole channel groups, all of those named at once: behaviour that is to be told from spikes, neurons that are to be told from others.</summary>
public sealed record GroupHiding : HidingRule
{
    /// <inheritdoc/>
    public override string Kind => "groups";

    /// <inheritdoc/>
    public override string Meaning => "the named channel groups, all together";

    /// <inheritdoc/>
    internal override void Mark(ref CounterRandom random, HiddenEntries entries)
    {
        for (var g = 0; g < entries.GroupCount; g++)
        {
            if (Concerns(entries.Name(g)))
            {
                entries.HideAll(g);
            }
        }
    }
}
