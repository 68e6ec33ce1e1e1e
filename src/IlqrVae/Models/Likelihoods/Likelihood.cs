using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using IlqrVae.Control;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Models.Likelihoods;

/// <summary>
/// The likelihood of one channel group through a linear read-out: a = C z + d, each channel independent given its activation a. Losses are negative
/// log likelihoods in nats. Immutable but for its parameters' values; what it remembers of a trajectory lives in a <see cref="LikelihoodScratch{T}"/>.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public abstract unsafe class Likelihood<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>
    /// Up to this share of the cache that cores share the outer products of the read-out's rows are kept, which stay there. Curvatures of larger ones are formed
    /// bin by bin.
    /// </summary>
    private const double OuterProductsShare = 0.25;

    /// <summary>Bytes of them at most, however much the cores of a large processor share.</summary>
    private const double LargestOuterProducts = 16 << 20;

    /// <summary>Samples by which a kind's noise is measured where it does not say what it is.</summary>
    private const int NoiseSamples = 400;

    private readonly LinearMap<T> _readout;
    private readonly Matrix<T> _bias;
    private readonly OuterProducts<T>? _outerProducts;
    private int _version;

    /// <summary>Creates the read-out.</summary>
    /// <param name="group">Name of the channel group it explains.</param>
    /// <param name="weights">C, N x n.</param>
    /// <param name="bias">d, 1 x N.</param>
    protected Likelihood(string group, Parameter<T> weights, Parameter<T> bias)
    {
        Group = group;
        Weights = weights;
        Bias = bias;
        _readout = new LinearMap<T>(weights);
        _bias = Matrix<T>.Allocate(1, bias.Columns);
        if (OuterProducts<T>.Bytes(weights.Rows, weights.Columns) <= Math.Min(LargestOuterProducts, OuterProductsShare * CacheSizes.Current.Third))
        {
            _outerProducts = new OuterProducts<T>(weights.Rows, weights.Columns);
        }
    }

    /// <summary>What configurations call it.</summary>
    public abstract string Kind { get; }

    /// <summary>Name of the channel group it explains.</summary>
    public string Group { get; }

    /// <summary>What the numbers are that it draws.</summary>
    public abstract ChannelKind Draws { get; }

    /// <summary>Whether the means of channels are firing rates in Hz; else they are values in the group's own unit.</summary>
    public abstract bool MeansAreRates { get; }

    /// <summary>C, N x n.</summary>
    public Parameter<T> Weights { get; }

    /// <summary>d, 1 x N.</summary>
    public Parameter<T> Bias { get; }

    /// <summary>Number of channels N.</summary>
    public int ChannelCount => Weights.Rows;

    /// <summary>State dimension n.</summary>
    public int StateCount => Weights.Columns;

    /// <summary>The parameters.</summary>
    public abstract IReadOnlyList<Parameter<T>> Parameters { get; }

    /// <summary>Makes the scratch space of one worker.</summary>
    /// <param name="capacity">The largest number of bins.</param>
    /// <param name="window">Bins whose terms are kept between calls; for more bins than that, they are computed again when needed.</param>
    /// <param name="carried">Columns of the states that are handed in, of which the first n are read; 0 for n.</param>
    public LikelihoodScratch<T> CreateScratch(int capacity, int window = LikelihoodScratch<T>.DefaultWindow, int carried = 0)
        => new(capacity, Math.Min(capacity, window), ChannelCount, StateCount, Math.Max(carried, StateCount), _outerProducts is not null, KeepsMeans);

    /// <summary>Recomputes whatever is derived from the parameters; to be called after they change.</summary>
    public virtual void Refresh()
    {
        _version++;
        _readout.Refresh();
        _outerProducts?.Refresh(Weights.Value);
        _bias.Flat.Fill(ActivationPadding);
        Bias.Value.Row(0).CopyTo(_bias.Row(0));
    }

    /// <summary>-log p(observations | states), summed over observed entries.</summary>
    /// <param name="scratch">Scratch space.</param>
    /// <param name="states">T x n, or wider: the first n columns are read.</param>
    /// <param name="observed">The observations, T x N.</param>
    public double Loss(LikelihoodScratch<T> scratch, Matrix<T> states, ObservationMatrix<T> observed)
    {
        // In blocks and beside the activations of the last differentiation, which stay valid through a line search.
        var sum = Constant(observed);
        var isKept = KeepsMeans && scratch.BeginKeeping(states);
        for (var first = 0; first < states.Rows; first += LikelihoodScratch<T>.Block)
        {
            var count = Math.Min(LikelihoodScratch<T>.Block, states.Rows - first);
            var activations = scratch.LossActivations.RowRange(0, count);
            Activate(states.RowRange(first, count), activations);
            for (var i = 0; i < count; i += scratch.Strip)
            {
                var rows = Math.Min(scratch.Strip, count - i);
                var mask = observed.Mask.IsEmpty ? default : observed.Mask.RowRange(first + i, rows);
                var means = isKept ? scratch.KeptMeans.RowRange(first + i, rows) : default;
                sum += Loss(scratch, activations.RowRange(i, rows), observed.Values.RowRange(first + i, rows), mask, means, out var areFilled);
                isKept &= areFilled;
            }
        }

        scratch.EndKeeping(isKept ? observed : null, _version);
        return sum;
    }

    /// <summary>
    /// Adds the gradient of the loss with respect to the states, and remembers what the other derivatives need. After <see cref="Loss(LikelihoodScratch{T},
    /// Matrix{T}, ObservationMatrix{T})"/> at the same states, as after the last step of a line search, it makes do with what that has computed.
    /// </summary>
    /// <param name="scratch">Scratch space.</param>
    /// <param name="states">T x n, or wider: the first n columns are read. Not to be changed as long as the other derivatives are asked for.</param>
    /// <param name="observed">The observations, T x N.</param>
    /// <param name="stateGradient">T x n, added to.</param>
    public void Differentiate(LikelihoodScratch<T> scratch, Matrix<T> states, ObservationMatrix<T> observed, Matrix<T> stateGradient)
    {
        scratch.Bind(states, observed);
        for (var start = 0; start < states.Rows; start += scratch.Window)
        {
            var count = scratch.CountFrom(start);
            Fill(scratch, start);
            Gemm.Multiply(scratch.First.RowRange(0, count), _readout.Matrix, stateGradient.RowRange(start, count), accumulate: true);
        }
    }

    /// <summary>Adds C' diag(w_t) C to the upper triangle of an n x n matrix.</summary>
    /// <param name="scratch">Scratch space of the last <see cref="Differentiate"/>.</param>
    /// <param name="t">Bin. Those of a block are computed together, so that it is best to ask for bins in order, either way.</param>
    /// <param name="kind">Fisher information or exact second derivatives.</param>
    /// <param name="target">n x n, or larger. Elements below the diagonal are unspecified.</param>
    public virtual void AddCurvature(LikelihoodScratch<T> scratch, int t, CurvatureKind kind, Matrix<T> target)
    {
        if (_outerProducts is null)
        {
            AddCurvatureOfBin(scratch, t, kind, target);
            return;
        }

        if (scratch.CurvatureKind != kind || t < scratch.CurvatureStart || t >= scratch.CurvatureStart + scratch.CurvatureCount)
        {
            var window = Hold(scratch, t);
            var block = scratch.Curvatures.Rows;
            var start = window + ((t - window) / block * block);
            var count = Math.Min(block, window + scratch.CountFrom(window) - start);
            _outerProducts.Sum(CurvatureWeights(scratch, start, count, kind), scratch.Curvatures.RowRange(0, count));
            (scratch.CurvatureKind, scratch.CurvatureStart, scratch.CurvatureCount) = (kind, start, count);
        }

        OuterProducts<T>.AddUpper(scratch.Curvatures.RowPointer(t - scratch.CurvatureStart), Own(target));
        GC.KeepAlive(scratch);
    }

    /// <summary>product += the exact second derivatives times a tangent of the states, for some bins in a row.</summary>
    /// <param name="scratch">Scratch space of the last <see cref="Differentiate"/>.</param>
    /// <param name="first">The first bin.</param>
    /// <param name="stateTangents">Bins x n, or wider.</param>
    /// <param name="product">Bins x n, added to.</param>
    public void AddHessianProduct(LikelihoodScratch<T> scratch, int first, Matrix<T> stateTangents, Matrix<T> product)
    {
        for (var start = 0; start < stateTangents.Rows; start += scratch.Window)
        {
            var count = Math.Min(scratch.Window, stateTangents.Rows - start);
            FillTangents(scratch, stateTangents.RowRange(start, count), first + start);
            Gemm.Multiply(scratch.FirstTangents.RowRange(0, count), _readout.Matrix, product.RowRange(start, count), accumulate: true);
        }
    }

    /// <summary>gradient += the derivative of the loss with respect to the parameters at the last <see cref="Differentiate"/>.</summary>
    /// <param name="scratch">Scratch space.</param>
    /// <param name="gradient">The sums.</param>
    public void AccumulateGradient(LikelihoodScratch<T> scratch, ParameterGradient<T> gradient)
    {
        for (var start = 0; start < scratch.States.Rows; start += scratch.Window)
        {
            var count = scratch.CountFrom(start);
            Hold(scratch, start);
            var first = scratch.First.RowRange(0, count);
            _readout.Accumulate(first, Own(scratch.States.RowRange(start, count)), gradient);
            Elementwise.AddColumnSums(first, gradient[Bias].Pointer);
            AccumulateChannelGradient(scratch, start, count, gradient);
        }

        GC.KeepAlive(gradient);
    }

    /// <summary>gradient += the derivative of <see cref="AccumulateGradient"/>'s sum along a tangent of the states.</summary>
    /// <param name="scratch">Scratch space.</param>
    /// <param name="stateTangents">T x n, those of the last <see cref="AddHessianProduct"/>.</param>
    /// <param name="gradient">The sums.</param>
    public void AccumulateGradientTangent(LikelihoodScratch<T> scratch, Matrix<T> stateTangents, ParameterGradient<T> gradient)
    {
        for (var start = 0; start < stateTangents.Rows; start += scratch.Window)
        {
            var count = scratch.CountFrom(start);
            Hold(scratch, start);
            if (stateTangents.Rows > scratch.Window)
            {
                FillTangents(scratch, stateTangents.RowRange(start, count), start);
            }

            var weighted = scratch.FirstTangents.RowRange(0, count);
            _readout.Accumulate(weighted, Own(scratch.States.RowRange(start, count)), gradient);
            _readout.Accumulate(scratch.First.RowRange(0, count), Own(stateTangents.RowRange(start, count)), gradient);
            Elementwise.AddColumnSums(weighted, gradient[Bias].Pointer);
            AccumulateChannelGradientTangent(scratch, start, count, gradient);
        }

        GC.KeepAlive(gradient);
    }

    /// <summary>a = C z + d for every bin. The padding of the activations becomes <see cref="ActivationPadding"/>.</summary>
    /// <param name="states">T x n, or wider: the first n columns are read.</param>
    /// <param name="activations">T x N, overwritten.</param>
    public void Activate(Matrix<T> states, Matrix<T> activations)
    {
        for (var t = 0; t < states.Rows; t++)
        {
            Elementwise.Copy(_bias.Pointer, activations.RowPointer(t), _bias.Stride);
        }

        activations.KeepAlive();
        GC.KeepAlive(this);
        Gemm.Multiply(Own(states), _readout.Transposed, activations, accumulate: true);
    }

    /// <summary>
    /// The mean of each channel given its activation: firing rate in Hz for spikes, the value itself for values; and its derivative.
    /// </summary>
    /// <param name="activations">N activations.</param>
    /// <param name="mean">N means.</param>
    /// <param name="slope">N derivatives of the mean with respect to the activation.</param>
    public abstract void Mean(ReadOnlySpan<T> activations, Span<T> mean, Span<T> slope);

    /// <summary>Draws observations given means as <see cref="Mean"/> gives them.</summary>
    /// <param name="random">The generator.</param>
    /// <param name="mean">N means.</param>
    /// <param name="sample">N observations.</param>
    public abstract void Sample(ref CounterRandom random, ReadOnlySpan<T> mean, Span<double> sample);

    /// <summary>
    /// The variance of what is observed around its mean. Kinds that know it say so; here it is measured on samples, to a tenth.
    /// </summary>
    /// <param name="mean">N means, as <see cref="Mean"/> gives them.</param>
    /// <param name="variance">N variances of the observations in a bin: of counts, not of rates.</param>
    public virtual void NoiseVariance(ReadOnlySpan<T> mean, Span<double> variance)
    {
        var random = new CounterRandom(0, RandomStreams.PredictiveSamples);
        var sample = new double[mean.Length];
        var centre = new double[mean.Length];
        variance.Clear();
        for (var k = 0; k < NoiseSamples; k++)
        {
            Sample(ref random, mean, sample);
            for (var i = 0; i < sample.Length; i++)
            {
                // Welford's update.
                var delta = sample[i] - centre[i];
                centre[i] += delta / (k + 1);
                variance[i] += delta * (sample[i] - centre[i]);
            }
        }

        for (var i = 0; i < sample.Length; i++)
        {
            variance[i] /= NoiseSamples - 1;
        }
    }

    /// <summary>
    /// The probabilities of less than what was observed, and of just that (zero for values), given the means: the distribution that intervals of counts are
    /// taken from. Kinds that know it say so; here it is measured on samples, to a few hundredths.
    /// </summary>
    /// <param name="mean">N means, as <see cref="Mean"/> gives them.</param>
    /// <param name="observed">N observations.</param>
    /// <param name="below">N probabilities of less.</param>
    /// <param name="at">N probabilities of the same.</param>
    public virtual void Probabilities(ReadOnlySpan<T> mean, ReadOnlySpan<double> observed, Span<double> below, Span<double> at)
    {
        var random = new CounterRandom(0, RandomStreams.PredictiveSamples);
        var sample = new double[mean.Length];
        below.Clear();
        at.Clear();
        for (var k = 0; k < NoiseSamples; k++)
        {
            Sample(ref random, mean, sample);
            for (var i = 0; i < sample.Length; i++)
            {
                below[i] += sample[i] < observed[i] ? 1.0 / NoiseSamples : 0;
                at[i] += sample[i] == observed[i] ? 1.0 / NoiseSamples : 0;
            }
        }
    }

    /// <summary>What fills the padding of activations: a number at which losses and derivatives are zero, so that whole blocks are one vector.</summary>
    protected virtual T ActivationPadding => T.Zero;

    /// <summary>The part of the loss that does not depend on the states.</summary>
    protected abstract double Constant(ObservationMatrix<T> observed);

    /// <summary>The loss of a strip of bins, without the constant, summed over observed entries.</summary>
    /// <param name="scratch">Scratch space.</param>
    /// <param name="activations">Rows of N.</param>
    /// <param name="observed">Rows of N.</param>
    /// <param name="mask">Rows of N ones and zeros; empty when all was observed.</param>
    /// <param name="means">Rows of N, to be filled with what <see cref="DerivativesFromMeans"/> takes; empty when it is not wanted.</param>
    /// <param name="areFilled">Whether they were.</param>
    protected virtual double Loss(
        LikelihoodScratch<T> scratch, Matrix<T> activations, Matrix<T> observed, Matrix<T> mask, Matrix<T> means, out bool areFilled)
    {
        areFilled = false;
        var losses = scratch.Losses.RowRange(0, activations.Rows);
        Losses(scratch, activations, observed, losses);
        if (!mask.IsEmpty)
        {
            TensorPrimitives.Multiply(losses.Flat, mask.Flat, losses.Flat);
        }

        return double.CreateChecked(TensorPrimitives.Sum<T>(losses.Flat));
    }

    /// <summary>Whether derivatives follow from means that the loss has computed on its way.</summary>
    protected virtual bool KeepsMeans => false;

    /// <summary>As <see cref="Derivatives"/>, from what <see cref="Loss(LikelihoodScratch{T}, Matrix{T}, Matrix{T}, Matrix{T}, Matrix{T}, out bool)"/> kept.</summary>
    protected virtual void DerivativesFromMeans(Matrix<T> means, Matrix<T> observed, Matrix<T> first, Matrix<T> fisher, Matrix<T> exact)
        => throw new NotSupportedException();

    /// <summary>The loss of each channel in a strip of bins, without the constant; zero in the padding.</summary>
    protected abstract void Losses(LikelihoodScratch<T> scratch, Matrix<T> activations, Matrix<T> observed, Matrix<T> losses);

    /// <summary>
    /// The derivatives of the losses in a block of bins with respect to the activations: first, Fisher information, exact second; zero in the padding.
    /// </summary>
    protected abstract void Derivatives(
        LikelihoodScratch<T> scratch, Matrix<T> activations, Matrix<T> observed, Matrix<T> first, Matrix<T> fisher, Matrix<T> exact);

    /// <summary>The derivatives with respect to parameters other than C and d, for the window that the scratch space holds.</summary>
    protected abstract void AccumulateChannelGradient(LikelihoodScratch<T> scratch, int start, int count, ParameterGradient<T> gradient);

    /// <summary>The change of <see cref="AccumulateChannelGradient"/>'s sum along the tangent of the activations that the scratch space holds.</summary>
    protected abstract void AccumulateChannelGradientTangent(LikelihoodScratch<T> scratch, int start, int count, ParameterGradient<T> gradient);

    /// <summary>The columns of the states that the read-out reads; what a controller carries beyond them is none of its concern.</summary>
    private Matrix<T> Own(Matrix<T> states) => states.Columns == StateCount ? states : states.ColumnRange(0, StateCount);

    /// <summary>The weights w_t of bins of one window.</summary>
    private Matrix<T> CurvatureWeights(LikelihoodScratch<T> scratch, int start, int count, CurvatureKind kind)
        => kind == CurvatureKind.Exact ? scratch.Exact.RowRange(start, count) : scratch.Fisher.RowRange(start - Hold(scratch, start), count);

    /// <summary>The curvature of one bin by itself; channels without weight (missing ones) cost nothing.</summary>
    private void AddCurvatureOfBin(LikelihoodScratch<T> scratch, int t, CurvatureKind kind, Matrix<T> target)
    {
        var weights = CurvatureWeights(scratch, t, 1, kind).Pointer;
        var c = _readout.Matrix;
        if (scratch.Observed!.Mask.IsEmpty)
        {
            Gemm.SymmetricUpperWeighted(c, weights, scratch.Weighted, target);
            GC.KeepAlive(scratch);
            return;
        }

        var used = 0;
        var usedWeights = scratch.RowPointer(1);
        for (var i = 0; i < c.Rows; i++)
        {
            if (weights[i] != T.Zero)
            {
                usedWeights[used] = weights[i];
                Elementwise.Copy(c.RowPointer(i), scratch.Gathered.RowPointer(used), c.Columns);
                used++;
            }
        }

        Gemm.SymmetricUpperWeighted(scratch.Gathered.RowRange(0, used), usedWeights, scratch.Weighted, target);
        GC.KeepAlive(scratch);
        GC.KeepAlive(this);
    }

    /// <summary>Sees to it that the terms of a bin are held.</summary>
    /// <returns>The first bin held.</returns>
    private int Hold(LikelihoodScratch<T> scratch, int bin)
    {
        var start = bin / scratch.Window * scratch.Window;
        if (scratch.Start != start)
        {
            Fill(scratch, start);
        }

        return start;
    }

    /// <summary>Computes the terms of a window: activations, derivatives and curvatures at the states of the last <see cref="Differentiate"/>.</summary>
    private void Fill(LikelihoodScratch<T> scratch, int start)
    {
        var observed = scratch.Observed!;
        var end = start + scratch.CountFrom(start);
        var isKept = scratch.HasKept(_version);
        for (var block = start; block < end; block += LikelihoodScratch<T>.Block)
        {
            var count = Math.Min(LikelihoodScratch<T>.Block, end - block);
            var activations = scratch.Activations.RowRange(block - start, count);
            var first = scratch.First.RowRange(block - start, count);
            var fisher = scratch.Fisher.RowRange(block - start, count);
            var exact = scratch.Exact.RowRange(block, count);
            if (isKept)
            {
                DerivativesFromMeans(scratch.KeptMeans.RowRange(block, count), observed.Values.RowRange(block, count), first, fisher, exact);
            }
            else
            {
                Activate(scratch.States.RowRange(block, count), activations);
                for (var i = 0; i < count; i += scratch.Strip)
                {
                    var rows = Math.Min(scratch.Strip, count - i);
                    Derivatives(
                        scratch, activations.RowRange(i, rows), observed.Values.RowRange(block + i, rows),
                        first.RowRange(i, rows), fisher.RowRange(i, rows), exact.RowRange(i, rows));
                }
            }

            if (!observed.Mask.IsEmpty)
            {
                var mask = observed.Mask.RowRange(block, count).Flat;
                TensorPrimitives.Multiply(first.Flat, mask, first.Flat);
                TensorPrimitives.Multiply(fisher.Flat, mask, fisher.Flat);
                TensorPrimitives.Multiply(exact.Flat, mask, exact.Flat);
            }
        }

        scratch.Start = start;
    }

    /// <summary>The tangents of the activations of some bins and, through the exact second derivatives, of their first derivatives.</summary>
    private void FillTangents(LikelihoodScratch<T> scratch, Matrix<T> stateTangents, int start)
    {
        var count = stateTangents.Rows;
        var tangents = scratch.ActivationTangents.RowRange(0, count);
        Gemm.Multiply(Own(stateTangents), _readout.Transposed, tangents);
        TensorPrimitives.Multiply(scratch.Exact.RowRange(start, count).Flat, tangents.Flat, scratch.FirstTangents.RowRange(0, count).Flat);
    }
}

