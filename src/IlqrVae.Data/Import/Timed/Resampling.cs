namespace IlqrVae.Data.Import.Timed;

/// <summary>
/// Brings a series to the bins of trials while its samples pass by, once and in order. Where there is more than about one sample a bin, a bin gets the mean over its
/// time of the line through the samples: that is a low-pass, so that fast wobble does not turn up as slow, and it is centred on the bin. Where samples are
/// sparser, a bin gets the line at its middle.
/// </summary>
/// <remarks>
/// No line is drawn to or from a missing sample, nor over more than three usual steps between samples: there the series pauses. A bin of which less than half is
/// known is missing.
/// </remarks>
internal sealed class Resampling
{
    private const int BlockSamples = 1 << 15;
    private const int BlockEntries = 1 << 22;
    private const double LongestStep = 3;
    private const double LeastKnown = 0.5;

    // By how many nanoseconds times may differ that are meant to be the same.
    private const double Rounding = 1;

    // Steps between samples that are looked at to tell the usual one.
    private const int StepsLookedAt = 1 << 12;

    private readonly ITimedSeries _series;
    private readonly int _channels;
    private readonly Target[] _targets;
    private readonly List<Target> _active = [];
    private int _next;
    private double _step;
    private bool _isMean;

    private Resampling(ITimedSeries series, IReadOnlyList<TimeGrid> grids, double lag)
    {
        _series = series;
        _channels = series.Channels;
        var shift = Nanoseconds.Of(lag);
        ByTrial = [.. grids.Select(grid => new Target(grid, shift, _channels))];
        _targets = [.. ByTrial.OrderBy(target => target.Start)];
    }

    private Target[] ByTrial { get; }

    /// <summary>Samples whose time is no number.</summary>
    public int Odd { get; private set; }

    /// <summary>Values of each trial, bins x channels, NaN where missing.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="series">The series.</param>
    /// <param name="grids">The trials' bins.</param>
    /// <param name="lag">How much later than a bin the series is read, in seconds.</param>
    /// <param name="remarks">Told what was left out.</param>
    /// <exception cref="InputException">The samples are not in the order of time.</exception>
    public static double[][] ToBins(string path, ITimedSeries series, IReadOnlyList<TimeGrid> grids, double lag, List<string> remarks)
    {
        var resampling = new Resampling(series, grids, lag);
        resampling.Run(path);
        if (resampling.Odd > 0)
        {
            remarks.Add($"{path}: {resampling.Odd} samples of '{series.Name}' have no time and were left out.");
        }

        return Array.ConvertAll(resampling.ByTrial, target => target.Finish(resampling._isMean));
    }

    private void Run(string path)
    {
        if (_series.Samples == 0 || _targets.Length == 0)
        {
            return;
        }

        _step = _series.Clock is { } clock ? 1 / clock.Rate : UsualStep();
        _isMean = _step > 0 && _step <= 1.0001 * _targets[0].Grid.Width && !IsOfBins();
        var block = Math.Clamp(BlockEntries / Math.Max(1, _channels), 1, Math.Min(BlockSamples, _series.Samples));
        var times = new double[block];
        var values = new double[(long)block * _channels];
        var (lastTime, last) = (double.NaN, new double[_channels]);
        var isLastKnown = false;
        var end = _targets.Max(target => target.End);
        for (var first = FirstNeeded(); first < _series.Samples; first += block)
        {
            var count = Math.Min(block, _series.Samples - first);
            _series.ReadTimes(first, times.AsSpan(0, count));
            var hasValues = IsNeeded(times.AsSpan(0, count), lastTime);
            if (hasValues)
            {
                _series.ReadValues(first, count, values.AsSpan(0, count * _channels));
            }

            for (var i = 0; i < count; i++)
            {
                var time = times[i];
                if (!Nanoseconds.CanHold(time))
                {
                    Odd++;
                    continue;
                }

                if (time < lastTime)
                {
                    throw new InputException($"{path}: the times of '{_series.Name}' go back from {lastTime} s to {time} s at sample {first + i}; sort the samples by time.");
                }

                var value = values.AsSpan(i * _channels, _channels);
                if (hasValues && isLastKnown && time > lastTime && time - lastTime <= LongestStep * _step)
                {
                    Draw(lastTime, last, time, value);
                }

                if (hasValues && time != lastTime)
                {
                    value.CopyTo(last);
                }

                isLastKnown = hasValues;
                lastTime = time;
            }

            if (Nanoseconds.CanHold(lastTime) && Nanoseconds.Of(lastTime) > end)
            {
                return;
            }
        }
    }

    /// <summary>The first sample that can matter: with a clock those before the first trial need not be read.</summary>
    private int FirstNeeded()
    {
        if (_series.Clock is not { } clock)
        {
            return 0;
        }

        var sample = ((Nanoseconds.Seconds(_targets[0].Start) - clock.Start) * clock.Rate) - 2;
        return (int)Math.Clamp(sample, 0, _series.Samples);
    }

