using System.Numerics;

namespace IlqrVae.Data;

/// <summary>A fractal heap: many small pieces in blocks whose sizes double from one row of a table to the next, and large ones by themselves.</summary>
internal sealed class Hdf5Heap
{
    /// <summary>Heaps that HDF5 writes have four blocks a row; PureHDF makes room for a whole table of them whenever it looks for a piece.</summary>
    private const int WidestRow = 256;

    private readonly Hdf5Bytes file;
    private readonly int identifierBytes;
    private readonly int width;
    private readonly ulong startBytes;
    private readonly int directRows;
    private readonly int offsetBytes;
    private readonly int lengthBytes;
    private readonly ulong root;
    private readonly int rootRows;
    private readonly ulong hugeIndex;
    private Dictionary<ulong, (ulong Address, ulong Length)>? huge;

    private Hdf5Heap(Hdf5Bytes file, Hdf5Cursor header)
    {
        this.file = file;
        header.Skip(1);
        identifierBytes = header.Short();
        if (header.Short() != 0)
        {
            throw new InvalidDataException("a compressed index of names");
        }

        header.Skip(1);
        var largestPiece = header.Int();
        header.Skip(file.LengthBytes);
        hugeIndex = header.Address();
        header.Skip((9 * file.LengthBytes) + file.AddressBytes);
        width = header.Short();
        startBytes = header.Length();
        var largestDirect = header.Length();
        var bits = header.Short();
        header.Skip(2);
        (root, rootRows) = (header.Address(), header.Short());
        if (!BitOperations.IsPow2(width) || width > WidestRow || !BitOperations.IsPow2(startBytes) || !BitOperations.IsPow2(largestDirect) || startBytes > largestDirect
            || bits > 64 || bits <= BitOperations.Log2(startBytes) + BitOperations.Log2((uint)width) || rootRows > 64)
        {
            throw new InvalidDataException("a heap with an unlikely shape");
        }

        directRows = BitOperations.Log2(largestDirect) - BitOperations.Log2(startBytes) + 2;
        offsetBytes = (bits + 7) / 8;
        lengthBytes = (BitOperations.Log2(Math.Max(1, Math.Min(largestDirect, largestPiece))) / 8) + 1;
    }

    public static Hdf5Heap Read(Hdf5Bytes file, ulong address) =>
        new(file, file.Read(address, (ulong)(4 + 10 + (12 * file.LengthBytes) + (3 * file.AddressBytes) + 8), "FRHP"));

    /// <summary>The piece of an identifier.</summary>
    /// <exception cref="InvalidDataException">The heap is damaged, or the piece is in the identifier itself, which is too short for a name or an attribute.</exception>
    public Hdf5Cursor Piece(byte[] identifier)
    {
        var id = new Hdf5Cursor(file, identifier);
        switch ((id.Byte() & 0x30) >> 4)
        {
            case 0:
                return Managed(id.Whole(offsetBytes), id.Whole(lengthBytes));
            case 1:
                return Huge(id.Whole(identifierBytes is > 1 and <= 8 ? identifierBytes - 1 : throw new InvalidDataException("a heap with an unlikely shape")));
            default:
                throw new InvalidDataException("a piece that is kept outside its heap");
        }
    }

    private Hdf5Cursor Managed(ulong offset, ulong length)
    {
        if (offset > int.MaxValue)
        {
            // PureHDF would look for it somewhere else.
            throw new InvalidDataException("a piece beyond the end of its heap");
        }

        var (block, begin, rows) = (root, 0UL, rootRows);
        for (var isDirect = rows == 0; !isDirect;)
        {
            RequireBegin(block, "FHIB", begin);
            var (row, column, inBlock) = Place(offset - begin);
            if (row >= rows)
            {
                throw new InvalidDataException("a piece beyond the end of its heap");
            }

            // Addresses of direct blocks come first, then those of indirect ones: one address a block in the order of rows.
            var index = (ulong)((row * width) + column) * (ulong)file.AddressBytes;
            block = file.Read(block + (ulong)(4 + 1 + file.AddressBytes + offsetBytes) + index, (ulong)file.AddressBytes).Address();
            begin = offset - inBlock;
            isDirect = row < directRows;
            rows = BitOperations.Log2(RowBytes(row)) - BitOperations.Log2(startBytes * (ulong)width) + 1;
        }

        // Offsets count a direct block's own header.
        RequireBegin(block, "FHDB", begin);
        return file.Read(block + (offset - begin), length);
    }

    /// <summary>That a block begins where its place says, for PureHDF counts from where the block itself says.</summary>
    private void RequireBegin(ulong block, string signature, ulong begin)
    {
        var header = file.Read(block, (ulong)(4 + 1 + file.AddressBytes + offsetBytes), signature);
        header.Skip(1 + file.AddressBytes);
        if (header.Whole(offsetBytes) != begin)
        {
            throw new InvalidDataException("a block of a heap that says it is another");
        }
    }

    /// <summary>A piece that is too large for the blocks: where it is stands in an index.</summary>
    private Hdf5Cursor Huge(ulong key)
    {
        if (huge is null)
        {
            huge = [];
            var index = Hdf5RecordTree.Read(file, hugeIndex);
            if (index.RecordBytes != file.AddressBytes + (2 * file.LengthBytes) || !index.IsReadByPureHdf)
            {
                throw new InvalidDataException("an index with an unlikely shape");
            }

            foreach (var record in index.Records())
            {
                var place = (record.Address(), record.Length());
                if (!huge.TryAdd(record.Length(), place))
                {
                    throw new InvalidDataException("two pieces of a heap have one name");
                }
            }
        }

        return huge.TryGetValue(key, out var found) ? file.Read(found.Address, found.Length) : throw new InvalidDataException("a piece of a heap is missing");
    }

    private ulong RowBytes(int row) => row == 0 ? startBytes : startBytes << (row - 1);

    private (int Row, int Column, ulong InBlock) Place(ulong offset)
    {
        var first = startBytes * (ulong)width;
        if (offset < first)
        {
            return (0, (int)(offset / startBytes), offset % startBytes);
        }

        var row = BitOperations.Log2(offset / first) + 1;
        var inRow = offset - (first << (row - 1));
        return (row, (int)(inRow / RowBytes(row)), inRow % RowBytes(row));
    }
}
