using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace IlqrVae.Data.Import.Arrays;

/// <summary>
/// NumPy's format of one array (.npy, versions 1 to 3): a header that tells type, order and shape in the words of Python, then the entries. Whole and real numbers, truths and
/// texts of either byte order are read; objects, complex numbers, times and records are named and not read.
/// </summary>
internal static class NpyFile
{
    private const int MostHeaderBytes = 1 << 20;
    private const int MostAxes = 64;
    private const int MostTexts = 1 << 22;

    /// <summary>The first six bytes.</summary>
    public static ReadOnlySpan<byte> Signature => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>What a header says.</summary>
    /// <param name="Type">Type as NumPy writes it: "&lt;f8".</param>
    /// <param name="IsColumnMajor">Whether the first axis varies fastest.</param>
    /// <param name="Shape">Lengths of the axes.</param>
    /// <param name="DataOffset">Where the entries begin.</param>
    internal sealed record Header(string Type, bool IsColumnMajor, int[] Shape, int DataOffset)
    {
        public long Count => Shape.Aggregate(1L, (product, length) => product * length);

        /// <summary>Bytes of an entry; 0 of a type that is not read.</summary>
        public int EntryBytes => Fault is null ? Kind == 'U' ? 4 * Size : Size : 0;

        public bool IsBigEndian => Type[0] == '>';

        public char Kind => Type.Length > 1 ? Type[1] : '?';

        public int Size { get; } = Type.Length > 2 && int.TryParse(Type.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : 0;

        /// <summary>Type in words, as "float64".</summary>
        public string Words => Kind switch
        {
            'b' => "bool",
            'i' => $"int{8 * Size}",
            'u' => $"uint{8 * Size}",
            'f' => $"float{8 * Size}",
            'U' or 'S' => "text",
            _ => Type,
        };

        /// <summary>Why it is not read; null where it is.</summary>
        public string? Fault => (Kind, Size) switch
        {
            ('b', 1) or ('i' or 'u', 1 or 2 or 4 or 8) or ('f', 2 or 4 or 8) or ('U' or 'S', >= 0 and < 1 << 20) => null,
            ('O', _) => "holds Python objects (pickle), which are not read, as that could run foreign code; save its numbers with numpy.save as an array of float64 or int64, padded with NaN where rows differ in length, or each array by its own name with numpy.savez",
            ('c', _) => "is complex; save its real or absolute values",
            ('f', _) => "holds numbers of more than eight bytes; save it as float64",
            ('M' or 'm', _) => "holds dates, which are not read; save them as seconds in float64",
            ('V', _) => "holds records, which are not read; save each of their fields as an array of its own",
            _ => $"is of type {Messages.OneLine(Type)}, which is not read; save it as float64 or int64",
        };
    }

    /// <summary>Reads a header off the front of a stream.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="what">What to call the array in messages.</param>
    /// <exception cref="InputException">It is no such header.</exception>
    public static Header ReadHeader(Stream stream, string what)
    {
        Span<byte> start = stackalloc byte[12];
        if (stream.ReadAtLeast(start[..8], 8, throwOnEndOfStream: false) < 8 || !start.StartsWith(Signature))
        {
            throw new InputException($"{what} is not an array that numpy.save wrote; save it again.");
        }

        var (version, lengthBytes) = (start[6], start[6] == 1 ? 2 : 4);
        if (version is < 1 or > 3)
        {
            throw new InputException($"{what} is of version {version} of NumPy's format, where 1 to 3 are read; save it with a current NumPy.");
        }

        if (stream.ReadAtLeast(start.Slice(8, lengthBytes), lengthBytes, throwOnEndOfStream: false) < lengthBytes)
        {
            throw Short(what);
        }

        var length = lengthBytes == 2 ? BinaryPrimitives.ReadUInt16LittleEndian(start[8..]) : BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        if (length > MostHeaderBytes)
        {
            throw new InputException($"{what} has a header of {length} bytes, which is not believed; the file is damaged, save it again.");
        }

        var text = new byte[length];
        if (stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false) < text.Length)
        {
            throw Short(what);
        }

        return Parse(version < 3 ? Encoding.Latin1.GetString(text) : Encoding.UTF8.GetString(text), 8 + lengthBytes + (int)length, what);
    }

