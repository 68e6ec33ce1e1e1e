namespace IlqrVae.Data.Tests;

/// <summary>
/// A file of this program with one thing changed that a reader may stumble over: a table or attribute that is gone, of another shape or type, or that holds
/// what it must not. The file is whole and its checksum right, so that what it says is read to the end.
/// </summary>
internal static class MutatedTree
{
    private static readonly double[] s_odd = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, -1, 0, 1e300, -1e300, 5e-324, 2_147_483_648.0, 0.5];
    private static readonly long[] s_oddWholes = [-1, 0, 1, int.MaxValue, int.MinValue, long.MaxValue, long.MinValue, 1_000_000];
    private static readonly string[] s_oddTexts = ["", "\n", "nan", "é", "/", "..", new string('x', 100_000), "spikes", "train", "{", "model: {states: 4096, inputs: 4096}"];

    /// <summary>All tables of a file.</summary>
    public sealed record Tree(IReadOnlyList<(string Path, int[] Shape, Array Values)> Tables, IReadOnlyList<(string Path, string Name, object Value)> Attributes);

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="names">Names that attributes may have.</param>
    public static Tree Read(string path, params string[] names)
    {
        using var archive = Hdf5Archive.Open(path);
        var tables = new List<(string Path, int[] Shape, Array Values)>();
        var attributes = new List<(string Path, string Name, object Value)>();
        Visit("");
        return new Tree(tables, attributes);

        void Visit(string at)
        {
            foreach (var name in names.Where(name => archive.HasAttribute(at, name)))
            {
                attributes.Add((at, name, FirstOf(() => archive.ReadText(at, name), () => archive.ReadWhole(at, name), () => archive.ReadNumber(at, name))));
            }

            if (at.Length > 0 && archive.ContainsTable(at))
            {
                // Lists are left out.
                var values = (Array)FirstOf(() => archive.ReadStrings(at).Values, () => archive.ReadLongs(at).Values, () => archive.ReadDoubles(at).Values, () => Array.Empty<object>());
                if (values is string[] || values is not object[])
                {
                    tables.Add((at, [.. archive.ShapeOf(at)], values));
                }

                return;
            }

            foreach (var child in archive.Children(at))
            {
                Visit(at.Length == 0 ? child : $"{at}/{child}");
            }
        }
    }

    /// <summary>A copy with one change, or two.</summary>
    public static Hdf5Archive Change(Tree tree, Random random)
    {
        var tables = tree.Tables.ToList();
        var attributes = tree.Attributes.ToList();
        for (var changes = random.Next(1, 3); changes > 0; changes--)
        {
            if (attributes.Count > 0 && random.Next(4) == 0)
            {
                var i = random.Next(attributes.Count);
                var (path, name, value) = attributes[i];
                attributes.RemoveAt(i);
                if (random.Next(5) > 0)
                {
                    attributes.Insert(i, (path, name, random.Next(4) == 0 ? OfAnotherType(value, random) : Odd(value, random)));
                }
            }
            else
            {
                var i = random.Next(tables.Count);
                var table = tables[i];
                tables.RemoveAt(i);
                if (random.Next(8) > 0)
                {
                    tables.Insert(i, Changed(table, random));
                }
            }
        }

        return Archive(tables, attributes);
    }

    /// <summary>A copy without a change.</summary>
    public static Hdf5Archive Unchanged(Tree tree) => Archive(tree.Tables, tree.Attributes);

    private static Hdf5Archive Archive(IEnumerable<(string Path, int[] Shape, Array Values)> tables, IEnumerable<(string Path, string Name, object Value)> attributes)
    {
        var archive = new Hdf5Archive();
        var added = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (path, shape, values) in tables.Where(table => added.Add(table.Path)))
        {
            switch (values)
            {
                case string[] texts:
                    archive.Add(path, [.. texts], shape);
                    break;
                case long[] wholes:
                    archive.Add(path, [.. wholes], shape);
                    break;
                default:
                    archive.Add(path, [.. (double[])values], shape);
                    break;
            }
        }

        foreach (var (path, name, value) in attributes)
        {
            switch (value)
            {
                case string text:
                    archive.SetAttribute(path.Length == 0 ? "/" : path, name, text);
                    break;
                case long whole:
                    archive.SetAttribute(path.Length == 0 ? "/" : path, name, whole);
                    break;
                default:
                    archive.SetAttribute(path.Length == 0 ? "/" : path, name, (double)value);
                    break;
            }
        }

        return archive;
    }

    private static (string Path, int[] Shape, Array Values) Changed((string Path, int[] Shape, Array Values) table, Random random)
    {
        var (path, shape, values) = table;
        var length = values.Length;
        return random.Next(7) switch
        {
            0 => (path + "x", shape, values),
            1 => (path, random.Next(2) == 0 ? [length] : [1, length], values),
            2 when length > 1 => (path, [length / 2], Part(values, length / 2)),
            3 => (path, [0], Part(values, 0)),
            4 when shape.Length == 2 => (path, [shape[1], shape[0]], values),
            5 => (path, shape, values is string[] texts ? texts.Select(text => (double)text.Length).ToArray() : (Array)Enumerable.Range(0, length).Select(i => $"{values.GetValue(i)}").ToArray()),
            _ => (path, shape, WithOdd(values, random)),
        };
    }

    private static Array Part(Array values, int length)
    {
        var part = Array.CreateInstance(values.GetType().GetElementType()!, length);
        Array.Copy(values, part, length);
        return part;
    }

    private static Array WithOdd(Array values, Random random)
    {
        var copy = (Array)values.Clone();
        for (var i = random.Next(1, 4); i > 0 && copy.Length > 0; i--)
        {
            var at = random.Next(copy.Length);
            copy.SetValue(Odd(copy.GetValue(at)!, random), at);
        }

        return copy;
    }

    private static object Odd(object value, Random random) => value switch
    {
        // A configuration: one of its lines is another.
        string { Length: > 100 } text when text.Contains('\n', StringComparison.Ordinal) => WithOddLine(text.Split('\n'), random),
        string => s_oddTexts[random.Next(s_oddTexts.Length)],
        long => s_oddWholes[random.Next(s_oddWholes.Length)],
        _ => s_odd[random.Next(s_odd.Length)],
    };

    private static string WithOddLine(string[] lines, Random random)
    {
        var i = random.Next(lines.Length);
        var key = lines[i].Split(':')[0];
        lines[i] = random.Next(3) == 0 ? lines[random.Next(lines.Length)] : $"{key}: {(random.Next(2) == 0 ? s_odd[random.Next(s_odd.Length)].ToString(System.Globalization.CultureInfo.InvariantCulture) : s_oddTexts[random.Next(s_oddTexts.Length)])}";
        return string.Join('\n', lines);
    }

    private static object OfAnotherType(object value, Random random) => value switch
    {
        string => random.Next(2) == 0 ? 3L : 0.25,
        long whole => random.Next(2) == 0 ? $"{whole}" : whole + 0.5,
        _ => $"{value}",
    };

    private static object FirstOf(params Func<object>[] readers)
    {
        for (var i = 0; ; i++)
        {
            try
            {
                return readers[i]();
            }
            catch (InputException) when (i < readers.Length - 1)
            {
                // Of another type, then.
            }
        }
    }
}
