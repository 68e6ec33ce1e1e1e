using System.Globalization;
using IlqrVae.Data.Import.Nwb;
using IlqrVae.Data.Import.Timed;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Import.NeuralLatents;

/// <summary>
/// A set of the Neural Latents Benchmark, cut from its NWB files as the benchmark's own tools cut it: the same trials, windows, bins, lags and held-out units, with what the benchmark does
/// not have marked missing. A trial is the window and the 200 ms after it.
/// </summary>
public sealed class NeuralLatentsImport
{
    /// <summary>The group of units that inference sees; those to predict are <see cref="HeldOutChannels.GroupName"/>.</summary>
    public const string SeenGroup = "spikes";

    /// <summary>The table of how many bins later a trial's window lies, of sets that have jitter.</summary>
    public const string JitterTable = "jitter";

    // The smallest step of time where windows end, in ns: the benchmark ends them so much before the next bin may start.
    private const long Microsecond = 1000;
    private const long Millisecond = 1_000_000;

    private readonly MillisecondSession _session;
    private readonly NeuralLatentsSet _set;
    private readonly int _width;
    private readonly int _window;
    private readonly int _forward;
    private readonly List<string> _remarks = [];
    private List<Window> _windows = [];

    private NeuralLatentsImport(MillisecondSession session, NeuralLatentsSet set, int width)
    {
        (_session, _set, _width) = (session, set, width);
        _window = (set.WindowEnd - set.WindowStart) / width;
        _forward = NeuralLatentsSet.Forward / width;
    }

    private long Bin => _width * Millisecond;

