using System.Globalization;
using IlqrVae.Data.Import.Timed;

namespace IlqrVae.Data.Import.Nwb;

/// <summary>A table of an NWB file (a DynamicTable): columns that are tables of their own, lists by an index of their ends.</summary>
internal sealed class NwbTable
{
    private const string Index = "_index";

    // The attribute of an index that says what it is of.
    private const string Target = "target";

    // Longer columns are not read to show a few cells.
    private const int MostEntriesShown = 1 << 20;
    private const int LongestList = 3;
    private const int WidestPlace = 4;
    private const int MostRows = 1 << 24;

    private readonly Hdf5ArchiveReader _archive;
    private readonly Dictionary<string, TableColumn> _columns = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _indexes;

    public NwbTable(Hdf5ArchiveReader archive, string path)
    {
        (_archive, Path) = (archive, path);
        var children = archive.Children(path).Where(name => archive.ContainsTable($"{path}/{name}")).ToList();
        var declared = archive.HasAttribute(path, "colnames") ? archive.ReadTexts(path, "colnames") : [];
        var isThere = children.ToHashSet(StringComparer.Ordinal);
        _indexes = IndexesByTarget(children);
        Columns =
        [
            .. ((IEnumerable<string>)[TimedSession.IdColumn, .. declared, .. children]).Distinct(StringComparer.Ordinal)
                .Where(name => isThere.Contains(name) && !((name.EndsWith(Index, StringComparison.Ordinal) && isThere.Contains(name[..^Index.Length])) || _indexes.ContainsValue(name))),
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
    public ColumnTable ToColumns() => new(Words, Rows, [.. Columns.SelectMany(name => (IEnumerable<TableColumn>)[Column(name), .. Parts(name)])]);

    /// <summary>The path of a column's index; null where the column has none.</summary>
    /// <param name="column">The column.</param>
    /// <exception cref="InputException">What is called its index says that it is another's.</exception>
    public string? IndexOf(string column)
    {
        var name = column + Index;
        if (!_archive.ContainsTable($"{Path}/{name}"))
        {
            name = _indexes.GetValueOrDefault(column);
        }
        else if (_archive.ReadReference($"{Path}/{name}", Target) is { } target && target != _archive.AddressOf($"{Path}/{column}"))
        {
            throw new InputException($"{_archive.Path}: '{Hdf5ArchiveReader.Rooted($"{Path}/{name}")}' is called the index of '{column}', but its attribute '{Target}' leads elsewhere; the file contradicts itself, so export it anew.");
        }

        return name is null ? null : $"{Path}/{name}";
    }

    /// <summary>The first entry of each row of a ragged column, and the one behind its last.</summary>
    /// <param name="column">The column that is indexed.</param>
    /// <param name="index">The path of its index: of ends, or of references to parts of the column.</param>
    /// <param name="entries">Entries the column has.</param>
    /// <param name="rows">Rows to expect; negative for any number.</param>
    /// <exception cref="InputException">The index is no index.</exception>
    public (long First, long End)[] Ranges(string column, string index, long entries, int rows)
    {
        if (_archive.DatatypeOf(index) is { IsReference: true, IsRegion: true })
        {
            return Referred(column, index, entries, rows);
        }

        if (_archive.DatatypeOf(index) is { IsReference: true } type)
        {
            throw new InputException($"{_archive.Path}: '{Hdf5ArchiveReader.Rooted(index)}' holds {type.Words}s, which say nothing of entries, where an index is needed; export the file anew with a current MatNWB or pynwb.");
        }

        var ends = _archive.ReadLongs(index, rows).Values;
        var ranges = new (long, long)[ends.Length];
        for (var row = 0; row < ends.Length; row++)
        {
            var first = row > 0 ? ends[row - 1] : 0;
            ranges[row] = ends[row] >= first && ends[row] <= entries ? (first, ends[row]) : throw new InputException(
                $"{_archive.Path}: '{Hdf5ArchiveReader.Rooted(index)}' says that row {row} ends at entry {ends[row]} of {entries}, behind {first}; ends must rise and stay inside the column, so the file is damaged: make it again.");
        }

        return ranges;
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
            var depth = Indexes(column).Count;
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

        var indexed = Indexes(column)[depth - 1];
        if (_archive.ShapeOf(indexed.Index) is not [<= MostEntriesShown])
        {
            return "...";
        }

        var ranges = Ranges(indexed.Column, indexed.Index, _archive.ShapeOf($"{Path}/{indexed.Column}")[0], -1);
        if (row >= ranges.Length)
        {
            return "?";
        }

        var (start, end) = ranges[row];
        var shown = Enumerable.Range(0, (int)Math.Min(LongestList, end - start)).Select(i => Entry(column, depth - 1, start + i, text));
        return $"[{string.Join(", ", shown)}{(end - start > LongestList ? ", ..." : "")}]";
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
            if (_archive.ShapeOf(Indexes(name) is [.., var (_, index)] ? index : $"{Path}/{name}") is [var rows, ..])
            {
                return rows;
            }
        }

        return 0;
    }

    /// <summary>The indexes of a column, one upon the other, each with what it is of.</summary>
    private List<(string Column, string Index)> Indexes(string column)
    {
        const int Deepest = 8;
        var indexes = new List<(string, string)>();
        while (indexes.Count < Deepest && IndexOf(column) is { } index)
        {
            indexes.Add((column, index));
            column = index[(Path.Length + 1)..];
        }

        return indexes;
    }

    /// <summary>Indexes that are not called after their columns, by the columns that they say they are of.</summary>
    private Dictionary<string, string> IndexesByTarget(List<string> children)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in children.Where(name => !name.EndsWith(Index, StringComparison.Ordinal) || !children.Contains(name[..^Index.Length], StringComparer.Ordinal)))
        {
            if (_archive.ReadReference($"{Path}/{name}", Target) is { } target && children.Find(child => child != name && _archive.AddressOf($"{Path}/{child}") == target) is { } column)
            {
                found.TryAdd(column, name);
            }
        }

