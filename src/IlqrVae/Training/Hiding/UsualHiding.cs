using IlqrVae.Recordings;

namespace IlqrVae.Training.Hiding;

/// <summary>
/// What is usually hidden while learning: behaviour in half of the turns, a quarter of the neurons, a fifth of what is left of the counts. Why so much, is measured in
/// docs/choosing-a-model.md.
/// </summary>
public static class UsualHiding
{
    /// <summary>Neurons below this number have too little to be told from.</summary>
    private const int FewestNeurons = 8;

    private const double BehaviourProbability = 0.5;
    private const double NeuronShare = 0.25;
    private const double EntryShare = 0.2;

    /// <summary>The rules for some channel groups; none where there are too few neurons, as in recordings of values alone.</summary>
    /// <param name="groups">The groups that the model explains.</param>
    public static IReadOnlyList<HidingRule> Of(IReadOnlyList<ChannelGroup> groups)
    {
        ArgumentNullException.ThrowIfNull(groups);
        List<string> neurons = [.. groups.Where(group => group.Kind == ChannelKind.Counts).Select(group => group.Name)];
        List<string> behaviour = [.. groups.Where(group => group.Kind == ChannelKind.Values).Select(group => group.Name)];
        if (groups.Where(group => group.Kind == ChannelKind.Counts).Sum(group => group.Channels) < FewestNeurons)
        {
            return [];
        }

        List<HidingRule> rules = behaviour.Count > 0 ? [new GroupHiding { Of = behaviour, Probability = BehaviourProbability }] : [];
        rules.Add(new ChannelHiding { Of = neurons, Share = NeuronShare });
        rules.Add(new EntryHiding { Of = neurons, Share = EntryShare });
        return rules;
    }
}
