using System.Globalization;
using IlqrVae.Data.Import.Timed;

namespace IlqrVae.Data.Import.Nwb;

/// <summary>A table of an NWB file (a DynamicTable): columns that are tables of their own, lists by an index of their ends.</summary>
internal sealed class NwbTable
{
    private const string Index = "_index";

    // Longer columns are not read to show a few cells.
    private const int MostEntriesShown = 1 << 20;
    private const int LongestList = 3;
    private const int MostRows = 1 << 24;

    private readonly Hdf5ArchiveReader _archive;
    private readonly Dictionary<string, TableColumn> _columns = new(StringComparer.Ordinal);

    public NwbTable(Hdf5ArchiveReader archive, string path)
    {
        (_archive, Path) = (archive, path);
        var children = archive.Children(path).Where(name => archive.ContainsTable($"{path}/{name}")).ToList();
        var declared = archive.HasAttribute(path, "colnames") ? archive.ReadTexts(path, "colnames") : [];
        var isThere = children.ToHashSet(StringComparer.Ordinal);
        Columns =
        [
            .. ((IEnumerable<string>)[TimedSession.IdColumn, .. declared, .. children]).Distinct(StringComparer.Ordinal)
                .Where(name => isThere.Contains(name) && !(name.EndsWith(Index, StringComparison.Ordinal) && isThere.Contains(name[..^Index.Length]))),
        ];
        Rows = CountRows(isThere);
        if (Rows > MostRows)
        {
            throw new InputException($"{archive.Path}: the table '{path}' has {Rows} rows, more than is believed; the file is damaged, make it again.");
        }
    }

    public string Path { get; }

    public int Rows { get; }

    /// <summary>Names of the columns: the id, those that the table declares, and what else is there.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>What to call the table in messages.</summary>
    public string Words => $"the table '{Hdf5ArchiveReader.Rooted(Path)}'";

    public bool Has(string column) => Columns.Contains(column, StringComparer.Ordinal);

    /// <summary>All columns; those that are lists, references or the like by their type only.</summary>
    public ColumnTable ToColumns() => new(Words, Rows, [.. Columns.Select(Column)]);

    /// <summary>The ends of each row's entries in a ragged column.</summary>
    /// <param name="column">The column that is indexed.</param>
    /// <param name="entries">Entries it has.</param>
    /// <param name="rows">Rows to expect; negative for any number.</param>
    /// <exception cref="InputException">The index is no index.</exception>
    public long[] Ends(string column, long entries, int rows)
    {
        var path = $"{Path}/{column}{Index}";
        if (_archive.DatatypeOf(path) is { IsReference: true } type)
        {
            throw new InputException($"{_archive.Path}: '{Hdf5ArchiveReader.Rooted(path)}' holds {type.Words}s, as MatNWB wrote them in 2018, which are not read; export the file anew with a current MatNWB or pynwb.");
        }

        var ends = _archive.ReadLongs(path, rows).Values;
        for (var row = 0; row < ends.Length; row++)
        {
            if (ends[row] < (row > 0 ? ends[row - 1] : 0) || ends[row] > entries)
            {
                throw new InputException(
                    $"{_archive.Path}: '{Hdf5ArchiveReader.Rooted(path)}' says that row {row} ends at entry {ends[row]} of {entries}, behind {(row > 0 ? ends[row - 1] : 0)}; ends must rise and stay inside the column, so the file is damaged: make it again.");
            }
        }

        return ends;
    }

    /// <summary>The first cells of a column as they are printed.</summary>
    /// <param name="column">The column.</param>
    /// <param name="count">How many, at most the rows there are.</param>
    public IReadOnlyList<string> Cells(string column, int count)
    {
        var rows = Enumerable.Range(0, count);
        var found = Column(column);
        if (found.Kind != ColumnKind.Other)
        {
            return [.. rows.Select(found.Cell)];
        }

        try
        {
            var depth = Depth(column);
            var shape = _archive.ShapeOf($"{Path}/{column}");
            if (shape.Count == 0 || shape.Aggregate(1L, (product, length) => product * length) > MostEntriesShown)
            {
                return [.. rows.Select(_ => "...")];
            }

            var text = Texts(column, shape);
            return [.. rows.Select(row => EntryOrUnknown(column, depth, row, text))];
        }
        catch (InputException)
        {
            return [.. rows.Select(_ => "?")];
        }
    }

    private string EntryOrUnknown(string column, int depth, long row, Func<long, string> text)
    {
        try
        {
            return Entry(column, depth, row, text);
        }
        catch (InputException)
        {
            return "?";
        }
    }

