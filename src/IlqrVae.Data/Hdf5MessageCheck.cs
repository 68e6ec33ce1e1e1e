namespace IlqrVae.Data;

/// <summary>An attribute of texts or lists of variable length: entries that say where in a heap each one is.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Entries">Its entries, from the first on.</param>
internal sealed record Hdf5HeapAttribute(string Name, Hdf5Cursor Entries);

/// <summary>
/// Walks through the messages of a header, and those that they lead to, as PureHDF decodes them when it opens the object or reads its attributes, and refuses what declares more than it holds:
/// PureHDF makes room for that before it finds that it is not there.
/// </summary>
internal sealed class Hdf5MessageCheck
{
    /// <summary>
    /// A message that is kept elsewhere is there itself, but a type may have an attribute whose own type is kept elsewhere. A longer chain would be followed once for each of a header's attributes, and
    /// again for each of the next one's.
    /// </summary>
    private const int DeepestSharing = 2;

    /// <summary>Headers elsewhere are those of types, of which each is small, and PureHDF reads one as often as it is shared.</summary>
    private const long MostBytesElsewhere = 1 << 26;

    private const int SharedHeap = 1;
    private const int VariableLength = 9;

    /// <summary>PureHDF decodes types up to this class and refuses others as soon as it sees them.</summary>
    private const int LastClass = 10;

    private readonly Hdf5Bytes file;
    private readonly Action<Hdf5HeapAttribute>? found;
    private long bytesElsewhere;
    private long bytesOfPieces;

    private Hdf5MessageCheck(Hdf5Bytes file, Action<Hdf5HeapAttribute>? found)
    {
        this.file = file;
        this.found = found;
    }

    /// <summary>Looks at a header.</summary>
    /// <param name="file">The file.</param>
    /// <param name="header">The header.</param>
    /// <param name="found">Told of its attributes whose entries are kept in heaps, which are to be looked at when they are read; null for nobody.</param>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static void Pass(Hdf5Bytes file, Hdf5Header header, Action<Hdf5HeapAttribute>? found = null) => new Hdf5MessageCheck(file, found).Pass(header, depth: 0);

    private void Pass(Hdf5Header header, int depth)
    {
        foreach (var (type, isShared, message) in header.Messages)
        {
            message.MoveTo(0);
            if (isShared)
            {
                if (Elsewhere(message, depth) is { } elsewhere)
                {
                    header.Keep(type, elsewhere);
                }

                continue;
            }

            switch (type)
            {
                case Hdf5Header.Datatype:
                    Hdf5TypeCheck.Pass(message);
                    break;
                case Hdf5Header.OldFillValue:
                    RequireHeld(message);
                    break;
                case Hdf5Header.FillValue:
                    FillValue(message);
                    break;
                case Hdf5Header.Link:
                    Hdf5Links.Link(message, file);
                    break;
                case Hdf5Header.Layout:
                    Hdf5Layout.Read(message, file);
                    break;
                case Hdf5Header.Attribute:
                    Attribute(message, depth);
                    break;
                case Hdf5Header.AttributeInfo when depth == 0:
                    DenseAttributes(message);
                    break;
            }
        }
    }

    private static void FillValue(Hdf5Cursor fill)
    {
        // Version 3 has flags, of which one tells whether there is a value; version 2 has three bytes, of which the last does.
        var version = fill.Byte();
        var flags = fill.Byte();
        fill.Skip(version < 3 ? 1 : 0);
        if (version < 3 ? fill.Byte() != 0 || version == 1 : (flags & 0x20) != 0)
        {
            RequireHeld(fill);
        }
    }

    /// <summary>Refuses a value that declares more than its message holds; of one that ends before it says how long it is, PureHDF takes for that what follows.</summary>
    private static void RequireHeld(Hdf5Cursor fill)
    {
        if (fill.Remaining < sizeof(uint) || fill.Int() > fill.Remaining)
        {
            throw new InvalidDataException("a table declares a value for missing entries that its header does not hold");
        }
    }

