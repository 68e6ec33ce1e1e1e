using System.Diagnostics;
using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Benchmarking;

/// <summary>The speed limit that benchmarks are measured against: the best matrix product this process can run, on one core, in billions of operations a second.</summary>
public static class MachinePeak
{
    private static readonly int[] Sizes = [48, 64, 96, 144, 192];

    /// <summary>Measures the peak.</summary>
    /// <param name="seconds">Time to spend on each size.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static double Measure<T>(double seconds)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var best = 0.0;
        foreach (var n in Sizes)
        {
            var a = Matrix<T>.Allocate(n, n);
            var b = Matrix<T>.Allocate(n, n);
            var c = Matrix<T>.Allocate(n, n);
            for (var i = 0; i < n; i++)
            {
                a.Row(i).Fill(T.One / T.CreateChecked(i + 1));
                b.Row(i).Fill(T.One / T.CreateChecked(i + 2));
            }

            var flops = 2.0 * n * n * n;
            var repeats = Math.Max(1, (int)(2e6 / flops));
            var clock = Stopwatch.StartNew();
            while (clock.Elapsed.TotalSeconds < seconds)
            {
                var start = Stopwatch.GetTimestamp();
                for (var r = 0; r < repeats; r++)
                {
                    Gemm.Multiply(a, b, c);
                }

                best = Math.Max(best, flops * repeats / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9);
            }
        }

        return best;
    }
}
