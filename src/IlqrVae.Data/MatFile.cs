using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using IlqrVae.Data.Import.Arrays;

namespace IlqrVae.Data;

/// <summary>
/// Reads the variables of a MATLAB file: level 5 (saved with -v6 or -v7, of either byte order), and level 7.3, which is HDF5. Real arrays of every numeric
/// class, logical and char are read; sparse arrays are filled in; structures and cells are opened; complex and object variables are listed but not read.
/// </summary>
public static class MatFile
{
    internal const int HeaderBytes = 128;

    private const int DeepestNesting = 32;
    private const int MostVariables = 1_000_000;
    private const int TagBytes = 8;

    // Deflate cannot shrink data further than to about 1/1032.
    private const long LargestCompression = 1100;

    private static readonly SearchValues<byte> BytesOfNames = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"u8);

    private enum Element : uint
    {
        Int8 = 1,
        UInt8 = 2,
        Int16 = 3,
        UInt16 = 4,
        Int32 = 5,
        UInt32 = 6,
        Single = 7,
        Double = 9,
        Int64 = 12,
        UInt64 = 13,
        Matrix = 14,
        Compressed = 15,
        Utf8 = 16,
        Utf16 = 17,
        Utf32 = 18,
    }

    /// <summary>Reads the variables of a file, in their order.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">There is no such file, it is not a MATLAB file of level 5 or 7.3, or it is damaged.</exception>
    public static IReadOnlyList<MatVariable> Read(string path)
    {
        bool isHdf5;
        using (var stream = InputFile.Open(path))
        {
            isHdf5 = Hdf5Signature.IsIn(stream);
        }

        if (!isHdf5)
        {
            return Variables(ReadLevel5(path), path);
        }

        using var archive = Hdf5Archive.Open(path);
        var variables = Variables(MatFile73.ReadTree(archive), path);

        // What is read later needs the file.
        foreach (var variable in variables.Where(variable => variable.IsReadable))
        {
            _ = variable.Values;
        }

        return variables;
    }

    /// <summary>Reads a file of level 5 as a tree.</summary>
    internal static ArrayFile ReadLevel5(string path)
    {
        byte[] bytes;
        using (var stream = InputFile.Open(path))
        {
            if (stream.Length > Array.MaxLength)
            {
                throw new InputException($"{path}: the file is larger than {Array.MaxLength} bytes; save it with -v7.3.");
            }

            bytes = new byte[stream.Length];
            stream.Position = 0;
            stream.ReadExactly(bytes);
        }

        return ReadTree(bytes, path);
    }

