using IlqrVae.Models.Kinds;
using IlqrVae.Numerics;

namespace IlqrVae.Training.Hiding;

/// <summary>Hides a run of bins at a place drawn at random, in all its groups: gaps that are to be filled.</summary>
public sealed record BinHiding : HidingRule
{
    /// <inheritdoc/>
    public override string Kind => "bins";

    /// <inheritdoc/>
    public override string Meaning => "a run of bins at a place drawn at random";

    /// <summary>Length of the run; a shorter trial is hidden in all its bins.</summary>
    public long Bins { get; init; } = 10;

    /// <inheritdoc/>
    protected override IReadOnlyList<Setting<HidingRule>> OwnSettings =>
        [BinsSetting<BinHiding>(rule => rule.Bins, (rule, value) => rule with { Bins = value }, "(bins, end) The number of bins in a row.")];

    /// <inheritdoc/>
    internal override void Mark(ref CounterRandom random, HiddenEntries entries)
    {
        var length = (int)Math.Min(Bins, entries.Bins);
        var first = random.NextInt32(entries.Bins - length + 1);
        entries.HideBins(this, first, length);
    }
}