/// <summary>What a likelihood remembers of one trajectory, and its scratch space.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class LikelihoodScratch<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Bins of a block.</summary>
    internal const int Block = 64;

    /// <summary>Numbers of a strip: long enough to drown the cost of a call, short enough for several strips to stay in the nearest cache.</summary>
    private const int StripLength = 768;

    /// <summary>Bins whose terms are kept: as many as ordinary trials have.</summary>
    internal const int DefaultWindow = 4096;

    /// <summary>A block of packed curvatures as a share of a core's second cache, and the bins in it at least and at most: many share one reading of the outer products.</summary>
    private const double CurvatureShare = 0.5;
    private const int FewestCurvatures = 24;
    private const int MostCurvatures = 96;

    /// <summary>Bins of a longer trial whose terms are held at a time: what stays in a near cache.</summary>
    private const int LongTrialWindow = 2 * Block;

    private readonly Matrix<T> _rows;
    private readonly Matrix<T> _keptStates;
    private readonly int _window;
    private ObservationMatrix<T>? _keptFor;
    private int _keptVersion;
    private int _keptBins;

    internal LikelihoodScratch(int capacity, int window, int channels, int states, int carried, bool hasOuterProducts, bool keepsMeans)
    {
        Strip = Math.Clamp(StripLength / Matrix<T>.PaddedLength(channels), 1, Block);
        _window = window;
        Window = window;
        _rows = Matrix<T>.Allocate(4, channels);
        Activations = Matrix<T>.Allocate(window, channels);
        LossActivations = Matrix<T>.Allocate(Math.Min(Block, capacity), channels);
        Losses = Matrix<T>.Allocate(Strip, channels);
        First = Matrix<T>.Allocate(window, channels);
        Fisher = Matrix<T>.Allocate(window, channels);
        KeptMeans = Matrix<T>.Allocate(keepsMeans ? window : 0, channels);
        _keptStates = Matrix<T>.Allocate(keepsMeans ? window : 0, carried);
        Exact = Matrix<T>.Allocate(capacity, channels);
        ActivationTangents = Matrix<T>.Allocate(window, channels);
        FirstTangents = Matrix<T>.Allocate(window, channels);
        if (hasOuterProducts)
        {
            var length = OuterProducts<T>.PackedLength(states);
            var rows = Math.Clamp((int)(CurvatureShare * CacheSizes.Current.Second) / (length * Unsafe.SizeOf<T>()), FewestCurvatures, MostCurvatures) / Gemm.TileHeight * Gemm.TileHeight;
            Curvatures = Matrix<T>.Allocate(Math.Min(rows, window), length);
        }
        else
        {
            Weighted = Matrix<T>.Allocate(Gemm.WeightedRows<T>(channels, states), states);
            Gathered = Matrix<T>.Allocate(channels, states);
        }
    }

    /// <summary>Bins that are worked on element by element at once.</summary>
    internal int Strip { get; }

    /// <summary>Bins whose terms are held at a time: all of a trial that is not too long, or few.</summary>
    internal int Window { get; private set; }

    /// <summary>The first bin of the terms that are held.</summary>
    internal int Start { get; set; }

    /// <summary>The states of the last differentiation.</summary>
    internal Matrix<T> States { get; private set; }

    internal Matrix<T> Activations { get; }

    internal Matrix<T> LossActivations { get; }

    internal Matrix<T> Losses { get; }

    internal Matrix<T> First { get; }

    internal Matrix<T> Fisher { get; }

    /// <summary>The means at the states of the last loss, where that has kept them.</summary>
    internal Matrix<T> KeptMeans { get; }

    /// <summary>Of every bin, whatever the window: each Hessian product needs all of them.</summary>
    internal Matrix<T> Exact { get; }

    internal Matrix<T> ActivationTangents { get; }

    internal Matrix<T> FirstTangents { get; }

    /// <summary>Packed curvatures of a block of bins; empty where curvatures are formed bin by bin.</summary>
    internal Matrix<T> Curvatures { get; }

    /// <summary>The first bin whose curvature is held.</summary>
    internal int CurvatureStart { get; set; }

    /// <summary>Bins whose curvature is held.</summary>
    internal int CurvatureCount { get; set; }

    /// <summary>Which curvature is held.</summary>
    internal CurvatureKind CurvatureKind { get; set; }

    /// <summary>Empty where curvatures are formed from outer products; <see cref="Gathered"/> likewise.</summary>
    internal Matrix<T> Weighted { get; }

    internal Matrix<T> Gathered { get; }

    internal ObservationMatrix<T>? Observed { get; private set; }

    internal Span<T> Row(int i) => _rows.Row(i);

    internal unsafe T* RowPointer(int i) => _rows.RowPointer(i);

    /// <summary>Remembers at which states means will be kept.</summary>
    /// <returns>False for trials that are too long.</returns>
    internal bool BeginKeeping(Matrix<T> states)
    {
        _keptFor = null;
        _keptBins = states.Rows;
        if (states.Rows > _keptStates.Rows)
        {
            return false;
        }

        RowOperations.Copy(states, _keptStates.RowRange(0, states.Rows));
        return true;
    }

    /// <summary>Means are complete; or, without observations, they are not.</summary>
    internal void EndKeeping(ObservationMatrix<T>? observed, int version) => (_keptFor, _keptVersion) = (observed, version);

    /// <summary>Whether the means that were kept are those at the present states, bit by bit.</summary>
    internal bool HasKept(int version)
        => _keptFor is not null && ReferenceEquals(_keptFor, Observed) && _keptVersion == version && _keptBins == States.Rows
            && MemoryMarshal.AsBytes(States.Flat).SequenceEqual(MemoryMarshal.AsBytes(_keptStates.RowRange(0, _keptBins).Flat));

    /// <summary>Takes on a trajectory and what was observed.</summary>
    internal void Bind(Matrix<T> states, ObservationMatrix<T> observed)
    {
        States = states;
        Observed = observed;
        CurvatureCount = 0;
        Window = states.Rows <= _window ? _window : Math.Min(_window, LongTrialWindow);
    }

    /// <summary>The number of bins of the window that starts at a bin.</summary>
    internal int CountFrom(int start) => Math.Min(Window, States.Rows - start);
}
