using System.Runtime.InteropServices;
using PureHDF;
using PureHDF.Selections;
using PureHDF.VOL.Native;

namespace IlqrVae.Data;

/// <summary>
/// An HDF5 file open for reading: any written by <see cref="Hdf5Archive"/>, h5py or MATLAB, as long as its tables hold numbers or texts. Tables are read
/// when asked for. Paths are like "trials/bins", with or without a slash in front; "/" is the root. Not safe for concurrent use.
/// </summary>
public sealed class Hdf5ArchiveReader : IDisposable
{
    private const long AlwaysAllowedBytes = 1 << 24;
    private const long AlwaysAllowedHeapBytes = 1 << 28;

    // Chunks that were never written take time, for PureHDF looks each of them up, but no bytes; those that were take more than their address.
    private const long AlwaysAllowedChunks = 1 << 17;
    private const long LeastChunkBytes = 8;

    // Deflate cannot shrink data further than to about 1/1032.
    private const long LargestCompression = 1100;

    // What a text or a list takes in memory, however little it has in the file.
    private const int LeastTextBytes = 32;

    private const int MostPaths = 1_000_000;
    private const long CachedBytes = 1 << 28;
    private const long CachedBytesOfRows = 1 << 25;

    // Of rows asked for in order, blocks share a chunk or few.
    private const long CachedBytesInOrder = 1 << 22;

    private readonly FileStream stream;
    private readonly Hdf5Objects objects;
    private readonly long fileBytes;
    private readonly List<NativeFile> held = [];
    private (ulong Address, NativeFile File, IH5Object Object)? open;

    private Hdf5ArchiveReader(string path, FileStream stream, Hdf5Objects objects)
    {
        Path = path;
        this.stream = stream;
        this.objects = objects;
        fileBytes = stream.Length;
    }

    /// <summary>The file, as it was given.</summary>
    public string Path { get; }

    /// <summary>Whether there is a group or table.</summary>
    /// <param name="path">Its path.</param>
    /// <exception cref="InputException">The file is damaged.</exception>
    public bool Contains(string path) => Find(path) is not null;

    /// <summary>Whether there is a table.</summary>
    /// <param name="path">Its path.</param>
    /// <exception cref="InputException">The file is damaged.</exception>
    public bool ContainsTable(string path) => Find(path) is { Header.IsTable: true };

    /// <summary>Names of the groups and tables in a group, sorted.</summary>
    /// <param name="path">The group.</param>
    /// <exception cref="InputException">There is no such group, or the file is damaged.</exception>
    public IReadOnlyList<string> Children(string path)
    {
        var group = Find(path) is { Header.IsGroup: true } found ? found : throw Missing("group", path);
        return Guarded(path, () => objects.Names(group));
    }

    /// <summary>Shape of a table; empty for a scalar.</summary>
    /// <param name="path">The table.</param>
    /// <exception cref="InputException">There is no such table, or the file is damaged.</exception>
    public IReadOnlyList<int> ShapeOf(string path) => ShapeOf(Table(path), path);

    /// <summary>Reads a table of numbers of any type as double precision.</summary>
    /// <param name="path">The table.</param>
    /// <param name="expected">The shape it must have, -1 for an axis of any length; none to accept any shape.</param>
    /// <exception cref="InputException">There is no such table, it is not of numbers, it has another shape, or the file is damaged.</exception>
    public Hdf5Array<double> ReadDoubles(string path, params int[] expected)
    {
        var (shape, stored) = ReadStored(path, expected);
        return new(shape, As<double>(stored, path));
    }

    /// <summary>Reads a table of numbers of any type as single precision.</summary>
    /// <inheritdoc cref="ReadDoubles"/>
    public Hdf5Array<float> ReadFloats(string path, params int[] expected)
    {
        var (shape, stored) = ReadStored(path, expected);
        return new(shape, As<float>(stored, path));
    }

    /// <summary>Reads a table of whole numbers of any integer type.</summary>
    /// <inheritdoc cref="ReadDoubles"/>
    public Hdf5Array<long> ReadLongs(string path, params int[] expected)
    {
        RequireWhole(path);
        var (shape, stored) = ReadStored(path, expected);
        return new(shape, As<long>(stored, path));
    }

