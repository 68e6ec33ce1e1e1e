using IlqrVae.Recordings;
using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports.Kinds;

/// <summary>How much neurons fire on average over the recording.</summary>
public sealed class FiringPanels : GroupPanelKind
{
    private const int MostBars = 40;

    /// <inheritdoc/>
    public override string Name => "firing";

    /// <inheritdoc/>
    public override string Help => "histogram of the neurons' mean rates, with silent ones named";

    /// <inheritdoc/>
    private protected override ChannelKind Kind => ChannelKind.Counts;

    /// <inheritdoc/>
    private protected override string Missing => "The recording has no counts, so there are no rates.";

    /// <inheritdoc/>
    private protected override PanelResult Make(RecordingSource source, PanelRequest request, IReadOnlyList<int> groups) => PanelResult.Of([.. groups.Select(g => Make(source, g))]);

    /// <summary>The mean rate of each neuron over all of its observed bins, in Hz; NaN where it was never observed.</summary>
    internal static double[] Rates(Recording recording, int g)
    {
        var channels = recording.Groups[g].Channels;
        var (spikes, bins, row, seen) = (new double[channels], new double[channels], new double[channels], new bool[channels]);
        foreach (var observations in recording.Trials.Select(trial => trial.Observations[g]).Where(one => one.ObservedCount > 0))
        {
            for (var t = 0; t < observations.Bins; t++)
            {
                observations.CopyRow<double>(t, row);
                observations.CopyObserved(t, 1, seen);
                for (var c = 0; c < channels; c++)
                {
                    spikes[c] += row[c];
                    bins[c] += seen[c] ? 1 : 0;
                }
            }
        }

        return [.. spikes.Select((count, c) => bins[c] > 0 ? count / bins[c] / recording.BinWidth : double.NaN)];
    }

    private static Panel Make(RecordingSource source, int g)
    {
        var group = source.Recording.Groups[g];
        var rates = Rates(source.Recording, g);
        double[] known = [.. rates.Where(double.IsFinite).Order()];
        var silent = Enumerable.Range(0, rates.Length).Where(c => rates[c] < RecordingRemarks.LeastRate).Select(c => Naming.Of(group, c)).ToList();
        var unseen = Enumerable.Range(0, rates.Length).Where(c => double.IsNaN(rates[c])).Select(c => Naming.Of(group, c)).ToList();
        var bars = Math.Clamp((int)Math.Ceiling(2 * Math.Sqrt(known.Length)), 1, MostBars);
        var width = known.Length == 0 || known[^1] <= 0 ? 1 : known[^1] / bars * (1 + 1e-12);
        var heights = new double[bars];
        foreach (var rate in known)
        {
            heights[Math.Min(bars - 1, (int)(rate / width))]++;
        }

        return new Panel
        {
            Kind = "firing",
            Title = $"Mean rates of {group.Name}",
            Caption = $"How many neurons have which mean rate, over all {Words.Count(source.Recording.Trials.Count, "trial")} of the recording.{(silent.Count > 0 ? $" {Words.Count(silent.Count, "neuron")} of {group.Channels} fire{(silent.Count == 1 ? "s" : "")} below {Words.Of(RecordingRemarks.LeastRate, "Hz")}, too little to learn from or to score by: {Words.List(silent, 12)}." : "")}{(unseen.Count > 0 ? $" Never observed: {Words.List(unseen, 12)}." : "")}",
            Description = known.Length == 0
                ? "No neuron was observed in any bin."
                : $"{Words.Count(known.Length, "neuron")}: from {Words.Of(known[0])} to {Words.Of(known[^1], "Hz")}, median {Words.Of(known[known.Length / 2], "Hz")}, {Words.Count(silent.Count, "neuron")} below {Words.Of(RecordingRemarks.LeastRate, "Hz")}.",
            X = new Axis("mean rate", "Hz") { Limits = (0, bars * width) },
            Y = new Axis("neurons"),
            Marks = [new BarMark("neurons", PanelColor.Truth, [.. Enumerable.Range(0, bars).Select(k => (k + 0.5) * width)], heights, width), new RuleMark($"{Words.Of(RecordingRemarks.LeastRate)} Hz", PanelColor.Muted, RecordingRemarks.LeastRate, true)],
        };
    }
}
