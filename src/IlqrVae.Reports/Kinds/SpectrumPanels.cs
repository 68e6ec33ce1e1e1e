using System.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Reports.Panels;
using MathNet.Numerics.IntegralTransforms;

namespace IlqrVae.Reports.Kinds;

/// <summary>The power spectrum of behaviour: how fast it changes.</summary>
public sealed class SpectrumPanels : GroupPanelKind
{
    private const int Shown = 6;

    /// <summary>Pieces are this long where trials are.</summary>
    private const double Seconds = 4;

    private const int LeastBins = 8;

    /// <summary>More pieces cost time and change little.</summary>
    private const int MostPieces = 500;

    /// <inheritdoc/>
    public override string Name => "spectrum";

    /// <inheritdoc/>
    public override string Help => "power spectrum of values, such as behaviour";

    /// <inheritdoc/>
    private protected override ChannelKind Kind => ChannelKind.Values;

    /// <inheritdoc/>
    private protected override string Missing => "There are no values, such as behaviour, only counts.";

    /// <inheritdoc/>
    private protected override PanelResult Make(RecordingSource source, PanelRequest request, IReadOnlyList<int> groups)
    {
        var panels = groups.Select(g => Make(source, g, request)).OfType<Panel>().ToList();
        return panels.Count > 0 ? PanelResult.Of(panels) : PanelResult.None($"No stretch of {LeastBins} bins of values was observed without a gap, so there is no spectrum.");
    }

    /// <summary>
    /// Welch's estimate: the mean over pieces of the squared Fourier coefficients of each, its mean taken off, under a Hann window; one-sided, so that its integral
    /// over frequency is the variance.
    /// </summary>
    /// <param name="pieces">Pieces of one length.</param>
    /// <param name="binWidth">In seconds.</param>
    /// <returns>Frequencies in Hz above zero, and power a Hz.</returns>
    internal static (double[] Frequencies, double[] Power) Welch(IReadOnlyList<double[]> pieces, double binWidth)
    {
        var length = pieces[0].Length;
        double[] window = [.. Enumerable.Range(0, length).Select(t => 0.5 * (1 - Math.Cos(2 * Math.PI * t / length)))];
        var norm = window.Sum(w => w * w);
        var power = new double[length / 2];
        foreach (var piece in pieces)
        {
            var mean = piece.Average();
            Complex[] values = [.. piece.Select((value, t) => new Complex((value - mean) * window[t], 0))];
            Fourier.Forward(values, FourierOptions.NoScaling);
            for (var k = 1; k <= power.Length; k++)
            {
                var sides = 2 * k == length ? 1 : 2;
                power[k - 1] += sides * values[k].Magnitude * values[k].Magnitude * binWidth / norm / pieces.Count;
            }
        }

        return ([.. Enumerable.Range(1, power.Length).Select(k => k / (length * binWidth))], power);
    }

    private static Panel? Make(RecordingSource source, int g, PanelRequest request)
    {
        var group = source.Recording.Groups[g];
        var stretches = source.Recording.Trials.SelectMany(trial => Stretches(trial.Observations[g])).ToList();
        var longest = stretches.Select(one => one.Bins).DefaultIfEmpty(0).Max();
        var length = Math.Min(longest, Math.Max(LeastBins, (int)Math.Round(Seconds / source.BinWidth)));
        if (length < LeastBins)
        {
            return null;
        }

        var pieces = stretches.SelectMany(one => Enumerable.Range(0, Math.Max(0, ((one.Bins - length) / Math.Max(1, length / 2)) + 1)).Where(_ => one.Bins >= length).Select(k => (one.Of, First: one.First + (k * Math.Max(1, length / 2))))).Take(MostPieces).ToList();
        var channels = Naming.Channels(group, request, () => [.. Enumerable.Range(0, Math.Min(Shown, group.Channels))]).Take(Shown).ToList();
        var (lines, told) = (new List<Mark>(), new List<string>());
        foreach (var (channel, number) in channels.Select((channel, number) => (channel, number)))
        {
            var (x, y) = Welch([.. pieces.Select(piece => Enumerable.Range(piece.First, length).Select(t => piece.Of[t, channel]).ToArray())], source.BinWidth);
            var total = y.Sum();
            if (!(total > 0) || !double.IsFinite(total))
            {
                told.Add($"{Naming.Of(group, channel)} does not vary.");
                continue;
            }

            // On a logarithmic axis a power of zero has no place.
            lines.Add(new LineMark(Naming.Of(group, channel), PanelColor.Series(number), x, [.. y.Select(value => value > 0 ? value : double.NaN)]) { Width = 1.5 });
            var (half, sum) = (0, 0.0);
            while (half < y.Length - 1 && (sum += y[half]) < 0.5 * total)
            {
                half++;
            }

            told.Add($"{Naming.Of(group, channel)}: half of the power is below {Words.Of(x[half], "Hz")}, most at {Words.Of(x[Array.IndexOf(y, y.Max())], "Hz")}.");
        }

        var unit = group.Unit.Length == 0 ? "1/Hz" : $"({group.Unit})²/Hz";
        return lines.Count == 0 ? null : new Panel
        {
            Kind = "spectrum",
            Title = $"Power spectrum of {group.Name}",
            Caption = $"How much of each channel's variance is at which frequency, from {Words.Count(pieces.Count, "piece")} of {Words.Of(length * source.BinWidth, "s")} (Welch's method, half overlapping, Hann window). Behaviour with power only far below {Words.Of(0.5 / source.BinWidth, "Hz")}, the highest frequency that bins of {Words.Of(1000 * source.BinWidth, "ms")} show, is smooth: neighbouring bins say nearly the same, and there are fewer independent ones to score by than bins.{(channels.Count < group.Channels ? $" {channels.Count} of {group.Channels} channels are shown." : "")}",
            Description = string.Join(" ", told),
            X = new Axis("frequency", "Hz") { Logarithmic = true },
            Y = new Axis("power", unit) { Logarithmic = true },
            Marks = lines,
        };
    }

    /// <summary>The stretches of a trial in which all channels were observed.</summary>
    private static IEnumerable<(Observations Of, int First, int Bins)> Stretches(Observations observations)
    {
        var first = 0;
        for (var t = 0; t <= observations.Bins; t++)
        {
            if (t == observations.Bins || !observations.IsObserved(t))
            {
                if (t > first)
                {
                    yield return (observations, first, t - first);
                }

                first = t + 1;
            }
        }
    }
}
