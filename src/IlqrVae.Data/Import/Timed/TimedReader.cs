using System.Globalization;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Import.Timed;

/// <summary>Reads one session of spike times, trials and series: which units are taken, the bins there are, counts and values in some of them.</summary>
internal sealed class TimedReader
{
    // A file of so many bytes has hardly more entries of a recording to tell about: a spike takes eight bytes, and there are hardly more than thousands of bins between two.
    private const long EntriesOfAnyFile = 1 << 27;
    private const long EntriesOfByte = 2000;

    // A sample that lies by so little of a step before an edge is meant to lie on it.
    private const double Slack = 1e-4;

    // A value takes so much more memory than a count.
    private const int BytesOfValue = 16;

    private readonly ImportOptions _options;
    private readonly double _width;
    private readonly List<string> _remarks;
    private readonly string _path;
    private ObservedTimes? _observed;

    /// <summary>Chooses units; nothing else is read yet.</summary>
    /// <param name="session">The session.</param>
    /// <param name="options">What to take and how to cut it.</param>
    /// <param name="width">Of a bin, in seconds.</param>
    /// <param name="remarks">Told what was left out.</param>
    public TimedReader(TimedSession session, ImportOptions options, double width, List<string> remarks)
    {
        (Session, _options, _width, _remarks, _path) = (session, options, width, remarks, session.Path);
        Units = ChooseUnits();
        UnitNames = Units.Length == 0 ? [] : session.UnitNames is { } names ? [.. Units.Select(unit => names[unit])] : TrialColumns.Names(_path, "unit", session.Units!, Units, remarks);
    }

    public TimedSession Session { get; }

    /// <summary>Rows of the units that are taken.</summary>
    public int[] Units { get; private set; }

    public string[] UnitNames { get; private set; }

    private ObservedTimes Observed => _observed ??= new ObservedTimes(Session, Units, _width, _remarks);

    /// <summary>Takes units in the order of those of another file of the session.</summary>
    /// <returns>Whether both have the same units.</returns>
    public bool TakeOrder(TimedReader other)
    {
        if (_observed is not null)
        {
            throw new InvalidOperationException("Units were read already.");
        }

        var rows = UnitNames.Zip(Units).ToDictionary(one => one.First, one => one.Second, StringComparer.Ordinal);
        if (rows.Count != other.UnitNames.Length || !other.UnitNames.All(rows.ContainsKey))
        {
            return false;
        }

        (Units, UnitNames) = ([.. other.UnitNames.Select(name => rows[name])], other.UnitNames);
        return true;
    }

    /// <summary>The bins that can be cut: of trials, or of what was recorded.</summary>
    public List<Stretch> Stretches(bool areTrials)
    {
        if (areTrials && Session.Trials is null)
        {
            throw new InputException($"{_path}: there is no table of trials; leave out the options that need one, or name a table with --trials.");
        }

        var stretches = new TimedStretches(Session, _options, _width, Observed, Session.Mask is { } mask ? grids => Kept("--mask", mask, grids) : null, _remarks);
        return areTrials ? stretches.OfTrials() : stretches.InTime();
    }

    /// <summary>Refuses more bins than the file can have to tell about, and trials that are too long.</summary>
    public void RequireSize(TimeGrid[] grids)
    {
        var channels = Units.Length + (BytesOfValue * Session.Series.Sum(one => one.Series.Channels));
        var most = Math.Max(EntriesOfAnyFile, Session.Bytes * EntriesOfByte);
        var entries = grids.Sum(grid => (double)grid.Bins) * channels;
        if (entries > most)
        {
            throw new InputException(
                $"{_path}: {grids.Sum(grid => (double)grid.Bins):F0} bins are more than a file of {Session.Bytes} bytes can tell about; are all times in seconds? Give wider bins or fewer trials.");
        }

        if (grids.FirstOrDefault(grid => (long)grid.Bins * Math.Max(Units.Length, Session.Series.Select(one => one.Series.Channels).DefaultIfEmpty(0).Max()) > Array.MaxLength) is { } longest)
        {
            throw new InputException($"{_path}: a trial of {longest.Bins} bins is larger than {Array.MaxLength} entries; cut it with --chunk SECONDS or give wider bins.");
        }
    }
    /// <summary>Counts of spikes in the bins of each trial.</summary>
    /// <param name="grids">The bins of each trial.</param>
    /// <param name="counted">Told of each unit that is counted.</param>
    public Observations[] Count(TimeGrid[] grids, Action? counted = null)
    {
        var counter = new SpikeCounter(grids, Units.Length);
        SpikeCounter? samples = null;
        if (Session.Counts is { } binned)
        {
            binned.RequireWidth(_path, _width);
            binned.AddTo(_path, counter, samples = new SpikeCounter(grids, 1), Units);
        }
        else
        {
            for (var i = 0; i < Units.Length; i++)
            {
                Session.Spikes!.Read(Units[i], times => counter.Add(i, times));
                counted?.Invoke();
            }
        }

        var kept = Session.Mask is { } mask ? Kept("--mask", mask, grids) : null;

        if (counter.Odd > 0)
        {
            _remarks.Add($"{_path}: {counter.Odd} spikes have a time that is no number and were left out.");
        }

        var missing = 0L;
        var counts = new Observations[grids.Length];
        for (var t = 0; t < grids.Length; t++)
        {
            var observed = Observed.Of(grids[t]);
            var there = samples?.Take(t, []);
            for (var bin = 0; bin < grids[t].Bins && (kept is not null || there is not null); bin++)
            {
                if ((kept is not null && !kept[t][bin]) || (there is not null && there[bin, 0] == 0))
                {
                    observed ??= Enumerable.Repeat(true, grids[t].Bins * Units.Length).ToArray();
                    observed.AsSpan(bin * Units.Length, Units.Length).Clear();
                }
            }

            missing += observed is null ? 0 : observed.Count(one => !one);
            counts[t] = counter.Take(t, observed);
        }

        if (missing > 0)
        {
            var share = 100.0 * missing / (grids.Sum(grid => (double)grid.Bins) * Units.Length);
            _remarks.Add(string.Create(CultureInfo.InvariantCulture, $"{_path}: {share:0.##} % of the counts lie outside what was recorded of their units and are marked missing."));
        }

        return counts;
    }