    private bool IsNeeded(ReadOnlySpan<double> times, double lastTime)
    {
        var (least, most) = (double.IsNaN(lastTime) ? double.PositiveInfinity : lastTime, double.NegativeInfinity);
        foreach (var time in times)
        {
            (least, most) = (time < least ? time : least, time > most ? time : most);
        }

        // The last samples of this block begin a line into the next.
        most += LongestStep * _step;
        least -= LongestStep * _step;
        return Array.Exists(_targets, target => Nanoseconds.Seconds(target.End) >= least && Nanoseconds.Seconds(target.Start) <= most);
    }

    /// <summary>Whether there is one sample a bin, at its middle, as in files that were binned before: it is the bin's value. Told by the first trial.</summary>
    private bool IsOfBins()
    {
        var width = _targets[0].Grid.Width;
        if (Math.Abs(_step - width) > 1e-9 + (1e-6 * width))
        {
            return false;
        }

        // The first sample that is not before the trial.
        var (low, high, time) = (0, _series.Samples, new double[1]);
        while (low < high)
        {
            var middle = (low + high) / 2;
            _series.ReadTimes(middle, time);
            (low, high) = !(Nanoseconds.Of(time[0]) >= _targets[0].Start) ? (middle + 1, high) : (low, middle);
        }

        if (low == _series.Samples)
        {
            return false;
        }

        _series.ReadTimes(low, time);
        return Math.Abs(Nanoseconds.Of(time[0]) - _targets[0].Start - (0.5e9 * width)) <= Rounding;
    }

    /// <summary>The middle one of the steps between samples.</summary>
    private double UsualStep()
    {
        var times = new double[Math.Min(_series.Samples, StepsLookedAt)];
        _series.ReadTimes(0, times);
        double[] steps = [.. times.Skip(1).Zip(times, (next, time) => next - time).Where(step => step > 0 && double.IsFinite(step)).Order()];
        return steps.Length == 0 ? 0 : steps[steps.Length / 2];
    }

    private void Draw(double from, ReadOnlySpan<double> first, double to, ReadOnlySpan<double> last)
    {
        var (start, end) = (Nanoseconds.Of(from), Nanoseconds.Of(to));
        while (_next < _targets.Length && _targets[_next].Start <= end)
        {
            _active.Add(_targets[_next++]);
        }

        for (var i = _active.Count - 1; i >= 0; i--)
        {
            if (_active[i].End < start)
            {
                _active.RemoveAt(i);
            }
            else
            {
                _active[i].Draw(start, first, end, last, _isMean);
            }
        }
    }

    /// <summary>The bins of one trial, on the clock of the series.</summary>
    private sealed class Target(TimeGrid grid, long shift, int channels)
    {
        private readonly double[] _sums = new double[(long)grid.Bins * channels];
        private double[] _known = [];

        public TimeGrid Grid => grid;

        public long Start { get; } = grid.Span.Start + shift;

        public long End { get; } = grid.Span.End + shift;

        /// <summary>Takes the line between two samples into account.</summary>
        public void Draw(long from, ReadOnlySpan<double> first, long to, ReadOnlySpan<double> last, bool isMean)
        {
            if (_known.Length == 0)
            {
                _known = new double[_sums.Length];
            }

            var bin = Math.Max(0, grid.BinOf(Math.Max(from, Start) - shift));
            for (; bin < grid.Bins; bin++)
            {
                var (left, right) = (grid.Edge(bin) + shift, grid.Edge(bin + 1) + shift);
                if (left > to)
                {
                    return;
                }

                if (isMean)
                {
                    // The mean of a line over a part of it is its value in the part's middle.
                    var (start, end) = (Math.Max(left, from), Math.Min(right, to));
                    if (end > start)
                    {
                        Add(bin, ((0.5 * (start + end)) - from) / (to - from), first, last, end - start, (end - start) / (double)(right - left), isMean);
                    }
                }
                else if (0.5 * (left + right) is var middle && middle >= from - Rounding && middle <= to + Rounding)
                {
                    // A sample at the middle is taken as it is.
                    Add(bin, middle <= from + Rounding ? 0 : middle >= to - Rounding ? 1 : (middle - from) / (to - from), first, last, 1, 1, isMean);
                }
            }
        }

        /// <summary>Adds the line's value at a time to a bin.</summary>
        private void Add(int bin, double place, ReadOnlySpan<double> first, ReadOnlySpan<double> last, double weight, double share, bool isMean)
        {
            place = Math.Clamp(place, 0, 1);
            for (var channel = 0; channel < channels; channel++)
            {
                var value = place == 0 ? first[channel] : place == 1 ? last[channel] : first[channel] + (place * (last[channel] - first[channel]));
                var i = (bin * channels) + channel;

                // The middle of a bin may be where two lines meet.
                if (double.IsFinite(value) && (isMean || _known[i] == 0))
                {
                    _sums[i] += weight * value;
                    _known[i] += share;
                }
            }
        }

        public double[] Finish(bool isMean)
        {
            if (_known.Length == 0)
            {
                Array.Fill(_sums, double.NaN);
                return _sums;
            }

            for (var bin = 0; bin < grid.Bins; bin++)
            {
                var width = isMean ? (double)(grid.Edge(bin + 1) - grid.Edge(bin)) : 1;
                for (var i = bin * channels; i < (bin + 1) * channels; i++)
                {
                    _sums[i] = _known[i] >= LeastKnown ? _sums[i] / (_known[i] * width) : double.NaN;
                }
            }

            _known = [];
            return _sums;
        }
    }
}
