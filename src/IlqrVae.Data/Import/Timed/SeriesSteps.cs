namespace IlqrVae.Data.Import.Timed;

/// <summary>Takes a sample of a series: its number, its time in seconds and its values.</summary>
internal delegate void TakeSample(int sample, double time, ReadOnlySpan<double> values);

/// <summary>Reads series from end to end, and tells their usual step.</summary>
internal static class SeriesSteps
{
    /// <summary>A sample that would stand for more bins is not repeated further.</summary>
    public const int MostBinsOfASample = 1000;

    // Steps between samples that are looked at to tell the usual one.
    private const int StepsLookedAt = 1 << 12;
    private const int BlockEntries = 1 << 18;

    /// <summary>The middle one of the steps between the first samples, in seconds; 0 where there are none.</summary>
    public static double Usual(ITimedSeries series)
    {
        if (series.Clock is { } clock)
        {
            return 1 / clock.Rate;
        }

        var times = new double[Math.Min(series.Samples, StepsLookedAt)];
        series.ReadTimes(0, times);
        double[] steps = [.. times.Skip(1).Zip(times, (next, time) => next - time).Where(step => step > 0 && double.IsFinite(step)).Order()];
        return steps.Length == 0 ? 0 : steps[steps.Length / 2];
    }

    /// <summary>Hands over all samples that have a time, in order.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="series">The series.</param>
    /// <param name="take">Takes them.</param>
    /// <param name="needsValues">Whether values are read as well.</param>
    /// <exception cref="InputException">The samples are not in the order of time.</exception>
    public static void Read(string path, ITimedSeries series, TakeSample take, bool needsValues = true)
    {
        var block = Math.Max(1, BlockEntries / Math.Max(1, series.Channels));
        var times = new double[Math.Min(block, Math.Max(1, series.Samples))];
        var values = new double[needsValues ? times.Length * series.Channels : 0];
        var last = double.NegativeInfinity;
        for (var first = 0; first < series.Samples; first += times.Length)
        {
            var count = Math.Min(times.Length, series.Samples - first);
            series.ReadTimes(first, times.AsSpan(0, count));
            if (needsValues)
            {
                series.ReadValues(first, count, values.AsSpan(0, count * series.Channels));
            }

            for (var i = 0; i < count; i++)
            {
                if (!Nanoseconds.CanHold(times[i]))
                {
                    continue;
                }

                if (times[i] < last)
                {
                    throw new InputException($"{path}: the times of '{series.Name}' go back from {last} s to {times[i]} s at sample {first + i}; sort the samples by time.");
                }

                last = times[i];
                take(first + i, times[i], needsValues ? values.AsSpan(i * series.Channels, series.Channels) : []);
            }
        }
    }
}