        return found;
    }

    /// <summary>Rows of a column by references to parts of it, as MatNWB wrote them in 2018.</summary>
    private (long First, long End)[] Referred(string column, string index, long entries, int rows)
    {
        var regions = _archive.ReadRegions(index);
        if (rows >= 0 && regions.Length != rows)
        {
            throw new InputException($"{_archive.Path}: '{Hdf5ArchiveReader.Rooted(index)}' has {regions.Length} entries where the table has {rows} rows; the file is damaged, make it again.");
        }

        var (address, shape) = (_archive.AddressOf($"{Path}/{column}"), _archive.ShapeOf($"{Path}/{column}"));
        return [.. regions.Select((region, row) => region switch
        {
            null => throw Odd(row, "leads nowhere"),
            _ when region.Address != address => throw Odd(row, "leads to another table"),
            { IsWhole: true } => (0L, entries),
            { Blocks: [] } => (0L, 0L),
            { Blocks: [var (first, last)] } when first.Length == shape.Count && last[0] < (ulong)entries && first[0] <= last[0]
                && Enumerable.Range(1, first.Length - 1).All(axis => first[axis] == 0 && last[axis] == (ulong)shape[axis] - 1) => ((long)first[0], (long)last[0] + 1),
            _ => throw Odd(row, "is not of one run of its entries"),
        })];

        InputException Odd(int row, string what) => new(
            $"{_archive.Path}: reference {row} of '{Hdf5ArchiveReader.Rooted(index)}' {what}, where the entries of row {row} in '{Hdf5ArchiveReader.Rooted($"{Path}/{column}")}' are needed; export the file anew with a current MatNWB or pynwb.");
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

    /// <summary>Numbers that stand side by side in each row, as of a place, as columns of their own: tgt_loc_0, tgt_loc_1.</summary>
    private IEnumerable<TableColumn> Parts(string name)
    {
        var path = $"{Path}/{name}";
        if (Column(name).Kind != ColumnKind.Other || Indexes(name).Count > 0 || _archive.ShapeOf(path) is not [var rows, > 1 and <= WidestPlace and var width] || rows != Rows
            || _archive.DatatypeOf(path) is { IsText: true } or { IsReference: true } or { IsCompound: true } or { IsNamed: true })
        {
            return [];
        }

        try
        {
            var numbers = _archive.ReadDoubles(path, Rows, width).Values;
            var type = _archive.DatatypeOf(path).Words;
            return [.. Enumerable.Range(0, width).Select(k => TableColumn.OfNumbers($"{name}_{k}", type, [.. Enumerable.Range(0, Rows).Select(row => numbers[(row * width) + k])])).Where(column => !Has(column.Name))];
        }
        catch (InputException)
        {
            return [];
        }
    }

    private TableColumn ReadColumn(string name)
    {
        var path = $"{Path}/{name}";
        var type = _archive.DatatypeOf(path);
        var shape = _archive.ShapeOf(path);
        var depth = Indexes(name).Count;
        var isOneEach = depth == 1 && shape.Count == 1 && shape[0] == Rows && Ranges(name, IndexOf(name)!, shape[0], Rows) is var ranges && ranges.Index().All(one => one.Item == (one.Index, one.Index + 1));
        if (depth > 0 && !isOneEach)
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
