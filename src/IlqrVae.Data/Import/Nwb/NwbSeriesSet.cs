using IlqrVae.Data.Import.Timed;

namespace IlqrVae.Data.Import.Nwb;

/// <summary>Series of one channel each that have the same times, side by side: what a container holds is then one series, its channels called as its members.</summary>
internal sealed class NwbSeriesSet : ITimedSeries
{
    private const int BlockSamples = 1 << 15;

    private readonly IReadOnlyList<NwbSeries> _members;

    private NwbSeriesSet(string name, IReadOnlyList<NwbSeries> members)
    {
        (Name, _members) = (name, members);
        ChannelNames = [.. members.Select(member => Messages.OneLine(member.Name[(name.Length + 1)..]))];
    }

    public string Name { get; }

    public string Unit => _members[0].Unit;

    public int Channels => _members.Count;

    public IReadOnlyList<string>? ChannelNames { get; }

    public int Samples => _members[0].Samples;

    public (double Start, double Rate)? Clock => _members[0].Clock;

    /// <summary>The members, in the order of their names.</summary>
    public IReadOnlyList<NwbSeries> Members => _members;

    /// <summary>Takes members for one series.</summary>
    /// <param name="archive">The file.</param>
    /// <param name="name">Path of what holds them.</param>
    /// <param name="members">The members.</param>
    /// <returns>The series; null where they differ in channels, units or times.</returns>
    public static NwbSeriesSet? Of(Hdf5ArchiveReader archive, string name, IReadOnlyList<NwbSeries> members)
    {
        var first = members[0];
        return members.All(one => one.Channels == 1 && one.Samples == first.Samples && one.Unit == first.Unit && one.Clock == first.Clock && HasTimesOf(archive, first, one)) ? new NwbSeriesSet(name, members) : null;
    }

    public void ReadTimes(int first, Span<double> times) => _members[0].ReadTimes(first, times);

    public void ReadValues(int first, int count, Span<double> values)
    {
        var one = new double[count];
        for (var channel = 0; channel < _members.Count; channel++)
        {
            _members[channel].ReadValues(first, count, one);
            for (var i = 0; i < count; i++)
            {
                values[(i * _members.Count) + channel] = one[i];
            }
        }
    }

    private static bool HasTimesOf(Hdf5ArchiveReader archive, NwbSeries first, NwbSeries other)
    {
        if (first == other || first.Clock is not null || archive.AddressOf($"{first.Name}/timestamps") == archive.AddressOf($"{other.Name}/timestamps"))
        {
            return true;
        }

        var (one, two) = (new double[BlockSamples], new double[BlockSamples]);
        for (var sample = 0; sample < first.Samples; sample += BlockSamples)
        {
            var count = Math.Min(BlockSamples, first.Samples - sample);
            first.ReadTimes(sample, one.AsSpan(0, count));
            other.ReadTimes(sample, two.AsSpan(0, count));
            if (!one.AsSpan(0, count).SequenceEqual(two.AsSpan(0, count)))
            {
                return false;
            }
        }

        return true;
    }
}
