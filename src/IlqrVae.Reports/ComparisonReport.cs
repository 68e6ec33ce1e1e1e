using System.Globalization;
using IlqrVae.Reports.Panels;
using IlqrVae.Runs;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Scores;
using IlqrVae.Runs.Sessions;
using IlqrVae.Runs.Sweeps;
using IlqrVae.Training;

namespace IlqrVae.Reports;

/// <summary>Runs side by side on one page: their settings, scores and learning curves; and what a sweep found.</summary>
public static class ComparisonReport
{
    /// <summary>Runs with a curve each: of more, lines cannot be told apart.</summary>
    private const int MostCurves = 8;

    /// <summary>Points in the table of a sweep.</summary>
    private const int MostPoints = 100;

    private const double SecondsPerMinute = 60;

    /// <summary>Makes the report of runs.</summary>
    /// <param name="comparison">The runs.</param>
    public static Report Create(RunComparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        List<string> names = [.. comparison.Runs.Select((_, i) => $"({i + 1})")];
        var settings = comparison.SettingRows().ToList();
        return new Report(
            $"{Words.Count(comparison.Runs.Count, "run")} compared",
            string.Join(' ', comparison.Remarks.Select(remark => remark.EndsWith('.') ? remark : $"{remark}.").DefaultIfEmpty("Validation has chosen within each run; which run is better is said by trials that chose nothing.")),
            [
                new ReportSection("runs", "Runs", "") { Tables = [new ReportTable("Runs", ["", "folder"], [.. names.Zip(comparison.Runs, (name, run) => (IReadOnlyList<string>)[name, run.Path])])] },
                new ReportSection("settings", "Settings", settings.Count == 0 ? "The settings are the same." : "Those in which the runs differ.")
                {
                    Tables = settings.Count == 0 ? [] : [new ReportTable("Settings that differ", ["setting", .. names], settings)],
                },
                new ReportSection("scores", "Scores", "") { Tables = [new ReportTable("Scores", ["score", .. names], [.. comparison.ScoreRows()])] },
                Learning([.. names.Zip(comparison.Runs, (name, run) => (name, new RunFolder(run.Path), run.ValidationScore))]),
            ]);
    }

    /// <summary>Makes the report of a sweep.</summary>
    /// <param name="outcome">What it found.</param>
    public static Report Create(SweepOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        var (plan, ranked) = (outcome.Plan, outcome.Ranked);
        var best = ranked.FirstOrDefault(one => double.IsFinite(one.Loss));
        return new Report(
            $"{Words.Count(ranked.Count, "combination")} of settings",
            best is null ? ranked.Count == 0 ? "Nothing has ended yet." : "Numbers overflowed at every point." : $"Validation ({TrainingSession.NameOf(outcome.Score)}) prefers {string.Join(", ", best.Point.Settings.Select(one => $"{SweepKey.WordOf(one.Key)} {one.Value}"))}: {Words.Of(-best.Loss)} nats per entry. It has chosen, so that the best scores a little less on other trials.",
            [
                new ReportSection("points", "Points", ranked.Count > MostPoints ? $"The best {MostPoints} of {ranked.Count}." : "")
                {
                    Tables =
                    [
                        new ReportTable(
                            "Points, the best first", ["point", .. plan.Keys.Select(key => SweepKey.WordOf(key.Path)), "iterations", "validation, nats per entry", .. plan.Seeds > 1 ? ["deviation of seeds"] : (string[])[], "best run"],
                            [.. ranked.Take(MostPoints).Select(one => (IReadOnlyList<string>)
                            [
                                $"{one.Point.Number}", .. one.Point.Settings.Select(setting => setting.Value), $"{one.Results[0].Iterations}", Wording.Number(-one.Loss, "0.0000"),
                                .. plan.Seeds > 1 ? [Wording.Number(one.Deviation, "0.0000")] : (string[])[], Path.GetFileName(one.Run.Root),
                            ])]),
                    ],
                },
                new ReportSection("keys", "What each setting does", best is null ? "No point has a score." : "A point is a combination of settings; all others vary with it. Points that ended before the last rung scored after fewer iterations.")
                {
                    Panels = best is null ? [] : [.. plan.Keys.Select((key, i) => OfKey(outcome, key, i))],
                },
                Learning([.. ranked.Take(MostCurves).Select(one => ($"{one.Point.Number}", one.Run, outcome.Score))]),
            ]);
    }

