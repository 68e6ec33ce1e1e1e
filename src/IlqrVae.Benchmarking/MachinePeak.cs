using System.Diagnostics;
using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Benchmarking;

/// <summary>
/// The speed limit that benchmarks are measured against: the best matrix product this process can run, in billions of operations a second. A meter
/// can be read again at any time, because a machine's clock drifts: a share of the peak is only worth something against a peak of the same moment.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class MachinePeak<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly int[] Sizes = [48, 64, 96, 144, 192];

    private readonly Matrix<T> _a;
    private readonly Matrix<T> _b;
    private readonly Matrix<T> _c;
    private readonly int _repeats;

    /// <summary>Finds the size at which products run fastest, and the peak there.</summary>
    /// <param name="seconds">Time to spend, part of it for warming up.</param>
    public MachinePeak(double seconds)
    {
        var best = new MachinePeak<T>(Sizes[0]);
        best.Read(0.4 * seconds);
        foreach (var size in Sizes)
        {
            var meter = new MachinePeak<T>(size);
            meter.Best = meter.Read(0.12 * seconds);
            best = meter.Best > best.Best ? meter : best;
        }

        (_a, _b, _c, _repeats, Size, Best) = (best._a, best._b, best._c, best._repeats, best.Size, best.Best);
    }

    private MachinePeak(int size)
    {
        Size = size;
        _a = Matrix<T>.Allocate(size, size);
        _b = Matrix<T>.Allocate(size, size);
        _c = Matrix<T>.Allocate(size, size);
        for (var i = 0; i < size; i++)
        {
            _a.Row(i).Fill(T.One / T.CreateChecked(i + 1));
            _b.Row(i).Fill(T.One / T.CreateChecked(i + 2));
        }

        _repeats = Math.Max(1, (int)(2e6 / Operations));
    }

    /// <summary>Rows and columns of the matrices it multiplies.</summary>
    public int Size { get; }

    /// <summary>The best reading so far, on one core.</summary>
    public double Best { get; private set; }

    private double Operations => 2.0 * Size * Size * Size;

    /// <summary>Reads the peak on one core: the best of many short runs.</summary>
    /// <param name="seconds">Time to spend.</param>
    public double Read(double seconds)
    {
        var best = 0.0;
        var clock = Stopwatch.StartNew();
        do
        {
            best = Math.Max(best, Run(1));
        }
        while (clock.Elapsed.TotalSeconds < seconds);
        Best = Math.Max(Best, best);
        return best;
    }

    /// <summary>What one core reaches now: the mean of a run, whatever else the core has to do.</summary>
    /// <param name="seconds">Time to spend.</param>
    public double ReadNow(double seconds)
    {
        var now = Run(Math.Max(1, (int)(seconds * Best * 1e9 / (Operations * _repeats))));
        Best = Math.Max(Best, now);
        return now;
    }

    /// <summary>What so many threads do together, over what one does alone: the most that any work can gain from them.</summary>
    /// <param name="threads">Number of threads.</param>
    /// <param name="seconds">Time to spend.</param>
    public double ReadScaling(int threads, double seconds)
    {
        const int Rounds = 5;
        var burst = Math.Max(1, (int)(seconds / Rounds / 2 * Best * 1e9 / (Operations * _repeats)));
        var meters = Enumerable.Range(0, threads).Select(_ => new MachinePeak<T>(Size)).ToArray();
        var ratios = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            var alone = Run(burst);
            var speeds = new double[threads];
            using var start = new Barrier(threads);
            var workers = Enumerable.Range(0, threads).Select(i => new Thread(() =>
            {
                start.SignalAndWait();
                speeds[i] = meters[i].Run(burst);
            })).ToArray();
            Array.ForEach(workers, worker => worker.Start());
            Array.ForEach(workers, worker => worker.Join());
            ratios.Add(speeds.Sum() / alone);
        }

        ratios.Sort();
        return ratios[Rounds / 2];
    }

    private double Run(int times)
    {
        var start = Stopwatch.GetTimestamp();
        for (var r = 0; r < times * _repeats; r++)
        {
            Gemm.Multiply(_a, _b, _c);
        }

        return Operations * times * _repeats / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9;
    }
}
