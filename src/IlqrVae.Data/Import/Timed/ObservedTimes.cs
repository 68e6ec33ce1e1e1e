namespace IlqrVae.Data.Import.Timed;

/// <summary>
/// When the units of a session were observed; units that share their times share a set. What is not told lasts from the first to the last thing that happened.
/// </summary>
internal sealed class ObservedTimes
{
    private readonly TimedSession _session;
    private readonly int[] _units;
    private readonly double _width;
    private readonly Interval[][] _sets;
    private readonly int[] _setOf;

    /// <summary>Finds the times.</summary>
    /// <param name="session">The session.</param>
    /// <param name="units">Rows of the units that are taken.</param>
    /// <param name="width">Of a bin, in seconds.</param>
    /// <param name="remarks">Told where the file does not say it of some units.</param>
    public ObservedTimes(TimedSession session, int[] units, double width, List<string> remarks)
    {
        (_session, _units, _width) = (session, units, width);
        var found = new List<Interval[]>();
        var untold = 0;
        _setOf = new int[Math.Max(1, units.Length)];
        for (var i = 0; i < _units.Length; i++)
        {
            Interval[] intervals = _session.Observed?[_units[i]] is { Count: > 0 } told
                ? Intervals.Joined(told.Where(one => Nanoseconds.CanHold(one.Start) && Nanoseconds.CanHold(one.End)).Select(one => new Interval(Nanoseconds.Of(one.Start), Nanoseconds.Of(one.End))))
                : [];
            if (intervals.Length == 0)
            {
                untold++;
                _setOf[i] = -1;
                continue;
            }

            var set = found.FindIndex(other => other.AsSpan().SequenceEqual(intervals));
            if (set < 0)
            {
                set = found.Count;
                found.Add(intervals);
            }

            _setOf[i] = set;
        }

        if (untold > 0 || _units.Length == 0)
        {
            if (untold > 0 && untold < _units.Length)
            {
                remarks.Add($"{session.Path}: it is not told when {untold} of {_units.Length} units were observed; they are taken to have been all along.");
            }

            Array.ForEach(Enumerable.Range(0, _setOf.Length).Where(i => _units.Length == 0 || _setOf[i] < 0).ToArray(), i => _setOf[i] = found.Count);
            found.Add(Intervals.Joined([Extent(found.SelectMany(set => set))]));
        }

        _sets = [.. found];
    }

    /// <summary>The times during which any unit was observed.</summary>
    public Interval[] OfAny() => Intervals.Joined(_sets.SelectMany(set => set));

    /// <summary>Whether any unit was observed in any bin.</summary>
    public bool IsSeen(TimeGrid grid)
    {
        var span = grid.Span;
        return Array.Exists(_sets, set => set.Any(one => one.Start < span.End && one.End > span.Start))
            && (grid.Bins > 1 << 20 || Array.Exists(_sets, set => Intervals.Cover(set, grid, new bool[grid.Bins]) < grid.Bins));
    }

    /// <summary>Which entries of a trial were observed; null where all were.</summary>
    public bool[]? Of(TimeGrid grid)
    {
        var whole = Array.ConvertAll(_sets, _ => new bool[grid.Bins]);
        var missing = 0L;
        for (var set = 0; set < _sets.Length; set++)
        {
            missing += Intervals.Cover(_sets[set], grid, whole[set]);
        }

        if (missing == 0)
        {
            return null;
        }

        var observed = new bool[(long)grid.Bins * _units.Length];
        for (var i = 0; i < observed.Length; i++)
        {
            observed[i] = whole[_setOf[i % _units.Length]][i / _units.Length];
        }

        return observed;
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
}
