namespace IlqrVae.Data;

/// <summary>How a table's entries are laid out: the message in its header that says so.</summary>
/// <param name="Kind">Compact, contiguous, chunked or virtual.</param>
/// <param name="Address">Where the entries are or, of chunks, their index; of a single chunk, that.</param>
/// <param name="Chunk">Lengths of a chunk along each axis, and last the bytes of an entry; none of other kinds.</param>
/// <param name="Index">What index there is of chunks as of version 4; 0 of older ones, which is a B-tree of version 1.</param>
/// <param name="Parameters">Of some indexes, how they are built.</param>
/// <param name="StoredBytes">Of a single chunk with filters, its bytes in the file.</param>
/// <param name="Compact">Entries of a compact table.</param>
internal sealed record Hdf5Layout(int Kind, ulong Address, ulong[] Chunk, int Index, byte[] Parameters, ulong StoredBytes, Hdf5Cursor? Compact)
{
    public const int CompactKind = 0;
    public const int Contiguous = 1;
    public const int Chunked = 2;
    public const int Virtual = 3;

    public const int SingleChunk = 1;
    public const int Implicit = 2;
    public const int FixedArray = 3;
    public const int ExtensibleArray = 4;
    public const int RecordTree = 5;

    private const int FilteredSingleChunk = 2;

    /// <summary>Reads a layout.</summary>
    /// <exception cref="InvalidDataException">It declares more than its message holds.</exception>
    public static Hdf5Layout Read(Hdf5Cursor message, Hdf5Bytes file) => message.Byte() switch
    {
        1 or 2 => Early(message, file),
        3 => Later(message, file, isThird: true),
        4 => Later(message, file, isThird: false),

        // PureHDF refuses others.
        _ => new(-1, file.Undefined, [], 0, [], 0, null),
    };

    private static Hdf5Layout Early(Hdf5Cursor message, Hdf5Bytes file)
    {
        var lengths = new ulong[message.Byte()];
        var kind = message.Byte();
        message.Skip(5);
        var address = kind == CompactKind ? file.Undefined : message.Address();
        lengths = Array.ConvertAll(lengths, _ => (ulong)message.Int());
        Hdf5Cursor? entries = null;
        if (kind == CompactKind)
        {
            // PureHDF makes room for so many bytes before it reads them.
            var size = message.Int();
            entries = size <= message.Remaining
                ? message.Part((int)size)
                : throw new InvalidDataException($"a table declares {size} bytes in its header, which has {message.Remaining}");
        }

        return new(kind, address, kind == Chunked ? lengths : [], 0, [], 0, entries);
    }

    private static Hdf5Layout Later(Hdf5Cursor message, Hdf5Bytes file, bool isThird)
    {
        var kind = message.Byte();
        switch (kind)
        {
            case CompactKind:
                return new(kind, file.Undefined, [], 0, [], 0, message.Part(message.Short()));
            case Contiguous:
                return new(kind, message.Address(), [], 0, [], 0, null);
            case Chunked when isThird:
                var parts = new ulong[message.Byte()];
                var index = message.Address();
                return new(kind, index, Array.ConvertAll(parts, _ => (ulong)message.Int()), 0, [], 0, null);
            case Chunked:
                return Latest(message);
            default:
                return new(kind, file.Undefined, [], 0, [], 0, null);
        }
    }

    private static Hdf5Layout Latest(Hdf5Cursor message)
    {
        var flags = message.Byte();
        var lengths = new ulong[message.Byte()];
        var size = message.Byte();
        lengths = Array.ConvertAll(lengths, _ => message.Whole(size is >= 1 and <= 8 ? size : throw new InvalidDataException("chunks of unlikely lengths")));
        var index = message.Byte();
        var stored = 0UL;
        if (index == SingleChunk && (flags & FilteredSingleChunk) != 0)
        {
            stored = message.Length();
            message.Skip(4);
        }

        var parameters = message.Take(index switch { FixedArray => 1, ExtensibleArray => 5, RecordTree => 6, _ => 0 }).ToArray();
        return new(Chunked, message.Address(), lengths, index, parameters, stored, null);
    }
}
