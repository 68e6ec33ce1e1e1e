using IlqrVae.Recordings;
using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports;

/// <summary>Tables of channels and bins as colors, with neighbouring bins averaged where there are more than a picture has columns.</summary>
internal static class Heat
{
    /// <summary>Bins are averaged so that there are no more columns.</summary>
    public const int MostColumns = 300;

    /// <summary>More channels than that are left out, those that fire least.</summary>
    public const int MostRows = 300;

    /// <summary>More names than that would lie upon each other.</summary>
    private const int MostNames = 40;

    /// <summary>How many bins one column averages.</summary>
    public static int Width(int bins) => (bins + MostColumns - 1) / MostColumns;

    /// <summary>What is to be said of columns; empty where each is a bin.</summary>
    public static string Remark(int bins) => Width(bins) > 1 ? $" A column is the mean over {Width(bins)} bins." : "";

    /// <summary>A mark of some channels.</summary>
    /// <param name="name">What the values are.</param>
    /// <param name="unit">Their unit.</param>
    /// <param name="bins">Number of bins.</param>
    /// <param name="binWidth">Width of a bin in seconds.</param>
    /// <param name="channels">The channels, the lowest row first.</param>
    /// <param name="value">The value of a bin and channel; NaN where it is missing.</param>
    /// <param name="firstBin">The bin of the trial that the first one is.</param>
    public static HeatMark Of(string name, string unit, int bins, double binWidth, IReadOnlyList<int> channels, Func<int, int, double> value, int firstBin = 0)
    {
        var width = Width(bins);
        var columns = (bins + width - 1) / width;
        var values = new double[channels.Count, columns];
        for (var column = 0; column < columns; column++)
        {
            var (first, end) = (column * width, Math.Min(bins, (column + 1) * width));
            for (var row = 0; row < channels.Count; row++)
            {
                var (sum, count) = (0.0, 0);
                for (var t = first; t < end; t++)
                {
                    var one = value(t, channels[row]);
                    if (double.IsFinite(one))
                    {
                        sum += one;
                        count++;
                    }
                }

                values[row, column] = count == 0 ? double.NaN : sum / count;
            }
        }

        return new HeatMark(
            name,
            [.. Enumerable.Range(0, columns + 1).Select(column => (firstBin + Math.Min(bins, column * width)) * binWidth)],
            [.. Enumerable.Range(0, channels.Count + 1).Select(row => (double)row)],
            values, unit);
    }

    /// <summary>The axis of channels, with their names, or some of them where there are many.</summary>
    public static Axis ChannelAxis(ChannelGroup group, IReadOnlyList<int> channels)
    {
        var every = Math.Max(1, (channels.Count + MostNames - 1) / MostNames);
        return new Axis(Naming.Channel(group))
        {
            Limits = (0, channels.Count),
            Ticks = [.. Enumerable.Range(0, channels.Count).Where(row => row % every == 0).Select(row => (row + 0.5, Naming.Of(group, channels[row])))],
        };
    }
}