    /// <summary>Reads a table of whole numbers of any integer type that fit 32 bits.</summary>
    /// <inheritdoc cref="ReadDoubles"/>
    public Hdf5Array<int> ReadInts(string path, params int[] expected)
    {
        RequireWhole(path);
        var (shape, stored) = ReadStored(path, expected);
        return new(shape, As<int>(stored, path));
    }

    /// <summary>Reads a table of texts.</summary>
    /// <inheritdoc cref="ReadDoubles"/>
    public Hdf5Array<string> ReadStrings(string path, params int[] expected)
    {
        var dataset = Table(path);
        var filters = RequireReadable(path);
        var type = Guarded(path, () => StoredNumbers.TypeOf(dataset.Type));
        if (type != StoredType.Text)
        {
            throw new InputException($"{Path}: '{Rooted(path)}' holds {StoredNumbers.Describe(type)} where texts are needed; write it as strings.");
        }

        var shape = ShapeOf(dataset, path);
        RequireShape(path, shape, expected);
        var count = Count(shape, Guarded(path, () => Math.Max(LeastTextBytes, dataset.Type.Size)), path);
        var access = dataset.Type.Class == H5DataTypeClass.VariableLength ? HeapEntries(path, count, elementBytes: 0) : default;
        var texts = Guarded(path, () => Hdf5Filters.Reading(
            filters,
            () => count == 0 ? [] : shape.Count == 0 ? [Read<string>(dataset, access)] : Whole(count, Read<string[]>(dataset, access))));
        return new(shape, [.. texts.Select(text => text ?? "")]);
    }

    /// <summary>Whether a group or table has an attribute.</summary>
    /// <param name="path">The group or table.</param>
    /// <param name="name">The attribute.</param>
    /// <exception cref="InputException">There is no such group or table, or the file is damaged.</exception>
    public bool HasAttribute(string path, string name)
    {
        var target = Required(path);
        return Guarded(path, () => target.AttributeExists(name));
    }

    /// <summary>Reads an attribute that is a text.</summary>
    /// <param name="path">The group or table.</param>
    /// <param name="name">The attribute.</param>
    /// <exception cref="InputException">There is no such attribute, it is not a text, or the file is damaged.</exception>
    public string ReadText(string path, string name)
    {
        var attribute = Attribute(path, name);
        var type = Guarded(path, () => StoredNumbers.TypeOf(attribute.Type));
        if (type != StoredType.Text || Guarded(path, () => attribute.Space.Dimensions.Any(length => length != 1)))
        {
            throw new InputException($"{Path}: attribute '{name}' of '{Rooted(path)}' is not a text; write it as one string.");
        }

        RequireTexts(path, name);
        return Guarded(path, () => attribute.Space.Rank == 0 ? attribute.Read<string>() : attribute.Read<string[]>()[0]) ?? "";
    }

    /// <summary>Reads an attribute that is a number.</summary>
    /// <inheritdoc cref="ReadText"/>
    /// <exception cref="InputException">There is no such attribute, it is not a number, or the file is damaged.</exception>
    public double ReadNumber(string path, string name)
    {
        var result = new double[1];
        StoredNumbers.Copy<double>(ReadScalar(path, name, isWhole: false), 0, result);
        return result[0];
    }

    /// <summary>Reads an attribute that is a whole number.</summary>
    /// <inheritdoc cref="ReadText"/>
    /// <exception cref="InputException">There is no such attribute, it is not a whole number, or the file is damaged.</exception>
    public long ReadWhole(string path, string name)
    {
        var result = new long[1];
        var stored = ReadScalar(path, name, isWhole: true);
        Guarded(path, () => StoredNumbers.Copy<long>(stored, 0, result));
        return result[0];
    }

    /// <summary>Whether the file carries a checksum of its content.</summary>
    /// <exception cref="InputException">The file is damaged.</exception>
    public bool HasChecksum => HasAttribute("/", Hdf5Checksum.Attribute);