    /// <summary>Reads the entries that follow a header.</summary>
    /// <param name="stream">The stream, behind the header.</param>
    /// <param name="header">The header.</param>
    /// <param name="what">What to call the array in messages.</param>
    /// <param name="available">Bytes that can follow at most.</param>
    /// <exception cref="InputException">There are fewer.</exception>
    public static Array ReadEntries(Stream stream, Header header, string what, long available)
    {
        RequireFits(header, what, available);
        var count = (int)header.Count;
        return (header.Kind, header.Size) switch
        {
            ('b', _) or ('u', 1) => Read<byte>(1),
            ('i', 1) => Read<sbyte>(1),
            ('i', 2) => Read<short>(2),
            ('i', 4) => Read<int>(4),
            ('i', 8) => Read<long>(8),
            ('u', 2) => Read<ushort>(2),
            ('u', 4) => Read<uint>(4),
            ('u', 8) => Read<ulong>(8),
            ('f', 2) => Array.ConvertAll(Read<Half>(2), value => (float)value),
            ('f', 4) => Read<float>(4),
            _ => Read<double>(8),
        };

        T[] Read<T>(int size)
            where T : unmanaged
        {
            var entries = new T[count];
            var bytes = MemoryMarshal.AsBytes(entries.AsSpan());
            if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
            {
                throw Short(what);
            }

            for (var i = 0; header.IsBigEndian && size > 1 && i < bytes.Length; i += size)
            {
                bytes.Slice(i, size).Reverse();
            }

            return entries;
        }
    }

    /// <summary>Reads texts that follow a header.</summary>
    public static string[] ReadTexts(Stream stream, Header header, string what, long available)
    {
        RequireFits(header, what, available);
        if (header.Count > MostTexts)
        {
            throw new InputException($"{what} holds {header.Count} texts, more than {MostTexts}; save fewer.");
        }

        var texts = new string[header.Count];
        var bytes = new byte[header.EntryBytes];
        var encoding = header.Kind == 'S' ? Encoding.UTF8 : header.IsBigEndian ? new UTF32Encoding(bigEndian: true, byteOrderMark: false) : Encoding.UTF32;
        for (var i = 0; i < texts.Length; i++)
        {
            if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
            {
                throw Short(what);
            }

            texts[i] = encoding.GetString(bytes).TrimEnd('\0');
        }

        return texts;
    }

    /// <summary>Opens a file of one array.</summary>
    /// <exception cref="InputException">It is no such file.</exception>
    public static ArrayFile Open(string path)
    {
        var root = new RecordNode(null, "", null, []);
        var name = Path.GetFileNameWithoutExtension(path);
        var node = OpenNode(root, path, name);
        if (node.Fault is { } fault)
        {
            throw new InputException($"{path}: the array {fault}.");
        }

        (root.Fields, root.Records) = ([name], [[node]]);
        return new ArrayFile(path, "NumPy array", root, FirstIndex: 0) { Noun = "array", IsOneArray = true };
    }

    /// <summary>The array of a file.</summary>
    /// <param name="parent">What it is to be in.</param>
    /// <param name="path">The file.</param>
    /// <param name="name">What to call it.</param>
    /// <exception cref="InputException">It is no such file, or it is cut short.</exception>
    public static ArrayNode OpenNode(ArrayNode parent, string path, string name)
    {
        using var stream = InputFile.Open(path);
        var header = ReadHeader(stream, $"{path}: this");
        if (header.Fault is null)
        {
            RequireFits(header, $"{path}: the array", stream.Length - header.DataOffset);
        }

        return Node(parent, name, header, Within);

        T Within<T>(Func<Stream, long, T> read)
        {
            using var again = InputFile.Open(path);
            again.Position = header.DataOffset;
            return read(again, again.Length - header.DataOffset);
        }
    }

    /// <summary>Runs something on the bytes behind a header.</summary>
    internal delegate object Reading(Func<Stream, long, object> read);

