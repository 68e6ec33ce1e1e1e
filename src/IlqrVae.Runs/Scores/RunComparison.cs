using System.Text.Json.Nodes;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;
using IlqrVae.Training;

namespace IlqrVae.Runs.Scores;

/// <summary>A run that is compared with others.</summary>
/// <param name="Path">What the user called it.</param>
/// <param name="Settings">Its settings as YAML, by their paths.</param>
/// <param name="Fingerprint">Of the recording it learned from.</param>
/// <param name="Summary">How training went.</param>
/// <param name="ValidationScore">What validation measured.</param>
/// <param name="Parameters">Free numbers.</param>
public sealed record ComparedRun(
    string Path, IReadOnlyDictionary<string, string> Settings, string Fingerprint, TrainingSummary Summary, LearningObjective ValidationScore, int Parameters)
{
    /// <summary>What it scores on given trials; null where none were given.</summary>
    public EvaluationReport? Report { get; init; }
}

/// <summary>Runs side by side: the settings they differ in, and their scores.</summary>
/// <param name="Runs">The runs.</param>
public sealed record RunComparison(IReadOnlyList<ComparedRun> Runs)
{
    /// <summary>Paths are relative to each run's folder, and what they name is told by the recording's fingerprint.</summary>
    private static readonly HashSet<string> NoSettings = new(["data", "extensions", "training.threads", "training.checkpoint-interval"], StringComparer.Ordinal);

    /// <summary>Reads a run.</summary>
    /// <param name="run">Its folder, or a model file.</param>
    /// <exception cref="InputException">There is none.</exception>
    public static ComparedRun Read(string run)
    {
        var (description, raw, summary) = ModelFile.Read(RunFolder.ModelOf(run));
        return new ComparedRun(
            run,
            ConfigurationFile.Values(description.Configuration).Where(one => !NoSettings.Contains(one.Path)).ToDictionary(one => one.Path, one => (one.Value ?? "").TrimStart('[').Replace("\n", "; ", StringComparison.Ordinal), StringComparer.Ordinal),
            description.Fingerprint, summary, description.Configuration.Training.ScoreOfValidation, raw.Length);
    }

    /// <summary>The settings in which runs differ, in the order of configurations.</summary>
    public IReadOnlyList<string> Differences
        => [.. Runs.SelectMany(run => run.Settings.Keys).Distinct(StringComparer.Ordinal).Where(key => Runs.Select(run => run.Settings.GetValueOrDefault(key)).Distinct(StringComparer.Ordinal).Count() > 1)];

    /// <summary>What makes the scores of training no measure of which run is better, a sentence each.</summary>
    public IEnumerable<string> Remarks
    {
        get
        {
            if (Runs.Select(run => run.Fingerprint).Distinct(StringComparer.Ordinal).Count() > 1)
            {
                yield return "the runs learned from different recordings, so that their validation scores cannot be compared; give the same trials to all with --data.";
            }

            if (Runs.Where(run => double.IsFinite(run.Summary.ValidationLoss)).Select(run => run.ValidationScore).Distinct().Count() > 1)
            {
                yield return "validation measured different things, so that its scores cannot be compared; give the same trials to all with --data.";
            }
        }
    }

    /// <summary>The settings that differ, a row of all runs for each.</summary>
    public IEnumerable<IReadOnlyList<string>> SettingRows() => Differences.Select(key => (IReadOnlyList<string>)[key, .. Runs.Select(run => run.Settings.TryGetValue(key, out var value) ? value.Length == 0 ? "none" : value : "-")]);

    /// <summary>The scores, a row of all runs for each.</summary>
    public IEnumerable<IReadOnlyList<string>> ScoreRows()
    {
        foreach (var score in Runs.Where(run => double.IsFinite(run.Summary.ValidationLoss)).Select(run => run.ValidationScore).Distinct())
        {
            yield return [$"validation: {TrainingSession.NameOf(score)}", .. Runs.Select(run => run.ValidationScore == score ? Wording.Number(-run.Summary.ValidationLoss, "0.0000") : "-")];
        }

        yield return ["kept iteration", .. Runs.Select(run => $"{run.Summary.Iteration}/{run.Summary.Iterations}")];
        yield return ["parameters", .. Runs.Select(run => $"{run.Parameters}")];
        yield return ["training time", .. Runs.Select(run => Wording.Duration(run.Summary.Seconds))];
        var reports = Runs.Select(run => (run.Report?.ToRows() ?? []).GroupBy(row => row[0], StringComparer.Ordinal).ToDictionary(row => row.Key, row => row.First()[1], StringComparer.Ordinal)).ToList();
        foreach (var name in Runs.SelectMany(run => run.Report?.ToRows() ?? []).Select(row => row[0]).Distinct(StringComparer.Ordinal))
        {
            yield return [name, .. reports.Select(report => report.GetValueOrDefault(name, "-"))];
        }
    }

    /// <summary>The comparison as JSON.</summary>
    public JsonObject ToJson() => new()
    {
        ["differences"] = Json.Texts(Differences),
        ["runs"] = new JsonArray([.. Runs.Select(run => (JsonNode)new JsonObject
        {
            ["run"] = run.Path,
            ["recording"] = run.Fingerprint,
            ["settings"] = new JsonObject(run.Settings.Select(one => KeyValuePair.Create(one.Key, (JsonNode?)JsonValue.Create(one.Value)))),
            ["validation_score"] = TrainingSession.NameOf(run.ValidationScore),
            ["validation_loss"] = Json.Number(run.Summary.ValidationLoss),
            ["best_iteration"] = run.Summary.Iteration,
            ["iterations"] = run.Summary.Iterations,
            ["parameters"] = run.Parameters,
            ["seconds"] = Json.Number(run.Summary.Seconds),
            ["evaluation"] = run.Report?.ToJson(),
        })]),
    };
}
