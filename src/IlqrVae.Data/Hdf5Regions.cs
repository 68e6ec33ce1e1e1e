namespace IlqrVae.Data;

/// <summary>A part of a table that a reference leads to.</summary>
/// <param name="Address">Of the table.</param>
/// <param name="Blocks">Boxes of the entries that are meant: the first entry along each axis, and the last. None where nothing is meant.</param>
/// <param name="IsWhole">Whether the whole table is meant, and no boxes are given.</param>
internal sealed record Hdf5Region(ulong Address, IReadOnlyList<(ulong[] First, ulong[] Last)> Blocks, bool IsWhole);

/// <summary>
/// Reads what references to parts of tables lead to. A reference is a place in a global heap, where the table's address stands and, behind it, which entries are meant: none, all, or
/// boxes of them. Single points and patterns are of no use for tables of lists and are refused.
/// </summary>
internal sealed class Hdf5Regions(Hdf5Bytes file)
{
    private const int MostBlocks = 1 << 20;
    private const uint None = 0;
    private const uint Boxes = 2;
    private const uint All = 3;

    private readonly Hdf5GlobalHeaps _heaps = new(file);

    /// <summary>What a reference leads to; null where it leads nowhere.</summary>
    /// <param name="heap">Address of a global heap.</param>
    /// <param name="index">Which of its pieces.</param>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    /// <exception cref="NotSupportedException">It is of a kind that is not read.</exception>
    public Hdf5Region? Find(ulong heap, uint index)
    {
        if (heap == 0 || heap == file.Undefined)
        {
            return null;
        }

        return _heaps.Pieces(heap).TryGetValue(index, out var piece) ? Region(file.Read(piece.At, piece.Length)) : throw new InvalidDataException($"piece {index} of a heap is missing");
    }

    private static Hdf5Region Region(Hdf5Cursor piece)
    {
        var address = piece.Address();
        var (kind, version) = (piece.Int(), piece.Int());
        return kind switch
        {
            None => new Hdf5Region(address, [], IsWhole: false),
            All => new Hdf5Region(address, [], IsWhole: true),
            Boxes => new Hdf5Region(address, Blocks(piece, version), IsWhole: false),
            _ => throw new NotSupportedException("references to single points"),
        };
    }

    private static List<(ulong[] First, ulong[] Last)> Blocks(Hdf5Cursor piece, uint version)
    {
        var (isRegular, size) = (false, 4);
        switch (version)
        {
            case 1:
                piece.Skip(4 + 4);
                break;
            case 2:
                // Flags, and the length of what follows.
                isRegular = (piece.Byte() & 1) != 0;
                size = 8;
                piece.Skip(4);
                break;
            case 3:
                isRegular = (piece.Byte() & 1) != 0;
                size = piece.Byte();
                break;
            default:
                throw new NotSupportedException($"references to parts of tables of version {version}");
        }

        var rank = piece.Int();
        if (rank is 0 or > 32 || size is not (2 or 4 or 8))
        {
            throw new InvalidDataException($"a reference to a part of {rank} axes");
        }

        if (isRegular)
        {
            var axes = new (ulong Start, ulong Stride, ulong Count, ulong Block)[rank];
            for (var axis = 0; axis < axes.Length; axis++)
            {
                axes[axis] = (piece.Whole(size), piece.Whole(size), piece.Whole(size), piece.Whole(size));
            }

            // Boxes that touch are one.
            return Array.Exists(axes, axis => axis.Count > 1 && axis.Stride != axis.Block) ? throw new NotSupportedException("references to patterns of entries")
                : Array.Exists(axes, axis => axis.Count == 0 || axis.Block == 0) ? []
                : [(Array.ConvertAll(axes, axis => axis.Start), Array.ConvertAll(axes, axis => axis.Start + (axis.Count * axis.Block) - 1))];
        }

        var count = piece.Whole(size);
        if (count > MostBlocks || count * rank * 2 * (ulong)size > (ulong)piece.Remaining)
        {
            throw new InvalidDataException($"a reference to {count} parts");
        }

        var blocks = new List<(ulong[], ulong[])>((int)count);
        for (var i = 0UL; i < count; i++)
        {
            blocks.Add((Corner(), Corner()));
        }

        return blocks;

        ulong[] Corner()
        {
            var corner = new ulong[rank];
            for (var axis = 0; axis < corner.Length; axis++)
            {
                corner[axis] = piece.Whole(size);
            }

            return corner;
        }
    }
}
