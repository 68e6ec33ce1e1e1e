using IlqrVae.Recordings;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Double;

namespace IlqrVae.Reports;

/// <summary>The principal components of latent states over all bins of all trials.</summary>
/// <param name="Mean">The mean state, n.</param>
/// <param name="Components">The directions of most variance, each of length one, its largest entry positive so that its sign is not arbitrary.</param>
/// <param name="Shares">The share of the variance along each.</param>
internal sealed record Principal(IReadOnlyList<double> Mean, IReadOnlyList<double[]> Components, IReadOnlyList<double> Shares)
{
    /// <summary>The components of states; null where no trial has finite ones, or they do not vary.</summary>
    /// <param name="tables">T x n of each trial; those with a number that is not finite are left out.</param>
    public static Principal? Of(IReadOnlyList<Table> tables)
    {
        var known = tables.Where(table => table.Bins > 0 && Array.TrueForAll(table.Values, double.IsFinite)).ToList();
        if (known.Count == 0 || known[0].Columns == 0)
        {
            return null;
        }

        var (n, bins) = (known[0].Columns, known.Sum(table => (double)table.Bins));
        var mean = new double[n];
        foreach (var table in known)
        {
            for (var i = 0; i < table.Values.Length; i++)
            {
                mean[i % n] += table.Values[i] / bins;
            }
        }

        var covariance = new double[n, n];
        var deviation = new double[n];
        foreach (var table in known)
        {
            for (var t = 0; t < table.Bins; t++)
            {
                for (var i = 0; i < n; i++)
                {
                    deviation[i] = table[t, i] - mean[i];
                    for (var j = 0; j <= i; j++)
                    {
                        covariance[i, j] += deviation[i] * deviation[j] / bins;
                    }
                }
            }
        }

        var matrix = DenseMatrix.Create(n, n, (i, j) => covariance[Math.Max(i, j), Math.Min(i, j)]);
        var total = matrix.Diagonal().Sum();
        if (!(total > 0) || !double.IsFinite(total))
        {
            return null;
        }

        var evd = matrix.Evd(Symmetricity.Symmetric);
        int[] order = [.. Enumerable.Range(0, n).OrderByDescending(k => evd.EigenValues[k].Real)];
        return new Principal(
            mean,
            [.. order.Select(k => Signed(evd.EigenVectors.Column(k).ToArray()))],
            [.. order.Select(k => Math.Max(0, evd.EigenValues[k].Real) / total)]);
    }

    /// <summary>One coordinate of the states of a trial along a component.</summary>
    public double[] Along(Table table, int component, int bins = int.MaxValue)
        => [.. Enumerable.Range(0, Math.Min(bins, table.Bins)).Select(t => Along(table.Row(t), component))];

    /// <summary>The coordinate of one state along a component.</summary>
    public double Along(ReadOnlySpan<double> state, int component)
    {
        var sum = 0.0;
        for (var i = 0; i < state.Length; i++)
        {
            sum += (state[i] - Mean[i]) * Components[component][i];
        }

        return sum;
    }

    /// <summary>The axis of a component, which tells its share.</summary>
    public Panels.Axis Axis(int component) => new($"principal component {component + 1} ({Words.Percent(Shares[component])} of variance)");

    private static double[] Signed(double[] vector)
    {
        var largest = Enumerable.Range(0, vector.Length).MaxBy(i => Math.Round(Math.Abs(vector[i]), 9));
        return vector[largest] < 0 ? Array.ConvertAll(vector, x => -x) : vector;
    }
}
