using IlqrVae.Data.Import.Timed;

namespace IlqrVae.Data.Import.Arrays;

/// <summary>Makes tables of records, or of lists of one length: a row a trial or a unit.</summary>
internal static class ArrayTables
{
    /// <summary>The fields of records that are single numbers or texts, as columns; others by their type only.</summary>
    public static ColumnTable OfRecords(ArrayFile file, RecordNode records)
    {
        var columns = new List<TableColumn>();
        for (var field = 0; field < records.Fields.Count; field++)
        {
            columns.Add(Column(records.Fields[field], [.. records.Records.Select(record => record[field])]));
        }

        // Which row and column of an array of structures a trial stands in is often its condition.
        var axes = Enumerable.Range(0, records.Shape.Count).Where(axis => records.Shape[axis] > 1).ToList();
        for (var axis = 0; axes.Count > 1 && axis < records.Shape.Count; axis++)
        {
            var (stride, length) = (records.Shape.Take(axis).Aggregate(1L, (product, one) => product * one), records.Shape[axis]);
            columns.Add(TableColumn.OfNumbers($"index_{axis + 1}", "place in the array", [.. Enumerable.Range(0, records.Records.Count).Select(i => (double)((i / stride % length) + file.FirstIndex))]));
        }

        return new ColumnTable($"'{Messages.OneLine(records.Name)}'", records.Records.Count, columns);
    }

    /// <summary>Lists of one length as columns.</summary>
    public static ColumnTable OfLists(string name, int rows, IEnumerable<(string Name, ArrayNode Node)> lists) =>
        new(name, rows, [.. lists.Select(one => OfList(one.Name, rows, one.Node))]);

    /// <summary>Lists of numbers or texts of a record, or of the file itself, that have so many entries.</summary>
    public static IEnumerable<(string Name, ArrayNode Node)> Lists(RecordNode record, int rows) => record.Records.Count != 1 ? [] : record.Fields.Zip(record.Records[0])
        .Where(one => one.Second.Count == rows && one.Second.Fault is null && one.Second switch
        {
            NumberNode numbers => numbers.IsVector && !numbers.IsText,
            TextNode texts => texts.Shape.Count(length => length != 1) <= 1,
            ListNode list => list.Texts is not null,
            _ => false,
        });

    private static TableColumn OfList(string name, int rows, ArrayNode node) => node switch
    {
        NumberNode { Type: "logical" or "bool" } truth when truth.Count == rows => TableColumn.OfTruth(name, truth.ToDoubles().Select(value => value != 0)),
        NumberNode { Fault: null } numbers when numbers.Count == rows => TableColumn.OfNumbers(name, numbers.Type, numbers.ToDoubles()),
        { Texts: { } texts } when texts.Count == rows => TableColumn.OfTexts(name, "text", [.. texts]),
        _ => TableColumn.OfOther(name, $"{node.Type} of {Messages.Shape(node.Shape)}"),
    };

    private static TableColumn Column(string name, IReadOnlyList<ArrayNode> cells)
    {
        if (cells.All(cell => cell is NumberNode { IsText: false, Fault: null, Count: <= 1 }) && cells.Any(cell => cell.Count == 1))
        {
            var numbers = cells.Select(cell => cell.Count == 1 ? ((NumberNode)cell).ToDoubles()[0] : double.NaN).ToArray();
            return cells.All(cell => cell is NumberNode { Type: "logical" }) && Array.TrueForAll(numbers, double.IsFinite)
                ? TableColumn.OfTruth(name, numbers.Select(number => number != 0))
                : TableColumn.OfNumbers(name, cells[0].Type, numbers);
        }

        if (cells.All(cell => cell.Count == 0 || cell is NumberNode { IsText: true, Shape: [1, _] } or TextNode { Count: 1 } or ListNode { Items: [{ Texts.Count: 1 }] }) && cells.Any(cell => cell.Count > 0))
        {
            return TableColumn.OfTexts(name, "text", [.. cells.Select(cell => cell.Count > 0 && cell.Texts is [var text] ? text : "")]);
        }

        var example = cells.FirstOrDefault(cell => cell.Count > 0);
        return TableColumn.OfOther(name, example switch
        {
            null => "nothing",
            ListNode => "lists",
            RecordNode => "structures",
            _ => $"{example.Type} of {Messages.Shape(example.Shape)} and the like",
        });
    }
}
