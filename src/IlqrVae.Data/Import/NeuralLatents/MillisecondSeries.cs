using IlqrVae.Data.Import.Timed;

namespace IlqrVae.Data.Import.NeuralLatents;

/// <summary>A series on a grid of 1 ms, brought to wider bins as the benchmark does it: missing samples bridged, a low-pass of 501 taps without a shift, and every so many samples taken.</summary>
internal sealed class MillisecondSeries
{
    private const int Taps = 501;
    private const int Reach = Taps / 2;
    private const int BlockSamples = 1 << 15;

    // How far off the grid a sample may be, in ms: the benchmark rounds to microseconds.
    private const double Tolerance = 5e-4;

    private readonly double[][] _known;
    private readonly double[][] _bridged;
    private readonly double[] _taps;
    private readonly int _step;

    private MillisecondSeries(double[][] known, int step)
    {
        _known = known;
        _step = step;
        _bridged = Array.ConvertAll(known, Bridge);
        _taps = Hamming(step);
    }

    public int Channels => _known.Length;

    /// <summary>Reads a series of one or more files.</summary>
    /// <param name="length">Of the grid, in ms.</param>
    /// <param name="step">The bin to bring it to, in ms.</param>
    /// <param name="parts">Of each file its path, the series, and where in the grid the file begins and ends.</param>
    /// <param name="order">The channels to take, in their order.</param>
    /// <exception cref="InputException">A sample lies off the grid, or outside what was recorded.</exception>
    public static MillisecondSeries Read(int length, int step, IEnumerable<(string Path, ITimedSeries Series, int Start, int Length)> parts, IReadOnlyList<int> order)
    {
        double[][] known = [.. order.Select(_ => new double[length])];
        Array.ForEach(known, values => Array.Fill(values, double.NaN));
        foreach (var (path, series, start, own) in parts)
        {
            var (times, values) = (new double[BlockSamples], new double[BlockSamples * series.Channels]);
            for (var first = 0; first < series.Samples; first += BlockSamples)
            {
                var count = Math.Min(BlockSamples, series.Samples - first);
                series.ReadTimes(first, times.AsSpan(0, count));
                series.ReadValues(first, count, values.AsSpan(0, count * series.Channels));
                for (var i = 0; i < count; i++)
                {
                    var place = Math.Round(times[i] * 1000);
                    if (!(Math.Abs((times[i] * 1000) - place) <= Tolerance) || place < 0 || place >= own)
                    {
                        throw new InputException(
                            $"--nlb: {path}: sample {first + i} of '{series.Name}' is at {times[i]} s, {(place >= 0 && place < own ? "off the grid of 1 ms" : $"outside the recording, which ends at {own / 1000.0} s")}; the benchmark takes only series sampled on it. Import it with --align, --window and --behaviour in place of --nlb.");
                    }

                    for (var c = 0; c < known.Length; c++)
                    {
                        known[c][start + (int)place] = values[(i * series.Channels) + order[c]];
                    }
                }
            }
        }

        return new MillisecondSeries(known, step);
    }

    /// <summary>The value in a bin of the grid, counted from time 0; NaN where the bin's first millisecond is missing, or there is no such bin.</summary>
    public double At(int channel, long bin)
    {
        var middle = bin * _step;
        var (known, bridged) = (_known[channel], _bridged[channel]);
        if (bin < 0 || middle >= known.Length || double.IsNaN(known[middle]))
        {
            return double.NaN;
        }

        var sum = 0.0;
        for (var k = (int)Math.Max(0, middle - Reach); k <= Math.Min(known.Length - 1, middle + Reach); k++)
        {
            sum += _taps[k - middle + Reach] * bridged[k];
        }

        return sum;
    }

    /// <summary>Straight lines over what is missing; the first and the last value are held beyond them.</summary>
    private static double[] Bridge(double[] values)
    {
        var bridged = values.ToArray();
        var last = -1;
        for (var i = 0; i < bridged.Length; i++)
        {
            if (double.IsNaN(values[i]))
            {
                continue;
            }

            for (var k = last + 1; k < i; k++)
            {
                bridged[k] = last < 0 ? values[i] : values[last] + ((values[i] - values[last]) * (k - last) / (i - last));
            }

            last = i;
        }

        for (var k = last + 1; k < bridged.Length && last >= 0; k++)
        {
            bridged[k] = values[last];
        }

        return bridged;
    }

    /// <summary>A windowed sinc that lets pass what is slower than half of the wider rate, of sum 1.</summary>
    private static double[] Hamming(int step)
    {
        var taps = new double[Taps];
        for (var i = 0; i < Taps; i++)
        {
            var x = Math.PI * (i - Reach) / step;
            taps[i] = (x == 0 ? 1 : Math.Sin(x) / x) * (0.54 - (0.46 * Math.Cos(2 * Math.PI * i / (Taps - 1))));
        }

        var sum = taps.Sum();
        return Array.ConvertAll(taps, tap => tap / sum);
    }
}
