using System.Numerics;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Models.Likelihoods;

/// <summary>What was observed of one channel group in one trial, in the model's precision.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class ObservationMatrix<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Prepares observations. Allocates.</summary>
    /// <param name="observations">Bins x channels with an optional mask.</param>
    /// <param name="kind">Whether they are counts.</param>
    public ObservationMatrix(Observations observations, ChannelKind kind)
    {
        var table = observations.Values;
        Values = Matrix<T>.Allocate(table.Bins, table.Columns);
        Values.CopyFrom(table.Values);
        ColumnSums = new double[table.Columns];
        ColumnCounts = new long[table.Columns];
        var observed = observations.Observed is { } given && Array.IndexOf(given, false) >= 0 ? given : null;
        Mask = observed is null ? default : Matrix<T>.Allocate(table.Bins, table.Columns);
        for (var i = 0; i < table.Values.Length; i++)
        {
            var bin = i / table.Columns;
            var channel = i % table.Columns;
            if (observed is not null && !observed[i])
            {
                Values[bin, channel] = T.Zero;
                continue;
            }

            if (observed is not null)
            {
                Mask[bin, channel] = T.One;
            }

            ColumnSums[channel] += table.Values[i];
            ColumnCounts[channel]++;
            ObservedCount++;
        }

        if (kind == ChannelKind.Counts)
        {
            for (var t = 0; t < table.Bins; t++)
            {
                foreach (var count in Values.Row(t))
                {
                    LogFactorials += SpecialFunctions.LogGamma(double.CreateChecked(count) + 1);
                }
            }
        }
    }

    /// <summary>T x N; zero where missing.</summary>
    public Matrix<T> Values { get; }

    /// <summary>T x N of ones and zeros; empty when every entry was observed.</summary>
    public Matrix<T> Mask { get; }

    /// <summary>The sum of each channel over its observed bins.</summary>
    public double[] ColumnSums { get; }

    /// <summary>The number of observed bins of each channel.</summary>
    public long[] ColumnCounts { get; }

    /// <summary>Number of observed entries.</summary>
    public long ObservedCount { get; }

    /// <summary>The sum of log y! over observed counts; zero for values.</summary>
    public double LogFactorials { get; }
}
