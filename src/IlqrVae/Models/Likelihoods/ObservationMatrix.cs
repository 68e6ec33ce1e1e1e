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
        var (bins, channels) = (observations.Bins, observations.Channels);
        Values = Matrix<T>.Allocate(bins, channels);
        Mask = observations.AllObserved ? default : Matrix<T>.Allocate(bins, channels);
        ColumnSums = new double[channels];
        ColumnCounts = new long[channels];
        var row = new double[channels];
        for (var bin = 0; bin < bins; bin++)
        {
            observations.CopyRow(bin, Values.Row(bin));
            observations.CopyRow<double>(bin, row);
            for (var channel = 0; channel < channels; channel++)
            {
                if (!observations.IsObserved(bin, channel))
                {
                    continue;
                }

                if (!Mask.IsEmpty)
                {
                    Mask[bin, channel] = T.One;
                }

                ColumnSums[channel] += row[channel];
                ColumnCounts[channel]++;
                ObservedCount++;
            }
        }

        if (kind == ChannelKind.Counts)
        {
            for (var t = 0; t < bins; t++)
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
