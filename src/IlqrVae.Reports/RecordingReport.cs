using IlqrVae.Recordings;
using IlqrVae.Reports.Kinds;
using IlqrVae.Reports.Panels;
using IlqrVae.Reports.Tables;
using IlqrVae.Runs;

namespace IlqrVae.Reports;

/// <summary>A recording on one page, before anything is learned from it.</summary>
public static class RecordingReport
{
    /// <summary>Trials one can choose among.</summary>
    private const int Choices = 6;

    /// <summary>Makes the report of a recording.</summary>
    /// <param name="source">The recording.</param>
    /// <returns>The report.</returns>
    public static Report Create(RecordingSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var recording = source.Recording;
        var bins = recording.Trials.Sum(trial => (long)trial.Bins);
        int[] trials = [.. Enumerable.Range(0, Math.Min(Choices, recording.Trials.Count)).Select(k => (int)((long)k * recording.Trials.Count / Math.Min(Choices, recording.Trials.Count)))];
        return new Report(
            $"What {Path.GetFileName(source.Data)} holds",
            $"{Words.Count(recording.Trials.Count, "trial")}, {Wording.Duration(bins * recording.BinWidth)} in bins of {Words.Of(1000 * recording.BinWidth, "ms")}: {Words.List(recording.Groups.Select(group => $"{Words.Count(group.Channels, Naming.Channel(group))} '{group.Name}'"))}.{(recording.Source.Length > 0 ? $" Source: {recording.Source.TrimEnd('.')}." : "")}",
            [
                new ReportSection("data", "Data", string.Join(" ", RecordingRemarks.Of(recording).Select(remark => remark.EndsWith('.') ? remark : $"{remark}."))) { Tables = [RunWords.Data(source)] },
                RunReport.Section(source, "firing", "Mean rates", "", new FiringPanels()),
                RunReport.Trials(
                    source, [.. trials.Select(trial => (trial, source.Trials[trial].Split.ToString().ToLowerInvariant()))], [new RasterPanels(), new BehaviourPanels()],
                    trials.Length < recording.Trials.Count ? $"{trials.Length} of {recording.Trials.Count} trials, evenly over the recording." : "All trials."),
                RunReport.Section(source, "averages", "Averages over trials", "", new PsthPanels()),
                RunReport.Section(source, "time", "How fast things change", "", new AutocorrelationPanels(), new SpectrumPanels()),
            ]);
    }
}
