namespace IlqrVae.Data;

/// <summary>
/// Looks at entries of variable length, each of which says how long it is and where in a heap it is kept, before PureHDF makes room for them: a list has no more than its piece of the heap, and
/// all together are limited, since many may name one piece.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="elementBytes">Bytes of an element of a list; 0 of texts, whose pieces are read whole.</param>
/// <param name="most">How many bytes all may take.</param>
internal sealed class Hdf5HeapEntries(Hdf5Bytes file, long elementBytes, long most)
{
    private readonly Hdf5GlobalHeaps heaps = new(file);
    private double total;

    /// <summary>Looks at some entries, as they are stored one behind the other.</summary>
    /// <exception cref="InvalidDataException">They declare more than the file holds.</exception>
    public void Pass(ReadOnlySpan<byte> entries)
    {
        for (var bytes = sizeof(uint) + file.AddressBytes + sizeof(uint); entries.Length >= bytes; entries = entries[bytes..])
        {
            var entry = new Hdf5Cursor(file, entries[..bytes].ToArray());
            var (length, heap, index) = (entry.Int(), entry.Address(), entry.Int());
            if (heap == 0 || heap == file.Undefined || !heaps.Pieces(heap).TryGetValue(index, out var piece))
            {
                continue;
            }

            var taken = elementBytes == 0 ? piece.Length : length * (double)elementBytes;
            if (taken > piece.Length)
            {
                throw new InvalidDataException($"a list of {length} entries, more than its heap holds");
            }

            total += taken;
            if (total > most)
            {
                throw new InvalidDataException($"lists or texts that together have more than {most} bytes");
            }
        }
    }
}
