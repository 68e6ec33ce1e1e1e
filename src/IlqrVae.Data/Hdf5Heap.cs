using System.Numerics;

namespace IlqrVae.Data;

/// <summary>A fractal heap: many small pieces in blocks whose sizes double from one row of a table to the next.</summary>
internal sealed class Hdf5Heap
{
    private readonly Hdf5Bytes file;
    private readonly int width;
    private readonly ulong startBytes;
    private readonly int directRows;
    private readonly int offsetBytes;
    private readonly int lengthBytes;
    private readonly ulong root;
    private readonly int rootRows;

    private Hdf5Heap(Hdf5Bytes file, Hdf5Cursor header)
    {
        this.file = file;
        header.Skip(1 + 2);
        if (header.Short() != 0)
        {
            throw new InvalidDataException("a compressed index of names");
        }

        header.Skip(1);
        var largestPiece = header.Int();
        header.Skip((10 * file.LengthBytes) + (2 * file.AddressBytes));
        width = header.Short();
        startBytes = header.Length();
        var largestDirect = header.Length();
        var bits = header.Short();
        header.Skip(2);
        (root, rootRows) = (header.Address(), header.Short());
        if (width == 0 || !BitOperations.IsPow2(startBytes) || !BitOperations.IsPow2(largestDirect) || startBytes > largestDirect || bits is 0 or > 64 || rootRows > 64)
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
    public Hdf5Cursor Managed(byte[] identifier)
    {
        var id = new Hdf5Cursor(file, identifier);
        if ((id.Byte() & 0x30) != 0)
        {
            throw new InvalidDataException("a name that is kept outside its heap");
        }

        var (offset, length) = (id.Whole(offsetBytes), id.Whole(lengthBytes));
        var (block, rows) = (root, rootRows);
        var isRootDirect = rootRows == 0;
        while (!isRootDirect)
        {
            var (row, column, inBlock) = Place(offset);
            if (row >= rows)
            {
                throw new InvalidDataException("a name beyond the end of its heap");
            }

            // Addresses of direct blocks come first, then those of indirect ones: one address a block in the order of rows.
            var index = (ulong)((row * width) + column) * (ulong)file.AddressBytes;
            block = file.Read(block + (ulong)(4 + 1 + file.AddressBytes + offsetBytes) + index, (ulong)file.AddressBytes).Address();
            offset = inBlock;
            if (row < directRows)
            {
                break;
            }

            rows = BitOperations.Log2(RowBytes(row)) - BitOperations.Log2(startBytes * (ulong)width) + 1;
        }

        // Offsets count a direct block's own header.
        return file.Read(block + offset, length);
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
