using IlqrVae.Models.Kinds;
using IlqrVae.Numerics;

namespace IlqrVae.Training.Hiding;

/// <summary>Hides single entries drawn at random (coordinated dropout: Keshtkaran and Pandarinath 2019), so that no count explains itself.</summary>
public sealed record EntryHiding : HidingRule
{
    /// <inheritdoc/>
    public override string Kind => "entries";

    /// <inheritdoc/>
    public override string Meaning => "single entries drawn at random";

    /// <summary>The share of entries that is hidden, each drawn by itself.</summary>
    public double Share { get; init; } = 0.2;

    /// <inheritdoc/>
    protected override IReadOnlyList<Setting<HidingRule>> OwnSettings =>
        [ShareSetting<EntryHiding>(rule => rule.Share, (rule, value) => rule with { Share = value }, "(entries) The share of entries, each drawn by itself.")];

    /// <inheritdoc/>
    internal override void Mark(ref CounterRandom random, HiddenEntries entries)
    {
        for (var g = 0; g < entries.GroupCount; g++)
        {
            if (!Concerns(entries.Name(g)))
            {
                continue;
            }

            foreach (ref var isHidden in entries.Of(g))
            {
                isHidden |= random.NextDouble() < Share;
            }
        }
    }
}
