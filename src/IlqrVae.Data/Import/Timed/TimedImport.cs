using System.Globalization;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Import.Timed;

/// <summary>Makes a recording of a session of spike times, trials and series: cuts, counts, resamples, and marks what was not recorded. No format is known here.</summary>
internal sealed class TimedImport
{
    /// <summary>Width of a bin in seconds where none is given.</summary>
    public const double DefaultBinWidth = 0.01;

    /// <summary>What an importer of such a format takes, besides options of its own.</summary>
    public static readonly IReadOnlyList<string> Options =
    [
        "--values", "--behaviour", "--lag", "--bin-width", "--trials", "--align", "--window", "--session-grid", "--where", "--units", "--minimum-rate",
        "--held-out-units", "--condition", "--train-fraction", "--validation-fraction", "--validation-every", "--chunk", "--chunk-overlap", "--chunk-test",
        "--split-column", "--split-blocks", "--split-seed",
    ];

    // Longer sessions are faults: times in another unit, or damaged ones.
    private const double LongestSession = 30 * 86_400;

    // A file of so many bytes has hardly more entries of a recording to tell about: a spike takes eight bytes, and there are hardly more than thousands of bins between two.
    private const long EntriesOfAnyFile = 1 << 27;
    private const long EntriesOfByte = 2000;

    // A value takes so much more memory than a count.
    private const int BytesOfValue = 16;

    private readonly TimedSession _session;
    private readonly ImportOptions _options;
    private readonly string _path;
    private readonly double _width;
    private readonly List<string> _remarks = [];
    private readonly int[] _units;
    private Interval[][] _observed = [];
    private int[] _observedOf = [];

    private TimedImport(TimedSession session, ImportOptions options)
    {
        (_session, _options, _path) = (session, options, session.Path);
        _width = options.BinWidth ?? DefaultBinWidth;
        if (options.BinWidth is null)
        {
            _remarks.Add($"{_path}: bins of {_width * 1000} ms are taken; give another width with --bin-width.");
        }

        if (_width < 1e-6)
        {
            throw new InputException($"The bin width is {_width} s; give one microsecond or more.");
        }

        _units = ChooseUnits();
    }

    /// <summary>Whether a session is to be cut by its trials and not in time.</summary>
    public static bool IsByTrials(ImportOptions options) =>
        options.Trials is not null || options.Align is not null || options.Window is not null || options.Where is not null || options.SplitColumn is not null || options.Conditions.Count > 0;

    /// <summary>Makes the recording.</summary>
    /// <param name="session">The session.</param>
    /// <param name="options">What to take and how to cut it.</param>
    /// <param name="remarks">What was said before.</param>
    /// <exception cref="InputException">The session is faulty or the options do not fit it.</exception>
    public static ImportedRecording Import(TimedSession session, ImportOptions options, IEnumerable<string> remarks)
    {
        var import = new TimedImport(session, options);
        var recording = import.Make();
        recording.Validate(session.Path);
        return new ImportedRecording(recording, [.. remarks, .. import._remarks]);
    }

