using System.Globalization;
using IlqrVae.Data.Import.Timed;
using IlqrVae.Recordings;
using PureHDF;

namespace IlqrVae.Data.Export;

/// <summary>
/// NWB 2 files that pynwb and MatNWB open: trials one behind the other on a clock that begins at 0, each at a whole second; counts as spike times inside their bins; whatever has a value a
/// bin as a TimeSeries with a sample at the middle of each bin.
/// </summary>
internal sealed class NwbWriter
{
    private const string Version = "2.6.0";
    private const string NoDay = "1970-01-01T00:00:00.000000+00:00";
    private const long Second = 1_000_000_000;

    private static readonly HashSet<string> s_reserved = new(["id", "name", "description", "columns", "colnames", "parent", "children", "fields", "object_id"], StringComparer.Ordinal);

    private readonly H5File _root = [];
    private readonly ArrayTree _tree;
    private readonly IReadOnlyList<ExportedTrial> _trials;
    private readonly TimeGrid[] _grids;
    private bool _hasTimes;
    private string _times = "";

    private NwbWriter(ArrayTree tree)
    {
        _tree = tree;
        _trials = tree.Trials();
        _grids = new TimeGrid[_trials.Count];
        var start = Second;
        for (var t = 0; t < _grids.Length; t++)
        {
            _grids[t] = new TimeGrid(start, _trials[t].Bins, tree.BinWidth);
            start = ((_grids[t].Span.End / Second) + 2) * Second;
        }
    }

    public static void Write(string path, ArrayTree tree)
    {
        var writer = new NwbWriter(tree);
        writer.Build();
        AtomicFile.Write(path, stream => writer._root.Write(stream, new H5WriteOptions()));
    }

    private void Build()
    {
        Stamp(_root, "NWBFile", "core");
        _root.Attributes["nwb_version"] = Version;
        _root["identifier"] = Guid.NewGuid().ToString();
        _root["session_description"] = _tree.IsDataset
            ? $"A dataset of ilqr-vae, {_trials.Count} trials in bins of {_tree.BinWidth.ToString("R", CultureInfo.InvariantCulture)} s. Times are not those of the recording: trials follow each other."
            : $"What ilqr-vae inferred in {_trials.Count} trials in bins of {_tree.BinWidth.ToString("R", CultureInfo.InvariantCulture)} s. Times are not those of the recording: trials follow each other.";
        _root["session_start_time"] = NoDay;

        // Of one string the file would hold one dataset with two links to it, which pynwb does not take for two.
        _root["timestamps_reference_time"] = new string(NoDay.AsSpan());
        _root["file_create_date"] = new[] { DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture) };
        foreach (var path in (string[])["acquisition", "analysis", "general", "processing", "stimulus/presentation", "stimulus/templates"])
        {
            Group(path);
        }

