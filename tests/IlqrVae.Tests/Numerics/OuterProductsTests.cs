using System.Numerics;
using CsCheck;
using IlqrVae.Numerics;
using static IlqrVae.Tests.Numerics.KernelCase;

namespace IlqrVae.Tests.Numerics;

public sealed class OuterProductsDoubleTests : OuterProductsTests<double>;

public sealed class OuterProductsSingleTests : OuterProductsTests<float>;

/// <summary>Weighted sums of outer products against nested loops.</summary>
public abstract class OuterProductsTests<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly Gen<(int N, int K, int Sums, int Seed)> Shapes =
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 50], Gen.Int[1, 14], Gen.Int[0, 1_000_000]);

    [Fact]
    public void Sums_are_weighted_products() => Check(Add);

    [Fact]
    public void Every_register_width_128() => Check(Add<Simd128<T>>);

    [Fact]
    public void Every_register_width_256() => Check(Add<Simd256<T>>);

    [Fact]
    public void Every_register_width_512() => Check(Add<Simd512<T>>);

    [Fact]
    public unsafe void A_sum_beyond_range_stays_out_of_the_padding()
    {
        var a = Matrix<T>.Allocate(1, 3);
        a.Row(0).Fill(T.One);
        var weights = Matrix<T>.Allocate(1, 1);
        weights[0, 0] = T.PositiveInfinity;
        var products = new OuterProducts<T>(1, 3);
        products.Refresh(a);
        var packed = Matrix<T>.Allocate(1, OuterProducts<T>.PackedLength(3));
        products.Sum(weights, packed);
        var target = Matrix<T>.Allocate(3, 3);
        OuterProducts<T>.AddUpper(packed.Pointer, target);
        Assert.Equal(T.PositiveInfinity, target[2, 2]);
        PaddingIsZero(target);
        packed.KeepAlive();
    }

    private static unsafe void Add(Matrix<T> packed, int row, Matrix<T> target)
    {
        OuterProducts<T>.AddUpper(packed.RowPointer(row), target);
        packed.KeepAlive();
    }

    private static unsafe void Add<V>(Matrix<T> packed, int row, Matrix<T> target)
        where V : struct, ISimd<V, T>
    {
        OuterProducts<T>.AddUpper<V>(packed.RowPointer(row), target);
        packed.KeepAlive();
    }

    private static void Check(Action<Matrix<T>, int, Matrix<T>> add) => Shapes.Sample(
        s =>
        {
            var random = new Random(s.Seed);
            var (a, weights) = (Draw<T>(random, s.K, s.N), Draw<T>(random, s.Sums, s.K));
            var products = new OuterProducts<T>(s.K, s.N);
            products.Refresh(a);
            var packed = Matrix<T>.Allocate(s.Sums, OuterProducts<T>.PackedLength(s.N));
            products.Sum(weights, packed);
            for (var t = 0; t < s.Sums; t++)
            {
                var weighted = Copy(a);
                for (var k = 0; k < s.K; k++)
                {
                    for (var i = 0; i < s.N; i++)
                    {
                        weighted[k, i] *= weights[t, k];
                    }
                }

                var target = Draw<T>(random, s.N, s.N);
                var expected = Product(Transpose(a), weighted, Copy(target));
                add(packed, t, target);
                Same(expected, target, upper: true);
            }
        });
}
