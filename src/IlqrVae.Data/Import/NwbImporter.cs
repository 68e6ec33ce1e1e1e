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
    public IReadOnlyList<string> Options => TimedImport.Options;

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
        var units = file.FindUnits() is { } table ? new NwbUnits(source.Archive!, table, file.Remarks) : null;
        var trials = file.FindTrials(options.Trials);
        var series = options.Values.Concat(options.Behaviour).Select(wanted => (Wanted: wanted, Series: (ITimedSeries)file.FindSeries(wanted.Variable))).ToList();
        if (series.Select(one => one.Wanted.Group).Append("spikes").GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new InputException($"--behaviour: two groups are called '{twice.Key}'; name them as in --behaviour hand=PATH.");
        }

        if (units is null && series.Count == 0)
        {
            throw new InputException($"{source.Path}: there are no units with spike times; name series to import with --behaviour{(file.Series.Count > 0 ? $": {Messages.Names(file.Series)}" : ", of which there are none either")}.");
        }

        var session = new TimedSession
        {
            Path = source.Path,
            Source = $"{Path.GetFileName(source.Path)} (NWB {version})",
            Units = units?.Table.ToColumns(),
            Spikes = units,
            Observed = units?.Observed,
            Trials = trials?.ToColumns(),
            Series = series,
            Bytes = new FileInfo(source.Path).Length,
        };
        return (session, file.Fact("session_start_time"), file.Remarks);
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
