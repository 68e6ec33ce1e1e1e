using System.Numerics;

namespace IlqrVae.Training;

/// <summary>Adam (Kingma and Ba, 2015) with the usual constants.</summary>
public sealed class Adam
{
    private const double FirstDecay = 0.9;
    private const double SecondDecay = 0.999;
    private const double Epsilon = 1e-8;

    /// <summary>Starts with no history.</summary>
    /// <param name="count">Number of parameters.</param>
    public Adam(int count)
    {
        First = new double[count];
        Second = new double[count];
    }

    /// <summary>Running mean of gradients.</summary>
    public double[] First { get; }

    /// <summary>Running mean of squared gradients.</summary>
    public double[] Second { get; }

    /// <summary>Number of updates so far.</summary>
    public int Updates { get; set; }

    /// <summary>Takes over the history of another optimiser of as many parameters.</summary>
    /// <param name="other">The other.</param>
    public void CopyFrom(Adam other)
    {
        ArgumentNullException.ThrowIfNull(other);
        other.First.CopyTo(First, 0);
        other.Second.CopyTo(Second, 0);
        Updates = other.Updates;
    }

    /// <summary>One update.</summary>
    /// <param name="parameters">Changed in place.</param>
    /// <param name="gradient">The gradient of the loss.</param>
    /// <param name="rate">The learning rate.</param>
    public void Update(Span<double> parameters, ReadOnlySpan<double> gradient, double rate)
    {
        Updates++;
        Move(0, parameters, gradient, rate);
    }

    /// <summary>
    /// The part of an update that concerns some parameters, which are independent of each other: threads can share an update out once one of them has
    /// counted it in <see cref="Updates"/>.
    /// </summary>
    /// <param name="start">Position of the first of them.</param>
    /// <param name="parameters">Changed in place.</param>
    /// <param name="gradient">The gradient of the loss, as many numbers.</param>
    /// <param name="rate">The learning rate.</param>
    internal void Move(int start, Span<double> parameters, ReadOnlySpan<double> gradient, double rate)
    {
        var firstCorrection = 1 - Math.Pow(FirstDecay, Updates);
        var secondCorrection = 1 - Math.Pow(SecondDecay, Updates);

        // The factor of a long trial's covariance alone is a million numbers: whole vectors first, then what is left, with the same roundings.
        var first = First.AsSpan(start, parameters.Length);
        var second = Second.AsSpan(start, parameters.Length);
        var i = 0;
        for (; i + Vector<double>.Count <= parameters.Length; i += Vector<double>.Count)
        {
            var g = new Vector<double>(gradient[i..]);
            var mean = (FirstDecay * new Vector<double>(first[i..])) + ((1 - FirstDecay) * g);
            var square = (SecondDecay * new Vector<double>(second[i..])) + ((1 - SecondDecay) * g * g);
            mean.CopyTo(first[i..]);
            square.CopyTo(second[i..]);
            var scale = Vector.SquareRoot(square / new Vector<double>(secondCorrection)) + new Vector<double>(Epsilon);
            (new Vector<double>(parameters[i..]) - (rate * (mean / new Vector<double>(firstCorrection)) / scale)).CopyTo(parameters[i..]);
        }

        for (; i < parameters.Length; i++)
        {
            first[i] = (FirstDecay * first[i]) + ((1 - FirstDecay) * gradient[i]);
            second[i] = (SecondDecay * second[i]) + ((1 - SecondDecay) * gradient[i] * gradient[i]);
            parameters[i] -= rate * (first[i] / firstCorrection) / (Math.Sqrt(second[i] / secondCorrection) + Epsilon);
        }
    }
}
