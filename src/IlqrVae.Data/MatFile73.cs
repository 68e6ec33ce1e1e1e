namespace IlqrVae.Data;

/// <summary>Reads MATLAB files of level 7.3, which are HDF5: an array is a table with its axes reversed, a structure is a group.</summary>
internal static class MatFile73
{
    private const int DeepestNesting = 32;
    private const int MostVariables = 10_000;

    public static IReadOnlyList<MatVariable> Read(string path)
    {
        using var archive = Hdf5Archive.Open(path);
        var variables = new List<MatVariable>();
        var seen = 0;
        Add(archive, "", "", variables, ref seen, depth: 0);
        return variables;
    }

    private static void Add(Hdf5ArchiveReader archive, string group, string prefix, List<MatVariable> variables, ref int seen, int depth)
    {
        if (depth > DeepestNesting)
        {
            throw new InputException($"{archive.Path}: '{Hdf5ArchiveReader.Rooted(group)}' is nested deeper than {DeepestNesting}; save its arrays as plain variables.");
        }

        foreach (var child in archive.Children(group))
        {
            // A few links between groups can make endlessly many paths.
            if (++seen > MostVariables)
            {
                throw new InputException($"{archive.Path}: there are more than {MostVariables} variables and fields; save fewer, or the arrays as plain variables.");
            }

            // What cells and objects refer to is kept in groups of MATLAB's own.
            if (child.StartsWith('#'))
            {
                continue;
            }

            var path = $"{group}/{child}";
            if (archive.ContainsTable(path))
            {
                variables.Add(Variable(archive, path, prefix + child));
            }
            else if (archive.Contains(path))
            {
                if (archive.HasAttribute(path, "MATLAB_sparse"))
                {
                    variables.Add(Sparse(archive, path, prefix + child));
                }
                else
                {
                    Add(archive, path, prefix + child + ".", variables, ref seen, depth + 1);
                }
            }
        }
    }

    private static MatVariable Variable(Hdf5ArchiveReader archive, string path, string name)
    {
        var reversed = archive.ShapeOf(path).Reverse().ToList();
        List<int> shape = reversed.Count switch
        {
            0 => [1, 1],
            1 => [reversed[0], 1],
            _ => reversed,
        };
        var className = archive.HasAttribute(path, "MATLAB_class") ? archive.ReadText(path, "MATLAB_class") : "double";
        if (archive.HasAttribute(path, "MATLAB_empty") && archive.ReadWhole(path, "MATLAB_empty") != 0)
        {
            return new MatVariable(archive.Path, name, [0, 0], className, () => []);
        }

        if (!StoredNumbers.IsNumber(archive.TypeOf(path)))
        {
            var hasClass = archive.HasAttribute(path, "MATLAB_class");
            return Unread(archive, name, shape, className, (hasClass, className) switch
            {
                (true, "cell") => "is a cell array, which is not read from -v7.3 files; save it with -v7",
                (true, "double" or "single") => "is complex; save its real(...) or abs(...) with -v7",
                (true, _) => $"is of class {className}, which is not read; save its numbers with -v7 as plain arrays",
                _ => "is a field of an array of structures, which is not read from -v7.3 files; save it with -v7",
            });
        }

        var (_, stored) = archive.ReadStored(path);
        return new MatVariable(archive.Path, name, shape, className, () =>
        {
            var values = new double[stored.Length];
            StoredNumbers.Copy<double>(stored, 0, values);
            return values;
        });
    }

    /// <summary>A sparse array is a group of the row of each entry, where each column's entries start, and the entries; the first and last lack where all is zero.</summary>
    private static MatVariable Sparse(Hdf5ArchiveReader archive, string path, string name)
    {
        double[] Numbers(string part) => archive.ContainsTable($"{path}/{part}") ? archive.ReadDoubles($"{path}/{part}").Values : [];
        var (rows, starts, entries) = (Numbers("ir"), Numbers("jc"), Numbers("data"));
        var height = archive.ReadWhole(path, "MATLAB_sparse");
        if (height is < 0 or > int.MaxValue || starts.Length == 0)
        {
            throw new InputException($"{archive.Path}: sparse variable '{Hdf5ArchiveReader.Rooted(path)}' is incomplete; save it again.");
        }

        IReadOnlyList<int> shape = [(int)height, starts.Length - 1];
        var className = archive.HasAttribute(path, "MATLAB_class") ? archive.ReadText(path, "MATLAB_class") : "double";
        return new MatVariable(archive.Path, name, shape, className, () => SparseArray.Fill(shape, rows, starts, entries)
            ?? throw new InputException($"{archive.Path}: sparse variable '{Hdf5ArchiveReader.Rooted(path)}' does not fit its shape {Messages.Shape(shape)}; save it again."));
    }

    private static MatVariable Unread(Hdf5ArchiveReader archive, string name, IReadOnlyList<int> shape, string className, string fault) =>
        new(archive.Path, name, shape, className, () => [], fault);
}
