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
        return TimedImport.Import(session, options, file.Remarks);
    }

    /// <inheritdoc/>
    public FileContents? Inspect(ImportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return NwbInspection.Of(source);
    }
}
