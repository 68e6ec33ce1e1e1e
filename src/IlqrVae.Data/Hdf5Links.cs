namespace IlqrVae.Data;

/// <summary>A name in a group and what it stands for.</summary>
/// <param name="Name">The name.</param>
/// <param name="Address">Address of the object's header; of a link that is not hard, undefined.</param>
/// <param name="Target">Path of the object of a soft link, else null.</param>
/// <param name="File">File of the object of an external link, else null.</param>
internal sealed record Hdf5Link(string Name, ulong Address, string? Target = null, string? File = null);

/// <summary>
/// Reads the names in a group, kept in any of HDF5's three ways: a symbol table, messages in its header, or a heap with an index. Nothing is followed
/// here. By the HDF5 file format specification, version 3.0.
/// </summary>
internal static class Hdf5Links
{
    public static IReadOnlyList<Hdf5Link> Read(Hdf5Bytes file, Hdf5Header group)
    {
        if (group.First(Hdf5Header.SymbolTable) is { } table)
        {
            return SymbolTable(file, table.Address(), table.Address());
        }

        var links = group.All(Hdf5Header.Link).Select(message => Link(message, file)).ToList();
        if (group.First(Hdf5Header.LinkInfo) is { } info)
        {
            info.Skip(1);
            info.Skip((info.Byte() & 1) != 0 ? 8 : 0);
            var (heap, index) = (info.Address(), info.Address());
            if (heap != file.Undefined && index != file.Undefined)
            {
                var names = Hdf5Heap.Read(file, heap);
                links.AddRange(Index(file, index).Select(id => Link(names.Piece(id), file)));
            }
        }

        return links;
    }

    /// <summary>The link of a message.</summary>
    public static Hdf5Link Link(Hdf5Cursor message, Hdf5Bytes file)
    {
        message.Skip(1);
        var flags = message.Byte();
        var type = (flags & 8) != 0 ? message.Byte() : 0;
        message.Skip(((flags & 4) != 0 ? 8 : 0) + ((flags & 0x10) != 0 ? 1 : 0));
        var name = message.Text((int)Math.Min(message.Whole(1 << (flags & 3)), int.MaxValue));
        switch (type)
        {
            case 0:
                return new Hdf5Link(name, message.Address());
            case 1:
                return new Hdf5Link(name, file.Undefined, Target: message.Text(message.Short()));
            default:
                message.Skip(2 + 1);
                return new Hdf5Link(name, file.Undefined, File: type == 64 ? message.TextToZero() : "");
        }
    }

    private static List<Hdf5Link> SymbolTable(Hdf5Bytes file, ulong tree, ulong heap)
    {
        var header = file.Read(heap, (ulong)(8 + (2 * file.LengthBytes) + file.AddressBytes), "HEAP");
        header.Skip(4);
        var size = header.Length();
        header.Skip(file.LengthBytes);
        var names = file.Read(header.Address(), size);
        var links = new List<Hdf5Link>();
        var bytes = 0UL;
        foreach (var leaf in Leaves(file, tree))
        {
            var start = file.Read(leaf, 8, "SNOD");
            start.Skip(2);
            var count = start.Short();
            var bytesOfEntries = count * (ulong)((2 * file.AddressBytes) + 24);
            RequireApart(ref bytes, bytesOfEntries, file);
            var entries = file.Read(leaf + 8, bytesOfEntries);
            for (var i = 0; i < count; i++)
            {
                names.MoveTo(entries.Address());
                var (name, address) = (names.TextToZero(), entries.Address());
                var kind = entries.Int();
                entries.Skip(4);
                if (kind == 2)
                {
                    names.MoveTo(entries.Int());
                    links.Add(new Hdf5Link(name, file.Undefined, Target: names.TextToZero()));
                    entries.Skip(12);
                }
                else
                {
                    links.Add(new Hdf5Link(name, address));
                    entries.Skip(16);
                }
            }
        }

        return links;
    }

    /// <summary>What the leaves of a B-tree of version 1 for groups point to, in order.</summary>
    private static IEnumerable<ulong> Leaves(Hdf5Bytes file, ulong root)
    {
        var (seen, bytes) = (new HashSet<ulong>(), 0UL);
        var stack = new Stack<ulong>([root]);
        while (stack.TryPop(out var address))
        {
            RequireNew(seen, address);
            var node = file.Read(address, (ulong)(8 + (2 * file.AddressBytes)), "TREE");
            node.Skip(1);
            var (level, count) = (node.Byte(), node.Short());
            var bytesOfEntries = (ulong)(count * (file.LengthBytes + file.AddressBytes));
            RequireApart(ref bytes, bytesOfEntries, file);
            var entries = file.Read(address + (ulong)(8 + (2 * file.AddressBytes)), bytesOfEntries);
            var children = new ulong[count];
            for (var i = 0; i < count; i++)
            {
                entries.Skip(file.LengthBytes);
                children[i] = entries.Address();
            }

            if (level == 0)
            {
                foreach (var child in children)
                {
                    yield return child;
                }

                continue;
            }

            for (var i = count - 1; i >= 0; i--)
            {
                stack.Push(children[i]);
            }
        }
    }

    /// <summary>The identifiers in the heap of all names that an index lists.</summary>
    private static IEnumerable<byte[]> Index(Hdf5Bytes file, ulong address)
    {
        var tree = Hdf5RecordTree.Read(file, address);
        foreach (var record in tree.Records())
        {
            // A hash of the name comes first.
            record.Skip(4);
            yield return record.Take(tree.RecordBytes - 4).ToArray();
        }
    }

    /// <summary>That nodes do not overlap: all together are no longer than the file.</summary>
    private static void RequireApart(ref ulong bytes, ulong more, Hdf5Bytes file)
    {
        bytes += more;
        if (bytes > (ulong)file.Length)
        {
            throw new InvalidDataException("an index whose nodes overlap");
        }
    }

    private static void RequireNew(HashSet<ulong> seen, ulong address)
    {
        if (!seen.Add(address))
        {
            throw new InvalidDataException("an index that runs in circles");
        }
    }
}
