namespace IlqrVae.Data.Import.Arrays;

/// <summary>What a name stands for: an array, a list of such things, or records.</summary>
internal sealed class Found
{
    private Found(string name, ArrayNode? node, IReadOnlyList<Found> items, ListKind kind, RecordNode? records)
    {
        (Name, Node, Items, Kind, Records) = (name, node, items, kind, records);
    }

    /// <summary>What it is called in messages.</summary>
    public string Name { get; }

    /// <summary>The array, texts or records that it is; null of a list.</summary>
    public ArrayNode? Node { get; }

    /// <summary>Of a list its items.</summary>
    public IReadOnlyList<Found> Items { get; }

    public bool IsList => Node is null;

    /// <summary>What the items of a list seem to be, as far as its name says.</summary>
    public ListKind Kind { get; }

    /// <summary>The records whose fields the items of a list are.</summary>
    public RecordNode? Records { get; }

    /// <summary>All arrays in it, in order.</summary>
    public IEnumerable<NumberNode> Arrays => IsList ? Items.SelectMany(item => item.Arrays) : Node is NumberNode numbers ? [numbers] : [];

    /// <summary>How deep lists are nested.</summary>
    public int Depth => IsList ? 1 + Items.Select(item => item.Depth).DefaultIfEmpty(0).Max() : 0;

    public static Found Of(string name, ArrayNode node)
    {
        if (node is not ListNode list)
        {
            return new Found(name, node, [], ListKind.Unknown, null);
        }

        // Axes of length one say nothing.
        var axes = Enumerable.Range(0, list.Shape.Count).Where(axis => list.Shape[axis] != 1).ToList();
        if (list.Items.Count == 1)
        {
            return Of(name, list.Items[0]);
        }

        // An axis of length zero leaves nothing, however long another is.
        if (list.Items.Count == 0)
        {
            return List(name, [], ListKind.Unknown);
        }

        var kind = KindOf(name);
        if (axes.Count <= 1)
        {
            return List(name, [.. list.Items.Select(item => Of(Messages.OneLine(item.Name), item))], kind);
        }

        return Nested(0, 0, 1);

        Found Nested(int axis, long first, long stride) => axis == list.Shape.Count
            ? Of(Messages.OneLine(list.Items[(int)first].Name), list.Items[(int)first])
            : list.Shape[axis] == 1 ? Nested(axis + 1, first, stride)
            : List(name, [.. Enumerable.Range(0, list.Shape[axis]).Select(i => Nested(axis + 1, first + (i * stride), stride * list.Shape[axis]))], ListKind.Unknown);
    }

    public static Found List(string name, IReadOnlyList<Found> items, ListKind kind, RecordNode? records = null) => new(name, null, items, kind, records);

    /// <summary>What a name says of the things that have it.</summary>
    public static ListKind KindOf(string name)
    {
        var last = name[(name.LastIndexOfAny(['.', '/']) + 1)..].ToUpperInvariant();
        return last.Contains("TRIAL", StringComparison.Ordinal) || last is "DAT" or "SEQ" or "TD" or "TR" ? ListKind.Trials
            : ((string[])["UNIT", "NEURON", "CHAN", "ELECTRODE", "CLUSTER"]).Any(word => last.Contains(word, StringComparison.Ordinal)) ? ListKind.Channels
            : ListKind.Unknown;
    }
}

/// <summary>What the items of a list are.</summary>
internal enum ListKind
{
    /// <summary>The name does not say.</summary>
    Unknown,

    /// <summary>Trials.</summary>
    Trials,

    /// <summary>Units or channels.</summary>
    Channels,

    /// <summary>Arrays of several areas.</summary>
    Areas,
}
