namespace IlqrVae.Data;

/// <summary>The header of a group, table or type: a list of messages, in one or more blocks.</summary>
internal sealed class Hdf5Header
{
    public const int Dataspace = 0x01;
    public const int LinkInfo = 0x02;
    public const int Datatype = 0x03;
    public const int Link = 0x06;
    public const int ExternalFiles = 0x07;
    public const int Layout = 0x08;
    public const int GroupInfo = 0x0a;
    public const int Filters = 0x0b;
    public const int SymbolTable = 0x11;

    private const int OldFillValue = 0x04;
    private const int FillValue = 0x05;
    private const int AttributeMessage = 0x0c;
    private const int Continuation = 0x10;
    private const int SharedFlag = 2;
    private const int MostBlocks = 1 << 16;

    /// <summary>A type that is kept elsewhere is there itself: a chain of such would be followed once for each of a header's attributes, and again for each of the next one's.</summary>
    private const int DeepestSharing = 1;

    private const int SharedHeap = 1;

    private readonly List<(int Type, bool IsShared, Hdf5Cursor Data)> messages = [];

    private Hdf5Header()
    {
    }

    public bool IsGroup => messages.Any(message => message.Type is LinkInfo or Link or GroupInfo or SymbolTable);

    public bool IsTable => !IsGroup && messages.Any(message => message.Type == Layout);

    /// <summary>
    /// Reads a header. Its types, links and attributes are looked at, and types that it shares with others where they are kept, for PureHDF makes room for what they declare before it
    /// finds that it is not there.
    /// </summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static Hdf5Header Read(Hdf5Bytes file, ulong address) => Read(file, address, depth: 0);

    private static Hdf5Header Read(Hdf5Bytes file, ulong address, int depth)
    {
        if (depth > DeepestSharing)
        {
            throw new InvalidDataException("a type that is kept elsewhere, and there elsewhere again");
        }

        var header = ReadBlocks(file, address);
        foreach (var type in header.All(Datatype))
        {
            Hdf5TypeCheck.Pass(type);
        }

        foreach (var (_, _, elsewhere) in header.messages.Where(message => message.Type == Datatype && message.IsShared))
        {
            elsewhere.MoveTo(0);
            RequireSoundElsewhere(elsewhere, file, depth);
        }

        foreach (var attribute in header.All(AttributeMessage))
        {
            RequireSound(attribute, file, depth);
        }

        foreach (var fill in header.All(OldFillValue))
        {
            RequireHeld(fill);
        }

        foreach (var fill in header.All(FillValue))
        {
            // Version 3 has flags, of which one tells whether there is a value; version 2 has three bytes, of which the last does.
            var version = fill.Byte();
            var flags = fill.Byte();
            fill.Skip(version < 3 ? 1 : 0);
            if (version < 3 ? fill.Byte() != 0 || version == 1 : (flags & 0x20) != 0)
            {
                RequireHeld(fill);
            }
        }

        foreach (var link in header.All(Link))
        {
            Hdf5Links.Link(link, file);
        }

        return header;
    }

    /// <summary>Refuses a value that declares more than its message holds; of one that ends before it says how long it is, PureHDF takes for that what follows.</summary>
    private static void RequireHeld(Hdf5Cursor fill)
    {
        if (fill.Remaining < sizeof(uint) || fill.Int() > fill.Remaining)
        {
            throw new InvalidDataException("a table declares a value for missing entries that its header does not hold");
        }
    }

    /// <summary>Looks at the header in which a shared type is kept.</summary>
    private static void RequireSoundElsewhere(Hdf5Cursor shared, Hdf5Bytes file, int depth)
    {
        var (version, kind) = (shared.Byte(), shared.Byte());
        if (version == 3 && kind == SharedHeap)
        {
            return;
        }

        shared.Skip(version == 1 ? 6 : 0);
        Read(file, shared.Address(), depth + 1);
    }