    /// <summary>Entry of a column at some depth of its indexes: at depth 0 an entry of the column itself.</summary>
    private string Entry(string column, int depth, long row, Func<long, string> text)
    {
        if (depth == 0)
        {
            return text(row);
        }

        var indexed = column + string.Concat(Enumerable.Repeat(Index, depth - 1));
        var ends = Ends(indexed, _archive.ShapeOf($"{Path}/{indexed}")[0], -1);
        if (row >= ends.Length)
        {
            return "?";
        }

        var start = row > 0 ? ends[row - 1] : 0;
        var shown = Enumerable.Range(0, (int)Math.Min(LongestList, ends[row] - start)).Select(i => Entry(column, depth - 1, start + i, text));
        return $"[{string.Join(", ", shown)}{(ends[row] - start > LongestList ? ", ..." : "")}]";
    }

    /// <summary>What an entry of the stored column looks like.</summary>
    private Func<long, string> Texts(string column, IReadOnlyList<int> shape)
    {
        var path = $"{Path}/{column}";
        var type = _archive.DatatypeOf(path);
        var width = (int)shape.Skip(1).Aggregate(1L, (product, length) => product * length);
        var entries = shape.Aggregate(1L, (product, length) => product * length);
        Func<long, string> one;
        if (type.IsText)
        {
            var texts = _archive.ReadStrings(path).Values;
            one = i => $"'{Messages.OneLine(texts[i])}'";
        }
        else if (type.IsReference || type.IsCompound)
        {
            return _ => $"<{(type.IsCompound ? "compound" : type.Words)}>";
        }
        else
        {
            var numbers = _archive.ReadDoubles(path).Values;
            one = i => type.IsTruth ? (numbers[i] != 0 ? "true" : "false") : numbers[i].ToString("G6", CultureInfo.InvariantCulture);
        }

        return width == 1 ? i => i < entries ? one(i) : "?" : i => (i + 1) * width > entries ? "?" : $"[{string.Join(", ", Enumerable.Range(0, Math.Min(width, LongestList)).Select(k => one((i * width) + k)))}{(width > LongestList ? ", ..." : "")}]";
    }

    private int CountRows(HashSet<string> isThere)
    {
        if (isThere.Contains(TimedSession.IdColumn))
        {
            return _archive.ReadShape($"{Path}/{TimedSession.IdColumn}", rank: 1)[0];
        }

        foreach (var name in Columns)
        {
            var of = name + string.Concat(Enumerable.Repeat(Index, Depth(name)));
            if (_archive.ShapeOf($"{Path}/{of}") is [var rows, ..])
            {
                return rows;
            }
        }

        return 0;
    }

    /// <summary>How many indexes a column has, one upon the other.</summary>
    private int Depth(string column)
    {
        const int Deepest = 8;
        var depth = 0;
        for (var name = column + Index; depth < Deepest && _archive.ContainsTable($"{Path}/{name}"); name += Index)
        {
            depth++;
        }

        return depth;
    }

    private TableColumn Column(string name)
    {
        if (!_columns.TryGetValue(name, out var column))
        {
            try
            {
                column = ReadColumn(name);
            }
            catch (InputException exception)
            {
                column = TableColumn.OfOther(name, $"data that are not read ({exception.Message[(exception.Message.IndexOf(": ", StringComparison.Ordinal) + 2)..].TrimEnd('.')})");
            }

            _columns[name] = column;
        }

        return column;
    }

    private TableColumn ReadColumn(string name)
    {
        var path = $"{Path}/{name}";
        var type = _archive.DatatypeOf(path);
        var shape = _archive.ShapeOf(path);
        var depth = Depth(name);
        if (depth > 0)
        {
            return TableColumn.OfOther(name, $"{string.Concat(Enumerable.Repeat("lists of ", depth))}{type.Words}{(shape.Count > 1 ? $", {Messages.Shape([.. shape.Skip(1)])} each" : "")}");
        }

        if (shape.Count != 1 || type.IsReference || type.IsCompound)
        {
            return TableColumn.OfOther(name, shape.Count > 1 ? $"{type.Words}, {Messages.Shape([.. shape.Skip(1)])} a row" : type.Words);
        }

        if (shape[0] != Rows)
        {
            return TableColumn.OfOther(name, $"{type.Words}, {shape[0]} entries for {Rows} rows");
        }

        if (type.IsText)
        {
            return TableColumn.OfTexts(name, type.Words, _archive.ReadStrings(path, Rows).Values);
        }

        var numbers = _archive.ReadDoubles(path, Rows).Values;
        if (type.IsTruth)
        {
            return TableColumn.OfTruth(name, numbers.Select(number => number != 0));
        }

        if (type.IsNamed && type.Names.Count > 0)
        {
            return TableColumn.OfTexts(name, type.Words, Array.ConvertAll(numbers, number => NameOf(type, number)));
        }

        return TableColumn.OfNumbers(name, type.Words, numbers);
    }

    private static string NameOf(Hdf5Datatype type, double number)
    {
        for (var i = 0; i < type.Numbers.Count; i++)
        {
            if (type.Numbers[i] == number)
            {
                return type.Names[i];
            }
        }

        return number.ToString("R", CultureInfo.InvariantCulture);
    }
}
