using IlqrVae.Data.Import.Arrays;

namespace IlqrVae.Data;

/// <summary>
/// Reads MATLAB files of level 7.3, which are HDF5: an array is a table with its axes reversed, a structure is a group; cells, and fields of arrays of structures, are
/// tables of references to arrays that are kept elsewhere in the file.
/// </summary>
internal sealed class MatFile73
{
    private const int DeepestNesting = 32;
    private const int MostVariables = 10_000;
    private const int MostReferred = 200_000;

    // A structure is rarely shared; what is in it is read anew each time.
    private const int MostOfGroup = 16;
    private const string Class = "MATLAB_class";

    private readonly Hdf5ArchiveReader _archive;

    // Cells that are empty, or alike, are often one object of the file.
    private readonly Dictionary<string, Func<ArrayNode, string, string?, ArrayNode>> _known = new(StringComparer.Ordinal);
    private int _seen;
    private int _referred;
    private readonly Dictionary<string, int> _groups = new(StringComparer.Ordinal);

    private MatFile73(Hdf5ArchiveReader archive) => _archive = archive;

    /// <summary>Reads what there is; numbers are read when they are asked for, from the archive, which must stay open.</summary>
    public static ArrayFile ReadTree(Hdf5ArchiveReader archive)
    {
        var file = new MatFile73(archive);
        var root = new RecordNode(null, "", null, []);
        file.Fill(root, "", "", depth: 0);
        return new ArrayFile(archive.Path, "MATLAB 7.3", root, FirstIndex: 1);
    }

    /// <summary>Fields of a single structure, or variables of the file.</summary>
    private void Fill(RecordNode record, string group, string prefix, int depth)
    {
        var fields = new List<(string Name, ArrayNode Node)>();
        foreach (var child in _archive.Children(group))
        {
            // What cells and objects refer to is kept in groups of MATLAB's own.
            var path = $"{group}/{child}";
            if (!child.StartsWith('#') && _archive.Contains(path))
            {
                fields.Add((child, Read(path, record, prefix + child, null, depth + 1)));
            }
        }

        (record.Fields, record.Records) = ([.. fields.Select(field => field.Name)], [[.. fields.Select(field => field.Node)]]);
    }

    private ArrayNode Read(string path, ArrayNode parent, string label, string? subscripted, int depth)
    {
        // A few links or references in circles can make endlessly many paths, and long ones are slow to follow.
        var most = path[0] == '/' ? MostVariables : MostReferred;
        if ((path[0] == '/' ? ++_seen : ++_referred) > most)
        {
            throw new InputException($"{_archive.Path}: there are more than {most} variables{(path[0] == '/' ? " and fields" : ", fields and cells")}; save fewer, or the arrays as plain variables.");
        }

        if (depth > DeepestNesting)
        {
            throw new InputException($"{_archive.Path}: '{Messages.OneLine(parent.Name + label)}' is nested deeper than {DeepestNesting}; save its arrays as plain variables.");
        }

        if (!_archive.ContainsTable(path))
        {
            return _archive.HasAttribute(path, "MATLAB_sparse") ? Sparse(path, parent, label, subscripted) : Group(path, parent, label, subscripted, depth);
        }

        if (_known.TryGetValue(path, out var again))
        {
            return again(parent, label, subscripted);
        }

        var shape = ShapeOf(path);
        var className = ClassOf(path);
        if (_archive.HasAttribute(path, "MATLAB_empty") && _archive.ReadWhole(path, "MATLAB_empty") != 0)
        {
            return Known(path, (of, name, places) => className == "cell" ? new ListNode(of, name, places, [0, 0]) : Numbers(of, name, places, [0, 0], className, () => Array.Empty<double>()), parent, label, subscripted);
        }

        var type = _archive.TypeOf(path);
        if (StoredNumbers.IsNumber(type))
        {
            return Known(path, (of, name, places) => Numbers(of, name, places, shape, className, () => _archive.ReadStored(path).Stored), parent, label, subscripted);
        }

        if (className == "cell" && _archive.DatatypeOf(path).IsReference)
        {
            var list = new ListNode(parent, label, subscripted, shape);
            list.Items = [.. _archive.ReadReferences(path).Select((to, i) => Referred(to, list, $"{{{i + 1}}}", $"{{{MatFile.Subscripts(shape, i)}}}", depth))];
            return list;
        }

        return Numbers(parent, label, subscripted, shape, className, () => Array.Empty<double>(), (_archive.HasAttribute(path, Class), className) switch
        {
            (true, "double" or "single") => "is complex; save its real(...) or abs(...) with -v7",
            (true, _) => $"is of class {className}, which is not read; save its numbers with -v7 as plain arrays",
            _ => "is a table of references or compounds, which is not read; save its numbers with -v7 as plain arrays",
        });
    }