    /// <summary>Reads all of the file and compares it with the checksum that <see cref="Hdf5Archive.Save"/> wrote into it.</summary>
    /// <exception cref="InputException">The file has no checksum or another content than when it was written.</exception>
    public void VerifyChecksum()
    {
        var written = ReadText("/", Hdf5Checksum.Attribute);
        using var checksum = new Hdf5Checksum();
        foreach (var path in RequireFew(Paths("").Take(MostPaths + 1)).Order(StringComparer.Ordinal))
        {
            if (ContainsTable(path))
            {
                var (shape, values) = TypeOf(path) == StoredType.Text ? Deconstruct(ReadStrings(path)) : ReadStored(path);
                checksum.AddTable(path, shape, values);
            }
            else
            {
                checksum.AddGroup(path);
            }

            checksum.AddAttributes(Attributes(path).Where(pair => path.Length > 0 || !string.Equals(pair.Key, Hdf5Checksum.Attribute, StringComparison.Ordinal)));
        }

        if (!string.Equals(written, checksum.Finish(), StringComparison.Ordinal))
        {
            throw new InputException($"{Path}: the content is not what was written, by its checksum; the file is damaged or was changed, copy it or make it again.");
        }

        static (IReadOnlyList<int> Shape, Array Values) Deconstruct(Hdf5Array<string> texts) => (texts.Shape, texts.Values);
    }

    /// <summary>Compares the file's bytes with the checksum behind its end, if it has one: files that this program writes have, those that were changed since by an HDF5 library have not.</summary>
    /// <exception cref="InputException">It has, and other bytes than when it was written.</exception>
    public void VerifySeal() => Guarded("/", () => FileSeal.Verify(stream, objects.End, Path));

    /// <inheritdoc/>
    public void Dispose()
    {
        Close();
        held.ForEach(view => view.Dispose());
        stream.Dispose();
    }

    internal static Hdf5ArchiveReader Open(string path)
    {
        var input = InputFile.Open(path);
        try
        {
            var start = Hdf5Signature.Find(input);
            return start >= 0
                ? new Hdf5ArchiveReader(path, input, new Hdf5Objects(input, start, path))
                : throw new InputException($"{path}: this is not an HDF5 file; give a file written by this program, h5py or MATLAB (-v7.3).");
        }
        catch (Exception exception)
        {
            input.Dispose();
            throw exception is InputException ? exception : Damaged(path, "/", exception);
        }
    }

    /// <summary>Reads numbers in the type they are stored in, which for counts is an eighth of their size in double precision.</summary>
    internal (IReadOnlyList<int> Shape, Array Stored) ReadStored(string path, params int[] expected)
    {
        var dataset = Table(path);
        var filters = RequireReadable(path);
        var type = RequireNumbers(path, dataset);
        var shape = ShapeOf(dataset, path);
        RequireShape(path, shape, expected);
        var count = Count(shape, StoredNumbers.Bytes(type), path);
        var stored = Guarded(path, () => Hdf5Filters.Reading(filters, () => ReadArray(dataset, type, count)));
        return stored.Length == count
            ? (shape, stored)
            : throw new InputException($"{Path}: '{Rooted(path)}' holds {stored.Length} numbers where its shape is {Messages.Shape(shape)}; the file is damaged, make it again.");
    }

    /// <summary>A table of two axes to be read some rows at a time, until this reader is disposed.</summary>
    internal StoredRows ReadRows(string path, int rows, int columns)
    {
        var shape = ShapeOf(path);
        RequireShape(path, shape, [rows, columns]);
        return ReadRows(path);
    }

    /// <summary>A table of any shape but a scalar to be read some rows at a time, until this reader is disposed; a row is all that shares the first index.</summary>
    internal StoredRows ReadRows(string path)
    {
        var shape = ShapeOf(path);
        var columns = shape.Skip(1).Aggregate(1L, (product, length) => Math.Min(product * length, int.MaxValue));
        if (shape.Count == 0 || columns >= int.MaxValue)
        {
            throw new InputException($"{Path}: '{Rooted(path)}' of shape {Messages.Shape(shape)} is no table of rows; write it with that.");
        }

        var filters = RequireReadable(path);

        // A view of its own: other tables are read in between.
        var (view, opened) = View(Find(path)!, path);
        held.Add(view);
        var dataset = (IH5Dataset)opened;
        var type = RequireNumbers(path, dataset);
        RequireFits(shape, StoredNumbers.Bytes(type), path);
        var cache = new Hdf5ChunkCache(CachedBytesInOrder);
        return new StoredRows(
            shape[0],
            (int)columns,
            StoredNumbers.Bytes(type),
            (first, count) => Guarded(path, () => Hdf5Filters.Reading(filters, () => ReadArray(dataset, type, shape, first, count, cache))));
    }

    /// <summary>Whether there is a group.</summary>
    internal bool IsGroup(string path) => Find(path) is { Header.IsGroup: true };

