using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

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
        byte[] bytes;
        using (var stream = InputFile.Open(path))
        {
            if (Hdf5Signature.IsIn(stream))
            {
                return MatFile73.Read(path);
            }

            if (stream.Length > Array.MaxLength)
            {
                throw new InputException($"{path}: the file is larger than {Array.MaxLength} bytes; save it with -v7.3.");
            }

            bytes = new byte[stream.Length];
            stream.Position = 0;
            stream.ReadExactly(bytes);
        }

        return Read(bytes, path);
    }

    /// <summary>Whether bytes are the header of a level 5 file.</summary>
    internal static bool IsHeader(ReadOnlySpan<byte> header) =>
        header.Length >= HeaderBytes && (header[126..128].SequenceEqual("IM"u8) || header[126..128].SequenceEqual("MI"u8));

    internal static IReadOnlyList<MatVariable> Read(byte[] bytes, string path)
    {
        if (!IsHeader(bytes))
        {
            throw new InputException($"{path}: this is not a MATLAB file of level 5 or later; save it in MATLAB with -v7.");
        }

        var walk = new Walk(path, IsBigEndian: bytes[126] == (byte)'M', []);
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
                        walk.AddMatrix(inner, name: null, depth: 0);
                    }

                    break;
                case Element.Matrix:
                    walk.AddMatrix(data, name: null, depth: 0);
                    break;
                default:
                    // Other elements at the top level carry nothing that is named.
                    break;
            }
        }

        return rest.Length == 0 ? walk.Variables : throw walk.Damaged("bytes are left over at its end");
    }

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
    private sealed record Walk(string Path, bool IsBigEndian, List<MatVariable> Variables)
    {
        public InputException Damaged(string what, Exception? exception = null)
        {
            var message = $"{Path}: the MATLAB file is damaged or cut short: {what}; copy it again or save it anew with -v7.";
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

        public void AddMatrix(ReadOnlyMemory<byte> matrix, string? name, int depth, string? subscripted = null)
        {
            if (Variables.Count >= MostVariables)
            {
                throw new InputException($"{Path}: the file has more than {MostVariables} variables, fields and cells; save only what is needed.");
            }

            if (matrix.Length == 0)
            {
                // An empty cell or field that MATLAB did not spell out.
                Variables.Add(new MatVariable(Path, name ?? "", [0, 0], "double", () => [], subscripted: subscripted));
                return;
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
                Unread(name ?? Encoding.UTF8.GetString(text.Span), [1, 1], "opaque", "is an object; save its numbers as plain arrays");
                return;
            }

            var shape = Dimensions(ref matrix);
            var (_, nameBytes) = Next(ref matrix);
            name ??= Encoding.UTF8.GetString(nameBytes.Span);
            subscripted ??= name;
            var className = isLogical ? "logical" : ClassName(classCode);
            switch (classCode)
            {
                case 1:
                    AddCells(matrix, name, subscripted, shape, depth);
                    break;
                case 2:
                    AddFields(matrix, name, subscripted, shape, depth);
                    break;
                case 4 or 5 or (>= 6 and <= 15):
                    if (isComplex)
                    {
                        Unread(name, shape, className, "is complex; save its real(...) or abs(...)");
                    }
                    else if (classCode == 5)
                    {
                        AddSparse(matrix, name, subscripted, shape, isLogical ? className : "double");
                    }
                    else
                    {
                        AddNumbers(matrix, name, subscripted, shape, className);
                    }

                    break;
                default:
                    Unread(name, shape, className, $"is of class {className}, which is not read; save its numbers as plain arrays");
                    break;
            }
        }

        private void Unread(string name, IReadOnlyList<int> shape, string className, string fault) =>
            Variables.Add(new MatVariable(Path, name, shape, className, () => [], fault));

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

        private void AddNumbers(ReadOnlyMemory<byte> matrix, string name, string subscripted, int[] shape, string className)
        {
            var (type, data) = Next(ref matrix);
            if (type == Element.Utf8)
            {
                var text = Encoding.UTF8.GetString(data.Span);
                RequireCount(name, shape, text.Length);
                Variables.Add(new MatVariable(Path, name, shape, className, () => [.. text.Select(character => (double)character)], subscripted: subscripted));
                return;
            }

            var size = SizeOf(type, data, name);
            RequireCount(name, shape, data.Length / size);
            Variables.Add(new MatVariable(Path, name, shape, className, () => Convert(type, size, data.Span), subscripted: subscripted));
        }

        /// <summary>A sparse array: row of each entry, where each column's entries start, and the entries.</summary>
        private void AddSparse(ReadOnlyMemory<byte> matrix, string name, string subscripted, int[] shape, string className)
        {
            var (rows, starts, entries) = (Numbers(ref matrix), Numbers(ref matrix), Numbers(ref matrix));
            Variables.Add(new MatVariable(
                Path, name, shape, className, () => SparseArray.Fill(shape, rows(), starts(), entries()) ?? throw Damaged($"sparse variable '{Messages.OneLine(name)}' does not fit its shape"), subscripted: subscripted));

            Func<double[]> Numbers(ref ReadOnlyMemory<byte> rest)
            {
                var (type, data) = Next(ref rest);
                var size = SizeOf(type, data, name);
                return () => Convert(type, size, data.Span);
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

        private double[] Convert(Element type, int size, ReadOnlySpan<byte> data)
        {
            var values = new double[data.Length / size];
            for (var i = 0; i < values.Length; i++)
            {
                var at = data[(i * size)..];
                values[i] = type switch
                {
                    Element.Int8 => (sbyte)at[0],
                    Element.UInt8 => at[0],
                    Element.Int16 => (short)UInt16(at),
                    Element.UInt16 or Element.Utf16 => UInt16(at),
                    Element.Int32 => (int)UInt32(at),
                    Element.UInt32 or Element.Utf32 => UInt32(at),
                    Element.Single => BitConverter.UInt32BitsToSingle(UInt32(at)),
                    Element.Int64 => (long)UInt64(at),
                    Element.UInt64 => UInt64(at),
                    _ => BitConverter.UInt64BitsToDouble(UInt64(at)),
                };
            }

            return values;
        }

        private void AddCells(ReadOnlyMemory<byte> matrix, string name, string subscripted, int[] shape, int depth)
        {
            RequireDepth(name, depth);
            var count = Elements(shape, fields: 1, matrix.Length, name);
            for (var i = 0; i < count; i++)
            {
                AddMatrix(NextMatrix(ref matrix, name), $"{name}{{{i + 1}}}", depth + 1, $"{subscripted}{{{Subscripts(shape, i)}}}");
            }
        }

        private void AddFields(ReadOnlyMemory<byte> matrix, string name, string subscripted, int[] shape, int depth)
        {
            RequireDepth(name, depth);
            var (_, lengthBytes) = Next(ref matrix);
            var (_, names) = Next(ref matrix);
            var length = lengthBytes.Length >= 4 ? (int)UInt32(lengthBytes.Span) : 0;
            if (names.Length == 0)
            {
                return;
            }

            if (length < 1 || names.Length % length != 0)
            {
                throw Damaged($"the field names of structure '{Messages.OneLine(name)}' do not fit");
            }

            var fields = new string[names.Length / length];
            for (var field = 0; field < fields.Length; field++)
            {
                var text = names.Span.Slice(field * length, length);
                var end = text.IndexOf((byte)0);
                fields[field] = Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
            }

            var count = Elements(shape, fields.Length, matrix.Length, name);
            for (var i = 0; i < count; i++)
            {
                var (prefix, written) = count == 1 ? (name, subscripted) : ($"{name}({i + 1})", $"{subscripted}({Subscripts(shape, i)})");
                foreach (var field in fields)
                {
                    AddMatrix(NextMatrix(ref matrix, name), $"{prefix}.{field}", depth + 1, $"{written}.{field}");
                }
            }
        }

        /// <summary>The place of an entry along each axis, counted from 1: "2,1".</summary>
        private static string Subscripts(int[] shape, int index)
        {
            var places = new List<int>();
            foreach (var length in shape)
            {
                places.Add((index % length) + 1);
                index /= length;
            }

            return string.Join(',', places);
        }

        private void RequireDepth(string name, int depth)
        {
            if (depth >= DeepestNesting)
            {
                throw new InputException($"{Path}: variable '{Messages.OneLine(name)}' is nested deeper than {DeepestNesting}; save its arrays as plain variables.");
            }
        }

        private int Elements(int[] shape, int fields, int bytes, string name)
        {
            var count = 1.0;
            foreach (var length in shape)
            {
                count *= length;
            }

            // Every entry takes a tag at least, which bounds the loop by the bytes that are there.
            return count * fields * TagBytes <= bytes
                ? (int)count
                : throw Damaged($"variable '{Messages.OneLine(name)}' claims {count * fields} entries in {bytes} bytes");
        }

        private ReadOnlyMemory<byte> NextMatrix(ref ReadOnlyMemory<byte> matrix, string name)
        {
            var (type, data) = Next(ref matrix);
            return type == Element.Matrix ? data : throw Damaged($"an entry of '{Messages.OneLine(name)}' is not an array");
        }

        private ushort UInt16(ReadOnlySpan<byte> bytes) =>
            IsBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);

        private uint UInt32(ReadOnlySpan<byte> bytes) =>
            IsBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

        private ulong UInt64(ReadOnlySpan<byte> bytes) =>
            IsBigEndian ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
