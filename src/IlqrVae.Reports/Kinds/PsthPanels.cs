using IlqrVae.Evaluation;
using IlqrVae.Recordings;
using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports.Kinds;

/// <summary>Peri-stimulus time histograms: averages over the trials of a condition of smoothed spikes, and of a run of the inferred rates.</summary>
public sealed class PsthPanels : GroupPanelKind
{
    /// <summary>Neurons that are shown.</summary>
    private const int ShownNeurons = 6;

    /// <summary>Conditions that are shown, and with them bands that may lie over each other.</summary>
    private const int ShownConditions = 6;

    /// <summary>Standard deviation of the kernel that smooths recorded spikes, in seconds, as in the Neural Latents Benchmark.</summary>
    private const double Smoothing = 0.07;

    /// <inheritdoc/>
    public override string Name => "psth";

    /// <inheritdoc/>
    public override string Help => "averages over the trials of a condition: smoothed spikes, and of a run the inferred rates";

    /// <inheritdoc/>
    private protected override ChannelKind Kind => ChannelKind.Counts;

    /// <inheritdoc/>
    private protected override string Missing => "The recording has no counts, so there are no spikes to average.";

    /// <inheritdoc/>
    private protected override PanelResult Make(RecordingSource source, PanelRequest request, IReadOnlyList<int> groups)
    {
        if (source.Trials.Count < 2)
        {
            return PanelResult.None("There is one trial only, so there is nothing to average.");
        }

        var panels = groups.SelectMany(g => Make(source, g, request)).ToList();
        return panels.Count > 0 ? PanelResult.Of(panels) : PanelResult.None("No condition has two trials in which spikes were recorded, so there is nothing to average.");
    }

    private static IEnumerable<Panel> Make(RecordingSource source, int g, PanelRequest request)
    {
        var group = source.Recording.Groups[g];
        var known = Enumerable.Range(0, source.Trials.Count).Where(i => source.Trials[i].Observations[g].ObservedCount > 0).ToList();
        var conditions = Conditions.Of(source.Trials) ?? new Conditions("", ["all trials"], [.. source.Trials.Select(_ => 0)]);
        var members = Enumerable.Range(0, conditions.Names.Count)
            .Select(k => (Condition: k, Trials: known.Where(i => conditions.OfTrial[i] == k).ToList())).Where(one => one.Trials.Count > 1).ToList();
        if (members.Count == 0)
        {
            return [];
        }

        // Evenly over conditions that stand in an order, such as angles.
        var shown = Enumerable.Range(0, Math.Min(ShownConditions, members.Count)).Select(k => members[(int)((long)k * members.Count / Math.Min(ShownConditions, members.Count))]).ToList();
        var run = source as ReportSource;
        var model = run is null ? -1 : run.Inference.Description.Groups.ToList().FindIndex(one => one.Name == group.Name);
        var averages = shown.Select(one => Average(one.Trials, i => Smoothed(source, i, g))).ToList();
        var modelled = model < 0 || !run!.Inference.Description.IsRate(model) ? null : shown.Select(one => Average(one.Trials, i => run.Inference.Estimates[i].Means[model])).ToList();
        var channels = Naming.Channels(group, request, () => MostModulated(averages));
        var what = conditions.Name.Length == 0
            ? $"all {shown[0].Trials.Count} trials"
            : $"the trials of each {conditions.Name} ({Words.List(shown.Select(one => $"{conditions.Names[one.Condition]}: {one.Trials.Count}"))} trials{(members.Count > shown.Count ? $"; {shown.Count} of {members.Count} are shown" : "")}{(members.Count < conditions.Names.Count ? $"; {conditions.Names.Count - members.Count} with fewer than two trials left out" : "")})";
        return channels.Select(channel => One(source, group, channel, [.. shown.Select(one => $"{conditions.Name} {conditions.Names[one.Condition]}")], averages, modelled, what, run?.Inference.Hidden.Contains(group.Name) == true, conditions.Name.Length == 0));
    }

