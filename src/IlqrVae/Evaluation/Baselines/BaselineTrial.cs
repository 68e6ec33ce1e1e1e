using IlqrVae.Recordings;

namespace IlqrVae.Evaluation.Baselines;

/// <summary>One trial as baselines see it.</summary>
/// <param name="Seen">Bins x seen channels; where an entry is missing, the channel's mean over the training trials.</param>
/// <param name="SeenMask">Row-major, true where a seen entry was observed; null for everywhere.</param>
/// <param name="Targets">For each hidden group bins x channels.</param>
/// <param name="TargetMasks">For each hidden group, row-major, true where observed; null for everywhere.</param>
/// <param name="Condition">The trial's condition; null where it has none.</param>
internal sealed record BaselineTrial(Table Seen, bool[]? SeenMask, IReadOnlyList<Table> Targets, IReadOnlyList<bool[]?> TargetMasks, double? Condition)
{
    /// <summary>Number of bins.</summary>
    public int Bins => Seen.Bins;

    /// <summary>Some consecutive bins.</summary>
    public BaselineTrial Part(int first, int count) => new(
        Rows(Seen, first, count),
        Rows(SeenMask, Seen.Columns, first, count),
        [.. Targets.Select(table => Rows(table, first, count))],
        [.. TargetMasks.Select((mask, g) => Rows(mask, Targets[g].Columns, first, count))],
        null);

    /// <summary>Whether an entry of a hidden group was observed.</summary>
    public bool IsObserved(int group, int bin, int channel) => TargetMasks[group] is not { } mask || mask[(bin * Targets[group].Columns) + channel];

    private static Table Rows(Table table, int first, int count)
        => new(count, table.Columns, table.Values.AsSpan(first * table.Columns, count * table.Columns).ToArray());

    private static bool[]? Rows(bool[]? mask, int columns, int first, int count) => mask?.AsSpan(first * columns, count * columns).ToArray();
}
