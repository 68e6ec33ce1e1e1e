using IlqrVae.Recordings;

namespace IlqrVae.Evaluation.NeuralLatents;

/// <summary>
/// Smoothing of spikes as the Neural Latents Benchmark has it for condition averages: a Gaussian kernel on a grid of 1 ms, not renormalised where a stretch of known bins
/// ends. Spikes of wider bins count as spread evenly over them.
/// </summary>
public sealed class SpikeSmoothing
{
    private const double Millisecond = 1e-3;

    private readonly double[] _taps;
    private readonly int _reach;

    /// <summary>Makes the kernel.</summary>
    /// <param name="binWidth">Width of a bin in seconds.</param>
    /// <param name="deviation">Standard deviation in seconds, at least a sixth of the grid's step.</param>
    /// <exception cref="InputException">The deviation is too small, or not a number.</exception>
    public SpikeSmoothing(double binWidth, double deviation)
    {
        // Where bins are no whole number of ms, the grid is the nearest that divides them.
        var steps = Math.Max(1, (int)Math.Round(binWidth / Millisecond));
        var sigma = deviation / (binWidth / steps);
        if (!(sigma >= 1.0 / 6) || sigma > 1e6)
        {
            throw new InputException(FormattableString.Invariant($"a kernel with a standard deviation of {deviation * 1000} ms cannot smooth; give 1 to 10000 ms."));
        }

        // The kernel has an even number of steps as a rule, and is then half a step off its bin; so it is in the benchmark.
        var kernel = new double[(int)(6 * sigma)];
        for (var k = 0; k < kernel.Length; k++)
        {
            var distance = (k - ((kernel.Length - 1) / 2.0)) / sigma;
            kernel[k] = Math.Exp(-0.5 * distance * distance);
        }

        var sum = kernel.Sum();
        var offset = (kernel.Length - 1) / 2;
        _reach = (kernel.Length / steps) + 1;
        _taps = new double[(2 * _reach) + 1];
        for (var bin = -_reach; bin <= _reach; bin++)
        {
            // From every step of the one bin to every step of the other.
            for (var step = 1 - steps; step < steps; step++)
            {
                var k = (bin * steps) + step + offset;
                _taps[bin + _reach] += k >= 0 && k < kernel.Length ? (steps - Math.Abs(step)) * kernel[k] / sum / steps : 0;
            }
        }
    }

    /// <summary>Smooths.</summary>
    /// <param name="spikes">Bins x neurons; NaN where missing.</param>
    /// <returns>Expected spikes a bin, NaN where missing. What is on the other side of a missing bin has no part in them.</returns>
    public Table Smooth(Table spikes)
    {
        ArgumentNullException.ThrowIfNull(spikes);
        var result = new Table(spikes.Bins, spikes.Columns);
        for (var c = 0; c < spikes.Columns; c++)
        {
            for (var start = 0; start < spikes.Bins;)
            {
                if (double.IsNaN(spikes[start, c]))
                {
                    result[start++, c] = double.NaN;
                    continue;
                }

                var end = start;
                while (end < spikes.Bins && !double.IsNaN(spikes[end, c]))
                {
                    end++;
                }

                for (var from = start; from < end; from++)
                {
                    if (spikes[from, c] != 0)
                    {
                        for (var to = Math.Max(start, from - _reach); to < Math.Min(end, from + _reach + 1); to++)
                        {
                            result[to, c] += spikes[from, c] * _taps[to - from + _reach];
                        }
                    }
                }

                start = end;
            }
        }

        return result;
    }
}