    private ArrayNode Referred(string? path, ArrayNode parent, string label, string subscripted, int depth) =>
        path is not null && _archive.Contains(path)
            ? Read(path, parent, label, subscripted, depth + 1)
            : Numbers(parent, label, subscripted, [0, 0], "double", () => Array.Empty<double>(), path is null ? null : "is a reference that leads nowhere; save the file again");

    private ArrayNode Group(string path, ArrayNode parent, string label, string? subscripted, int depth)
    {
        _groups[path] = _groups.GetValueOrDefault(path) + 1;
        if (_groups[path] > MostOfGroup)
        {
            throw new InputException($"{_archive.Path}: '{Messages.OneLine(parent.Name + label)}' and others are one structure that is referred to more than {MostOfGroup} times; save the arrays as plain variables.");
        }

        var className = ClassOf(path);
        if (className is not ("double" or "struct"))
        {
            return Numbers(parent, label, subscripted, [1, 1], className, () => Array.Empty<double>(), $"is of class {className}, which is not read; save its numbers with -v7 as plain arrays");
        }

        // Fields of an array of structures are references, one a structure, and have no class.
        var children = _archive.Children(path).Where(child => !child.StartsWith('#')).ToList();
        var isArray = children.Count > 0 && children.TrueForAll(child => _archive.ContainsTable($"{path}/{child}") && !_archive.HasAttribute($"{path}/{child}", Class) && _archive.DatatypeOf($"{path}/{child}").IsReference);
        if (!isArray)
        {
            var single = new RecordNode(parent, label, subscripted, [1, 1]);
            Fill(single, path, ".", depth);
            return single;
        }

        var shape = ShapeOf($"{path}/{children[0]}");
        var array = new RecordNode(parent, label, subscripted, shape) { Fields = children };
        var references = children.ConvertAll(child => _archive.ReadReferences($"{path}/{child}"));
        if (references.Exists(column => column.Length != references[0].Length))
        {
            throw new InputException($"{_archive.Path}: the fields of '{Messages.OneLine(array.Name)}' have not as many structures each; save the file again.");
        }

        array.Records =
        [
            .. Enumerable.Range(0, references[0].Length).Select(i => (IReadOnlyList<ArrayNode>)
            [
                .. children.Select((child, field) => Referred(
                    references[field][i], array, references[0].Length == 1 ? $".{child}" : $"({i + 1}).{child}", references[0].Length == 1 ? $".{child}" : $"({MatFile.Subscripts(shape, i)}).{child}", depth)),
            ]),
        ];
        return array;
    }

    /// <summary>A sparse array is a group of the row of each entry, where each column's entries start, and the entries; the first and last lack where all is zero.</summary>
    private NumberNode Sparse(string path, ArrayNode parent, string label, string? subscripted)
    {
        double[] Numbers(string part) => _archive.ContainsTable($"{path}/{part}") ? _archive.ReadDoubles($"{path}/{part}").Values : [];
        var starts = Numbers("jc");
        var height = _archive.ReadWhole(path, "MATLAB_sparse");
        if (height is < 0 or > int.MaxValue || starts.Length == 0)
        {
            throw new InputException($"{_archive.Path}: sparse variable '{Messages.OneLine(parent.Name + label)}' is incomplete; save it again.");
        }

        IReadOnlyList<int> shape = [(int)height, starts.Length - 1];
        return MatFile73.Numbers(parent, label, subscripted, shape, ClassOf(path), () => SparseArray.Fill(shape, Numbers("ir"), starts, Numbers("data"))
            ?? throw new InputException($"{_archive.Path}: sparse variable '{Messages.OneLine(parent.Name + label)}' does not fit its shape {Messages.Shape(shape)}; save it again."));
    }

    private ArrayNode Known(string path, Func<ArrayNode, string, string?, ArrayNode> make, ArrayNode parent, string label, string? subscripted)
    {
        _known[path] = make;
        return make(parent, label, subscripted);
    }

    private static NumberNode Numbers(ArrayNode parent, string label, string? subscripted, IReadOnlyList<int> shape, string className, Func<Array> load, string? fault = null) =>
        new(parent, label, subscripted, shape, className, isColumnMajor: true, load, fault);

    private List<int> ShapeOf(string path)
    {
        var reversed = _archive.ShapeOf(path).Reverse().ToList();
        return reversed.Count switch
        {
            0 => [1, 1],
            1 => [reversed[0], 1],
            _ => reversed,
        };
    }

    private string ClassOf(string path) => _archive.HasAttribute(path, Class) ? _archive.ReadText(path, Class) : "double";
}
