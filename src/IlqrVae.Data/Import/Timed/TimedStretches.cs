using System.Globalization;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Import.Timed;

/// <summary>Bins without a pause, or of a trial.</summary>
/// <param name="Name">The name of a trial.</param>
/// <param name="Grid">The bins.</param>
/// <param name="Row">The trial's row in the table of trials, else -1.</param>
/// <param name="Split">What the trial is for, where the file says so.</param>
internal sealed record Stretch(string Name, TimeGrid Grid, int Row, TrialSplit? Split);

/// <summary>Lays bins over a session: over what was recorded of it, or over the windows of its trials.</summary>
/// <param name="session">The session.</param>
/// <param name="options">How to cut it.</param>
/// <param name="width">Of a bin, in seconds.</param>
/// <param name="observed">When units were observed.</param>
/// <param name="mask">Tells which bins are to be taken; null where all are.</param>
/// <param name="remarks">Told what was left out.</param>
internal sealed class TimedStretches(TimedSession session, ImportOptions options, double width, ObservedTimes observed, Func<TimeGrid[], bool[][]>? mask, List<string> remarks)
{
    // Longer sessions are faults: times in another unit, or damaged ones.
    private const double LongestSession = 30 * 86_400;

    private readonly string _path = session.Path;

    /// <summary>The times during which any unit was observed, as bins.</summary>
    public List<Stretch> InTime()
    {
        var intervals = observed.OfAny();
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
            remarks.Add($"{_path}: the recording pauses {(intervals.Length == 2 ? "once," : $"{intervals.Length - 1} times, the first time")} from {Nanoseconds.Seconds(intervals[0].End)} s to {Nanoseconds.Seconds(intervals[1].Start)} s: trials end there.");
        }

        if (stretches.Count == 0)
        {
            throw new InputException($"{_path}: no stretch of the recording has {SessionCut.ShortestTrial} bins of {width} s; make bins narrower.");
        }

