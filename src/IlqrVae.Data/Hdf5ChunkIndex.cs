using System.Numerics;

namespace IlqrVae.Data;

/// <summary>
/// Walks through the index of a table's chunks, of any of HDF5's kinds, as PureHDF does for the entries of that table, and refuses what declares more than the file holds: PureHDF makes room
/// for the nodes and blocks of an index, and for what a chunk takes in the file, before it reads them.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="layout">Of the table.</param>
/// <param name="isFiltered">Whether chunks have filters, and then a length of their own.</param>
/// <param name="chunks">How many chunks the table has by its shape.</param>
internal sealed class Hdf5ChunkIndex(Hdf5Bytes file, Hdf5Layout layout, bool isFiltered, double chunks)
{
    private const int Checksum = 4;
    private const int MaskBytes = 4;

    /// <summary>PureHDF counts the entries of a page in 64 bits, and HDF5 has pages of 2^10.</summary>
    private const int MostPageBits = 31;

    private double stored;

    /// <summary>Looks at the whole index.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public void RequireSound()
    {
        if (layout.Address == file.Undefined || layout.Kind != Hdf5Layout.Chunked)
        {
            return;
        }

        switch (layout.Index)
        {
            case 0:
                Tree();
                break;
            case Hdf5Layout.SingleChunk:
                Add(layout.Address, layout.StoredBytes);
                break;
            case Hdf5Layout.FixedArray:
                FixedArray();
                break;
            case Hdf5Layout.ExtensibleArray:
                ExtensibleArray();
                break;
            case Hdf5Layout.RecordTree:
                Records();
                break;
            default:
                // Chunks one behind the other, of which each is as long as its entries.
                break;
        }
    }

    private int Rank => layout.Chunk.Length - 1;

    /// <summary>Bytes of the number that says how long a chunk is in the file, in indexes as of HDF5 1.10.</summary>
    private int SizeBytes { get; } = Math.Min(8, 1 + ((BitOperations.Log2(Math.Max(1, layout.Chunk.Aggregate(1UL, (product, length) => product * length))) + 8) / 8));

    private int ElementBytes => file.AddressBytes + (isFiltered ? SizeBytes + MaskBytes : 0);

    /// <summary>Chunks do not overlap, so all of them together are no longer than the file.</summary>
    private void Add(ulong address, ulong bytes)
    {
        stored += isFiltered && address != file.Undefined ? bytes : 0;
        if (stored > file.Length)
        {
            throw new InvalidDataException("chunks that declare more bytes than the file has");
        }
    }

    /// <summary>Addresses of chunks and, where they have filters, lengths.</summary>
    private void Elements(Hdf5Cursor elements, double count)
    {
        for (var i = 0; isFiltered && i < count; i++)
        {
            Add(elements.Address(), elements.Whole(SizeBytes));
            elements.Skip(MaskBytes);
        }
    }

    /// <summary>A B-tree of version 1: a key before each child, which of the lowest nodes says how long a chunk is.</summary>
    private void Tree()
    {
        var keyBytes = sizeof(uint) + MaskBytes + (sizeof(ulong) * layout.Chunk.Length);
        var prefix = 8 + (2 * file.AddressBytes);
        var bytesOfNodes = 0L;
        var stack = new Stack<(ulong Address, int? Level)>([(layout.Address, null)]);
        while (stack.TryPop(out var node))
        {
            var header = file.Read(node.Address, (ulong)prefix, "TREE");
            header.Skip(1);
            var (level, count) = (header.Byte(), header.Short());

            // PureHDF follows a node that leads back to one above until the stack is full. Nodes do not overlap.
            var bytesOfEntries = (count * (keyBytes + file.AddressBytes)) + keyBytes;
            bytesOfNodes += prefix + bytesOfEntries;
            if (level != (node.Level ?? level) || bytesOfNodes > file.Length)
            {
                throw new InvalidDataException("an index that runs in circles");
            }

            var entries = file.Read(node.Address + (ulong)prefix, (ulong)bytesOfEntries);
            for (var i = 0; i < count; i++)
            {
                var bytes = entries.Int();
                entries.Skip(keyBytes - sizeof(uint));
                var child = entries.Address();
                if (level > 0)
                {
                    stack.Push((child, level - 1));
                }
                else
                {
                    Add(child, bytes);
                }
            }
        }
    }

    private void Records()
    {
        var tree = Hdf5RecordTree.Read(file, layout.Address);
        if (tree.RecordBytes != ElementBytes + (sizeof(ulong) * Rank))
        {
            throw new InvalidDataException("an index of chunks with an unlikely shape");
        }

        if (!tree.IsReadByPureHdf)
        {
            throw new NotSupportedException("an index of very many chunks, of which larger ones are fewer");
        }

        foreach (var record in tree.Records())
        {
            Elements(record, 1);
        }
    }

