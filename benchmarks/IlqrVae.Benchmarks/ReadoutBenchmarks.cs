using System.Numerics;
using BenchmarkDotNet.Attributes;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Numerics;

namespace IlqrVae.Benchmarks;

/// <summary>The kernels of observations, for a block of bins; the first and the second way to the same curvatures among them.</summary>
/// <typeparam name="T">float or double.</typeparam>
[GenericTypeArguments(typeof(double))]
[GenericTypeArguments(typeof(float))]
[MemoryDiagnoser]
public unsafe class ReadoutBenchmarks<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int Bins = 48;
    private const double BinWidth = 0.01;

    private Matrix<T> _readout;
    private Matrix<T> _weights;
    private Matrix<T> _packed;
    private Matrix<T> _curvature;
    private Matrix<T> _weighted;
    private Matrix<T> _activations;
    private Matrix<T> _counts;
    private Matrix<T> _first;
    private Matrix<T> _fisher;
    private Matrix<T> _exact;
    private OuterProducts<T> _products = null!;

    /// <summary>States and channels.</summary>
    [Params("20 x 100", "60 x 182")]
    public string Size { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        var sizes = Size.Split(" x ").Select(int.Parse).ToArray();
        var (states, channels) = (sizes[0], sizes[1]);
        var random = new CounterRandom(1);
        Matrix<T> Draw(int rows, int columns, Func<double, double> map)
        {
            var matrix = Matrix<T>.Allocate(rows, columns);
            for (var i = 0; i < rows; i++)
            {
                foreach (ref var value in matrix.Row(i))
                {
                    value = T.CreateChecked(map(random.NextNormal()));
                }
            }

            return matrix;
        }

        _readout = Draw(channels, states, x => x);
        _weights = Draw(Bins, channels, Math.Abs);
        _products = new OuterProducts<T>(channels, states);
        _products.Refresh(_readout);
        _packed = Matrix<T>.Allocate(Bins, OuterProducts<T>.PackedLength(states));
        _curvature = Matrix<T>.Allocate(states, states);
        _weighted = Matrix<T>.Allocate(Gemm.WeightedRows<T>(channels, states), states);
        _activations = Draw(Bins, channels, x => x);
        _counts = Draw(Bins, channels, x => Math.Floor(Math.Abs(x)));
        (_first, _fisher, _exact) = (Matrix<T>.Allocate(Bins, channels), Matrix<T>.Allocate(Bins, channels), Matrix<T>.Allocate(Bins, channels));
    }

    [Benchmark(Baseline = true)]
    public void CurvaturesBinByBin()
    {
        for (var t = 0; t < Bins; t++)
        {
            _curvature.Clear();
            Gemm.SymmetricUpperWeighted(_readout, _weights.RowPointer(t), _weighted, _curvature);
        }

        GC.KeepAlive(this);
    }

    [Benchmark]
    public void CurvaturesFromOuterProducts()
    {
        _products.Sum(_weights, _packed);
        for (var t = 0; t < Bins; t++)
        {
            _curvature.Clear();
            OuterProducts<T>.AddUpper(_packed.RowPointer(t), _curvature);
        }

        GC.KeepAlive(this);
    }

    [Benchmark]
    public void OuterProductsRefresh() => _products.Refresh(_readout);

    [Benchmark]
    public bool ExponentialPoissonLoss() => ExponentialPoisson.TryLoss(_activations, _counts, default, BinWidth, _fisher, out _);

    [Benchmark]
    public bool ExponentialPoissonDerivatives() => ExponentialPoisson.TryDerivatives(_activations, _counts, BinWidth, _first, _fisher, _exact);

    [Benchmark]
    public void ExponentialPoissonDerivativesFromRates() => ExponentialPoisson.DerivativesFromRates(_weights, _counts, _first, _fisher, _exact);
}
