using IlqrVae.Evaluation;
using IlqrVae.Recordings;
using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports.Kinds;

/// <summary>The behaviour of a trial: as recorded, and of a run as decoded, with the interval in which it should be.</summary>
public sealed class BehaviourPanels : IPanelKind
{
    /// <summary>Channels that are shown.</summary>
    private const int Shown = 6;

    /// <inheritdoc/>
    public string Name => "behaviour";

    /// <inheritdoc/>
    public string Help => "values of a trial, such as the velocity of a hand: recorded, and of a run decoded with intervals";

    /// <inheritdoc/>
    public PanelNeeds Needs => PanelNeeds.Recording;

    /// <inheritdoc/>
    public PanelResult Make(RecordingSource source, PanelRequest request)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(request);
        var run = source as ReportSource;
        var all = run is null ? source.Recording.Groups : [.. run.Inference.Description.Groups.Concat(source.Recording.Groups.Where(group => run.Inference.Description.Groups.All(one => one.Name != group.Name)))];
        var groups = Naming.Groups(all, request, group => group.Kind == ChannelKind.Values, "values");
        if (groups.Count == 0)
        {
            return PanelResult.None("There are no values, such as behaviour, only counts.");
        }

        var trial = TrialChoice.Of(source, request.Trial);
        var panels = groups.SelectMany(g => Channels(source, run, trial, all[g], request)).ToList();
        return panels.Count > 0
            ? PanelResult.Of(panels)
            : PanelResult.None($"Nothing is known of {Words.List(groups.Select(g => $"'{all[g].Name}'"))} in trial '{source.Trials[trial].Name}'.");
    }

    private static IEnumerable<Panel> Channels(RecordingSource source, ReportSource? run, int trial, ChannelGroup group, PanelRequest request)
    {
        var index = source.Recording.IndexOfGroup(group.Name);
        var observations = index >= 0 && source.Trials[trial].Observations[index] is { ObservedCount: > 0 } some ? some : null;
        var g = run is null ? -1 : run.Inference.Description.Groups.ToList().FindIndex(one => one.Name == group.Name);
        var means = g >= 0 && Array.TrueForAll(run!.Inference.Estimates[trial].Means[g].Values, double.IsFinite) ? run.Inference.Estimates[trial].Means[g] : null;
        if (observations is null && means is null)
        {
            return [];
        }

        var usual = means ?? observations!.ToTable();
        return Naming.Channels(group, request, () => MostVarying(usual)).Select(channel => One(source, run, trial, group, g, channel, observations, means, request));
    }

    private static int[] MostVarying(Table table)
    {
        double[] spread = [.. Enumerable.Range(0, table.Columns).Select(c =>
        {
            var column = Lines.Column(table, c);
            var mean = column.Average();
            return column.Sum(value => (value - mean) * (value - mean));
        })];
        return [.. Enumerable.Range(0, table.Columns).OrderByDescending(c => spread[c]).ThenBy(c => c).Take(Shown).Order()];
    }

    private static Panel One(RecordingSource source, ReportSource? run, int trial, ChannelGroup group, int g, int channel, Observations? observations, Table? means, PanelRequest request)
    {
        var one = source.Trials[trial];
        var (first, end) = request.Bins(one, source.BinWidth);
        var (part, bins) = (first..end, end - first);
        var time = Lines.Time(one.Bins, source.BinWidth)[part];
        var (spans, words) = Spans.Of(source, trial, group.Name, (first, end));
        var marks = new List<Mark>(spans);
        var name = Naming.Of(group, channel);
        var recorded = observations is null ? null : Enumerable.Range(first, bins).Select(t => observations.IsObserved(t, channel) ? observations[t, channel] : double.NaN).ToArray();
        var said = new List<string>();
        var isHidden = run?.Inference.Hidden.Contains(group.Name) == true;
        var caption = $"Recorded {group.Name} of trial {request.Of(one.Name)}";
        if (means is not null)
        {
            var mean = Lines.Column(means, channel)[part];
            var (low, high, isCalibrated) = Intervals.Of(run!.Inference, trial, g, channel, withNoise: true);
            (low, high) = (low[part], high[part]);
            if (Array.TrueForAll(high, double.IsFinite))
            {
                var band = Lines.ThinBand(time, low, high);
                marks.Add(new BandMark(Intervals.Name, PanelColor.Found, band.X, band.Low, band.High));
            }

            caption = $"{(recorded is null ? "Decoded" : "Recorded and decoded")} {group.Name} of trial {request.Of(one.Name)}; {(isHidden ? "inference saw none of it, and decoded it from what it saw of the whole trial, before and after (not from the past alone)" : "inference saw it, so that the line is a fit and no prediction")}. The band is the {Intervals.Name} of what is recorded, noise included, {(isCalibrated ? "as the run's calibration corrects it" : "by the model alone, not calibrated")}.";
            said.Add($"decoded from {Words.Of(mean.Min())} to {Words.Of(mean.Max(), group.Unit)}");
            if (recorded is not null)
            {
                var known = Enumerable.Range(0, bins).Where(t => double.IsFinite(recorded[t])).ToList();
                var inside = known.Count(t => recorded[t] >= low[t] && recorded[t] <= high[t]);
                said.Add($"{(isHidden ? "R2" : "R2 of the fit")} here {Words.Of(R2(recorded, mean, known))}");
                said.Add($"the band holds {Words.Percent(known.Count == 0 ? double.NaN : (double)inside / known.Count)} of what was recorded");
            }
        }
        else
        {
            caption += ".";
        }

        if (recorded is not null)
        {
            said.Insert(0, $"recorded from {Words.Of(Words.Least(recorded))} to {Words.Of(Words.Largest(recorded), group.Unit)}");
            var (x, y) = Lines.Thin(time, recorded);
            marks.Add(new LineMark("recorded", PanelColor.Truth, x, y));
        }

        if (means is not null)
        {
            var (x, y) = Lines.Thin(time, Lines.Column(means, channel)[part]);
            marks.Add(new LineMark(isHidden ? "decoded" : "fitted", PanelColor.Found, x, y) { Width = 2 });
        }

        return new Panel
        {
            Kind = "behaviour",
            Title = name,
            Caption = $"{caption}{(group.Channels > Shown ? $" The {Shown} channels of {group.Channels} that vary most are shown." : "")}{Lines.Remark(bins)}{words}",
            Description = $"{name}: {string.Join("; ", said)}.",
            X = Lines.TimeAxis((first, end), source.BinWidth),
            Y = new Axis(name, group.Unit),
            Marks = marks,
            Multiples = $"{group.Name}",
        };
    }

    private static double R2(double[] recorded, double[] mean, List<int> known)
        => known.Count < 2 ? double.NaN : Metrics.R2(new Table(known.Count, 1, [.. known.Select(t => recorded[t])]), new Table(known.Count, 1, [.. known.Select(t => mean[t])]));
}
