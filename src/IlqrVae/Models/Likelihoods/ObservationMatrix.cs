using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Models.Likelihoods;

/// <summary>
/// What was observed of one channel group in one trial, in the model's precision, and how much each entry counts: once, not at all, or by a weight.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class ObservationMatrix<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // log y! of counts that are common; the same bits as where it is computed.
    private static readonly double[] s_logFactorials = [.. Enumerable.Range(0, 256).Select(count => SpecialFunctions.LogGamma(count + 1.0))];

    private readonly (Matrix<T> Values, Matrix<T> Mask) _room;

    /// <summary>Prepares observations. Allocates.</summary>
    /// <param name="observations">Bins x channels with an optional mask.</param>
    /// <param name="kind">Whether they are counts.</param>
    public ObservationMatrix(Observations observations, ChannelKind kind)
    {
        var (bins, channels) = (observations.Bins, observations.Channels);
        if (observations.ObservedCount == 0)
        {
            (ColumnSums, ColumnWeights) = (new double[channels], new double[channels]);
            return;
        }

        Values = Matrix<T>.Allocate(bins, channels);
        Mask = observations.AllObserved ? default : Matrix<T>.Allocate(bins, channels);
        ColumnSums = new double[channels];
        ColumnWeights = new double[channels];
        var row = new double[channels];
        for (var bin = 0; bin < bins; bin++)
        {
            observations.CopyRow(bin, Values.Row(bin));
            observations.CopyRow<double>(bin, row);
            if (Mask.IsEmpty)
            {
                TensorPrimitives.Add(ColumnSums, row, ColumnSums);
                continue;
            }

            for (var channel = 0; channel < channels; channel++)
            {
                if (!observations.IsObserved(bin, channel))
                {
                    continue;
                }

                Mask[bin, channel] = T.One;
                ColumnSums[channel] += row[channel];
                ColumnWeights[channel]++;
                ObservedCount++;
            }
        }

        if (Mask.IsEmpty)
        {
            Array.Fill(ColumnWeights, bins);
            ObservedCount = (long)bins * channels;
        }

        if (kind == ChannelKind.Counts)
        {
            AddLogFactorials();
        }
    }

    /// <summary>Allocates room for parts of the observations of others; see <see cref="CopyVisible"/> and <see cref="CopyWeighted"/>.</summary>
    /// <param name="capacity">The largest number of bins.</param>
    /// <param name="channels">Number of channels.</param>
    internal ObservationMatrix(int capacity, int channels)
    {
        _room = (Matrix<T>.Allocate(capacity, channels), Matrix<T>.Allocate(capacity, channels));
        ColumnSums = new double[channels];
        ColumnWeights = new double[channels];
    }

    /// <summary>Some bins in a row of the observations of another, whose numbers it shares.</summary>
    private ObservationMatrix(ObservationMatrix<T> whole, int first, int bins)
    {
        ColumnSums = new double[whole.ColumnSums.Length];
        ColumnWeights = new double[whole.ColumnSums.Length];
        if (whole.ObservedCount == 0)
        {
            return;
        }

        Values = whole.Values.RowRange(first, bins);
        Mask = whole.Mask.IsEmpty ? default : whole.Mask.RowRange(first, bins);
        for (var t = 0; t < bins; t++)
        {
            for (var i = 0; i < Values.Columns; i++)
            {
                if (Mask.IsEmpty || Mask[t, i] != T.Zero)
                {
                    ColumnSums[i] += double.CreateChecked(Values[t, i]);
                    ColumnWeights[i]++;
                    ObservedCount++;
                }
            }
        }

        // Zero for values.
        if (whole.LogFactorials != 0)
        {
            AddLogFactorials();
        }
    }

    /// <summary>T x N; zero where missing. Empty when nothing was observed at all.</summary>
    public Matrix<T> Values { get; private set; }

    /// <summary>T x N, the weight of every entry, zero where missing; empty when every entry was observed and counts once, or when none was observed.</summary>
    public Matrix<T> Mask { get; private set; }

    /// <summary>The weighted sum of each channel over its observed bins.</summary>
    public double[] ColumnSums { get; }

    /// <summary>The sum of weights of each channel: the number of its observed bins where each counts once.</summary>
    public double[] ColumnWeights { get; }

    /// <summary>The sum of all weights.</summary>
    public double TotalWeight => TensorPrimitives.Sum<double>(ColumnWeights);

    /// <summary>Number of observed entries.</summary>
    public long ObservedCount { get; private set; }

    /// <summary>The weighted sum of log y! over observed counts; zero for values.</summary>
    public double LogFactorials { get; private set; }

    /// <summary>Memory of the entries and their mask in bytes.</summary>
    internal long Bytes => Unsafe.SizeOf<T>() * (((long)Values.Rows * Values.Stride) + ((long)Mask.Rows * Mask.Stride));

    /// <summary>What was observed in some bins in a row. It shares the numbers of the whole, so it is good as long as these are.</summary>
    /// <param name="first">The first bin.</param>
    /// <param name="bins">Number of bins.</param>
    internal ObservationMatrix<T> Part(int first, int bins) => new(this, first, bins);

    /// <summary>Takes on what was observed in another and is not hidden now, with the sums that belong to it.</summary>
    /// <param name="source">The other, of as many channels.</param>
    /// <param name="shownBins">Bins from the first of which anything may be seen.</param>
    /// <param name="hidden">Bins x channels, true where an entry is hidden; null for none.</param>
    internal void CopyVisible(ObservationMatrix<T> source, int shownBins, bool[]? hidden)
    {
        // Of a group that is missing throughout there is nothing to copy.
        Begin(source);
        for (var t = 0; t < Math.Min(shownBins, Values.Rows); t++)
        {
            for (var i = 0; i < source.Values.Columns; i++)
            {
                if (source.Has(t, i) && hidden?[(t * source.Values.Columns) + i] != true)
                {
                    Take(source, t, i, T.One);
                }
            }
        }

        End(source);
    }

    /// <summary>Takes on everything that was observed in another, by weights that tell what a solve saw from what it did not.</summary>
    /// <param name="source">The other, of as many channels.</param>
    /// <param name="visible">What the solve saw of it.</param>
    /// <param name="visibleWeight">The weight of an entry that it saw.</param>
    /// <param name="hiddenWeight">The weight of an entry that it did not see.</param>
    internal void CopyWeighted(ObservationMatrix<T> source, ObservationMatrix<T> visible, double visibleWeight, double hiddenWeight)
    {
        Begin(source);
        var (seen, unseen) = (T.CreateChecked(visibleWeight), T.CreateChecked(hiddenWeight));
        for (var t = 0; t < Values.Rows; t++)
        {
            for (var i = 0; i < source.Values.Columns; i++)
            {
                var weight = visible.Has(t, i) ? seen : unseen;
                if (source.Has(t, i) && weight != T.Zero)
                {
                    Take(source, t, i, weight);
                }
            }
        }

        End(source);
    }

    private bool Has(int t, int i) => ObservedCount > 0 && (Mask.IsEmpty || Mask[t, i] != T.Zero);

    private void Begin(ObservationMatrix<T> source)
    {
        var bins = source.ObservedCount == 0 ? 0 : source.Values.Rows;
        Values = _room.Values.RowRange(0, bins);
        Mask = _room.Mask.RowRange(0, bins);
        Values.Clear();
        Mask.Clear();
        Array.Clear(ColumnSums);
        Array.Clear(ColumnWeights);
        ObservedCount = 0;
        LogFactorials = 0;
    }

    private void Take(ObservationMatrix<T> source, int t, int i, T weight)
    {
        Values[t, i] = source.Values[t, i];
        Mask[t, i] = weight;
        ColumnSums[i] += double.CreateChecked(weight * source.Values[t, i]);
        ColumnWeights[i] += double.CreateChecked(weight);
        ObservedCount++;
    }

    private void End(ObservationMatrix<T> source)
    {
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
            var counts = Values.Row(t);
            for (var i = 0; i < counts.Length; i++)
            {
                var weight = Mask.IsEmpty ? 1 : double.CreateChecked(Mask[t, i]);
                LogFactorials += weight == 0 ? 0 : weight * LogFactorial(double.CreateChecked(counts[i]));
            }
        }
    }

    private static double LogFactorial(double count)
        => (int)count is >= 0 and < 256 and var whole && whole == count ? s_logFactorials[whole] : SpecialFunctions.LogGamma(count + 1);
}
