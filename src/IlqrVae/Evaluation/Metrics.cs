using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Evaluation;

/// <summary>
/// Scores of estimates against truth. Tables are rows (bins, perhaps of several trials on top of each other) by columns; a column that does
/// not vary has no R2, which is NaN for it and left out of means over columns. Where a number is not finite the score is NaN, and so are means over
/// columns that have it: an estimate that overflowed is not left out.
/// </summary>
public static class Metrics
{
    /// <summary>
    /// Rates below this many counts a bin are raised to it in <see cref="BitsPerSpike"/>, as the Neural Latents Benchmark does; a spike
    /// where the model gives none would cost infinitely much.
    /// </summary>
    public const double LeastRate = 1e-9;

    /// <summary>
    /// R2 of every column, 1 - sum (y - yhat)^2 / sum (y - ybar)^2 with ybar the column's mean in <paramref name="truth"/>.
    /// </summary>
    /// <param name="truth">Rows x columns.</param>
    /// <param name="estimate">Rows x columns.</param>
    /// <returns>One value a column, at most 1.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static double[] R2PerColumn(Table truth, Table estimate)
    {
        var (residual, total) = SumsOfSquares(truth, estimate);
        return [.. residual.Zip(total, R2Of)];
    }

    /// <summary>The same over the evaluated entries of several trials, together.</summary>
    /// <param name="truth">Bins x columns of each trial.</param>
    /// <param name="estimate">Bins x columns of each trial.</param>
    /// <param name="evaluated">For each trial, row-major, true where an entry is evaluated; null (of a trial) for everywhere.</param>
    /// <returns>One value a column, at most 1; NaN for one without entries.</returns>
    /// <exception cref="ArgumentException">The shapes differ, or there are no trials.</exception>
    public static double[] R2PerColumn(IReadOnlyList<Table> truth, IReadOnlyList<Table> estimate, IReadOnlyList<bool[]?> evaluated)
    {
        LinearAlignment.RequireSameBins(truth, estimate);
        RequireSameCount(truth.Count, evaluated.Count);
        if (truth.Count == 0)
        {
            throw new ArgumentException("There are no trials.", nameof(truth));
        }

        var r2 = new double[truth[0].Columns];
        for (var c = 0; c < r2.Length; c++)
        {
            var (known, guessed) = (new List<double>(), new List<double>());
            for (var k = 0; k < truth.Count; k++)
            {
                for (var t = 0; t < truth[k].Bins; t++)
                {
                    if (evaluated[k]?[(t * r2.Length) + c] != false)
                    {
                        known.Add(truth[k][t, c]);
                        guessed.Add(estimate[k][t, c]);
                    }
                }
            }

            r2[c] = known.Count == 0 ? double.NaN : R2(new Table(known.Count, 1, [.. known]), new Table(known.Count, 1, [.. guessed]));
        }

        return r2;
    }

    /// <summary>The mean of R2 over columns, each counting alike.</summary>
    /// <param name="truth">Rows x columns.</param>
    /// <param name="estimate">Rows x columns.</param>
    /// <returns>At most 1; NaN if no column varies.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static double R2(Table truth, Table estimate)
    {
        var (residual, total) = SumsOfSquares(truth, estimate);
        double[] varying = [.. residual.Zip(total).Where(one => one.Second != 0).Select(one => R2Of(one.First, one.Second))];
        return varying.Length > 0 ? varying.Average() : double.NaN;
    }

    /// <summary>
    /// The variance captured over all columns together, 1 - sum |y - yhat|^2 / sum |y - ybar|^2: R2 weighted by the columns' variances.
    /// </summary>
    /// <param name="truth">Rows x columns.</param>
    /// <param name="estimate">Rows x columns.</param>
    /// <returns>At most 1; NaN if no column varies.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static double R2VarianceWeighted(Table truth, Table estimate)
    {
        var (residual, total) = SumsOfSquares(truth, estimate);
        return R2Of(residual.Sum(), total.Sum());
    }