    /// <summary>Where an object is in the file, by which two paths to it can be told to be one; null where there is none.</summary>
    internal ulong? AddressOf(string path) => Find(path)?.Address;

    /// <summary>Where a soft link leads that stands at a path; null where there is none.</summary>
    internal string? LinkAt(string path) => Guarded(path, () => objects.LinkAt(path));

    /// <summary>What the entries of a table are.</summary>
    internal Hdf5Datatype DatatypeOf(string path)
    {
        var found = Find(path) is { Header.IsTable: true } table ? table : throw Missing("table", path);
        return Guarded(path, () => Hdf5Datatype.Read(found.Header));
    }

    /// <summary>Reads an attribute of texts, one or many.</summary>
    internal IReadOnlyList<string> ReadTexts(string path, string name)
    {
        var attribute = Attribute(path, name);
        if (Guarded(path, () => StoredNumbers.TypeOf(attribute.Type)) != StoredType.Text)
        {
            throw new InputException($"{Path}: attribute '{name}' of '{Rooted(path)}' is not a text; write it as strings.");
        }

        if (Guarded(path, () => attribute.Space.Dimensions.Aggregate(1.0, (product, length) => product * length)) > fileBytes)
        {
            throw new InputException($"{Path}: attribute '{name}' of '{Rooted(path)}' declares more texts than the file of {fileBytes} bytes can hold; the file is damaged, make it again.");
        }

        RequireTexts(path, name);
        var texts = Guarded(path, () => attribute.Space.Type == H5DataspaceType.Null || attribute.Space.Dimensions.Any(length => length == 0) ? []
            : attribute.Space.Rank == 0 ? [attribute.Read<string>()] : attribute.Read<string[]>());
        return [.. texts.Select(text => text ?? "")];
    }

    /// <summary>Reads a table of lists of whole numbers that may differ in length (HDF5 variable length), or a table of two axes whose lists all have one length.</summary>
    /// <param name="path">The table.</param>
    /// <exception cref="InputException">There is no such table, it is not of lists of whole numbers, or the file is damaged.</exception>
    internal int[][] ReadLists(string path)
    {
        var dataset = Table(path);
        if (Guarded(path, () => dataset.Type.Class) != H5DataTypeClass.VariableLength)
        {
            var (shape, values) = ReadInts(path, -1, -1);
            return [.. Enumerable.Range(0, shape[0]).Select(row => values.AsSpan(row * shape[1], shape[1]).ToArray())];
        }

        var filters = RequireReadable(path);
        var lengths = ShapeOf(dataset, path);
        RequireShape(path, lengths, [-1]);
        var access = HeapEntries(path, Count(lengths, LeastTextBytes, path), sizeof(int));
        return Guarded(path, () => Hdf5Filters.Reading(filters, () => lengths[0] == 0 ? [] : Read<int[][]>(dataset, access).Select(list => list ?? []).ToArray()));
    }

    /// <summary>Reads a table of references to objects as paths to them, row-major; null where one leads nowhere.</summary>
    /// <param name="path">The table.</param>
    /// <exception cref="InputException">There is no such table, it is not of references, or the file is damaged.</exception>
    internal string?[] ReadReferences(string path)
    {
        var type = DatatypeOf(path);
        if (!type.IsReference || type.IsRegion || type.Bytes != sizeof(ulong))
        {
            throw new InputException($"{Path}: '{Rooted(path)}' holds {type.Words} where references are needed; write it anew.");
        }

        var dataset = Table(path);
        var filters = RequireReadable(path);
        var count = Count(ShapeOf(dataset, path), sizeof(ulong), path);
        var references = Guarded(path, () => Hdf5Filters.Reading(filters, () => Read<NativeObjectReference1>(dataset, count)));
        return Array.ConvertAll(MemoryMarshal.Cast<NativeObjectReference1, ulong>(references).ToArray(), address => address is 0 or ulong.MaxValue ? null : Hdf5Objects.PathTo(address));
    }

