using System.Numerics;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Models;

/// <summary>What the parts of a model start from: its sizes, what is known of the recording, and random numbers.</summary>
public sealed class ModelStart
{
    private CounterRandom _random;

    /// <summary>Begins a model.</summary>
    /// <param name="states">State dimension n.</param>
    /// <param name="inputs">Input dimension m.</param>
    /// <param name="recording">What is known of the recording to learn from.</param>
    /// <param name="seed">Seed of the random weights, which are drawn in the order in which parts ask for them.</param>
    public ModelStart(int states, int inputs, RecordingSummary recording, ulong seed)
    {
        States = states;
        Inputs = inputs;
        Recording = recording;
        _random = new CounterRandom(seed, RandomStreams.FirstWeights);
    }

    /// <summary>State dimension n.</summary>
    public int States { get; }

    /// <summary>Input dimension m.</summary>
    public int Inputs { get; }

    /// <summary>What is known of the recording.</summary>
    public RecordingSummary Recording { get; }

    /// <summary>Independent normal numbers.</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="deviation">Their standard deviation.</param>
    /// <returns>Row-major.</returns>
    public double[] Random(int rows, int columns, double deviation)
    {
        var values = new double[rows * columns];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = deviation * _random.NextNormal();
        }

        return values;
    }

    /// <summary>A free matrix of independent normal numbers.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="name">Its name in the model.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="deviation">Their standard deviation.</param>
    public Parameter<T> RandomMatrix<T>(string name, int rows, int columns, double deviation)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => new(name, rows, columns, Constraint.Free, Random(rows, columns, deviation));

    /// <summary>A vector of one number again and again.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="name">Its name in the model.</param>
    /// <param name="length">Its length.</param>
    /// <param name="constraint">Its constraint.</param>
    /// <param name="value">The number.</param>
    public static Parameter<T> Constant<T>(string name, int length, Constraint constraint, double value)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var values = new double[length];
        Array.Fill(values, value);
        return new Parameter<T>(name, 1, length, constraint, values);
    }

    /// <summary>
    /// A matrix by which the known external inputs enter, rows x external inputs; null when there are none. It is learned in units of each external input's
    /// own size, so that it does not matter which unit they came in.
    /// </summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="name">Its name in the model.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="deviation">Standard deviation of what external inputs add to each row.</param>
    public Parameter<T>? External<T>(string name, int rows, double deviation)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var columns = Recording.ExternalNames.Count;
        if (columns == 0)
        {
            return null;
        }

        var values = Random(rows, columns, deviation);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] /= Recording.ExternalDeviations[i % columns];
        }

        return new Parameter<T>(name, rows, columns, Constraint.ColumnScaled([.. Recording.ExternalDeviations.Select(size => 1 / size)]), values);
    }
}