    /// <summary>
    /// R2 of predictions k bins ahead, 1 - sum_t |x_{t+k} - xhat_{t+k}|^2 / sum_t |x_{t+k} - xbar|^2 over t = 0 .. T-1-k, with xbar the
    /// trial's own mean over all its bins. Sums run over trials too before the ratio is taken; trials of k bins or fewer have no prediction
    /// and are passed over.
    /// </summary>
    /// <param name="truth">Noise-free states of each trial, T x n; trials may differ in length.</param>
    /// <param name="predictions">For each trial (T - k) x n: row t is what was predicted at bin t for bin t + k. Ignored for trials of k
    /// bins or fewer.</param>
    /// <param name="steps">Number of steps ahead k, not negative.</param>
    /// <returns>At most 1; NaN if there is nothing to predict.</returns>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    public static double KStepR2(IReadOnlyList<Table> truth, IReadOnlyList<Table> predictions, int steps)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(steps);
        RequireSameCount(truth.Count, predictions.Count);
        double residual = 0, total = 0;
        for (var k = 0; k < truth.Count; k++)
        {
            var states = truth[k];
            var predicted = predictions[k];
            if (states.Bins <= steps)
            {
                continue;
            }

            if (predicted.Columns != states.Columns || predicted.Bins != states.Bins - steps)
            {
                throw new ArgumentException(
                    $"Trial {k} has {predicted.Bins} x {predicted.Columns} predictions where {states.Bins - steps} x {states.Columns} are needed.",
                    nameof(predictions));
            }

            var mean = ColumnMeans(states);
            for (var t = 0; t < predicted.Bins; t++)
            {
                for (var c = 0; c < states.Columns; c++)
                {
                    var x = states[t + steps, c];
                    residual += (x - predicted[t, c]) * (x - predicted[t, c]);
                    total += (x - mean[c]) * (x - mean[c]);
                }
            }
        }