    private Recording Make()
    {
        var byTrials = IsByTrials(_options) || (_options.ChunkSeconds is null && _session.Trials is { Rows: > 0 });
        if (byTrials && _session.Trials is null)
        {
            throw new InputException($"{_path}: there is no table of trials; leave out the options that need one, or name a table with --trials.");
        }

        FindObserved();
        var stretches = byTrials ? Trials() : Stretches();
        var cuts = byTrials
            ? SessionCut.OfTrials(_path, _options, [.. stretches.Select(one => new TrialPiece(one.Name, one.Grid.Bins, Nanoseconds.Seconds(one.Grid.Edge(0)), one.Split))], _width)
            : SessionCut.OfSession(_path, _options, [.. stretches.Select(one => one.Grid.Bins)], _width);
        if (!cuts.Exists(cut => cut.Split == TrialSplit.Train))
        {
            _remarks.Add($"{_path}: no trial is for training.");
        }

        TimeGrid[] grids = [.. cuts.Select(cut => stretches[cut.Stretch].Grid.Part(cut.First, cut.Bins))];
        RequireSize(grids);
        RemarkOverlaps(cuts, grids);
        var observations = cuts.Select(_ => new List<Observations>()).ToList();
        var groups = new List<ChannelGroup>();
        if (_units.Length > 0)
        {
            groups.Add(new ChannelGroup("spikes", ChannelKind.Counts, _units.Length, "", TrialColumns.Names(_path, "unit", _session.Units!, _units, _remarks)));
            CountSpikes(grids, observations);
        }

        foreach (var (wanted, series) in _session.Series)
        {
            groups.Add(AddSeries(wanted, series, grids, observations));
        }

        if (groups.Count == 0)
        {
            throw new InputException($"{_path}: there are neither units nor series to import; name a series with --behaviour.");
        }

        var conditions = TrialColumns.Conditions(_path, _options, _session.Trials, [.. stretches.Select(one => one.Row)], _remarks);
        var recording = new Recording
        {
            BinWidth = _width,
            Groups = groups,
            Source = _session.Source,
            Trials =
            [
                .. cuts.Select((cut, t) => new Trial
                {
                    Name = cut.Name,
                    Bins = cut.Bins,
                    Split = cut.Split,
                    Observations = observations[t],
                    Labels = new Dictionary<string, TrialLabel>(TrialColumns.Labels(_session.Trials, stretches[cut.Stretch].Row), StringComparer.Ordinal) { ["first_bin_time"] = new(Nanoseconds.Seconds(grids[t].Edge(0))) },
                    Truth = TrialColumns.Truth(conditions?[cut.Stretch], cut.Bins),
                }),
            ],
        };
        return HoldOut(ByRate(recording));
    }

    private int[] ChooseUnits()
    {
        if (_session.Units is not { } units)
        {
            return _options.Units is null && _options.HeldOutUnits is null ? [] : throw new InputException($"{_path}: there are no units to choose from; leave out --units and --held-out-units.");
        }

        int[] chosen = [.. Enumerable.Range(0, units.Rows)];
        if (_options.Units is { } expression)
        {
            var holds = RowFilter.Rows("--units", expression, units, _path);
            chosen = [.. chosen.Where(unit => holds[unit])];
            _remarks.Add($"{_path}: {chosen.Length} of {units.Rows} units are as --units asks.");
            if (chosen.Length == 0)
            {
                throw new InputException($"--units: {_path} has no unit for which {Messages.OneLine(expression)}; choose others.");
            }
        }

        return chosen;
    }

    /// <summary>When units were observed; units that share their times share a set. What is not told is from the first to the last thing that happened.</summary>
    private void FindObserved()
    {
        var found = new List<Interval[]>();
        var untold = 0;
        _observedOf = new int[Math.Max(1, _units.Length)];
        for (var i = 0; i < _units.Length; i++)
        {
            Interval[] intervals = _session.Observed?[_units[i]] is { Count: > 0 } told
                ? Intervals.Joined(told.Where(one => Nanoseconds.CanHold(one.Start) && Nanoseconds.CanHold(one.End)).Select(one => new Interval(Nanoseconds.Of(one.Start), Nanoseconds.Of(one.End))))
                : [];
            if (intervals.Length == 0)
            {
                untold++;
                _observedOf[i] = -1;
                continue;
            }

            var set = found.FindIndex(other => other.AsSpan().SequenceEqual(intervals));
            if (set < 0)
            {
                set = found.Count;
                found.Add(intervals);
            }

            _observedOf[i] = set;
        }

        if (untold > 0 || _units.Length == 0)
        {
            if (untold > 0 && untold < _units.Length)
            {
                _remarks.Add($"{_path}: it is not told when {untold} of {_units.Length} units were observed; they are taken to have been all along.");
            }

            Array.ForEach(Enumerable.Range(0, _observedOf.Length).Where(i => _units.Length == 0 || _observedOf[i] < 0).ToArray(), i => _observedOf[i] = found.Count);
            found.Add(Intervals.Joined([Extent(found.SelectMany(set => set))]));
        }

        _observed = [.. found];
    }

