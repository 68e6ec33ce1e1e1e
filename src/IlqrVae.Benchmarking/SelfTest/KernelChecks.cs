using System.Numerics;
using System.Runtime.Intrinsics;
using IlqrVae.Numerics;

namespace IlqrVae.Benchmarking.SelfTest;

/// <summary>Products of matrices and vectors by registers of each width, against plain loops over single numbers. Where a width is not the processor's, the runtime does it in software.</summary>
internal static unsafe class KernelChecks
{
    public static IEnumerable<SelfCheck> Run() => [.. Of<double>("double", 1e-15), .. Of<float>("single", 5e-7)];

    private static IEnumerable<SelfCheck> Of<T>(string precision, double allowed)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        return
        [
            Check(512, Vector512.IsHardwareAccelerated, Worst<T, Simd512<T>>()),
            Check(256, Vector256.IsHardwareAccelerated, Worst<T, Simd256<T>>()),
            Check(128, Vector128.IsHardwareAccelerated, Worst<T, Simd128<T>>()),
        ];

        SelfCheck Check(int bits, bool isOfProcessor, double deviation)
            => new("registers against single numbers", $"{bits} bits{(isOfProcessor ? "" : ", in software")}, {precision} precision: products", deviation, allowed);
    }

    /// <summary>The largest deviation over the number of terms that were added, all numbers being between -1 and 1.</summary>
    private static double Worst<T, V>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
    {
        var random = new CounterRandom(5, RandomStreams.Benchmarks);
        var worst = 0.0;
        foreach (var (m, n, k) in ((int, int, int)[])[(1, 1, 1), (5, 7, 3), (13, 17, 19), (33, 20, 40), (64, 65, 66), (7, 90, 15)])
        {
            var (a, b, c) = (Draw<T>(m, k, ref random), Draw<T>(k, n, ref random), Matrix<T>.Allocate(m, n));
            Gemm.Tiles<T, V>(a.Pointer, a.Stride, 1, b.Pointer, b.Stride, c.Pointer, c.Stride, m, n, k, Gemm.StoreMode.Replace, upper: false);
            for (var i = 0; i < m; i++)
            {
                for (var j = 0; j < n; j++)
                {
                    var sum = 0.0;
                    for (var l = 0; l < k; l++)
                    {
                        sum += double.CreateChecked(a[i, l]) * double.CreateChecked(b[l, j]);
                    }

                    Add(sum, c[i, j], k);
                }
            }

            var (y, start) = (Draw<T>(1, n, ref random), Matrix<T>.Allocate(1, n));
            start.CopyFrom(y);
            Gemv.RowCombination<T, V>(b.Pointer, b.Stride, k, n, a.Pointer, y.Pointer, accumulate: true);
            for (var j = 0; j < n; j++)
            {
                var sum = double.CreateChecked(start[0, j]);
                for (var l = 0; l < k; l++)
                {
                    sum += double.CreateChecked(a[0, l]) * double.CreateChecked(b[l, j]);
                }

                Add(sum, y[0, j], k + 1);
            }

            start.CopyFrom(y);
            Gemv.AddScaled<T, V>(a[0, 0], b.Pointer, y.Pointer, n);
            var scaled = Matrix<T>.Allocate(k, n);
            var factors = Draw<T>(1, k, ref random);
            RowOperations.ScaleRows<T, V>(factors.Pointer, b, scaled, null);
            var combined = Draw<T>(k, n, ref random);
            var before = Matrix<T>.Allocate(k, n);
            before.CopyFrom(combined);
            RowOperations.CombineRows<T, V>(factors.Pointer, combined, factors.Pointer, b, null);
            for (var j = 0; j < n; j++)
            {
                Add(double.CreateChecked(start[0, j]) + (double.CreateChecked(a[0, 0]) * double.CreateChecked(b[0, j])), y[0, j], k + 2);
                for (var l = 0; l < k; l++)
                {
                    var factor = double.CreateChecked(factors[0, l]);
                    Add(factor * double.CreateChecked(b[l, j]), scaled[l, j], 1);
                    Add(factor * (double.CreateChecked(before[l, j]) + double.CreateChecked(b[l, j])), combined[l, j], 2);
                }
            }

            a.KeepAlive();
            b.KeepAlive();
            c.KeepAlive();
            y.KeepAlive();
            factors.KeepAlive();
        }

        return worst;

        void Add(double expected, T actual, int terms)
        {
            var deviation = Math.Abs(double.CreateChecked(actual) - expected) / terms;
            worst = Math.Max(worst, deviation);
        }
    }

    private static Matrix<T> Draw<T>(int rows, int columns, ref CounterRandom random)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var matrix = Matrix<T>.Allocate(rows, columns);
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
            {
                matrix[i, j] = T.CreateChecked((2 * random.NextDouble()) - 1);
            }
        }

        return matrix;
    }
}
