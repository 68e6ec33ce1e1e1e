namespace IlqrVae.Data;

/// <summary>
/// The heaps in which texts and lists of variable length are kept, as far as the lengths of their pieces go: PureHDF makes room for these before it finds the file shorter, and copies a heap
/// whole. Heaps do not overlap.
/// </summary>
internal sealed class Hdf5GlobalHeaps(Hdf5Bytes file)
{
    private readonly Dictionary<ulong, Dictionary<uint, ulong>> heaps = [];
    private double bytes;

    /// <summary>Lengths of a heap's pieces by their numbers.</summary>
    /// <param name="address">Where the heap is.</param>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public IReadOnlyDictionary<uint, ulong> Lengths(ulong address)
    {
        if (!heaps.TryGetValue(address, out var lengths))
        {
            heaps[address] = lengths = Read(address);
        }

        return lengths;
    }

    private Dictionary<uint, ulong> Read(ulong address)
    {
        var prefix = (ulong)(8 + file.LengthBytes);
        var header = file.Read(address, prefix, "GCOL");
        header.Skip(4);
        var size = header.Length();
        if (size < prefix)
        {
            // PureHDF would count down from there past zero, and take what follows the heap for texts.
            throw new InvalidDataException("a heap of texts is shorter than its header");
        }

        bytes += size;
        if (bytes > file.Length)
        {
            throw new InvalidDataException("heaps of texts that are longer than the file");
        }

        var lengths = new Dictionary<uint, ulong>();
        for (var at = prefix; at + prefix <= size;)
        {
            var entry = file.Read(address + at, prefix);
            var index = entry.Short();
            entry.Skip(6);
            var length = entry.Length();
            if (length > size - at - (index == 0 ? 0 : prefix))
            {
                throw new InvalidDataException("a heap of texts holds one that is longer than the heap");
            }

            if (index == 0)
            {
                break;
            }

            lengths[index] = length;
            at += prefix + ((length + 7) & ~7UL);
        }

        return lengths;
    }
}
