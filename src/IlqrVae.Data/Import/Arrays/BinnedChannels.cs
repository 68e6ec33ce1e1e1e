using System.Globalization;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Import.Arrays;

/// <summary>Takes channels out of binned tables, and names them.</summary>
internal static class BinnedChannels
{
    /// <summary>Names of channels, which keep their number in the file, counted from 0.</summary>
    public static string[] Names(string stem, List<int> rows, int channels)
    {
        var digits = $"{channels - 1}".Length;
        return [.. rows.Select(row => $"{stem}-{row.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0')}")];
    }

    /// <summary>Names of units by their area and their number in it.</summary>
    public static string[] NamesByArea(IReadOnlyList<(string Area, int Units)> areas, List<int> rows)
    {
        var all = areas.SelectMany(area => Names(area.Area, [.. Enumerable.Range(0, area.Units)], area.Units)).ToList();
        return [.. rows.Select(row => all[row])];
    }

    /// <summary>Some bins of some channels as observations; NaN, and what lies beyond the end of a table, are missing.</summary>
    public static Observations Take(ChannelKind kind, BinnedTable source, bool unitsFirst, List<int> rows, int first, int bins)
    {
        var (largest, isAll) = (0.0, true);
        for (var bin = 0; bin < bins; bin++)
        {
            foreach (var row in rows)
            {
                var value = At(bin, row);
                isAll &= !double.IsNaN(value);
                largest = Math.Max(largest, value);
            }
        }

        if (kind == ChannelKind.Values)
        {
            return Observations.FromValues(new Table(bins, rows.Count, Filled(value => value)), Mask());
        }

        // Counts are many and small.
        return largest <= byte.MaxValue ? Observations.FromCounts<byte>(bins, rows.Count, Filled(value => double.IsNaN(value) ? (byte)0 : (byte)value), Mask())
            : Observations.FromCounts<int>(bins, rows.Count, Filled(value => double.IsNaN(value) ? 0 : (int)value), Mask());

        double At(int bin, int row) => first + bin < source.Bins(unitsFirst) ? source.At(unitsFirst, row, first + bin) : double.NaN;

        T[] Filled<T>(Func<double, T> convert)
        {
            var entries = new T[(long)bins * rows.Count];
            for (var (bin, i) = (0, 0); bin < bins; bin++)
            {
                foreach (var row in rows)
                {
                    entries[i++] = convert(At(bin, row));
                }
            }

            return entries;
        }

        bool[]? Mask() => isAll ? null : Filled(value => !double.IsNaN(value));
    }

    /// <summary>Some bins of all channels.</summary>
    public static Table TakeTable(BinnedTable source, bool unitsFirst, int first, int bins)
    {
        var table = new Table(bins, source.Units(unitsFirst));
        for (var bin = 0; bin < bins; bin++)
        {
            for (var column = 0; column < table.Columns; column++)
            {
                table[bin, column] = source.At(unitsFirst, column, first + bin);
            }
        }

        return table;
    }
}
