using System.Globalization;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Import.Timed;

/// <summary>What the cells of a column are.</summary>
internal enum ColumnKind
{
    /// <summary>Numbers; NaN where there is none.</summary>
    Number,

    /// <summary>True or false.</summary>
    Truth,

    /// <summary>Texts.</summary>
    Text,

    /// <summary>Something that expressions do not read: lists, references, compounds.</summary>
    Other,
}

/// <summary>A named column of a table of units, trials or the like.</summary>
internal sealed class TableColumn
{
    private TableColumn(string name, ColumnKind kind, string type, double[] numbers, string[] texts)
    {
        Name = name;
        Kind = kind;
        Type = type;
        Numbers = numbers;
        Texts = texts;
    }

    public string Name { get; }

    public ColumnKind Kind { get; }

    /// <summary>The type in words, as "float64" or "lists of text".</summary>
    public string Type { get; }

    /// <summary>Of numbers and of what is true (1) or false (0), one a row.</summary>
    public double[] Numbers { get; }

    /// <summary>Of texts, one a row.</summary>
    public string[] Texts { get; }

    public static TableColumn OfNumbers(string name, string type, double[] numbers) => new(name, ColumnKind.Number, type, numbers, []);

    public static TableColumn OfTruth(string name, IEnumerable<bool> values) => new(name, ColumnKind.Truth, "bool", [.. values.Select(value => value ? 1.0 : 0.0)], []);

    public static TableColumn OfTexts(string name, string type, string[] texts) => new(name, ColumnKind.Text, type, [], texts);

    public static TableColumn OfOther(string name, string type) => new(name, ColumnKind.Other, type, [], []);

    /// <summary>Some of its entries under another name.</summary>
    public TableColumn At(string name, IReadOnlyList<int> rows) => Kind switch
    {
        ColumnKind.Text => OfTexts(name, Type, [.. rows.Select(row => Texts[row])]),
        ColumnKind.Truth => OfTruth(name, rows.Select(row => Numbers[row] != 0)),
        ColumnKind.Number => OfNumbers(name, Type, [.. rows.Select(row => Numbers[row])]),
        _ => OfOther(name, Type),
    };

    /// <summary>The same column with the rows of others, of the same kind, behind its own.</summary>
    public TableColumn Then(IEnumerable<TableColumn> others)
    {
        TableColumn[] all = [this, .. others];
        return new(Name, Kind, Type, [.. all.SelectMany(one => one.Numbers)], [.. all.SelectMany(one => one.Texts)]);
    }

    /// <summary>A cell as it is printed.</summary>
    public string Cell(int row) => Kind switch
    {
        ColumnKind.Number => Numbers[row].ToString("R", CultureInfo.InvariantCulture),
        ColumnKind.Truth => Numbers[row] != 0 ? "true" : "false",
        ColumnKind.Text => Texts[row],
        _ => "",
    };
}

/// <summary>A table of named columns: of trials, of units.</summary>
/// <param name="Name">What to call it in messages: "the table of trials '/intervals/trials'".</param>
/// <param name="Rows">Number of rows.</param>
/// <param name="Columns">Its columns.</param>
internal sealed record ColumnTable(string Name, int Rows, IReadOnlyList<TableColumn> Columns)
{
    /// <summary>A column that may be absent.</summary>
    public TableColumn? Find(string name) => Columns.FirstOrDefault(column => string.Equals(column.Name, name, StringComparison.Ordinal));

    /// <summary>A column that must be there.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="option">The option that names it.</param>
    /// <param name="name">The name.</param>
    public TableColumn Require(string path, string option, string name) => Find(name) ?? throw new InputException($"{option}: {path}: {Lacks(name)}.");

    /// <summary>A column of numbers that must be there.</summary>
    public double[] RequireNumbers(string path, string option, string name) => Require(path, option, name) switch
    {
        { Kind: ColumnKind.Number } column => column.Numbers,
        var column => throw new InputException($"{option}: column '{name}' of {Name} in {path} holds {column.Type} where times in seconds are needed; name another column."),
    };

    /// <summary>What the columns say of a row, lists and the like left out.</summary>
    public Dictionary<string, TrialLabel> Labels(int row)
    {
        var labels = new Dictionary<string, TrialLabel>(StringComparer.Ordinal);
        foreach (var column in Columns.Where(column => column.Kind != ColumnKind.Other && !column.Name.AsSpan().ContainsAny('/', '\0') && column.Name is not ("" or "." or "..")))
        {
            // HDF5 texts end at a zero.
            labels[column.Name] = column.Kind == ColumnKind.Text ? TrialLabel.Of(column.Texts[row].Replace("\0", "", StringComparison.Ordinal)) : new TrialLabel(column.Numbers[row]);
        }

        return labels;
    }

    /// <summary>That there is no such column, and which there are.</summary>
    public string Lacks(string name)
    {
        var names = Columns.Select(column => column.Name).ToList();
        return $"there is no column '{Messages.OneLine(name)}' in {Name}; {Spelling.DidYouMean(name, names)}The columns are {Messages.Names(names)}";
    }
}
