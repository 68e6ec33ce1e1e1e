namespace IlqrVae.Data;

/// <summary>How the entries of a table are stored, as far as that decides whether they can be read.</summary>
internal sealed class Hdf5Table
{
    private const int WholeNumber = 0;
    private const int RealNumber = 1;

    private readonly Hdf5Bytes file;
    private readonly Hdf5Header header;
    private readonly Hdf5Layout? layout;
    private readonly ulong[] shape;
    private readonly ulong[] most;

    private Hdf5Table(Hdf5Bytes file, Hdf5Header header)
    {
        this.file = file;
        this.header = header;
        layout = header.First(Hdf5Header.Layout) is { } message ? Hdf5Layout.Read(message, file) : null;
        (shape, most) = Shapes(file, header);
        Filters = ReadFilters(header);
    }

    public IReadOnlyList<Hdf5Filter> Filters { get; }

    /// <summary>Bytes of a chunk once its filters are undone; 0 of a table that is not chunked.</summary>
    public double ChunkBytes => Chunk.Length == 0 ? 0 : Chunk.Aggregate(1.0, (product, length) => product * length);

    /// <summary>How many chunks its shape has; 1 of a table that is not chunked.</summary>
    public double Chunks => shape.Zip(Chunk, (length, part) => Math.Ceiling((double)length / Math.Max(1, part))).Aggregate(1.0, (product, count) => product * count);

    private ulong[] Chunk => layout?.Chunk ?? [];

    private int Index => layout?.Index ?? 0;

    public static Hdf5Table Read(Hdf5Bytes file, Hdf5Header header) => new(file, header);

    /// <summary>The entries of a table as they are stored, where they lie one behind the other or in the header; null of other tables, and where nothing was written.</summary>
    public static Hdf5Cursor? Entries(Hdf5Bytes file, Hdf5Header header, ulong bytes)
    {
        if (header.First(Hdf5Header.Layout) is not { } message)
        {
            return null;
        }

        var found = Hdf5Layout.Read(message, file);
        return found.Kind switch
        {
            Hdf5Layout.CompactKind => found.Compact,
            Hdf5Layout.Contiguous when found.Address != file.Undefined => file.Read(found.Address, bytes),
            _ => null,
        };
    }

    /// <summary>Refuses an index of chunks that declares more than the file holds.</summary>
    /// <exception cref="InvalidDataException">It does, or is damaged otherwise.</exception>
    public void RequireSoundIndex()
    {
        if (layout is not { Kind: Hdf5Layout.Chunked })
        {
            return;
        }

        // PureHDF takes the length of an entry from the type, and from that what it reads of a chunk.
        if (header.First(Hdf5Header.Datatype) is { } type)
        {
            type.Skip(4);
            if (type.Int() is var bytes && (Chunk.Length == 0 || Chunk[^1] != bytes))
            {
                throw new InvalidDataException($"chunks of other entries than those of {bytes} bytes that the table has");
            }
        }

        new Hdf5ChunkIndex(file, layout, header.Has(Hdf5Header.Filters), Chunks).RequireSound();
    }

    /// <summary>Why the table is not read and how to mend that, or null.</summary>
    public string? Obstacle()
    {
        if (header.Has(Hdf5Header.ExternalFiles))
        {
            return "keeps its numbers in other files, which are not read; copy them into this file";
        }

        if (layout?.Kind == Hdf5Layout.Virtual)
        {
            return "is a virtual table made of parts of others, which is not read; write a copy of its numbers";
        }

        if (Filters.FirstOrDefault(filter => !Hdf5Filters.IsRead(filter.Id)) is { } filter)
        {
            return $"is compressed by {Hdf5Filters.NameOf(filter)}, which is not read; write it with compression='gzip'";
        }

        if (IsOddNumber(header))
        {
            return "holds numbers of an unusual format; write them as float32, float64 or plain integers";
        }

        // PureHDF 2.2.0 loses its way in both.
        if (Index == Hdf5Layout.ExtensibleArray && Array.FindLastIndex(most, length => length == ulong.MaxValue) > 0)
        {
            return "can grow along another axis than the first and is stored as of HDF5 1.10, which is not read; write it with maxshape=None or libver='earliest'";
        }

        if (Index == Hdf5Layout.ExtensibleArray && Chunks > FirstPaged(layout!.Parameters))
        {
            return "can grow, is stored as of HDF5 1.10 and has more chunks than are read; write it with larger chunks, maxshape=None or libver='earliest'";
        }

        return null;
    }