    /// <summary>Reads a table of references to parts of tables, row-major; null where one leads nowhere.</summary>
    /// <param name="path">The table.</param>
    /// <exception cref="InputException">There is no such table, it is not of such references, or the file is damaged.</exception>
    internal Hdf5Region?[] ReadRegions(string path)
    {
        var type = DatatypeOf(path);
        if (!type.IsReference || !type.IsRegion || type.Bytes != objects.Bytes.AddressBytes + sizeof(uint) || objects.Bytes.AddressBytes != sizeof(ulong))
        {
            throw new InputException($"{Path}: '{Rooted(path)}' holds {type.Words} where references to parts of tables are needed; write it anew.");
        }

        var dataset = Table(path);
        var filters = RequireReadable(path);
        var count = Count(ShapeOf(dataset, path), (int)type.Bytes, path);
        var references = Guarded(path, () => Hdf5Filters.Reading(filters, () => Read<RegionReference>(dataset, count)));
        var regions = new Hdf5Regions(objects.Bytes);
        return Guarded(path, () => Array.ConvertAll(references, reference => regions.Find(reference.Heap, reference.Index)));
    }

    /// <summary>Where an attribute that is a reference to a group or table leads; null where there is no such attribute.</summary>
    internal ulong? ReadReference(string path, string name)
    {
        if (!HasAttribute(path, name) || Guarded(path, () => Attribute(path, name).Type is not { Class: H5DataTypeClass.Reference, Size: sizeof(ulong) }))
        {
            return null;
        }

        var attribute = Attribute(path, name);
        return Guarded(path, () => attribute.Space.Dimensions.Any(length => length != 1) ? (ulong?)null : MemoryMarshal.Cast<NativeObjectReference1, ulong>(attribute.Space.Rank == 0 ? [attribute.Read<NativeObjectReference1>()] : attribute.Read<NativeObjectReference1[]>())[0]);
    }

    /// <summary>Shape of a table that must have so many axes.</summary>
    /// <param name="path">The table.</param>
    /// <param name="rank">Number of axes.</param>
    /// <exception cref="InputException">There is no such table, it has another number of axes, or the file is damaged.</exception>
    public IReadOnlyList<int> ReadShape(string path, int rank)
    {
        var shape = ShapeOf(path);
        RequireShape(path, shape, [.. Enumerable.Repeat(-1, rank)]);
        return shape;
    }

    /// <summary>That the file can hold what a table declares, before memory is taken by its shape.</summary>
    internal void RequireHeld(string path)
    {
        var dataset = Table(path);
        RequireFits(ShapeOf(dataset, path), Guarded(path, () => dataset.Type.Size), path);
    }

    internal StoredType TypeOf(string path)
    {
        var dataset = Table(path);
        return Guarded(path, () => StoredNumbers.TypeOf(dataset.Type));
    }

    internal static string Rooted(string path) => Messages.OneLine("/" + Hdf5Archive.Normalise(path));

    private static Array ReadArray(IH5Dataset dataset, StoredType type, int count) => type switch
    {
        StoredType.Int8 => Read<sbyte>(dataset, count),
        StoredType.UInt8 => Read<byte>(dataset, count),
        StoredType.Int16 => Read<short>(dataset, count),
        StoredType.UInt16 => Read<ushort>(dataset, count),
        StoredType.Int32 => Read<int>(dataset, count),
        StoredType.UInt32 => Read<uint>(dataset, count),
        StoredType.Int64 => Read<long>(dataset, count),
        StoredType.UInt64 => Read<ulong>(dataset, count),
        StoredType.Half => Array.ConvertAll(Read<Half>(dataset, count), value => (float)value),
        StoredType.Single => Read<float>(dataset, count),
        _ => Read<double>(dataset, count),
    };

    private static Array ReadArray(IH5Dataset dataset, StoredType type, IReadOnlyList<int> shape, int first, int rows, Hdf5ChunkCache cache) => type switch
    {
        StoredType.Int8 => Read<sbyte>(dataset, shape, first, rows, cache),
        StoredType.UInt8 => Read<byte>(dataset, shape, first, rows, cache),
        StoredType.Int16 => Read<short>(dataset, shape, first, rows, cache),
        StoredType.UInt16 => Read<ushort>(dataset, shape, first, rows, cache),
        StoredType.Int32 => Read<int>(dataset, shape, first, rows, cache),
        StoredType.UInt32 => Read<uint>(dataset, shape, first, rows, cache),
        StoredType.Int64 => Read<long>(dataset, shape, first, rows, cache),
        StoredType.UInt64 => Read<ulong>(dataset, shape, first, rows, cache),
        StoredType.Half => Array.ConvertAll(Read<Half>(dataset, shape, first, rows, cache), value => (float)value),
        StoredType.Single => Read<float>(dataset, shape, first, rows, cache),
        _ => Read<double>(dataset, shape, first, rows, cache),
    };

