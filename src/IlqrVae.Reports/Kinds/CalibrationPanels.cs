using IlqrVae.Evaluation;
using IlqrVae.Reports.Panels;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Scores;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Reports.Kinds;

/// <summary>Whether intervals hold as much as they say: coverage against the nominal level, and where observations lie within what was predicted.</summary>
public sealed class CalibrationPanels : RunPanelKind
{
    private const int Shown = 6;

    /// <inheritdoc/>
    public override string Name => "calibration";

    /// <inheritdoc/>
    public override string Help => "how often intervals hold what was hidden from inference or is true, and where observations lie within predictions";

    /// <inheritdoc/>
    protected override PanelResult Make(ReportSource source, PanelRequest request)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (CoveragePart.Of(source.Inference) is not { Scores.Count: > 0 } coverage)
        {
            return PanelResult.None("Whether intervals hold cannot be looked at: no group was hidden whose observations the recording holds, and it knows no true rates, values or inputs.");
        }

        var panels = new List<Panel> { Coverage(source, coverage) };
        panels.AddRange(coverage.Scores.Where(score => score.Key is { Case: not null, Source: IntervalSource.Laplace } && score.Coverage.Places.Sum() > 0).Take(Shown).Select(score => Places(source, score.Key, score.Coverage)));
        return PanelResult.Of(panels);
    }

    private static string NameOf(CoverageKey key)
        => $"{(key.Case is null ? "true " : "")}{key.Name}{(key.Case is { } why ? $", {CalibrationFile.NameOf(why)}" : "")}{(key.Source == IntervalSource.Calibrated ? ", calibrated" : "")}";

    private static Panel Coverage(ReportSource source, CoveragePart coverage)
    {
        var marks = new List<Mark> { new LineMark("as it should be", PanelColor.Muted, [0, 1], [0, 1]) { Dashed = true } };
        var told = new List<string>();
        var names = coverage.Scores.Select(score => (score.Key.Name, score.Key.Case)).Distinct().Take(Shown).ToList();
        foreach (var (key, counts) in coverage.Scores.Where(score => score.Key.Source != IntervalSource.Shared))
        {
            if (names.IndexOf((key.Name, key.Case)) is not (>= 0 and var number))
            {
                continue;
            }

            var color = PanelColor.Series(number);
            var isCalibrated = key.Source == IntervalSource.Calibrated;
            var places = counts.Places;
            if (!isCalibrated && places.Sum() > 0)
            {
                double[] inside = [.. Enumerable.Range(0, (places.Count / 2) + 1).Select(k => Inside(places, k))];
                marks.Add(new LineMark(NameOf(key), color, [.. inside.Select((_, k) => 2.0 * k / places.Count)], inside) { Width = 2 });
            }
            else
            {
                marks.Add(new PointMark(NameOf(key), color, IntervalCoverage.Levels, counts.Shares) { Shape = isCalibrated ? PointShape.Diamond : PointShape.Disc });
            }

            told.Add($"{NameOf(key)}: intervals of {Words.List(IntervalCoverage.Levels.Select(Words.Percent))} hold {Words.List(counts.Shares.Select(Words.Percent))} of {Words.Count(counts.Entries, "entry", "entries")}.");
        }

        return new Panel
        {
            Kind = "calibration",
            Title = "Coverage of intervals",
            Caption = $"How often central intervals of each level hold what inference did not see (noise of the observations included) or what is true (rates, noise-free values and mapped inputs, without noise). Below the dashed line intervals are too narrow, above it too wide. Entries of a trial depend on each other, so that few trials leave room for chance.{(coverage.IsCalibrated ? " Diamonds are the intervals as the run's calibration corrects them." : " The run has no calibration for what is hidden here; 'ilqr-vae calibrate' makes one.")}",
            Description = string.Join(" ", told),
            X = new Axis("level of the interval") { Limits = (0, 1) },
            Y = new Axis("share of entries inside") { Limits = (0, 1) },
            Marks = marks,
            EqualUnits = true,
            Aspect = 1,
        };
    }

    /// <summary>The share within the middle 2 k of all places.</summary>
    internal static double Inside(IReadOnlyList<long> places, int k)
        => (double)places.Skip((places.Count / 2) - k).Take(2 * k).Sum() / places.Sum();

    private static Panel Places(ReportSource source, CoverageKey key, IntervalCoverage counts)
    {
        var (places, total) = (counts.Places, counts.Places.Sum());
        double[] density = [.. places.Select(count => (double)count * places.Count / total)];
        var (below, above) = ((double)places.Take(places.Count / 20).Sum() / total, (double)places.Skip(places.Count - (places.Count / 20)).Sum() / total);
        var isCount = source.Description.Groups.FirstOrDefault(group => group.Name == key.Name)?.Kind == Recordings.ChannelKind.Counts;
        return new Panel
        {
            Kind = "calibration",
            Title = $"Where {NameOf(key)} lies in its prediction",
            Caption = $"The probability that the prediction gives to less than what was observed (its probability integral transform), over {Words.Count(total, "entry", "entries")} that inference did not see. Where predictions are right all bars are at 1. Bars that rise to both ends: predictions are too narrow; a hump: too wide; a slope: too low or too high.{(isCount ? " A count has a probability of its own, and lies at a random place within it." : "")}",
            Description = $"{NameOf(key)}: bars from {Words.Of(density.Min())} to {Words.Of(density.Max())}; {Words.Percent(below)} in the lowest twentieth and {Words.Percent(above)} in the highest, where 5 % each would be right.",
            X = new Axis("place in the prediction") { Limits = (0, 1) },
            Y = new Axis("entries, over what is right") { Limits = (0, 1.1 * Math.Max(1, density.Max())) },
            Marks =
            [
                new BarMark("observed", PanelColor.Found, [.. Enumerable.Range(0, places.Count).Select(k => (k + 0.5) / places.Count)], density, 1.0 / places.Count),
                new RuleMark("right", PanelColor.Muted, 1, false),
            ],
            Multiples = "places",
        };
    }
}
