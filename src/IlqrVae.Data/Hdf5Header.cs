namespace IlqrVae.Data;

/// <summary>The header of a group, table or type: a list of messages, in one or more blocks.</summary>
internal sealed class Hdf5Header
{
    public const int Dataspace = 0x01;
    public const int LinkInfo = 0x02;
    public const int Datatype = 0x03;
    public const int OldFillValue = 0x04;
    public const int FillValue = 0x05;
    public const int Link = 0x06;
    public const int ExternalFiles = 0x07;
    public const int Layout = 0x08;
    public const int GroupInfo = 0x0a;
    public const int Filters = 0x0b;
    public const int Attribute = 0x0c;
    public const int SymbolTable = 0x11;
    public const int AttributeInfo = 0x15;

    private const int Continuation = 0x10;
    private const int SharedFlag = 2;

    private readonly Dictionary<int, Hdf5Header> elsewhere = [];
    private readonly List<(int Type, bool IsShared, Hdf5Cursor Data)> messages = [];

    private Hdf5Header()
    {
    }

    public bool IsGroup => messages.Any(message => message.Type is LinkInfo or Link or GroupInfo or SymbolTable);

    public bool IsTable => !IsGroup && messages.Any(message => message.Type == Layout);

    /// <summary>All messages and whether each is kept elsewhere.</summary>
    public IReadOnlyList<(int Type, bool IsShared, Hdf5Cursor Data)> Messages => messages;

    /// <summary>How many bytes its blocks have.</summary>
    public long Bytes { get; private set; }

    /// <summary>Reads a header and looks at what it declares, before PureHDF believes it.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static Hdf5Header Read(Hdf5Bytes file, ulong address)
    {
        var header = ReadUnchecked(file, address);
        Hdf5MessageCheck.Pass(file, header);
        return header;
    }

    /// <summary>Reads a header as a list of messages.</summary>
    /// <exception cref="InvalidDataException">It is no such list.</exception>
    public static Hdf5Header ReadUnchecked(Hdf5Bytes file, ulong address)
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
            while (blocks.TryDequeue(out var next))
            {
                header.RequireFew(next.Length, file);
                header.ReadMessages(file.Read(next.Address, next.Length), isFirstVersion: true, hasOrder: false, blocks);
            }

            header.RequireOneEach();
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
        while (blocks.TryDequeue(out var next))
        {
            header.RequireFew(next.Length, file);
            var more = file.Read(next.Address, next.Length, "OCHK");
            header.ReadMessages(more.Part(more.Remaining - 4), isFirstVersion: false, hasOrder, blocks);
        }

        header.RequireOneEach();
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

    /// <summary>The message of a type, here or where it is kept.</summary>
    public Hdf5Cursor? First(int type) => All(type).FirstOrDefault() ?? (elsewhere.TryGetValue(type, out var other) ? other.First(type) : null);

    /// <summary>Remembers where a message is kept that is not here.</summary>
    public void Keep(int type, Hdf5Header other) => elsewhere.TryAdd(type, other);

    public bool Has(int type) => messages.Any(message => message.Type == type);

    /// <summary>Blocks do not overlap.</summary>
    private void RequireFew(ulong more, Hdf5Bytes file)
    {
        if (more > (ulong)(file.Length - Bytes))
        {
            throw new InvalidDataException("an object header without end");
        }
    }

    /// <summary>Of two messages PureHDF would take one, and we perhaps the other.</summary>
    private void RequireOneEach()
    {
        foreach (var type in (int[])[Dataspace, Datatype, Layout, Filters, AttributeInfo])
        {
            if (messages.Count(message => message.Type == type) > 1)
            {
                throw new InvalidDataException("an object header says twice what it can say once");
            }
        }
    }

    private void ReadMessages(Hdf5Cursor block, bool isFirstVersion, bool hasOrder, Queue<(ulong Address, ulong Length)> blocks)
    {
        Bytes += block.Remaining;
        var prefix = isFirstVersion ? 8 : hasOrder ? 6 : 4;
        while (block.Remaining >= prefix)
        {
            var type = isFirstVersion ? block.Short() : block.Byte();
            var size = block.Short();
            var isShared = (block.Byte() & SharedFlag) != 0 && type is Dataspace or Datatype or OldFillValue or FillValue or Filters or Attribute or Link;
            block.Skip(prefix - (isFirstVersion ? 5 : 4));
            var data = block.Part(size);
            if (isShared && type == Link)
            {
                // PureHDF takes it for one that is here, as it does all other kinds.
                throw new InvalidDataException("a link that is kept elsewhere, which these never are");
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

        if (isFirstVersion && block.Remaining > 0)
        {
            // PureHDF would go on with what follows, without end.
            throw new InvalidDataException("an object header ends within a message");
        }
    }
}
