using IlqrVae.Data.Import.Nwb;
using IlqrVae.Data.Import.Timed;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Import.NeuralLatents;

/// <summary>
/// The files of a set on one grid of 1 ms from 0, one behind the other as the benchmark lays them: in the order of their names, each from the next 100 ms on that are at least 50 ms behind
/// the one before.
/// </summary>
internal sealed class MillisecondSession : IDisposable
{
    private const string SplitColumn = "split";
    private const string HeldOutColumn = "heldout";
    private const double LongestSeconds = 2 * 86_400;
    private const long NanosecondsOfOne = 1_000_000;

    private readonly List<ImportSource> _sources = [];
    private readonly List<Part> _parts = [];
    private readonly List<Row> _rows = [];

    private MillisecondSession()
    {
    }

    /// <summary>Names of the files, in their order.</summary>
    public string Path { get; private set; } = "";

    /// <summary>How long all is, in ms.</summary>
    public int Length { get; private set; }

    /// <summary>Ids of the units that inference sees, ascending.</summary>
    public IReadOnlyList<long> HeldIn { get; private set; } = [];

    /// <summary>Ids of the units to predict, ascending.</summary>
    public IReadOnlyList<long> HeldOut { get; private set; } = [];

    /// <summary>The trials of all files.</summary>
    public IReadOnlyList<Row> Rows => _rows;

    public List<string> Remarks { get; } = [];

