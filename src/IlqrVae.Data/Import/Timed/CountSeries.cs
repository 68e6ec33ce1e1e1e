namespace IlqrVae.Data.Import.Timed;

/// <summary>
/// Counts of spikes that a file holds as a series, samples x units: what was counted before it was stored, or events at the rate of the recording. A sample counts what happened from its time to that of the next; where
/// the next comes late the recording paused.
/// </summary>
internal sealed class CountSeries
{
    // Longer steps are pauses.
    private const double LongestStep = 1.5;

    // Of narrower samples it does not matter which of two bins has one that an edge cuts.
    private const double ManySamples = 10;

    // By how many nanoseconds times may differ that are meant to be the same.
    private const long Rounding = 2;

    private readonly ITimedSeries _series;
    private readonly List<(long Start, long End, long Samples)> _runs = [];
    private readonly long _step;

    /// <summary>Reads the times of all samples.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="series">The series.</param>
    /// <exception cref="InputException">It has no samples, or they are not in the order of time.</exception>
    public CountSeries(string path, ITimedSeries series)
    {
        _series = series;
        Step = SeriesSteps.Usual(series);
        if (!(Step > 0) || !double.IsFinite(Step))
        {
            throw new InputException($"{path}: nothing tells how long the samples of '{series.Name}' are, as it has {series.Samples}; name another series with --spikes.");
        }

        _step = Nanoseconds.Of(Step);
        var (start, last, samples) = (0.0, double.NaN, 0L);
        SeriesSteps.Read(path, series, (_, time, _) =>
        {
            if (!(time - last <= LongestStep * Step))
            {
                End();
                (start, samples) = (time, 0);
            }

            (last, samples) = (time, samples + 1);
        }, needsValues: false);
        End();

        void End()
        {
            if (samples > 0)
            {
                _runs.Add((Nanoseconds.Of(start), Nanoseconds.Of(last + Step) + Rounding, samples));
            }
        }
    }

    /// <summary>What to call it.</summary>
    public string Name => _series.Name;

    /// <summary>The usual length of a sample, in seconds.</summary>
    public double Step { get; }

    /// <summary>Number of units.</summary>
    public int Units => _series.Channels;

    /// <summary>When there are samples, in seconds.</summary>
    public IReadOnlyList<(double Start, double End)> Observed => [.. _runs.Select(run => (Nanoseconds.Seconds(run.Start), Nanoseconds.Seconds(run.End)))];

    /// <summary>Whether bins of a width are made of so few samples that each has to lie in one.</summary>
    public bool AreBins(double width) => width < ManySamples * Step;

    /// <summary>Refuses bins that samples cannot be put into.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="width">Of a bin, in seconds.</param>
    public void RequireWidth(string path, double width)
    {
        var samples = width / Step;
        if (AreBins(width) && (samples < 1 - 1e-3 || Math.Abs(samples - Math.Round(samples)) > 1e-3 * samples))
        {
            throw new InputException(FormattableString.Invariant($"{path}: '{Name}' counts in bins of {Step:G6} s, which make no bins of {width} s; give --bin-width {Step:G6}, or a whole multiple of it."));
        }
    }

    /// <summary>
    /// When trials end. Where a table says when the last sample of a trial begins, so that the next sample is of another trial or comes after a pause, the trial ends with that sample.
    /// </summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="starts">When trials start, in seconds.</param>
    /// <param name="stops">When they stop, by their table.</param>
    /// <returns>When they end; null where it is as the table says.</returns>
    public double[]? Ends(string path, double[] starts, double[] stops)
    {
        int[] order = [.. Enumerable.Range(0, stops.Length).Where(row => Nanoseconds.CanHold(stops[row])).OrderBy(row => stops[row])];
        double[] firsts = [.. starts.Where(Nanoseconds.CanHold).Order()];
        var ends = (double[])stops.Clone();
        var (next, waiting, any) = (0, new List<int>(), false);
        SeriesSteps.Read(path, _series, (_, time, _) =>
        {
            Settle(time);
            while (next < order.Length && stops[order[next]] < time - (0.25 * Step))
            {
                next++;
            }

            for (; next < order.Length && stops[order[next]] <= time + (0.25 * Step); next++)
            {
                waiting.Add(order[next]);
            }
        }, needsValues: false);
        Settle(double.PositiveInfinity);
        return any ? ends : null;

        // The sample behind the last of a trial is there.
        void Settle(double time)
        {
            foreach (var row in waiting)
            {
                if (time > stops[row] + ((LongestStep + 0.25) * Step) || StartsAt(time))
                {
                    (ends[row], any) = (stops[row] + Step + (Rounding / 1e9), true);
                }
            }

            waiting.Clear();
        }

        bool StartsAt(double time)
        {
            var found = Array.BinarySearch(firsts, time - (0.25 * Step));
            found = found < 0 ? ~found : found;
            return found < firsts.Length && firsts[found] <= time + (0.25 * Step);
        }
    }

    /// <summary>The stretch of about the same length from the sample on that is nearest to what was asked.</summary>
    public (long Start, long End) Snap(long start, long end)
    {
        var first = Nearest(start);
        return (first, first + (long)Math.Round(Math.Round((end - start) / (Step * 1e9)) * Step * 1e9) + Rounding);
    }

    /// <summary>Adds what was counted.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="counter">Counts spikes.</param>
    /// <param name="samples">Counts samples, as if they were a unit.</param>
    /// <param name="units">Channels of the units that are taken.</param>
    /// <exception cref="InputException">A value is no count.</exception>
    public void AddTo(string path, SpikeCounter counter, SpikeCounter samples, int[] units) => SeriesSteps.Read(path, _series, (sample, time, values) =>
    {
        // By its middle a sample is in its bin even where clocks are not quite even.
        var middle = Nanoseconds.Of(time) + (_step / 2);
        samples.Add(0, middle, 1);
        for (var i = 0; i < units.Length; i++)
        {
            var count = values[units[i]];
            if (count == 0)
            {
                continue;
            }

            if (!(count > 0) || count != Math.Floor(count) || count > int.MaxValue)
            {
                throw new InputException(FormattableString.Invariant($"{path}: '{Name}' has {count:G6} in channel {units[i]} of sample {sample}, which is no count of spikes; take it as values with --behaviour, or name another series with --spikes."));
            }

            counter.Add(i, middle, (int)count);
        }
    });

    /// <summary>The start of the nearest sample, or the end of the last.</summary>
    private long Nearest(long time)
    {
        var best = time;
        var distance = long.MaxValue;
        foreach (var (start, end, count) in _runs)
        {
            var step = (end - Rounding - start) / (double)count;
            var sample = Math.Clamp((long)Math.Round((time - start) / step), 0, count);
            var at = start + (long)Math.Round(sample * step);
            if (Math.Abs(at - time) < distance)
            {
                (best, distance) = (at, Math.Abs(at - time));
            }
        }

        // Outside of what was recorded nothing can be shifted.
        return distance <= _step ? best : time;
    }
}
