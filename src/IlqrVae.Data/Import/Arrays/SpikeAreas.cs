namespace IlqrVae.Data.Import.Arrays;

/// <summary>
/// Counts, or times of spikes, of several areas that stand in arrays of their own, as M1_spikes and PMd_spikes of TrialData, or probe00/spikes.times and probe01/spikes.times. They become one group, the areas side by side: one model explains all units, and the
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
        var star = path.IndexOf('*', StringComparison.Ordinal);
        if (star < 0 || star != path.LastIndexOf('*') || Found.KindOf(path) == ListKind.Trials)
        {
            return null;
        }

        var names = ArrayPaths.All(file).Where(one => AreaOf(path, one.Name).Length > 0).ToList();

        // Lists of single units, one beside the other, are no areas.
        if (names.Count < 2 || !(names.TrueForAll(one => one.Example is NumberNode { Fault: null, IsText: false, IsVector: false }) || names.TrueForAll(one => HoldsTimes(file, path, one.Name))))
        {
            return null;
        }

        return Found.List(Messages.OneLine(path), [.. names.Select(one => ArrayPaths.Find(file, one.Name))], ListKind.Areas);
    }

    /// <summary>What the star of a pattern stands for in a name; empty where the name is not of the pattern.</summary>
    public static string AreaOf(string pattern, string name)
    {
        var star = pattern.IndexOf('*', StringComparison.Ordinal);
        var (front, back) = (pattern[..star], pattern[(star + 1)..]);
        return name.Length > front.Length + back.Length && name.StartsWith(front, StringComparison.Ordinal) && name.EndsWith(back, StringComparison.Ordinal)
            && name[front.Length..^back.Length] is var area && area.AsSpan().IndexOfAny('.', '/') < 0 ? area : "";
    }

    /// <summary>The list of the unit of each spike that belongs to one area's times: of the same object or group, or called as the area is.</summary>
    public static string? UnitsOf(ArrayFile file, NumberNode times, string name, string area)
    {
        var lists = SpikeLayout.Beside(file, times);
        var own = lists.Where(one => ArrayRoles.ObjectOf(one) == ArrayRoles.ObjectOf(name)).ToList();
        if (ArrayRoles.ObjectOf(name).Length > 0 && ArrayRoles.Units(own) is { } beside)
        {
            return beside;
        }

        return area.Length == 0 ? null : own.Find(one => ArrayRoles.Last(one) is var last && last.Contains(area, StringComparison.Ordinal)
            && ArrayRoles.Units([last.Replace(area, "", StringComparison.Ordinal).Trim('_', '-')]) is not null);
    }

    /// <summary>What to write to take several areas together; null where their names have nothing in common.</summary>
    public static string? Pattern(IReadOnlyList<string> names)
    {
        var (front, back) = (0, 0);
        while (names.All(name => name.Length > front && name[front] == names[0][front]))
        {
            front++;
        }

        while (names.All(name => name.Length - back > front && name[^(back + 1)] == names[0][^(back + 1)]))
        {
            back++;
        }

        // What areas share of their own names is theirs: of M1_spikes and MC_spikes the letter M.
        front = names[0][..front].LastIndexOfAny(['_', '.', '/']) + 1;
        var rest = back == 0 ? -1 : names[0][^back..].IndexOfAny(['_', '.', '/']);
        back = rest < 0 ? 0 : back - rest;
        var pattern = $"{names[0][..front]}*{names[0][^back..]}";
        return pattern.Length > 1 && names.All(name => AreaOf(pattern, name).Length > 0) ? pattern : null;
    }

    private static bool HoldsTimes(ArrayFile file, string pattern, string name)
    {
        var found = ArrayPaths.Find(file, name);
        return found.IsList ? SpikeLayout.AreTimes(file, found, [])
            : found.Node is NumberNode { IsVector: true, Fault: null, IsText: false } list && UnitsOf(file, list, name, AreaOf(pattern, name)) is not null;
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