    private static T[] Read<T>(IH5Dataset dataset, IReadOnlyList<int> shape, int first, int rows, Hdf5ChunkCache cache)
        where T : unmanaged
    {
        ulong[] block = [(ulong)rows, .. shape.Skip(1).Select(length => (ulong)length)];
        if (Array.Exists(block, length => length == 0))
        {
            return [];
        }

        var selection = new HyperslabSelection(rank: block.Length, starts: [(ulong)first, .. new ulong[block.Length - 1]], blocks: block);
        var values = dataset is NativeDataset native
            ? native.Read<T[]>(new H5DatasetAccess(ChunkCache: cache), selection)
            : dataset.Read<T[]>(selection);
        return values.Length == (int)block.Aggregate((product, length) => product * length)
            ? values
            : throw new InvalidDataException($"{values.Length} numbers where {string.Join(" x ", block)} were asked for");
    }

    private static T Read<T>(IH5Dataset dataset, H5DatasetAccess access) => dataset is NativeDataset native ? native.Read<T>(access) : dataset.Read<T>();

    private static T[] Read<T>(IH5Dataset dataset, int count)
        where T : unmanaged
    {
        if (count == 0)
        {
            return [];
        }

        if (dataset.Space.Rank == 0)
        {
            return [dataset.Read<T>()];
        }

        return Whole(count, dataset is NativeDataset native
            ? native.Read<T[]>(new H5DatasetAccess(ChunkCache: new Hdf5ChunkCache(CachedBytes)))
            : dataset.Read<T[]>());
    }

    // A table whose parts contradict each other may give another number of entries than its shape.
    private static T[] Whole<T>(int count, T[] values) => values.Length == count
        ? values
        : throw new InvalidDataException($"{values.Length} entries where its shape has {count}");

    private static Array ReadArray(IH5Attribute attribute, StoredType type) => type switch
    {
        StoredType.Int8 => Read<sbyte>(attribute),
        StoredType.UInt8 => Read<byte>(attribute),
        StoredType.Int16 => Read<short>(attribute),
        StoredType.UInt16 => Read<ushort>(attribute),
        StoredType.Int32 => Read<int>(attribute),
        StoredType.UInt32 => Read<uint>(attribute),
        StoredType.Int64 => Read<long>(attribute),
        StoredType.UInt64 => Read<ulong>(attribute),
        StoredType.Half => Array.ConvertAll(Read<Half>(attribute), value => (float)value),
        StoredType.Single => Read<float>(attribute),
        _ => Read<double>(attribute),
    };

    private static T[] Read<T>(IH5Attribute attribute)
        where T : unmanaged => attribute.Space.Rank == 0 ? [attribute.Read<T>()] : attribute.Read<T[]>();

    private static InputException Damaged(string file, string path, Exception exception)
    {
        var innermost = exception.GetBaseException();
        if (innermost.Message.StartsWith("Byte order", StringComparison.Ordinal))
        {
            return new InputException($"{file}: '{Rooted(path)}' is stored with its bytes in big-endian order; write it in little-endian order.", exception);
        }

        if (innermost is NotSupportedException or NotImplementedException)
        {
            return new InputException(
                $"{file}: '{Rooted(path)}' is stored in a way that is not read ({Messages.OneLine(innermost.Message)}); write it again with h5py and its defaults.", exception);
        }

        return new InputException(
            $"{file}: '{Rooted(path)}' cannot be read ({Messages.OneLine(innermost.Message)}); the file is damaged or cut short, copy it or make it again.",
            exception);
    }

    private T[] As<T>(Array stored, string path)
        where T : unmanaged, System.Numerics.INumberBase<T>
    {
        if (stored.GetType() == typeof(T[]))
        {
            return (T[])stored;
        }

        var result = new T[stored.Length];
        Guarded(path, () => StoredNumbers.Copy<T>(stored, 0, result));
        return result;
    }

    private Array ReadScalar(string path, string name, bool isWhole)
    {
        var attribute = Attribute(path, name);
        var type = Guarded(path, () => StoredNumbers.TypeOf(attribute.Type));
        var isFit = isWhole ? StoredNumbers.IsWhole(type) : StoredNumbers.IsNumber(type);
        if (!isFit || Guarded(path, () => attribute.Space.Dimensions.Any(length => length != 1)))
        {
            throw new InputException(
                $"{Path}: attribute '{name}' of '{Rooted(path)}' is not a {(isWhole ? "whole " : "")}number; write it as one {(isWhole ? "whole " : "")}number.");
        }

        return Guarded(path, () => ReadArray(attribute, type));
    }