    /// <summary>From the first to the last spike, sample, trial or time of observation.</summary>
    private Interval Extent(IEnumerable<Interval> told)
    {
        var (start, end) = (double.PositiveInfinity, double.NegativeInfinity);
        void Take(double time) => (start, end) = Nanoseconds.CanHold(time) ? (Math.Min(start, time), Math.Max(end, time)) : (start, end);
        foreach (var one in told)
        {
            Take(Nanoseconds.Seconds(one.Start));
            Take(Nanoseconds.Seconds(one.End));
        }

        var lastSpike = double.NegativeInfinity;
        foreach (var unit in _units)
        {
            _session.Spikes!.Read(unit, times =>
            {
                foreach (var time in times)
                {
                    Take(time);
                    lastSpike = Nanoseconds.CanHold(time) ? Math.Max(lastSpike, time) : lastSpike;
                }
            });
        }

        foreach (var (_, series) in _session.Series.Where(one => one.Series.Samples > 0))
        {
            var times = new double[1];
            series.ReadTimes(0, times);
            Take(times[0]);
            series.ReadTimes(series.Samples - 1, times);
            Take(times[0]);
        }

        if (_session.Trials is { } trials)
        {
            foreach (var time in (trials.Find(TimedSession.StartColumn)?.Numbers ?? []).Concat(trials.Find(TimedSession.StopColumn)?.Numbers ?? []))
            {
                Take(time);
            }
        }

        if (!(start <= end))
        {
            return default;
        }

        // The last spike lies in a bin as well, which is taken as a whole.
        var bins = lastSpike >= start ? Math.Floor(((lastSpike - start) / _width) + 1e-9) + 1 : 0;
        return new Interval(Nanoseconds.Of(start), Nanoseconds.Of(Math.Max(end, Math.Min(start + (bins * _width), Nanoseconds.LargestSeconds))));
    }

    /// <summary>The times during which any unit was observed, as bins.</summary>
    private List<Stretch> Stretches()
    {
        var intervals = Intervals.Joined(_observed.SelectMany(set => set));
        if (intervals.Length == 0)
        {
            throw new InputException($"{_path}: no spike and no sample tells how long the session is; check that this is the right file.");
        }

        var seconds = Nanoseconds.Seconds(intervals[^1].End) - Nanoseconds.Seconds(intervals[0].Start);
        if (seconds > LongestSession)
        {
            throw new InputException(
                $"{_path}: the session would last {seconds / 86_400:F0} days, from {Nanoseconds.Seconds(intervals[0].Start)} s to {Nanoseconds.Seconds(intervals[^1].End)} s; are all times in seconds? Correct them, or cut by trials.");
        }

        var stretches = new List<Stretch>();
        foreach (var one in intervals)
        {
            var grid = Grid(one.Start, one.End);
            if (grid is { Bins: >= SessionCut.ShortestTrial })
            {
                stretches.Add(new Stretch("", grid, -1, null));
            }
        }

        if (intervals.Length > 1)
        {
            _remarks.Add($"{_path}: the recording pauses {(intervals.Length == 2 ? "once," : $"{intervals.Length - 1} times, the first time")} from {Nanoseconds.Seconds(intervals[0].End)} s to {Nanoseconds.Seconds(intervals[1].Start)} s: trials end there.");
        }

        return stretches.Count > 0
            ? stretches
            : throw new InputException($"{_path}: no stretch of the recording has {SessionCut.ShortestTrial} bins of {_width} s; make bins narrower.");
    }

    /// <summary>The bins between two times: from the first on, or on the grid of the session.</summary>
    private TimeGrid? Grid(long start, long end)
    {
        if (!_options.OnSessionGrid)
        {
            var bins = TimeGrid.WholeBins(end - start, _width);
            return bins is > 0 and <= int.MaxValue ? new TimeGrid(start, (int)bins, _width) : null;
        }

        var first = (long)Math.Ceiling(start / (_width * 1e9));
        while (Edge(first - 1) >= start)
        {
            first--;
        }

        while (Edge(first) < start)
        {
            first++;
        }

        // Edges are rounded one by one, so that the last bin may be one more or one less than the length says.
        var last = first + TimeGrid.WholeBins(Math.Max(0, end - Edge(first)), _width);
        while (Edge(last + 1) <= end)
        {
            last++;
        }

        while (last > first && Edge(last) > end)
        {
            last--;
        }

        return last > first && last <= int.MaxValue && first >= int.MinValue ? new TimeGrid(0, (int)(last - first), _width, (int)first) : null;

        long Edge(long k) => (long)Math.Round(k * _width * 1e9);
    }

