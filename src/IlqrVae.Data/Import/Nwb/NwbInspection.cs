using System.Globalization;
using IlqrVae.Data.Import.Timed;

namespace IlqrVae.Data.Import.Nwb;

/// <summary>Says what is in an NWB file, and how to import it.</summary>
internal static class NwbInspection
{
    private const int Examples = 3;

    // Timestamps of longer series are looked at in their first and last block only.
    private const int SamplesLookedAt = 1 << 12;

    public static FileContents Of(ImportSource source)
    {
        var archive = source.Archive!;
        var file = new NwbFile(archive);
        var version = file.Version();
        var remarks = file.Remarks;
        var units = Try(file.FindUnits);
        var contents = units is null ? null : Try(() => UnitsOf(archive, units, remarks));
        var tables = file.Tables.Select(path => Try(() => TableOf(new NwbTable(archive, path)))).OfType<TableContents>().ToList();
        var trials = Try(() => file.FindTrials(null));
        var lasting = contents is { Spikes: > 0 } ? contents.Last - contents.First : 0;
        var series = file.Series.Select(path => Try(() => SeriesOf(archive, path, lasting))).OfType<SeriesContents>().ToList();
        return new FileContents
        {
            Format = $"NWB {version}",
            Facts =
            [
                .. new (string Name, string Path)[]
                {
                    ("session", "session_description"), ("identifier", "identifier"), ("start", "session_start_time"), ("subject", "general/subject/subject_id"), ("species", "general/subject/species"),
                    ("lab", "general/lab"), ("institution", "general/institution"),
                }
                .Select(fact => (fact.Name, Text: file.Fact(fact.Path))).Where(fact => fact.Text.Length > 0),
            ],
            Units = contents,
            Tables = tables,
            Series = series,
            Proposal = Proposal(source.Path, file, units, contents, trials, series),
            Remarks = [.. remarks.Distinct(StringComparer.Ordinal)],
        };

        T? Try<T>(Func<T?> read)
        {
            try
            {
                return read();
            }
            catch (InputException exception)
            {
                remarks.Add(exception.Message);
                return default;
            }
        }
    }

    private static UnitContents UnitsOf(Hdf5ArchiveReader archive, NwbTable table, List<string> remarks)
    {
        var units = new NwbUnits(archive, table, remarks);
        var (first, last) = (double.PositiveInfinity, double.NegativeInfinity);
        var (unsorted, odd, before) = (0, 0L, double.NaN);
        for (var unit = 0; unit < table.Rows; unit++)
        {
            var isSorted = true;
            before = double.NaN;
            units.Read(unit, times =>
            {
                foreach (var time in times)
                {
                    if (!Nanoseconds.CanHold(time))
                    {
                        odd++;
                        continue;
                    }

                    isSorted &= !(time < before);
                    (before, first, last) = (time, Math.Min(first, time), Math.Max(last, time));
                }
            });
            unsorted += isSorted ? 0 : 1;
        }

        if (unsorted > 0)
        {
            remarks.Add($"{archive.Path}: the spikes of {unsorted} units are not sorted by time, which does not matter here.");
        }

        if (odd > 0)
        {
            remarks.Add($"{archive.Path}: {odd} spikes have a time that is no number.");
        }

        var isAny = first <= last;
        var sets = Enumerable.Range(0, table.Rows)
            .Select(unit => units.Observed?[unit] is { Count: > 0 } told ? Intervals.Joined(told.Select(one => new Interval(Nanoseconds.Of(one.Start), Nanoseconds.Of(one.End)))) : null).ToList();
        var all = Intervals.Joined(sets.OfType<Interval[]>().SelectMany(set => set));
        if (all.Length == 0 && isAny)
        {
            all = [new Interval(Nanoseconds.Of(first), Nanoseconds.Of(last))];
        }

        var seconds = Nanoseconds.Seconds(Intervals.Length(all));
        return new UnitContents(
            $"/{table.Path}",
            table.Rows,
            Enumerable.Range(0, table.Rows).Sum(units.CountOf),
            isAny ? first : double.NaN,
            isAny ? last : double.NaN,
            [.. sets.Select((set, unit) => units.CountOf(unit) / (set is null ? seconds : Nanoseconds.Seconds(Intervals.Length(set))))],
            seconds,
            [.. all.Skip(1).Zip(all, (next, one) => (Nanoseconds.Seconds(one.End), Nanoseconds.Seconds(next.Start)))]);
    }