    /// <summary>Imports.</summary>
    /// <param name="files">The set's NWB files, those of its training trials and, for the test phase, of its test trials.</param>
    /// <param name="set">The set.</param>
    /// <param name="binMilliseconds">5 or 20.</param>
    /// <param name="isTest">Whether the test trials are evaluated, and those of training and validation learned; else test trials are left out.</param>
    /// <exception cref="InputException">The files are not such, or lack what the set has.</exception>
    public static ImportedRecording Import(IReadOnlyList<string> files, NeuralLatentsSet set, double binMilliseconds, bool isTest)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(set);
        using var session = MillisecondSession.Open(files);
        return Make(session, set, binMilliseconds, isTest).Imported;
    }

    /// <summary>Whether a file is one that sets are imported from.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">There is no such file, or it cannot be read.</exception>
    public static bool Recognises(string path)
    {
        using var source = ImportSource.Open(path);
        return source.Archive is { } archive && NwbFile.Is(archive);
    }

    /// <summary>Imports with the condition averages of whole sessions, which a dataset does not hold.</summary>
    /// <inheritdoc cref="Import"/>
    public static (ImportedRecording Imported, SessionAverages? Averages) ImportWithAverages(IReadOnlyList<string> files, NeuralLatentsSet set, double binMilliseconds, bool isTest)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(set);
        using var session = MillisecondSession.Open(files);
        var (imported, import) = Make(session, set, binMilliseconds, isTest);
        return (imported, import.Averages());
    }

    /// <summary>The set of a name.</summary>
    /// <param name="name">As "mc_maze".</param>
    /// <exception cref="InputException">There is no such set.</exception>
    public static NeuralLatentsSet RequireSet(string name)
    {
        var names = NeuralLatentsSet.All.Select(set => set.Name).ToList();
        return NeuralLatentsSet.All.FirstOrDefault(set => string.Equals(set.Name, name, StringComparison.Ordinal))
            ?? throw new InputException($"--nlb: there is no set '{Messages.OneLine(name)}'; {Spelling.DidYouMean(name, names)}The sets are {string.Join(", ", names)}.");
    }

    private static int RequireBin(double milliseconds) => milliseconds is NeuralLatentsSet.NarrowBin or NeuralLatentsSet.WideBin
        ? (int)milliseconds
        : throw new InputException(FormattableString.Invariant($"--bin: the benchmark has bins of {NeuralLatentsSet.NarrowBin} and {NeuralLatentsSet.WideBin} ms, and not of {milliseconds} ms; give one of them."));

    private static (ImportedRecording Imported, NeuralLatentsImport Import) Make(MillisecondSession session, NeuralLatentsSet set, double binMilliseconds, bool isTest)
    {
        var import = new NeuralLatentsImport(session, set, RequireBin(binMilliseconds));
        var recording = import.Make(isTest);
        recording.Validate(session.Path);
        return (new ImportedRecording(recording, [.. session.Remarks, .. import._remarks]), import);
    }

    /// <summary>Averages over the conditions of the trials that were cut; null where the set has none, or the files do not tell them.</summary>
    private SessionAverages? Averages()
    {
        var numbers = TextNumbers();
        var made = _set.Conditions.Count == 0 ? null
            : SessionAverages.Of(_session, _set, _width, [.. _windows.Where(window => !window.IsEvaluated).Select(window => window.Row)], [.. _windows.Where(window => window.IsEvaluated).Select(window => window.Row)], Key, NextStarts());
        return made is { Averages.Count: > 0 } ? made : null;

        double[]? Key(MillisecondSession.Row row)
        {
            var key = IsOutlier(row) ? [] : _set.Conditions.Select(name => ValueOf(row, name, numbers)).OfType<double>().ToArray();
            return key.Length == _set.Conditions.Count ? key : null;
        }
    }

    private Recording Make(bool isTest)
    {
        if (_session.HeldOut.Count == 0)
        {
            _remarks.Add($"{_session.Path}: no unit is held out, as in files of test trials alone; give the file of the training trials too, so that there is a group '{HeldOutChannels.GroupName}' to predict.");
        }

        var learned = Cut(row => row.Split is "train" || (isTest && row.Split is "val"), isEvaluated: false);
        var evaluated = Cut(row => row.Split == (isTest ? "test" : "val"), isEvaluated: true);
        if (evaluated.Count == 0)
        {
            throw new InputException(
                $"--nlb: no trial of {_session.Path} is evaluated in the {(isTest ? "test" : "validation")} phase; its splits are {Messages.Names(_session.Rows.Select(row => row.Split).Distinct(StringComparer.Ordinal))}. {(isTest ? "Give the file of the test trials too, or leave --phase test out" : "Give --phase test for test trials")}.");
        }

        HideEvaluated(learned, evaluated);
        List<Window> windows = [.. learned.Concat(evaluated).OrderBy(window => window.Row.Number)];
        windows.RemoveAll(IsUnseen);
        if (windows.Count == 0)
        {
            throw new InputException($"--nlb: nothing was recorded in any window of {_session.Path}; are these files of {_set.Name}?");
        }

        _windows = windows;
        var behaviour = _set.Behaviour.Length == 0 ? null : _session.Series(_set.Behaviour, _width);
        if (behaviour is null && _set.Behaviour.Length > 0)
        {
            _remarks.Add($"{_session.Path}: there is no series '{_set.Behaviour}', so there is no behaviour; files of test trials have none.");
        }

        var groups = new List<ChannelGroup> { Group(SeenGroup, _session.HeldIn) };
        if (behaviour is { } series)
        {
            groups.Add(new ChannelGroup(_set.Behaviour, ChannelKind.Values, series.Values.Channels, series.Unit, series.Names));
        }

        if (_session.HeldOut.Count > 0)
        {
            groups.Add(Group(HeldOutChannels.GroupName, _session.HeldOut));
        }

        var (seen, held) = (Count(windows, _session.HeldIn), Count(windows, _session.HeldOut));
        var numbers = TextNumbers();
        var trials = new List<Trial>(windows.Count);
        for (var t = 0; t < windows.Count; t++)
        {
            var window = windows[t];
            var observations = new List<Observations> { seen.Take(t, Observed(window, isHeldOut: false)) };
            if (behaviour is { } values)
            {
                observations.Add(Values(window, values.Values));
            }

            if (_session.HeldOut.Count > 0)
            {
                observations.Add(held.Take(t, Observed(window, isHeldOut: true)));
            }

            var labels = window.Row.Labels();
            labels["first_bin_time"] = new TrialLabel(Nanoseconds.Seconds(window.First * Bin));
            trials.Add(new Trial
            {
                Name = Name(window.Row),
                Bins = _window + _forward,
                Split = window.Row.Split switch { "train" => TrialSplit.Train, "val" => TrialSplit.Validation, _ => TrialSplit.Test },
                Observations = observations,
                Labels = labels,
                Truth = Truth(window, numbers),
            });
        }

        if (seen.Odd + held.Odd > 0)
        {
            _remarks.Add($"{_session.Path}: {seen.Odd + held.Odd} spikes lie before 0 s or after the last obs_intervals and were left out.");
        }

        if (trials.Count(trial => Enumerable.Range(0, _window).Any(bin => !trial.Observations[0].IsObserved(bin))) is > 0 and var gaps)
        {
            _remarks.Add($"{_session.Path}: {gaps} windows were not recorded as a whole; what is missing in them is marked so.");
        }

        return new Recording
        {
            BinWidth = _width / 1000.0,
            Groups = groups,
            Trials = trials,
            Source = $"{_session.Path} (Neural Latents Benchmark, {_set.Name}, bins of {_width} ms, {(isTest ? "test" : "validation")} phase)",
        };
    }

    /// <summary>The windows of the trials of one part, in the order of the files.</summary>
    private List<Window> Cut(Predicate<MillisecondSession.Row> isIn, bool isEvaluated)
    {
        var path = _session.Path;
        var rows = _session.Rows.Where(row => isIn(row)).ToList();
        var times = rows.ConvertAll(row => row.Time(path, _set.AlignedTo));
        var jitters = Jitters(rows);
        var aligned = times.Select((time, i) => time + (jitters[i] * Bin)).ToList();
        var nextStarts = NextStarts();
        var windows = new List<Window>();
        var shortened = 0;
        var mayOverlap = _set.AllowsOverlap || (isEvaluated && _set.EvaluatesOverlap);
        for (var i = 0; i < rows.Count; i++)
        {
            if (aligned[i] is not { } time)
            {
                continue;
            }

            var (row, start, end) = (rows[i], time + (_set.WindowStart * Millisecond), time + (_set.WindowEnd * Millisecond));
            var lag = _set.Lag * Millisecond;
            var spikes = End(end, mayOverlap, 0);
            shortened += spikes < end ? 1 : 0;
            windows.Add(new Window
            {
                Row = row,
                IsEvaluated = isEvaluated,
                Jitter = jitters[i],
                First = FirstBin(start),
                SpikesEnd = spikes,
                ForwardEnd = end + (NeuralLatentsSet.Forward * Millisecond),
                BehaviourFirst = FirstBin(start + lag),
                BehaviourEnd = End(end + lag, _set.AllowsOverlap || _set.EvaluatesOverlap, lag),
                HeldOutFrom = isEvaluated && _set.EvaluatedFrom is { } from ? row.Time(path, from) ?? long.MaxValue : long.MinValue,
                HeldOutTo = isEvaluated && _set.EvaluatedFrom is not null ? time - (jitters[i] * Bin) : long.MaxValue,
            });

            // Where windows must not overlap, one ends where that of the next trial of the part starts, or the trial after that one.
            long End(long wanted, bool isFree, long shift)
            {
                if (isFree || i + 1 >= rows.Count)
                {
                    return wanted;
                }

                var next = Math.Min(aligned[i + 1] is { } other ? other + (_set.WindowStart * Millisecond) + shift : long.MaxValue, nextStarts[rows[i + 1].Number]);
                return wanted - Microsecond > next ? next : wanted;
            }
        }

        if (windows.Count < rows.Count)
        {
            _remarks.Add($"{path}: {rows.Count - windows.Count} trials are left out, whose '{_set.AlignedTo}' is missing.");
        }

        if (shortened > 0)
        {
            _remarks.Add($"{path}: {shortened} windows reach into the next trial's and end there; the benchmark's tools refuse such trials.");
        }

        return windows;
    }

    /// <summary>Of each trial of all when the one behind it starts.</summary>
    private long[] NextStarts()
    {
        long[] starts = [.. _session.Rows.Select(row => row.Time(_session.Path, TimedSession.StartColumn) ?? long.MaxValue)];
        return [.. starts.Skip(1), long.MaxValue];
    }

    /// <summary>How many bins later each window lies. The numbers are drawn anew for each part, one for each of its trials.</summary>
    private int[] Jitters(List<MillisecondSession.Row> rows)
    {
        var jitters = new int[rows.Count];
        if (_set.JitteredColumn is not { } column)
        {
            return jitters;
        }

        var random = new MersenneTwister(0);
        for (var i = 0; i < jitters.Length; i++)
        {
            var room = rows[i].Split == "test" ? 0 : Math.Clamp((_set.WindowEnd - _set.WindowStart) - (rows[i].Value(column) ?? double.NaN), 0, NeuralLatentsSet.LargestJitter);
            var drawn = random.NextUniform();
            jitters[i] = double.IsNaN(room)
                ? throw new InputException($"--nlb: trial {rows[i].Number} of {_session.Path} has no '{column}', which says how far its window may be moved.")
                : (int)Math.Round(drawn * Math.Floor(Math.Round(room / _width, 4)));
        }

        return jitters;
    }

    /// <summary>What is scored must not have been learned: bins after the window of a trial to learn from, where they are bins of an evaluated one, are marked missing.</summary>
    private void HideEvaluated(List<Window> learned, List<Window> evaluated)
    {
        var bins = new HashSet<long>(evaluated.SelectMany(window => Enumerable.Range(0, _window + _forward).Select(bin => window.First + bin)));
        var hidden = 0;
        foreach (var window in learned)
        {
            window.Hidden = [.. Enumerable.Range(_window, _forward).Select(bin => bins.Contains(window.First + bin))];
            hidden += window.Hidden.Contains(true) ? 1 : 0;
        }

        if (hidden > 0)
        {
            _remarks.Add($"{_session.Path}: after the windows of {hidden} trials to learn from come bins that evaluated trials have; they are marked missing.");
        }
    }

    private long FirstBin(long start) => (start / Bin) + (start % Bin > 0 ? 1 : 0);

    private bool IsUnseen(Window window) => Observed(window, isHeldOut: false) is { } observed && !observed.AsSpan(0, _window * _session.HeldIn.Count).Contains(true);

    private SpikeCounter Count(List<Window> windows, IReadOnlyList<long> units)
    {
        var counter = new SpikeCounter([.. windows.Select(window => new TimeGrid(0, _window + _forward, _width / 1000.0, checked((int)window.First)))], units.Count);
        for (var i = 0; i < units.Count; i++)
        {
            _session.ReadSpikes(units[i], times => counter.Add(i, times));
        }

        return counter;
    }

    /// <summary>Which counts of a trial the benchmark has; null for all.</summary>
    private bool[]? Observed(Window window, bool isHeldOut)
    {
        var units = isHeldOut ? _session.HeldOut.Count : _session.HeldIn.Count;
        var observed = new bool[(_window + _forward) * units];
        for (var bin = 0; bin < _window + _forward; bin++)
        {
            var time = (window.First + bin) * Bin;
            var isForward = bin >= _window;

            // Files of test trials hold back what is predicted; behind a window there lies another.
            var isThere = _session.IsKnown(isHeldOut, time / Millisecond) && time >= 0
                && (isForward ? time <= window.ForwardEnd - Microsecond && window.Row.HasHeldOut && !window.IsHidden(bin - _window) : time <= window.SpikesEnd - Microsecond)
                && (!isHeldOut || isForward || (time >= window.HeldOutFrom && time <= window.HeldOutTo - Microsecond));
            observed.AsSpan(bin * units, units).Fill(isThere);
        }

        return observed.AsSpan().Contains(false) ? observed : null;
    }

    private Observations Values(Window window, MillisecondSeries series)
    {
        var table = new Table(_window + _forward, series.Channels);
        var observed = new bool[table.Values.Length];
        for (var bin = 0; bin < _window && (window.BehaviourFirst + bin) * Bin <= window.BehaviourEnd - Microsecond; bin++)
        {
            for (var c = 0; c < series.Channels; c++)
            {
                var value = series.At(c, window.BehaviourFirst + bin);
                observed[(bin * series.Channels) + c] = !double.IsNaN(value);
                table[bin, c] = double.IsNaN(value) ? 0 : value;
            }
        }

        return observed.AsSpan().Contains(true) ? Observations.FromValues(table, observed) : Observations.Missing(table.Bins, table.Columns, ChannelKind.Values);
    }

    /// <summary>What conditions, decoders and correlations go by, one number a trial.</summary>
    private Dictionary<string, Table> Truth(Window window, Dictionary<string, List<string>> numbers)
    {
        var truth = new Dictionary<string, Table>(StringComparer.Ordinal);
        foreach (var column in IsOutlier(window.Row) ? [] : _set.Conditions.Concat(_set.TrialColumns).Append(_set.DecodedBy ?? "").Where(name => name.Length > 0).Distinct(StringComparer.Ordinal))
        {
            if (ValueOf(window.Row, column, numbers) is { } number)
            {
                truth[column] = Constant(number);
            }
        }

        if (_set.JitteredColumn is not null)
        {
            truth[JitterTable] = Constant(window.Jitter);
        }

        return truth;

        Table Constant(double value)
        {
            var table = new Table(_window + _forward, 1);
            Array.Fill(table.Values, value);
            return table;
        }
    }

    private bool IsOutlier(MillisecondSession.Row row) => _set.OutlierColumn is { } outlier && row.Value(outlier) is { } marked && marked != 0;

    private static double? ValueOf(MillisecondSession.Row row, string column, Dictionary<string, List<string>> numbers) =>
        numbers.TryGetValue(column, out var words) && row.Table.Find(column) is { Kind: ColumnKind.Text } found ? words.IndexOf(found.Texts[row.Index]) : row.Value(column);

    /// <summary>Words in columns of conditions, in their order, which number them.</summary>
    private Dictionary<string, List<string>> TextNumbers()
    {
        var tables = _session.Rows.Select(row => row.Table).Distinct().ToList();
        return _set.Conditions.Concat(_set.TrialColumns).Distinct(StringComparer.Ordinal)
            .Select(name => (Name: name, Words: tables.SelectMany(table => table.Find(name) is { Kind: ColumnKind.Text } column ? column.Texts : []).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList()))
            .Where(one => one.Words.Count > 0).ToDictionary(one => one.Name, one => one.Words, StringComparer.Ordinal);
    }

    private ChannelGroup Group(string name, IReadOnlyList<long> ids)
    {
        var digits = Math.Max(3, _session.HeldIn.Concat(_session.HeldOut).Max(id => Text(id).Length));
        return new ChannelGroup(name, ChannelKind.Counts, ids.Count, "", [.. ids.Select(id => $"unit-{Text(id).PadLeft(digits, '0')}")]);

        static string Text(long id) => id.ToString(CultureInfo.InvariantCulture);
    }

    private string Name(MillisecondSession.Row row)
    {
        var digits = Math.Max(3, (_session.Rows.Count - 1).ToString(CultureInfo.InvariantCulture).Length);
        return $"trial-{row.Number.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0')}";
    }

    /// <summary>Where a trial lies: bins of the session's grid, and times in ns up to which they count.</summary>
    private sealed record Window
    {
        public required MillisecondSession.Row Row { get; init; }

        public required bool IsEvaluated { get; init; }

        public required int Jitter { get; init; }

        public required long First { get; init; }

        public required long SpikesEnd { get; init; }

        public required long ForwardEnd { get; init; }

        public required long BehaviourFirst { get; init; }

        public required long BehaviourEnd { get; init; }

        public required long HeldOutFrom { get; init; }

        public required long HeldOutTo { get; init; }

        public bool[] Hidden { get; set; } = [];

        public bool IsHidden(int forward) => Hidden.Length > 0 && Hidden[forward];
    }
}
