using System.Numerics;
using CsCheck;
using IlqrVae.Numerics;
using static IlqrVae.Tests.Numerics.KernelCase;

namespace IlqrVae.Tests.Numerics;

public sealed class GemvDoubleTests : GemvTests<double>;

public sealed class GemvSingleTests : GemvTests<float>;

/// <summary>Matrix-vector products against nested loops. Vectors are matrices of one row.</summary>
public abstract unsafe class GemvTests<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly Gen<(int K, int N, int Seed)> Shapes = Gen.Select(Gen.Int[0, 70], Gen.Int[1, 70], Gen.Int[0, 1_000_000]);

    private delegate void RowCombination(Matrix<T> a, T* x, T* y, bool accumulate);

    private delegate T DotProduct(T* x, T* y, int n);

    private delegate void ScaledAddition(T a, T* x, T* y, int n);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Transposed_multiply(bool accumulate)
        => CheckRowCombination(Gemv.TransposedMultiply, accumulate);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Transposed_multiply_in_every_register_width(bool accumulate)
    {
        CheckRowCombination(Combine<Simd512<T>>, accumulate);
        CheckRowCombination(Combine<Simd256<T>>, accumulate);
        CheckRowCombination(Combine<Simd128<T>>, accumulate);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Multiply(bool accumulate) => Shapes.Sample(
        s =>
        {
            var random = new Random(s.Seed);
            var (a, x, y) = (Draw<T>(random, s.K, s.N), Draw<T>(random, 1, s.N), Draw<T>(random, 1, s.K));
            var expected = Product(x, Transpose(a), accumulate ? Copy(y) : null);
            Gemv.Multiply(a, x.Pointer, y.Pointer, accumulate);
            Same(expected, y);
            x.KeepAlive();
            y.KeepAlive();
        });

    [Fact]
    public void Dot()
    {
        CheckDot(Gemv.Dot);
        CheckDot(Gemv.Dot<T, Simd512<T>>);
        CheckDot(Gemv.Dot<T, Simd256<T>>);
        CheckDot(Gemv.Dot<T, Simd128<T>>);
    }

    [Fact]
    public void Add_scaled()
    {
        CheckAddScaled(Gemv.AddScaled);
        CheckAddScaled(Gemv.AddScaled<T, Simd512<T>>);
        CheckAddScaled(Gemv.AddScaled<T, Simd256<T>>);
        CheckAddScaled(Gemv.AddScaled<T, Simd128<T>>);
    }

    private static void Combine<V>(Matrix<T> a, T* x, T* y, bool accumulate)
        where V : struct, ISimd<V, T>
    {
        Gemv.RowCombination<T, V>(a.Pointer, a.Stride, a.Rows, a.Columns, x, y, accumulate);
        a.KeepAlive();
    }

    private static void CheckRowCombination(RowCombination kernel, bool accumulate) => Shapes.Sample(
        s =>
        {
            var random = new Random(s.Seed);
            var (a, x, y) = (Draw<T>(random, s.K, s.N), Draw<T>(random, 1, s.K), Draw<T>(random, 1, s.N));
            var expected = Product(x, a, accumulate ? Copy(y) : null);
            kernel(a, x.Pointer, y.Pointer, accumulate);
            Same(expected, y);
            x.KeepAlive();
            y.KeepAlive();
        });

    private static void CheckDot(DotProduct kernel) => Shapes.Sample(
        s =>
        {
            var random = new Random(s.Seed);
            var (x, y) = (Draw<T>(random, 1, s.N), Draw<T>(random, 1, s.N));
            Close(Product(x, Transpose(y))[0, 0], kernel(x.Pointer, y.Pointer, s.N));
            x.KeepAlive();
            y.KeepAlive();
        });

    private static void CheckAddScaled(ScaledAddition kernel) => Shapes.Sample(
        s =>
        {
            var random = new Random(s.Seed);
            var (a, x, y) = (Draw<T>(random, 1, 1), Draw<T>(random, 1, s.N), Draw<T>(random, 1, s.N));
            var expected = Product(a, x, Copy(y));
            kernel(a[0, 0], x.Pointer, y.Pointer, s.N);
            Same(expected, y);
            x.KeepAlive();
            y.KeepAlive();
        });
}