    /// <summary>A series in the bins of each trial.</summary>
    public (ChannelGroup Group, Observations[] Values) Resample(ImportedValues wanted, ITimedSeries series, TimeGrid[] grids)
    {
        var rows = wanted.Rows ?? [.. Enumerable.Range(0, series.Channels)];
        if (rows.Count == 0 || rows.Any(row => row < 0 || row >= series.Channels))
        {
            throw new InputException($"{_path}: channels {Messages.Names(rows.Select(row => $"{row}"))} are asked of '{series.Name}', which has channels 0 to {series.Channels - 1}; correct them.");
        }

        var values = Resampling.ToBins(_path, series, grids, _options.LagSeconds ?? 0, _remarks);
        foreach (var (option, mask) in new[] { ("--mask", Session.Mask), ("--mask-values", Session.ValueMask) })
        {
            if (mask is null)
            {
                continue;
            }

            var kept = Kept(option, mask, grids);
            for (var t = 0; t < grids.Length; t++)
            {
                for (var bin = 0; bin < grids[t].Bins; bin++)
                {
                    if (!kept[t][bin])
                    {
                        values[t].AsSpan(bin * series.Channels, series.Channels).Fill(double.NaN);
                    }
                }
            }
        }

        var observations = new Observations[grids.Length];
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
            observations[t] = observed?.AsSpan().Contains(true) == false ? Observations.Missing(table.Bins, table.Columns, ChannelKind.Values) : Observations.FromValues(table, observed);
        }

        if (missing > 0)
        {
            _remarks.Add(string.Create(CultureInfo.InvariantCulture, $"{_path}: {100.0 * missing / all:0.##} % of '{wanted.Group}' is missing in '{series.Name}', or lies beyond its samples."));
        }

        IReadOnlyList<string>? names = series.ChannelNames is { } known ? [.. rows.Select(row => known[row])] : null;
        return (new ChannelGroup(wanted.Group, ChannelKind.Values, rows.Count, wanted.Unit.Length > 0 ? wanted.Unit : series.Unit, names), observations);
    }

    /// <summary>Which bins a mask keeps: those with a sample of it, none of which is 0. It is read as late as other series are.</summary>
    private bool[][] Kept(string option, ITimedSeries mask, TimeGrid[] grids)
    {
        if (mask.Channels != 1)
        {
            throw new InputException($"{option}: '{mask.Name}' of {_path} has {mask.Channels} channels where one is needed, 0 for what is to be left out; name another series.");
        }

        var (samples, step) = (new SpikeCounter(grids, 2), SeriesSteps.Usual(mask));
        var lag = Nanoseconds.Of(_options.LagSeconds ?? 0);

        // A sample of a slow mask stands for all bins up to the next.
        var repeats = Math.Clamp((int)Math.Ceiling((step / _width) - 1e-6), 1, SeriesSteps.MostBinsOfASample);
        SeriesSteps.Read(_path, mask, (_, time, values) =>
        {
            for (var k = 0; k < repeats; k++)
            {
                samples.Add(values[0] != 0 && !double.IsNaN(values[0]) ? 0 : 1, Nanoseconds.Of(time + (k * _width) + (Slack * step)) - lag, 1);
            }
        });
        return [.. Enumerable.Range(0, grids.Length).Select(t =>
        {
            var found = samples.Take(t, []);
            return Enumerable.Range(0, grids[t].Bins).Select(bin => found[bin, 0] > 0 && found[bin, 1] == 0).ToArray();
        })];
    }

    private int[] ChooseUnits()
    {
        if (Session.Units is not { } units)
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
}
