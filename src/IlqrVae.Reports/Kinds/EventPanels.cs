using IlqrVae.Evaluation;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Reports.Panels;
using IlqrVae.Runs.Scores;

namespace IlqrVae.Reports.Kinds;

/// <summary>
/// The power of inferred inputs around events: true inputs where they are known and rare, else onsets of movement, and events that were noted of each trial, such as a go cue; with what
/// random times would give.
/// </summary>
public sealed class EventPanels : RunPanelKind
{
    /// <summary>Draws of random times.</summary>
    public const int Draws = 500;

    /// <summary>Events of trials that are shown where none is asked for.</summary>
    private const int MostNoted = 4;

    /// <summary>True inputs in more than this share of the bins are no events.</summary>
    private const double LargestEventShare = 0.2;

    private const double ThresholdShare = 0.25;
    private const double FastQuantile = 0.95;
    private const double QuietSeconds = 0.2;
    private const double BeforeSeconds = 0.5;
    private const double AfterSeconds = 1;

    /// <summary>Longer windows are no picture; bins are wide then, or trials short.</summary>
    private const int MostLags = 500;

    /// <inheritdoc/>
    public override string Name => "onsets";

    /// <inheritdoc/>
    public override string Help => "power of the inferred inputs around onsets of movement, true inputs, and events noted of trials (--event), with what random times give";

    /// <inheritdoc/>
    protected override PanelResult Make(ReportSource source, PanelRequest request)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(request);
        if (source.Inference.Learned.InputScale.Length == 0)
        {
            return PanelResult.None("The model has no inputs, so there is nothing to look for at events: its dynamics is autonomous.");
        }

        var powers = PowerPanels.Powers(source);
        if (powers.All(one => one.Length == 0))
        {
            return PanelResult.None("No trial has two bins with finite inputs, so there is no power to show.");
        }

        var events = Events(source, request);
        if (events.Count == 0)
        {
            return PanelResult.None("There are no events to align inputs to: no group of velocities whose speed rises from rest, no true inputs that are rare, and no times noted of trials.");
        }

