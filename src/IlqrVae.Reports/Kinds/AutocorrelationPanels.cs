using IlqrVae.Recordings;
using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports.Kinds;

/// <summary>How counts of a neuron go together over lags: how slowly rates change, and what bins cannot tell.</summary>
public sealed class AutocorrelationPanels : GroupPanelKind
{
    private const double LongestLag = 1;
    private const int MostLags = 200;

    /// <summary>Neurons that fire most; more cost time and change little.</summary>
    private const int MostNeurons = 200;

    /// <summary>Bins beyond these are left out, which cost time and change little.</summary>
    private const int MostBins = 40_000;

    /// <inheritdoc/>
    public override string Name => "autocorrelation";

    /// <inheritdoc/>
    public override string Help => "autocorrelation of spike counts by lag, averaged over neurons";

    /// <inheritdoc/>
    private protected override ChannelKind Kind => ChannelKind.Counts;

    /// <inheritdoc/>
    private protected override string Missing => "The recording has no counts, so they have no autocorrelation.";

    /// <inheritdoc/>
    private protected override PanelResult Make(RecordingSource source, PanelRequest request, IReadOnlyList<int> groups)
    {
        var panels = groups.Select(g => Make(source, g, request)).OfType<Panel>().ToList();
        return panels.Count > 0 ? PanelResult.Of(panels) : PanelResult.None("No neuron varies in trials of three bins or more, so there is no autocorrelation.");
    }

    /// <summary>
    /// The autocorrelation of one channel: products of deviations from its mean over all trials, pairs of observed bins of one trial, over its variance.
    /// </summary>
    /// <param name="observations">What was observed of it, a trial each.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="lags">Number of lags, from 1.</param>
    /// <returns>One number a lag; NaN where it does not vary or no pair is so far apart.</returns>
    internal static double[] Of(IReadOnlyList<Observations> observations, int channel, int lags)
    {
        var series = observations.Select(one => Enumerable.Range(0, one.Bins).Select(t => one.IsObserved(t, channel) ? one[t, channel] : double.NaN).ToArray()).ToList();
        var mean = Words.Mean(series.SelectMany(one => one));
        foreach (var one in series)
        {
            for (var t = 0; t < one.Length; t++)
            {
                one[t] -= mean;
            }
        }

        var variance = Words.Mean(series.SelectMany(one => one).Select(value => value * value));
        var found = new double[lags];
        for (var lag = 1; lag <= lags; lag++)
        {
            var (sum, count) = (0.0, 0L);
            foreach (var one in series)
            {
                for (var t = 0; t + lag < one.Length; t++)
                {
                    var product = one[t] * one[t + lag];
                    if (!double.IsNaN(product))
                    {
                        sum += product;
                        count++;
                    }
                }
            }

            found[lag - 1] = count == 0 || !(variance > 0) ? double.NaN : sum / count / variance;
        }

        return found;
    }

    private static Panel? Make(RecordingSource source, int g, PanelRequest request)
    {
        var group = source.Recording.Groups[g];
        var observations = new List<Observations>();
        var (bins, all) = (0, source.Recording.Trials.Select(trial => trial.Observations[g]).Where(one => one.ObservedCount > 0).ToList());
        foreach (var one in all.TakeWhile(_ => bins < MostBins))
        {
            var some = one.Bins > MostBins - bins ? one.SelectBins(0, MostBins - bins) : one;
            observations.Add(some);
            bins += some.Bins;
        }

        var longest = observations.Select(one => one.Bins).DefaultIfEmpty(0).Max();
        var lags = Math.Min(Math.Min(MostLags, longest / 2), Math.Max(1, (int)Math.Round(LongestLag / source.BinWidth)));
        if (longest < 3 || lags < 1)
        {
            return null;
        }

        var rates = FiringPanels.Rates(source.Recording, g);
        var channels = Naming.Channels(group, request, () => [.. Enumerable.Range(0, rates.Length).Where(c => rates[c] > 0).OrderByDescending(c => rates[c]).ThenBy(c => c).Take(MostNeurons)]);
        var each = channels.Select(c => Of(observations, c, lags)).Where(one => one.Any(double.IsFinite)).ToList();
        if (each.Count == 0)
        {
            return null;
        }

        double[] mean = [.. Enumerable.Range(0, lags).Select(k => Words.Mean(each.Select(one => one[k])))];
        double[] error = [.. Enumerable.Range(0, lags).Select(k => each.Count < 2 ? double.NaN : Math.Sqrt(Words.Mean(each.Select(one => (one[k] - mean[k]) * (one[k] - mean[k]))) / (each.Count - 1)))];
        double[] time = [.. Enumerable.Range(1, lags).Select(lag => lag * source.BinWidth)];
        var marks = new List<Mark> { new RuleMark("zero", PanelColor.Muted, 0, false) { InLegend = false } };
        if (each.Count > 1)
        {
            marks.Add(new BandMark("95 % interval of the mean", PanelColor.Truth, time, [.. mean.Zip(error, (m, e) => m - (Intervals.HalfWidth * e))], [.. mean.Zip(error, (m, e) => m + (Intervals.HalfWidth * e))]));
        }

        marks.Add(new LineMark("mean over neurons", PanelColor.Truth, time, mean) { Width = 2 });
        var half = Array.FindIndex(mean, value => value < 0.5 * mean[0]);
        return new Panel
        {
            Kind = "autocorrelation",
            Title = $"Autocorrelation of {group.Name}",
            Caption = $"How counts of one neuron in two bins of a trial go together by the time between them, averaged over {Words.Count(each.Count, "neuron")}{(each.Count < group.Channels ? $" of {group.Channels}" : "")}; the band is the 95 % interval of that mean, 1.96 standard errors over neurons. Spiking noise is independent from bin to bin, so that even the first lag is far below 1; how slowly the line falls tells how slowly rates change, and with them latent states and inputs. Rates that drift over a session keep it up.{(bins < all.Sum(one => (long)one.Bins) ? $" From the first {Words.Count(bins, "bin")}." : "")}",
            Description = $"{Words.Of(mean[0])} at {Words.Of(time[0], "s")}{(half > 0 && mean[0] > 0 ? $", half of that by {Words.Of(time[half], "s")}" : "")}, {Words.Of(mean[^1])} at {Words.Of(time[^1], "s")}.",
            X = new Axis("lag", "s") { Limits = (0, time[^1]) },
            Y = new Axis("autocorrelation"),
            Marks = marks,
        };
    }
}
