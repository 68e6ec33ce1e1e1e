namespace IlqrVae.Data.Import.Arrays;

/// <summary>Tells times of spikes from counts, and what the lists are of that hold them.</summary>
internal static class SpikeLayout
{
    // Entries and lists that are looked at.
    private const int MostEntries = 1 << 20;

    // A recording that lasts longer is no trial.
    private const double LongestTrial = 60;

    // Fewer spikes a second of a unit are hardly any.
    private const double LeastRate = 0.05;

    // Whole seconds up to here may be a matter of chance; more are ticks of something finer.
    private const double MostWholeSeconds = 1000;

    // Hours of milliseconds with hardly a spike a second are likelier numbers of samples.
    private const double MostMilliseconds = 1e7;

    private const double LeastRateOfMilliseconds = 0.5;

    /// <summary>Whether what was found are times of spikes.</summary>
    /// <param name="file">The file.</param>
    /// <param name="found">What was found.</param>
    /// <param name="axes">What its axes are said to be.</param>
    public static bool AreTimes(ArrayFile file, Found found, IReadOnlyList<ArrayAxis> axes)
    {
        if (axes.Count > 0)
        {
            return axes.Contains(ArrayAxis.Spike);
        }

        if (found.Kind == ListKind.Areas)
        {
            return found.Items.All(item => AreTimes(file, item, []) || (item.Node is NumberNode { IsVector: true, Fault: null } one && SpikeAreas.UnitsOf(file, one, item.Name, SpikeAreas.AreaOf(found.Name, item.Name)) is not null));
        }

        // A list of the unit of each says it.
        if (found.Node is NumberNode { IsVector: true, Fault: null } list && ArrayRoles.IsSpikeTime(found.Name) && ArrayRoles.Units(Beside(file, list)) is not null)
        {
            return true;
        }

        if ((!found.IsList && !ArrayRoles.IsSpikeTime(found.Name)) || found.Arrays.Any(array => array.Fault is not null || array.IsText || (array.Count > 0 && !array.IsVector)))
        {
            return false;
        }

        var (rising, steps, entries) = (0L, 0L, 0L);
        foreach (var array in found.Arrays.Where(array => array.Count > 1))
        {
            var times = ArrayView.Of(array).Squeeze(least: 1);
            for (var i = 1; i < times.Shape[0] && !double.IsNaN(times[i]); i++)
            {
                rising += times[i] > times[i - 1] ? 1 : 0;
                steps++;
            }

            if ((entries += array.Count) > MostEntries)
            {
                break;
            }
        }

        return steps >= 2 && rising >= 0.9 * steps;
    }

    /// <summary>Names of other lists that have as many entries.</summary>
    public static List<string> Beside(ArrayFile file, NumberNode list) =>
        [.. ArrayPaths.All(file).Where(one => one.Example.Count == list.Count && one.Example != list && ArrayRoles.IsList(one.Example)).Select(one => one.Name)];