    private List<string> RequireFew(IEnumerable<string> paths) => paths.ToList() is { Count: <= MostPaths } few
        ? few
        : throw new InputException($"{Path}: there are more than {MostPaths} groups and tables; this is no file that was written with a checksum.");

    private IEnumerable<string> Paths(string group)
    {
        yield return group;
        foreach (var child in Children(group))
        {
            var path = group.Length == 0 ? child : $"{group}/{child}";
            foreach (var below in ContainsTable(path) ? [path] : Paths(path))
            {
                yield return below;
            }
        }
    }

    private IEnumerable<KeyValuePair<string, object>> Attributes(string path)
    {
        foreach (var name in Guarded(path, () => Required(path).Attributes().Select(attribute => attribute.Name).ToList()))
        {
            var type = Guarded(path, () => StoredNumbers.TypeOf(Required(path).Attribute(name).Type));
            yield return new(name, type switch
            {
                StoredType.Text => ReadText(path, name),
                _ when StoredNumbers.IsWhole(type) => ReadWhole(path, name),
                _ => ReadNumber(path, name),
            });
        }
    }

    private IH5Attribute Attribute(string path, string name) => HasAttribute(path, name)
        ? Guarded(path, () => Required(path).Attribute(name))
        : throw new InputException($"{Path}: '{Rooted(path)}' has no attribute '{name}'; add it or check that this is the right file.");

    private IH5Dataset Table(string path) => Find(path) is { Header.IsTable: true } found ? (IH5Dataset)Opened(found, path) : throw Missing("table", path);

    private IH5Object Required(string path) => Find(path) is { } found ? Opened(found, path) : throw Missing("object", path);

    private IReadOnlyList<Hdf5Filter> RequireReadable(string path)
    {
        var table = Guarded(path, () => Hdf5Table.Read(objects.Bytes, Find(path)!.Header));
        if (table.Obstacle() is { } obstacle)
        {
            throw new InputException($"{Path}: '{Rooted(path)}' {obstacle}.");
        }

        if (table.ChunkBytes > Math.Max(AlwaysAllowedBytes, fileBytes * LargestCompression))
        {
            throw new InputException($"{Path}: '{Rooted(path)}' declares chunks that the file of {fileBytes} bytes cannot hold; the file is damaged, make it again.");
        }

        if (table.Chunks > Math.Max(AlwaysAllowedChunks, fileBytes / LeastChunkBytes))
        {
            throw new InputException($"{Path}: '{Rooted(path)}' has {table.Chunks:F0} chunks, most of which the file of {fileBytes} bytes does not hold; write it with larger chunks.");
        }

        Guarded(path, table.RequireSoundIndex);
        return table.Filters;
    }

    /// <summary>Looks at entries of variable length before room is made for them: here, or of chunks when they are unpacked, by what this returns.</summary>
    private H5DatasetAccess HeapEntries(string path, int count, long elementBytes) => Guarded(path, () =>
    {
        const int LengthBytes = 4, IndexBytes = 4;
        var entries = new Hdf5HeapEntries(objects.Bytes, elementBytes, MostHeapBytes);
        if (Hdf5Table.Entries(objects.Bytes, Find(path)!.Header, (ulong)count * (ulong)(LengthBytes + objects.Bytes.AddressBytes + IndexBytes)) is { } whole)
        {
            entries.Pass(whole.Take(whole.Remaining));
        }

        return new H5DatasetAccess(ChunkCache: new Hdf5ChunkCache(CachedBytes, chunk => entries.Pass(chunk.Span)));
    });

    /// <summary>Looks at an attribute of texts of variable length before room is made for them.</summary>
    private void RequireTexts(string path, string name) => Guarded(path, () =>
    {
        Hdf5MessageCheck.Pass(objects.Bytes, Find(path)!.Header, attribute =>
        {
            if (string.Equals(attribute.Name, name, StringComparison.Ordinal))
            {
                new Hdf5HeapEntries(objects.Bytes, elementBytes: 0, MostHeapBytes).Pass(attribute.Entries.Take(attribute.Entries.Remaining));
            }
        });
    });

