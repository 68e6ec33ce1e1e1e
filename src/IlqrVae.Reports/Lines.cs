using IlqrVae.Recordings;

namespace IlqrVae.Reports;

/// <summary>Lines along the bins of a trial, thinned where there are more points than a picture has columns.</summary>
internal static class Lines
{
    /// <summary>Lines of more points are thinned.</summary>
    public const int MostPoints = 2000;

    /// <summary>Thinned lines have so many columns of pixels.</summary>
    private const int Columns = 600;

    /// <summary>The middles of a trial's bins, in seconds from its start.</summary>
    public static double[] Time(int bins, double binWidth) => [.. Enumerable.Range(0, bins).Select(bin => (bin + 0.5) * binWidth)];

    /// <summary>The axis of time of some bins of a trial.</summary>
    public static Panels.Axis TimeAxis((int First, int End) bins, double binWidth) => new("time", "s") { Limits = (bins.First * binWidth, bins.End * binWidth) };

    /// <summary>Some rows of a table; the table itself where they are all.</summary>
    public static Table Rows(Table table, (int First, int End) bins)
        => bins == (0, table.Bins) ? table : new Table(bins.End - bins.First, table.Columns, table.Values[(bins.First * table.Columns)..(bins.End * table.Columns)]);

    /// <summary>One column of a table.</summary>
    public static double[] Column(Table table, int column, int bins = int.MaxValue)
        => [.. Enumerable.Range(0, Math.Min(bins, table.Bins)).Select(bin => table[bin, column])];

    /// <summary>Whether a line of so many points is thinned.</summary>
    public static bool IsThinned(int points) => points > MostPoints;

    /// <summary>What is to be said of thinned lines; empty where none is.</summary>
    public static string Remark(int points)
        => IsThinned(points) ? $" With {Words.Count(points, "bin")}, lines go through the least and the largest of every {Width(points)} bins." : "";

    /// <summary>A line, thinned to the least and the largest value of each column where it has too many points.</summary>
    /// <param name="x">Along the horizontal axis.</param>
    /// <param name="y">Along the vertical axis; NaN for gaps.</param>
    /// <returns>The points that are left.</returns>
    public static (double[] X, double[] Y) Thin(double[] x, double[] y)
    {
        if (!IsThinned(y.Length))
        {
            return (x, y);
        }

        var (width, left, right) = (Width(y.Length), new List<double>(), new List<double>());
        for (var first = 0; first < y.Length; first += width)
        {
            var (low, high) = (-1, -1);
            for (var i = first; i < Math.Min(first + width, y.Length); i++)
            {
                if (double.IsFinite(y[i]))
                {
                    low = low < 0 || y[i] < y[low] ? i : low;
                    high = high < 0 || y[i] > y[high] ? i : high;
                }
            }

            foreach (var i in low < 0 ? [first] : low == high ? [low] : (int[])[Math.Min(low, high), Math.Max(low, high)])
            {
                left.Add(x[i]);
                right.Add(low < 0 ? double.NaN : y[i]);
            }
        }

        return ([.. left], [.. right]);
    }

    /// <summary>A band, thinned to the least lower and the largest upper edge of each column.</summary>
    public static (double[] X, double[] Low, double[] High) ThinBand(double[] x, double[] low, double[] high)
    {
        if (!IsThinned(low.Length))
        {
            return (x, low, high);
        }

        var width = Width(low.Length);
        var starts = Enumerable.Range(0, (low.Length + width - 1) / width).Select(k => k * width).ToList();
        return (
            [.. starts.Select(first => x[first])],
            [.. starts.Select(first => Words.Least(low.Skip(first).Take(width)))],
            [.. starts.Select(first => Words.Largest(high.Skip(first).Take(width)))]);
    }

    private static int Width(int points) => (points + Columns - 1) / Columns;
}
