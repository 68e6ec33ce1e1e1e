using System.Reflection;
using System.Runtime.ExceptionServices;
using IlqrVae.Data.Export;
using PureHDF;
using PureHDF.Filters;
using PureHDF.VOL.Native;

namespace IlqrVae.Data;

/// <summary>
/// A tree of named tables and attributes held in memory and saved as one HDF5 file; what models, posteriors and recordings are written with.
/// Paths are like "trials/bins", with or without a slash in front; the groups along a path come into being by themselves and "/" is the root.
/// Tables are kept by reference until saved: do not change them in between.
/// </summary>
public sealed class Hdf5Archive
{
    private const int ChunkBytes = 1 << 18;
    internal const int SmallestCompressedBytes = 1 << 12;

    private readonly Dictionary<string, Entry> entries = new(StringComparer.Ordinal);

    /// <summary>Opens an HDF5 file for reading.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">There is no such file, or it is not an HDF5 file, or it is damaged.</exception>
    public static Hdf5ArchiveReader Open(string path) => Hdf5ArchiveReader.Open(path);

    /// <summary>Adds a table of double-precision numbers (HDF5 float64).</summary>
    /// <param name="path">Where to put it.</param>
    /// <param name="values">Row-major entries.</param>
    /// <param name="shape">Lengths of the axes, whose product is the number of entries; none for a vector as long as the entries.</param>
    public void Add(string path, double[] values, params int[] shape) => AddTable(path, values, sizeof(double), shape, isCompressed: false);

    /// <summary>Adds a table of single-precision numbers (HDF5 float32).</summary>
    /// <inheritdoc cref="Add(string, double[], int[])"/>
    public void Add(string path, float[] values, params int[] shape) => AddTable(path, values, sizeof(float), shape, isCompressed: false);

    /// <summary>Adds a table of whole numbers (HDF5 int64).</summary>
    /// <inheritdoc cref="Add(string, double[], int[])"/>
    public void Add(string path, long[] values, params int[] shape) => AddTable(path, values, sizeof(long), shape, isCompressed: true);

    /// <summary>Adds a table of whole numbers (HDF5 int32).</summary>
    /// <inheritdoc cref="Add(string, double[], int[])"/>
    public void Add(string path, int[] values, params int[] shape) => AddTable(path, values, sizeof(int), shape, isCompressed: true);

    /// <summary>Adds a table of small whole numbers (HDF5 uint16).</summary>
    /// <inheritdoc cref="Add(string, double[], int[])"/>
    public void Add(string path, ushort[] values, params int[] shape) => AddTable(path, values, sizeof(ushort), shape, isCompressed: true);

    /// <summary>Adds a table of very small whole numbers (HDF5 uint8).</summary>
    /// <inheritdoc cref="Add(string, double[], int[])"/>
    public void Add(string path, byte[] values, params int[] shape) => AddTable(path, values, sizeof(byte), shape, isCompressed: true);

    /// <summary>Adds a table of truths, as h5py writes them (HDF5 enumeration FALSE, TRUE of a byte).</summary>
    internal void Add(string path, bool[] values, params int[] shape) => AddTable(path, Array.ConvertAll(values, value => value ? StoredTruth.TRUE : StoredTruth.FALSE), sizeof(byte), shape, isCompressed: false);

    /// <summary>Adds lists of whole numbers, of any lengths (HDF5 variable length, of int32).</summary>
    internal void Add(string path, int[][] lists) => AddTable(path, lists, sizeof(long), [], isCompressed: false);

    /// <summary>Adds a table of texts (HDF5 variable-length UTF-8).</summary>
    /// <inheritdoc cref="Add(string, double[], int[])"/>
    /// <exception cref="InputException">A text holds a NUL character, which HDF5 cannot store.</exception>
    public void Add(string path, string[] values, params int[] shape)
    {
        ArgumentNullException.ThrowIfNull(values);
        foreach (var value in values)
        {
            RequireStorable(value, path);
        }

        AddTable(path, values, sizeof(long), shape, isCompressed: false);
    }

    /// <summary>Sets an attribute of the root, a group or a table; a group that is not there yet comes into being.</summary>
    /// <param name="path">Path of the group or table.</param>
    /// <param name="name">Name of the attribute.</param>
    /// <param name="value">The text.</param>
    /// <exception cref="InputException">The text holds a NUL character, which HDF5 cannot store.</exception>
    public void SetAttribute(string path, string name, string value)
    {
        RequireStorable(value, path);
        Require(path).Attributes[name] = value;
    }

    /// <summary>Sets an attribute of the root, a group or a table; a group that is not there yet comes into being.</summary>
    /// <param name="path">Path of the group or table.</param>
    /// <param name="name">Name of the attribute.</param>
    /// <param name="value">The number.</param>
    public void SetAttribute(string path, string name, double value) => Require(path).Attributes[name] = value;