    /// <summary>The windows of the trials that are asked for and were recorded.</summary>
    private List<Stretch> Trials()
    {
        var trials = _session.Trials!;
        if (trials.Rows == 0)
        {
            throw new InputException($"{_path}: {trials.Name} is empty; cut the session in time with --chunk SECONDS.");
        }

        var rows = Enumerable.Range(0, trials.Rows).ToList();
        if (_options.Where is { } expression)
        {
            var holds = RowFilter.Rows("--where", expression, trials, _path);
            rows = [.. rows.Where(row => holds[row])];
            if (rows.Count == 0)
            {
                throw new InputException($"--where: {_path} has no trial for which {Messages.OneLine(expression)}; choose others.");
            }

            _remarks.Add($"{_path}: {rows.Count} of {trials.Rows} trials are as --where asks.");
        }

        var splits = TrialColumns.Splits(_path, _options, trials);
        Leave(rows, row => splits is not null && splits[row] is null, $"'{_options.SplitColumn}' is none of train, validation and test");
        var spans = Spans(trials, rows);
        var names = TrialColumns.Names(_path, "trial", trials, [.. Enumerable.Range(0, trials.Rows)], _remarks);
        var stretches = new List<Stretch>();
        var (tooShort, unseen) = (new List<int>(), new List<int>());
        foreach (var row in rows)
        {
            if (Grid(spans[row].Start, spans[row].End) is not { } grid)
            {
                tooShort.Add(row);
            }
            else if (!IsSeen(grid))
            {
                unseen.Add(row);
            }
            else
            {
                stretches.Add(new Stretch(names[row], grid, row, splits?[row]));
            }
        }

        Left(tooShort, "shorter than a bin");
        Left(unseen, "outside what was recorded");
        return stretches.Count > 0 ? stretches : throw new InputException($"{_path}: no trial of {trials.Name} remains; {(_remarks.Count > 0 ? Messages.OneLine(_remarks[^1][(_path.Length + 2)..]) : "choose others.")}");

        void Leave(List<int> all, Predicate<int> isOut, string why)
        {
            var gone = all.FindAll(isOut);
            all.RemoveAll(isOut);
            Left(gone, why);
        }

        void Left(List<int> gone, string why)
        {
            if (gone.Count > 0)
            {
                _remarks.Add($"{_path}: {gone.Count} {(gone.Count == 1 ? "trial is" : "trials are")} left out (row {gone[0]}{(gone.Count > 1 ? " the first" : "")}): {why}.");
            }
        }

        Dictionary<int, (long Start, long End)> Spans(ColumnTable table, List<int> wanted)
        {
            var found = new Dictionary<int, (long, long)>();
            if (_options.Align is null && _options.Window is null)
            {
                var starts = table.RequireNumbers(_path, "--trials", TimedSession.StartColumn);
                var stops = table.RequireNumbers(_path, "--trials", TimedSession.StopColumn);
                Leave(wanted, row => !Nanoseconds.CanHold(starts[row]) || !Nanoseconds.CanHold(stops[row]), $"'{TimedSession.StartColumn}' or '{TimedSession.StopColumn}' is missing");
                Leave(wanted, row => stops[row] - starts[row] > LongestSession, "longer than 30 days");
                wanted.ForEach(row => found[row] = (Nanoseconds.Of(starts[row]), Nanoseconds.Of(stops[row])));
                return found;
            }

            if (_options.Window is not { } window)
            {
                throw new InputException("--align says what trials are aligned to; say from when to when about it, as in --window=-0.25..0.45.");
            }

            if (Math.Max(Math.Abs(window.From), Math.Abs(window.To)) > LongestSession)
            {
                throw new InputException($"The window from {window.From} s to {window.To} s is too long; it is in seconds.");
            }

            var column = _options.Align ?? TimedSession.StartColumn;
            var times = table.RequireNumbers(_path, "--align", column);
            Leave(wanted, row => !Nanoseconds.CanHold(times[row]), $"'{column}' is missing");
            wanted.ForEach(row => found[row] = (Nanoseconds.Of(times[row]) + Nanoseconds.Of(window.From), Nanoseconds.Of(times[row]) + Nanoseconds.Of(window.To)));
            return found;
        }
    }

    /// <summary>Whether any unit was observed in any bin.</summary>
    private bool IsSeen(TimeGrid grid)
    {
        var span = grid.Span;
        return Array.Exists(_observed, set => set.Any(one => one.Start < span.End && one.End > span.Start))
            && (grid.Bins > 1 << 20 || Array.Exists(_observed, set => Intervals.Cover(set, grid, new bool[grid.Bins]) < grid.Bins));
    }