        return mask is null ? stretches : Unmasked(stretches);
    }

    /// <summary>What a mask leaves: runs of bins that are long enough.</summary>
    private List<Stretch> Unmasked(List<Stretch> stretches)
    {
        var kept = mask!([.. stretches.Select(one => one.Grid)]);
        var runs = new List<Stretch>();
        var (taken, all) = (0L, 0L);
        for (var i = 0; i < stretches.Count; i++)
        {
            all += kept[i].Length;
            for (var first = 0; first < kept[i].Length;)
            {
                var last = first;
                while (last < kept[i].Length && kept[i][last] == kept[i][first])
                {
                    last++;
                }

                if (kept[i][first] && last - first >= SessionCut.ShortestTrial)
                {
                    runs.Add(stretches[i] with { Grid = stretches[i].Grid.Part(first, last - first) });
                    taken += last - first;
                }

                first = last;
            }
        }

        if (runs.Count == 0)
        {
            throw new InputException($"--mask: {_path}: '{session.Mask!.Name}' leaves no {SessionCut.ShortestTrial} bins of {width} s one after the other; name another series, or leave --mask out.");
        }

        remarks.Add(string.Create(CultureInfo.InvariantCulture, $"{_path}: {100.0 * taken / all:0.##} % of the session is taken, in {runs.Count} {(runs.Count == 1 ? "stretch" : "stretches")} where '{session.Mask!.Name}' is not 0; trials end where it is."));
        return runs;
    }

    /// <summary>The bins between two times: from the first on, or on the grid of the session.</summary>
    private TimeGrid? Grid(long start, long end)
    {
        if (!options.OnSessionGrid)
        {
            var bins = TimeGrid.WholeBins(end - start, width);
            return bins is > 0 and <= int.MaxValue ? new TimeGrid(start, (int)bins, width) : null;
        }

        var first = (long)Math.Ceiling(start / (width * 1e9));
        while (Edge(first - 1) >= start)
        {
            first--;
        }

        while (Edge(first) < start)
        {
            first++;
        }

        // Edges are rounded one by one, so that the last bin may be one more or one less than the length says.
        var last = first + TimeGrid.WholeBins(Math.Max(0, end - Edge(first)), width);
        while (Edge(last + 1) <= end)
        {
            last++;
        }

        while (last > first && Edge(last) > end)
        {
            last--;
        }

        return last > first && last <= int.MaxValue && first >= int.MinValue ? new TimeGrid(0, (int)(last - first), width, (int)first) : null;

        long Edge(long k) => (long)Math.Round(k * width * 1e9);
    }

    /// <summary>The windows of the trials that are asked for and were recorded.</summary>
    public List<Stretch> OfTrials()
    {
        var trials = session.Trials!;
        if (trials.Rows == 0)
        {
            throw new InputException($"{_path}: {trials.Name} is empty; cut the session in time with --chunk SECONDS.");
        }

        var rows = Enumerable.Range(0, trials.Rows).ToList();
        if (options.Where is { } expression)
        {
            var holds = RowFilter.Rows("--where", expression, trials, _path);
            rows = [.. rows.Where(row => holds[row])];
            if (rows.Count == 0)
            {
                throw new InputException($"--where: {_path} has no trial for which {Messages.OneLine(expression)}; choose others.");
            }

            remarks.Add($"{_path}: {rows.Count} of {trials.Rows} trials are as --where asks.");
        }

        var splits = TrialColumns.Splits(_path, options, trials);
        Leave(rows, row => splits is not null && splits[row] is null, $"'{options.SplitColumn}' is none of train, validation and test");
        var spans = Spans(trials, rows);
        var names = TrialColumns.Names(_path, "trial", trials, [.. Enumerable.Range(0, trials.Rows)], remarks);
        var stretches = new List<Stretch>();
        var (tooShort, unseen, masked) = (new List<int>(), new List<int>(), new List<int>());
        foreach (var row in rows)
        {
            if (Grid(spans[row].Start, spans[row].End) is not { } grid)
            {
                tooShort.Add(row);
            }
            else if (!observed.IsSeen(grid))
            {
                unseen.Add(row);
            }
            else
            {
                stretches.Add(new Stretch(names[row], grid, row, splits?[row]));
            }
        }

        if (mask is not null && stretches.Count > 0)
        {
            var kept = mask([.. stretches.Select(one => one.Grid)]);
            int[] dark = [.. Enumerable.Range(0, stretches.Count).Where(i => !kept[i].AsSpan().Contains(true))];
            masked.AddRange(dark.Select(i => stretches[i].Row));
            stretches.RemoveAll(one => masked.Contains(one.Row));
        }

        Left(masked, $"'{session.Mask?.Name}' is 0 all through");
        Left(tooShort, "shorter than a bin");
        Left(unseen, "outside what was recorded");
        return stretches.Count > 0 ? stretches : throw new InputException($"{_path}: no trial of {trials.Name} remains; {(remarks.Count > 0 ? Messages.OneLine(remarks[^1][(_path.Length + 2)..]) : "choose others.")}");

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
                remarks.Add($"{_path}: {gone.Count} {(gone.Count == 1 ? "trial is" : "trials are")} left out (row {gone[0]}{(gone.Count > 1 ? " the first" : "")}): {why}.");
            }
        }

        Dictionary<int, (long Start, long End)> Spans(ColumnTable table, List<int> wanted)
        {
            var found = new Dictionary<int, (long, long)>();
            if (options.Align is null && options.Window is null)
            {
                var starts = table.RequireNumbers(_path, "--trials", TimedSession.StartColumn);
                var stops = table.RequireNumbers(_path, "--trials", TimedSession.StopColumn);
                Leave(wanted, row => !Nanoseconds.CanHold(starts[row]) || !Nanoseconds.CanHold(stops[row]), $"'{TimedSession.StartColumn}' or '{TimedSession.StopColumn}' is missing");
                Leave(wanted, row => stops[row] - starts[row] > LongestSession, "longer than 30 days");
                wanted.ForEach(row => found[row] = (Nanoseconds.Of(starts[row]), Nanoseconds.Of((session.Ends ?? stops)[row])));
                return OnSamples(found);
            }

            if (options.Window is not { } window)
            {
                throw new InputException("--align says what trials are aligned to; say from when to when about it, as in --window=-0.25..0.45.");
            }

            if (Math.Max(Math.Abs(window.From), Math.Abs(window.To)) > LongestSession)
            {
                throw new InputException($"The window from {window.From} s to {window.To} s is too long; it is in seconds.");
            }

            var column = options.Align ?? TimedSession.StartColumn;
            var times = table.RequireNumbers(_path, "--align", column);
            Leave(wanted, row => !Nanoseconds.CanHold(times[row]), $"'{column}' is missing");
            wanted.ForEach(row => found[row] = (Nanoseconds.Of(times[row]) + Nanoseconds.Of(window.From), Nanoseconds.Of(times[row]) + Nanoseconds.Of(window.To)));
            return OnSamples(found);
        }

        // Counts that come in bins of about the same width are taken as they are: no sample is cut by an edge.
        Dictionary<int, (long Start, long End)> OnSamples(Dictionary<int, (long Start, long End)> asked)
        {
            if (session.Counts is not { } counts || options.OnSessionGrid || !counts.AreBins(width))
            {
                return asked;
            }

            var snapped = asked.ToDictionary(one => one.Key, one => counts.Snap(one.Value.Start, one.Value.End));
            var most = asked.Select(one => Math.Abs(snapped[one.Key].Start - one.Value.Start)).DefaultIfEmpty(0).Max();
            if (most > 1000)
            {
                remarks.Add(string.Create(CultureInfo.InvariantCulture, $"{_path}: bins are those of '{counts.Name}', so that windows begin up to {most / 1e6:0.##} ms from where they were asked."));
            }

            return snapped;
        }
    }
}