    private void FixedArray()
    {
        var header = file.Read(layout.Address, (ulong)(8 + file.LengthBytes + file.AddressBytes), "FAHD");
        header.Skip(2);
        var (entryBytes, pageBits, entries, block) = (header.Byte(), header.Byte(), header.Length(), header.Address());
        if ((double)entries * Math.Max(entryBytes, ElementBytes) > file.Length)
        {
            throw new InvalidDataException($"an index of {entries} chunks, more than the file holds");
        }

        if (block == file.Undefined || !isFiltered)
        {
            return;
        }

        if (pageBits > MostPageBits || entryBytes != ElementBytes)
        {
            throw new InvalidDataException("an index of chunks with an unlikely shape");
        }

        var start = block + (ulong)(6 + file.AddressBytes);
        var perPage = 1UL << pageBits;
        if (entries <= perPage)
        {
            Elements(file.Read(start, entries * (ulong)ElementBytes), entries);
            return;
        }

        // Bits tell which pages were written, the first page by the highest bit.
        var pages = (entries + perPage - 1) / perPage;
        var written = file.Read(start, (pages + 7) / 8).Take((int)((pages + 7) / 8)).ToArray();
        start += (ulong)written.Length + Checksum;
        for (var page = 0UL; page < pages; page++)
        {
            if ((written[page / 8] & (0x80 >> (int)(page % 8))) != 0)
            {
                var count = Math.Min(perPage, entries - (page * perPage));
                Elements(file.Read(start + (page * ((perPage * (ulong)ElementBytes) + Checksum)), count * (ulong)ElementBytes), count);
            }
        }
    }

    /// <summary>
    /// An array that grows: some chunks in a block, then blocks of 2^((i + 1) / 2) times so many as the smallest, 2^(i / 2) of each such length, of which the first few stand in the first
    /// block and others in one for each length. Larger ones are cut into pages, and tables that have such are not read.
    /// </summary>
    private void ExtensibleArray()
    {
        var header = file.Read(layout.Address, (ulong)(12 + (6 * file.LengthBytes) + file.AddressBytes), "EAHD");
        header.Skip(2);
        var elementBytes = header.Byte();
        var (bits, first, smallest, pointers, pageBits) = (header.Byte(), header.Byte(), header.Byte(), header.Byte(), header.Byte());
        if (layout.Parameters is not [var a, var b, var c, var d, var e] || (a, b, c, d, e) != (bits, first, pointers, smallest, pageBits)
            || pageBits > MostPageBits || bits > 64 || !BitOperations.IsPow2((uint)smallest) || !BitOperations.IsPow2((uint)pointers) || elementBytes != ElementBytes)
        {
            throw new InvalidDataException("an index of chunks with an unlikely shape");
        }

        header.Skip(4 * file.LengthBytes);
        var set = Math.Min(chunks, header.Length());
        header.Skip(file.LengthBytes);
        var block = header.Address();
        if (block == file.Undefined || !isFiltered)
        {
            return;
        }

        // Each kind of block has an address of the header behind its own beginning, and those below the first one their place in the array.
        var (direct, offsetBytes) = (2 * BitOperations.Log2((uint)pointers), (bits + 7) / 8);
        var lengths = 1 + bits - BitOperations.Log2((uint)smallest);
        var index = file.Read(block, (ulong)(6 + file.AddressBytes + (first * ElementBytes) + (Math.Max(0, (2 * (pointers - 1)) + lengths - direct) * file.AddressBytes)), "EAIB");
        index.Skip(2 + file.AddressBytes);
        Elements(index, first);
        var begin = (double)first;
        for (var i = 0; i < lengths && begin < set; i++)
        {
            var (blocks, count) = (1UL << (i / 2), (ulong)smallest << ((i + 1) / 2));
            var addresses = i < direct ? index : Secondary(index.Address());
            for (var at = 0UL; addresses is not null && at < blocks; at++, begin += count)
            {
                // Past the last chunk nothing is looked for, and nothing need be there.
                if (addresses.Address() is var data && data != file.Undefined && begin < set)
                {
                    var elements = file.Read(data, (ulong)(6 + file.AddressBytes + offsetBytes) + (count * (ulong)ElementBytes), "EADB");
                    elements.Skip(2 + file.AddressBytes + offsetBytes);
                    Elements(elements, count);
                }
            }

            begin += addresses is null ? blocks * count : 0;

            Hdf5Cursor? Secondary(ulong address)
            {
                if (address == file.Undefined)
                {
                    return null;
                }

                var secondary = file.Read(address, (ulong)(6 + file.AddressBytes + offsetBytes) + (blocks * (ulong)file.AddressBytes), "EASB");
                secondary.Skip(2 + file.AddressBytes + offsetBytes);
                return secondary;
            }
        }
    }
}
