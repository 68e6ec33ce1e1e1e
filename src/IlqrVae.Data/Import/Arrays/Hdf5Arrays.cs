namespace IlqrVae.Data.Import.Arrays;

/// <summary>An HDF5 file of any layout as a tree of named arrays: groups are records, tables are read when they are asked for.</summary>
internal static class Hdf5Arrays
{
    private const int Deepest = 32;
    private const int MostObjects = 10_000;

    // What trials are called whose groups have only numbers.
    private const string Trials = "trials";

    public static ArrayFile Open(Hdf5ArchiveReader archive)
    {
        var seen = 0;
        var remarks = new List<string>();
        var root = new RecordNode(null, "", null, []);
        Fill(root, "", depth: 0);
        return new ArrayFile(archive.Path, "HDF5", root, FirstIndex: 0) { Noun = "table", Remarks = remarks };

        void Fill(RecordNode record, string path, int depth)
        {
            var fields = new List<(string Name, ArrayNode Node)>();
            foreach (var child in archive.Children(path))
            {
                // A few links between groups can make endlessly many paths.
                if (++seen > MostObjects || depth > Deepest)
                {
                    throw new InputException($"{archive.Path}: there are more than {MostObjects} groups and tables, or they are nested deeper than {Deepest}; write the arrays into a file of their own.");
                }

                try
                {
                    if (Node(record, $"{path}/{child}", path.Length == 0 ? child : $"/{child}", depth) is { } node)
                    {
                        fields.Add((child, node));
                    }
                }
                catch (InputException exception)
                {
                    // What is beside the data need not be sound.
                    ArrayTimes.AddOnce(remarks, exception.Message);
                }
            }

            fields = record == root ? Gathered(record, fields, remarks) : fields;
            (record.Fields, record.Records) = ([.. fields.Select(field => field.Name)], [[.. fields.Select(field => field.Node)]]);
        }

        // Numbered groups that all hold the same are one trial each, as of vlgp: one record each of a list of trials.
        List<(string Name, ArrayNode Node)> Gathered(RecordNode parent, List<(string Name, ArrayNode Node)> fields, List<string> told)
        {
            var numbered = fields.Where(field => field.Node is RecordNode { Records.Count: 1, Fields.Count: > 0 } && NumberedNames.StemOf(field.Name) is not null)
                .GroupBy(field => NumberedNames.StemOf(field.Name), StringComparer.Ordinal).ToList();
            if (numbered is not [var one] || one.Count() < 2 || one.Any(field => !((RecordNode)field.Node).Fields.SequenceEqual(((RecordNode)one.First().Node).Fields, StringComparer.Ordinal)) || fields.Exists(field => field.Name == Trials))
            {
                return fields;
            }

            var groups = NumberedNames.InOrder(one, field => field.Name).ToList();
            told.Add($"{archive.Path}: {groups.Count} groups from '{Messages.OneLine(groups[0].Name)}' to '{Messages.OneLine(groups[^1].Name)}' are alike and taken for a trial each: what is in them is called {Trials}/{((RecordNode)groups[0].Node).Fields[0]} and so on.");
            var trials = new RecordNode(parent, Trials, null, [groups.Count]) { Fields = ((RecordNode)groups[0].Node).Fields, Records = [.. groups.Select(group => ((RecordNode)group.Node).Records[0])] };
            return [.. fields.Except(groups), (Trials, trials)];
        }

        ArrayNode? Node(RecordNode parent, string path, string label, int depth)
        {
            if (!archive.Contains(path))
            {
                return null;
            }

            if (!archive.ContainsTable(path))
            {
                var group = new RecordNode(parent, label, null, []);
                Fill(group, path, depth + 1);
                return group;
            }

            var (shape, type) = (archive.ShapeOf(path), archive.DatatypeOf(path));
            if (type.IsText)
            {
                return new TextNode(parent, label, shape, () => archive.ReadStrings(path).Values);
            }

            var stored = archive.TypeOf(path);
            return new NumberNode(parent, label, null, shape, type.IsTruth ? "bool" : type.Words, isColumnMajor: false, () => archive.ReadStored(path).Stored, StoredNumbers.IsNumber(stored) ? null : $"holds {type.Words}, which are not read; write it as numbers");
        }
    }
}
