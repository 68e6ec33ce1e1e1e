namespace IlqrVae.Data.Import.Arrays;

/// <summary>
/// Something in a file that has a name: numbers, texts, a list of further things (cells), or records with named fields (structures, groups). What all formats of
/// named arrays are read into; layouts are looked for here and not in the formats.
/// </summary>
internal abstract class ArrayNode
{
    private readonly ArrayNode? _parent;
    private readonly string _label;
    private readonly string _subscripted;

    protected ArrayNode(ArrayNode? parent, string label, string? subscripted, IReadOnlyList<int> shape)
    {
        (_parent, _label, _subscripted) = (parent, label, subscripted ?? label);
        Shape = shape;
    }

    /// <summary>As a user may write it, in the manner of its format: "trial(3).spikes", "group/counts".</summary>
    public string Name => (_parent?.Name ?? "") + _label;

    /// <summary>The same with a subscript for each axis, as MATLAB users may write it: "trial(3,1).spikes".</summary>
    public string Subscripted => (_parent?.Subscripted ?? "") + _subscripted;

    /// <summary>Lengths of its axes.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>Why it cannot be read and how to mend that, as the end of a sentence; null where it can.</summary>
    public virtual string? Fault => null;

    /// <summary>Number of entries.</summary>
    public long Count => Shape.Aggregate(1L, (product, length) => product * length);

    /// <summary>What it is, in a word or two.</summary>
    public abstract string Type { get; }

    /// <summary>The texts that it is, null where it is something else.</summary>
    public virtual IReadOnlyList<string>? Texts => null;
}

/// <summary>An array of numbers, kept in the type in which it is stored and read when asked for.</summary>
internal sealed class NumberNode : ArrayNode
{
    private readonly Func<Array> _load;
    private Array? _stored;

    /// <summary>Nothing is read yet.</summary>
    /// <param name="parent">What it is in.</param>
    /// <param name="label">What it is called there.</param>
    /// <param name="subscripted">The same with a subscript an axis.</param>
    /// <param name="shape">Lengths of the axes; none for a single number.</param>
    /// <param name="type">Type in words: "double", "uint8".</param>
    /// <param name="isColumnMajor">Whether the first axis varies fastest, and not the last.</param>
    /// <param name="load">Reads the entries, an array of a numeric type.</param>
    /// <param name="fault">Why they cannot be read.</param>
    public NumberNode(ArrayNode? parent, string label, string? subscripted, IReadOnlyList<int> shape, string type, bool isColumnMajor, Func<Array> load, string? fault = null)
        : base(parent, label, subscripted, shape)
    {
        Type = type;
        IsColumnMajor = isColumnMajor;
        Fault = fault;
        _load = load;
    }

    public override string Type { get; }

    public override string? Fault { get; }

    public bool IsColumnMajor { get; }

    /// <summary>Whether the numbers are codes of characters.</summary>
    public bool IsText => Type is "char";

    /// <summary>Whether no axis but one is longer than one.</summary>
    public bool IsVector => Shape.Count(length => length != 1) <= 1;

    /// <summary>The entries in the type and order in which they are stored.</summary>
    public Array Stored => _stored ??= _load();

    public override IReadOnlyList<string>? Texts => !IsText || Fault is not null || Shape.Count != 2 ? null : Count == 0 ? [] : Rows();

    /// <summary>The entries in the order in which they are stored, in double precision.</summary>
    public double[] ToDoubles()
    {
        if (Stored is double[] doubles)
        {
            return doubles;
        }

        var values = new double[Stored.Length];
        StoredNumbers.Copy<double>(Stored, 0, values);
        return values;
    }

    private string[] Rows()
    {
        var (codes, rows) = (ToDoubles(), Shape[0]);
        return [.. Enumerable.Range(0, rows).Select(row => string.Concat(Enumerable.Range(0, Shape[1]).Select(column => (char)codes[row + (column * rows)])).TrimEnd())];
    }
}

/// <summary>An array of texts.</summary>
internal sealed class TextNode(ArrayNode? parent, string label, IReadOnlyList<int> shape, Func<string[]> load) : ArrayNode(parent, label, subscripted: null, shape)
{
    private string[]? _texts;

    public override string Type => "text";

    public override IReadOnlyList<string> Texts => _texts ??= load();
}

/// <summary>A list of things that need not be alike: a cell array. Along more axes than one the first varies fastest.</summary>
internal sealed class ListNode(ArrayNode? parent, string label, string? subscripted, IReadOnlyList<int> shape) : ArrayNode(parent, label, subscripted, shape)
{
    public override string Type => "cell";

    public IReadOnlyList<ArrayNode> Items { get; set; } = [];

    public override IReadOnlyList<string>? Texts => Items.Count > 0 && Items.All(item => item.Texts is { Count: <= 1 } || item.Count == 0) ? [.. Items.Select(item => item.Texts is [var text] ? text : "")] : null;
}

/// <summary>Records that all have the same fields: a structure, an array of structures, a group of a file. Along more axes than one the first varies fastest.</summary>
internal sealed class RecordNode(ArrayNode? parent, string label, string? subscripted, IReadOnlyList<int> shape) : ArrayNode(parent, label, subscripted, shape)
{
    public override string Type => "struct";

    /// <summary>Names of the fields.</summary>
    public IReadOnlyList<string> Fields { get; set; } = [];

    /// <summary>For each record its fields.</summary>
    public IReadOnlyList<IReadOnlyList<ArrayNode>> Records { get; set; } = [];
}

/// <summary>A file of named arrays.</summary>
/// <param name="Path">The file, for messages.</param>
/// <param name="Format">What it is: "MATLAB 7.3".</param>
/// <param name="Root">Its variables, a single record.</param>
/// <param name="FirstIndex">The number of the first entry of an axis in this format: 1 in MATLAB, else 0.</param>
internal sealed record ArrayFile(string Path, string Format, RecordNode Root, int FirstIndex)
{
    /// <summary>What a thing in the file is called: a variable, a column.</summary>
    public string Noun { get; init; } = "variable";

    /// <summary>Whether rows of a table are bins, and nothing needs to tell.</summary>
    public bool RowsAreBins { get; init; }

    /// <summary>Whether the file is one array, whose name says nothing.</summary>
    public bool IsOneArray { get; init; }

    /// <summary>Bytes of all files that it is made of: how much there can be to tell.</summary>
    public long? Bytes { get; init; }

    /// <summary>Samples a second of the recording, where the file says it beside times that are numbers of samples; else null.</summary>
    public double? SampleRate { get; init; }

    /// <summary>Told on the way.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];
}
