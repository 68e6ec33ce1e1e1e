using System.Globalization;

namespace IlqrVae.Data.Import;

/// <summary>What the times of the bins of one session say: how wide bins are, and where the recording pauses.</summary>
/// <param name="BinWidth">In seconds.</param>
/// <param name="Stretches">First bin and number of bins of each stretch without a pause.</param>
internal sealed record BinTimes(double BinWidth, IReadOnlyList<(int First, int Bins)> Stretches)
{
    // Times are often written with few digits: the spacing may wobble by this share of a bin.
    private const double Tolerance = 0.1;

    // A longer step, in bins, is a pause.
    private const double LongestStep = 1.5;

    // Two-photon frames are at most some 0.3 s apart.
    private const double LongestBin = 1;

    /// <summary>Reads times.</summary>
    /// <param name="what">What to call them in a message: "a.mat: variable 't'".</param>
    /// <param name="times">One a bin, in seconds.</param>
    /// <param name="given">The bin width that was asked for.</param>
    /// <param name="remarks">Told of pauses.</param>
    /// <exception cref="InputException">They are not evenly spaced, say something else than was asked for, or seem to be in milliseconds.</exception>
    public static BinTimes Of(string what, double[] times, double? given, List<string> remarks)
    {
        if (times.Length < 2)
        {
            throw new InputException($"{what} has {times.Length} times, too few to tell the bin width; give the bin width in seconds.");
        }

        if (Array.FindIndex(times, time => !double.IsFinite(time)) is >= 0 and var odd)
        {
            throw new InputException($"{what} has the time {times[odd]} at entry {odd}; give every bin its time, or name another variable.");
        }

        double[] steps = [.. times.Skip(1).Zip(times, (next, time) => next - time)];
        var usual = steps.Order().ElementAt(steps.Length / 2);
        if (!(usual > 0))
        {
            throw new InputException($"{what} does not rise from entry to entry; give the bin width in seconds or name another variable.");
        }

        int[] pauses = [.. Enumerable.Range(1, steps.Length).Where(entry => steps[entry - 1] > LongestStep * usual)];
        var stretches = new List<(int First, int Bins)>();
        var duration = 0.0;
        foreach (var end in pauses.Append(times.Length))
        {
            var first = stretches.Count == 0 ? 0 : stretches[^1].First + stretches[^1].Bins;
            stretches.Add((first, end - first));
            duration += times[end - 1] - times[first];
        }

        // Steps that differ everywhere are no pauses.
        if (pauses.Length > steps.Length / SessionCut.ShortestTrial)
        {
            throw Uneven(what, pauses[0], times[pauses[0]], times[pauses[0] - 1] + usual);
        }

        var width = double.Parse((duration / (steps.Length - pauses.Length)).ToString("G12", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        foreach (var (first, bins) in stretches)
        {
            for (var bin = 0; bin < bins; bin++)
            {
                if (!(Math.Abs(times[first + bin] - times[first] - (bin * width)) <= Tolerance * width))
                {
                    throw Uneven(what, first + bin, times[first + bin], times[first] + (bin * width));
                }
            }
        }

        if (pauses.Length > 0)
        {
            var more = pauses.Length > 1 ? $", the first of {pauses.Length} pauses" : "";
            remarks.Add($"{what} jumps by {steps[pauses[0] - 1]:G6} s from entry {pauses[0] - 1} to entry {pauses[0]}{more}: trials end where the recording pauses.");
        }

        return new BinTimes(Agree(what, width, given, remarks), stretches);
    }

    /// <summary>The bin width that a file tells, if it is believable and what was asked for.</summary>
    /// <param name="what">What tells it.</param>
    /// <param name="width">In seconds, as it seems.</param>
    /// <param name="given">The bin width that was asked for.</param>
    /// <param name="remarks">Told where the file counts in milliseconds.</param>
    public static double Agree(string what, double width, double? given, List<string> remarks)
    {
        if (given is not { } wanted)
        {
            return width <= LongestBin
                ? width
                : throw new InputException($"{what} makes bins of {width:G6} s; are the times in ms? Then give --bin-width {width / 1000:G6}, else --bin-width {width:G6}.");
        }

        if (Math.Abs(wanted - width) <= 0.01 * width)
        {
            return wanted;
        }

        if (width > LongestBin && Math.Abs((1000 * wanted) - width) <= 0.01 * width)
        {
            remarks.Add($"{what} is taken to be in ms, as the bin width of {wanted} s says.");
            return wanted;
        }

        throw new InputException($"{what} makes bins of {width:G6} s where the bin width is given as {wanted} s; correct one of them.");
    }

    private static InputException Uneven(string what, int entry, double time, double due) => new(
        $"{what} is not evenly spaced: entry {entry} is {time} where {due:G8} is due; bins must be of one width, so bin anew.");
}
