using System.Numerics;
using System.Numerics.Tensors;
using IlqrVae.Control;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Models.Likelihoods;

/// <summary>Real values y ~ N(a, diag(variance)).</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class GaussianLikelihood<T> : Likelihood<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Matrix<T> _precision;
    private readonly Matrix<T> _halfPrecision;
    private readonly Matrix<T> _weighted;
    private readonly Matrix<T> _curvature;

    /// <summary>Creates the likelihood.</summary>
    /// <param name="group">Name of the channel group.</param>
    /// <param name="weights">C, N x n.</param>
    /// <param name="bias">d, 1 x N.</param>
    /// <param name="variance">1 x N, positive.</param>
    public GaussianLikelihood(string group, Parameter<T> weights, Parameter<T> bias, Parameter<T> variance)
        : base(group, weights, bias)
    {
        Variance = variance;
        Parameters = [weights, bias, variance];
        _precision = Matrix<T>.Allocate(1, weights.Rows);
        _halfPrecision = Matrix<T>.Allocate(1, weights.Rows);
        _weighted = Matrix<T>.Allocate(weights.Rows, weights.Columns);
        _curvature = Matrix<T>.Allocate(weights.Columns, weights.Columns);
        Refresh();
    }

    /// <inheritdoc/>
    public override string Kind => "gaussian";

    /// <inheritdoc/>
    public override ChannelKind Draws => ChannelKind.Values;

    /// <inheritdoc/>
    public override bool MeansAreRates => false;

    /// <summary>1 x N.</summary>
    public Parameter<T> Variance { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter<T>> Parameters { get; }

    /// <inheritdoc/>
    public override void Refresh()
    {
        base.Refresh();
        for (var i = 0; i < ChannelCount; i++)
        {
            _precision[0, i] = T.CreateSaturating(1 / Variance.ExactValue[i]);
            _halfPrecision[0, i] = T.CreateSaturating(0.5 / Variance.ExactValue[i]);
            Elementwise.ScaleTo(_precision[0, i], Weights.Value.RowPointer(i), _weighted.RowPointer(i), StateCount);
        }

        Gemm.SymmetricUpper(Weights.Value, _weighted, _curvature);
        GC.KeepAlive(this);
    }

    /// <summary>C' diag(1 / variance) C, the same in every bin where nothing is missing.</summary>
    /// <inheritdoc/>
    public override void AddCurvature(LikelihoodScratch<T> scratch, int t, CurvatureKind kind, Matrix<T> target)
    {
        if (!scratch.Observed!.Mask.IsEmpty)
        {
            base.AddCurvature(scratch, t, kind, target);
            return;
        }

        for (var i = 0; i < StateCount; i++)
        {
            Gemv.AddScaled(T.One, _curvature.RowPointer(i), target.RowPointer(i), StateCount);
        }

        target.KeepAlive();
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public override void Mean(ReadOnlySpan<T> activations, Span<T> mean, Span<T> slope)
    {
        activations.CopyTo(mean);
        slope.Fill(T.One);
    }

    /// <inheritdoc/>
    public override void Sample(ref CounterRandom random, ReadOnlySpan<T> mean, Span<double> sample)
    {
        for (var i = 0; i < sample.Length; i++)
        {
            sample[i] = double.CreateChecked(mean[i]) + (Math.Sqrt(Variance.ExactValue[i]) * random.NextNormal());
        }
    }

    /// <inheritdoc/>
    public override void NoiseVariance(ReadOnlySpan<T> mean, Span<double> variance) => Variance.ExactValue.CopyTo(variance);

    /// <inheritdoc/>
    public override void Probabilities(ReadOnlySpan<T> mean, ReadOnlySpan<double> observed, Span<double> below, Span<double> at)
    {
        at.Clear();
        for (var i = 0; i < below.Length; i++)
        {
            below[i] = NormalDistribution.Cumulative((observed[i] - double.CreateChecked(mean[i])) / Math.Sqrt(Variance.ExactValue[i]));
        }
    }

    /// <summary>The sum of log(2 pi variance) / 2 over observed entries.</summary>
    protected override double Constant(ObservationMatrix<T> observed)
    {
        var sum = 0.0;
        for (var i = 0; i < ChannelCount; i++)
        {
            sum += 0.5 * observed.ColumnWeights[i] * Math.Log(2 * Math.PI * Variance.ExactValue[i]);
        }

        return sum;
    }

    /// <inheritdoc/>
    protected override void Losses(LikelihoodScratch<T> scratch, Matrix<T> activations, Matrix<T> observed, Matrix<T> losses)
    {
        var flat = losses.Flat;
        TensorPrimitives.Subtract<T>(activations.Flat, observed.Flat, flat);
        TensorPrimitives.Multiply(flat, flat, flat);
        for (var t = 0; t < losses.Rows; t++)
        {
            Elementwise.Multiply(losses.RowPointer(t), _halfPrecision.Pointer, losses.RowPointer(t), ChannelCount);
        }

        losses.KeepAlive();
        _halfPrecision.KeepAlive();
    }

    /// <inheritdoc/>
    protected override void Derivatives(
        LikelihoodScratch<T> scratch, Matrix<T> activations, Matrix<T> observed, Matrix<T> first, Matrix<T> fisher, Matrix<T> exact)
    {
        TensorPrimitives.Subtract<T>(activations.Flat, observed.Flat, first.Flat);
        for (var t = 0; t < first.Rows; t++)
        {
            Elementwise.Multiply(first.RowPointer(t), _precision.Pointer, first.RowPointer(t), ChannelCount);
            Elementwise.Copy(_precision.Pointer, fisher.RowPointer(t), ChannelCount);
            Elementwise.Copy(_precision.Pointer, exact.RowPointer(t), ChannelCount);
        }

        first.KeepAlive();
        fisher.KeepAlive();
        exact.KeepAlive();
        _precision.KeepAlive();
    }

    /// <summary>d loss / d variance = (1 - (a - y)^2 / variance) / (2 variance).</summary>
    protected override void AccumulateChannelGradient(LikelihoodScratch<T> scratch, int start, int count, ParameterGradient<T> gradient)
    {
        // The first window brings in the part that depends on the number of observations alone.
        var observed = scratch.Observed!;
        var counts = observed.ColumnWeights;
        var half = T.CreateChecked(0.5);
        for (var i = 0; i < ChannelCount; i++)
        {
            var precision = _precision[0, i];
            var squares = T.Zero;
            for (var t = 0; t < count; t++)
            {
                // The first derivative holds the entry's weight once, its square would hold it twice.
                var first = scratch.First[t, i];
                squares += observed.Mask.IsEmpty || first == T.Zero ? first * first : first * first / observed.Mask[start + t, i];
            }

            gradient[Variance].Pointer[i] += half * ((T.CreateChecked(start == 0 ? counts[i] : 0) * precision) - squares);
        }

        GC.KeepAlive(gradient);
    }

    /// <summary>d2 loss / d variance d a = -(a - y) / variance^2.</summary>
    protected override void AccumulateChannelGradientTangent(LikelihoodScratch<T> scratch, int start, int count, ParameterGradient<T> gradient)
    {
        for (var i = 0; i < ChannelCount; i++)
        {
            var sum = T.Zero;
            for (var t = 0; t < count; t++)
            {
                sum += scratch.First[t, i] * scratch.ActivationTangents[t, i];
            }

            gradient[Variance].Pointer[i] -= sum * _precision[0, i];
        }

        GC.KeepAlive(gradient);
    }
}

/// <summary>A Gaussian likelihood in configurations.</summary>
public sealed record GaussianSpecification : LikelihoodSpecification
{
    /// <inheritdoc/>
    public override string Kind => "gaussian";

    /// <inheritdoc/>
    public override string Meaning => "values with Gaussian noise";

    /// <inheritdoc/>
    public override ChannelKind? DefaultFor => ChannelKind.Values;

    /// <inheritdoc/>
    public override bool MeansAreRates => false;

    /// <inheritdoc/>
    public override bool Fits(ChannelKind kind) => true;

    /// <inheritdoc/>
    public override Likelihood<T> Build<T>(ModelStart start, GroupSummary group)
    {
        // Learned in units of each channel's own deviation, so that it does not matter which unit the values came in.
        var (channels, n) = (group.Group.Channels, start.States);
        double[] deviations = [.. group.Variance.Select(Math.Sqrt)];
        var weights = FirstWeights(start, group);
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] *= deviations[i / n];
        }

        return new GaussianLikelihood<T>(
            Group,
            new Parameter<T>($"likelihood.{Group}.C", channels, n, Constraint.RowScaled(deviations), weights),
            new Parameter<T>($"likelihood.{Group}.d", 1, channels, Constraint.Shifted([.. group.Mean], deviations), [.. group.Mean]),
            new Parameter<T>($"likelihood.{Group}.variance", 1, channels, Constraint.Positive, [.. group.Variance]));
    }
}
