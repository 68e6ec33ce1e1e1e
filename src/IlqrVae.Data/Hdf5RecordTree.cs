using System.Numerics;

namespace IlqrVae.Data;

/// <summary>
/// A B-tree of version 2: records of one length, in nodes of one length, that list names, attributes or chunks. How many records a node has stands in the node above it. PureHDF makes room
/// for so many, so numbers are compared here with what a node holds, all over the tree.
/// </summary>
internal sealed class Hdf5RecordTree
{
    private const int Prefix = 6;
    private const int Checksum = 4;
    private const int LongestNode = 1 << 16;
    private const int Deepest = 32;

    private readonly Hdf5Bytes file;
    private readonly int nodeBytes;
    private readonly int depth;
    private readonly ulong root;
    private readonly int rootCount;

    // How many records a node of a level can hold, itself and with all below it: that says how many bytes such numbers take.
    private readonly long[] most;
    private readonly long[] total;

    private Hdf5RecordTree(Hdf5Bytes file, Hdf5Cursor header)
    {
        this.file = file;
        header.Skip(2);
        (var node, RecordBytes, depth) = (header.Int(), header.Short(), header.Short());
        header.Skip(2);
        (root, rootCount) = (header.Address(), header.Short());
        if (RecordBytes == 0 || node > LongestNode || node < Prefix + Checksum + RecordBytes || depth > Deepest)
        {
            throw new InvalidDataException("an index with an unlikely shape");
        }

        nodeBytes = (int)node;
        var space = nodeBytes - Prefix - Checksum;
        most = new long[depth + 1];
        total = new long[depth + 1];
        most[0] = total[0] = space / RecordBytes;
        for (var level = 1; level <= depth; level++)
        {
            var pointer = PointerBytes(level);
            most[level] = Math.Max(0, (space - pointer) / (RecordBytes + pointer));
            total[level] = checked(((most[level] + 1) * total[level - 1]) + most[level]);
        }
    }

    /// <summary>Bytes of a record.</summary>
    public int RecordBytes { get; }

    /// <summary>Whether PureHDF 2.2.0 finds its way in it: it computes otherwise how many bytes the number of all records below a node takes, which differs where there are very many.</summary>
    public bool IsReadByPureHdf
    {
        get
        {
            var (largest, size) = ((uint)most[0], 0);
            for (var level = 1; level < depth; level++)
            {
                var pointer = (uint)(file.AddressBytes + Size(most[0]) + size);
                var here = (((uint)nodeBytes - Prefix - Checksum - pointer) / (uint)RecordBytes) + pointer;
                size = Size(unchecked(((here + 1) * largest) + here));
                largest = here;
                if (size != Size(total[level]))
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>Reads the beginning of a tree.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static Hdf5RecordTree Read(Hdf5Bytes file, ulong address) => new(file, file.Read(address, (ulong)(Prefix + 10 + file.AddressBytes + 2), "BTHD"));

    /// <summary>All records, in no order.</summary>
    /// <exception cref="InvalidDataException">The tree is damaged.</exception>
    public IEnumerable<Hdf5Cursor> Records()
    {
        if (root == file.Undefined)
        {
            yield break;
        }

        var nodes = 0L;
        var stack = new Stack<(ulong Address, long Count, int Level)>([(root, rootCount, depth)]);
        while (stack.TryPop(out var node))
        {
            if (node.Count > most[node.Level])
            {
                throw new InvalidDataException("an index declares more entries than it has");
            }

            // Nodes do not overlap.
            if (++nodes * nodeBytes > file.Length)
            {
                throw new InvalidDataException("an index that runs in circles");
            }

            var bytes = file.Read(node.Address, (ulong)nodeBytes, node.Level == 0 ? "BTLF" : "BTIN");
            bytes.Skip(2);
            for (var i = 0; i < node.Count; i++)
            {
                yield return bytes.Part(RecordBytes);
            }

            for (var i = 0; node.Level > 0 && i <= node.Count; i++)
            {
                var (child, count) = (bytes.Address(), (long)bytes.Whole(Size(most[0])));
                bytes.Skip(PointerBytes(node.Level) - file.AddressBytes - Size(most[0]));
                stack.Push((child, count, node.Level - 1));
            }
        }
    }

    private static int Size(long largest) => (BitOperations.Log2((ulong)Math.Max(1, largest)) / 8) + 1;

    /// <summary>Of a pointer in a node of a level: an address, the number of records there and, above the lowest two levels, that of all below.</summary>
    private int PointerBytes(int level) => file.AddressBytes + Size(most[0]) + (level > 1 ? Size(total[level - 1]) : 0);
}
