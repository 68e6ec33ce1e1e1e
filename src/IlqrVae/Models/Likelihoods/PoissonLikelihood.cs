using System.Numerics;
using System.Numerics.Tensors;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Models.Likelihoods;

/// <summary>
/// Spike counts y ~ Poisson(r). The loss r - y log r has the derivatives r - y and r with respect to log r, and Fisher information r.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class PoissonLikelihood<T> : CountLikelihood<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Creates the likelihood.</summary>
    /// <param name="group">Name of the channel group.</param>
    /// <param name="weights">C, N x n.</param>
    /// <param name="bias">d, 1 x N.</param>
    /// <param name="link">From activations to rates in Hz.</param>
    /// <param name="binWidth">Seconds.</param>
    /// <param name="gain">1 x N, positive; null for gains of one.</param>
    /// <exception cref="ArgumentException">A gain is given although the link's bias absorbs it: the two would be degenerate.</exception>
    public PoissonLikelihood(string group, Parameter<T> weights, Parameter<T> bias, Link link, double binWidth, Parameter<T>? gain = null)
        : base(group, weights, bias, link, binWidth, gain)
    {
        Parameters = gain is null ? [weights, bias] : [weights, bias, gain];
        Refresh();
    }

    /// <inheritdoc/>
    public override string Kind => "poisson";

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter<T>> Parameters { get; }

    /// <inheritdoc/>
    public override void Sample(ref CounterRandom random, ReadOnlySpan<T> mean, Span<double> sample)
    {
        for (var i = 0; i < sample.Length; i++)
        {
            sample[i] = random.NextPoisson(double.CreateChecked(mean[i]) * BinWidth);
        }
    }

    /// <summary>sum log y! - sum y log(gain * bin width).</summary>
    protected override double Constant(ObservationMatrix<T> observed)
    {
        var sum = observed.LogFactorials;
        for (var i = 0; i < ChannelCount; i++)
        {
            sum -= observed.ColumnSums[i] * LogFactor[i];
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
    protected override void LossesOf(Span<T> means, ReadOnlySpan<T> logarithms, ReadOnlySpan<T> counts)
    {
        var i = 0;
        for (; i + Vector<T>.Count <= means.Length; i += Vector<T>.Count)
        {
            (new Vector<T>(means[i..]) - (new Vector<T>(logarithms[i..]) * new Vector<T>(counts[i..]))).CopyTo(means[i..]);
        }

        for (; i < means.Length; i++)
        {
            means[i] -= logarithms[i] * counts[i];
        }
    }

    /// <inheritdoc/>
    protected override void DerivativesOf(Span<T> means, ReadOnlySpan<T> counts, Span<T> first, Span<T> second)
    {
        TensorPrimitives.Subtract(means, counts, first);
        means.CopyTo(second);
    }

    /// <inheritdoc/>
    protected override void Derivatives(
        LikelihoodScratch<T> scratch, Matrix<T> activations, Matrix<T> observed, Matrix<T> first, Matrix<T> fisher, Matrix<T> exact)
    {
        if (!Link.IsExponential || !ExponentialPoisson.TryDerivatives(activations, observed, BinWidth, first, fisher, exact))
        {
            base.Derivatives(scratch, activations, observed, first, fisher, exact);
        }
    }
}

/// <summary>A Poisson likelihood in configurations.</summary>
public sealed record PoissonSpecification : CountSpecification
{
    /// <inheritdoc/>
    public override string Kind => "poisson";

    /// <inheritdoc/>
    public override string Meaning => "counts of spikes";

    /// <inheritdoc/>
    public override ChannelKind? DefaultFor => ChannelKind.Counts;

    /// <inheritdoc/>
    public override Likelihood<T> Build<T>(ModelStart start, GroupSummary group)
        => new PoissonLikelihood<T>(Group, FirstReadout<T>(start, group), FirstBias<T>(start, group), Link, start.Recording.BinWidth, FirstGain<T>(group));
}
