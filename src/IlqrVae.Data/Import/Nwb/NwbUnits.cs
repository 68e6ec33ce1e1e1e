using IlqrVae.Data.Import.Timed;

namespace IlqrVae.Data.Import.Nwb;

/// <summary>Spike times of an NWB file's units, read some at a time.</summary>
internal sealed class NwbUnits : ISpikeTimes
{
    private const string SpikeTimes = "spike_times";
    private const string ObservationIntervals = "obs_intervals";
    private const int BlockSpikes = 1 << 16;

    private readonly StoredRows _times;
    private readonly (long First, long End)[] _ranges;

    /// <summary>Opens the units of a table.</summary>
    /// <exception cref="InputException">The table's columns do not fit each other.</exception>
    public NwbUnits(Hdf5ArchiveReader archive, NwbTable table, List<string> remarks)
    {
        Table = table;
        var path = $"{table.Path}/{SpikeTimes}";
        if (archive.ShapeOf(path).Count != 1)
        {
            throw new InputException($"{archive.Path}: '{Hdf5ArchiveReader.Rooted(path)}' has shape {Messages.Shape(archive.ShapeOf(path))} where one list of all units' spike times is needed; the file is no valid NWB file.");
        }

        _times = archive.ReadRows(path);
        _ranges = table.IndexOf(SpikeTimes) is { } index ? table.Ranges(SpikeTimes, index, _times.Rows, table.Rows)
            : table.Rows == 1 ? [(0, _times.Rows)]
            : throw new InputException($"{archive.Path}: '{Hdf5ArchiveReader.Rooted(path)}' has no index that shares its spikes out to {table.Rows} units; add 'spike_times_index'.");
        if (table.Has(ObservationIntervals))
        {
            Observed = ReadObserved(archive, table, remarks);
        }
    }

    public NwbTable Table { get; }

    /// <summary>When each unit was observed, in seconds; null where the file does not say.</summary>
    public IReadOnlyList<IReadOnlyList<(double Start, double End)>?>? Observed { get; }

    public long CountOf(int unit) => _ranges[unit].End - _ranges[unit].First;

    /// <summary>The first and the last spike of all.</summary>
    public (double First, double Last) Range()
    {
        var (first, last) = (double.PositiveInfinity, double.NegativeInfinity);
        for (var unit = 0; unit < Table.Rows; unit++)
        {
            Read(unit, times =>
            {
                foreach (var time in times)
                {
                    (first, last) = Nanoseconds.CanHold(time) ? (Math.Min(first, time), Math.Max(last, time)) : (first, last);
                }
            });
        }

        return (first, last);
    }

    public void Read(int unit, TakeTimes take)
    {
        var (first, end) = ((int)_ranges[unit].First, (int)_ranges[unit].End);
        var block = new double[Math.Min(BlockSpikes, end - first)];
        for (; first < end; first += block.Length)
        {
            var some = block.AsSpan(0, Math.Min(block.Length, end - first));
            _times.Copy(first, some.Length, some);
            take(some);
        }
    }

    private static IReadOnlyList<(double Start, double End)>[]? ReadObserved(Hdf5ArchiveReader archive, NwbTable table, List<string> remarks)
    {
        var path = $"{table.Path}/{ObservationIntervals}";
        var shape = archive.ShapeOf(path);
        var index = table.IndexOf(ObservationIntervals);
        if (shape is not [_, 2] || (index is null && table.Rows != 1))
        {
            // An empty column is often written without its second axis.
            if (shape.Contains(0))
            {
                return null;
            }

            throw new InputException($"{archive.Path}: '{Hdf5ArchiveReader.Rooted(path)}' has shape {Messages.Shape(shape)}{(index is null ? " and no index" : "")} where starts and ends of intervals, any x 2, and an index are needed; the file is no valid NWB file.");
        }

        var values = archive.ReadDoubles(path, -1, 2).Values;
        var ranges = index is not null ? table.Ranges(ObservationIntervals, index, shape[0], table.Rows) : [(0, shape[0])];
        var observed = new IReadOnlyList<(double, double)>[table.Rows];
        var odd = 0;
        for (var unit = 0; unit < observed.Length; unit++)
        {
            var intervals = new List<(double, double)>();
            for (var i = ranges[unit].First; i < ranges[unit].End; i++)
            {
                var (start, end) = (values[2 * i], values[(2 * i) + 1]);
                if (end > start && Nanoseconds.CanHold(start) && Nanoseconds.CanHold(end))
                {
                    intervals.Add((start, end));
                }
                else
                {
                    odd++;
                }
            }

            observed[unit] = intervals;
        }

        if (odd > 0)
        {
            remarks.Add($"{archive.Path}: {odd} of the intervals in '{Hdf5ArchiveReader.Rooted(path)}' have no length or no end and are left out.");
        }

        return observed;
    }
}
