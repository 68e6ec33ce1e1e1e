using System.Numerics;
using System.Numerics.Tensors;
using IlqrVae.Models.Kinds;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Models.Likelihoods;

/// <summary>
/// Spike counts y ~ Poisson(r), r = gain * link(a) * bin width. With h = log link the loss r - y log r has the derivatives
/// h' (r - y) and h'' (r - y) + r h'^2, and Fisher information r h'^2.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class PoissonLikelihood<T> : Likelihood<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Matrix<T> _factor;
    private readonly double[] _logFactor;

    /// <summary>Creates the likelihood.</summary>
    /// <param name="group">Name of the channel group.</param>
    /// <param name="weights">C, N x n.</param>
    /// <param name="bias">d, 1 x N.</param>
    /// <param name="link">From activations to rates in Hz.</param>
    /// <param name="binWidth">Seconds.</param>
    /// <param name="gain">1 x N, positive; null for gains of one.</param>
    /// <exception cref="ArgumentException">A gain is given although the link's bias absorbs it: the two would be degenerate.</exception>
    public PoissonLikelihood(string group, Parameter<T> weights, Parameter<T> bias, Link link, double binWidth, Parameter<T>? gain = null)
        : base(group, weights, bias)
    {
        if (gain is not null && link.AbsorbsGain)
        {
            throw new ArgumentException($"A gain cannot be told from the bias under the link '{link.Name}'.", nameof(gain));
        }

        Link = link;
        BinWidth = binWidth;
        Gain = gain;
        Parameters = gain is null ? [weights, bias] : [weights, bias, gain];
        _factor = Matrix<T>.Allocate(1, weights.Rows);
        _logFactor = new double[weights.Rows];
        Refresh();
    }

    /// <inheritdoc/>
    public override string Kind => "poisson";

    /// <inheritdoc/>
    public override ChannelKind Draws => ChannelKind.Counts;

    /// <inheritdoc/>
    public override bool MeansAreRates => true;

    /// <summary>From activations to rates in Hz.</summary>
    public Link Link { get; }

    /// <summary>Seconds.</summary>
    public double BinWidth { get; }

    /// <summary>1 x N, or null.</summary>
    public Parameter<T>? Gain { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter<T>> Parameters { get; }

    /// <inheritdoc/>
    public override void Refresh()
    {
        base.Refresh();
        for (var i = 0; i < ChannelCount; i++)
        {
            var factor = BinWidth * (Gain is null ? 1 : Gain.ExactValue[i]);
            _factor[0, i] = T.CreateSaturating(factor);
            _logFactor[i] = Math.Log(factor);
        }
    }

    /// <inheritdoc/>
    public override void Mean(ReadOnlySpan<T> activations, Span<T> mean, Span<T> slope)
    {
        Span<T> second = stackalloc T[activations.Length];
        Link.Differentiate(activations, mean, slope, second);
        if (Gain is not null)
        {
            TensorPrimitives.Multiply(mean, Gain.Value.Row(0), mean);
        }

        TensorPrimitives.Multiply(mean, slope, slope);
    }

    /// <inheritdoc/>
    public override void Sample(ref CounterRandom random, ReadOnlySpan<T> mean, Span<double> sample)
    {
        for (var i = 0; i < sample.Length; i++)
        {
            sample[i] = random.NextPoisson(double.CreateChecked(mean[i]) * BinWidth);
        }
    }

    /// <summary>
    /// Under the exponential link the rate of a channel that is not there is exp of this: as good as zero, and still in the range in which the
    /// vectorised exponential is fast.
    /// </summary>
    protected override T ActivationPadding => !Link.AbsorbsGain ? T.Zero : T.CreateChecked(typeof(T) == typeof(float) ? -80.0 : -700.0);

    /// <summary>sum log y! - sum y log(gain * bin width).</summary>
    protected override double Constant(ObservationMatrix<T> observed)
    {
        var sum = observed.LogFactorials;
        for (var i = 0; i < ChannelCount; i++)
        {
            sum -= observed.ColumnSums[i] * _logFactor[i];
        }

        return sum;
    }

    /// <inheritdoc/>
    protected override double Loss(
        LikelihoodScratch<T> scratch, Matrix<T> activations, Matrix<T> observed, Matrix<T> mask, Matrix<T> means, out bool areFilled)
    {
        var sum = 0.0;
        areFilled = Link.IsExponential && ExponentialPoisson.TryLoss(activations, observed, mask, BinWidth, means, out sum);
        return areFilled ? sum : base.Loss(scratch, activations, observed, mask, means, out _);
    }

    /// <inheritdoc/>
    protected override bool KeepsMeans => Link.IsExponential;

    /// <inheritdoc/>
    protected override void DerivativesFromMeans(Matrix<T> means, Matrix<T> observed, Matrix<T> first, Matrix<T> fisher, Matrix<T> exact)
        => ExponentialPoisson.DerivativesFromRates(means, observed, first, fisher, exact);

    /// <inheritdoc/>
    protected override void Losses(LikelihoodScratch<T> scratch, Matrix<T> activations, Matrix<T> observed, Matrix<T> losses)
    {
        var logarithm = scratch.Row(1);
        for (var t = 0; t < activations.Rows; t++)
        {
            var row = losses.Row(t);
            Link.Evaluate(activations.Row(t), row, logarithm);
            TensorPrimitives.Multiply(row, _factor.Row(0), row);
            SubtractProduct(logarithm, observed.Row(t), row);
        }
    }

    /// <inheritdoc/>
    protected override void Derivatives(
        LikelihoodScratch<T> scratch, Matrix<T> activations, Matrix<T> observed, Matrix<T> first, Matrix<T> fisher, Matrix<T> exact)
    {
        if (Link.IsExponential && ExponentialPoisson.TryDerivatives(activations, observed, BinWidth, first, fisher, exact))
        {
            return;
        }

        var slope = scratch.Row(1);
        var bend = scratch.Row(2);
        for (var t = 0; t < activations.Rows; t++)
        {
            Span<T> d = first.Row(t), f = fisher.Row(t), e = exact.Row(t);
            Link.Differentiate(activations.Row(t), f, slope, bend);
            TensorPrimitives.Multiply(f, _factor.Row(0), f);
            TensorPrimitives.Subtract(f, observed.Row(t), d);
            TensorPrimitives.Multiply(bend, d, e);
            TensorPrimitives.Multiply(d, slope, d);
            TensorPrimitives.Multiply(f, slope, f);
            TensorPrimitives.Multiply(f, slope, f);
            TensorPrimitives.Add(e, f, e);
        }
    }

    /// <summary>d loss / d gain = (r - y) / gain.</summary>
    protected override void AccumulateChannelGradient(LikelihoodScratch<T> scratch, int start, int count, ParameterGradient<T> gradient)
    {
        if (Gain is null)
        {
            return;
        }

        var observed = scratch.Observed!;
        var target = gradient[Gain].Row(0);
        var rate = scratch.Row(1);
        var logarithm = scratch.Row(2);
        for (var t = 0; t < count; t++)
        {
            Link.Evaluate(scratch.Activations.Row(t), rate, logarithm);
            TensorPrimitives.Multiply(rate, _factor.Row(0), rate);
            TensorPrimitives.Subtract(rate, observed.Values.Row(start + t), rate);
            TensorPrimitives.Divide(rate, Gain.Value.Row(0), rate);
            Mask(observed, start + t, rate);
            TensorPrimitives.Add(target, rate, target);
        }
    }

    /// <summary>d2 loss / d gain d a = r h' / gain.</summary>
    protected override void AccumulateChannelGradientTangent(LikelihoodScratch<T> scratch, int start, int count, ParameterGradient<T> gradient)
    {
        if (Gain is null)
        {
            return;
        }

        var observed = scratch.Observed!;
        var target = gradient[Gain].Row(0);
        var rate = scratch.Row(1);
        var slope = scratch.Row(2);
        var bend = scratch.Row(3);
        for (var t = 0; t < count; t++)
        {
            Link.Differentiate(scratch.Activations.Row(t), rate, slope, bend);
            TensorPrimitives.Multiply(rate, _factor.Row(0), rate);
            TensorPrimitives.Multiply(rate, slope, rate);
            TensorPrimitives.Multiply(rate, scratch.ActivationTangents.Row(t), rate);
            TensorPrimitives.Divide(rate, Gain.Value.Row(0), rate);
            Mask(observed, start + t, rate);
            TensorPrimitives.Add(target, rate, target);
        }
    }

    /// <summary>z -= x * y.</summary>
    private static void SubtractProduct(ReadOnlySpan<T> x, ReadOnlySpan<T> y, Span<T> z)
    {
        var i = 0;
        for (; i + Vector<T>.Count <= z.Length; i += Vector<T>.Count)
        {
            (new Vector<T>(z[i..]) - (new Vector<T>(x[i..]) * new Vector<T>(y[i..]))).CopyTo(z[i..]);
        }

        for (; i < z.Length; i++)
        {
            z[i] -= x[i] * y[i];
        }
    }

    private static void Mask(ObservationMatrix<T> observed, int t, Span<T> row)
    {
        if (!observed.Mask.IsEmpty)
        {
            TensorPrimitives.Multiply(row, observed.Mask.Row(t), row);
        }
    }
}