    private static TableContents TableOf(NwbTable table) => new(
        $"/{table.Path}",
        table.Rows,
        [
            .. table.ToColumns().Columns.Select(column => new ColumnContents(
                column.Name,
                column.Type,
                ColumnSummary.Of(column),
                [.. table.Cells(column.Name, Math.Min(Examples, table.Rows)).Select(ColumnSummary.Cut)])),
        ]);

    private static SeriesContents SeriesOf(Hdf5ArchiveReader archive, string path, double seconds)
    {
        var data = $"{path}/data";
        var isTable = archive.ContainsTable(data);
        var shape = isTable ? archive.ShapeOf(data) : [];
        var notes = new List<string>();
        var (rate, first, last) = (double.NaN, double.NaN, double.NaN);
        var samples = shape.Count > 0 ? shape[0] : 0;
        if (archive.ContainsTable($"{path}/timestamps"))
        {
            (rate, first, last) = Times(archive, $"{path}/timestamps", notes);
            if (archive.LinkAt($"{path}/timestamps") is { } link)
            {
                notes.Add($"times of {Messages.OneLine(link)}");
            }
        }
        else if (archive.ContainsTable($"{path}/starting_time"))
        {
            (first, rate) = NwbSeries.ReadClock(archive, $"{path}/starting_time");
            if (NwbSeries.IsStep(rate, samples, seconds))
            {
                notes.Add("rate is taken for the seconds of a sample");
                rate = 1 / rate;
            }

            last = samples > 0 ? first + ((samples - 1) / rate) : double.NaN;
        }

        if (isTable)
        {
            AddConversion(archive, data, "conversion", "x", 1, notes);
            AddConversion(archive, data, "offset", "+", 0, notes);
        }

        return new SeriesContents(
            $"/{path}",
            archive.HasAttribute(path, "neurodata_type") ? Messages.OneLine(archive.ReadText(path, "neurodata_type")) : "",
            shape,
            isTable ? archive.DatatypeOf(data).Words : "no data",
            isTable && archive.HasAttribute(data, "unit") ? Messages.OneLine(archive.ReadText(data, "unit")) : "",
            rate,
            first,
            last,
            string.Join(", ", notes));
    }

    private static void AddConversion(Hdf5ArchiveReader archive, string data, string name, string sign, double none, List<string> notes)
    {
        if (archive.HasAttribute(data, name) && archive.ReadNumber(data, name) is var number && number != none)
        {
            notes.Add($"{sign} {ColumnSummary.Number(number)}");
        }
    }

    /// <summary>The usual rate, and the first and last time.</summary>
    private static (double Rate, double First, double Last) Times(Hdf5ArchiveReader archive, string path, List<string> notes)
    {
        if (archive.ShapeOf(path).Count != 1)
        {
            notes.Add("times of an odd shape");
            return (double.NaN, double.NaN, double.NaN);
        }

        var rows = archive.ReadRows(path);
        if (rows.Rows == 0)
        {
            return (double.NaN, double.NaN, double.NaN);
        }

        var some = new double[Math.Min(SamplesLookedAt, rows.Rows)];
        rows.Copy<double>(0, some.Length, some);
        var last = new double[1];
        rows.Copy<double>(rows.Rows - 1, 1, last);
        double[] steps = [.. some.Skip(1).Zip(some, (next, time) => next - time).Where(step => step > 0).Order()];
        var rate = steps.Length == 0 ? double.NaN : 1 / steps[steps.Length / 2];
        return (rate, some[0], last[0]);
    }

