namespace IlqrVae.Data.Import.Timed;

/// <summary>Sets of stretches of time: sorted, none empty, none touching another.</summary>
internal static class Intervals
{
    /// <summary>Sorts stretches and joins those that overlap or touch; empty ones go.</summary>
    public static Interval[] Joined(IEnumerable<Interval> intervals)
    {
        var joined = new List<Interval>();
        foreach (var one in intervals.Where(one => one.End > one.Start).OrderBy(one => one.Start))
        {
            if (joined.Count > 0 && one.Start <= joined[^1].End)
            {
                joined[^1] = joined[^1] with { End = Math.Max(joined[^1].End, one.End) };
            }
            else
            {
                joined.Add(one);
            }
        }

        return [.. joined];
    }

    /// <summary>Length of all together, in nanoseconds.</summary>
    public static long Length(IReadOnlyList<Interval> intervals) => intervals.Sum(one => one.End - one.Start);

    /// <summary>Marks the bins that lie in a stretch as a whole.</summary>
    /// <param name="intervals">The stretches, joined.</param>
    /// <param name="grid">The bins.</param>
    /// <param name="whole">Set for each bin.</param>
    /// <returns>How many bins are not whole.</returns>
    public static int Cover(IReadOnlyList<Interval> intervals, TimeGrid grid, Span<bool> whole)
    {
        var i = Find(intervals, grid.Edge(0));
        var missing = 0;
        for (var bin = 0; bin < grid.Bins; bin++)
        {
            var span = new Interval(grid.Edge(bin), grid.Edge(bin + 1));
            while (i < intervals.Count && intervals[i].End < span.End)
            {
                i++;
            }

            whole[bin] = i < intervals.Count && intervals[i].Holds(span);
            missing += whole[bin] ? 0 : 1;
        }

        return missing;
    }

    /// <summary>The first stretch that ends behind a time.</summary>
    private static int Find(IReadOnlyList<Interval> intervals, long time)
    {
        var (low, high) = (0, intervals.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = intervals[middle].End <= time ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
