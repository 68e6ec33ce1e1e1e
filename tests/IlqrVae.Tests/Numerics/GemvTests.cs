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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Transposed_multiply(bool accumulate)
        => CheckRowCombination((a, x, y) => Gemv.TransposedMultiply(a, x.Pointer, y.Pointer, accumulate), accumulate);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Transposed_multiply_in_every_register_width(bool accumulate)
    {
        CheckRowCombination((a, x, y) => Gemv.RowCombination<T, Simd512<T>>(a.Pointer, a.Stride, a.Rows, a.Columns, x.Pointer, y.Pointer, accumulate), accumulate);
        CheckRowCombination((a, x, y) => Gemv.RowCombination<T, Simd256<T>>(a.Pointer, a.Stride, a.Rows, a.Columns, x.Pointer, y.Pointer, accumulate), accumulate);
        CheckRowCombination((a, x, y) => Gemv.RowCombination<T, Simd128<T>>(a.Pointer, a.Stride, a.Rows, a.Columns, x.Pointer, y.Pointer, accumulate), accumulate);
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
        });

    [Fact]
    public void Dot()
    {
        CheckDot((x, y, n) => Gemv.Dot(x.Pointer, y.Pointer, n));
        CheckDot((x, y, n) => Gemv.Dot<T, Simd512<T>>(x.Pointer, y.Pointer, n));
        CheckDot((x, y, n) => Gemv.Dot<T, Simd256<T>>(x.Pointer, y.Pointer, n));
        CheckDot((x, y, n) => Gemv.Dot<T, Simd128<T>>(x.Pointer, y.Pointer, n));
    }

    [Fact]
    public void Add_scaled()
    {
        CheckAddScaled((a, x, y, n) => Gemv.AddScaled(a, x.Pointer, y.Pointer, n));
        CheckAddScaled((a, x, y, n) => Gemv.AddScaled<T, Simd512<T>>(a, x.Pointer, y.Pointer, n));
        CheckAddScaled((a, x, y, n) => Gemv.AddScaled<T, Simd256<T>>(a, x.Pointer, y.Pointer, n));
        CheckAddScaled((a, x, y, n) => Gemv.AddScaled<T, Simd128<T>>(a, x.Pointer, y.Pointer, n));
    }

    private static void CheckRowCombination(Action<Matrix<T>, Matrix<T>, Matrix<T>> kernel, bool accumulate) => Shapes.Sample(
        s =>
        {
            var random = new Random(s.Seed);
            var (a, x, y) = (Draw<T>(random, s.K, s.N), Draw<T>(random, 1, s.K), Draw<T>(random, 1, s.N));
            var expected = Product(x, a, accumulate ? Copy(y) : null);
            kernel(a, x, y);
            Same(expected, y);
        });

    private static void CheckDot(Func<Matrix<T>, Matrix<T>, int, T> kernel) => Shapes.Sample(
        s =>
        {
            var random = new Random(s.Seed);
            var (x, y) = (Draw<T>(random, 1, s.N), Draw<T>(random, 1, s.N));
            Close(Product(x, Transpose(y))[0, 0], kernel(x, y, s.N));
        });

    private static void CheckAddScaled(Action<T, Matrix<T>, Matrix<T>, int> kernel) => Shapes.Sample(
        s =>
        {
            var random = new Random(s.Seed);
            var (a, x, y) = (Draw<T>(random, 1, 1), Draw<T>(random, 1, s.N), Draw<T>(random, 1, s.N));
            var expected = Product(a, x, Copy(y));
            kernel(a[0, 0], x, y, s.N);
            Same(expected, y);
        });
}