    /// <summary>What the lists around the times are of, from the outermost, and spikes last.</summary>
    /// <param name="file">The file.</param>
    /// <param name="found">Times of spikes.</param>
    /// <param name="scale">Seconds a tick.</param>
    /// <param name="remarks">Told what was taken for what, and why.</param>
    /// <exception cref="InputException">It could be several things.</exception>
    public static IReadOnlyList<ArrayAxis> Axes(ArrayFile file, Found found, double scale, List<string> remarks)
    {
        var name = found.Name;
        switch (found.Depth)
        {
            case 0:
                return [ArrayAxis.Spike];
            case 1 when found.Kind == ListKind.Trials:
                return Said($"{found.Items.Count} trials of one unit, as its name says", ArrayAxis.Trial);
            case 1:
                if (found.Kind == ListKind.Unknown && Evidence(found.Items.Count, ArrayRoles.IsOfTrials) is { } list && Evidence(found.Items.Count, ArrayRoles.IsOfChannels) is null)
                {
                    throw new InputException($"{file.Path}: '{name}' has {found.Items.Count} lists of spike times, as '{list}' has entries; say whether they are of units or of trials: --map spikes={name}:unit,spike or --map spikes={name}:trial,spike.");
                }

                return Said($"{found.Items.Count} units, one list each", ArrayAxis.Channel);
            case 2:
                break;
            default:
                throw new InputException($"{file.Path}: '{name}' holds lists within lists within lists of spike times; say what they are of, as in --map spikes={name}:trial,channel,unit,spike.");
        }

        var (outer, inner) = (found.Items.Count, found.Items[0].Items.Count);
        var shape = $"{outer} x {inner}";
        if (found.Kind == ListKind.Trials)
        {
            return Said($"{outer} trials x units, as its name says", ArrayAxis.Trial, ArrayAxis.Channel);
        }

        if (found.Kind == ListKind.Channels && found.Records is not null)
        {
            return Said($"{outer} units x trials, as its name says", ArrayAxis.Channel, ArrayAxis.Trial);
        }

        if (found.Items.Any(item => item.Items.Count != inner))
        {
            throw Ambiguous($"{outer} lists of lists that differ in number");
        }

        var (byOuter, byInner) = (Evidence(outer, ArrayRoles.IsOfTrials), Evidence(inner, ArrayRoles.IsOfTrials));
        if (outer != inner && byOuter is null != byInner is null)
        {
            return byOuter is not null
                ? Said($"trials x units, as '{byOuter}' has {outer} entries", ArrayAxis.Trial, ArrayAxis.Channel)
                : Said($"units x trials, as '{byInner}' has {inner} entries", ArrayAxis.Channel, ArrayAxis.Trial);
        }

        var columns = Enumerable.Range(0, inner).Select(i => Found.List(name, [.. found.Items.Select(item => item.Items[i])], ListKind.Unknown)).ToList();
        var (rowsFollow, columnsFollow) = (Follow(found.Items), Follow(columns));
        if (rowsFollow != columnsFollow)
        {
            return rowsFollow
                ? Said("trials x units, as the spikes of each row come behind those of the row before", ArrayAxis.Trial, ArrayAxis.Channel)
                : Said("units x trials, as the spikes of each column come behind those of the column before", ArrayAxis.Channel, ArrayAxis.Trial);
        }

        var (first, last) = Range(found);
        if (!rowsFollow && (last - first) * scale > LongestTrial && Clock() is { } clock)
        {
            return Said($"channels x units of one session, as they last as long as '{clock}'", ArrayAxis.Channel, ArrayAxis.Channel);
        }

        throw Ambiguous(shape);

        IReadOnlyList<ArrayAxis> Said(string words, params ArrayAxis[] axes)
        {
            remarks.Add($"{file.Path}: '{name}' is taken for times of spikes: {words}.");
            return [.. axes, ArrayAxis.Spike];
        }

        string? Evidence(int count, Predicate<string> isOf) => ArrayPaths.All(file).FirstOrDefault(one => ArrayRoles.IsList(one.Example) && one.Example.Count == count && isOf(one.Name)).Name;

        InputException Ambiguous(string what) => new(
            $"{file.Path}: '{name}' holds {what} lists of spike times, which could be units x trials, trials x units or channels x units of one session; say which: --map spikes={name}:unit,trial,spike or :trial,unit,spike or :channel,unit,spike.");

        // Times that last about as long as the spikes do.
        string? Clock() => ArrayPaths.All(file).FirstOrDefault(one => one.Example is NumberNode { Fault: null, IsVector: true, Count: > 2 } times && ArrayRoles.IsTime(one.Name) && !one.Name.Contains("spike", StringComparison.OrdinalIgnoreCase)
            && ArrayView.Of(times).Squeeze(least: 1) is var clock && clock[clock.Shape[0] - 1] is var end && clock[0] is var start && end > start
            && first >= start - (0.05 * (end - start)) && last <= end + (0.05 * (end - start)) && last - first > 0.5 * (end - start)).Name;
    }

    /// <summary>The first and the last time of all; NaN are left aside.</summary>
    public static (double First, double Last) Range(Found found)
    {
        var (first, last) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var array in found.Arrays.Where(array => array is { Count: > 0, Fault: null }))
        {
            foreach (var time in ArrayView.Of(array).ToArray())
            {
                (first, last) = double.IsFinite(time) ? (Math.Min(first, time), Math.Max(last, time)) : (first, last);
            }
        }

        return (first, last);
    }

    /// <summary>The unit that <see cref="RequireSeconds"/> proposes for times that seem to be numbers of samples.</summary>
    public const string TickUnit = "30000Hz";

    /// <summary>Asks whether times are in milliseconds, where they seem to be.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">What the times are called.</param>
    /// <param name="lists">The times of each unit, and of each trial where there are trials.</param>
    /// <exception cref="InputException">They seem to be.</exception>
    public static void RequireSeconds(string path, string name, IEnumerable<double[]> lists)
    {
        var (longest, most, steps, lasting, areWhole) = (0.0, 0.0, 0L, 0.0, true);
        foreach (var times in lists)
        {
            var (first, last, count) = (double.PositiveInfinity, double.NegativeInfinity, 0L);
            foreach (var time in times.Where(double.IsFinite))
            {
                (first, last, count) = (Math.Min(first, time), Math.Max(last, time), count + 1);
                areWhole &= time == Math.Floor(time);
            }

            if (count > 1)
            {
                (longest, most, steps, lasting) = (Math.Max(longest, last - first), Math.Max(most, last), steps + count - 1, lasting + last - first);
            }
        }

        var rate = steps / lasting;
        if (steps > 0 && ((areWhole && most > MostWholeSeconds) || (rate < LeastRate && longest > LongestTrial)))
        {
            var areTicks = areWhole && most > MostMilliseconds && rate * 1000 < LeastRateOfMilliseconds;
            throw new InputException(FormattableString.Invariant(
                $"{path}: read as seconds, the times of '{name}'{(areWhole ? " are whole numbers and" : "")} last {longest:G6} s with {rate:G2} spikes a second a unit; are they {(areTicks
                    ? $"ticks of a clock, as of samples at 30 kHz? Then give --time-unit {TickUnit} (or the rate it has, or --time-unit ms), else --time-unit s."
                    : "in ms? Then give --time-unit ms (or ticks, as --time-unit 30000Hz), else --time-unit s.")}"));
        }
    }

    /// <summary>Whether the spikes of each item come behind those of the one before.</summary>
    private static bool Follow(IReadOnlyList<Found> items)
    {
        var ranges = items.Select(Range).Where(range => range.First <= range.Last).ToList();
        return ranges.Count > 1 && ranges.Skip(1).Zip(ranges, (next, one) => next.First >= one.Last).All(follows => follows);
    }
}
