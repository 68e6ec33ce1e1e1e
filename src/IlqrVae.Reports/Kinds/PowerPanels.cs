using IlqrVae.Reports.Panels;
using IlqrVae.Runs.Scores;

namespace IlqrVae.Reports.Kinds;

/// <summary>How strong the inferred inputs are along the trial, averaged over trials.</summary>
public sealed class PowerPanels : RunPanelKind
{
    /// <inheritdoc/>
    public override string Name => "power";

    /// <inheritdoc/>
    public override string Help => "power of the inferred inputs along the trial, averaged over trials";

    /// <inheritdoc/>
    protected override PanelResult Make(ReportSource source, PanelRequest request)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(request);
        var found = source.Inference;
        if (found.Learned.InputScale.Length == 0)
        {
            return PanelResult.None("The model has no inputs, so they have no power: its dynamics is autonomous.");
        }

        var steps = Powers(source);
        if (steps.All(one => one.Length == 0))
        {
            return PanelResult.None("No trial has two bins with finite inputs, so there is no power to show.");
        }

        var lengths = steps.Select(one => one.Length).Where(length => length > 0).OrderDescending().ToList();
        var bins = lengths[(lengths.Count - 1) / 2];
        var (mean, low, high) = (new double[bins], new double[bins], new double[bins]);
        for (var t = 0; t < bins; t++)
        {
            var values = steps.Where(one => t < one.Length).Select(one => one[t]).ToList();
            mean[t] = values.Average();
            var error = values.Count < 2 ? double.NaN : Math.Sqrt(values.Sum(value => (value - mean[t]) * (value - mean[t])) / (values.Count - 1) / values.Count);
            (low[t], high[t]) = (Math.Max(0, mean[t] - (Intervals.HalfWidth * error)), mean[t] + (Intervals.HalfWidth * error));
        }

        double[] time = [.. Enumerable.Range(1, bins).Select(t => t * source.BinWidth)];
        var marks = new List<Mark>();
        if (lengths.Count > 1)
        {
            var band = Lines.ThinBand(time, low, high);
            marks.Add(new BandMark("95 % interval of the average", PanelColor.Found, band.X, band.Low, band.High));
        }

        var (x, y) = Lines.Thin(time, mean);
        marks.Add(new LineMark("power", PanelColor.Found, x, y) { Width = 2 });
        var peak = Enumerable.Range(0, bins).MaxBy(t => mean[t]);
        var energy = InputEnergyPart.Of(found, [], 3);
        return PanelResult.Of(new Panel
        {
            Kind = "power",
            Title = "Input power along the trial",
            Caption = $"The power of the inferred inputs in each step: the mean over {Words.Count(found.Learned.InputScale.Length, "input")} of their squares, in units of the squared scales of their prior, so that no scale of a latent space counts; averaged over {Words.Count(lengths.Count, "trial")}{(lengths[0] > lengths[^1] ? ", as far as half of them reach" : "")}.{(lengths.Count > 1 ? " The band is the 95 % interval of the average, 1.96 standard errors over trials, cut off at zero." : " With one trial there is no band.")} Inferred inputs are smaller than inputs, the more so the less the data say, so that power below that of the prior (1 for a Gaussian one) is what to expect.{Initial(energy)}{Lines.Remark(bins)}",
            Description = $"Power from {Words.Of(mean.Min())} to {Words.Of(mean[peak])} squared scales, highest {Words.Of(time[peak], "s")} into the trial, {Words.Of(mean[peak] / mean.Average())} times its mean of {Words.Of(mean.Average())}.",
            X = new Axis("time", "s") { Limits = (0, (bins + 1) * source.BinWidth) },
            Y = new Axis("input power", "squared scales of the prior") { Limits = (0, 1.08 * Math.Max(Words.Largest(high), mean[peak]) is > 0 and var top ? top : 1.08 * Math.Max(mean[peak], double.Epsilon)) },
            Marks = marks,
        });
    }

    /// <summary>Two answers to one question, each with its name.</summary>
    private static string Initial(InputEnergyPart energy) => !double.IsFinite(energy.InitialShare) ? ""
        : $" What drives a trial before it begins is in its initial state: that holds {Words.Percent(energy.InitialShare)} of the energy of initial states and inputs, each in units of its own prior{(energy.InitialShareOfEffects is { } share && double.IsFinite(share) ? $", and {Words.Percent(share)} where an input counts by what it does to the state" : "")}.";

    /// <summary>The mean square of the scaled inputs in each step of each trial; none of a trial whose inputs are not finite.</summary>
    internal static List<double[]> Powers(ReportSource source)
        => [.. Enumerable.Range(0, source.Trials.Count).Select(i =>
        {
            var inputs = InputPanels.Scaled(source, i);
            return !Array.TrueForAll(inputs.Values, double.IsFinite) ? [] : Enumerable.Range(0, inputs.Bins - 1).Select(t => inputs.Row(t).ToArray().Average(u => u * u)).ToArray();
        })];
}