    private static Panel One(
        RecordingSource source, ChannelGroup group, int channel, List<string> names, List<EventAverage> averages, List<EventAverage>? modelled, string what, bool isHidden, bool isAlone)
    {
        var (bands, lines) = (new List<Mark>(), new List<Mark>());
        for (var k = 0; k < averages.Count; k++)
        {
            var mean = Lines.Column(averages[k].Mean, channel);
            var error = Lines.Column(averages[k].StandardError, channel);
            var time = Lines.Time(mean.Length, source.BinWidth);
            var color = isAlone ? PanelColor.Truth : PanelColor.Series(k);
            if (modelled is null || averages.Count == 1)
            {
                var band = Lines.ThinBand(time, [.. mean.Zip(error, (m, e) => Math.Max(0, m - (Intervals.HalfWidth * e)))], [.. mean.Zip(error, (m, e) => m + (Intervals.HalfWidth * e))]);
                bands.Add(new BandMark("95 % interval of the average", color, band.X, band.Low, band.High) { InLegend = k == 0 });
            }

            var (x, y) = Lines.Thin(time, mean);
            lines.Add(new LineMark(isAlone ? "recorded" : $"{names[k]}{(modelled is null ? "" : ", recorded")}", color, x, y) { Dashed = modelled is not null });
            if (modelled is not null)
            {
                (x, y) = Lines.Thin(time, Lines.Column(modelled[k].Mean, channel));
                lines.Add(new LineMark(isAlone ? "inferred" : $"{names[k]}, inferred", isAlone ? PanelColor.Found : color, x, y) { Width = 2 });
            }
        }

        var name = Naming.Of(group, channel);
        var recorded = averages.SelectMany(one => Lines.Column(one.Mean, channel)).ToArray();
        var inferred = modelled?.SelectMany(one => Lines.Column(one.Mean, channel)).ToArray();
        var both = inferred is null ? [] : Enumerable.Range(0, recorded.Length).Where(i => double.IsFinite(recorded[i]) && double.IsFinite(inferred[i])).ToList();
        var r = both.Count < 2 ? double.NaN : RatePanels.Correlation([.. both.Select(i => recorded[i])], [.. both.Select(i => inferred![i])]);
        var bins = averages.Max(one => one.Mean.Bins);
        return new Panel
        {
            Kind = "psth",
            Title = name,
            Caption = $"Averages over {what}, each bin over the trials that reach it, two at least. Spikes are smoothed by a Gaussian of {Smoothing * 1000:0} ms{(modelled is null ? "" : $" (dashed); solid lines are averages of the inferred rates, {(isHidden ? "predicted without these spikes" : "inferred from these very spikes, so that they have to be close")}")}.{(bands.Count > 0 ? " The band is the 95 % interval of the average, 1.96 standard errors over trials, never below zero." : "")} Time is from the start of the trials: averages mean something where trials were cut at the same event.{Lines.Remark(bins)}",
            Description = $"{name}: averages of smoothed spikes from {Words.Of(Words.Least(recorded))} to {Words.Of(Words.Largest(recorded), "Hz")}{(inferred is null ? "" : $", of inferred rates from {Words.Of(Words.Least(inferred))} to {Words.Of(Words.Largest(inferred), "Hz")}; correlation {Words.Of(r)}")}.",
            X = new Axis("time", "s") { Limits = (0, bins * source.BinWidth) },
            Y = new Axis("rate", "Hz"),
            Marks = [.. bands, .. lines],
            Multiples = $"averages of {group.Name}",
        };
    }

    /// <summary>The mean over trials and its standard error, bin by bin from the start, where two trials have a number.</summary>
    private static EventAverage Average(List<int> trials, Func<int, Table> table)
    {
        var tables = trials.Select(table).ToList();
        var bins = tables.Select(one => one.Bins).OrderDescending().ElementAt(1);
        var columns = tables[0].Columns;
        var (mean, error) = (new Table(bins, columns), new Table(bins, columns));
        for (var t = 0; t < bins; t++)
        {
            for (var c = 0; c < columns; c++)
            {
                var (count, sum, squares) = (0, 0.0, 0.0);
                foreach (var one in tables)
                {
                    if (t < one.Bins && double.IsFinite(one[t, c]))
                    {
                        count++;
                        sum += one[t, c];
                    }
                }

                mean[t, c] = count < 2 ? double.NaN : sum / count;
                foreach (var one in tables)
                {
                    squares += t < one.Bins && double.IsFinite(one[t, c]) ? (one[t, c] - mean[t, c]) * (one[t, c] - mean[t, c]) : 0;
                }

                error[t, c] = count < 2 ? double.NaN : Math.Sqrt(squares / (count - 1) / count);
            }
        }

        return new EventAverage(trials.Count, 0, mean, error);
    }

    private static Table Smoothed(RecordingSource source, int trial, int g)
    {
        var observations = source.Trials[trial].Observations[g];
        var mask = observations.ToMask();
        var smooth = GaussianSmoothing.Smooth(observations.ToTable(), Smoothing / source.BinWidth, mask);
        return new Table(smooth.Bins, smooth.Columns, [.. smooth.Values.Select((count, i) => mask is null || mask[i] ? count / source.BinWidth : double.NaN)]);
    }

    /// <summary>Those whose averages vary most over bins and conditions.</summary>
    private static int[] MostModulated(List<EventAverage> averages)
    {
        double[] spread = [.. Enumerable.Range(0, averages[0].Mean.Columns).Select(c =>
        {
            var values = averages.SelectMany(one => Lines.Column(one.Mean, c)).Where(double.IsFinite).ToList();
            var mean = Words.Mean(values);
            return values.Sum(value => (value - mean) * (value - mean));
        })];
        return [.. Enumerable.Range(0, spread.Length).OrderByDescending(c => spread[c]).ThenBy(c => c).Take(ShownNeurons)];
    }
}