    /// <summary>Looks at the header in which a shared message is kept and returns it; null where that is the heap of shared messages, into which PureHDF does not look.</summary>
    private Hdf5Header? Elsewhere(Hdf5Cursor shared, int depth)
    {
        var (version, kind) = (shared.Byte(), shared.Byte());
        if (version == 3 && kind == SharedHeap)
        {
            return null;
        }

        shared.Skip(version == 1 ? 6 : 0);
        if (depth >= DeepestSharing)
        {
            throw new InvalidDataException("a type that is kept elsewhere, and there elsewhere again");
        }

        var header = Hdf5Header.ReadUnchecked(file, shared.Address());
        bytesElsewhere += header.Bytes;
        if (bytesElsewhere > MostBytesElsewhere)
        {
            throw new InvalidDataException("a header that leads to others without end");
        }

        Pass(header, depth + 1);
        return header;
    }

    /// <summary>Attributes that are kept in a heap, since they are many or large.</summary>
    private void DenseAttributes(Hdf5Cursor message)
    {
        message.Skip(1);
        message.Skip((message.Byte() & 1) != 0 ? 2 : 0);
        var (heapAddress, index) = (message.Address(), message.Address());
        if (index == file.Undefined)
        {
            return;
        }

        const int IdentifierBytes = 8, RecordBytes = IdentifierBytes + 1 + 4 + 4;
        var heap = Hdf5Heap.Read(file, heapAddress);
        var tree = Hdf5RecordTree.Read(file, index);
        if (tree.RecordBytes != RecordBytes || !tree.IsReadByPureHdf)
        {
            throw new InvalidDataException("an index of attributes with an unlikely shape");
        }

        foreach (var record in tree.Records())
        {
            var piece = heap.Piece(record.Take(IdentifierBytes).ToArray());

            // Pieces do not overlap.
            bytesOfPieces += piece.Remaining;
            if (bytesOfPieces > file.Length)
            {
                throw new InvalidDataException("attributes that together are longer than the file");
            }

            Attribute(piece, depth: 0);
        }
    }

    private void Attribute(Hdf5Cursor attribute, int depth)
    {
        var version = attribute.Byte();
        var flags = attribute.Byte();
        flags = version > 1 ? flags : (byte)0;

        // PureHDF reads the name to its end, however long it is declared to be, and the type too.
        attribute.Skip(2);
        var (type, space) = (attribute.Short(), attribute.Short());
        attribute.Skip(version == 3 ? 1 : 0);
        var start = attribute.Position;
        var name = attribute.TextToZero();
        attribute.Skip(Padding(attribute.Position - start));
        var (isHere, at) = ((flags & 1) == 0, attribute.Position);
        if ((isHere ? attribute : Elsewhere(attribute, depth)?.First(Hdf5Header.Datatype)) is not { } described)
        {
            return;
        }

        var kind = described.Byte() & 0x0f;
        described.Skip(3);
        var bytes = described.Int();
        if (kind > LastClass)
        {
            return;
        }

        if (isHere)
        {
            attribute.MoveTo((ulong)at);
            Hdf5TypeCheck.Pass(attribute);
            attribute.Skip(Padding(type));
        }

        var shape = (flags & 2) == 0 ? attribute : Elsewhere(attribute, depth)?.First(Hdf5Header.Dataspace);
        if (shape is null)
        {
            return;
        }

        var count = Count(shape);
        attribute.Skip((flags & 2) == 0 ? Padding(space) : 0);
        if (count * bytes > attribute.Remaining)
        {
            throw new InvalidDataException("an attribute declares more entries than it has");
        }

        if (kind == VariableLength && depth == 0)
        {
            found?.Invoke(new Hdf5HeapAttribute(name, attribute.Part((int)(count * bytes))));
        }

        int Padding(int size) => version == 1 ? (8 - (size % 8)) % 8 : 0;
    }

    /// <summary>How many entries a dataspace has, and steps over it.</summary>
    private static double Count(Hdf5Cursor space)
    {
        const int Simple = 1, Scalar = 0;
        var (version, rank, flags) = (space.Byte(), space.Byte(), space.Byte());
        var kind = rank > 0 ? Simple : Scalar;
        if (version == 1)
        {
            space.Skip(5);
        }
        else
        {
            kind = space.Byte();
        }

        var product = 1.0;
        for (var axis = 0; axis < rank; axis++)
        {
            product *= space.Length();
        }

        for (var more = flags & 3; more != 0; more &= more - 1)
        {
            for (var axis = 0; axis < rank; axis++)
            {
                space.Length();
            }
        }

        return kind switch { Scalar => 1, Simple => product, _ => 0 };
    }
}
