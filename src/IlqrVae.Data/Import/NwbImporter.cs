using System.Globalization;
using IlqrVae.Data.Import.Nwb;
using IlqrVae.Data.Import.Timed;

namespace IlqrVae.Data.Import;

/// <summary>
/// NWB 2 files (Neurodata Without Borders), as of the DANDI archive: spike times of units, tables of trials and other intervals, and time series of behaviour.
/// What is cut, counted and resampled is in <see cref="TimedImport"/>.
/// </summary>
public sealed class NwbImporter : IRecordingImporter
{
    /// <inheritdoc/>
    public string Description => "an NWB 2 file (.nwb)";

    /// <inheritdoc/>
    public IReadOnlyList<string> Options { get; } = [.. TimedImport.Options, "--spikes", "--mask", "--mask-values"];

    /// <inheritdoc/>
    public bool Recognises(ImportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.Archive is { } archive && NwbFile.Is(archive);
    }

    /// <inheritdoc/>
    public ImportedRecording Import(ImportSource source, ImportOptions options)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        var (session, _, remarks) = Session(source, options);
        return TimedImport.Import(session, options, remarks);
    }

    /// <summary>Files of one session follow each other: each has a clock of its own, and all have the same units.</summary>
    /// <inheritdoc/>
    public ImportedRecording ImportTogether(IReadOnlyList<ImportSource> sources, ImportOptions options)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentNullException.ThrowIfNull(options);
        var files = sources.Select(source => Session(source, options)).ToList();
        foreach (var (other, start, _) in files.Skip(1))
        {
            RequireOneSession(files[0], (other, start));
        }

        var remarks = files.SelectMany(file => file.Remarks).Append($"{files[0].Session.Path} and {files.Count - 1} more are taken for files of one session, one after the other.");
        return TimedImport.Import([.. files.Select(file => file.Session)], options, remarks);
    }

    /// <inheritdoc/>
    public FileContents? Inspect(ImportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return NwbInspection.Of(source);
    }

    private static (TimedSession Session, string Start, List<string> Remarks) Session(ImportSource source, ImportOptions options)
    {
        var file = new NwbFile(source.Archive!);
        var version = file.Version();
        var units = options.Spikes is null && file.FindUnits() is { } table ? new NwbUnits(source.Archive!, table, file.Remarks) : null;
        var trials = file.FindTrials(options.Trials)?.ToColumns();
        var series = options.Values.Concat(options.Behaviour).Select(wanted => (Wanted: wanted, Series: file.FindBehaviour(wanted.Variable))).ToList();
        var mask = options.Mask is { } path ? file.FindSeries(path, option: "--mask") : null;
        var valueMask = options.ValueMask is { } other ? file.FindSeries(other, option: "--mask-values") : null;
        RequireLengths(source.Path, units, trials, [.. series.Select(one => one.Series), mask, valueMask], file.Remarks);
        var counts = units is null ? Counts(file, options, [.. series.Select(one => one.Series.Name)]) : null;
        if (series.Select(one => one.Wanted.Group).Append("spikes").GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new InputException($"--behaviour: two groups are called '{twice.Key}'; name them as in --behaviour hand=PATH.");
        }

        if (valueMask is not null && series.Count == 0)
        {
            throw new InputException("--mask-values says where values are missing; name a series of values with --behaviour, or leave it out.");
        }

        if (units is null && counts is null && series.Count == 0)
        {
            throw new InputException($"{source.Path}: there are no units with spike times; name a series of counts with --spikes, or series to import with --behaviour{(file.Series.Count > 0 ? $": {Messages.Names(file.Series)}" : ", of which there are none either")}.");
        }

        var session = new TimedSession
        {
            Path = source.Path,
            Source = $"{Path.GetFileName(source.Path)} (NWB {version})",
            Units = units?.Table.ToColumns() ?? (counts is null ? null : Channels(counts)),
            Spikes = units,
            Counts = counts,
            Observed = units?.Observed ?? (counts is null ? null : [.. Enumerable.Repeat(counts.Observed, counts.Units)]),
            Trials = trials,
            Ends = counts is not null && trials is not null ? Ends(source.Path, counts, trials, file.Remarks) : null,
            Mask = mask,
            ValueMask = valueMask,
            Series = series,
            Bytes = new FileInfo(source.Path).Length,
        };
        return (session, file.Fact("session_start_time"), file.Remarks);
    }

    /// <summary>The series of counts that is asked for, or that is called so in a file without units.</summary>
    private static CountSeries? Counts(NwbFile file, ImportOptions options, List<string> taken)
    {
        if (options.Spikes is { } named)
        {
            return new CountSeries(file.Archive.Path, file.FindSeries(named, option: "--spikes"));
        }

        if (file.FindCounts() is not { } name || taken.Contains(name, StringComparer.Ordinal))
        {
            return null;
        }

        file.Remarks.Add($"{file.Archive.Path}: there are no units with spike times; '{Messages.OneLine(name)}' is taken for their counts, as it is called so.");
        return new CountSeries(file.Archive.Path, file.FindSeries(name, option: "--spikes"));
    }

    private static ColumnTable Channels(CountSeries counts) =>
        new($"the channels of '{counts.Name}'", counts.Units, [TableColumn.OfNumbers(TimedSession.IdColumn, "number", [.. Enumerable.Range(0, counts.Units).Select(channel => (double)channel)])]);

    private static double[]? Ends(string path, CountSeries counts, ColumnTable trials, List<string> remarks)
    {
        if (trials.Find(TimedSession.StartColumn) is not { Kind: ColumnKind.Number } starts || trials.Find(TimedSession.StopColumn) is not { Kind: ColumnKind.Number } stops || counts.Ends(path, starts.Numbers, stops.Numbers) is not { } ends)
        {
            return null;
        }

        remarks.Add($"{path}: {ends.Zip(stops.Numbers).Count(one => one.First > one.Second)} trials stop where their last sample of '{counts.Name}' begins, which is taken as well.");
        return ends;
    }

    /// <summary>Looks at the clocks of series beside the spikes, or beside the trials.</summary>
    private static void RequireLengths(string path, NwbUnits? units, ColumnTable? trials, IReadOnlyList<ITimedSeries?> series, List<string> remarks)
    {
        var odd = series.SelectMany(one => one is NwbSeriesSet set ? set.Members : one is NwbSeries single ? [single] : []).Where(one => one.Clock is { Rate: < 1 }).ToList();
        if (odd.Count == 0)
        {
            return;
        }

        var (first, last) = units?.Range() ?? (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var time in units is null && trials is not null ? (trials.Find(TimedSession.StartColumn)?.Numbers ?? []).Concat(trials.Find(TimedSession.StopColumn)?.Numbers ?? []).Where(Nanoseconds.CanHold) : [])
        {
            (first, last) = (Math.Min(first, time), Math.Max(last, time));
        }

        odd.ForEach(one => one.RequireLength(path, last - first, remarks));
    }

    /// <summary>Units that merely have the same numbers are not the same: what was recorded on different days is of different sessions.</summary>
    private static void RequireOneSession((TimedSession Session, string Start, List<string> Remarks) first, (TimedSession Session, string Start) other)
    {
        if (Day(first.Start) is { } one && Day(other.Start) is { } day && one != day)
        {
            throw new InputException(
                $"{other.Session.Path} was recorded on {day}, and {first.Session.Path} on {one}, so their units are hardly the same even where they have the same numbers; import each by itself, and join the datasets with 'ilqr-vae join'.");
        }

        static string? Day(string start) => start.Length >= 10 && DateOnly.TryParseExact(start[..10], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : null;
    }
}