    /// <summary>A command that imports what seems to matter: trials where there are some, aligned where a column's name says that something happens, and series of behaviour.</summary>
    private static List<string> Proposal(string path, NwbFile file, NwbTable? units, UnitContents? contents, NwbTable? trials, List<SeriesContents> series)
    {
        var isSpiking = contents is { Spikes: > 0 };
        var counts = isSpiking ? null : series.Find(one => one.Path[1..] == file.FindCounts() && one.Shape.Count == 2 && one.Rate > 0);
        var behaviour = series.Where(one => one.Shape.Count is 1 or 2 && (one.Shape.Count == 1 || one.Shape[1] <= 16) && one.Rate <= 5000 && !one.Type.StartsWith("text", StringComparison.Ordinal)
            && (IsOfBehaviour(one.Path) || (one.Path.StartsWith("/acquisition/", StringComparison.Ordinal) && IsOfMovement(one.Path)))).ToList();
        var chosen = behaviour.Where(one => one.Path.EndsWith("vel", StringComparison.OrdinalIgnoreCase) || one.Path.Contains("velocity", StringComparison.OrdinalIgnoreCase) || one.Path.Contains("_vel/", StringComparison.OrdinalIgnoreCase)).Concat(behaviour).FirstOrDefault();
        if (!isSpiking && counts is null && chosen is null)
        {
            chosen = series.FirstOrDefault(one => one.Shape.Count is 1 or 2 && double.IsFinite(one.Rate) && !one.Type.StartsWith("text", StringComparison.Ordinal));
            if (chosen is null)
            {
                return [];
            }
        }

        isSpiking |= counts is not null;
        // Bins that were counted before they were stored are taken as they are.
        var isSlow = chosen is not null && !isSpiking && chosen.Rate < 100;
        var width = counts is { Rate: < 200 } ? 1 / counts.Rate : isSlow ? 1 / chosen!.Rate : 0.02;
        List<string> words = ["import", path, "-o", "data.h5", .. counts is null ? (string[])[] : ["--spikes", counts.Path[1..]], "--bin-width", ColumnSummary.Number(double.Parse(width.ToString("G3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture))];
        width = double.Parse(words[^1], CultureInfo.InvariantCulture);
        if (trials is { Rows: > 0 })
        {
            var columns = trials.ToColumns();
            words.AddRange(Event(columns) is { } aligned ? ["--align", aligned, "--window=-0.25..0.45"] : ["--trials", "trials"]);
            if (columns.Find("split") is { Kind: ColumnKind.Text } split && split.Texts.Contains("train", StringComparer.Ordinal))
            {
                words.AddRange(["--split-column", "split"]);
            }
        }
        else
        {
            var seconds = contents is { Spikes: > 0 } ? contents.Seconds : (counts ?? chosen)!.Last - (counts ?? chosen)!.First;
            var chunk = Math.Max(4, 100 * width);
            words.AddRange(seconds > 5 * chunk ? ["--chunk", ColumnSummary.Number(chunk)] : []);
        }

        if (chosen is not null)
        {
            // Members of a container that make one series together are named by it.
            var owner = chosen.Path[1..chosen.Path.LastIndexOf('/')];
            words.AddRange(["--behaviour", chosen.Shape.Count == 1 && file.SetOf(owner) is not null ? owner : chosen.Path[1..]]);
            if (series.Find(one => one.Path.EndsWith("/eval_mask", StringComparison.OrdinalIgnoreCase) && one.Rate > 0) is { } mask)
            {
                words.AddRange(["--mask-values", mask.Path[1..]]);
            }
        }

        if (units?.ToColumns().Find("heldout") is { Kind: ColumnKind.Truth } heldOut && heldOut.Numbers.Contains(1) && heldOut.Numbers.Contains(0))
        {
            words.AddRange(["--held-out-units", "heldout"]);
        }

        return words;
    }

    private static bool IsOfBehaviour(string path) => path.StartsWith("/processing/", StringComparison.Ordinal) && path.Contains("behav", StringComparison.OrdinalIgnoreCase);

    private static bool IsOfMovement(string path) => ((string[])["vel", "emg", "kin", "hand", "finger", "cursor", "force", "position", "joint"]).Any(word => path.Contains(word, StringComparison.OrdinalIgnoreCase));

    /// <summary>The column of times whose name says most clearly that something happens there; null where there is none.</summary>
    private static string? Event(ColumnTable trials)
    {
        var times = trials.Columns.Where(column => column.Kind == ColumnKind.Number && column.Name.EndsWith("_time", StringComparison.OrdinalIgnoreCase)
            && column.Name is not (TimedSession.StartColumn or TimedSession.StopColumn) && Array.Exists(column.Numbers, double.IsFinite)).ToList();
        return ((string[])["move_onset", "onset", "go", "cue_start", "stim"])
            .Select(word => times.Find(column => column.Name.Contains(word, StringComparison.OrdinalIgnoreCase))?.Name).FirstOrDefault(name => name is not null);
    }
}
