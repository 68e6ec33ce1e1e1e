using System.Numerics;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Models.Likelihoods;

/// <summary>What was observed of one channel group in one trial, in the model's precision.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class ObservationMatrix<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly (Matrix<T> Values, Matrix<T> Mask) _room;

    /// <summary>Prepares observations. Allocates.</summary>
    /// <param name="observations">Bins x channels with an optional mask.</param>
    /// <param name="kind">Whether they are counts.</param>
    public ObservationMatrix(Observations observations, ChannelKind kind)
    {
        var (bins, channels) = (observations.Bins, observations.Channels);
        if (observations.ObservedCount == 0)
        {
            (ColumnSums, ColumnCounts) = (new double[channels], new long[channels]);
            return;
        }

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
            AddLogFactorials();
        }
    }

    /// <summary>Allocates room for parts of the observations of others; see <see cref="CopyVisible"/>.</summary>
    /// <param name="capacity">The largest number of bins.</param>
    /// <param name="channels">Number of channels.</param>
    internal ObservationMatrix(int capacity, int channels)
    {
        _room = (Matrix<T>.Allocate(capacity, channels), Matrix<T>.Allocate(capacity, channels));
        ColumnSums = new double[channels];
        ColumnCounts = new long[channels];
    }

    /// <summary>T x N; zero where missing. Empty when nothing was observed at all.</summary>
    public Matrix<T> Values { get; private set; }

    /// <summary>T x N of ones and zeros; empty when every entry was observed, or none.</summary>
    public Matrix<T> Mask { get; private set; }

    /// <summary>The sum of each channel over its observed bins.</summary>
    public double[] ColumnSums { get; }

    /// <summary>The number of observed bins of each channel.</summary>
    public long[] ColumnCounts { get; }

    /// <summary>Number of observed entries.</summary>
    public long ObservedCount { get; private set; }

    /// <summary>The sum of log y! over observed counts; zero for values.</summary>
    public double LogFactorials { get; private set; }

    /// <summary>Takes on what was observed in another and is not hidden now, with the sums that belong to it.</summary>
    /// <param name="source">The other, of as many channels.</param>
    /// <param name="shownBins">Bins from the first of which anything may be seen.</param>
    /// <param name="hidden">Bins x channels, true where an entry is hidden; null for none.</param>
    internal void CopyVisible(ObservationMatrix<T> source, int shownBins, bool[]? hidden)
    {
        // Of a group that is missing throughout there is nothing to copy.
        var (bins, channels) = source.ObservedCount == 0 ? (0, 0) : (source.Values.Rows, source.Values.Columns);
        shownBins = Math.Min(shownBins, bins);
        Values = _room.Values.RowRange(0, bins);
        Mask = _room.Mask.RowRange(0, bins);
        Values.Clear();
        Mask.Clear();
        Array.Clear(ColumnSums);
        Array.Clear(ColumnCounts);
        ObservedCount = 0;
        LogFactorials = 0;
        for (var t = 0; t < shownBins; t++)
        {
            for (var i = 0; i < channels; i++)
            {
                if ((source.Mask.IsEmpty || source.Mask[t, i] != T.Zero) && hidden?[(t * channels) + i] != true)
                {
                    Values[t, i] = source.Values[t, i];
                    Mask[t, i] = T.One;
                    ColumnSums[i] += double.CreateChecked(source.Values[t, i]);
                    ColumnCounts[i]++;
                    ObservedCount++;
                }
            }
        }

        // Zero for values.
        if (source.LogFactorials != 0)
        {
            AddLogFactorials();
        }
    }

    private void AddLogFactorials()
    {
        for (var t = 0; t < Values.Rows; t++)
        {
            foreach (var count in Values.Row(t))
            {
                LogFactorials += SpecialFunctions.LogGamma(double.CreateChecked(count) + 1);
            }
        }
    }
}
