using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using IlqrVae.Data.Import.Arrays;

namespace IlqrVae.Data.Export;

/// <summary>NumPy archives of our own: an array a path of the tree, and "attributes", a text of JSON with what is known of each.</summary>
internal static class ExportedNpz
{
    private const string Attributes = "attributes";
    private const string Extension = ".npy";
    private const int Alignment = 64;
    private const int BlockEntries = 1 << 16;

    // One day for all entries, so that the same content makes the same bytes.
    private static readonly DateTimeOffset s_day = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static void Write(string path, ArrayTree tree) => AtomicFile.Write(path, stream =>
    {
        using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        foreach (var array in tree.Arrays)
        {
            Add(zip, array.Path, array.Values, array.Shape);
        }

        Add(zip, Attributes, new[] { tree.AttributesJson() }, []);
    });

    /// <summary>Whether a file is one that was written here.</summary>
    public static bool Is(string path)
    {
        try
        {
            using var stream = InputFile.Open(path);
            using var zip = new ZipArchive(stream, ZipArchiveMode.Read);
            return zip.GetEntry(Attributes + Extension) is not null && zip.GetEntry($"trials/first_bin{Extension}") is not null;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InputException">The file is damaged.</exception>
    public static ArrayTree Read(string path)
    {
        try
        {
            using var stream = InputFile.Open(path);
            using var zip = new ZipArchive(stream, ZipArchiveMode.Read);
            var found = new List<NamedArray>();
            foreach (var entry in zip.Entries)
            {
                var (values, shape) = ReadArray(entry, path);
                found.Add(new NamedArray(entry.FullName[..^Extension.Length], values, shape, new Dictionary<string, object>(StringComparer.Ordinal)));
            }

            var json = JsonDocument.Parse(((string[])found.Single(array => array.Path == Attributes).Values)[0]).RootElement;
            return new ArrayTree(path, found.Where(array => array.Path != Attributes).Select(array => array with { Attributes = ArrayTree.AttributesOf(json, array.Path) }), ArrayTree.AttributesOf(json, "/"));
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException or JsonException or InvalidOperationException or InvalidCastException or OverflowException)
        {
            throw new InputException($"{path}: the archive is damaged ({Messages.OneLine(exception.Message)}); export it again.", exception);
        }
    }

    private static void Add(ZipArchive zip, string name, Array values, IReadOnlyList<int> shape)
    {
        // Real numbers hardly shrink.
        var entry = zip.CreateEntry(name + Extension, values is double[] or float[] ? CompressionLevel.NoCompression : CompressionLevel.Fastest);
        entry.LastWriteTime = s_day;
        using var stream = entry.Open();
        if (values is string[] texts)
        {
            AddTexts(stream, texts, shape);
            return;
        }

        var (type, bytes) = TypeOf(values);
        WriteHeader(stream, type, shape);
        for (var first = 0; first < values.Length; first += BlockEntries)
        {
            stream.Write(MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(values), values.Length * bytes).Slice(first * bytes, Math.Min(BlockEntries, values.Length - first) * bytes));
        }
    }

    private static void AddTexts(Stream stream, string[] texts, IReadOnlyList<int> shape)
    {
        var codes = Array.ConvertAll(texts, text => Encoding.UTF32.GetBytes(text));
        var width = Math.Max(4, codes.Select(code => code.Length).DefaultIfEmpty(0).Max());
        WriteHeader(stream, string.Create(CultureInfo.InvariantCulture, $"<U{width / 4}"), shape);
        var cell = new byte[width];
        foreach (var code in codes)
        {
            Array.Clear(cell);
            code.CopyTo(cell, 0);
            stream.Write(cell);
        }
    }

    private static void WriteHeader(Stream stream, string type, IReadOnlyList<int> shape)
    {
        var lengths = string.Concat(shape.Select(length => string.Create(CultureInfo.InvariantCulture, $"{length}, ")));
        var text = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({(shape.Count == 1 ? lengths.TrimEnd() : lengths.TrimEnd(',', ' '))}), }}";
        var unpadded = NpyFile.Signature.Length + 4 + text.Length + 1;
        var header = text.PadRight(text.Length + ((Alignment - (unpadded % Alignment)) % Alignment)) + "\n";
        stream.Write(NpyFile.Signature);
        stream.Write([1, 0, (byte)(header.Length & 255), (byte)(header.Length >> 8)]);
        stream.Write(Encoding.ASCII.GetBytes(header));
    }

    private static (string Type, int Bytes) TypeOf(Array values) => values switch
    {
        double[] => ("<f8", 8),
        float[] => ("<f4", 4),
        _ when values.GetType() == typeof(long[]) => ("<i8", 8),
        _ when values.GetType() == typeof(ulong[]) => ("<u8", 8),
        _ when values.GetType() == typeof(int[]) => ("<i4", 4),
        _ when values.GetType() == typeof(uint[]) => ("<u4", 4),
        _ when values.GetType() == typeof(short[]) => ("<i2", 2),
        _ when values.GetType() == typeof(ushort[]) => ("<u2", 2),
        _ when values.GetType() == typeof(sbyte[]) => ("|i1", 1),
        _ when values.GetType() == typeof(byte[]) => ("|u1", 1),
        _ => throw new ArgumentException($"Arrays of {values.GetType().GetElementType()} are not written.", nameof(values)),
    };

    private static (Array Values, int[] Shape) ReadArray(ZipArchiveEntry entry, string path)
    {
        var what = $"{path}: '{Messages.OneLine(entry.FullName)}'";
        using var content = entry.Open();
        var header = NpyFile.ReadHeader(content, what);
        if (header.Fault is not null || header.IsColumnMajor || header.IsBigEndian)
        {
            throw new InputException($"{what} holds {header.Words}, or in an order, that exports do not have; export the file again.");
        }

        var available = entry.Length - header.DataOffset;
        return (header.Kind == 'U' ? NpyFile.ReadTexts(content, header, what, available) : NpyFile.ReadEntries(content, header, what, available), header.Shape);
    }
}
