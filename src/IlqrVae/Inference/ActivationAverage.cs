using System.Numerics;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Numerics;

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
    public const int Nodes = GaussHermite.Count;

    private readonly Likelihood<T> _likelihood;
    private readonly T[] _activations;
    private readonly T[] _values;
    private readonly T[] _slopes;
    private readonly double[] _atNodes;
    private readonly double[] _noise;

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
        _noise = new double[likelihood.ChannelCount];
    }

    /// <summary>Averages one bin.</summary>
    /// <param name="activations">N means of the activations.</param>
    /// <param name="variances">N variances of the activations, not negative.</param>
    /// <param name="mean">N means of rates in Hz, or of values.</param>
    /// <param name="deviation">N standard deviations of the same.</param>
    /// <param name="noise">N variances of the noise of observations, as <see cref="Likelihood{T}.NoiseVariance"/> has them, averaged too; empty when they are not wanted.</param>
    public void Compute(ReadOnlySpan<T> activations, ReadOnlySpan<double> variances, Span<double> mean, Span<double> deviation, Span<double> noise = default)
    {
        noise.Clear();
        var channels = _activations.Length;
        var points = GaussHermite.Points;
        var weights = GaussHermite.Weights;
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

            if (!noise.IsEmpty)
            {
                _likelihood.NoiseVariance(_values, _noise);
                for (var i = 0; i < channels; i++)
                {
                    noise[i] += weights[k] * _noise[i];
                }
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
}