/// <summary>A Poisson likelihood in configurations.</summary>
public sealed record PoissonSpecification : LikelihoodSpecification
{
    /// <summary>From activations to rates in Hz.</summary>
    public Link Link { get; init; } = Link.Exponential;

    /// <summary>A gain for each channel; not with a link whose bias absorbs it.</summary>
    public bool Gain { get; init; }

    /// <inheritdoc/>
    public override string Kind => "poisson";

    /// <inheritdoc/>
    public override string Meaning => "counts of spikes";

    /// <inheritdoc/>
    public override ChannelKind? DefaultFor => ChannelKind.Counts;

    /// <inheritdoc/>
    public override bool MeansAreRates => true;

    /// <inheritdoc/>
    public override IReadOnlyList<Setting<LikelihoodSpecification>> SettingsAmong(ModelKinds kinds) =>
    [
        Setting.Choice<PoissonSpecification, Link>(
            "link", [.. kinds.Links.Select(link => (link.Name, link))], one => one.Link, (one, value) => one with { Link = value },
            "From activations to rates in Hz.").Of<LikelihoodSpecification>(),
        Setting.Flag<PoissonSpecification>(
            "gain", one => one.Gain, (one, value) => one with { Gain = value }, "A gain for each channel; not with the link exp.").Of<LikelihoodSpecification>(),
    ];

