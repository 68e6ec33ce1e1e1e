using IlqrVae.Models.Kinds;
using IlqrVae.Numerics;

namespace IlqrVae.Training.Hiding;

/// <summary>Hides channels drawn at random, each for the whole trial: every neuron learns to be told from the others (co-smoothing).</summary>
public sealed record ChannelHiding : HidingRule
{
    /// <inheritdoc/>
    public override string Kind => "channels";

    /// <inheritdoc/>
    public override string Meaning => "channels drawn at random, each in all bins";

    /// <summary>The share of channels that is hidden, each drawn by itself.</summary>
    public double Share { get; init; } = 0.25;

    /// <inheritdoc/>
    protected override IReadOnlyList<Setting<HidingRule>> OwnSettings =>
        [ShareSetting<ChannelHiding>(rule => rule.Share, (rule, value) => rule with { Share = value }, "(channels) The share of channels, each drawn by itself.")];

    /// <inheritdoc/>
    internal override void Mark(ref CounterRandom random, HiddenEntries entries)
    {
        for (var g = 0; g < entries.GroupCount; g++)
        {
            for (var i = 0; Concerns(entries.Name(g)) && i < entries.Channels(g); i++)
            {
                if (random.NextDouble() < Share)
                {
                    entries.HideChannel(g, i);
                }
            }
        }
    }
}
