using System.Numerics;
using BenchmarkDotNet.Attributes;
using IlqrVae.Numerics;

namespace IlqrVae.Benchmarks;

/// <summary>Every kernel at the sizes of the reported models.</summary>
/// <typeparam name="T">float or double.</typeparam>
[GenericTypeArguments(typeof(double))]
[GenericTypeArguments(typeof(float))]
[MemoryDiagnoser]
public unsafe class KernelBenchmarks<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private Matrix<T> _a;
    private Matrix<T> _b;
    private Matrix<T> _c;
    private Matrix<T> _positive;
    private Matrix<T> _panel;
    private Matrix<T> _gain;
    private Matrix<T> _x;
    private Matrix<T> _y;

    [Params(8, 20, 60, 128)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new CounterRandom(1);
        Matrix<T> Random(int rows, int columns)
        {
            var matrix = Matrix<T>.Allocate(rows, columns);
            for (var i = 0; i < rows; i++)
            {
                foreach (ref var value in matrix.Row(i))
                {
                    value = T.CreateChecked(random.NextNormal());
                }
            }

            return matrix;
        }

        _a = Random(Size, Size);
        _b = Random(Size, Size);
        _c = Matrix<T>.Allocate(Size, Size);
        _positive = Matrix<T>.Allocate(Size, Size);
        Gemm.TransposedMultiply(_a, _a, _positive);
        for (var i = 0; i < Size; i++)
        {
            _positive[i, i] += T.CreateChecked(Size);
        }

        _panel = Matrix<T>.Allocate(Size, Size);
        _gain = Matrix<T>.Allocate(Size, Size);
        _x = Random(1, Size);
        _y = Matrix<T>.Allocate(1, Size);
    }

    [Benchmark]
    public void GemmMultiply() => Gemm.Multiply(_a, _b, _c);

    [Benchmark]
    public void GemmTransposedMultiply() => Gemm.TransposedMultiply(_a, _b, _c);

    [Benchmark]
    public void GemmSymmetricUpper() => Gemm.SymmetricUpper(_a, _b, _c);

    [Benchmark]
    public void GemmSymmetricUpperSubtract() => Gemm.SymmetricUpperSubtract(_a, _c);

    [Benchmark]
    public void GemmLowerMultiply() => Gemm.LowerMultiply(_a, _b, _c);

    [Benchmark]
    public void GemvMultiply()
    {
        Gemv.Multiply(_a, _x.Pointer, _y.Pointer);
        GC.KeepAlive(this);
    }

    [Benchmark]
    public void GemvTransposedMultiply()
    {
        Gemv.TransposedMultiply(_a, _x.Pointer, _y.Pointer);
        GC.KeepAlive(this);
    }

    [Benchmark]
    public T GemvDot()
    {
        var result = Gemv.Dot(_x.Pointer, _y.Pointer, Size);
        GC.KeepAlive(this);
        return result;
    }

    [Benchmark]
    public void GemvAddScaled()
    {
        Gemv.AddScaled(T.One, _x.Pointer, _y.Pointer, Size);
        GC.KeepAlive(this);
    }

    [Benchmark]
    public bool CholeskyEliminatePanel()
    {
        _panel.CopyFrom(_positive);
        return Cholesky.EliminatePanel(_panel);
    }

    [Benchmark]
    public void CholeskySolve()
    {
        // From the same right-hand side each time: solving again and again would end in numbers too small to be normal.
        Elementwise.Copy(_x.Pointer, _y.Pointer, Size);
        Cholesky.Solve(_positive, _y.Pointer);
        GC.KeepAlive(this);
    }

    [Benchmark]
    public double CholeskySolveBoth()
    {
        Elementwise.Copy(_x.Pointer, _y.Pointer, Size);
        var result = Cholesky.SolveBoth(_positive, _y.Pointer);
        GC.KeepAlive(this);
        return result;
    }

    [Benchmark]
    public void CholeskyNegativeSolve() => Cholesky.NegativeSolve(_positive, _b, _gain);

    [Benchmark]
    public void CholeskyMirrorUpper() => Cholesky.MirrorUpper(_c);

    [Benchmark]
    public void RowsScaled()
    {
        RowOperations.ScaleRows(_x.Pointer, _a, _c, _x.Pointer);
        GC.KeepAlive(this);
    }

    [Benchmark]
    public void RowsCombined()
    {
        RowOperations.CombineRows(_x.Pointer, _gain, _x.Pointer, _a, _x.Pointer);
        GC.KeepAlive(this);
    }

    [Benchmark]
    public void ElementwiseSigmoid()
    {
        Elementwise.Sigmoid(_x.Pointer, _y.Pointer, Size);
        GC.KeepAlive(this);
    }

    [Benchmark]
    public void ElementwiseTanh()
    {
        Elementwise.Tanh(_x.Pointer, _y.Pointer, Size);
        GC.KeepAlive(this);
    }
}
