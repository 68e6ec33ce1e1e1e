namespace IlqrVae.Data;

/// <summary>
/// The heaps in which texts, lists of variable length and references to parts of tables are kept, as far as places and lengths of their pieces go: PureHDF makes room for these before it finds the file shorter, and copies a heap
/// whole. Heaps do not overlap.
/// </summary>
internal sealed class Hdf5GlobalHeaps(Hdf5Bytes file)
{
    private readonly Dictionary<ulong, Dictionary<uint, (ulong At, ulong Length)>> heaps = [];
    private double bytes;

    /// <summary>Addresses and lengths of a heap's pieces, by their numbers.</summary>
    /// <param name="address">Where the heap is.</param>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public IReadOnlyDictionary<uint, (ulong At, ulong Length)> Pieces(ulong address)
    {
        if (!heaps.TryGetValue(address, out var pieces))
        {
            heaps[address] = pieces = Read(address);
        }

        return pieces;
    }

    private Dictionary<uint, (ulong At, ulong Length)> Read(ulong address)
    {
        var prefix = (ulong)(8 + file.LengthBytes);
        var header = file.Read(address, prefix, "GCOL");
        header.Skip(4);
        var size = header.Length();
        if (size < prefix)
        {
            // PureHDF would count down from there past zero, and take what follows the heap for texts.
            throw new InvalidDataException("a heap is shorter than its header");
        }

        bytes += size;
        if (bytes > file.Length)
        {
            throw new InvalidDataException("heaps that are longer than the file");
        }

        var pieces = new Dictionary<uint, (ulong At, ulong Length)>();
        for (var at = prefix; at + prefix <= size;)
        {
            var entry = file.Read(address + at, prefix);
            var index = entry.Short();
            entry.Skip(6);
            var length = entry.Length();
            if (length > size - at - (index == 0 ? 0 : prefix))
            {
                throw new InvalidDataException("a piece of a heap is longer than the heap");
            }

            if (index == 0)
            {
                break;
            }

            pieces[index] = (address + at + prefix, length);
            at += prefix + ((length + 7) & ~7UL);
        }

        return pieces;
    }
}