    /// <summary>An array whose entries are read when they are asked for.</summary>
    public static ArrayNode Node(ArrayNode parent, string label, Header header, Reading within) => header is { Fault: null, Kind: 'U' or 'S' }
        ? new TextNode(parent, label, header.Shape, () => (string[])within((stream, available) => ReadTexts(stream, header, $"'{label}'", available)))
        : new NumberNode(parent, label, null, header.Shape, header.Words, header.IsColumnMajor, () => (Array)within((stream, available) => ReadEntries(stream, header, $"'{label}'", available)), header.Fault);

    /// <summary>Refuses shapes that the bytes cannot fill.</summary>
    public static void RequireFits(Header header, string what, long available)
    {
        var bytes = header.Shape.Aggregate((double)header.EntryBytes, (product, length) => product * length);
        if (bytes > available || header.Shape.Aggregate(1.0, (product, length) => product * length) > Array.MaxLength)
        {
            throw new InputException($"{what} declares the shape {Messages.Shape(header.Shape)} of {header.Words}, {bytes:F0} bytes, where at most {available} follow; the file is damaged or cut short, save it again.");
        }
    }

    private static InputException Short(string what) => new($"{what} ends too early; the file is damaged or cut short, save it again.");

    /// <summary>Reads a dictionary of Python: {'descr': '&lt;f8', 'fortran_order': False, 'shape': (3, 4), }.</summary>
    private static Header Parse(string text, int offset, string what)
    {
        var (type, isColumnMajor, shape) = ((string?)null, (bool?)null, (int[]?)null);
        var rest = text.AsSpan().Trim();
        if (rest.Length < 2 || rest[0] != '{' || rest[^1] != '}')
        {
            throw Odd();
        }

        rest = rest[1..^1].TrimStart();
        while (rest.Length > 0)
        {
            var key = Quoted(ref rest);
            if (rest.Length == 0 || rest[0] != ':')
            {
                throw Odd();
            }

            rest = rest[1..].TrimStart();
            switch (key)
            {
                case "descr" when rest.Length > 0 && rest[0] == '[':
                    // Fields of records, which are not read.
                    type = "|V0";
                    rest = rest[End(rest, '[', ']')..];
                    break;
                case "descr":
                    type = Quoted(ref rest);
                    break;
                case "fortran_order":
                    isColumnMajor = rest.StartsWith("True", StringComparison.Ordinal) ? true : rest.StartsWith("False", StringComparison.Ordinal) ? false : throw Odd();
                    rest = rest[(isColumnMajor.Value ? 4 : 5)..];
                    break;
                case "shape":
                    var end = End(rest, '(', ')');
                    shape = Lengths(rest[1..(end - 1)]);
                    rest = rest[end..];
                    break;
                default:
                    throw Odd();
            }

            rest = rest.TrimStart();
            rest = rest.Length > 0 && rest[0] == ',' ? rest[1..].TrimStart() : rest.Length == 0 ? rest : throw Odd();
        }

        return type is { Length: > 1 } && isColumnMajor is { } order && shape is not null ? new Header(type, order, shape, offset) : throw Odd();

        InputException Odd() => new($"{what} has a header that is not NumPy's: {Messages.OneLine(text.Trim())}; the file is damaged, save it again.");

        string Quoted(ref ReadOnlySpan<char> at)
        {
            if (at.Length < 2 || at[0] is not ('\'' or '"'))
            {
                throw Odd();
            }

            var close = at[1..].IndexOf(at[0]);
            if (close < 0)
            {
                throw Odd();
            }

            var word = at.Slice(1, close).ToString();
            at = at[(close + 2)..].TrimStart();
            return word;
        }

        int End(ReadOnlySpan<char> at, char open, char close)
        {
            var depth = 0;
            for (var i = 0; i < at.Length; i++)
            {
                depth += at[i] == open ? 1 : at[i] == close ? -1 : 0;
                if (depth == 0)
                {
                    return i > 0 ? i + 1 : throw Odd();
                }
            }

            throw Odd();
        }

        int[] Lengths(ReadOnlySpan<char> list)
        {
            var lengths = new List<int>();
            foreach (var range in list.Split(','))
            {
                var word = list[range].Trim().TrimEnd('L');
                if (word.Length == 0)
                {
                    continue;
                }

                if (!int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var length) || lengths.Count >= MostAxes)
                {
                    throw Odd();
                }

                lengths.Add(length);
            }

            return [.. lengths];
        }
    }
}
