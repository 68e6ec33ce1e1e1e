using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Simulation;

/// <summary>
/// A random linear read-out h = C z + d of latent states, calibrated on given states: each channel of h has a chosen standard deviation
/// over them.
/// </summary>
public sealed class LinearReadout
{
    private readonly double[] _weights;
    private readonly double[] _offsets;

    private LinearReadout(int channels, int states, double[] weights, double[] offsets)
    {
        Channels = channels;
        States = states;
        _weights = weights;
        _offsets = offsets;
    }

    /// <summary>Number of channels N.</summary>
    public int Channels { get; }

    /// <summary>Number of states n.</summary>
    public int States { get; }

    /// <summary>C, N x n, row-major.</summary>
    public ReadOnlySpan<double> Weights => _weights;

    /// <summary>The read-out whose channels are the states themselves.</summary>
    /// <param name="states">Number of states n.</param>
    public static LinearReadout Identity(int states)
    {
        var weights = new double[states * states];
        for (var i = 0; i < states; i++)
        {
            weights[(i * states) + i] = 1;
        }

        return new LinearReadout(states, states, weights, new double[states]);
    }

    /// <summary>
    /// Rows of C in random directions of z-scored states, so that every state counts alike whatever its scale; each row is then scaled so
    /// that the channel's standard deviation over the calibration states is exactly its share of <paramref name="deviations"/>, and d
    /// centres it.
    /// </summary>
    /// <param name="calibration">States the read-out is meant for, all trials, each bins x n.</param>
    /// <param name="deviations">Standard deviation of each channel, one entry a channel.</param>
    /// <param name="random">Source of the directions.</param>
    public static LinearReadout Random(IReadOnlyList<Table> calibration, ReadOnlySpan<double> deviations, ref CounterRandom random)
    {
        var states = calibration[0].Columns;
        var (mean, covariance) = Covariance(calibration);
        var channels = deviations.Length;
        var weights = new double[channels * states];
        var offsets = new double[channels];
        random.FillNormal(weights);
        for (var c = 0; c < channels; c++)
        {
            var row = weights.AsSpan(c * states, states);
            for (var i = 0; i < states; i++)
            {
                // A state that never moves gets no weight.
                var variance = covariance[(i * states) + i];
                row[i] = variance > 0 ? row[i] / Math.Sqrt(variance) : 0;
            }

            var projected = 0.0;
            for (var i = 0; i < states; i++)
            {
                for (var j = 0; j < states; j++)
                {
                    projected += row[i] * covariance[(i * states) + j] * row[j];
                }
            }

            var scale = projected > 0 ? deviations[c] / Math.Sqrt(projected) : 0;
            for (var i = 0; i < states; i++)
            {
                row[i] *= scale;
                offsets[c] -= row[i] * mean[i];
            }
        }

        return new LinearReadout(channels, states, weights, offsets);
    }

    /// <summary>h = C z + d in every bin.</summary>
    /// <param name="states">T x n states.</param>
    /// <returns>T x N.</returns>
    public Table Apply(Table states)
    {
        var result = new Table(states.Bins, Channels);
        for (var t = 0; t < states.Bins; t++)
        {
            var z = states.Row(t);
            var row = result.Row(t);
            for (var c = 0; c < Channels; c++)
            {
                var sum = _offsets[c];
                for (var i = 0; i < States; i++)
                {
                    sum += _weights[(c * States) + i] * z[i];
                }

                row[c] = sum;
            }
        }

        return result;
    }

    private static (double[] Mean, double[] Covariance) Covariance(IReadOnlyList<Table> tables)
    {
        var columns = tables[0].Columns;
        var rows = tables.Sum(table => (long)table.Bins);
        var mean = new double[columns];
        var covariance = new double[columns * columns];
        foreach (var table in tables)
        {
            for (var i = 0; i < table.Values.Length; i++)
            {
                mean[i % columns] += table.Values[i] / rows;
            }
        }

        foreach (var table in tables)
        {
            for (var t = 0; t < table.Bins; t++)
            {
                var row = table.Row(t);
                for (var i = 0; i < columns; i++)
                {
                    for (var j = 0; j < columns; j++)
                    {
                        covariance[(i * columns) + j] += (row[i] - mean[i]) * (row[j] - mean[j]) / rows;
                    }
                }
            }
        }

        return (mean, covariance);
    }
}