    /// <summary>Sets an attribute of the root, a group or a table; a group that is not there yet comes into being.</summary>
    /// <param name="path">Path of the group or table.</param>
    /// <param name="name">Name of the attribute.</param>
    /// <param name="value">The whole number.</param>
    public void SetAttribute(string path, string name, long value) => Require(path).Attributes[name] = value;

    /// <summary>Writes the tree as an HDF5 file, all of it or nothing.</summary>
    /// <param name="path">Destination; an existing file is replaced once the new one is complete.</param>
    /// <param name="withChecksum">Whether to add a checksum of the content as attribute "checksum" of the root; see <see cref="Hdf5ArchiveReader.VerifyChecksum"/>.</param>
    /// <param name="isSealed">Whether to add a checksum of the file's bytes behind its end; see <see cref="Hdf5ArchiveReader.VerifySeal"/>.</param>
    /// <param name="before">Where the file that is replaced goes; null where it is not kept.</param>
    /// <exception cref="InputException">The destination cannot be written.</exception>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public void Save(string path, bool withChecksum = false, bool isSealed = false, string? before = null) => AtomicFile.Write(
        path,
        stream =>
        {
            Write(stream, withChecksum);
            if (isSealed)
            {
                FileSeal.Append(stream);
            }
        },
        before);

    private void Write(Stream stream, bool withChecksum)
    {
        try
        {
            var root = Build();
            if (withChecksum)
            {
                root.Attributes[Hdf5Checksum.Attribute] = Checksum();
            }

            using var writer = root.BeginWrite(stream, new H5WriteOptions());
            foreach (var entry in entries.Values)
            {
                entry.Rows?.Write(writer);
            }
        }
        catch (TargetInvocationException exception) when (exception.InnerException is { } inner)
        {
            ExceptionDispatchInfo.Throw(inner);
        }
    }

    /// <summary>An archive of what a tree holds.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="isCompressed">Whether whole numbers are compressed; a file that is read once and removed is made faster without.</param>
    internal static Hdf5Archive Of(ArrayTree tree, bool isCompressed = true)
    {
        var archive = new Hdf5Archive();
        Set("/", tree.Attributes);
        foreach (var array in tree.Arrays)
        {
            // Zero-dimensional tables are not written.
            archive.AddTable(array.Path, array.Values, array.Values is string[] ? sizeof(long) : System.Runtime.InteropServices.Marshal.SizeOf(array.Values.GetType().GetElementType()!), [.. array.Shape], isCompressed && array.Values is not (double[] or float[] or string[]));
            Set(array.Path, array.Attributes);
        }

        return archive;

        void Set(string path, IReadOnlyDictionary<string, object> attributes)
        {
            foreach (var (name, value) in attributes)
            {
                archive.Require(path).Attributes[name] = value is int whole ? (long)whole : value;
            }
        }
    }

    /// <summary>What it holds, without a format. Tables that are made while they are written are not in it.</summary>
    /// <param name="name">What to call it in messages.</param>
    public ArrayTree ToTree(string name) => new(
        name, entries.Where(entry => entry.Value.Values is not null).Select(entry => new NamedArray(entry.Key, entry.Value.Values!, entry.Value.Shape!, entry.Value.Attributes)),
        entries.GetValueOrDefault("")?.Attributes ?? []);

    /// <summary>Adds a table that is asked for its rows while the file is being saved.</summary>
    internal void Add(string path, TableRows rows)
    {
        var entry = Require(path);
        if (entry.Values is not null || entry.Rows is not null)
        {
            throw new ArgumentException($"There is a table at '{path}' already.", nameof(path));
        }

        entry.Rows = rows;
    }

    /// <summary>Rows of a chunk of about the usual size.</summary>
    internal static int RowsOfChunk(int rows, long rowBytes) => (int)Math.Clamp(ChunkBytes / Math.Max(1, rowBytes), 1, Math.Max(1, rows));

    /// <summary>How tables of whole numbers are compressed.</summary>
    internal static List<H5Filter> Compression() =>
        [ShuffleFilter.Id, new H5Filter(DeflateFilter.Id, new(StringComparer.Ordinal) { [DeflateFilter.COMPRESSION_LEVEL] = 1 })];

    /// <summary>The segments of a path joined by single slashes; empty for the root.</summary>
    internal static string Normalise(string path) => string.Join('/', path.Split('/', StringSplitOptions.RemoveEmptyEntries));

    private static void RequireStorable(string value, string path)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.Contains('\0', StringComparison.Ordinal))
        {
            throw new InputException($"The text '{Messages.OneLine(value)}' for '{path}' holds a NUL character, which HDF5 cannot store; remove it.");
        }
    }

    private static H5Dataset CreateDataset(Entry entry)
    {
        var shape = entry.Shape!.Select(length => (ulong)length).ToArray();
        var bytes = (long)entry.Values!.Length * entry.ElementBytes;
        if (!entry.IsCompressed || bytes < SmallestCompressedBytes)
        {
            return new H5Dataset(entry.Values, fileDims: shape);
        }

        var rowBytes = Math.Max(1, bytes / entry.Shape![0]);
        var chunk = entry.Shape!.Select(length => (uint)length).ToArray();
        chunk[0] = (uint)RowsOfChunk(entry.Shape![0], rowBytes);
        return new H5Dataset(entry.Values, chunks: chunk, fileDims: shape, datasetCreation: new H5DatasetCreation(Filters: Compression()));
    }

    private void AddTable(string path, Array values, int elementBytes, int[] shape, bool isCompressed)
    {
        ArgumentNullException.ThrowIfNull(values);
        var lengths = shape is null or [] ? [values.Length] : (int[])shape.Clone();
        if (lengths.Any(length => length < 0) || lengths.Aggregate(1L, (product, length) => product * length) != values.Length)
        {
            throw new ArgumentException($"The table '{path}' has {values.Length} entries, which do not fill the shape {Messages.Shape(lengths)}.", nameof(shape));
        }

        var entry = Require(path);
        if (entry.Values is not null || path.Trim('/').Length == 0)
        {
            throw new ArgumentException($"There is a table at '{path}' already, or it is the root.", nameof(path));
        }

        entry.Values = values;
        entry.Shape = lengths;
        entry.ElementBytes = elementBytes;
        entry.IsCompressed = isCompressed;
    }

    private Entry Require(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var key = Normalise(path);
        if (!entries.TryGetValue(key, out var entry))
        {
            entry = new Entry();
            entries[key] = entry;
        }

        return entry;
    }

    private string Checksum()
    {
        using var checksum = new Hdf5Checksum();
        var paths = entries.Keys.Append("").SelectMany(WithGroups).Distinct(StringComparer.Ordinal);
        foreach (var path in paths.Order(StringComparer.Ordinal))
        {
            var entry = entries.GetValueOrDefault(path);
            if (entry?.Rows is not null)
            {
                throw new InvalidOperationException($"The table '{path}' is written by rows, which a checksum ahead of them cannot know.");
            }

            if (entry?.Values is { } values)
            {
                checksum.AddTable(path, entry.Shape!, values);
            }
            else
            {
                checksum.AddGroup(path);
            }

            checksum.AddAttributes(entry?.Attributes.Where(pair => path.Length > 0 || !string.Equals(pair.Key, Hdf5Checksum.Attribute, StringComparison.Ordinal)) ?? []);
        }

        return checksum.Finish();
    }

    private static IEnumerable<string> WithGroups(string path)
    {
        for (var cut = path.Length; cut > 0; cut = path.LastIndexOf('/', cut - 1))
        {
            yield return path[..cut];
        }

        yield return "";
    }

    private H5File Build()
    {
        var root = new H5File();
        var groups = new Dictionary<string, H5Group>(StringComparer.Ordinal) { [""] = root };
        foreach (var (key, entry) in entries)
        {
            if (entry.Values is null && entry.Rows is null)
            {
                SetAttributes(Group(groups, key), entry);
                continue;
            }

            var dataset = entry.Rows?.Create() ?? CreateDataset(entry);
            SetAttributes(dataset, entry);
            var cut = key.LastIndexOf('/');
            Group(groups, cut < 0 ? "" : key[..cut]).Add(key[(cut + 1)..], dataset);
        }

        return root;
    }

    private static H5Group Group(Dictionary<string, H5Group> groups, string key)
    {
        if (!groups.TryGetValue(key, out var group))
        {
            group = new H5Group();
            groups[key] = group;
            var cut = key.LastIndexOf('/');
            Group(groups, cut < 0 ? "" : key[..cut]).Add(key[(cut + 1)..], group);
        }

        return group;
    }

    private static void SetAttributes(H5Object target, Entry entry)
    {
        foreach (var (name, value) in entry.Attributes)
        {
            target.Attributes[name] = value;
        }
    }

    private sealed class Entry
    {
        public Array? Values { get; set; }

        /// <summary>Instead of the values, of a table that is made while it is written.</summary>
        public TableRows? Rows { get; set; }

        public int[]? Shape { get; set; }

        public int ElementBytes { get; set; }

        public bool IsCompressed { get; set; }

        public Dictionary<string, object> Attributes { get; } = new(StringComparer.Ordinal);
    }

    /// <summary>Its names are those that a file needs for h5py to read truths.</summary>
    private enum StoredTruth : byte
    {
        FALSE,
        TRUE,
    }
}