    private void RequireSize(TimeGrid[] grids)
    {
        var channels = _units.Length + (BytesOfValue * _session.Series.Sum(one => one.Series.Channels));
        var most = Math.Max(EntriesOfAnyFile, _session.Bytes * EntriesOfByte);
        var entries = grids.Sum(grid => (double)grid.Bins) * channels;
        if (entries > most)
        {
            throw new InputException(
                $"{_path}: {grids.Sum(grid => (double)grid.Bins):F0} bins are more than a file of {_session.Bytes} bytes can tell about; are all times in seconds? Give wider bins or fewer trials.");
        }

        if (grids.FirstOrDefault(grid => (long)grid.Bins * Math.Max(_units.Length, _session.Series.Select(one => one.Series.Channels).DefaultIfEmpty(0).Max()) > Array.MaxLength) is { } longest)
        {
            throw new InputException($"{_path}: a trial of {longest.Bins} bins is larger than {Array.MaxLength} entries; cut it with --chunk SECONDS or give wider bins.");
        }
    }

    /// <summary>Trials may overlap, as windows do; but what is tested must not have been learned.</summary>
    private void RemarkOverlaps(List<TrialCut> cuts, TimeGrid[] grids)
    {
        int[] order = [.. Enumerable.Range(0, grids.Length).OrderBy(t => grids[t].Edge(0))];
        var (shared, example) = (0, "");
        long[] latest = [long.MinValue, long.MinValue, long.MinValue];
        int[] latestOf = [-1, -1, -1];
        foreach (var t in order)
        {
            var split = (int)cuts[t].Split;
            var other = Enumerable.Range(0, latest.Length).FirstOrDefault(s => s != split && latest[s] > grids[t].Edge(0), -1);
            if (other >= 0)
            {
                shared++;
                example = example.Length > 0 ? example : $"'{cuts[latestOf[other]].Name}' and '{cuts[t].Name}'";
            }

            if (grids[t].Span.End > latest[split])
            {
                (latest[split], latestOf[split]) = (grids[t].Span.End, t);
            }
        }

        if (shared > 0)
        {
            _remarks.Add($"{_path}: {shared} trials share time with a trial of another split ({example} the first), so that what is tested was partly learned; make the window shorter or give --split-blocks.");
        }
    }

    private void CountSpikes(TimeGrid[] grids, List<List<Observations>> observations)
    {
        var counter = new SpikeCounter(grids, _units.Length);
        for (var i = 0; i < _units.Length; i++)
        {
            _session.Spikes!.Read(_units[i], times => counter.Add(i, times));
        }

        if (counter.Odd > 0)
        {
            _remarks.Add($"{_path}: {counter.Odd} spikes have a time that is no number and were left out.");
        }

        var missing = 0L;
        for (var t = 0; t < grids.Length; t++)
        {
            var observed = Observed(grids[t]);
            missing += observed is null ? 0 : observed.Count(one => !one);
            observations[t].Add(counter.Take(t, observed));
        }

        if (missing > 0)
        {
            var share = 100.0 * missing / (grids.Sum(grid => (double)grid.Bins) * _units.Length);
            _remarks.Add(string.Create(CultureInfo.InvariantCulture, $"{_path}: {share:0.##} % of the counts lie outside what was recorded of their units and are marked missing."));
        }
    }

    /// <summary>Which entries of a trial were observed; null where all were.</summary>
    private bool[]? Observed(TimeGrid grid)
    {
        var whole = Array.ConvertAll(_observed, _ => new bool[grid.Bins]);
        var missing = 0L;
        for (var set = 0; set < _observed.Length; set++)
        {
            missing += Intervals.Cover(_observed[set], grid, whole[set]);
        }

        if (missing == 0)
        {
            return null;
        }

        var observed = new bool[(long)grid.Bins * _units.Length];
        for (var i = 0; i < observed.Length; i++)
        {
            observed[i] = whole[_observedOf[i % _units.Length]][i / _units.Length];
        }

        return observed;
    }

