using PureHDF;
using PureHDF.Filters;
using PureHDF.VOL.Native;

namespace IlqrVae.Data.Tests;

/// <summary>Booleans as h5py writes them.</summary>
internal enum H5Bool : byte
{
    FALSE,
    TRUE,
}

/// <summary>Writes small NWB files, well-formed and otherwise, in the layout of pynwb.</summary>
internal sealed class NwbBuilder
{
    public NwbBuilder(string version = "2.6.0")
    {
        Root.Attributes["neurodata_type"] = "NWBFile";
        Root.Attributes["namespace"] = "core";
        Root.Attributes["nwb_version"] = version;
        Root["session_description"] = "made for a test";
        Root["identifier"] = "test-1";
        Root["session_start_time"] = "2021-09-01T12:00:00.000000+00:00";
    }

    public H5File Root { get; } = [];

    /// <summary>A group at a path, made with all above it where it is not there yet.</summary>
    public H5Group Group(string path)
    {
        H5Group group = Root;
        foreach (var name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!group.TryGetValue(name, out var child))
            {
                child = new H5Group();
                group.Add(name, child);
            }

            group = (H5Group)child;
        }

        return group;
    }

    /// <summary>Units with their spike times; the ends are of the type of the example given.</summary>
    public H5Group Units(long[] ids, double[][] spikes, Array? indexType = null)
    {
        var units = Group("units");
        units.Attributes["neurodata_type"] = "Units";
        units.Attributes["colnames"] = new[] { "spike_times" };
        units["id"] = ids;
        units["spike_times"] = spikes.SelectMany(times => times).ToArray();
        units["spike_times_index"] = Ends(spikes.Select(times => times.Length), indexType ?? Array.Empty<byte>());
        return units;
    }

    /// <summary>When each unit was observed: starts and ends by turns.</summary>
    public void Observed(params double[][] intervals)
    {
        var units = Group("units");
        var all = intervals.SelectMany(one => one).ToArray();
        units["obs_intervals"] = new H5Dataset(all, fileDims: [(ulong)all.Length / 2, 2]);
        units["obs_intervals_index"] = Ends(intervals.Select(one => one.Length / 2), Array.Empty<ushort>());
    }

    /// <summary>A table of intervals; columns are arrays of numbers, texts or <see cref="H5Bool"/>.</summary>
    public H5Group Trials(double[] starts, double[] stops, params (string Name, object Values)[] columns) => Intervals("trials", starts, stops, columns);

    public H5Group Intervals(string name, double[] starts, double[] stops, params (string Name, object Values)[] columns)
    {
        var table = Group($"intervals/{name}");
        table.Attributes["neurodata_type"] = "TimeIntervals";
        table.Attributes["colnames"] = (string[])["start_time", "stop_time", .. columns.Select(column => column.Name)];
        table["id"] = Enumerable.Range(0, starts.Length).Select(i => (long)i).ToArray();
        table["start_time"] = starts;
        table["stop_time"] = stops;
        foreach (var (column, values) in columns)
        {
            table[column] = values;
        }

        return table;
    }

    /// <summary>A series; with a rate it has a starting time, else the times given, or a link to those of another series.</summary>
    public H5Group Series(
        string path, Array data, int channels = 1, double[]? times = null, string? timesOf = null, double start = 0, double rate = 0, string unit = "m", double conversion = 1, double offset = 0, int chunk = 0)
    {
        var series = Group(path);
        series.Attributes["neurodata_type"] = "TimeSeries";
        ulong[] shape = channels == 1 ? [(ulong)data.Length] : [(ulong)(data.Length / channels), (ulong)channels];
        var creation = new H5DatasetCreation(Filters: [ShuffleFilter.Id, new H5Filter(DeflateFilter.Id, new(StringComparer.Ordinal) { [DeflateFilter.COMPRESSION_LEVEL] = 1 })]);
        var table = chunk == 0 ? new H5Dataset(data, fileDims: shape)
            : new H5Dataset(data, chunks: channels == 1 ? [(uint)chunk] : [(uint)chunk, (uint)channels], fileDims: shape, datasetCreation: creation);
        table.Attributes["unit"] = unit;
        table.Attributes["conversion"] = conversion;
        table.Attributes["offset"] = offset;
        series["data"] = table;
        if (timesOf is not null)
        {
            series["timestamps"] = new H5SoftLink($"{timesOf}/timestamps");
        }
        else if (times is not null)
        {
            series["timestamps"] = chunk == 0 ? new H5Dataset(times) : new H5Dataset(times, chunks: [(uint)chunk], datasetCreation: creation);
        }
        else
        {
            var clock = new H5Dataset(start);
            clock.Attributes["rate"] = (float)rate;
            clock.Attributes["unit"] = "seconds";
            series["starting_time"] = clock;
        }

        return series;
    }

    public string Save(string path)
    {
        Root.Write(path);
        return path;
    }

    public static Array Ends(IEnumerable<int> lengths, Array type)
    {
        long sum = 0;
        long[] ends = [.. lengths.Select(length => sum += length)];
        return type switch
        {
            // By type code: the runtime lets a byte[] pass for an sbyte[].
            _ when type.GetType() == typeof(sbyte[]) => Array.ConvertAll(ends, end => (sbyte)end),
            _ when type.GetType() == typeof(byte[]) => Array.ConvertAll(ends, end => (byte)end),
            _ when type.GetType() == typeof(short[]) => Array.ConvertAll(ends, end => (short)end),
            _ when type.GetType() == typeof(ushort[]) => Array.ConvertAll(ends, end => (ushort)end),
            _ when type.GetType() == typeof(int[]) => Array.ConvertAll(ends, end => (int)end),
            _ when type.GetType() == typeof(uint[]) => Array.ConvertAll(ends, end => (uint)end),
            _ when type.GetType() == typeof(ulong[]) => Array.ConvertAll(ends, end => (ulong)end),
            _ => ends,
        };
    }
}