        // What happens once is no average; that is said where nothing else is there.
        var several = events.Where(one => one.Bins.Sum(bins => bins.Count) >= 2).ToList();
        return several.Count == 0
            ? PanelResult.None($"There are fewer than two {events[0].Name}, so nothing can be said of what inputs do there.")
            : PanelResult.Of([.. several.Select(one => Make(source, powers, one))]);
    }

    /// <summary>The average power around events, and around as many random times.</summary>
    /// <param name="powers">Of each trial the power of each step.</param>
    /// <param name="events">Of each trial the steps of its events.</param>
    /// <param name="before">Steps before.</param>
    /// <param name="after">Steps after.</param>
    /// <param name="seed">Seed of the random times.</param>
    /// <returns>
    /// The average; the lower and upper end of the central 95 % of the averages around random times, lag by lag; and the share of draws whose highest average
    /// over all lags is at least that of the events.
    /// </returns>
    internal static (double[] Mean, double[] Low, double[] High, double Chance) Around(IReadOnlyList<double[]> powers, IReadOnlyList<IReadOnlyList<int>> events, int before, int after, ulong seed)
    {
        var mean = Average(powers, events, before, after);
        var draws = new double[Draws][];
        for (var k = 0; k < Draws; k++)
        {
            var random = new CounterRandom(seed, RandomStreams.MovedEvents, (ulong)k);

            // All events of a trial by the same distance around its end, so that how they follow each other stays.
            draws[k] = Average(powers, [.. events.Select((bins, i) =>
            {
                var length = powers[i].Length;
                var shift = length == 0 ? 0 : random.NextInt32(length);
                return (IReadOnlyList<int>)(length == 0 ? [] : [.. bins.Select(bin => (bin + shift) % length)]);
            })], before, after);
        }

        var (low, high) = (new double[mean.Length], new double[mean.Length]);
        for (var row = 0; row < mean.Length; row++)
        {
            double[] sorted = [.. draws.Select(draw => draw[row]).Where(double.IsFinite).Order()];
            (low[row], high[row]) = sorted.Length == 0 ? (double.NaN, double.NaN) : (Quantile(sorted, 0.5 * (1 - Intervals.Level)), Quantile(sorted, 0.5 * (1 + Intervals.Level)));
        }

        var highest = Words.Largest(mean);
        return (mean, low, high, (double)draws.Count(draw => Words.Largest(draw) >= highest) / Draws);
    }

    private static double Quantile(double[] sorted, double share) => sorted[(int)Math.Round(share * (sorted.Length - 1))];

    private static double[] Average(IReadOnlyList<double[]> powers, IReadOnlyList<IReadOnlyList<int>> events, int before, int after)
    {
        var (sum, count) = (new double[before + 1 + after], new int[before + 1 + after]);
        for (var i = 0; i < powers.Count; i++)
        {
            foreach (var bin in events[i])
            {
                for (var row = Math.Max(0, before - bin); row < sum.Length && bin - before + row < powers[i].Length; row++)
                {
                    sum[row] += powers[i][bin - before + row];
                    count[row]++;
                }
            }
        }

        return [.. sum.Select((total, row) => count[row] == 0 ? double.NaN : total / count[row])];
    }

    private static Panel Make(ReportSource source, List<double[]> powers, (string Name, string Words, IReadOnlyList<IReadOnlyList<int>> Bins) what)
    {
        var (name, words, events) = what;
        var binWidth = source.BinWidth;
        var (before, after) = (Math.Min(MostLags, Math.Max(1, (int)Math.Round(BeforeSeconds / binWidth))), Math.Min(MostLags, Math.Max(1, (int)Math.Round(AfterSeconds / binWidth))));
        var (mean, low, high, chance) = Around(powers, events, before, after, source.Request.Seed ?? source.Configuration.Seed);
        double[] lags = [.. Enumerable.Range(0, mean.Length).Select(row => (row - before) * binWidth)];
        int[] known = [.. Enumerable.Range(0, mean.Length).Where(row => double.IsFinite(mean[row]) && double.IsFinite(high[row]))];
        var average = powers.SelectMany(one => one).Average();
        var peak = known.MaxBy(row => mean[row]);
        var count = events.Sum(one => one.Count);
        double[] Of(double[] values) => [.. known.Select(row => values[row])];
        return new Panel
        {
            Kind = "onsets",
            Title = $"Input power around {name}",
            Caption = $"The power of the inferred inputs (mean square in units of the scales of their prior), averaged over {Words.Count(count, "event")}: {words}. The step that begins at the event's own bin is at 0. The band holds 95 % of the same averages around random times, {Draws} draws in which the events of each trial are moved together by a random distance around its end: lag by lag, so that one lag of twenty lies outside by chance. What to conclude rests on the share of draws that are as high anywhere in the window, told below.",
            Description = $"Highest {Words.Of(mean[peak])} squared scales, {Words.Of(average > 0 ? mean[peak] / average : double.NaN)} times the mean over all steps, {(lags[peak] < 0 ? $"{Words.Of(-lags[peak], "s")} before" : lags[peak] > 0 ? $"{Words.Of(lags[peak], "s")} after" : "at")} the event. Random times are as high somewhere in the window in {Words.Percent(chance)} of the draws: {(chance <= 0.05 ? "inputs are stronger around these events than chance makes them" : "that is no evidence that inputs are stronger around these events")}.",
            X = new Axis("time from the event", "s"),
            Y = new Axis("input power", "squared scales of the prior") { Limits = (0, 1.08 * Math.Max(Words.Largest(Of(high)), mean[peak]) is > 0 and var top ? top : 1) },
            Marks =
            [
                new BandMark("95 % of random times", PanelColor.Compared, Of(lags), Of(low), Of(high)),
                new RuleMark("event", PanelColor.Muted, 0, true),
                new LineMark("power", PanelColor.Found, Of(lags), Of(mean)) { Width = 2 },
            ],
        };
    }

    /// <summary>The events: the one that was asked for, or all that there are.</summary>
    private static List<(string Name, string Words, IReadOnlyList<IReadOnlyList<int>> Bins)> Events(ReportSource source, PanelRequest request)
    {
        if (request.Event is { } name)
        {
            if (request.Group is not null)
            {
                throw new InputException("--event and --group: an event of trials has no group; leave one of them out.");
            }

            TrialEvents.Require(source.Trials, source.BinWidth, name);
            return [Noted(source, name)];
        }

        return
        [
            .. (request.Group is null && TrueInputs(source) is { } inputs ? inputs : Onsets(source, request)) is { } found ? [found] : Array.Empty<(string, string, IReadOnlyList<IReadOnlyList<int>>)>(),
            .. request.Group is null ? TrialEvents.Names(source.Trials, source.BinWidth).Take(MostNoted).Select(one => Noted(source, one)) : [],
        ];
    }

    private static (string Name, string Words, IReadOnlyList<IReadOnlyList<int>> Bins) Noted(ReportSource source, string name)
        => (name, $"the bins in which '{name}' lies, as it was noted of each trial", TrialEvents.Bins(source.Trials, source.BinWidth, name));

    private static (string Name, string Words, IReadOnlyList<IReadOnlyList<int>> Bins)? TrueInputs(ReportSource source)
    {
        if (TruthTables.Of(source.Trials, "inputs") is not { } truth)
        {
            return null;
        }

        var bins = source.Trials.Select(_ => (IReadOnlyList<int>)[]).ToArray();
        for (var k = 0; k < truth.Indices.Count; k++)
        {
            var table = truth.Tables[k];
            bins[truth.Indices[k]] = [.. Enumerable.Range(0, table.Bins - 1).Where(t => table.Row(t).ContainsAnyExcept(0.0))];
        }

        var (count, steps) = (bins.Sum(one => one.Count), truth.Tables.Sum(table => table.Bins - 1));
        return count > 0 && count <= LargestEventShare * steps ? ("true inputs", "steps with a true input", bins) : null;
    }

    private static (string Name, string Words, IReadOnlyList<IReadOnlyList<int>> Bins)? Onsets(ReportSource source, PanelRequest request)
    {
        var groups = Naming.Groups(source.Recording.Groups, request, group => group.Kind == ChannelKind.Values, "values");
        var g = request.Group is not null ? groups[0] : groups.FirstOrDefault(one => IsVelocity(source.Recording.Groups[one]), -1);
        if (g < 0)
        {
            return null;
        }

        var speeds = source.Trials.Select(trial => Speed(trial.Observations[g])).ToList();
        double[] known = [.. speeds.SelectMany(speed => speed).Where(double.IsFinite).Order()];
        if (known.Length == 0)
        {
            return null;
        }

        var (group, threshold) = (source.Recording.Groups[g], ThresholdShare * known[(int)(FastQuantile * (known.Length - 1))]);
        var quiet = Math.Max(1, (int)Math.Round(QuietSeconds / source.BinWidth));
        return (
            $"onsets of {group.Name}",
            $"bins in which the speed of '{group.Name}' rises to {Words.Of(threshold, group.Unit)}, a quarter of a fast one, after {QuietSeconds * 1000:0} ms below",
            threshold > 0 ? [.. speeds.Select(speed => EventAverage.Rises(speed, threshold, quiet))] : [.. speeds.Select(_ => (IReadOnlyList<int>)[])]);
    }

    private static bool IsVelocity(ChannelGroup group)
        => group.Kind == ChannelKind.Values && (group.Name.Contains("vel", StringComparison.OrdinalIgnoreCase) || group.Unit.EndsWith("/s", StringComparison.Ordinal));

    private static double[] Speed(Observations one)
    {
        var values = one.ToTable();
        return [.. Enumerable.Range(0, values.Bins).Select(t => one.IsObserved(t) ? Math.Sqrt(values.Row(t).ToArray().Sum(value => value * value)) : double.NaN)];
    }
}
