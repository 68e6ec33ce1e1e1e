using IlqrVae.Inference;

namespace IlqrVae.Training.Hiding;

/// <summary>Which entries of a trial are hidden, of every channel group a model explains. One worker has one, for trial after trial.</summary>
internal sealed class HiddenEntries
{
    private readonly (string Name, int Channels, bool[] Entries)[] _groups;
    private readonly Dictionary<string, bool[]> _byName;

    /// <summary>Allocates the room.</summary>
    /// <param name="groups">Names and channels of the groups.</param>
    /// <param name="capacity">The largest number of bins.</param>
    public HiddenEntries(IEnumerable<(string Name, int Channels)> groups, int capacity)
    {
        _groups = [.. groups.Select(group => (group.Name, group.Channels, new bool[capacity * group.Channels]))];
        _byName = _groups.ToDictionary(group => group.Name, group => group.Entries, StringComparer.Ordinal);
    }

    /// <summary>Bins of the trial.</summary>
    public int Bins { get; private set; }

    /// <summary>Number of groups.</summary>
    public int GroupCount => _groups.Length;

    /// <summary>Name of a group.</summary>
    /// <param name="g">The group.</param>
    public string Name(int g) => _groups[g].Name;

    /// <summary>Channels of a group.</summary>
    /// <param name="g">The group.</param>
    public int Channels(int g) => _groups[g].Channels;

    /// <summary>The entries of a group, row by row.</summary>
    /// <param name="g">The group.</param>
    public Span<bool> Of(int g) => _groups[g].Entries.AsSpan(0, Bins * _groups[g].Channels);

    /// <summary>Begins a trial of which nothing is hidden.</summary>
    /// <param name="bins">Its bins.</param>
    public void Begin(int bins)
    {
        Bins = bins;
        for (var g = 0; g < GroupCount; g++)
        {
            Of(g).Clear();
        }
    }

    /// <summary>Hides a group.</summary>
    /// <param name="g">The group.</param>
    public void HideAll(int g) => Of(g).Fill(true);

    /// <summary>Hides a channel.</summary>
    /// <param name="g">Its group.</param>
    /// <param name="channel">The channel.</param>
    public void HideChannel(int g, int channel)
    {
        var entries = Of(g);
        for (var i = channel; i < entries.Length; i += Channels(g))
        {
            entries[i] = true;
        }
    }

    /// <summary>Hides bins in a row.</summary>
    /// <param name="rule">The rule, which tells the groups.</param>
    /// <param name="first">The first bin.</param>
    /// <param name="count">Their number.</param>
    public void HideBins(HidingRule rule, int first, int count)
    {
        for (var g = 0; g < GroupCount; g++)
        {
            if (rule.Concerns(Name(g)))
            {
                Of(g).Slice(first * Channels(g), count * Channels(g)).Fill(true);
            }
        }
    }

    /// <summary>A number that tells which groups are hidden wholly, 0 for none: bit g stands for group g, the last bit for all groups beyond.</summary>
    public int HiddenGroups()
    {
        const int Bits = 30;
        var number = 0;
        for (var g = 0; g < GroupCount; g++)
        {
            if (!Of(g).Contains(false))
            {
                number |= 1 << Math.Min(g, Bits);
            }
        }

        return number;
    }

    /// <summary>A selection that hides the marked entries; it looks at this room, which must not change while it is in use.</summary>
    public ObservationSelection Selection() => new() { HiddenEntries = _byName };
}
