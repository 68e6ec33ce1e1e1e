using System.Numerics;
using System.Numerics.Tensors;
using IlqrVae.Models.Kinds;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Models.Likelihoods;

/// <summary>
/// Counts whose mean in a bin is r = gain * link(a) * bin width. A kind of counts gives the derivatives of its loss with respect to log r;
/// with h = log link those with respect to the activation are h' times the first, and h'' times the first plus h'^2 times the second.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public abstract unsafe class CountLikelihood<T> : Likelihood<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Matrix<T> _factor;

    /// <summary>Creates the likelihood.</summary>
    /// <param name="group">Name of the channel group.</param>
    /// <param name="weights">C, N x n.</param>
    /// <param name="bias">d, 1 x N.</param>
    /// <param name="link">From activations to rates in Hz.</param>
    /// <param name="binWidth">Seconds.</param>
    /// <param name="gain">1 x N, positive; null for gains of one.</param>
    /// <exception cref="ArgumentException">A gain is given although the link's bias absorbs it: the two would be degenerate.</exception>
    protected CountLikelihood(string group, Parameter<T> weights, Parameter<T> bias, Link link, double binWidth, Parameter<T>? gain)
        : base(group, weights, bias)
    {
        ArgumentNullException.ThrowIfNull(link);
        if (gain is not null && link.AbsorbsGain)
        {
            throw new ArgumentException($"A gain cannot be told from the bias under the link '{link.Name}'.", nameof(gain));
        }

        Link = link;
        BinWidth = binWidth;
        Gain = gain;
        _factor = Matrix<T>.Allocate(1, weights.Rows);
        LogFactor = new double[weights.Rows];
    }

    /// <inheritdoc/>
    public sealed override ChannelKind Draws => ChannelKind.Counts;

    /// <inheritdoc/>
    public sealed override bool MeansAreRates => true;

    /// <summary>From activations to rates in Hz.</summary>
    public Link Link { get; }

    /// <summary>Seconds.</summary>
    public double BinWidth { get; }

    /// <summary>1 x N, or null.</summary>
    public Parameter<T>? Gain { get; }

    /// <summary>The logarithm of gain * bin width of each channel.</summary>
    protected double[] LogFactor { get; }

    /// <inheritdoc/>
    public override void Refresh()
    {
        base.Refresh();
        for (var i = 0; i < ChannelCount; i++)
        {
            var factor = BinWidth * (Gain is null ? 1 : Gain.ExactValue[i]);
            _factor[0, i] = T.CreateSaturating(factor);
            LogFactor[i] = Math.Log(factor);
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

    /// <summary>The dispersion alpha of a channel, with which counts of mean r have the variance r + alpha r^2; zero for Poisson counts.</summary>
    /// <param name="channel">The channel.</param>
    protected virtual double DispersionOf(int channel) => 0;

    /// <summary>r + alpha r^2 for counts of mean r.</summary>
    /// <inheritdoc/>
    public override void NoiseVariance(ReadOnlySpan<T> mean, Span<double> variance)
    {
        for (var i = 0; i < variance.Length; i++)
        {
            var r = double.CreateChecked(mean[i]) * BinWidth;
            variance[i] = r + (DispersionOf(i) * r * r);
        }
    }

    /// <inheritdoc/>
    public override void Probabilities(ReadOnlySpan<T> mean, ReadOnlySpan<double> observed, Span<double> below, Span<double> at)
    {
        for (var i = 0; i < below.Length; i++)
        {
            (below[i], at[i]) = CountDistribution.Of(double.CreateChecked(mean[i]) * BinWidth, DispersionOf(i), observed[i]);
        }
    }

    /// <summary>
    /// Under the exponential link the rate of a channel that is not there is exp of this: as good as zero, and still in the range in which the
    /// vectorised exponential is fast.
    /// </summary>
    protected sealed override T ActivationPadding => !Link.AbsorbsGain ? T.Zero : T.CreateChecked(typeof(T) == typeof(float) ? -80.0 : -700.0);

    /// <summary>The losses of one bin, without what does not depend on the mean, and with log link(a) in place of log r.</summary>
    /// <param name="means">r; replaced by the losses.</param>
    /// <param name="logarithms">h = log link(a).</param>
    /// <param name="counts">y.</param>
    protected abstract void LossesOf(Span<T> means, ReadOnlySpan<T> logarithms, ReadOnlySpan<T> counts);

    /// <summary>The derivatives of the losses of one bin with respect to log r.</summary>
    /// <param name="means">r; replaced by the Fisher information.</param>
    /// <param name="counts">y.</param>
    /// <param name="first">The first derivatives.</param>
    /// <param name="second">The second derivatives.</param>
    protected abstract void DerivativesOf(Span<T> means, ReadOnlySpan<T> counts, Span<T> first, Span<T> second);

    /// <inheritdoc/>
    protected override void Losses(LikelihoodScratch<T> scratch, Matrix<T> activations, Matrix<T> observed, Matrix<T> losses)
    {
        var logarithm = scratch.Row(1);
        for (var t = 0; t < activations.Rows; t++)
        {
            var row = losses.Row(t);
            Link.Evaluate(activations.Row(t), row, logarithm);
            TensorPrimitives.Multiply(row, _factor.Row(0), row);
            LossesOf(row, logarithm, observed.Row(t));
        }
    }

    /// <inheritdoc/>
    protected override void Derivatives(
        LikelihoodScratch<T> scratch, Matrix<T> activations, Matrix<T> observed, Matrix<T> first, Matrix<T> fisher, Matrix<T> exact)
    {
        var slope = scratch.Row(1);
        var bend = scratch.Row(2);
        for (var t = 0; t < activations.Rows; t++)
        {
            Span<T> d = first.Row(t), f = fisher.Row(t), e = exact.Row(t);
            DifferentiateMeans(activations.Row(t), f, slope, bend);
            DerivativesOf(f, observed.Row(t), d, e);
            TensorPrimitives.Multiply(e, slope, e);
            TensorPrimitives.Multiply(e, slope, e);
            TensorPrimitives.MultiplyAdd(bend, d, e, e);
            TensorPrimitives.Multiply(d, slope, d);
            TensorPrimitives.Multiply(f, slope, f);
            TensorPrimitives.Multiply(f, slope, f);
        }
    }

    /// <summary>d loss / d gain = (d loss / d log r) / gain.</summary>
    protected override void AccumulateChannelGradient(LikelihoodScratch<T> scratch, int start, int count, ParameterGradient<T> gradient)
    {
        if (Gain is null)
        {
            return;
        }

        var observed = scratch.Observed!;
        var target = gradient[Gain].Row(0);
        Span<T> mean = scratch.Row(1), first = scratch.Row(2), second = scratch.Row(3);
        for (var t = 0; t < count; t++)
        {
            MeansOf(scratch.Activations.Row(t), mean, first);
            DerivativesOf(mean, observed.Values.Row(start + t), first, second);
            TensorPrimitives.Divide(first, Gain.Value.Row(0), first);
            Mask(observed, start + t, first);
            TensorPrimitives.Add(target, first, target);
        }
    }

    /// <summary>d2 loss / d gain d a = h' (d2 loss / d (log r)^2) / gain.</summary>
    protected override void AccumulateChannelGradientTangent(LikelihoodScratch<T> scratch, int start, int count, ParameterGradient<T> gradient)
    {
        if (Gain is null)
        {
            return;
        }

        var observed = scratch.Observed!;
        var target = gradient[Gain].Row(0);
        Span<T> mean = scratch.Row(1), second = scratch.Row(2), slope = scratch.Row(3), rest = scratch.Row(0);
        for (var t = 0; t < count; t++)
        {
            DifferentiateMeans(scratch.Activations.Row(t), mean, slope, rest);
            DerivativesOf(mean, observed.Values.Row(start + t), rest, second);
            TensorPrimitives.Multiply(second, slope, second);
            TensorPrimitives.Multiply(second, scratch.ActivationTangents.Row(t), second);
            TensorPrimitives.Divide(second, Gain.Value.Row(0), second);
            Mask(observed, start + t, second);
            TensorPrimitives.Add(target, second, target);
        }
    }

    /// <summary>r = gain * link(a) * bin width.</summary>
    /// <param name="activations">a.</param>
    /// <param name="means">r.</param>
    /// <param name="logarithms">h = log link(a).</param>
    protected void MeansOf(ReadOnlySpan<T> activations, Span<T> means, Span<T> logarithms)
    {
        Link.Evaluate(activations, means, logarithms);
        TensorPrimitives.Multiply(means, _factor.Row(0), means);
    }

    /// <summary>r = gain * link(a) * bin width, and the derivatives of its logarithm.</summary>
    /// <param name="activations">a.</param>
    /// <param name="means">r.</param>
    /// <param name="slopes">h'.</param>
    /// <param name="bends">h''.</param>
    protected void DifferentiateMeans(ReadOnlySpan<T> activations, Span<T> means, Span<T> slopes, Span<T> bends)
    {
        Link.Differentiate(activations, means, slopes, bends);
        TensorPrimitives.Multiply(means, _factor.Row(0), means);
    }

    /// <summary>Sets what was not observed to zero.</summary>
    /// <param name="observed">The observations.</param>
    /// <param name="t">Bin.</param>
    /// <param name="row">One number a channel.</param>
    protected static void Mask(ObservationMatrix<T> observed, int t, Span<T> row)
    {
        if (!observed.Mask.IsEmpty)
        {
            TensorPrimitives.Multiply(row, observed.Mask.Row(t), row);
        }
    }
}

/// <summary>A likelihood of counts in configurations.</summary>
public abstract record CountSpecification : LikelihoodSpecification
{
    /// <summary>From activations to rates in Hz.</summary>
    public Link Link { get; init; } = Link.Exponential;

    /// <summary>A gain for each channel; not with a link whose bias absorbs it.</summary>
    public bool Gain { get; init; }

    /// <inheritdoc/>
    public sealed override bool MeansAreRates => true;

    /// <inheritdoc/>
    public override IReadOnlyList<Setting<LikelihoodSpecification>> SettingsAmong(ModelKinds kinds) =>
    [
        Setting.Choice<CountSpecification, Link>(
            "link", [.. kinds.Links.Select(link => (link.Name, link))], one => one.Link, (one, value) => one with { Link = value },
            "From activations to rates in Hz.").Of<LikelihoodSpecification>(),
        Setting.Flag<CountSpecification>(
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

    /// <summary>C at its start for learning.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="start">Sizes and random numbers.</param>
    /// <param name="group">The group.</param>
    protected Parameter<T> FirstReadout<T>(ModelStart start, GroupSummary group)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => new($"likelihood.{Group}.C", group.Group.Channels, start.States, Constraint.Free, FirstWeights(start, group));

    /// <summary>d at its start for learning, at which rates are the channels' means.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="start">The recording.</param>
    /// <param name="group">The group.</param>
    protected Parameter<T> FirstBias<T>(ModelStart start, GroupSummary group)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var binWidth = start.Recording.BinWidth;
        var bias = new double[group.Group.Channels];
        for (var i = 0; i < bias.Length; i++)
        {
            // Half a spike in the whole recording: silent channels get a low rate, not minus infinity.
            bias[i] = Link.Invert(Math.Max(group.Mean[i] / binWidth, 0.5 / Math.Max(start.Recording.Seconds, binWidth)));
        }

        return new Parameter<T>($"likelihood.{Group}.d", 1, bias.Length, Constraint.Free, bias);
    }

    /// <summary>Gains of one, if they are wanted.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="group">The group.</param>
    protected Parameter<T>? FirstGain<T>(GroupSummary group)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => Gain ? ModelStart.Constant<T>($"likelihood.{Group}.gain", group.Group.Channels, Constraint.Positive, 1) : null;
}
