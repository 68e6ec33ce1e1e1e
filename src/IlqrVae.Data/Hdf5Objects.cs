using System.Globalization;

namespace IlqrVae.Data;

/// <summary>A group or table of a file.</summary>
/// <param name="Address">Where its header is.</param>
/// <param name="Header">Its header.</param>
internal sealed record Hdf5Object(ulong Address, Hdf5Header Header);

/// <summary>
/// Finds groups and tables by their paths. Links are followed here and not by PureHDF, which follows those that run in circles until the stack is full,
/// goes into other files, and takes a group's symbol table from where HDF5 leaves it behind when it has converted the group to newer links.
/// </summary>
internal sealed class Hdf5Objects
{
    // In front of the address in a path to an object that a reference leads to; no name that people write begins with it.
    private const char ByAddress = '\u0001';

    /// <summary>As many soft links in a row as the HDF5 library follows.</summary>
    private const int MostLinks = 16;

    private readonly string file;
    private readonly Dictionary<ulong, Hdf5Object> objects = [];
    private readonly Dictionary<ulong, Dictionary<string, Hdf5Link>> links = [];
    private readonly ulong root;

    /// <summary>Reads the beginning of a file.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public Hdf5Objects(Stream stream, long start, string file)
    {
        this.file = file;
        Bytes = new Hdf5Bytes(stream, start);
        root = ReadSuperblock();
    }

    public Hdf5Bytes Bytes { get; }

    /// <summary>Where the file says that it ends; what is behind is no part of it.</summary>
    public long End { get; private set; }

    /// <summary>A path to what a reference leads to.</summary>
    public static string PathTo(ulong address) => string.Create(CultureInfo.InvariantCulture, $"{ByAddress}{address}");

    /// <summary>The group or table at a path, or null.</summary>
    /// <exception cref="InputException">A link on the way leads in circles or into another file.</exception>
    public Hdf5Object? Find(string path)
    {
        var followed = 0;
        var around = new List<ulong> { root };
        foreach (var segment in Segments(path))
        {
            if ((segment[0] == ByAddress ? ulong.Parse(segment.AsSpan(1), CultureInfo.InvariantCulture) : Child(around[^1], segment, path, ref followed)) is not { } next)
            {
                return null;
            }

            if (around.Contains(next))
            {
                throw new InputException($"{file}: '{Hdf5ArchiveReader.Rooted(path)}' is a link back to a group that it is in; remove the link.");
            }

            around.Add(next);
        }

        return Object(around[^1]) is { } found && (found.Header.IsGroup || found.Header.IsTable) ? found : null;
    }

    /// <summary>Names in a group, sorted, whatever they lead to.</summary>
    public IReadOnlyList<string> Names(Hdf5Object group) => [.. Links(group).Keys.Order(StringComparer.Ordinal)];

    /// <summary>Where the soft link at a path leads; null where there is none.</summary>
    public string? LinkAt(string path)
    {
        var segments = Segments(path).ToList();
        return segments.Count > 0 && Find(string.Join('/', segments.SkipLast(1))) is { Header.IsGroup: true } group && Links(group).TryGetValue(segments[^1], out var link)
            ? link.Target
            : null;
    }

    private static IEnumerable<string> Segments(string path) =>
        path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(segment => !string.Equals(segment, ".", StringComparison.Ordinal));

    private ulong? Child(ulong group, string name, string path, ref int followed)
    {
        var parent = Object(group);
        if (!parent.Header.IsGroup || !Links(parent).TryGetValue(name, out var link))
        {
            return null;
        }

        if (link.File is { } other)
        {
            throw new InputException(
                $"{file}: '{Hdf5ArchiveReader.Rooted(path)}' leads into another file ('{Messages.OneLine(other)}'), which is not followed; copy the data into this file.");
        }

        if (link.Target is not { } target)
        {
            return link.Address;
        }

        if (++followed > MostLinks)
        {
            throw new InputException($"{file}: '{Hdf5ArchiveReader.Rooted(path)}' is a link that leads to itself, or through more than {MostLinks} others; remove the link.");
        }

        ulong? current = target.StartsWith('/') ? root : group;
        foreach (var segment in Segments(target))
        {
            current = current is { } at ? Child(at, segment, path, ref followed) : null;
        }

        return current;
    }

    private Hdf5Object Object(ulong address)
    {
        if (!objects.TryGetValue(address, out var found))
        {
            found = new Hdf5Object(address, Hdf5Header.Read(Bytes, address));
            objects[address] = found;
        }

        return found;
    }

    private Dictionary<string, Hdf5Link> Links(Hdf5Object group)
    {
        if (!links.TryGetValue(group.Address, out var found))
        {
            found = new(StringComparer.Ordinal);
            foreach (var link in Hdf5Links.Read(Bytes, group.Header))
            {
                // Such a name would lead from a group to itself, or past it.
                if (link.Name.Length == 0 || string.Equals(link.Name, ".", StringComparison.Ordinal) || link.Name.Contains('/', StringComparison.Ordinal))
                {
                    throw new InvalidDataException($"a link is called '{Messages.OneLine(link.Name)}', which is no name");
                }

                found.TryAdd(link.Name, link);
            }

            links[group.Address] = found;
        }

        return found;
    }

    /// <summary>A file says where it ends, counted from its very beginning, whatever is in front of the file proper.</summary>
    private void RequireWhole(Hdf5Cursor superblock)
    {
        var length = (ulong)(Bytes.Start + Bytes.Length);
        if (superblock.Address() is var end && end > length)
        {
            throw new EndOfStreamException($"it should have {end} bytes and has {length}");
        }

        End = (long)end;
    }

    private ulong ReadSuperblock()
    {
        var superblock = Bytes.ReadUpTo(0, 128);
        superblock.Skip(8);
        var version = superblock.Byte();
        if (version > 3)
        {
            throw new NotSupportedException($"a superblock of version {version}");
        }

        superblock.Skip(version < 2 ? 4 : 0);
        Bytes.AddressBytes = Size(superblock.Byte());
        Bytes.LengthBytes = Size(superblock.Byte());
        if (version >= 2)
        {
            superblock.Skip(1 + (2 * Bytes.AddressBytes));
            RequireWhole(superblock);
            return superblock.Address();
        }

        // The rest of two versions of odd fields, four addresses, and the root's entry in a symbol table: its name, then its header.
        superblock.Skip(1 + 2 + 2 + 4 + (version == 1 ? 4 : 0) + (2 * Bytes.AddressBytes));
        RequireWhole(superblock);
        superblock.Skip(2 * Bytes.AddressBytes);
        return superblock.Address();

        static int Size(byte size) => size is 2 or 4 or 8 ? size : throw new NotSupportedException($"addresses or lengths of {size} bytes");
    }
}
