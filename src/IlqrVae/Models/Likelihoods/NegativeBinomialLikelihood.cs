using System.Numerics;
using System.Numerics.Tensors;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Models.Likelihoods;

/// <summary>
/// Spike counts that vary more than Poisson counts of the same mean r: negative binomial with a dispersion alpha of each channel, so that the variance is
/// r + alpha r^2. As alpha goes to zero the counts become Poisson.
/// </summary>
/// <remarks>
/// In terms of alpha (which is one over the usual shape) nothing cancels however small it is:
/// <code>
/// -log p(y) = (1 / alpha + y) log(1 + alpha r) - y log r + log y! - sum over j below y of log(1 + alpha j)
/// </code>
/// With x = alpha r the derivatives with respect to log r are (r - y) / (1 + x) and r (1 + alpha y) / (1 + x)^2; Fisher information is r / (1 + x).
/// </remarks>
/// <typeparam name="T">float or double.</typeparam>
public sealed class NegativeBinomialLikelihood<T> : CountLikelihood<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Counts below this have their sums over j in a table.</summary>
    private const int TableLength = 256;

    /// <summary>Smaller dispersions than this are Poisson to the last digit of any rate.</summary>
    private const double LeastDispersion = 1e-14;

    private readonly T[] _alpha;
    private readonly T[] _inverse;
    private readonly double[] _sums;
    private readonly double[] _slopes;

    /// <summary>Creates the likelihood.</summary>
    /// <param name="group">Name of the channel group.</param>
    /// <param name="weights">C, N x n.</param>
    /// <param name="bias">d, 1 x N.</param>
    /// <param name="dispersion">alpha, 1 x N, positive.</param>
    /// <param name="link">From activations to rates in Hz.</param>
    /// <param name="binWidth">Seconds.</param>
    /// <param name="gain">1 x N, positive; null for gains of one.</param>
    /// <exception cref="ArgumentException">A gain is given although the link's bias absorbs it: the two would be degenerate.</exception>
    public NegativeBinomialLikelihood(
        string group, Parameter<T> weights, Parameter<T> bias, Parameter<T> dispersion, Link link, double binWidth, Parameter<T>? gain = null)
        : base(group, weights, bias, link, binWidth, gain)
    {
        Dispersion = dispersion;
        Parameters = gain is null ? [weights, bias, dispersion] : [weights, bias, dispersion, gain];
        _alpha = new T[weights.Rows];
        _inverse = new T[weights.Rows];
        _sums = new double[weights.Rows * TableLength];
        _slopes = new double[weights.Rows * TableLength];
        Refresh();
    }

    /// <inheritdoc/>
    public override string Kind => "negative-binomial";

    /// <summary>alpha, 1 x N.</summary>
    public Parameter<T> Dispersion { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter<T>> Parameters { get; }

    /// <inheritdoc/>
    public override void Refresh()
    {
        base.Refresh();
        for (var i = 0; i < ChannelCount; i++)
        {
            var alpha = Alpha(i);
            _alpha[i] = T.CreateSaturating(alpha);
            _inverse[i] = T.CreateSaturating(1 / alpha);
            for (var j = 0; j < TableLength - 1; j++)
            {
                var at = (i * TableLength) + j;
                _sums[at + 1] = _sums[at] + Math.Log(1 + (alpha * j));
                _slopes[at + 1] = _slopes[at] + (j / (1 + (alpha * j)));
            }
        }
    }

    /// <summary>A Poisson count whose rate is drawn from a gamma distribution.</summary>
    /// <inheritdoc/>
    public override void Sample(ref CounterRandom random, ReadOnlySpan<T> mean, Span<double> sample)
    {
        for (var i = 0; i < sample.Length; i++)
        {
            var alpha = Alpha(i);
            var spread = alpha > LeastDispersion ? 0.5 * alpha * random.NextChiSquared(2 / alpha) : 1;
            sample[i] = random.NextPoisson(double.CreateChecked(mean[i]) * BinWidth * spread);
        }
    }

    /// <summary>sum log y! - sum over j below y of log(1 + alpha j) - y log(gain * bin width).</summary>
    protected override double Constant(ObservationMatrix<T> observed)
    {
        var sum = observed.LogFactorials;
        for (var i = 0; i < ChannelCount; i++)
        {
            sum -= observed.ColumnSums[i] * LogFactor[i];
        }

        for (var t = 0; t < observed.Values.Rows; t++)
        {
            var counts = observed.Values.Row(t);
            for (var i = 0; i < counts.Length; i++)
            {
                var weight = observed.Mask.IsEmpty ? 1 : double.CreateChecked(observed.Mask[t, i]);
                sum -= weight == 0 ? 0 : weight * RisingSum(i, counts[i]).Value;
            }
        }

        return sum;
    }

    /// <inheritdoc/>
    protected override void LossesOf(Span<T> means, ReadOnlySpan<T> logarithms, ReadOnlySpan<T> counts)
    {
        for (var i = 0; i < means.Length; i++)
        {
            means[i] = ((_inverse[i] + counts[i]) * LogOnePlus(_alpha[i] * means[i])) - (counts[i] * logarithms[i]);
        }
    }

    /// <inheritdoc/>
    protected override void DerivativesOf(Span<T> means, ReadOnlySpan<T> counts, Span<T> first, Span<T> second)
    {
        for (var i = 0; i < means.Length; i++)
        {
            var (r, y, alpha) = (means[i], counts[i], _alpha[i]);
            var share = T.One / (T.One + (alpha * r));
            first[i] = (r - y) * share;
            means[i] = r * share;
            second[i] = means[i] * share * (T.One + (alpha * y));
        }
    }

    /// <summary>
    /// d loss / d alpha = r^2 g(x) + y r / (1 + x) - sum over j below y of j / (1 + alpha j), with g(x) = (x / (1 + x) - log(1 + x)) / x^2.
    /// </summary>
    protected override void AccumulateChannelGradient(LikelihoodScratch<T> scratch, int start, int count, ParameterGradient<T> gradient)
    {
        base.AccumulateChannelGradient(scratch, start, count, gradient);
        var observed = scratch.Observed!;
        var target = gradient[Dispersion].Row(0);
        Span<T> mean = scratch.Row(1), logarithm = scratch.Row(2);
        for (var t = 0; t < count; t++)
        {
            MeansOf(scratch.Activations.Row(t), mean, logarithm);
            var counts = observed.Values.Row(start + t);
            for (var i = 0; i < mean.Length; i++)
            {
                var (r, y) = (double.CreateChecked(mean[i]), double.CreateChecked(counts[i]));
                var x = Alpha(i) * r;
                mean[i] = T.CreateSaturating((r * r * Bend(x)) + (y * r / (1 + x)) - RisingSum(i, counts[i]).Slope);
            }

            Mask(observed, start + t, mean);
            TensorPrimitives.Add(target, mean, target);
        }
    }

    /// <summary>d2 loss / d alpha d a = -h' r (r - y) / (1 + x)^2.</summary>
    protected override void AccumulateChannelGradientTangent(LikelihoodScratch<T> scratch, int start, int count, ParameterGradient<T> gradient)
    {
        base.AccumulateChannelGradientTangent(scratch, start, count, gradient);
        var observed = scratch.Observed!;
        var target = gradient[Dispersion].Row(0);
        Span<T> mean = scratch.Row(1), slope = scratch.Row(2), first = scratch.Row(3), rest = scratch.Row(0);
        for (var t = 0; t < count; t++)
        {
            DifferentiateMeans(scratch.Activations.Row(t), mean, slope, rest);
            DerivativesOf(mean, observed.Values.Row(start + t), first, rest);
            TensorPrimitives.Multiply(first, mean, first);
            TensorPrimitives.Multiply(first, slope, first);
            TensorPrimitives.Multiply(first, scratch.ActivationTangents.Row(t), first);
            Mask(observed, start + t, first);
            TensorPrimitives.Subtract(target, first, target);
        }
    }

    /// <inheritdoc/>
    protected override double DispersionOf(int channel) => Alpha(channel);

    /// <summary>log(1 + x) for x not below zero, to the last digits however small x is.</summary>
    private static T LogOnePlus(T x)
    {
        // With u = 1 + x as it was rounded, log(u) / (u - 1) hardly depends on the rounding.
        var u = T.One + x;
        return u == T.One ? x : T.Log(u) * (x / (u - T.One));
    }

    private double Alpha(int channel) => Math.Max(Dispersion.ExactValue[channel], LeastDispersion);

    /// <summary>g(x), by its series where the difference would cancel.</summary>
    private static double Bend(double x)
        => x < 1e-3 ? -0.5 + (x * ((2.0 / 3) - (x * (0.75 - (x * (0.8 - (x * (5.0 / 6)))))))) : ((x / (1 + x)) - Math.Log(1 + x)) / (x * x);

    /// <summary>The sum over j below y of log(1 + alpha j), and its derivative with respect to alpha.</summary>
    private (double Value, double Slope) RisingSum(int channel, T count)
    {
        var y = double.CreateChecked(count);
        if (y < TableLength)
        {
            var at = (channel * TableLength) + (int)y;
            return (_sums[at], _slopes[at]);
        }

        var alpha = Alpha(channel);
        if (alpha * y < 1e-4)
        {
            // log(1 + alpha j) = alpha j - (alpha j)^2 / 2 + (alpha j)^3 / 3, with the sums of powers of j.
            var s1 = 0.5 * y * (y - 1);
            var s2 = s1 * ((2 * y) - 1) / 3;
            return ((alpha * s1) - (0.5 * alpha * alpha * s2) + (alpha * alpha * alpha * s1 * s1 / 3), s1 - (alpha * s2) + (alpha * alpha * s1 * s1));
        }

        // alpha^y Gamma(y + 1 / alpha) / Gamma(1 / alpha).
        var shape = 1 / alpha;
        return (
            SpecialFunctions.LogGamma(y + shape) - SpecialFunctions.LogGamma(shape) + (y * Math.Log(alpha)),
            (y - ((SpecialFunctions.Digamma(y + shape) - SpecialFunctions.Digamma(shape)) * shape)) * shape);
    }
}