    /// <summary>The validation curves of runs, against iterations and minutes.</summary>
    private static ReportSection Learning(List<(string Name, RunFolder Run, LearningObjective Score)> runs)
    {
        var histories = runs.Take(MostCurves).Select(one => (one.Name, History: HistoryFile.ReadIfAny(one.Run.History)!)).Where(one => one.History is not null)
            .Where(one => one.History["validation_loss"].Any(double.IsFinite)).ToList();
        var words = histories.Count == 0 ? "There are no histories with validation beside these models, so that there are no curves."
            : runs.Count > MostCurves ? $"The first {MostCurves} runs."
            : runs.Select(one => one.Score).Distinct().Count() > 1 ? "Validation measured different things; curves cannot be compared."
            : "";
        return new ReportSection("learning", "Learning", words)
        {
            Panels = histories.Count == 0 ? [] :
            [
                Curves(histories, new Axis("iteration"), history => history["iteration"]),
                Curves(histories, new Axis("time of training", "min"), history => [.. history["seconds"].Select(seconds => seconds / SecondsPerMinute)]),
            ],
        };
    }

    private static Panel Curves(List<(string Name, IReadOnlyDictionary<string, double[]> History)> histories, Axis axis, Func<IReadOnlyDictionary<string, double[]>, double[]> along)
    {
        var lines = histories.Select((one, i) =>
        {
            var (x, loss) = (along(one.History), one.History["validation_loss"]);
            int[] at = [.. Enumerable.Range(0, loss.Length).Where(k => double.IsFinite(loss[k]))];
            var (left, right) = Lines.Thin([.. at.Select(k => x[k])], [.. at.Select(k => -loss[k])]);
            return new LineMark(one.Name, PanelColor.Series(i), left, right) { Dashed = i % 2 == 1 };
        }).ToList();
        return new Panel
        {
            Kind = "learning",
            Title = $"Validation against {(axis.Unit.Length == 0 ? "iterations" : "minutes")}",
            Caption = "What validation measures, in nats per entry; higher is better. Validation trials took no part in learning.",
            Description = string.Join(' ', lines.Select(line => $"{line.Name}: from {Words.Of(line.Y[0])} to {Words.Of(line.Y[^1])} nats per entry, highest {Words.Of(line.Y.Max())}.")),
            X = axis,
            Y = new Axis("validation", "nats per entry"),
            Marks = lines,
            Multiples = "learning",
        };
    }

    /// <summary>Scores of all points along the values of one key.</summary>
    private static Panel OfKey(SweepOutcome outcome, SweepKey key, int place)
    {
        var shown = outcome.Ranked.Where(one => double.IsFinite(one.Loss)).ToList();
        var texts = shown.ConvertAll(one => one.Point.Settings[place].Value);
        var numbers = texts.ConvertAll(text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : double.NaN);
        var words = key is ListedKey listed ? listed.Values : [];
        var isNumber = numbers.TrueForAll(double.IsFinite);
        double[] x = [.. isNumber ? numbers : texts.Select(text => (double)words.ToList().IndexOf(text))];
        var last = outcome.Plan.Rungs - 1;
        Mark Points(string name, PanelColor color, PointShape shape, Func<RankedPoint, bool> isOne)
        {
            int[] of = [.. Enumerable.Range(0, shown.Count).Where(i => isOne(shown[i]))];
            return new PointMark(name, color, [.. of.Select(i => x[i])], [.. of.Select(i => -shown[i].Loss)])
            {
                Shape = shape,
                Labels = [.. of.Select(i => $"point {shown[i].Point.Number}: {string.Join(", ", shown[i].Point.Settings.Select(one => $"{SweepKey.WordOf(one.Key)} {one.Value}"))}")],
                Errors = outcome.Plan.Seeds > 1 ? [.. of.Select(i => shown[i].Deviation)] : null,
            };
        }

        List<Mark> marks = [Points(last > 0 ? "trained to the end" : "points", PanelColor.Found, PointShape.Disc, one => one.Rung == last)];
        if (last > 0)
        {
            marks.Add(Points("ended before", PanelColor.Compared, PointShape.Circle, one => one.Rung < last));
        }

        var groups = texts.Zip(shown).GroupBy(one => one.First, StringComparer.Ordinal).Select(group => $"{group.Key}: best {Words.Of(group.Max(one => -one.Second.Loss))} of {Words.Count(group.Count(), "point")}");
        return new Panel
        {
            Kind = "learning",
            Title = key.Path,
            Caption = $"Validation scores of all points against '{key.Path}', in nats per entry; higher is better.{(outcome.Plan.Seeds > 1 ? " Bars are the standard deviation of the seeds." : "")}",
            Description = key is ListedKey ? $"{string.Join("; ", groups)}." : $"{Words.Count(shown.Count, "point")} from {Words.Of(x.Min())} to {Words.Of(x.Max())}; the best at {texts[0]}.",
            X = new Axis(SweepKey.WordOf(key.Path))
            {
                Logarithmic = isNumber && key is RangedKey { IsLogarithmic: true },
                Ticks = isNumber ? null : [.. words.Select((word, i) => ((double)i, word.Length > 20 ? word[..17] + "..." : word))],
                Limits = isNumber ? null : (-0.5, words.Count - 0.5),
            },
            Y = new Axis("validation", "nats per entry"),
            Marks = marks,
        };
    }
}
