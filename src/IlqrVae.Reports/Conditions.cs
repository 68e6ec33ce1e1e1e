using System.Globalization;
using IlqrVae.Recordings;
using IlqrVae.Runs.Scores;

namespace IlqrVae.Reports;

/// <summary>Which trials are repetitions of each other: by the truth table <c>condition</c>, or by what the experimenter noted.</summary>
/// <param name="Name">What tells conditions apart.</param>
/// <param name="Names">The conditions, numbers in rising order and texts by their letters.</param>
/// <param name="OfTrial">The condition of each trial; -1 where it is not known.</param>
internal sealed record Conditions(string Name, IReadOnlyList<string> Names, IReadOnlyList<int> OfTrial)
{
    /// <summary>Words in names of labels that tell conditions, those that tell most first.</summary>
    private static readonly string[] Telling = ["condition", "target", "direction", "angle", "stimulus", "type", "choice", "outcome"];

    /// <summary>Number of trials of each.</summary>
    public IReadOnlyList<int> Counts => [.. Names.Select((_, k) => OfTrial.Count(one => one == k))];

    /// <summary>The angle of each condition in radians, where conditions are angles; else null.</summary>
    public IReadOnlyList<double>? Angles { get; init; }

    /// <summary>The conditions of trials; null where none are known or none repeats.</summary>
    /// <param name="trials">The trials.</param>
    public static Conditions? Of(IReadOnlyList<Trial> trials)
    {
        double[] known = [.. trials.Select(trial => TruthTables.Complete(trial, "condition") is { Bins: > 0 } table ? table[0, 0] : double.NaN)];
        if (Array.Exists(known, double.IsFinite))
        {
            return Make("condition", [.. known.Select(value => new TrialLabel(value))]);
        }

        var names = trials.SelectMany(trial => trial.Labels.Keys).Distinct(StringComparer.Ordinal).Where(name => !TrialEvents.IsPlace(name)).Order(StringComparer.Ordinal).ToList();
        return names.OrderBy(Rank).Select(name => Make(name, [.. trials.Select(trial => trial.Labels.TryGetValue(name, out var label) ? label : new TrialLabel(double.NaN))]))
            .FirstOrDefault(found => found is { Names.Count: > 1 } && found.OfTrial.Count(one => one >= 0) >= 2 * found.Names.Count);
    }

    private static int Rank(string name) => Array.FindIndex(Telling, word => name.Contains(word, StringComparison.OrdinalIgnoreCase)) is >= 0 and var at ? at : Telling.Length;

    private static Conditions? Make(string name, IReadOnlyList<TrialLabel> labels)
    {
        var there = labels.Where(label => label.Text is not null || double.IsFinite(label.Number)).Distinct()
            .OrderBy(label => label.Text is null ? label.Number : double.PositiveInfinity).ThenBy(label => label.Text, StringComparer.Ordinal).ToList();
        if (there.Count == 0)
        {
            return null;
        }

        var isAngle = there.Count > 2 && there.TrueForAll(label => label.Text is null) && (name.Contains("angle", StringComparison.OrdinalIgnoreCase) || name.Contains("direction", StringComparison.OrdinalIgnoreCase));
        var isDegrees = there.Exists(label => Math.Abs(label.Number) > 2 * Math.PI);
        return new Conditions(
            name,
            [.. there.Select(label => label.Text ?? label.Number.ToString("G6", CultureInfo.InvariantCulture))],
            [.. labels.Select(label => there.IndexOf(label))])
        {
            Angles = isAngle ? [.. there.Select(label => label.Number * (isDegrees ? Math.PI / 180 : 1))] : null,
        };
    }
}
