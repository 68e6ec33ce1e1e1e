using System.Numerics.Tensors;
using IlqrVae.Recordings;

namespace IlqrVae.Evaluation;

/// <summary>Kernel smoothing of counts along a trial.</summary>
public static class GaussianSmoothing
{
    /// <summary>
    /// Weighted means over neighbouring bins with Gaussian weights exp(-(s - t)^2 / (2 d^2)), cut at four standard deviations. The weights
    /// of the bins that exist and were observed are normalised to one, so that edges and gaps do not pull towards zero.
    /// </summary>
    /// <param name="values">T x N values.</param>
    /// <param name="deviation">Standard deviation d of the kernel in bins, not negative; 0 returns a copy.</param>
    /// <param name="observed">Row-major, true where an entry was observed; null for everywhere. A bin without any observed neighbour gets
    /// the channel's mean.</param>
    /// <returns>T x N means.</returns>
    /// <exception cref="ArgumentException">The deviation is negative or not finite, or the mask does not have the shape of the
    /// values.</exception>
    public static Table Smooth(Table values, double deviation, bool[]? observed = null)
    {
        if (!(deviation >= 0) || !double.IsFinite(deviation))
        {
            throw new ArgumentOutOfRangeException(nameof(deviation), deviation, "The standard deviation must be finite and not negative.");
        }

        if (observed is not null && observed.Length != values.Values.Length)
        {
            throw new ArgumentException("The mask must have the shape of the values.", nameof(observed));
        }

        var reach = (int)Math.Min(Math.Ceiling(4 * deviation), values.Bins);
        var kernel = new double[reach + 1];
        for (var k = 0; k <= reach; k++)
        {
            var distance = k == 0 ? 0 : k / deviation;
            kernel[k] = Math.Exp(-0.5 * distance * distance);
        }

        var columns = values.Columns;
        var result = new Table(values.Bins, columns);
        var weights = new double[columns];
        var means = observed is null ? [] : ObservedMeans(values, observed);
        for (var t = 0; t < values.Bins; t++)
        {
            var row = result.Row(t);
            Array.Clear(weights);
            var total = 0.0;
            for (var s = Math.Max(0, t - reach); s <= Math.Min(values.Bins - 1, t + reach); s++)
            {
                var weight = kernel[Math.Abs(s - t)];
                var source = values.Row(s);
                if (observed is null)
                {
                    TensorPrimitives.MultiplyAdd(source, weight, row, row);
                    total += weight;
                    continue;
                }

                for (var c = 0; c < columns; c++)
                {
                    if (observed[(s * columns) + c])
                    {
                        row[c] += weight * source[c];
                        weights[c] += weight;
                    }
                }
            }

            if (observed is null)
            {
                TensorPrimitives.Divide(row, total, row);
                continue;
            }

            for (var c = 0; c < columns; c++)
            {
                row[c] = weights[c] > 0 ? row[c] / weights[c] : means[c];
            }
        }

        return result;
    }

    private static double[] ObservedMeans(Table values, bool[] observed)
    {
        var mean = new double[values.Columns];
        var count = new int[values.Columns];
        for (var i = 0; i < observed.Length; i++)
        {
            if (observed[i])
            {
                mean[i % mean.Length] += values.Values[i];
                count[i % mean.Length]++;
            }
        }

        for (var c = 0; c < mean.Length; c++)
        {
            mean[c] = count[c] > 0 ? mean[c] / count[c] : 0;
        }

        return mean;
    }
}
