using IlqrVae.Models.Kinds;
using IlqrVae.Numerics;

namespace IlqrVae.Training.Hiding;

/// <summary>Hides the last bins of a trial in all its groups: a future that is to be forecast.</summary>
public sealed record EndHiding : HidingRule
{
    /// <inheritdoc/>
    public override string Kind => "end";

    /// <inheritdoc/>
    public override string Meaning => "the last bins";

    /// <summary>Bins that are hidden; of a trial that has no more, all but the first.</summary>
    public long Bins { get; init; } = 10;

    /// <inheritdoc/>
    protected override IReadOnlyList<Setting<HidingRule>> OwnSettings =>
        [BinsSetting<EndHiding>(rule => rule.Bins, (rule, value) => rule with { Bins = value }, "(bins, end) The number of bins in a row.")];

    /// <inheritdoc/>
    internal override void Mark(ref CounterRandom random, HiddenEntries entries)
    {
        var length = (int)Math.Min(Bins, entries.Bins - 1);
        entries.HideBins(this, entries.Bins - length, length);
    }
}
