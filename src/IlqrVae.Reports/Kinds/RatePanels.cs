using IlqrVae.Evaluation;
using IlqrVae.Recordings;
using IlqrVae.Reports.Panels;
using IlqrVae.Runs.Scores;

namespace IlqrVae.Reports.Kinds;

/// <summary>The inferred firing rates of a trial: all neurons as colors, and some of them one by one against their smoothed spikes.</summary>
public sealed class RatePanels : RunPanelKind
{
    /// <summary>Neurons that are shown one by one.</summary>
    private const int Shown = 6;

    /// <summary>Standard deviation of the kernel that smooths recorded spikes, in seconds, as in the Neural Latents Benchmark.</summary>
    private const double Smoothing = 0.07;

    /// <inheritdoc/>
    public override string Name => "rates";

    /// <inheritdoc/>
    public override string Help => "inferred firing rates of a trial against smoothed spikes, each neuron by itself, and all as colors";

    /// <inheritdoc/>
    protected override PanelResult Make(ReportSource source, PanelRequest request)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(request);
        var found = source.Inference;
        var description = found.Description;
        var groups = Naming.Groups(description.Groups, request, group => group.Kind == ChannelKind.Counts, "counts").Where(description.IsRate).ToList();
        if (groups.Count == 0)
        {
            return PanelResult.None("The model explains no counts, so it has no firing rates.");
        }

