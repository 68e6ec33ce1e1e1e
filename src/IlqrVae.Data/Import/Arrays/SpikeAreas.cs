namespace IlqrVae.Data.Import.Arrays;

/// <summary>
/// Counts of several areas that stand in arrays of their own, as M1_spikes and PMd_spikes of TrialData. They become one group, the areas side by side: one model explains all units, and the
/// area is a column to choose units or to hold them out by, which makes a group of an area where one is wanted.
/// </summary>
internal static class SpikeAreas
{
    /// <summary>The column of units that says of which area each is.</summary>
    public const string Column = "area";

    private const string Ending = "_spikes";

    /// <summary>The areas that a name with a star stands for; null where it stands for something else.</summary>
    public static Found? Find(ArrayFile file, string path)
    {
        var last = ArrayRoles.Last(path);
        var star = last.IndexOf('*', StringComparison.Ordinal);
        if (star < 0 || Found.KindOf(path) == ListKind.Trials)
        {
            return null;
        }

        var (owner, front, back) = (path[..^last.Length], last[..star], last[(star + 1)..]);
        var names = ArrayPaths.All(file).Where(one => one.Name.Length >= path.Length - 1 && one.Name.StartsWith(owner, StringComparison.Ordinal) && one.Name.AsSpan(owner.Length).IndexOfAny('.', '/') < 0
            && one.Name[owner.Length..].StartsWith(front, StringComparison.Ordinal) && one.Name.EndsWith(back, StringComparison.Ordinal)).ToList();

        // Lists of single units, one beside the other, are no areas.
        return names.Count > 1 && names.TrueForAll(one => one.Example is NumberNode { Fault: null, IsText: false, IsVector: false })
            ? Found.List(Messages.OneLine(path), [.. names.Select(one => ArrayPaths.Find(file, one.Name))], ListKind.Areas)
            : null;
    }

    /// <summary>What to write to take several areas together; null where their names have nothing in common.</summary>
    public static string? Pattern(IReadOnlyList<string> names)
    {
        var owner = names[0][..^ArrayRoles.Last(names[0]).Length];
        return names.All(name => name.StartsWith(owner, StringComparison.Ordinal) && name.EndsWith(Ending, StringComparison.Ordinal)) ? $"{owner}*{Ending}" : null;
    }

    /// <summary>Puts areas side by side: bins x units.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">What to call them together.</param>
    /// <param name="areas">The areas, alike in trials.</param>
    /// <param name="unitsFirst">Whether units are the first axis where an area does not say it itself.</param>
    /// <exception cref="InputException">They have not as many bins.</exception>
    public static BinnedSignal Join(ArrayFile file, string name, IReadOnlyList<BinnedSignal> areas, bool unitsFirst)
    {
        var tables = new List<BinnedTable>();
        for (var k = 0; k < areas[0].Tables.Count; k++)
        {
            var views = areas.Select(area => area.UnitsFirst ?? unitsFirst ? area.Tables[k].View.Permute(1, 0) : area.Tables[k].View).ToList();
            if (views.FindIndex(view => view.Shape[0] != views[0].Shape[0]) is >= 0 and var odd)
            {
                throw new InputException($"{file.Path}: '{areas[odd].Tables[k].Name}' has {views[odd].Shape[0]} bins where '{areas[0].Tables[k].Name}' has {views[0].Shape[0]}; areas are taken together only where they have the same bins.");
            }

            tables.Add(new BinnedTable(areas[0].Tables[k].Name, ArrayView.SideBySide(name, views), areas[0].Tables[k].Row));
        }

        return new BinnedSignal
        {
            Name = name,
            Tables = tables,
            AreTrials = areas[0].AreTrials,
            IsPadded = areas[0].IsPadded,
            UnitsFirst = false,
            Trials = areas[0].Trials,
            TrialAxis = areas[0].TrialAxis,
            Repeats = areas[0].Repeats,
            Records = areas[0].Records,
            Areas = [.. areas.Select(area => (NameOf(area.Name), area.Tables[0].Units(area.UnitsFirst ?? unitsFirst)))],
        };
    }

    private static string NameOf(string name)
    {
        var last = ArrayRoles.Last(name);
        return last.Length > Ending.Length && last.EndsWith(Ending, StringComparison.OrdinalIgnoreCase) ? last[..^Ending.Length]
            : last.StartsWith("spikes_", StringComparison.OrdinalIgnoreCase) ? last[7..]
            : last;
    }
}
