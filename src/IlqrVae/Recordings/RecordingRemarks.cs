using System.Globalization;

namespace IlqrVae.Recordings;

/// <summary>What is unusual about a recording and likely a mistake, though it can be learned from: silent neurons, counts that are none, bins of an odd width.</summary>
public static class RecordingRemarks
{
    /// <summary>Units that fire less in the training trials, in Hz, are named.</summary>
    public const double LeastRate = 0.5;

    private const double WidestBin = 1;
    private const double NarrowestBin = 1e-4;
    private const int MostNames = 5;

    /// <summary>So few spikes can all be multiples of a number by chance.</summary>
    private const int LeastEntries = 20;

    /// <summary>The remarks, a sentence each.</summary>
    /// <param name="recording">The recording.</param>
    public static IReadOnlyList<string> Of(Recording recording)
    {
        ArgumentNullException.ThrowIfNull(recording);
        var remarks = new List<string>();
        if (recording.BinWidth is > WidestBin or < NarrowestBin)
        {
            remarks.Add(string.Create(CultureInfo.InvariantCulture, $"bins are {recording.BinWidth:g4} s wide, which is unusual for neurons: were times or the bin width given in another unit than seconds?"));
        }

        for (var g = 0; g < recording.Groups.Count; g++)
        {
            if (recording.Groups[g].Kind != ChannelKind.Counts)
            {
                continue;
            }

            var divisor = CommonDivisor(recording, g);
            if (divisor > 1)
            {
                remarks.Add($"group '{recording.Groups[g].Name}': all counts are multiples of {divisor}, as rates or scaled counts are; likelihoods of counts need the counts themselves: divide by {divisor}, or store the group as values.");
            }

            if (OfRates(recording, g) is { } remark)
            {
                remarks.Add(remark);
            }
        }

        return remarks;
    }

    private static string? OfRates(Recording recording, int g)
    {
        var group = recording.Groups[g];
        var means = ChannelStatistics.Of(recording, g).Mean;
        int[] few = [.. Enumerable.Range(0, means.Length).Where(c => means[c] / recording.BinWidth < LeastRate)];
        if (few.Length == 0)
        {
            return null;
        }

        var names = string.Join(", ", few.Take(MostNames).Select(c => group.ChannelNames is { } given ? given[c] : c.ToString(CultureInfo.InvariantCulture)));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"group '{group.Name}': {few.Length} of {group.Channels} units fire below {LeastRate} Hz in the training trials ({names}{(few.Length > MostNames ? " ..." : "")}); too few spikes to learn from or to score by: leave them out, as 'ilqr-vae import --minimum-rate {LeastRate}' does.");
    }

    /// <summary>The largest number of which all counts are multiples; 1 where there are too few to tell.</summary>
    private static int CommonDivisor(Recording recording, int g)
    {
        var (divisor, entries) = (0, 0);
        foreach (var observations in recording.Trials.Select(trial => trial.Observations[g]))
        {
            var row = new int[observations.Channels];
            for (var t = 0; t < observations.Bins; t++)
            {
                observations.CopyRow<int>(t, row);
                foreach (var count in row)
                {
                    if (count == 0)
                    {
                        continue;
                    }

                    entries++;
                    divisor = Greatest(divisor, count);
                    if (divisor == 1)
                    {
                        return 1;
                    }
                }
            }
        }

        return entries < LeastEntries ? 1 : divisor;
    }

    private static int Greatest(int a, int b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return a;
    }
}
