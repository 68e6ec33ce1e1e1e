using System.Globalization;
using IlqrVae.Recordings;
using IlqrVae.Reports.Kinds;

namespace IlqrVae.Reports;

/// <summary>Channels and trials by their names.</summary>
internal static class Naming
{
    /// <summary>The name of a channel: its own, of values with that of their group before it; or that of its group and its number from 0.</summary>
    public static string Of(ChannelGroup group, int channel)
        => group.ChannelNames is not { } names ? $"{group.Name} {channel.ToString(CultureInfo.InvariantCulture)}"
            : group.Kind == ChannelKind.Counts || names[channel].StartsWith(group.Name, StringComparison.OrdinalIgnoreCase) ? names[channel]
            : $"{group.Name} {names[channel]}";

    /// <summary>What a channel is called in general.</summary>
    public static string Channel(ChannelGroup group) => group.Kind == ChannelKind.Counts ? "neuron" : "channel";

    /// <summary>The trial that was asked for.</summary>
    public static int Trial(IReadOnlyList<Trial> trials, string name)
    {
        for (var i = 0; i < trials.Count; i++)
        {
            if (string.Equals(trials[i].Name, name, StringComparison.Ordinal))
            {
                return i;
            }
        }

        throw new InputException($"there is no trial '{name}'; there are {Words.List(trials.Select(trial => $"'{trial.Name}'"))}.");
    }

    /// <summary>The groups that were asked for, of one kind where that matters; all of it where none was named.</summary>
    public static IReadOnlyList<int> Groups(IReadOnlyList<ChannelGroup> groups, PanelRequest request, Func<ChannelGroup, bool> fits, string what)
    {
        var found = Enumerable.Range(0, groups.Count).Where(g => fits(groups[g])).ToList();
        if (request.Group is not { } name)
        {
            return found;
        }

        var named = SessionGroups.Named(name, groups.Select(group => group.Name));
        var chosen = found.Where(g => named.Contains(groups[g].Name, StringComparer.Ordinal)).ToList();
        return chosen.Count > 0
            ? chosen
            : throw new InputException($"there is no group '{name}' of {what}; there {(found.Count == 0 ? "is none" : $"are {Words.List(found.Select(g => $"'{groups[g].Name}'"))}")}.");
    }

    /// <summary>The channels that were asked for, by name or number from 0; those offered where none was.</summary>
    public static IReadOnlyList<int> Channels(ChannelGroup group, PanelRequest request, Func<IReadOnlyList<int>> usual)
        => request.Channels.Count == 0 ? usual() : [.. request.Channels.Select(name => Channel(group, name))];

    private static int Channel(ChannelGroup group, string name)
    {
        for (var c = 0; c < group.Channels; c++)
        {
            if (string.Equals(group.ChannelNames?[c], name, StringComparison.Ordinal) || string.Equals(Of(group, c), name, StringComparison.Ordinal))
            {
                return c;
            }
        }

        return int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < group.Channels
            ? number
            : throw new InputException($"group '{group.Name}' has no channel '{name}'; it has {Words.List(Enumerable.Range(0, group.Channels).Select(c => $"'{Of(group, c)}'"))}, or numbers from 0 to {group.Channels - 1}.");
    }
}