/// <summary>A negative binomial likelihood in configurations.</summary>
public sealed record NegativeBinomialSpecification : CountSpecification
{
    /// <inheritdoc/>
    public override string Kind => "negative-binomial";

    /// <inheritdoc/>
    public override string Meaning => "counts that vary more than Poisson counts, by a dispersion of each channel";

    /// <summary>The dispersion starts at half of what counts vary beyond Poisson ones, since rates vary too.</summary>
    /// <inheritdoc/>
    public override Likelihood<T> Build<T>(ModelStart start, GroupSummary group)
    {
        var dispersion = new double[group.Group.Channels];
        for (var i = 0; i < dispersion.Length; i++)
        {
            var beyond = group.Mean[i] > 0 ? (group.Variance[i] - group.Mean[i]) / (group.Mean[i] * group.Mean[i]) : 0;
            dispersion[i] = Math.Clamp(0.5 * beyond, 0.01, 10);
        }

        return new NegativeBinomialLikelihood<T>(
            Group,
            FirstReadout<T>(start, group),
            FirstBias<T>(start, group),
            new Parameter<T>($"likelihood.{Group}.dispersion", 1, dispersion.Length, Constraint.Positive, dispersion),
            Link,
            start.Recording.BinWidth,
            FirstGain<T>(group));
    }
}