    /// <summary>
    /// Whether bytes are the header of a level 4 file: the type, rows, columns, whether there is an imaginary part, and the length of a name that then follows.
    /// </summary>
    internal static bool IsLevel4(ReadOnlySpan<byte> header)
    {
        Span<int> words = stackalloc int[5];
        foreach (var isBig in (ReadOnlySpan<bool>)[false, true])
        {
            if (header.Length < 22)
            {
                return false;
            }

            for (var i = 0; i < words.Length; i++)
            {
                words[i] = isBig ? BinaryPrimitives.ReadInt32BigEndian(header[(4 * i)..]) : BinaryPrimitives.ReadInt32LittleEndian(header[(4 * i)..]);
            }

            var (type, length) = (words[0], words[4]);
            if (type is >= 0 and < 5000 && type / 100 % 10 == 0 && type / 10 % 10 <= 5 && type % 10 <= 2 && words[1] >= 0 && words[2] >= 0 && words[3] is 0 or 1 && length is >= 2 and <= 100
                && header[20..Math.Min(header.Length, 20 + length - 1)].IndexOfAnyExcept(BytesOfNames) < 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether bytes are the header of a level 5 file.</summary>
    internal static bool IsHeader(ReadOnlySpan<byte> header) =>
        header.Length >= HeaderBytes && (header[126..128].SequenceEqual("IM"u8) || header[126..128].SequenceEqual("MI"u8));

    internal static IReadOnlyList<MatVariable> Read(byte[] bytes, string path) => Variables(ReadTree(bytes, path), path);

    /// <summary>The arrays of a tree, in their order.</summary>
    private static List<MatVariable> Variables(ArrayFile file, string path)
    {
        var variables = new List<MatVariable>();
        Add(file.Root);
        return variables;

        void Add(ArrayNode node)
        {
            switch (node)
            {
                case NumberNode numbers:
                    variables.Add(new MatVariable(path, numbers.Name, numbers.Shape, numbers.Type, numbers.ToDoubles, numbers.Fault, numbers.Subscripted));
                    break;
                case ListNode list:
                    foreach (var item in list.Items)
                    {
                        Add(item);
                    }

                    break;
                case RecordNode record:
                    foreach (var field in record.Records.SelectMany(fields => fields))
                    {
                        Add(field);
                    }

                    break;
                default:
                    // A tree of a MATLAB file has nothing else.
                    break;
            }
        }
    }

    internal static ArrayFile ReadTree(byte[] bytes, string path)
    {
        if (!IsHeader(bytes))
        {
            throw new InputException($"{path}: this is not a MATLAB file of level 5 or later; save it in MATLAB with -v7.");
        }

        var walk = new Walk(path, IsBigEndian: bytes[126] == (byte)'M');
        var root = new RecordNode(null, "", null, []);
        var variables = new List<(string Name, ArrayNode Node)>();
        void AddVariable(ReadOnlyMemory<byte> matrix)
        {
            var node = walk.ReadMatrix(matrix, root, label: null, subscripted: null, depth: 0);
            variables.Add((node.Name, node));
        }

        ReadOnlyMemory<byte> rest = bytes.AsMemory(HeaderBytes);
        while (rest.Length >= TagBytes)
        {
            var (type, data) = walk.Next(ref rest);
            switch (type)
            {
                case Element.Compressed:
                    var inflated = walk.Inflate(data);
                    var (innerType, inner) = walk.Next(ref inflated);
                    if (innerType == Element.Matrix)
                    {
                        AddVariable(inner);
                    }

                    break;
                case Element.Matrix:
                    AddVariable(data);
                    break;
                default:
                    // Other elements at the top level carry nothing that is named.
                    break;
            }
        }

        if (rest.Length > 0)
        {
            throw walk.Damaged("bytes are left over at its end");
        }

        root.Fields = [.. variables.Select(one => one.Name)];
        root.Records = [[.. variables.Select(one => one.Node)]];
        return new ArrayFile(path, "MATLAB level 5", root, FirstIndex: 1);
    }

    /// <summary>The place of an entry along each axis, counted from 1: "2,1".</summary>
    internal static string Subscripts(IReadOnlyList<int> shape, int index)
    {
        var places = new List<int>();
        foreach (var length in shape)
        {
            places.Add((index % length) + 1);
            index /= length;
        }

        return string.Join(',', places);
    }

    private delegate T ReadOne<T>(ReadOnlySpan<byte> at);

    private static string ClassName(int code) => code switch
    {
        1 => "cell",
        2 => "struct",
        3 => "object",
        4 => "char",
        5 => "sparse",
        6 => "double",
        7 => "single",
        8 => "int8",
        9 => "uint8",
        10 => "int16",
        11 => "uint16",
        12 => "int32",
        13 => "uint32",
        14 => "int64",
        15 => "uint64",
        16 => "function_handle",
        17 => "opaque",
        _ => "unknown",
    };

    /// <summary>One pass over a file's bytes.</summary>
    private sealed class Walk(string path, bool IsBigEndian)
    {
        private int _count;

        public InputException Damaged(string what, Exception? exception = null)
        {
            var message = $"{path}: the MATLAB file is damaged or cut short: {what}; copy it again or save it anew with -v7.";
            return exception is null ? new InputException(message) : new InputException(message, exception);
        }

        /// <summary>Takes one data element off the front of a run of bytes.</summary>
        public (Element Type, ReadOnlyMemory<byte> Data) Next(ref ReadOnlyMemory<byte> rest)
        {
            if (rest.Length < TagBytes)
            {
                throw Damaged("an element is missing");
            }

            var word = UInt32(rest.Span);
            if (word >> 16 != 0)
            {
                // A small element: its size and type share the first word and the data follow in the second.
                var small = (int)(word >> 16);
                if (small > 4)
                {
                    throw Damaged($"a small element claims {small} bytes");
                }

                var content = rest.Slice(4, small);
                rest = rest[TagBytes..];
                return ((Element)(word & 0xffff), content);
            }

            var length = UInt32(rest.Span[4..]);
            rest = rest[TagBytes..];
            if (length > rest.Length)
            {
                throw Damaged($"an element claims {length} bytes where {rest.Length} are left");
            }

            var type = (Element)word;
            var data = rest[..(int)length];

            // Elements are padded to eight bytes, all but the compressed ones.
            var padded = type != Element.Compressed ? (length + 7L) / 8 * 8 : length;
            rest = rest[(int)Math.Min(padded, rest.Length)..];
            return (type, data);
        }

        public ReadOnlyMemory<byte> Inflate(ReadOnlyMemory<byte> data)
        {
            using var source = new ZLibStream(new MemoryStream(data.ToArray(), writable: false), CompressionMode.Decompress);
            var tag = new byte[TagBytes];
            try
            {
                source.ReadExactly(tag);
                var length = UInt32(tag.AsSpan(4));
                if (UInt32(tag) >> 16 != 0 || length > data.Length * LargestCompression || length > Array.MaxLength - TagBytes)
                {
                    throw Damaged($"a compressed element of {data.Length} bytes claims {length} bytes of content");
                }

                var inflated = new byte[TagBytes + (int)length];
                tag.CopyTo(inflated, 0);
                source.ReadExactly(inflated.AsSpan(TagBytes));
                return inflated;
            }
            catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException or IOException)
            {
                throw Damaged("a compressed element does not unpack", exception);
            }
        }

        /// <summary>Reads an array. What it is called stands in it only where nothing around it says so.</summary>
        public ArrayNode ReadMatrix(ReadOnlyMemory<byte> matrix, ArrayNode parent, string? label, string? subscripted, int depth)
        {
            if (++_count > MostVariables)
            {
                throw new InputException($"{path}: the file has more than {MostVariables} variables, fields and cells; save only what is needed.");
            }

            if (matrix.Length == 0)
            {
                // An empty cell or field that MATLAB did not spell out.
                return Numbers([0, 0], "double", () => Array.Empty<double>());
            }

            var (flagsType, flags) = Next(ref matrix);
            if (flagsType != Element.UInt32 || flags.Length < 8)
            {
                throw Damaged("a variable has no flags");
            }

            var word = UInt32(flags.Span);
            var (classCode, isLogical, isComplex) = ((int)(word & 0xff), (word & 0x0200) != 0, (word & 0x0800) != 0);
            if (classCode == 17)
            {
                // Opaque objects have no dimensions; their name comes first.
                var (_, text) = Next(ref matrix);
                label ??= Encoding.UTF8.GetString(text.Span);
                return Unread([1, 1], "opaque", "is an object; save its numbers as plain arrays");
            }

            var shape = Dimensions(ref matrix);
            var (_, nameBytes) = Next(ref matrix);
            label ??= Encoding.UTF8.GetString(nameBytes.Span);
            var className = isLogical ? "logical" : ClassName(classCode);
            switch (classCode)
            {
                case 1:
                    var list = new ListNode(parent, label, subscripted, shape);
                    list.Items = Cells(matrix, list, depth);
                    return list;
                case 2:
                    var record = new RecordNode(parent, label, subscripted, shape);
                    ReadFields(matrix, record, depth);
                    return record;
                case 4 or 5 or (>= 6 and <= 15):
                    return isComplex ? Unread(shape, className, "is complex; save its real(...) or abs(...)")
                        : classCode == 5 ? Numbers(shape, isLogical ? className : "double", Sparse(matrix, label, shape))
                        : Numbers(shape, className, Entries(matrix, label, shape));
                default:
                    return Unread(shape, className, $"is of class {className}, which is not read; save its numbers as plain arrays");
            }

            NumberNode Numbers(int[] lengths, string type, Func<Array> load) => new(parent, label ?? "", subscripted, lengths, type, isColumnMajor: true, load);

            NumberNode Unread(int[] lengths, string type, string fault) => new(parent, label!, subscripted, lengths, type, isColumnMajor: true, () => Array.Empty<double>(), fault);
        }

        private int[] Dimensions(ref ReadOnlyMemory<byte> matrix)
        {
            var (type, data) = Next(ref matrix);
            if (type != Element.Int32 || data.Length < 8 || data.Length % 4 != 0 || data.Length > 4 * 64)
            {
                throw Damaged("a variable has no dimensions");
            }

            var shape = new int[data.Length / 4];
            for (var axis = 0; axis < shape.Length; axis++)
            {
                shape[axis] = (int)UInt32(data.Span[(4 * axis)..]);
                if (shape[axis] < 0)
                {
                    throw Damaged($"a variable has the dimension {shape[axis]}");
                }
            }

            return shape;
        }

        private Func<Array> Entries(ReadOnlyMemory<byte> matrix, string name, int[] shape)
        {
            var (type, data) = Next(ref matrix);
            if (type == Element.Utf8)
            {
                var text = Encoding.UTF8.GetString(data.Span);
                RequireCount(name, shape, text.Length);
                return () => text.Select(character => (ushort)character).ToArray();
            }

            var size = SizeOf(type, data, name);
            RequireCount(name, shape, data.Length / size);
            return () => Convert(type, size, data.Span);
        }

        /// <summary>A sparse array: row of each entry, where each column's entries start, and the entries.</summary>
        private Func<Array> Sparse(ReadOnlyMemory<byte> matrix, string name, int[] shape)
        {
            var (rows, starts, entries) = (Numbers(ref matrix), Numbers(ref matrix), Numbers(ref matrix));
            return () => SparseArray.Fill(shape, rows(), starts(), entries()) ?? throw Damaged($"sparse variable '{Messages.OneLine(name)}' does not fit its shape");

            Func<double[]> Numbers(ref ReadOnlyMemory<byte> rest)
            {
                var (type, data) = Next(ref rest);
                var size = SizeOf(type, data, name);
                return () =>
                {
                    var stored = Convert(type, size, data.Span);
                    var numbers = new double[stored.Length];
                    StoredNumbers.Copy<double>(stored, 0, numbers);
                    return numbers;
                };
            }
        }

        private int SizeOf(Element type, ReadOnlyMemory<byte> data, string name)
        {
            var size = type switch
            {
                Element.Int8 or Element.UInt8 => 1,
                Element.Int16 or Element.UInt16 or Element.Utf16 => 2,
                Element.Int32 or Element.UInt32 or Element.Single or Element.Utf32 => 4,
                Element.Double or Element.Int64 or Element.UInt64 => 8,
                _ => throw Damaged($"variable '{Messages.OneLine(name)}' has data of the unknown type {(uint)type}"),
            };
            return data.Length % size == 0 ? size : throw Damaged($"variable '{Messages.OneLine(name)}' has half a number");
        }

        private void RequireCount(string name, int[] shape, int count)
        {
            var entries = 1.0;
            foreach (var length in shape)
            {
                entries *= length;
            }

            if (entries != count)
            {
                throw Damaged($"variable '{Messages.OneLine(name)}' of shape {Messages.Shape(shape)} has {count} entries");
            }
        }

        /// <summary>The entries in the type in which they are stored.</summary>
        private Array Convert(Element type, int size, ReadOnlySpan<byte> data)
        {
            var count = data.Length / size;
            switch (type)
            {
                case Element.Int8: return Filled(new sbyte[count], data, at => (sbyte)at[0], size);
                case Element.UInt8: return data.ToArray();
                case Element.Int16: return Filled(new short[count], data, at => (short)UInt16(at), size);
                case Element.UInt16 or Element.Utf16: return Filled(new ushort[count], data, UInt16, size);
                case Element.Int32: return Filled(new int[count], data, at => (int)UInt32(at), size);
                case Element.UInt32 or Element.Utf32: return Filled(new uint[count], data, UInt32, size);
                case Element.Single: return Filled(new float[count], data, at => BitConverter.UInt32BitsToSingle(UInt32(at)), size);
                case Element.Int64: return Filled(new long[count], data, at => (long)UInt64(at), size);
                case Element.UInt64: return Filled(new ulong[count], data, UInt64, size);
                default: return Filled(new double[count], data, at => BitConverter.UInt64BitsToDouble(UInt64(at)), size);
            }
        }

        private static T[] Filled<T>(T[] values, ReadOnlySpan<byte> data, ReadOne<T> read, int size)
        {
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = read(data[(i * size)..]);
            }

            return values;
        }

        private ArrayNode[] Cells(ReadOnlyMemory<byte> matrix, ListNode list, int depth)
        {
            RequireDepth(list, depth);
            var (shape, count) = (list.Shape, Elements(list, fields: 1, matrix.Length));
            var items = new ArrayNode[count];
            for (var i = 0; i < count; i++)
            {
                items[i] = ReadMatrix(NextMatrix(ref matrix, list), list, $"{{{i + 1}}}", $"{{{Subscripts(shape, i)}}}", depth + 1);
            }

            return items;
        }

        private void ReadFields(ReadOnlyMemory<byte> matrix, RecordNode record, int depth)
        {
            RequireDepth(record, depth);
            var (_, lengthBytes) = Next(ref matrix);
            var (_, names) = Next(ref matrix);
            var length = lengthBytes.Length >= 4 ? (int)UInt32(lengthBytes.Span) : 0;
            if (names.Length == 0)
            {
                return;
            }

            if (length < 1 || names.Length % length != 0)
            {
                throw Damaged($"the field names of structure '{Messages.OneLine(record.Name)}' do not fit");
            }

            var fields = new string[names.Length / length];
            for (var field = 0; field < fields.Length; field++)
            {
                var text = names.Span.Slice(field * length, length);
                var end = text.IndexOf((byte)0);
                fields[field] = Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
            }

            var count = Elements(record, fields.Length, matrix.Length);
            var records = new ArrayNode[count][];
            for (var i = 0; i < count; i++)
            {
                var (prefix, written) = count == 1 ? ("", "") : ($"({i + 1})", $"({Subscripts(record.Shape, i)})");
                records[i] = new ArrayNode[fields.Length];
                for (var field = 0; field < fields.Length; field++)
                {
                    records[i][field] = ReadMatrix(NextMatrix(ref matrix, record), record, $"{prefix}.{fields[field]}", $"{written}.{fields[field]}", depth + 1);
                }
            }

            (record.Fields, record.Records) = (fields, records);
        }

        private void RequireDepth(ArrayNode node, int depth)
        {
            if (depth >= DeepestNesting)
            {
                throw new InputException($"{path}: variable '{Messages.OneLine(node.Name)}' is nested deeper than {DeepestNesting}; save its arrays as plain variables.");
            }
        }

        private int Elements(ArrayNode node, int fields, int bytes)
        {
            var count = 1.0;
            foreach (var length in node.Shape)
            {
                count *= length;
            }

            // Every entry takes a tag at least, which bounds the loop by the bytes that are there.
            return count * fields * TagBytes <= bytes
                ? (int)count
                : throw Damaged($"variable '{Messages.OneLine(node.Name)}' claims {count * fields} entries in {bytes} bytes");
        }

        private ReadOnlyMemory<byte> NextMatrix(ref ReadOnlyMemory<byte> matrix, ArrayNode of)
        {
            var (type, data) = Next(ref matrix);
            return type == Element.Matrix ? data : throw Damaged($"an entry of '{Messages.OneLine(of.Name)}' is not an array");
        }

        private ushort UInt16(ReadOnlySpan<byte> bytes) =>
            IsBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);

        private uint UInt32(ReadOnlySpan<byte> bytes) =>
            IsBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

        private ulong UInt64(ReadOnlySpan<byte> bytes) =>
            IsBigEndian ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