    private ChannelGroup AddSeries(ImportedValues wanted, ITimedSeries series, TimeGrid[] grids, List<List<Observations>> observations)
    {
        var rows = wanted.Rows ?? [.. Enumerable.Range(0, series.Channels)];
        if (rows.Count == 0 || rows.Any(row => row < 0 || row >= series.Channels))
        {
            throw new InputException($"{_path}: channels {Messages.Names(rows.Select(row => $"{row}"))} are asked of '{series.Name}', which has channels 0 to {series.Channels - 1}; correct them.");
        }

        var values = Resampling.ToBins(_path, series, grids, _options.LagSeconds ?? 0, _remarks);
        var (missing, all) = (0L, 0L);
        for (var t = 0; t < grids.Length; t++)
        {
            var table = new Table(grids[t].Bins, series.Channels, values[t]);
            table = rows.SequenceEqual(Enumerable.Range(0, series.Channels)) ? table : table.SelectColumns([.. rows]);
            values[t] = [];
            bool[]? observed = null;
            if (table.Values.AsSpan().Contains(double.NaN))
            {
                observed = Array.ConvertAll(table.Values, value => !double.IsNaN(value));
                missing += observed.Count(one => !one);
            }

            all += table.Values.Length;
            observations[t].Add(observed?.AsSpan().Contains(true) == false ? Observations.Missing(table.Bins, table.Columns, ChannelKind.Values) : Observations.FromValues(table, observed));
        }

        if (missing > 0)
        {
            _remarks.Add(string.Create(CultureInfo.InvariantCulture, $"{_path}: {100.0 * missing / all:0.##} % of '{wanted.Group}' is missing in '{series.Name}', or lies beyond its samples."));
        }

        IReadOnlyList<string>? names = series.ChannelNames is { } known ? [.. rows.Select(row => known[row])] : null;
        return new ChannelGroup(wanted.Group, ChannelKind.Values, rows.Count, wanted.Unit.Length > 0 ? wanted.Unit : series.Unit, names);
    }

    /// <summary>Leaves out units that fire less than was asked, over the bins in which they were observed.</summary>
    private Recording ByRate(Recording recording)
    {
        if (_options.MinimumRate is not { } least || _units.Length == 0)
        {
            return recording;
        }

        var (sums, bins, row) = (new double[_units.Length], new long[_units.Length], new double[_units.Length]);
        foreach (var observations in recording.Trials.Select(trial => trial.Observations[0]))
        {
            for (var bin = 0; bin < observations.Bins; bin++)
            {
                observations.CopyRow<double>(bin, row);
                for (var unit = 0; unit < row.Length; unit++)
                {
                    sums[unit] += row[unit];
                    bins[unit] += observations.IsObserved(bin, unit) ? 1 : 0;
                }
            }
        }

        int[] kept = [.. Enumerable.Range(0, _units.Length).Where(unit => sums[unit] / Math.Max(1, bins[unit]) / _width >= least)];
        if (kept.Length == _units.Length)
        {
            return recording;
        }

        if (kept.Length == 0)
        {
            throw new InputException($"{_path}: no unit fires at {least} Hz or more in the trials; give a lower --minimum-rate.");
        }

        _remarks.Add($"{_path}: {_units.Length - kept.Length} of {_units.Length} units fire less than {least} Hz and are left out.");
        var group = recording.Groups[0];
        return recording with
        {
            Groups = [group with { Channels = kept.Length, ChannelNames = [.. kept.Select(unit => group.ChannelNames![unit])] }, .. recording.Groups.Skip(1)],
            Trials = [.. recording.Trials.Select(trial => trial with { Observations = [trial.Observations[0].SelectChannels(kept), .. trial.Observations.Skip(1)] })],
        };
    }

    private Recording HoldOut(Recording recording)
    {
        if (_options.HeldOutUnits is not { } expression)
        {
            return recording;
        }

        var holds = RowFilter.Rows("--held-out-units", expression, _session.Units!, _path);
        var names = TrialColumns.Names(_path, "unit", _session.Units!, _units, _remarks);
        var held = Enumerable.Range(0, _units.Length).Where(unit => holds[_units[unit]]).Select(unit => names[unit]).ToHashSet(StringComparer.Ordinal);
        int[] channels = [.. Enumerable.Range(0, recording.Groups[0].Channels).Where(channel => held.Contains(recording.Groups[0].ChannelNames![channel]))];
        return channels.Length > 0 && channels.Length < recording.Groups[0].Channels
            ? HeldOutChannels.Split(recording, channels)
            : throw new InputException($"--held-out-units: {_path}: {channels.Length} of {recording.Groups[0].Channels} units are such that {Messages.OneLine(expression)}; some must be held out and some stay.");
    }

    /// <summary>Bins without a pause, or of a trial.</summary>
    private sealed record Stretch(string Name, TimeGrid Grid, int Row, TrialSplit? Split);
}