    /// <summary>Refuses an attribute that declares more than its message holds.</summary>
    private static void RequireSound(Hdf5Cursor attribute, Hdf5Bytes file, int depth)
    {
        var version = attribute.Byte();
        var flags = attribute.Byte();
        flags = version > 1 ? flags : (byte)0;
        var (name, type, space) = (attribute.Short(), attribute.Short(), attribute.Short());
        if (version is < 1 or > 3)
        {
            return;
        }

        attribute.Skip((version == 3 ? 1 : 0) + Padded(name));
        var start = attribute.Position;
        if ((flags & 1) != 0)
        {
            RequireSoundElsewhere(attribute, file, depth);
        }
        else
        {
            Hdf5TypeCheck.Pass(attribute);
        }

        if (flags != 0)
        {
            return;
        }

        attribute.MoveTo((ulong)start);
        attribute.Skip(4);
        double bytes = attribute.Int();
        attribute.MoveTo((ulong)(start + Padded(type)));
        start = attribute.Position;
        if (space >= 4)
        {
            var (spaceVersion, rank) = (attribute.Byte(), attribute.Byte());
            attribute.Skip(spaceVersion == 1 ? 6 : 2);
            for (var axis = 0; axis < rank; axis++)
            {
                bytes *= attribute.Length();
            }
        }

        attribute.MoveTo((ulong)(start + Padded(space)));
        if (bytes > attribute.Remaining)
        {
            throw new InvalidDataException("an attribute declares more entries than it has");
        }

        int Padded(int size) => version == 1 ? (size + 7) & ~7 : size;
    }

    private static Hdf5Header ReadBlocks(Hdf5Bytes file, ulong address)
    {
        var header = new Hdf5Header();
        var blocks = new Queue<(ulong Address, ulong Length)>();
        var start = file.ReadUpTo(address, 64);
        if (start.Byte() == 1)
        {
            // Version 1: 16 bytes, and the messages padded to eights.
            start.MoveTo(8);
            var size = start.Int();
            header.ReadMessages(file.Read(address + 16, size), isFirstVersion: true, hasOrder: false, blocks);
            for (var block = 0; blocks.TryDequeue(out var next); block++)
            {
                RequireFew(block);
                header.ReadMessages(file.Read(next.Address, next.Length), isFirstVersion: true, hasOrder: false, blocks);
            }

            return header;
        }

        start.MoveTo(0);
        start.Require("OHDR");
        if (start.Byte() is var version and not 2)
        {
            throw new InvalidDataException($"an object header of version {version}");
        }

        var flags = start.Byte();
        start.Skip(((flags & 0x20) != 0 ? 16 : 0) + ((flags & 0x10) != 0 ? 4 : 0));
        var length = start.Whole(1 << (flags & 3));
        var hasOrder = (flags & 4) != 0;
        header.ReadMessages(file.Read(address + (ulong)start.Position, length), isFirstVersion: false, hasOrder, blocks);
        for (var block = 0; blocks.TryDequeue(out var next); block++)
        {
            RequireFew(block);
            var more = file.Read(next.Address, next.Length, "OCHK");
            header.ReadMessages(more.Part(more.Remaining - 4), isFirstVersion: false, hasOrder, blocks);
        }

        return header;
    }

    /// <summary>The messages of a type that are not kept elsewhere, each from its beginning.</summary>
    public IEnumerable<Hdf5Cursor> All(int type)
    {
        foreach (var message in messages.Where(message => message.Type == type && !message.IsShared))
        {
            message.Data.MoveTo(0);
            yield return message.Data;
        }
    }

    public Hdf5Cursor? First(int type) => All(type).FirstOrDefault();

    public bool Has(int type) => messages.Any(message => message.Type == type);

    private static void RequireFew(int block)
    {
        if (block > MostBlocks)
        {
            throw new InvalidDataException("an object header without end");
        }
    }

    private void ReadMessages(Hdf5Cursor block, bool isFirstVersion, bool hasOrder, Queue<(ulong Address, ulong Length)> blocks)
    {
        var prefix = isFirstVersion ? 8 : hasOrder ? 6 : 4;
        while (block.Remaining >= prefix)
        {
            var type = isFirstVersion ? block.Short() : block.Byte();
            var size = block.Short();
            var isShared = (block.Byte() & SharedFlag) != 0;
            block.Skip(prefix - (isFirstVersion ? 5 : 4));
            var data = block.Part(size);
            if (isShared && type is (Link or OldFillValue))
            {
                // PureHDF takes it for one that is here, and makes room for what it declares.
                throw new InvalidDataException("a link or a value for missing entries that is kept elsewhere, which these never are");
            }

            if (type == Continuation)
            {
                blocks.Enqueue((data.Address(), data.Length()));
            }
            else
            {
                messages.Add((type, isShared, data));
            }
        }
    }
}