    /// <inheritdoc/>
    public override bool Fits(ChannelKind kind) => kind == ChannelKind.Counts;

    /// <inheritdoc/>
    public override void RequireFit(ChannelGroup group)
    {
        base.RequireFit(group);
        if (Gain && Link.AbsorbsGain)
        {
            throw new InputException($"likelihood: a gain for group '{Group}' cannot be told from its bias under the link '{Link.Name}'; drop the gain or choose another link, such as softplus.");
        }
    }

    /// <inheritdoc/>
    public override Likelihood<T> Build<T>(ModelStart start, GroupSummary group)
    {
        var (channels, n) = (group.Group.Channels, start.States);
        var binWidth = start.Recording.BinWidth;
        var bias = new double[channels];
        for (var i = 0; i < channels; i++)
        {
            // Half a spike in the whole recording: silent channels get a low rate, not minus infinity.
            bias[i] = Link.Invert(Math.Max(group.Mean[i] / binWidth, 0.5 / Math.Max(start.Recording.Seconds, binWidth)));
        }

        return new PoissonLikelihood<T>(
            Group,
            new Parameter<T>($"likelihood.{Group}.C", channels, n, Constraint.Free, FirstWeights(start, group)),
            new Parameter<T>($"likelihood.{Group}.d", 1, channels, Constraint.Free, bias),
            Link,
            binWidth,
            Gain ? ModelStart.Constant<T>($"likelihood.{Group}.gain", channels, Constraint.Positive, 1) : null);
    }
}
