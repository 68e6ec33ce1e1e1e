using System.Numerics;
using System.Numerics.Tensors;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Numerics;

namespace IlqrVae.Training;

/// <summary>What trials with known states say of the read-outs of a group of channels, and what its channels are expected to do in them.</summary>
/// <typeparam name="T">float or double.</typeparam>
/// <param name="likelihood">The group's likelihood.</param>
/// <param name="index">Its place in the model.</param>
/// <param name="binWidth">Seconds.</param>
internal sealed class ReadOutInformation<T>(Likelihood<T> likelihood, int index, double binWidth)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Steps in which biases find back to the mean of the channel.</summary>
    private const int BiasSteps = 8;

    /// <summary>The group's likelihood.</summary>
    public Likelihood<T> Likelihood => likelihood;

    private int Channels => likelihood.ChannelCount;

    private double Unit => likelihood.MeansAreRates ? binWidth : 1;

    /// <summary>The rows as learned and what is known of them.</summary>
    /// <param name="seen">The trials.</param>
    /// <param name="factor">What information is multiplied by, for trials that were not looked at.</param>
    /// <param name="penalties">Precision of the prior that each row was learned with.</param>
    /// <param name="crew">The threads.</param>
    public IEnumerable<ReadOutEvidence> Evidence(List<SeenTrial<T>> seen, double factor, double[] penalties, WorkerCrew crew)
    {
        var weights = new Matrix<double>[seen.Count];
        crew.ForEach(seen.Count, (_, i) => weights[i] = Weights(seen[i]));
        var information = new Matrix<double>[Channels];
        crew.ForEach(Channels, (_, channel) => information[channel] = Information(channel, seen, weights, factor));
        var n = likelihood.StateCount;
        return Enumerable.Range(0, Channels).Select(channel => new ReadOutEvidence(likelihood.Weights.ExactValue.Slice(channel * n, n).ToArray(), information[channel], penalties[channel]));
    }

    /// <summary>Sums over all that was recorded of a channel's means and slopes: what it is expected to do, and how the bias moves it.</summary>
    /// <param name="seen">The trials.</param>
    /// <param name="crew">The threads.</param>
    public (double Mean, double Slope)[] Means(List<SeenTrial<T>> seen, WorkerCrew crew)
    {
        var parts = new (double Mean, double Slope)[seen.Count][];
        crew.ForEach(seen.Count, (_, i) =>
        {
            var sums = parts[i] = new (double Mean, double Slope)[Channels];
            Walk(seen[i], (_, channel, mean, slope, _) => sums[channel] = (sums[channel].Mean + mean, sums[channel].Slope + slope));
        });
        return [.. Enumerable.Range(0, Channels).Select(channel => (parts.Sum(part => part[channel].Mean), parts.Sum(part => part[channel].Slope)))];
    }

    /// <summary>Moves biases until each channel is expected to do as much in all as it was before.</summary>
    /// <param name="goal">What <see cref="Means"/> was before.</param>
    /// <param name="seen">The trials.</param>
    /// <param name="crew">The threads.</param>
    public void KeepMeans((double Mean, double Slope)[] goal, List<SeenTrial<T>> seen, WorkerCrew crew)
    {
        for (var step = 0; step < BiasSteps; step++)
        {
            likelihood.Refresh();
            var sums = Means(seen, crew);
            var bias = likelihood.Bias.ExactValue.ToArray();
            for (var channel = 0; channel < Channels; channel++)
            {
                var move = (goal[channel].Mean - sums[channel].Mean) / sums[channel].Slope;

                // Rates are far from linear in the bias; values are linear.
                bias[channel] += !double.IsFinite(move) ? 0 : likelihood.MeansAreRates ? Math.Clamp(move, -1, 1) : move;
            }

            likelihood.Bias.Set(bias);
        }

        likelihood.Refresh();
    }

    /// <summary>Fisher information of the activations, channels x bins: the square of the slope of the mean over the variance around it; zero where nothing was recorded.</summary>
    private Matrix<double> Weights(SeenTrial<T> seen)
    {
        var weights = Matrix<double>.Allocate(Channels, seen.Trial.Bins);
        Walk(seen, (t, channel, _, slope, variance) => weights[channel, t] = variance > 0 && double.IsFinite(slope / variance) ? slope * slope / variance : 0);
        return weights;
    }

    /// <summary>Goes through the recorded entries of a trial: bin, channel, mean, its slope, and the variance around it.</summary>
    private void Walk(SeenTrial<T> seen, Action<int, int, double, double, double> visit)
    {
        var observed = seen.Trial.Observations[index];
        if (observed.ObservedCount == 0)
        {
            return;
        }

        var rows = Matrix<T>.Allocate(3, Channels);
        var variance = new double[Channels];
        for (var t = 0; t < seen.Trial.Bins; t++)
        {
            likelihood.Activate(seen.States.RowRange(t, 1), rows.RowRange(0, 1));
            likelihood.Mean(rows.Row(0), rows.Row(1), rows.Row(2));
            likelihood.NoiseVariance(rows.Row(1), variance);
            for (var channel = 0; channel < Channels; channel++)
            {
                if (observed.Mask.IsEmpty || observed.Mask[t, channel] != T.Zero)
                {
                    visit(t, channel, Unit * double.CreateChecked(rows[1, channel]), Unit * double.CreateChecked(rows[2, channel]), variance[channel]);
                }
            }
        }
    }

    /// <summary>The sum over bins of w x x', less what the bias takes up: w is its weight, x the states.</summary>
    private unsafe Matrix<double> Information(int channel, List<SeenTrial<T>> seen, Matrix<double>[] weights, double factor)
    {
        var n = likelihood.StateCount;
        var sum = Matrix<double>.Allocate(n, n);
        var centre = new double[n];
        var total = 0.0;
        for (var i = 0; i < seen.Count; i++)
        {
            var exact = seen[i].Exact;
            for (var t = 0; t < exact.Rows; t++)
            {
                total += weights[i][channel, t];
                TensorPrimitives.MultiplyAdd(exact.Row(t), weights[i][channel, t], centre, centre);
            }
        }

        if (!(total > 0))
        {
            return sum;
        }

        TensorPrimitives.Divide(centre, total, centre);
        var centred = Matrix<double>.Allocate(0, n);
        for (var i = 0; i < seen.Count; i++)
        {
            var exact = seen[i].Exact;
            if (centred.Rows < exact.Rows)
            {
                centred = Matrix<double>.Allocate(exact.Rows, n);
            }

            for (var t = 0; t < exact.Rows; t++)
            {
                TensorPrimitives.Subtract(exact.Row(t), centre, centred.Row(t));
            }

            var scratch = Matrix<double>.Allocate(Gemm.WeightedRows<double>(exact.Rows, n), n);
            Gemm.SymmetricUpperWeighted(centred.RowRange(0, exact.Rows), weights[i].RowPointer(channel), scratch, sum);
        }

        GC.KeepAlive(weights);
        RowOperations.Scale(factor, sum);
        Cholesky.MirrorUpper(sum);
        return sum;
    }
}