        return R2Of(residual, total);
    }

    /// <summary>Negative log-likelihood of a Poisson count, r - n ln r + ln n!, in nats.</summary>
    /// <param name="rate">Expected count r, not negative.</param>
    /// <param name="count">Count n.</param>
    /// <returns>The value; infinite for a count above 0 at rate 0.</returns>
    public static double PoissonNegativeLogLikelihood(double rate, double count) =>
        rate - (count > 0 ? count * Math.Log(rate) : 0) + SpecialFunctions.LogGamma(count + 1);

    /// <summary>
    /// Bits per spike, (nll_null - nll_model) / (number of spikes) / ln 2, where the null model gives every neuron its mean count over the
    /// evaluated bins. On neurons the model did not see this is the benchmark's co-bps, on bins it did not see fp-bps.
    /// </summary>
    /// <param name="rates">Expected counts a bin of each trial, bins x neurons.</param>
    /// <param name="counts">Counts of each trial, bins x neurons.</param>
    /// <param name="evaluated">For each trial, row-major, true where an entry is evaluated; null (of a trial, or altogether) for
    /// everywhere.</param>
    /// <returns>The bits; 0 is no better than the null model; NaN if there are no spikes.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static double BitsPerSpike(IReadOnlyList<Table> rates, IReadOnlyList<Table> counts, IReadOnlyList<bool[]?>? evaluated = null) =>
        BitsPerSpikeOf(rates, counts, evaluated);

    /// <summary>
    /// The expectation of bits per spike over fresh spikes from known rates: E[n] = r in numerator and denominator and in the null model's
    /// means, so with R the true and r the model's expected counts, rbar the neuron's mean of R: sum (R ln(r / rbar) - r + rbar) / sum R /
    /// ln 2. It has no noise from the spikes and is largest at r = R.
    /// </summary>
    /// <param name="rates">Expected counts a bin by the model, of each trial, bins x neurons.</param>
    /// <param name="trueRates">True expected counts a bin of each trial, bins x neurons (a simulation's rates in Hz times the bin
    /// width).</param>
    /// <param name="evaluated">For each trial, row-major, true where an entry is evaluated; null (of a trial, or altogether) for
    /// everywhere.</param>
    /// <returns>The bits; NaN if all true rates are 0.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static double ExpectedBitsPerSpike(
        IReadOnlyList<Table> rates, IReadOnlyList<Table> trueRates, IReadOnlyList<bool[]?>? evaluated = null) =>
        BitsPerSpikeOf(rates, trueRates, evaluated);

    // n! is common to both models and the rest is linear in the count, so counts and their expectations take the same form.
    private static double BitsPerSpikeOf(IReadOnlyList<Table> rates, IReadOnlyList<Table> counts, IReadOnlyList<bool[]?>? evaluated)
    {
        RequireSameCount(rates.Count, counts.Count);
        if (rates.Count == 0)
        {
            return double.NaN;
        }

        var neurons = counts[0].Columns;
        var sum = new double[neurons];
        var entries = new long[neurons];
        for (var k = 0; k < rates.Count; k++)
        {
            RequireSameShape(counts[k], rates[k]);
            if (counts[k].Columns != neurons)
            {
                throw new ArgumentException($"Trial {k} has {counts[k].Columns} neurons where the first has {neurons}.", nameof(counts));
            }

            var mask = evaluated?[k];
            if (mask is not null && mask.Length != counts[k].Values.Length)
            {
                throw new ArgumentException(
                    $"The mask of trial {k} has {mask.Length} entries where {counts[k].Values.Length} are needed.", nameof(evaluated));
            }

            for (var i = 0; i < counts[k].Values.Length; i++)
            {
                if (mask is null || mask[i])
                {
                    sum[i % neurons] += counts[k].Values[i];
                    entries[i % neurons]++;
                }
            }
        }

        var gain = 0.0;
        for (var k = 0; k < rates.Count; k++)
        {
            var mask = evaluated?[k];
            for (var i = 0; i < counts[k].Values.Length; i++)
            {
                if (mask is not null && !mask[i])
                {
                    continue;
                }

                var count = counts[k].Values[i];
                var rate = double.IsFinite(rates[k].Values[i]) ? Math.Max(rates[k].Values[i], LeastRate) : double.NaN;
                var mean = sum[i % neurons] / entries[i % neurons];
                gain += mean - rate + (count > 0 ? count * Math.Log(rate / mean) : 0);
            }
        }

        var spikes = sum.Sum();
        return spikes > 0 && double.IsFinite(gain) ? gain / spikes / Math.Log(2) : double.NaN;
    }

    private static double R2Of(double residual, double total) => total > 0 && double.IsFinite(residual) ? 1 - (residual / total) : double.NaN;

    internal static double[] ColumnMeans(Table table)
    {
        var mean = new double[table.Columns];
        for (var t = 0; t < table.Bins; t++)
        {
            var row = table.Row(t);
            for (var c = 0; c < mean.Length; c++)
            {
                mean[c] += row[c];
            }
        }

        for (var c = 0; c < mean.Length; c++)
        {
            mean[c] /= table.Bins;
        }

        return mean;
    }

    internal static double MeanOfDefined(double[] values)
    {
        double sum = 0;
        var count = 0;
        foreach (var value in values)
        {
            if (!double.IsNaN(value))
            {
                sum += value;
                count++;
            }
        }

        return count > 0 ? sum / count : double.NaN;
    }

    private static (double[] Residual, double[] Total) SumsOfSquares(Table truth, Table estimate)
    {
        RequireSameShape(truth, estimate);
        var mean = ColumnMeans(truth);
        var residual = new double[truth.Columns];
        var total = new double[truth.Columns];
        for (var t = 0; t < truth.Bins; t++)
        {
            var y = truth.Row(t);
            var guess = estimate.Row(t);
            for (var c = 0; c < mean.Length; c++)
            {
                residual[c] += (y[c] - guess[c]) * (y[c] - guess[c]);
                total[c] += (y[c] - mean[c]) * (y[c] - mean[c]);
            }
        }

        // A constant column's mean can miss its value by a rounding error; that is no variance.
        for (var c = 0; c < mean.Length; c++)
        {
            var rounding = 1e-15 * Math.Abs(mean[c]) * truth.Bins;
            total[c] = total[c] <= rounding * rounding ? 0 : total[c];
        }

        return (residual, total);
    }

    private static void RequireSameShape(Table a, Table b)
    {
        if (a.Bins != b.Bins || a.Columns != b.Columns)
        {
            throw new ArgumentException(
                $"The tables must have one shape; they are {a.Bins} x {a.Columns} and {b.Bins} x {b.Columns}.", nameof(b));
        }
    }

    private static void RequireSameCount(int a, int b)
    {
        if (a != b)
        {
            throw new ArgumentException($"There are {a} trials on one side and {b} on the other.", nameof(b));
        }
    }
}
