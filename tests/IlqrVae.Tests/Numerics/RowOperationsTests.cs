using System.Numerics;
using CsCheck;
using IlqrVae.Numerics;
using static IlqrVae.Tests.Numerics.KernelCase;

namespace IlqrVae.Tests.Numerics;

public sealed class RowOperationsDoubleTests : RowOperationsTests<double>;

public sealed class RowOperationsSingleTests : RowOperationsTests<float>;

/// <summary>Scaled and combined rows against one number at a time.</summary>
public abstract unsafe class RowOperationsTests<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly Gen<(int Rows, int Columns, bool HasDiagonal, int Seed)> Shapes =
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 40], Gen.Bool, Gen.Int[0, 1_000_000]);

    private delegate void Scaling(T* factors, Matrix<T> source, Matrix<T> target, T* diagonal);

    private delegate void Combination(T* a, Matrix<T> target, T* b, Matrix<T> source, T* diagonal);

    [Fact]
    public void Rows_are_scaled_and_combined() => Check(RowOperations.ScaleRows, RowOperations.CombineRows);

    [Fact]
    public void Every_register_width_128() => Check(RowOperations.ScaleRows<T, Simd128<T>>, RowOperations.CombineRows<T, Simd128<T>>);

    [Fact]
    public void Every_register_width_256() => Check(RowOperations.ScaleRows<T, Simd256<T>>, RowOperations.CombineRows<T, Simd256<T>>);

    [Fact]
    public void Every_register_width_512() => Check(RowOperations.ScaleRows<T, Simd512<T>>, RowOperations.CombineRows<T, Simd512<T>>);

    private static void Check(Scaling scale, Combination combine) => Shapes.Sample(
        s =>
        {
            var random = new Random(s.Seed);
            var columns = s.HasDiagonal ? s.Rows : s.Columns;
            var (source, target) = (Draw<T>(random, s.Rows, columns), Draw<T>(random, s.Rows, columns));
            var (a, b, d) = (Draw<T>(random, 1, s.Rows), Draw<T>(random, 1, s.Rows), Draw<T>(random, 1, s.Rows));
            var diagonal = s.HasDiagonal ? d.Pointer : null;
            var (scaled, combined) = (new double[s.Rows, columns], new double[s.Rows, columns]);
            for (var i = 0; i < s.Rows; i++)
            {
                for (var j = 0; j < columns; j++)
                {
                    var added = s.HasDiagonal && i == j ? Wide(d[0, i]) : 0;
                    scaled[i, j] = (Wide(a[0, i]) * Wide(source[i, j])) + added;
                    combined[i, j] = (Wide(a[0, i]) * Wide(target[i, j])) + (Wide(b[0, i]) * Wide(source[i, j])) + added;
                }
            }

            combine(a.Pointer, target, b.Pointer, source, diagonal);
            Same(combined, target);
            scale(a.Pointer, source, target, diagonal);
            Same(scaled, target);
            a.KeepAlive();
            b.KeepAlive();
            d.KeepAlive();
        });

    private static double Wide(T value) => double.CreateChecked(value);
}
