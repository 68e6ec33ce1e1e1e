namespace IlqrVae.Data.Import.Timed;

/// <summary>
/// Times in whole nanoseconds. Two files that mean the same instant rarely hold the same last bit of a double; as nanoseconds they are equal, and whether an
/// event lies in a bin is decided exactly.
/// </summary>
internal static class Nanoseconds
{
    /// <summary>Some 290 years are what 64 bits hold.</summary>
    public const double LargestSeconds = 9e9;

    /// <summary>Whether a time can be told in nanoseconds.</summary>
    public static bool CanHold(double seconds) => Math.Abs(seconds) <= LargestSeconds;

    /// <summary>A time in seconds, rounded to nanoseconds.</summary>
    public static long Of(double seconds) => (long)Math.Round(seconds * 1e9);

    /// <summary>The same in seconds.</summary>
    public static double Seconds(long nanoseconds) => nanoseconds / 1e9;
}

/// <summary>A stretch of time, from a start up to but without an end, in nanoseconds.</summary>
/// <param name="Start">Its start.</param>
/// <param name="End">Its end.</param>
internal readonly record struct Interval(long Start, long End)
{
    /// <summary>Whether it holds another whole.</summary>
    public bool Holds(Interval other) => Start <= other.Start && other.End <= End;
}

/// <summary>Bins of one width, one after the other. Edge k is the start and k widths, rounded to nanoseconds, so that errors do not add up.</summary>
internal sealed class TimeGrid
{
    private readonly long _step;

    /// <summary>Lays bins from a time on.</summary>
    /// <param name="start">Where edge 0 of the grid is, in nanoseconds.</param>
    /// <param name="bins">Number of bins.</param>
    /// <param name="width">Of a bin, in seconds.</param>
    /// <param name="first">Which edge of the grid the first bin starts at: parts of a grid keep its edges.</param>
    public TimeGrid(long start, int bins, double width, int first = 0)
    {
        Origin = start;
        Bins = bins;
        Width = width;
        First = first;
        _step = Math.Abs((width * 1e9) - Math.Round(width * 1e9)) < 1e-9 ? (long)Math.Round(width * 1e9) : 0;
    }

    public int Bins { get; }

    public double Width { get; }

    private long Origin { get; }

    private int First { get; }

    /// <summary>From the first to the last edge.</summary>
    public Interval Span => new(Edge(0), Edge(Bins));

    /// <summary>The start of a bin, or of what follows the last.</summary>
    public long Edge(int bin) => _step > 0 ? Origin + ((First + (long)bin) * _step) : Origin + (long)Math.Round((First + (long)bin) * Width * 1e9);

    /// <summary>The bin that a time lies in; negative or at least <see cref="Bins"/> where it lies outside.</summary>
    public int BinOf(long time)
    {
        if (_step > 0)
        {
            var behind = time - Origin - (First * _step);
            return (int)Math.Clamp(behind < 0 ? -1 : behind / _step, -1, int.MaxValue);
        }

        var bin = (int)Math.Clamp(Math.Floor((time - Origin) / (Width * 1e9)) - First, -2, Bins + 1);
        while (bin >= 0 && time < Edge(bin))
        {
            bin--;
        }

        while (bin < Bins && time >= Edge(bin + 1))
        {
            bin++;
        }

        return bin;
    }

    /// <summary>Some of the bins.</summary>
    public TimeGrid Part(int first, int bins) => new(Origin, bins, Width, First + first);

    /// <summary>How many whole bins fit into a time.</summary>
    /// <param name="length">In nanoseconds.</param>
    /// <param name="width">Of a bin, in seconds.</param>
    public static long WholeBins(long length, double width)
    {
        var bins = (long)Math.Floor(length / (width * 1e9));
        while ((long)Math.Round((bins + 1) * width * 1e9) <= length)
        {
            bins++;
        }

        while (bins > 0 && (long)Math.Round(bins * width * 1e9) > length)
        {
            bins--;
        }

        return Math.Max(0, bins);
    }
}
