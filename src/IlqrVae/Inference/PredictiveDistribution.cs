using System.Numerics;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Inference;

/// <summary>
/// What is to be expected of observations when activations are Gaussian: the posterior's uncertainty and the noise together. Values by mean and deviation,
/// counts by their probabilities, both averaged over activations by Gauss-Hermite quadrature.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class PredictiveDistribution<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Likelihood<T> _likelihood;
    private readonly ActivationAverage<T> _average;
    private readonly T[] _activations;
    private readonly T[] _means;
    private readonly T[] _slopes;
    private readonly double[] _variances;
    private readonly double[] _below;
    private readonly double[] _at;

    /// <summary>Allocates the workspace.</summary>
    /// <param name="likelihood">The likelihood.</param>
    public PredictiveDistribution(Likelihood<T> likelihood)
    {
        ArgumentNullException.ThrowIfNull(likelihood);
        _likelihood = likelihood;
        _average = new ActivationAverage<T>(likelihood);
        var channels = likelihood.ChannelCount;
        _activations = new T[channels];
        _means = new T[channels];
        _slopes = new T[channels];
        _variances = new double[channels];
        _below = new double[channels];
        _at = new double[channels];
    }

    /// <summary>Whether observations are counts, which have probabilities and not densities.</summary>
    public bool IsOfCounts => _likelihood.Draws == ChannelKind.Counts;

    /// <summary>The moments of one bin.</summary>
    /// <param name="centre">N means of the activations.</param>
    /// <param name="deviation">N deviations of the activations.</param>
    /// <param name="mean">N means of rates in Hz, or of values.</param>
    /// <param name="spread">N standard deviations of the same.</param>
    /// <param name="noise">N variances of observations around them: of counts in a bin, or of values.</param>
    public void Moments(ReadOnlySpan<double> centre, ReadOnlySpan<double> deviation, Span<double> mean, Span<double> spread, Span<double> noise)
    {
        for (var i = 0; i < _activations.Length; i++)
        {
            _activations[i] = T.CreateSaturating(centre[i]);
            _variances[i] = deviation[i] * deviation[i];
        }

        _average.Compute(_activations, _variances, mean, spread, noise);
    }

    /// <summary>The probabilities of less than what was observed in one bin, and of just that.</summary>
    /// <param name="centre">N means of the activations.</param>
    /// <param name="deviation">N deviations of the activations.</param>
    /// <param name="scale">What the deviations are multiplied by.</param>
    /// <param name="observed">N observations.</param>
    /// <param name="below">N probabilities of less.</param>
    /// <param name="at">N probabilities of the same; zero for values.</param>
    public void Probabilities(
        ReadOnlySpan<double> centre, ReadOnlySpan<double> deviation, double scale, ReadOnlySpan<double> observed, Span<double> below, Span<double> at)
    {
        below.Clear();
        at.Clear();
        for (var k = 0; k < GaussHermite.Count; k++)
        {
            var (point, weight) = (scale * GaussHermite.Points[k], GaussHermite.Weights[k]);
            for (var i = 0; i < _activations.Length; i++)
            {
                _activations[i] = T.CreateSaturating(centre[i] + (point * deviation[i]));
            }

            _likelihood.Mean(_activations, _means, _slopes);
            _likelihood.Probabilities(_means, observed, _below, _at);
            for (var i = 0; i < _activations.Length; i++)
            {
                below[i] += weight * _below[i];
                at[i] += weight * _at[i];
            }
        }
    }

    /// <summary>
    /// The interval of one bin that reaches so many normal scores to either side: of values around the mean, of counts between the first that is not below
    /// the lower and the first that is not below the upper probability.
    /// </summary>
    /// <param name="centre">N means of the activations.</param>
    /// <param name="deviation">N deviations of the activations.</param>
    /// <param name="scale">What these deviations are multiplied by.</param>
    /// <param name="noiseScale">What deviations of the noise of values are multiplied by.</param>
    /// <param name="halfWidth">The number of normal scores.</param>
    /// <param name="lower">N lower ends, which belong to the interval.</param>
    /// <param name="upper">N upper ends, which do too.</param>
    public void Interval(
        ReadOnlySpan<double> centre, ReadOnlySpan<double> deviation, double scale, double noiseScale, double halfWidth, Span<double> lower, Span<double> upper)
    {
        var channels = _activations.Length;
        Span<double> mean = new double[channels], spread = new double[channels], noise = new double[channels];
        Moments(centre, deviation, mean, spread, noise);
        if (!IsOfCounts)
        {
            for (var i = 0; i < channels; i++)
            {
                var reach = halfWidth * Math.Sqrt((scale * scale * spread[i] * spread[i]) + (noiseScale * noiseScale * noise[i]));
                (lower[i], upper[i]) = (mean[i] - reach, mean[i] + reach);
            }

            return;
        }

        Quantile(centre, deviation, scale, NormalDistribution.Cumulative(-halfWidth), lower);
        Quantile(centre, deviation, scale, NormalDistribution.Cumulative(halfWidth), upper);
    }

    /// <summary>The smallest counts that are not exceeded with at least this probability, by doubling and bisection.</summary>
    private void Quantile(ReadOnlySpan<double> centre, ReadOnlySpan<double> deviation, double scale, double probability, Span<double> counts)
    {
        Span<double> no = new double[counts.Length], yes = new double[counts.Length], middle = new double[counts.Length];
        Span<double> below = new double[counts.Length], at = new double[counts.Length];
        no.Fill(-1);
        yes.Fill(double.PositiveInfinity);
        for (var isOpen = true; isOpen;)
        {
            for (var i = 0; i < counts.Length; i++)
            {
                middle[i] = double.IsFinite(yes[i]) ? Math.Floor(0.5 * (no[i] + yes[i])) : (2 * no[i]) + 2;
                middle[i] = Math.Max(0, middle[i]);
            }

            Probabilities(centre, deviation, scale, middle, below, at);
            isOpen = false;
            for (var i = 0; i < counts.Length; i++)
            {
                if (yes[i] - no[i] <= 1)
                {
                    continue;
                }

                // Beyond all counts, or where numbers overflowed, there is no end.
                var isEnough = !(below[i] + at[i] < probability) || middle[i] > int.MaxValue;
                (no[i], yes[i]) = isEnough ? (no[i], middle[i]) : (middle[i], yes[i]);
                isOpen |= yes[i] - no[i] > 1;
            }
        }

        yes.CopyTo(counts);
    }

    /// <summary>
    /// The normal score of what was observed: the number below which a normal distribution has as much as the predictive distribution has below the
    /// observation, with the randomised part of the observation's own probability. Standard normal where the prediction is right.
    /// </summary>
    /// <param name="below">The probability of less.</param>
    /// <param name="at">The probability of the same.</param>
    /// <param name="place">A number from 0 to 1, uniform and independent of all else.</param>
    public static double Score(double below, double at, double place) => NormalDistribution.Quantile(Math.Clamp(below + (place * at), 0, 1));
}