    public static MillisecondSession Open(IReadOnlyList<string> files)
    {
        var session = new MillisecondSession();
        try
        {
            session.Read([.. files.OrderBy(System.IO.Path.GetFileName, StringComparer.Ordinal).ThenBy(file => file, StringComparer.Ordinal)]);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    public void Dispose() => _sources.ForEach(source => source.Dispose());

    /// <summary>Whether a group of units was recorded in a millisecond. The first unit of the group, in the order of the file, speaks for all, as it does in the benchmark.</summary>
    public bool IsKnown(bool isHeldOut, long millisecond)
    {
        foreach (var part in _parts)
        {
            if (millisecond >= part.Start && millisecond < part.Start + (long)part.Length)
            {
                return Covers(isHeldOut ? part.HeldOutKnown : part.HeldInKnown, millisecond - part.Start);
            }
        }

        return false;
    }

    /// <summary>Stretches without a gap of a group of units, in ms of the grid.</summary>
    public IEnumerable<(int Start, int End)> Known(bool isHeldOut) =>
        _parts.SelectMany(part => (isHeldOut ? part.HeldOutKnown : part.HeldInKnown).Select(one => (part.Start + (int)one.Start, part.Start + (int)one.End)));

    /// <summary>Hands over in which millisecond of the grid each spike of a unit lies, in seconds (so that a bin of the grid holds it whole).</summary>
    public void ReadSpikes(long unit, TakeTimes take)
    {
        foreach (var part in _parts)
        {
            if (!part.RowOf.TryGetValue(unit, out var row))
            {
                continue;
            }

            part.Units.Read(row, times =>
            {
                var moved = new double[times.Length];
                for (var i = 0; i < moved.Length; i++)
                {
                    var millisecond = Math.Floor(Math.Round(times[i] * 1000 * 1e6) / 1e6);
                    moved[i] = millisecond >= 0 && millisecond < part.Length ? (part.Start + millisecond) / 1000 : double.NaN;
                }

                take(moved);
            });
        }
    }

    /// <summary>A series of all files that have it; null where none has.</summary>
    public (MillisecondSeries Values, IReadOnlyList<string>? Names, string Unit)? Series(string name, int step)
    {
        var found = _parts.Where(part => part.File.Series.Any(path => path.EndsWith($"/{name}", StringComparison.Ordinal)))
            .Select(part => (part.Path, Series: part.File.FindSeries(name, isAsStored: true), part.Start, part.Length)).ToList();
        if (found.Count == 0)
        {
            return null;
        }

        var first = found[0].Series;
        if (found.FirstOrDefault(one => one.Series.Channels != first.Channels || !Same(one.Series.ChannelNames, first.ChannelNames)) is { Series: not null } other)
        {
            throw new InputException($"--nlb: {other.Path}: '{name}' has other channels than in {found[0].Path}; give files of one set.");
        }

        // The benchmark sorts columns by their names.
        int[] order = [.. Enumerable.Range(0, first.Channels).OrderBy(channel => first.ChannelNames?[channel] ?? "", StringComparer.Ordinal)];
        var values = MillisecondSeries.Read(Length, step, found.Select(one => (one.Path, (ITimedSeries)one.Series, one.Start, one.Length)), order);
        return (values, first.ChannelNames is { } names ? [.. order.Select(channel => names[channel])] : null, first.Unit);
    }

    private static bool Same(IReadOnlyList<string>? some, IReadOnlyList<string>? others) => (some ?? []).SequenceEqual(others ?? [], StringComparer.Ordinal);

    private static bool Covers(Interval[] known, long millisecond)
    {
        var (low, high) = (0, known.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = known[middle].End <= millisecond ? (middle + 1, high) : (low, middle);
        }

        return low < known.Length && known[low].Start <= millisecond;
    }

    private void Read(string[] files)
    {
        Path = string.Join(", ", files.Select(System.IO.Path.GetFileName));
        var trials = 0;
        foreach (var path in files)
        {
            var source = ImportSource.Open(path);
            _sources.Add(source);
            if (source.Archive is not { } archive || !NwbFile.Is(archive))
            {
                throw new InputException($"--nlb: {path} is no NWB file; give the files of the set from the DANDI archive.");
            }

            var file = new NwbFile(archive);
            file.Version();
            var units = file.FindUnits() is { } table ? new NwbUnits(archive, table, file.Remarks) : throw new InputException($"--nlb: {path} has no units with spike times.");
            var rows = file.FindTrials(null)?.ToColumns() ?? throw new InputException($"--nlb: {path} has no table of trials.");
            var part = Lay(path, file, units);
            _parts.Add(part);
            for (var row = 0; row < rows.Rows; row++)
            {
                _rows.Add(new Row(rows, row, part.Start * NanosecondsOfOne, trials, _parts.Count - 1, part.HasHeldOut));
            }

            trials += rows.Rows;
            Remarks.AddRange(file.Remarks);
        }

        var (seen, held) = (new SortedSet<long>(), new SortedSet<long>());
        foreach (var part in _parts)
        {
            seen.UnionWith(part.SeenIds);
            held.UnionWith(part.HeldIds);
        }

        if (seen.Overlaps(held))
        {
            throw new InputException($"--nlb: unit {seen.Intersect(held).First()} is held out in one of {Path} and not in another; give files of one set.");
        }

        (HeldIn, HeldOut) = ([.. seen], [.. held]);
    }

    private Part Lay(string path, NwbFile file, NwbUnits units)
    {
        var columns = units.Table.ToColumns();
        var ids = columns.RequireNumbers(path, "--nlb", TimedSession.IdColumn);
        if (Array.Exists(ids, id => id != Math.Floor(id) || Math.Abs(id) > 1e15) || ids.Distinct().Count() < ids.Length)
        {
            throw new InputException($"--nlb: ids of the units of {path} are not unique whole numbers, and the benchmark orders units by them.");
        }

        var held = columns.Require(path, "--nlb", HeldOutColumn) switch
        {
            { Kind: ColumnKind.Truth or ColumnKind.Number } column => Array.ConvertAll(column.Numbers, number => number != 0),
            var column => throw new InputException($"--nlb: column '{HeldOutColumn}' of the units of {path} holds {column.Type}; it must say true or false."),
        };
        if (units.Observed is not { } observed || observed.All(one => one is not { Count: > 0 }))
        {
            throw new InputException($"--nlb: the units of {path} have no obs_intervals, which tell how long the recording is.");
        }

        var seconds = observed.Max(one => one is { Count: > 0 } ? one[^1].End : double.NegativeInfinity);
        var start = _parts.Count == 0 ? 0 : StartBehind(_parts[^1]);
        if (!(seconds > 0) || seconds + (start / 1000.0) > LongestSeconds)
        {
            throw new InputException($"--nlb: {path} would last from 0 to {seconds} s; are times in seconds?");
        }

        var length = (int)Math.Round(seconds * 1000);
        Length = start + length;
        return new Part(
            path, file, units, start, length, KnownOf(false), KnownOf(true), [.. Enumerable.Range(0, ids.Length).Where(i => !held[i]).Select(i => (long)ids[i])],
            [.. Enumerable.Range(0, ids.Length).Where(i => held[i]).Select(i => (long)ids[i])], Enumerable.Range(0, ids.Length).ToDictionary(i => (long)ids[i]));

        Interval[] KnownOf(bool isHeldOut) => Array.FindIndex(held, one => one == isHeldOut) is >= 0 and var first
            ? Intervals.Joined((observed[first] ?? []).Select(one => new Interval(
                Math.Clamp((long)Math.Ceiling(Math.Round(one.Start * 1000, 6)), 0, length), Math.Clamp((long)Math.Floor(Math.Round(one.End * 1000, 6)), 0, length))))
            : [];
    }

    /// <summary>Where the file behind another begins, in ms.</summary>
    private static int StartBehind(Part part)
    {
        var last = (part.Start + part.Length - 1) / 1000.0;
        return (int)(Math.Ceiling((last + 0.05) * 10) * 100);
    }

    /// <summary>A trial: a row of the table of its file, whose times are moved to where the file lies.</summary>
    public sealed record Row(ColumnTable Table, int Index, long Offset, int FirstOfFile, int File, bool HasHeldOut)
    {
        /// <summary>The trial's number among all, which is the file's where ids count from 0.</summary>
        public int Number => FirstOfFile + Index;

        /// <summary>What the trial is for, in the words of the benchmark; empty where it is not told.</summary>
        public string Split => Table.Find(SplitColumn) is { Kind: ColumnKind.Text } column ? column.Texts[Index].Trim() : "";

        /// <summary>A time in ns of the grid; null where it is missing.</summary>
        public long? Time(string path, string column) =>
            Table.RequireNumbers(path, "--nlb", column)[Index] is var seconds && Nanoseconds.CanHold(seconds) ? Nanoseconds.Of(seconds) + Offset : null;

        /// <summary>A number, or a truth as 0 or 1; null where it is missing or no such column is there.</summary>
        public double? Value(string column) =>
            Table.Find(column) is { Kind: ColumnKind.Number or ColumnKind.Truth } found && !double.IsNaN(found.Numbers[Index]) ? found.Numbers[Index] : null;

        /// <summary>What is known of the trial, times moved.</summary>
        public Dictionary<string, TrialLabel> Labels()
        {
            var labels = Table.Labels(Index);
            foreach (var name in labels.Keys.Where(name => name.EndsWith("_time", StringComparison.Ordinal) && labels[name].Text is null).ToList())
            {
                labels[name] = new TrialLabel(labels[name].Number + Nanoseconds.Seconds(Offset));
            }

            return labels;
        }
    }

    private sealed record Part(
        string Path, NwbFile File, NwbUnits Units, int Start, int Length, Interval[] HeldInKnown, Interval[] HeldOutKnown, long[] SeenIds, long[] HeldIds, Dictionary<long, int> RowOf)
    {
        public bool HasHeldOut => HeldIds.Length > 0;
    }
}
