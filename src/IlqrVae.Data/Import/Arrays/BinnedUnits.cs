using IlqrVae.Data.Import.Timed;

namespace IlqrVae.Data.Import.Arrays;

/// <summary>What is known of the units of binned counts, to choose them by: their places, their areas, and lists with an entry a unit.</summary>
internal static class BinnedUnits
{
    private const string Index = "index";

    /// <summary>The table of the units.</summary>
    /// <param name="file">The file.</param>
    /// <param name="spikes">The counts.</param>
    /// <param name="units">How many units there are.</param>
    /// <param name="unitsFirst">Whether they are the first axis.</param>
    public static ColumnTable Table(ArrayFile file, BinnedSignal spikes, int units, bool unitsFirst)
    {
        var columns = new List<TableColumn> { TableColumn.OfNumbers(Index, "place", [.. Enumerable.Range(0, units).Select(unit => (double)unit + file.FirstIndex)]) };
        if (spikes.Areas.Count > 0)
        {
            columns.Add(TableColumn.OfTexts(SpikeAreas.Column, "text", [.. spikes.Areas.SelectMany(area => Enumerable.Repeat(area.Area, area.Units))]));
        }

        // A list that is as long as other axes too must say by its name what it is of.
        var isClear = units > 1 && units != spikes.Trials && !spikes.Tables.Any(table => table.Bins(unitsFirst) == units);
        var lists = ArrayTables.Lists(file.Root, units).Where(one => units > 1 && (isClear || ArrayRoles.IsOfChannels(one.Name)) && columns.TrueForAll(column => column.Name != one.Name));
        return new ColumnTable($"the units of '{spikes.Name}'", units, [.. columns, .. ArrayTables.OfLists("", units, lists).Columns]);
    }
}
