using IlqrVae.Recordings;

namespace IlqrVae.Evaluation;

/// <summary>The average of time series around events, such as onsets of movement.</summary>
/// <param name="Count">Number of events.</param>
/// <param name="Before">Bins before an event.</param>
/// <param name="Mean">(before + 1 + after) x columns: row <paramref name="Before"/> is the event's own bin; NaN where no trial has a number, or one has an infinite one.</param>
/// <param name="StandardError">Standard error of the mean over events; NaN where fewer than two have one.</param>
public sealed record EventAverage(int Count, int Before, Table Mean, Table StandardError)
{
    /// <summary>Averages, each bin around the events over those whose trial has it.</summary>
    /// <param name="series">Bins x columns of each trial; NaN where a number is missing.</param>
    /// <param name="events">Bins of each trial's events.</param>
    /// <param name="before">Bins before an event, not negative.</param>
    /// <param name="after">Bins after it, not negative.</param>
    /// <exception cref="ArgumentException">The numbers of trials or columns differ, or there are none.</exception>
    public static EventAverage Of(IReadOnlyList<Table> series, IReadOnlyList<IReadOnlyList<int>> events, int before, int after)
    {
        ArgumentNullException.ThrowIfNull(series);
        ArgumentNullException.ThrowIfNull(events);
        ArgumentOutOfRangeException.ThrowIfNegative(before);
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        if (series.Count == 0 || series.Count != events.Count || series.Any(table => table.Columns != series[0].Columns))
        {
            throw new ArgumentException($"There are {series.Count} series, which need one number of columns, and events of {events.Count} trials.", nameof(events));
        }

        var columns = series[0].Columns;
        var (mean, error) = (new Table(before + 1 + after, columns), new Table(before + 1 + after, columns));
        var all = series.SelectMany((table, k) => events[k].Select(bin => (Table: table, First: bin - before))).ToList();
        for (var row = 0; row < mean.Bins; row++)
        {
            for (var c = 0; c < columns; c++)
            {
                double[] values = [.. all.Where(one => one.First + row >= 0 && one.First + row < one.Table.Bins).Select(one => one.Table[one.First + row, c]).Where(value => !double.IsNaN(value))];
                var average = values.Length == 0 || !Array.TrueForAll(values, double.IsFinite) ? double.NaN : values.Average();
                mean[row, c] = average;
                error[row, c] = values.Length < 2 ? double.NaN : Math.Sqrt(values.Sum(value => (value - average) * (value - average)) / (values.Length - 1) / values.Length);
            }
        }

        return new EventAverage(all.Count, before, mean, error);
    }

    /// <summary>Bins at which a signal rises to a threshold after having been below it for some bins.</summary>
    /// <param name="signal">The signal; missing bins are NaN and are below no threshold.</param>
    /// <param name="threshold">The threshold.</param>
    /// <param name="quiet">Number of bins that must be below it, at least 1.</param>
    public static IReadOnlyList<int> Rises(ReadOnlySpan<double> signal, double threshold, int quiet)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(quiet, 1);
        var rises = new List<int>();
        var below = 0;
        for (var t = 0; t < signal.Length; t++)
        {
            if (signal[t] >= threshold && below >= quiet)
            {
                rises.Add(t);
            }

            below = signal[t] < threshold ? below + 1 : 0;
        }

        return rises;
    }
}