    // Heaps are not compressed, but entries that were never written share one piece.
    private long MostHeapBytes => Math.Max(AlwaysAllowedHeapBytes, fileBytes);

    private StoredType RequireNumbers(string path, IH5Dataset dataset)
    {
        var type = Guarded(path, () => StoredNumbers.TypeOf(dataset.Type));
        return StoredNumbers.IsNumber(type)
            ? type
            : throw new InputException($"{Path}: '{Rooted(path)}' holds {StoredNumbers.Describe(type)} where numbers are needed; write it as numbers.");
    }

    private InputException Missing(string kind, string path) =>
        new($"{Path}: there is no {kind} '{Rooted(path)}'; add it or check that this is the right file.");

    private void RequireWhole(string path)
    {
        if (TypeOf(path) is var type && !StoredNumbers.IsWhole(type))
        {
            throw new InputException(
                $"{Path}: '{Rooted(path)}' holds {StoredNumbers.Describe(type)} where whole numbers are needed; write it as integers.");
        }
    }

    private void RequireShape(string path, IReadOnlyList<int> shape, int[] expected)
    {
        if (expected.Length == 0)
        {
            return;
        }

        var isFit = shape.Count == expected.Length;
        for (var axis = 0; isFit && axis < expected.Length; axis++)
        {
            isFit = expected[axis] < 0 || expected[axis] == shape[axis];
        }

        if (!isFit)
        {
            throw new InputException(
                $"{Path}: '{Rooted(path)}' has shape {Messages.Shape(shape)} where {Messages.Shape(expected)} is needed; write it with that shape.");
        }
    }

    private List<int> ShapeOf(IH5Dataset dataset, string path)
    {
        var lengths = Guarded(path, () =>
        {
            var space = dataset.Space;
            return space.Type == H5DataspaceType.Null ? [0UL] : space.Dimensions;
        });
        if (lengths.Any(length => length > int.MaxValue))
        {
            throw new InputException($"{Path}: '{Rooted(path)}' has an axis longer than {int.MaxValue}; split the table.");
        }

        return [.. lengths.Select(length => (int)length)];
    }

    private int Count(IReadOnlyList<int> shape, int elementBytes, string path)
    {
        var count = 1L;
        foreach (var length in shape)
        {
            // At most 2^31 * 2^31, so the product cannot overflow before it is seen to be too large.
            count *= length;
            if (count > Array.MaxLength)
            {
                throw new InputException($"{Path}: '{Rooted(path)}' of shape {Messages.Shape(shape)} is larger than {Array.MaxLength} entries; split the table.");
            }
        }

        RequireFits(shape, elementBytes, path);
        return (int)count;
    }

    private void RequireFits(IReadOnlyList<int> shape, int elementBytes, string path)
    {
        if (shape.Aggregate((double)elementBytes, (product, length) => product * length) > Math.Max(AlwaysAllowedBytes, fileBytes * LargestCompression))
        {
            throw new InputException(
                $"{Path}: '{Rooted(path)}' declares the shape {Messages.Shape(shape)}, more than the file of {fileBytes} bytes can hold; the file is damaged, make it again.");
        }
    }

    private Hdf5Object? Find(string path) => Guarded(path, () => objects.Find(path));

    private IH5Object Opened(Hdf5Object found, string path)
    {
        if (open is not { } last || last.Address != found.Address)
        {
            Close();
            var (view, opened) = View(found, path);
            last = (found.Address, view, opened);
            open = last;
        }

        return last.Object;
    }

    private (NativeFile File, IH5Object Object) View(Hdf5Object found, string path) => Guarded(path, () =>
    {
        var view = H5File.Open(new Hdf5ObjectStream(stream, objects.Bytes, found.Address), leaveOpen: false);
        return (view, view.Get(Hdf5ObjectStream.Name));
    });

    private void Close()
    {
        open?.File.Dispose();
        open = null;
    }

    private void Guarded(string path, Action action) => Guarded(path, () =>
    {
        action();
        return true;
    });

    private T Guarded<T>(string path, Func<T> function)
    {
        try
        {
            return function();
        }
        catch (Exception exception) when (exception is not InputException)
        {
            throw Damaged(Path, path, exception);
        }
    }

    /// <summary>A reference to a part of a table as it is stored.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private readonly struct RegionReference
    {
        public readonly ulong Heap;
        public readonly uint Index;
    }
}
