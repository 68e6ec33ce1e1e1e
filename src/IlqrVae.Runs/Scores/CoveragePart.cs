using System.Text.Json.Nodes;
using IlqrVae.Evaluation;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Scores;

/// <summary>
/// How often intervals of 50, 90 and 95 % hold true rates, values and inputs, by both posteriors, and with the noise what was observed and hidden; with
/// the run's calibration and without.
/// </summary>
/// <param name="Scores">What was looked at, whose intervals, and the shares.</param>
/// <param name="IsCalibrated">Whether a calibration was used.</param>
public sealed record CoveragePart(IReadOnlyList<(CoverageKey Key, IntervalCoverage Coverage)> Scores, bool IsCalibrated) : IReportPart
{
    /// <summary>The name under which inputs are looked at.</summary>
    public const string Inputs = "inputs";

    /// <summary>Why there is nothing to be looked at.</summary>
    public const string Nothing = "nothing can be looked at: no group is hidden (--hide, --forecast, --gap) whose observations the dataset holds, and it knows no true rates, values or inputs";

    /// <inheritdoc/>
    public string Key => "coverage";

    /// <summary>The coverage of a result; null when it was not asked for.</summary>
    /// <param name="result">What was found.</param>
    public static CoveragePart? Of(InferenceResult result)
    {
        if (result.Coverage.Count == 0)
        {
            return null;
        }

        var sums = new Dictionary<CoverageKey, IntervalCoverage>();
        foreach (var (key, coverage) in result.Coverage.SelectMany(one => one.Counts))
        {
            if (!sums.TryGetValue(key, out var sum))
            {
                sums[key] = sum = new IntervalCoverage();
            }

            sum.Add(coverage);
        }

        foreach (var source in Enum.GetValues<IntervalSource>())
        {
            if (OfInputs(result, source) is { } inputs)
            {
                sums[new CoverageKey(Inputs, null, source)] = inputs;
            }
        }

        return new CoveragePart(
            [.. sums.OrderBy(pair => pair.Key.Case is null ? 0 : 1).ThenBy(pair => pair.Key.Case).Select(pair => (pair.Key, pair.Value))], result.Calibration is not null);
    }

    /// <inheritdoc/>
    public JsonNode ToJson()
    {
        var json = new JsonObject { ["levels"] = Json.Numbers(IntervalCoverage.Levels) };
        foreach (var source in Enum.GetValues<IntervalSource>().Where(source => source != IntervalSource.Calibrated || IsCalibrated))
        {
            json[NameOf(source)] = new JsonObject(Scores.Where(score => score.Key.Case is null && score.Key.Source == source)
                .Select(score => KeyValuePair.Create(score.Key.Name, (JsonNode?)Json.Numbers(score.Coverage.Shares))));
        }

        foreach (var of in Scores.Where(score => score.Key.Case is not null).GroupBy(score => score.Key.Case!.Value))
        {
            json[CalibrationFile.NameOf(of.Key)] = new JsonObject(of.GroupBy(score => score.Key.Name, StringComparer.Ordinal).Select(group =>
            {
                var shares = new JsonObject { ["entries"] = group.First().Coverage.Entries };
                foreach (var (key, coverage) in group)
                {
                    shares[NameOf(key.Source)] = Json.Numbers(coverage.Shares);
                }

                return KeyValuePair.Create(group.Key, (JsonNode?)shares);
            }));
        }

        if (Scores.Count == 0)
        {
            json["nothing"] = Nothing;
        }

        return json;
    }

    /// <inheritdoc/>
    public IEnumerable<IReadOnlyList<string>> ToRows()
    {
        if (Scores.Count == 0)
        {
            return [["coverage", "-", Nothing]];
        }

        var levels = string.Join(' ', IntervalCoverage.Levels.Select(level => Wording.Number(level, "0.00")));
        return Scores.Select(score => (IReadOnlyList<string>)
        [
            $"coverage of {score.Key.Name}{(score.Key.Case is { } why ? $", {CalibrationFile.NameOf(why)}" : "")}, {(score.Key.Source == IntervalSource.Laplace ? "Laplace" : NameOf(score.Key.Source))}",
            string.Join(' ', score.Coverage.Shares.Select(share => Wording.Number(share))),
            $"by intervals of {levels}{(score.Key.Case is null ? "" : ", noise included")}{(score.Key.Name == Inputs && score.Key.Case is null ? "; after the best affine map" : "")}",
        ]);
    }

    private static string NameOf(IntervalSource source) => source switch
    {
        IntervalSource.Laplace => "laplace",
        IntervalSource.Shared => "shared",
        _ => "calibrated",
    };

    private static IntervalCoverage? OfInputs(InferenceResult result, IntervalSource source)
    {
        IReadOnlyList<double>? widths = null;
        if (source == IntervalSource.Calibrated)
        {
            if (result.Calibration?.Truth.FirstOrDefault(one => one.Name == Inputs) is not { } known)
            {
                return null;
            }

            widths = [.. IntervalCoverage.Levels.Select(level => RunCalibration.HalfWidth(known.HalfWidths, level))];
        }

        if (InputScores.Of(result, source != IntervalSource.Shared) is not { } trials)
        {
            return null;
        }

        var coverage = new IntervalCoverage();
        foreach (var score in trials.SelectMany(trial => trial.Scores.Values))
        {
            coverage.AddScore(score, widths);
        }

        return coverage.Entries == 0 ? null : coverage;
    }
}