        var trial = TrialChoice.Of(source, request.Trial);
        var panels = groups.Where(g => groups.Count == 1 || IsThere(found, trial, g)).SelectMany(g => Make(source, trial, g, request)).ToList();
        return panels.Count > 0 ? PanelResult.Of(panels) : PanelResult.None($"No rate of trial '{found.Trials[trial].Name}' is finite: numbers overflowed in its inference.");
    }

    private static bool IsThere(Runs.Sessions.InferenceResult found, int trial, int g)
        => found.Recording.IndexOfGroup(found.Description.Groups[g].Name) is >= 0 and var index && found.Trials[trial].Observations[index].ObservedCount > 0;

    private static IEnumerable<Panel> Make(ReportSource source, int trial, int g, PanelRequest request)
    {
        var found = source.Inference;
        var bins = request.Bins(found.Trials[trial], source.BinWidth);
        var (group, means) = (found.Description.Groups[g], Lines.Rows(found.Estimates[trial].Means[g], bins));
        if (!Array.TrueForAll(means.Values, double.IsFinite))
        {
            yield break;
        }

        if (request.Channels.Count == 0 && group.Channels > Shown)
        {
            yield return All(source, trial, g, bins, request);
        }

        foreach (var channel in Naming.Channels(group, request, () => MostModulated(found.Estimates[trial].Means[g])))
        {
            yield return One(source, trial, g, channel, bins, request);
        }
    }

    /// <summary>Those whose rates vary most.</summary>
    private static int[] MostModulated(Table means)
    {
        double[] spread = [.. Enumerable.Range(0, means.Columns).Select(c => Spread(Lines.Column(means, c)))];
        return [.. Enumerable.Range(0, means.Columns).OrderByDescending(c => spread[c]).ThenBy(c => c).Take(Shown)];
    }

    private static double Spread(double[] values)
    {
        var mean = values.Average();
        return values.Sum(value => (value - mean) * (value - mean));
    }

    private static Panel All(ReportSource source, int trial, int g, (int First, int End) bins, PanelRequest request)
    {
        var found = source.Inference;
        var (group, means, one) = (found.Description.Groups[g], Lines.Rows(found.Estimates[trial].Means[g], bins), found.Trials[trial]);
        double[] average = [.. Enumerable.Range(0, means.Columns).Select(c => Lines.Column(means, c).Average())];
        var kept = Enumerable.Range(0, means.Columns).OrderByDescending(c => average[c]).ThenBy(c => c).Take(Heat.MostRows).ToList();
        int[] channels = [.. kept.OrderBy(c => Enumerable.Range(0, means.Bins).MaxBy(t => means[t, c])).ThenBy(c => c)];
        var (spans, words) = Spans.Of(source, trial, group.Name, bins);
        var (highest, lowest) = (channels.MaxBy(c => average[c]), channels.MinBy(c => average[c]));
        return new Panel
        {
            Kind = "rates",
            Title = $"Inferred rates of {group.Name}, trial {request.Of(one.Name)}",
            Caption = $"Posterior means of the firing rates{Seen(source, group.Name)}. Neurons are ordered by when their rate is highest, early ones below, which by itself makes a diagonal; look for neurons that rise together.{(means.Columns > channels.Length ? $" {Words.Count(means.Columns - channels.Length, "neuron")} of the lowest rates {(means.Columns - channels.Length == 1 ? "is" : "are")} not shown." : "")}{Heat.Remark(means.Bins)}{words}",
            Description = $"{Words.Count(channels.Length, "neuron")}, {Words.Of(average.Average(), "Hz")} on average; highest in {Naming.Of(group, highest)} ({Words.Of(average[highest], "Hz")}), lowest in {Naming.Of(group, lowest)} ({Words.Of(average[lowest], "Hz")}). Rates go from {Words.Of(means.Values.Min())} to {Words.Of(means.Values.Max(), "Hz")}.",
            X = Lines.TimeAxis(bins, source.BinWidth),
            Y = Heat.ChannelAxis(group, channels),
            Marks = [Heat.Of("inferred rate", "Hz", means.Bins, source.BinWidth, channels, (t, c) => means[t, c], bins.First), .. spans],
        };
    }

    private static Panel One(ReportSource source, int trial, int g, int channel, (int First, int End) bins, PanelRequest request)
    {
        var found = source.Inference;
        var (group, one) = (found.Description.Groups[g], found.Trials[trial]);
        var part = bins.First..bins.End;
        var time = Lines.Time(one.Bins, source.BinWidth)[part];
        var mean = Lines.Column(found.Estimates[trial].Means[g], channel)[part];
        var (low, high, isCalibrated) = Intervals.Of(found, trial, g, channel, withNoise: false);
        (low, high) = (low[part], high[part]);
        var truth = TruthTables.OfGroup(found.Description, one, g) is { } table ? Lines.Column(table, channel)[part] : null;
        var smooth = Smoothed(found, trial, g, channel)?[part];
        var (spans, words) = Spans.Of(source, trial, group.Name, bins);
        var marks = new List<Mark>(spans);
        if (Array.TrueForAll(high, double.IsFinite))
        {
            var band = Lines.ThinBand(time, low, high);
            marks.Add(new BandMark(Intervals.Name, PanelColor.Found, band.X, band.Low, band.High));
        }

        if (smooth is not null)
        {
            marks.Add(Line("smoothed spikes", truth is null ? PanelColor.Truth : PanelColor.Compared, time, smooth));
        }

        marks.Add(Line("inferred rate", PanelColor.Found, time, mean) with { Width = 2 });
        if (truth is not null)
        {
            marks.Add(Line("true rate", PanelColor.Truth, time, truth) with { Dashed = true });
        }

        var name = Naming.Of(group, channel);
        var compared = truth ?? smooth;
        var r = compared is null ? double.NaN : Correlation(mean, compared);
        var inside = truth is null ? double.NaN : Enumerable.Range(0, truth.Length).Count(t => truth[t] >= low[t] && truth[t] <= high[t]) / (double)truth.Length;
        return new Panel
        {
            Kind = "rates",
            Title = name,
            Caption = $"Firing rates of trial {request.Of(one.Name)}{Seen(source, group.Name)}, each neuron on an axis of its own, in Hz. The band is the {Intervals.Name} of the rate{(isCalibrated ? ", calibrated" : "")}, never below zero; spikes scatter around rates, so that smoothed ones need not stay within.{(smooth is null ? "" : $" Recorded spikes are smoothed by a Gaussian of {Smoothing * 1000:0} ms.")}{(truth is null ? " Where the inferred rate follows the smoothed spikes closely, it may follow their noise too: that is no proof of a good model." : "")}{Lines.Remark(mean.Length)}{words}",
            Description = $"{name}: inferred rate from {Words.Of(mean.Min())} to {Words.Of(mean.Max(), "Hz")}, {Words.Of(mean.Average(), "Hz")} on average{(double.IsFinite(r) ? $"; correlation with the {(truth is null ? "smoothed spikes" : "true rate")} {Words.Of(r)}" : "")}{(double.IsFinite(inside) ? $"; the band holds the true rate in {Words.Percent(inside)} of the bins" : "")}.",
            X = Lines.TimeAxis(bins, source.BinWidth),
            Y = new Axis("rate", "Hz"),
            Marks = marks,
            Multiples = $"rates of {group.Name}",
        };
    }

    /// <summary>What inference saw of these neurons, for captions.</summary>
    private static string Seen(ReportSource source, string group)
        => source.Inference.Hidden.Contains(group) ? ", predicted from what was not hidden of the whole trial, before and after" : ", inferred from the whole trial, before and after, these very spikes among it";

    private static LineMark Line(string name, PanelColor color, double[] x, double[] y)
    {
        var (left, right) = Lines.Thin(x, y);
        return new LineMark(name, color, left, right);
    }

    /// <summary>Smoothed spikes in Hz; null where none were recorded.</summary>
    internal static double[]? Smoothed(Runs.Sessions.InferenceResult found, int trial, int g, int channel)
    {
        var index = found.Recording.IndexOfGroup(found.Description.Groups[g].Name);
        if (index < 0 || found.Trials[trial].Observations[index] is not { ObservedCount: > 0 } all)
        {
            return null;
        }

        var counts = all.SelectChannels([channel]);
        var smooth = GaussianSmoothing.Smooth(counts.ToTable(), Smoothing / found.Description.BinWidth, counts.ToMask());
        return Array.ConvertAll(smooth.Values, count => count / found.Description.BinWidth);
    }

    /// <summary>Pearson's correlation; NaN where one does not vary.</summary>
    internal static double Correlation(double[] x, double[] y)
    {
        var (mx, my) = (x.Average(), y.Average());
        var (xx, yy, xy) = (0.0, 0.0, 0.0);
        for (var i = 0; i < x.Length; i++)
        {
            xx += (x[i] - mx) * (x[i] - mx);
            yy += (y[i] - my) * (y[i] - my);
            xy += (x[i] - mx) * (y[i] - my);
        }

        return xx > 0 && yy > 0 ? xy / Math.Sqrt(xx * yy) : double.NaN;
    }
}