        AddTrials();
        if (_tree.IsDataset)
        {
            AddDataset();
        }
        else
        {
            AddPosterior();
        }
    }

    private void AddDataset()
    {
        var groups = LfadsWriter.Groups(_tree).ToList();
        var counts = groups.FindAll(group => string.Equals(_tree.Require($"channels/{group}/values").Attributes.GetValueOrDefault("kind") as string, "counts", StringComparison.Ordinal));
        if (counts.Count > 0)
        {
            AddUnits(counts);
        }

        foreach (var group in groups.Except(counts, StringComparer.Ordinal))
        {
            var array = _tree.Require($"channels/{group}/values");
            AddSeries("behavior", group, LfadsWriter.Known(_tree, group), array.Shape[1], Unit(array), $"values of '{group}', a sample a bin", ChannelNames(group));
        }

        foreach (var name in _tree.Children("truth"))
        {
            var array = _tree.Require($"truth/{name}");
            AddSeries("truth", name, _tree.NumbersOf(array), array.Shape[1], "", $"'{name}', as it was known", null);
        }

        if (_tree.Find("external/values") is { } external)
        {
            AddSeries("external", "external", _tree.NumbersOf(external), external.Shape[1], "", "external inputs", _tree.Texts("external/names"));
        }
    }

    private void AddPosterior()
    {
        foreach (var name in (string[])["inputs", "states"])
        {
            foreach (var part in (string[])["mean", "deviation"])
            {
                var array = _tree.Require($"{name}/{part}");
                AddSeries("ilqr_vae", $"{name}_{part}", _tree.NumbersOf(array), array.Shape[1], "", $"posterior {part} of the {name}", null);
            }
        }

        foreach (var group in LfadsWriter.Groups(_tree))
        {
            foreach (var part in (string[])["mean", "deviation", "predictive_deviation"])
            {
                if (_tree.Find($"channels/{group}/{part}") is { } array)
                {
                    var unit = Unit(_tree.Require($"channels/{group}/mean"));
                    AddSeries("ilqr_vae", $"{group}_{part}", _tree.NumbersOf(array), array.Shape[1], unit, $"posterior {part.Replace('_', ' ')} of {(unit == "Hz" ? "rates" : "values")} of '{group}'", ChannelNames(group));
                }
            }
        }
    }

    /// <summary>The table of trials: their times, names and splits, and what else is known of each.</summary>
    private void AddTrials()
    {
        var table = Table("intervals/trials", "TimeIntervals", "trials, in the order of the dataset", _trials.Count);
        var columns = new List<string>();
        Add("start_time", Array.ConvertAll(_grids, grid => Nanoseconds.Seconds(grid.Span.Start)), "start of the first bin, in seconds");
        Add("stop_time", Array.ConvertAll(_grids, grid => Nanoseconds.Seconds(grid.Span.End)), "end of the last bin, in seconds");
        Add("trial_name", _trials.Select(trial => trial.Name).ToArray(), "name of the trial");
        Add("split", _trials.Select(trial => trial.Split).ToArray(), "what the trial is for: train, validation or test");
        foreach (var array in _tree.Arrays.Where(array => array.Path.StartsWith("trials/", StringComparison.Ordinal) && array.Shape.Count == 1 && array.Shape[0] == _trials.Count))
        {
            var name = array.Path[(array.Path.LastIndexOf('/') + 1)..];
            if (array.Path is "trials/first_bin" or "trials/bins" or "trials/name" or "trials/split")
            {
                continue;
            }

            // A label may be called as one of the columns above, or as what a table of pynwb is and has itself.
            name = columns.Contains(name, StringComparer.Ordinal) || s_reserved.Contains(name) ? $"label_{name}" : name;
            Add(name, array.Values is string[] texts ? texts : _tree.NumbersOf(array), $"'{array.Path}' of the dataset or posterior file");
        }

        table.Attributes["colnames"] = columns.ToArray();

        void Add(string name, Array values, string about)
        {
            columns.Add(name);
            table[name] = Column(values, about);
        }
    }

    /// <summary>Counts as spike times, spread evenly inside their bins; when each channel was observed.</summary>
    private void AddUnits(List<string> groups)
    {
        var (spikes, spikeEnds, observed, observedEnds) = (new List<double>(), new List<long>(), new List<double>(), new List<long>());
        var (names, kinds, isHeldOut) = (new List<string>(), new List<string>(), new List<NwbTruth>());
        foreach (var group in groups)
        {
            var (values, channels) = (LfadsWriter.Known(_tree, group), _tree.Require($"channels/{group}/values").Shape[1]);
            var known = ChannelNames(group);
            for (var channel = 0; channel < channels; channel++)
            {
                AddChannel(values, channels, channel);
                spikeEnds.Add(spikes.Count);
                observedEnds.Add(observed.Count / 2);
                names.Add(known?[channel] ?? $"{group}-{channel.ToString(CultureInfo.InvariantCulture)}");
                kinds.Add(group);
                isHeldOut.Add(group == HeldOutChannels.GroupName ? NwbTruth.TRUE : NwbTruth.FALSE);
            }
        }

        var table = Table("units", "Units", "channels of counts; a count becomes as many spikes, spread evenly over its bin", names.Count);
        table.Attributes["colnames"] = new[] { "spike_times", "obs_intervals", "heldout", "group", "channel_name" };
        AddRagged("spike_times", new H5Dataset(spikes.ToArray(), fileDims: [(ulong)spikes.Count]), spikeEnds, "spike times, in seconds");
        AddRagged("obs_intervals", new H5Dataset(observed.ToArray(), fileDims: [(ulong)observed.Count / 2, 2]), observedEnds, "when the unit was observed, in seconds");
        table["heldout"] = Column(isHeldOut.ToArray(), "whether the unit is to be predicted from the others");
        table["group"] = Column(kinds.ToArray(), "group of channels");
        table["channel_name"] = Column(names.ToArray(), "name of the channel");

        void AddRagged(string name, H5Dataset data, List<long> ends, string about)
        {
            Stamp(data, "VectorData", "hdmf-common");
            data.Attributes["description"] = about;
            table[name] = data;
            var index = new H5Dataset(ends.ConvertAll(end => (ulong)end).ToArray());
            Stamp(index, "VectorIndex", "hdmf-common");
            index.Attributes["description"] = $"index for '{name}'";
            index.Attributes["target"] = (H5ObjectReference)data;
            table[$"{name}_index"] = index;
        }

        void AddChannel(double[] values, int channels, int channel)
        {
            var before = observed.Count;
            for (var t = 0; t < _trials.Count; t++)
            {
                var since = -1;
                for (var bin = 0; bin <= _trials[t].Bins; bin++)
                {
                    var count = bin < _trials[t].Bins ? values[((_trials[t].First + (long)bin) * channels) + channel] : double.NaN;
                    if (double.IsNaN(count))
                    {
                        if (since >= 0)
                        {
                            observed.Add(Nanoseconds.Seconds(_grids[t].Edge(since)));
                            observed.Add(Nanoseconds.Seconds(_grids[t].Edge(bin)));
                        }

                        since = -1;
                        continue;
                    }

                    since = since < 0 ? bin : since;
                    for (var spike = 0; spike < count; spike++)
                    {
                        var (left, right) = (_grids[t].Edge(bin), _grids[t].Edge(bin + 1));
                        spikes.Add(Nanoseconds.Seconds(left + (long)((right - left) * ((spike + 0.5) / count))));
                    }
                }
            }

            if (observed.Count == before)
            {
                // A unit that was never observed must say so: without intervals it would count as observed all along. Trials begin after this one.
                observed.AddRange([0, 0.5]);
            }
        }
    }

    private void AddSeries(string module, string name, double[] values, int columns, string unit, string about, string[]? names)
    {
        var folder = $"processing/{module}";
        if (!Group("processing").TryGetValue(module, out _))
        {
            Stamp(Group(folder), "ProcessingModule", "core");
            Group(folder).Attributes["description"] = module switch
            {
                "behavior" => "values recorded beside the counts",
                "truth" => "what a simulation knows, or conditions of trials",
                "external" => "external inputs that are known",
                _ => "inputs, states and rates that ilqr-vae inferred",
            };
        }

        var series = Group($"{folder}/{name}");
        Stamp(series, "TimeSeries", "core");
        series.Attributes["description"] = about;
        series.Attributes["comments"] = names is { Length: > 0 } ? $"columns=[{string.Join(',', names)}]" : "no comments";
        var data = new H5Dataset(values, fileDims: [(ulong)(values.Length / Math.Max(1, columns)), (ulong)columns]);
        data.Attributes["unit"] = unit.Length > 0 ? unit : "unknown";
        data.Attributes["conversion"] = 1.0;
        data.Attributes["offset"] = 0.0;
        data.Attributes["resolution"] = -1.0;
        series["data"] = data;
        if (_hasTimes)
        {
            series["timestamps"] = new H5SoftLink(_times);
            return;
        }

        var times = new H5Dataset(Times());
        times.Attributes["interval"] = 1;
        times.Attributes["unit"] = "seconds";
        series["timestamps"] = times;
        (_hasTimes, _times) = (true, $"/{folder}/{name}/timestamps");
    }

    /// <summary>The middle of each row's bin; rows that belong to no trial lie before the first.</summary>
    private double[] Times()
    {
        var rows = _tree.Arrays.First(array => array.Path.StartsWith("channels/", StringComparison.Ordinal) && array.Shape.Count == 2).Shape[0];
        var times = new double[rows];
        for (var t = 0; t < _trials.Count; t++)
        {
            for (var bin = 0; bin < _trials[t].Bins; bin++)
            {
                times[_trials[t].First + bin] = Nanoseconds.Seconds((_grids[t].Edge(bin) + _grids[t].Edge(bin + 1)) / 2);
            }
        }

        return times;
    }

    private string[]? ChannelNames(string group) => _tree.Find($"channels/{group}/names")?.Values as string[];

    private static string Unit(NamedArray array) => array.Attributes.GetValueOrDefault("unit") as string ?? "";

    private H5Group Table(string path, string type, string about, int rows)
    {
        var table = Group(path);
        Stamp(table, type, "core");
        table.Attributes["description"] = about;
        var ids = new H5Dataset(Enumerable.Range(0, rows).Select(row => (long)row).ToArray());
        Stamp(ids, "ElementIdentifiers", "hdmf-common");
        table["id"] = ids;
        return table;
    }

    private static H5Dataset Column(Array values, string about)
    {
        var column = new H5Dataset(values);
        Stamp(column, "VectorData", "hdmf-common");
        column.Attributes["description"] = about;
        return column;
    }

    private static void Stamp(H5Object thing, string type, string space)
    {
        thing.Attributes["neurodata_type"] = type;
        thing.Attributes["namespace"] = space;
        thing.Attributes["object_id"] = Guid.NewGuid().ToString();
    }

    /// <summary>A group at a path, made with all above it where it is not there yet.</summary>
    private H5Group Group(string path)
    {
        H5Group group = _root;
        foreach (var name in path.Split('/'))
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

    /// <summary>Its names are those that a file needs for h5py to read truths.</summary>
    private enum NwbTruth : byte
    {
        FALSE,
        TRUE,
    }
}
