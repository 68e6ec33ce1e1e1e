using IlqrVae.Recordings;
using IlqrVae.Runs.Files;

namespace IlqrVae.Runs.Scores;

/// <summary>A truth table of some trials.</summary>
/// <param name="Name">Its name in the dataset.</param>
/// <param name="Indices">The trials that have it.</param>
/// <param name="Tables">Their tables.</param>
public sealed record TruthTables(string Name, IReadOnlyList<int> Indices, IReadOnlyList<Table> Tables)
{
    /// <summary>The tables of a name; null when no trial has a complete one.</summary>
    public static TruthTables? Of(IReadOnlyList<Trial> trials, string name)
    {
        var indices = Enumerable.Range(0, trials.Count).Where(i => Complete(trials[i], name) is not null).ToList();
        return indices.Count == 0 ? null : new TruthTables(name, indices, [.. indices.Select(i => trials[i].Truth[name])]);
    }

    /// <summary>The true rates or noise-free values of a channel group; null when there are none.</summary>
    public static TruthTables? OfGroup(ModelDescription description, IReadOnlyList<Trial> trials, int group)
    {
        var name = trials.Select(trial => NameOf(description, trial, group)).FirstOrDefault(one => one is not null);
        return name is null ? null : Of(trials, name);
    }

    /// <summary>The same of one trial.</summary>
    public static Table? OfGroup(ModelDescription description, Trial trial, int group)
        => NameOf(description, trial, group) is { } name ? trial.Truth[name] : null;

    /// <summary>
    /// "rates.GROUP" or "mean.GROUP" where there is one, else "rates" or "mean" for the first group that has as many channels and no table of its own.
    /// </summary>
    internal static string? NameOf(ModelDescription description, Trial trial, int group)
    {
        var kind = description.IsRate(group) ? "rates" : "mean";
        string OwnName(int g) => $"{kind}.{description.Groups[g].Name}";
        if (Complete(trial, OwnName(group)) is { } own)
        {
            return own.Columns == description.Groups[group].Channels ? OwnName(group) : null;
        }

        var shared = Complete(trial, kind);
        var first = Enumerable.Range(0, description.Groups.Count).FirstOrDefault(
            g => description.IsRate(g) == description.IsRate(group) && description.Groups[g].Channels == shared?.Columns && Complete(trial, OwnName(g)) is null, -1);
        return shared is not null && first == group ? kind : null;
    }

    /// <summary>The table of a name in one trial; null where there is none, or not a complete one.</summary>
    public static Table? Complete(Trial trial, string name)
        => trial.Truth.TryGetValue(name, out var table) && table.Columns > 0 && Array.TrueForAll(table.Values, double.IsFinite) ? table : null;
}
