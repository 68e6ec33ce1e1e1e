using IlqrVae.Recordings;
using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports.Kinds;

/// <summary>The spikes of a trial: strokes, or colors where bins are wide or spikes are many.</summary>
public sealed class RasterPanels : GroupPanelKind
{
    /// <summary>More strokes than that are a gray area that hides what it shows.</summary>
    public const int MostStrokes = 5000;

    /// <summary>Where a larger share of bins has spikes, strokes run into each other.</summary>
    private const double LargestShare = 0.3;

    /// <inheritdoc/>
    public override string Name => "raster";

    /// <inheritdoc/>
    public override string Help => "the spikes of a trial, neuron by neuron; counts as colors where there are too many for strokes";

    /// <inheritdoc/>
    private protected override ChannelKind Kind => ChannelKind.Counts;

    /// <inheritdoc/>
    private protected override string Missing => "The recording has no counts, so there are no spikes to show.";

    /// <inheritdoc/>
    private protected override PanelResult Make(RecordingSource source, PanelRequest request, IReadOnlyList<int> groups)
    {
        var trial = TrialChoice.Of(source, request.Trial);
        var panels = groups.Where(g => source.Trials[trial].Observations[g].ObservedCount > 0).Select(g => Make(source, trial, g, request)).ToList();
        return panels.Count > 0 ? PanelResult.Of(panels) : PanelResult.None($"Nothing was recorded of {Words.List(groups.Select(g => $"'{source.Recording.Groups[g].Name}'"))} in trial '{source.Trials[trial].Name}'.");
    }

    private static Panel Make(RecordingSource source, int trial, int g, PanelRequest request)
    {
        var (one, group) = (source.Trials[trial], source.Recording.Groups[g]);
        var (first, end) = request.Bins(one, source.BinWidth);
        var (observations, bins) = (one.Observations[g].SelectBins(first, end - first), end - first);
        var (spikes, filled) = Count(observations);
        var (channels, order) = Order(source, trial, g, (first, end), Naming.Channels(group, request, () => MostActive(spikes)));
        var total = channels.Sum(c => (long)spikes[c]);
        var isStrokes = total > 0 && channels.Sum(c => (long)filled[c]) <= MostStrokes && channels.Sum(c => (long)filled[c]) <= LargestShare * bins * channels.Count;
        var seconds = bins * source.BinWidth;
        var (spans, words) = Spans.Of(source, trial, group.Name, (first, end));
        var silent = channels.Where(c => spikes[c] == 0).ToList();
        var most = channels.MaxBy(c => spikes[c]);
        var leftOut = group.Channels - channels.Count;
        return new Panel
        {
            Kind = "raster",
            Title = $"{group.Name}, trial {request.Of(one.Name)}",
            Caption = $"{(isStrokes ? "Recorded spikes: a stroke is a bin with a spike or more" : $"Recorded counts as rates, a color each{(total > 0 ? ", since strokes would run into each other" : "")}")}. Neurons are {order}.{(leftOut > 0 ? $" {Words.Count(leftOut, "neuron")} of {group.Channels} {(leftOut == 1 ? "is" : "are")} not shown." : "")}{(isStrokes ? "" : Heat.Remark(bins))}{words}",
            Description = $"{Words.Count(total, "spike")} of {Words.Count(channels.Count, "neuron")} in {Words.Of(seconds, "s")}{(total > 0 ? $", {Words.Of(total / seconds / channels.Count, "Hz")} a neuron; most, {Words.Count((long)spikes[most], "spike")}, from {Naming.Of(group, most)}" : "")}.{(silent.Count > 0 && total > 0 ? $" Silent here: {Words.List(silent.Select(c => Naming.Of(group, c)))}." : "")}",
            X = Lines.TimeAxis((first, end), source.BinWidth),
            Y = Heat.ChannelAxis(group, channels),
            Marks =
            [
                .. spans,
                isStrokes
                    ? Strokes(observations, channels, source.BinWidth, first)
                    : Heat.Of("recorded", "Hz", bins, source.BinWidth, channels, (t, c) => observations.IsObserved(t, c) ? observations[t, c] / source.BinWidth : double.NaN, first),
            ],
        };
    }

    /// <summary>Those that fire most, where there are too many for one picture.</summary>
    private static int[] MostActive(double[] spikes)
        => [.. Enumerable.Range(0, spikes.Length).OrderByDescending(c => spikes[c]).ThenBy(c => c).Take(Heat.MostRows).Order()];

    /// <summary>By the bin where the inferred rate is highest, where there is one; else as recorded.</summary>
    private static (IReadOnlyList<int> Channels, string Words) Order(RecordingSource source, int trial, int g, (int First, int End) bins, IReadOnlyList<int> channels)
    {
        if (source is ReportSource run && run.Inference.Description.Groups.ToList().FindIndex(group => group.Name == source.Recording.Groups[g].Name) is >= 0 and var model)
        {
            var means = Lines.Rows(run.Inference.Estimates[trial].Means[model], bins);
            return ([.. channels.OrderBy(c => Enumerable.Range(0, means.Bins).MaxBy(t => means[t, c])).ThenBy(c => c)], "ordered by when their inferred rate is highest, early ones below");
        }

        return (channels, "in the order of the recording, the first below");
    }

    private static (double[] Spikes, double[] Filled) Count(Observations observations)
    {
        var (spikes, filled, row) = (new double[observations.Channels], new double[observations.Channels], new double[observations.Channels]);
        for (var t = 0; t < observations.Bins; t++)
        {
            observations.CopyRow<double>(t, row);
            for (var c = 0; c < row.Length; c++)
            {
                spikes[c] += row[c];
                filled[c] += row[c] > 0 ? 1 : 0;
            }
        }

        return (spikes, filled);
    }

    private static StrokeMark Strokes(Observations observations, IReadOnlyList<int> channels, double binWidth, int firstBin)
    {
        var (x, rows) = (new List<double>(), new List<double>());
        for (var row = 0; row < channels.Count; row++)
        {
            for (var t = 0; t < observations.Bins; t++)
            {
                if (observations[t, channels[row]] > 0)
                {
                    x.Add((firstBin + t + 0.5) * binWidth);
                    rows.Add(row);
                }
            }
        }

        return new StrokeMark("spikes", PanelColor.Truth, x, rows);
    }
}
