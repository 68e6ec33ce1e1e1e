namespace IlqrVae.Recordings;

/// <summary>Puts some channels of a recording into a group of their own, so that they can be hidden and predicted from the others.</summary>
public static class HeldOutChannels
{
    /// <summary>The name of the group that receives them.</summary>
    public const string GroupName = "held-out";

    /// <summary>
    /// Moves channels, evenly spaced, out of the first group of counts into the last group. True rates of these channels move with them. The recording given
    /// stays as it is.
    /// </summary>
    /// <param name="recording">The recording.</param>
    /// <param name="count">Number of channels to move: at least one, and at least one must stay.</param>
    /// <exception cref="InputException">There are no counts, too few channels, or a group of that name already.</exception>
    public static Recording Split(Recording recording, int count)
    {
        var group = GroupOf(recording, count);

        // The middle of each of as many equal parts.
        return Split(recording, [.. Enumerable.Range(0, count).Select(i => (int)(((2L * i) + 1) * group.Channels / (2L * count)))]);
    }

    /// <summary>
    /// Moves channels out of the first group of counts into the last group. True rates of these channels move with them. The recording given stays as it is.
    /// </summary>
    /// <param name="recording">The recording.</param>
    /// <param name="channels">The channels to move, each once: at least one, and at least one must stay.</param>
    /// <inheritdoc cref="Split(Recording, int)" path="/exception"/>
    public static Recording Split(Recording recording, IReadOnlyList<int> channels)
    {
        ArgumentNullException.ThrowIfNull(channels);
        var moved = channels.ToHashSet();
        var group = GroupOf(recording, moved.Count);
        var g = recording.IndexOfGroup(group.Name);
        int[] held = [.. moved.Order()];
        int[] kept = [.. Enumerable.Range(0, group.Channels).Where(channel => !moved.Contains(channel))];
        return recording with
        {
            Groups = [.. recording.Groups.Select((other, i) => i == g ? Of(group, kept, group.Name) : other), Of(group, held, GroupName)],
            Trials = [.. recording.Trials.Select(trial => Split(trial, g, group, kept, held))],
        };
    }

    /// <summary>The group to move channels out of.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="count">How many are to be moved.</param>
    /// <exception cref="InputException">There are no counts, too few channels, or a held-out group already.</exception>
    public static ChannelGroup GroupOf(Recording recording, int count)
    {
        ArgumentNullException.ThrowIfNull(recording);
        var g = recording.Groups.ToList().FindIndex(group => group.Kind == ChannelKind.Counts);
        if (g < 0)
        {
            throw new InputException("the recording has no group of counts to hold channels of out.");
        }

        var group = recording.Groups[g];
        if (group.Channels < 2)
        {
            throw new InputException($"group '{group.Name}' has one channel only; none can be held out.");
        }

        if (count < 1 || count >= group.Channels)
        {
            throw new InputException($"{count} of the {group.Channels} channels of '{group.Name}' cannot be held out; give a number from 1 to {group.Channels - 1}.");
        }

        if (recording.IndexOfGroup(GroupName) >= 0)
        {
            throw new InputException($"the recording has a group '{GroupName}' already.");
        }

        return group;
    }

    private static ChannelGroup Of(ChannelGroup group, int[] channels, string name)
        => group with { Name = name, Channels = channels.Length, ChannelNames = group.ChannelNames is { } names ? [.. channels.Select(channel => names[channel])] : null };

    private static Trial Split(Trial trial, int g, ChannelGroup group, int[] kept, int[] held)
    {
        var truth = trial.Truth.ToDictionary(StringComparer.Ordinal);
        foreach (var name in (string[])[$"rates.{group.Name}", "rates"])
        {
            if (truth.TryGetValue(name, out var rates) && rates.Columns == group.Channels)
            {
                truth[name] = rates.SelectColumns(kept);
                truth[$"rates.{GroupName}"] = rates.SelectColumns(held);
                break;
            }
        }

        var split = trial.Observations[g];
        return trial with
        {
            Observations = [.. trial.Observations.Select((other, i) => i == g ? split.SelectChannels(kept) : other), split.SelectChannels(held)],
            Truth = truth,
        };
    }
}
