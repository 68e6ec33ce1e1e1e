using IlqrVae.Recordings;
using IlqrVae.Runs.Files;

namespace IlqrVae.Runs.Sessions;

/// <summary>Bins in a row that inference does not see: of all groups, of one, or of some channels of one. A trial that ends earlier is hidden as far as it reaches.</summary>
/// <param name="First">The first bin that is hidden, from 0.</param>
/// <param name="End">The first bin after it that is not; more than <paramref name="First"/>.</param>
public sealed record Gap(int First, int End)
{
    /// <summary>The channel group that is hidden there; null for all.</summary>
    public string? Group { get; init; }

    /// <summary>The channels of the group that are hidden there, in the model's order, from 0, each range with its last; empty for all.</summary>
    public IReadOnlyList<(int First, int Last)> Channels { get; init; } = [];

    /// <summary>Whether an entry is hidden.</summary>
    /// <param name="group">Its channel group.</param>
    /// <param name="bin">Its bin.</param>
    /// <param name="channel">Its channel.</param>
    public bool Hides(string group, int bin, int channel)
        => bin >= First && bin < End && Touches(group) && (Channels.Count == 0 || Channels.Any(range => channel >= range.First && channel <= range.Last));

    /// <summary>Whether entries of a group are hidden.</summary>
    /// <param name="group">The channel group.</param>
    public bool Touches(string group) => Group is null || Group == group;

    /// <summary>As it is written in a command line: GROUP[CHANNELS]:FIRST:END.</summary>
    public override string ToString()
    {
        var channels = Channels.Count == 0 ? "" : $"[{string.Join(',', Channels.Select(range => range.First == range.Last ? $"{range.First}" : $"{range.First}-{range.Last}"))}]";
        return $"{(Group is null ? "" : $"{Group}{channels}:")}{First}:{End}";
    }

    /// <summary>Checks that there is what is to be hidden.</summary>
    /// <param name="description">The model.</param>
    /// <param name="trials">The trials.</param>
    /// <param name="hidden">Groups that are hidden in all bins.</param>
    /// <exception cref="InputException">There is no such group, channel or bin, or it is hidden anyway.</exception>
    internal void Require(ModelDescription description, IReadOnlyList<Trial> trials, IReadOnlySet<string> hidden)
    {
        if (Group is not null)
        {
            var group = description.Groups.FirstOrDefault(one => one.Name == Group)
                ?? throw new InputException($"--gap {this}: the model explains no channel group '{Group}'; {Spelling.DidYouMean(Group, description.Groups.Select(one => one.Name))}it explains {string.Join(", ", description.Groups.Select(one => $"'{one.Name}'"))}.");
            foreach (var range in Channels.Where(range => range.Last >= group.Channels))
            {
                throw new InputException($"--gap {this}: there is no channel {range.Last}; group '{Group}' has {group.Channels}, counted from 0.");
            }

            if (hidden.Contains(Group))
            {
                throw new InputException($"--gap {this}: group '{Group}' is hidden as a whole by --hide; leave one of them out.");
            }
        }

        var longest = trials.Max(trial => trial.Bins);
        if (First >= longest)
        {
            throw new InputException($"--gap {this}: there is no bin {First}; the longest trial has {longest}, counted from 0.");
        }
    }
}