    /// <summary>
    /// How many chunks an extensible array holds before the blocks of its index are cut into pages: block i has 2^((i + 1) / 2) times so many entries as
    /// the first, and there are 2^(i / 2) such blocks.
    /// </summary>
    private static double FirstPaged(byte[] parameters)
    {
        var (chunks, entries, page) = ((double)parameters[1], parameters[3], Math.Pow(2, parameters[4]));
        for (var i = 0; i < 64 && entries * Math.Pow(2, (i + 1) / 2) <= page; i++)
        {
            chunks += Math.Pow(2, i / 2) * Math.Pow(2, (i + 1) / 2) * entries;
        }

        return chunks;
    }

    /// <summary>Whether the numbers are not whole bytes of two's complement, or not IEEE 754 (bfloat16 is not).</summary>
    private static bool IsOddNumber(Hdf5Header header)
    {
        if (header.First(Hdf5Header.Datatype) is not { } message)
        {
            return false;
        }

        var kind = message.Byte() & 0x0f;
        message.Skip(3);
        var bits = 8 * message.Int();
        if (kind == 8)
        {
            // Names of values, then what they are names of.
            kind = message.Byte() & 0x0f;
            message.Skip(7);
        }

        if (kind is not (WholeNumber or RealNumber))
        {
            return false;
        }

        var (offset, precision) = (message.Short(), message.Short());
        if (kind == WholeNumber)
        {
            return offset != 0 || precision != bits;
        }

        var format = (offset, precision, message.Byte(), message.Byte(), message.Byte(), message.Byte(), message.Int());
        return format is not ((0, 16, 10, 5, 0, 10, 15) or (0, 32, 23, 8, 0, 23, 127) or (0, 64, 52, 11, 0, 52, 1023));
    }

    private static (ulong[] Shape, ulong[] Most) Shapes(Hdf5Bytes file, Hdf5Header header)
    {
        if (header.First(Hdf5Header.Dataspace) is not { } message)
        {
            return ([], []);
        }

        var (version, rank, flags) = (message.Byte(), message.Byte(), message.Byte());
        message.Skip(version == 1 ? 5 : 1);
        var now = Array.ConvertAll(new ulong[rank], _ => message.Length());
        return (now, (flags & 1) == 0 ? now : Array.ConvertAll(now, _ => message.Length() is var length && length == file.Unlimited ? ulong.MaxValue : length));
    }

    private static List<Hdf5Filter> ReadFilters(Hdf5Header header)
    {
        var filters = new List<Hdf5Filter>();
        if (header.First(Hdf5Header.Filters) is not { } message)
        {
            return filters;
        }

        var version = message.Byte();
        var count = message.Byte();
        message.Skip(version == 1 ? 6 : 0);
        for (var i = 0; i < count; i++)
        {
            var id = message.Short();
            var nameBytes = version == 1 || id >= 256 ? message.Short() : 0;
            message.Skip(2);
            var parameters = new uint[message.Short()];
            var name = message.Text(nameBytes).TrimEnd('\0');
            for (var p = 0; p < parameters.Length; p++)
            {
                parameters[p] = message.Int();
            }

            message.Skip(version == 1 && parameters.Length % 2 == 1 ? 4 : 0);
            filters.Add(new Hdf5Filter(id, name, parameters));
        }

        return filters;
    }
}
