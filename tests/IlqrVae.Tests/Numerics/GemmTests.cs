using System.Numerics;
using System.Runtime.Intrinsics;
using CsCheck;
using IlqrVae.Numerics;
using static IlqrVae.Tests.Numerics.KernelCase;

namespace IlqrVae.Tests.Numerics;

public sealed class GemmDoubleTests : GemmTests<double>;

public sealed class GemmSingleTests : GemmTests<float>;

/// <summary>Matrix products against three nested loops.</summary>
public abstract class GemmTests<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Rows and depth may be zero; columns may not, as no matrix of the project is without columns.</summary>
    private static readonly Gen<(int M, int N, int K, int Seed)> Shapes =
        Gen.Select(Gen.Int[0, 70], Gen.Int[1, 70], Gen.Int[0, 70], Gen.Int[0, 1_000_000]);

    private static readonly Gen<(int N, int K, int Seed)> SymmetricShapes = Gen.Select(Gen.Int[1, 70], Gen.Int[0, 70], Gen.Int[0, 1_000_000]);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Multiply(bool accumulate) => Shapes.Sample(
        s =>
        {
            var random = new Random(s.Seed);
            var (a, b, c) = (Draw<T>(random, s.M, s.K), Draw<T>(random, s.K, s.N), Draw<T>(random, s.M, s.N));
            var expected = Product(a, b, accumulate ? Copy(c) : null);
            Gemm.Multiply(a, b, c, accumulate);
            Same(expected, c);
        });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Transposed_multiply(bool accumulate) => Shapes.Sample(
        s =>
        {
            var random = new Random(s.Seed);
            var (a, b, c) = (Draw<T>(random, s.K, s.M), Draw<T>(random, s.K, s.N), Draw<T>(random, s.M, s.N));
            var expected = Product(Transpose(a), b, accumulate ? Copy(c) : null);
            Gemm.TransposedMultiply(a, b, c, accumulate);
            Same(expected, c);
        });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Blocks_of_larger_matrices(bool accumulate) => Shapes.Sample(
        s =>
        {
            var random = new Random(s.Seed);
            var (a, b, c) = (DrawBlock<T>(random, s.M, s.K), DrawBlock<T>(random, s.K, s.N), DrawBlock<T>(random, s.M, s.N));
            var expected = Product(a, b, accumulate ? Copy(c) : null);
            Gemm.Multiply(a, b, c, accumulate);
            Same(expected, c);
        });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Symmetric_upper(bool accumulate) => SymmetricShapes.Sample(
        s =>
        {
            var random = new Random(s.Seed);
            var (a, c) = (Draw<T>(random, s.K, s.N), Draw<T>(random, s.N, s.N));
            var weighted = Matrix<T>.Allocate(s.K, s.N);
            for (var i = 0; i < s.K; i++)
            {
                for (var j = 0; j < s.N; j++)
                {
                    weighted[i, j] = a[i, j] * T.CreateChecked(0.5 + i);
                }
            }

            var expected = Product(Transpose(a), weighted, accumulate ? Copy(c) : null);
            Gemm.SymmetricUpper(a, weighted, c, accumulate);
            Same(expected, c, upper: true);
        });

    [Fact]
    public void Symmetric_upper_subtract() => SymmetricShapes.Sample(
        s =>
        {
            var random = new Random(s.Seed);
            var (y, c) = (Draw<T>(random, s.K, s.N), Draw<T>(random, s.N, s.N));
            var expected = Product(Transpose(y), y, Copy(c), sign: -1);
            Gemm.SymmetricUpperSubtract(y, c);
            Same(expected, c, upper: true);
        });

    /// <summary>What does not stay in the second cache is cut into blocks of columns, for the same bits.</summary>
    [Theory]
    [InlineData(9, 5003, 260, false)]
    [InlineData(200, 1501, 1100, false)]
    [InlineData(1501, 1501, 300, true)]
    [InlineData(700, 2501, 200, true)]
    public unsafe void Large_products_are_the_same_in_blocks(int m, int n, int k, bool upper)
    {
        var random = new Random(m);
        var (a, b) = (Draw<T>(random, k, m), Draw<T>(random, k, n));
        var (whole, blocks) = (Matrix<T>.Allocate(m, n), Matrix<T>.Allocate(m, n));
        if (Vector512.IsHardwareAccelerated)
        {
            Gemm.Tiles<T, Simd512<T>>(a.Pointer, 1, a.Stride, b.Pointer, b.Stride, whole.Pointer, whole.Stride, m, n, k, Gemm.StoreMode.Subtract, upper);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Gemm.Tiles<T, Simd256<T>>(a.Pointer, 1, a.Stride, b.Pointer, b.Stride, whole.Pointer, whole.Stride, m, n, k, Gemm.StoreMode.Subtract, upper);
        }
        else
        {
            Gemm.Tiles<T, Simd128<T>>(a.Pointer, 1, a.Stride, b.Pointer, b.Stride, whole.Pointer, whole.Stride, m, n, k, Gemm.StoreMode.Subtract, upper);
        }

        Gemm.Dispatch(a.Pointer, 1, a.Stride, b.Pointer, b.Stride, blocks.Pointer, blocks.Stride, m, n, k, Gemm.StoreMode.Subtract, upper);
        for (var i = 0; i < m; i++)
        {
            var first = upper ? i : 0;
            Assert.Equal(whole.Row(i)[first..].ToArray(), blocks.Row(i)[first..].ToArray());
        }

        Assert.NotEqual(T.Zero, blocks[m - 1, n - 1]);
        a.KeepAlive();
        b.KeepAlive();
        whole.KeepAlive();
        blocks.KeepAlive();
    }

    [Fact]
    public void Every_register_width_512() => EveryMode<Simd512<T>>();

    [Fact]
    public void Every_register_width_256() => EveryMode<Simd256<T>>();

    [Fact]
    public void Every_register_width_128() => EveryMode<Simd128<T>>();

    private static unsafe void EveryMode<V>()
        where V : struct, ISimd<V, T>
        => Gen.Select(Shapes, Gen.Int[0, 2], Gen.Bool, Gen.Bool).Sample(
            (s, mode, transposed, upper) =>
            {
                var random = new Random(s.Seed);
                var rows = upper ? s.N : s.M;
                var a = Draw<T>(random, rows, s.K);
                var (b, c) = (Draw<T>(random, s.K, s.N), Draw<T>(random, rows, s.N));
                var store = (Gemm.StoreMode)mode;
                var expected = Product(a, b, store == Gemm.StoreMode.Replace ? null : Copy(c), store == Gemm.StoreMode.Subtract ? -1 : 1);
                var left = transposed ? Transpose(a) : a;
                Gemm.Tiles<T, V>(
                    left.Pointer, transposed ? 1 : left.Stride, transposed ? left.Stride : 1, b.Pointer, b.Stride, c.Pointer, c.Stride,
                    rows, s.N, s.K, store, upper);
                Same(expected, c, upper);
                left.KeepAlive();
                b.KeepAlive();
                c.KeepAlive();
            },
            iter: 200);
}
