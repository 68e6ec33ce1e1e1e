using System.Numerics;
using IlqrVae.Models.Likelihoods;

namespace IlqrVae.Inference;

/// <summary>
/// The posterior mean and standard deviation of what a channel's activation means (a firing rate, a value) when the activation is Gaussian, by
/// Gauss-Hermite quadrature: a rate's posterior mean is not the rate at the mean activation.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class ActivationAverage<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Number of quadrature nodes: exact for polynomials of degree 39, and for exp of activations of deviation 2 to nine digits.</summary>
    public const int Nodes = 20;

    private readonly Likelihood<T> _likelihood;
    private readonly T[] _activations;
    private readonly T[] _values;
    private readonly T[] _slopes;
    private readonly double[] _atNodes;

    /// <summary>Allocates the workspace.</summary>
    /// <param name="likelihood">The likelihood, whose <see cref="Likelihood{T}.Mean"/> is averaged.</param>
    public ActivationAverage(Likelihood<T> likelihood)
    {
        ArgumentNullException.ThrowIfNull(likelihood);
        _likelihood = likelihood;
        _activations = new T[likelihood.ChannelCount];
        _values = new T[likelihood.ChannelCount];
        _slopes = new T[likelihood.ChannelCount];
        _atNodes = new double[Nodes * likelihood.ChannelCount];
    }

    /// <summary>Averages one bin.</summary>
    /// <param name="activations">N means of the activations.</param>
    /// <param name="variances">N variances of the activations, not negative.</param>
    /// <param name="mean">N means of rates in Hz, or of values.</param>
    /// <param name="deviation">N standard deviations of the same.</param>
    public void Compute(ReadOnlySpan<T> activations, ReadOnlySpan<double> variances, Span<double> mean, Span<double> deviation)
    {
        var channels = _activations.Length;
        var (points, weights) = Rule;
        mean.Clear();
        deviation.Clear();
        for (var k = 0; k < Nodes; k++)
        {
            for (var i = 0; i < channels; i++)
            {
                _activations[i] = activations[i] + T.CreateSaturating(Math.Sqrt(Math.Max(0, variances[i])) * points[k]);
            }

            _likelihood.Mean(_activations, _values, _slopes);
            for (var i = 0; i < channels; i++)
            {
                var value = double.CreateChecked(_values[i]);
                _atNodes[(k * channels) + i] = value;
                mean[i] += weights[k] * value;
            }
        }

        // The variance around the mean just found: the difference of moments would cancel.
        for (var k = 0; k < Nodes; k++)
        {
            for (var i = 0; i < channels; i++)
            {
                var distance = _atNodes[(k * channels) + i] - mean[i];
                deviation[i] += weights[k] * distance * distance;
            }
        }

        for (var i = 0; i < channels; i++)
        {
            deviation[i] = Math.Sqrt(deviation[i]);
        }
    }

    private static (double[] Points, double[] Weights) Rule { get; } = GaussHermite(Nodes);

    /// <summary>Points and weights for the standard normal distribution, by Newton's method on the orthonormal Hermite polynomials.</summary>
    private static (double[] Points, double[] Weights) GaussHermite(int count)
    {
        var points = new double[count];
        var weights = new double[count];
        for (var i = 0; i < (count + 1) / 2; i++)
        {
            // Zeros of the physicists' polynomial from the largest; each guess from the ones before (Press et al., Numerical Recipes).
            var x = i switch
            {
                0 => Math.Sqrt((2 * count) + 1) - (1.85575 * Math.Pow((2 * count) + 1, -0.16667)),
                1 => points[0] - (1.14 * Math.Pow(count, 0.426) / points[0]),
                2 => (1.86 * points[1]) - (0.86 * points[0]),
                3 => (1.91 * points[2]) - (0.91 * points[1]),
                _ => (2 * points[i - 1]) - points[i - 2],
            };
            var slope = 0.0;
            for (var iteration = 0; iteration < 100; iteration++)
            {
                var value = Math.Pow(Math.PI, -0.25);
                var previous = 0.0;
                for (var j = 0; j < count; j++)
                {
                    (value, previous) = ((x * Math.Sqrt(2.0 / (j + 1)) * value) - (Math.Sqrt((double)j / (j + 1)) * previous), value);
                }

                slope = Math.Sqrt(2.0 * count) * previous;
                var step = value / slope;
                x -= step;
                if (Math.Abs(step) < 1e-15 * Math.Max(1, Math.Abs(x)))
                {
                    break;
                }
            }

            points[i] = x;
            points[count - 1 - i] = -x;
            weights[i] = weights[count - 1 - i] = 2 / (slope * slope);
        }

        // From the weight exp(-x^2) to the standard normal density.
        return ([.. points.Select(x => x * Math.Sqrt(2))], [.. weights.Select(w => w / Math.Sqrt(Math.PI))]);
    }
}
