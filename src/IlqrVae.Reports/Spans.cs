using IlqrVae.Recordings;
using IlqrVae.Reports.Panels;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Reports;

/// <summary>Parts of a trial that inference did not see, or that were not recorded, marked along the axis of time.</summary>
internal static class Spans
{
    private const int Most = 50;

    /// <summary>What a group's trial lacks.</summary>
    /// <param name="source">The recording or run.</param>
    /// <param name="trial">Number of the trial.</param>
    /// <param name="group">Name of the group; null for what all groups lack.</param>
    /// <param name="bins">The bins that are shown.</param>
    /// <returns>The marks, and a sentence on them; empty where there are none.</returns>
    public static (IReadOnlyList<Mark> Marks, string Words) Of(RecordingSource source, int trial, string? group, (int First, int End) bins)
    {
        var (marks, words) = (new List<Mark>(), new List<string>());
        var one = source.Trials[trial];
        if (source is ReportSource run)
        {
            AddHidden(run.Inference, one, group, marks, words);
        }

        AddMissing(source, one, group, marks, words);
        var (from, to) = (bins.First * source.BinWidth, bins.End * source.BinWidth);
        marks = [.. marks.OfType<SpanMark>().Where(mark => mark.From < to && mark.To > from).Select(mark => mark with { From = Math.Max(from, mark.From), To = Math.Min(to, mark.To) })];
        return (marks, string.Concat(words.Select(sentence => " " + sentence)));
    }

    private static void AddHidden(InferenceResult found, Trial trial, string? group, List<Mark> marks, List<string> words)
    {
        var width = found.Description.BinWidth;
        if (found.ForecastBins > 0)
        {
            marks.Add(new SpanMark("hidden from inference: forecast", PanelColor.Muted, (trial.Bins - found.ForecastBins) * width, trial.Bins * width));
            words.Add($"The last {Words.Count(found.ForecastBins, "bin")} ({Words.Of(found.ForecastBins * width, "s")}) were hidden from inference: what stands there is forecast.");
        }

        foreach (var gap in found.Gaps.Where(gap => gap.First < trial.Bins && (group is null ? gap.Group is null : gap.Touches(group))))
        {
            var end = Math.Min(gap.End, trial.Bins);
            marks.Add(new SpanMark("hidden from inference: gap", PanelColor.Muted, gap.First * width, end * width));
            words.Add($"{(gap.Channels.Count > 0 ? "Some channels of bins" : "Bins")} {gap.First} to {end - 1} were hidden from inference: what stands there is predicted from what was seen.");
        }
    }

    private static void AddMissing(RecordingSource source, Trial trial, string? group, List<Mark> marks, List<string> words)
    {
        var g = group is null ? -1 : source.Recording.IndexOfGroup(group);
        if (g < 0 || trial.Observations[g] is not { AllObserved: false, ObservedCount: > 0 } observations)
        {
            return;
        }

        var (from, missing, spans) = (-1, 0, 0);
        var row = new bool[observations.Channels];
        for (var bin = 0; bin <= trial.Bins; bin++)
        {
            var isMissing = false;
            if (bin < trial.Bins)
            {
                observations.CopyObserved(bin, 1, row);
                isMissing = !row.Contains(true);
                missing += isMissing ? 1 : 0;
            }

            if (isMissing && from < 0)
            {
                from = bin;
            }
            else if (!isMissing && from >= 0)
            {
                if (++spans <= Most)
                {
                    marks.Add(new SpanMark("not recorded", PanelColor.Muted, from * source.BinWidth, bin * source.BinWidth));
                }

                from = -1;
            }
        }

        if (missing > 0)
        {
            words.Add($"{Words.Count(missing, "bin")} of the trial {(missing == 1 ? "was" : "were")} not recorded{(spans > Most ? $"; the first {Most} stretches of them are marked" : "")}.");
        }
    }
}
