using IlqrVae.Recordings;

namespace IlqrVae.Evaluation;

/// <summary>How one column of a sample is distributed beside that of another.</summary>
/// <param name="Mean">Mean of the sample.</param>
/// <param name="TrueMean">Mean of the truth.</param>
/// <param name="Deviation">Standard deviation of the sample.</param>
/// <param name="TrueDeviation">Standard deviation of the truth.</param>
/// <param name="Distance">The Kolmogorov-Smirnov distance: the largest difference between the two cumulative distributions, 0 to 1.</param>
/// <param name="ShareInRange">The share of the sample between the least and the largest true value.</param>
public sealed record MarginalComparison(
    double Mean, double TrueMean, double Deviation, double TrueDeviation, double Distance, double ShareInRange)
{
    /// <summary>Compares every column.</summary>
    /// <param name="sample">Rows x columns, at least one row.</param>
    /// <param name="truth">Rows x columns, at least one row; rows need not be as many.</param>
    /// <returns>One comparison a column; NaN throughout where a number is not finite.</returns>
    /// <exception cref="ArgumentException">The columns differ, or there are no rows.</exception>
    public static IReadOnlyList<MarginalComparison> Of(Table sample, Table truth)
    {
        ArgumentNullException.ThrowIfNull(sample);
        ArgumentNullException.ThrowIfNull(truth);
        if (sample.Columns != truth.Columns || sample.Bins == 0 || truth.Bins == 0)
        {
            throw new ArgumentException("Both need the same columns and at least one row.", nameof(sample));
        }

        return [.. Enumerable.Range(0, truth.Columns).Select(c => Compare(Sorted(sample, c), Sorted(truth, c)))];
    }

    private static MarginalComparison Compare(double[] sample, double[] truth)
    {
        if (!Array.TrueForAll(sample, double.IsFinite) || !Array.TrueForAll(truth, double.IsFinite))
        {
            return new MarginalComparison(double.NaN, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN);
        }

        var distance = 0.0;
        var (i, j) = (0, 0);
        while (i < sample.Length && j < truth.Length)
        {
            // Both distributions step over equal values before they are compared.
            var value = Math.Min(sample[i], truth[j]);
            while (i < sample.Length && sample[i] <= value)
            {
                i++;
            }

            while (j < truth.Length && truth[j] <= value)
            {
                j++;
            }

            distance = Math.Max(distance, Math.Abs(((double)i / sample.Length) - ((double)j / truth.Length)));
        }

        return new MarginalComparison(
            sample.Average(), truth.Average(), SpreadOf(sample), SpreadOf(truth), distance,
            (double)sample.Count(x => x >= truth[0] && x <= truth[^1]) / sample.Length);
    }

    private static double SpreadOf(double[] values)
    {
        var mean = values.Average();
        return Math.Sqrt(values.Average(x => (x - mean) * (x - mean)));
    }

    private static double[] Sorted(Table table, int column)
    {
        var values = Enumerable.Range(0, table.Bins).Select(t => table[t, column]).ToArray();
        Array.Sort(values);
        return values;
    }
}
