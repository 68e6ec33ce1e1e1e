using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;

namespace IlqrVae.Data.Export;

/// <summary>
/// MATLAB files of level 5: what is in a folder of the tree is a struct, tables are matrices of the same axes, texts are cells, and "attributes" is a text of JSON with what is known of each.
/// </summary>
internal static class MatlabWriter
{
    private const string Attributes = "attributes";
    private const int HeaderText = 116;
    private const int LongestName = 63;
    private const int FieldBytes = 64;
    private const int Tag = 8;
    private const int BlockEntries = 1 << 15;

    private const int Struct = 2;
    private const int Cell = 1;
    private const int Character = 4;

    private static readonly byte[] s_zeros = new byte[8];

    public static void Write(string path, ArrayTree tree)
    {
        var root = new Node("", []);
        foreach (var array in tree.Arrays)
        {
            root.Add(array.Path.Split('/'), array);
        }

        root.Add([Attributes], new NamedArray(Attributes, new[] { tree.AttributesJson(KeyValuePair.Create(MatlabReader.Arrays, (JsonNode?)Names(root, tree))) }, [], new Dictionary<string, object>(StringComparer.Ordinal)));
        root.Add(["bin_width"], new NamedArray("bin_width", new[] { tree.BinWidth }, [], new Dictionary<string, object>(StringComparer.Ordinal)));
        foreach (var variable in root.Children)
        {
            if (variable.Size(NameBytes(variable.Name)) > int.MaxValue)
            {
                throw new InputException($"{path}: '{variable.Name}' would take {variable.Size(NameBytes(variable.Name)) / 1e9:F1} GB, and a variable of a MATLAB file of level 5 holds 2 GB; write .h5, which MATLAB reads with h5read, or fewer trials with --split.");
            }
        }

        AtomicFile.Write(path, stream =>
        {
            var header = new byte[128];
            Array.Fill(header, (byte)' ', 0, HeaderText);
            MatlabReader.Header.CopyTo(header);
            (header[124], header[125], header[126], header[127]) = (0, 1, (byte)'I', (byte)'M');
            stream.Write(header);
            foreach (var variable in root.Children)
            {
                Write(stream, variable, variable.Name);
            }
        });
    }

    /// <summary>For each array what it is called here, and the shape and type that MATLAB does not keep.</summary>
    private static JsonObject Names(Node root, ArrayTree tree) => new(tree.Arrays.Select(array => KeyValuePair.Create<string, JsonNode?>(array.Path, new JsonObject
    {
        [MatlabReader.Name] = new JsonArray([.. root.NamesOf(array.Path.Split('/')).Select(name => (JsonNode?)name)]),
        [MatlabReader.Shape] = new JsonArray([.. array.Shape.Select(length => (JsonNode?)length)]),
        [MatlabReader.IsLong] = array.Values.GetType() == typeof(long[]),
    })));

    private static void Write(Stream stream, Node node, string name)
    {
        WriteTag(stream, 14, node.Size(NameBytes(name)) - Tag);
        if (node.Array is not { } array)
        {
            Start(stream, Struct, [1, 1], name);
            stream.Write([5, 0, 4, 0, FieldBytes, 0, 0, 0]);
            WriteTag(stream, 1, node.Children.Count * (long)FieldBytes);
            var field = new byte[FieldBytes];
            foreach (var child in node.Children)
            {
                Array.Clear(field);
                Encoding.ASCII.GetBytes(child.Name).CopyTo(field, 0);
                stream.Write(field);
            }

            node.Children.ForEach(child => Write(stream, child, ""));
        }
        else if (array.Values is string[] texts)
        {
            if (array.Shape.Count == 0)
            {
                WriteText(stream, texts[0], name);
                return;
            }

            Start(stream, Cell, Axes(array.Shape), name);
            foreach (var text in texts)
            {
                WriteTag(stream, 14, TextSize(text, 0) - Tag);
                WriteText(stream, text, "");
            }
        }
        else
        {
            var (kind, stored, bytes) = TypeOf(array.Values);
            Start(stream, kind, Axes(array.Shape), name);
            WriteTag(stream, stored, (long)array.Values.Length * bytes);
            WriteColumns(stream, array, bytes);
            Pad(stream, (long)array.Values.Length * bytes);
        }
    }

    /// <summary>Flags, axes and name of a matrix.</summary>
    private static void Start(Stream stream, int kind, int[] axes, string name)
    {
        WriteTag(stream, 6, 8);
        Span<byte> flags = stackalloc byte[8];
        flags.Clear();
        flags[0] = (byte)kind;
        stream.Write(flags);
        WriteTag(stream, 5, 4 * axes.Length);
        foreach (var length in axes)
        {
            WriteWhole(stream, length);
        }

        Pad(stream, 4 * axes.Length);
        WriteTag(stream, 1, name.Length);
        stream.Write(Encoding.ASCII.GetBytes(name));
        Pad(stream, name.Length);
    }

    private static void WriteText(Stream stream, string text, string name)
    {
        Start(stream, Character, [text.Length == 0 ? 0 : 1, text.Length], name);
        WriteTag(stream, 4, 2 * text.Length);
        stream.Write(MemoryMarshal.AsBytes(text.AsSpan()));
        Pad(stream, 2 * text.Length);
    }

    /// <summary>MATLAB has the first axis innermost.</summary>
    private static void WriteColumns(Stream stream, NamedArray array, int bytes)
    {
        var values = array.Values is long[] wholes && array.Values.GetType() == typeof(long[]) ? Array.ConvertAll(wholes, whole => (double)whole) : array.Values;
        var source = MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(values), values.Length * bytes);
        var shape = array.Shape;
        var strides = new long[shape.Count];
        for (var (axis, stride) = (shape.Count - 1, 1L); axis >= 0; axis--)
        {
            (strides[axis], stride) = (stride, stride * shape[axis]);
        }

        var (place, at) = (new int[shape.Count], 0L);
        var block = new byte[BlockEntries * bytes];
        for (var (i, filled) = (0, 0); i < values.Length; i++)
        {
            source.Slice((int)(at * bytes), bytes).CopyTo(block.AsSpan(filled));
            filled += bytes;
            if (filled == block.Length || i == values.Length - 1)
            {
                stream.Write(block, 0, filled);
                filled = 0;
            }

            for (var axis = 0; axis < place.Length; axis++)
            {
                at += strides[axis];
                if (++place[axis] < shape[axis])
                {
                    break;
                }

                at -= strides[axis] * shape[axis];
                place[axis] = 0;
            }
        }
    }

    private static int[] Axes(IReadOnlyList<int> shape) => shape.Count switch
    {
        0 => [1, 1],
        1 => [shape[0], 1],
        _ => [.. shape],
    };

    private static (int Class, int Stored, int Bytes) TypeOf(Array values) => values switch
    {
        double[] => (6, 9, 8),
        float[] => (7, 7, 4),

        // First bins and the like: MATLAB computes with doubles.
        _ when values.GetType() == typeof(long[]) => (6, 9, 8),
        _ when values.GetType() == typeof(int[]) => (12, 5, 4),
        _ when values.GetType() == typeof(uint[]) => (13, 6, 4),
        _ when values.GetType() == typeof(short[]) => (10, 3, 2),
        _ when values.GetType() == typeof(ushort[]) => (11, 4, 2),
        _ when values.GetType() == typeof(sbyte[]) => (8, 1, 1),
        _ when values.GetType() == typeof(byte[]) => (9, 2, 1),
        _ => throw new ArgumentException($"Arrays of {values.GetType().GetElementType()} are not written.", nameof(values)),
    };

    private static void WriteTag(Stream stream, int type, long bytes)
    {
        WriteWhole(stream, type);
        WriteWhole(stream, (int)bytes);
    }

    private static void WriteWhole(Stream stream, int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        stream.Write(bytes);
    }

    private static void Pad(Stream stream, long bytes) => stream.Write(s_zeros.AsSpan(0, (int)(Padded(bytes) - bytes)));

    private static long Padded(long bytes) => (bytes + 7) / 8 * 8;

    private static long NameBytes(string name) => name.Length;

    private static long StartSize(int axes, long name) => 16 + Tag + Padded(4L * axes) + Tag + Padded(name);

    private static long TextSize(string text, long name) => Tag + StartSize(2, name) + Tag + Padded(2L * text.Length);

    /// <summary>A variable, or a field of a struct.</summary>
    private sealed class Node(string name, List<Node> children)
    {
        public string Name => name;

        public List<Node> Children => children;

        public NamedArray? Array { get; private set; }

        public void Add(ReadOnlySpan<string> path, NamedArray array)
        {
            if (path.Length == 0)
            {
                Array = array;
                return;
            }

            var own = path[0];
            var child = children.Find(one => string.Equals(one.Original, own, StringComparison.Ordinal));
            if (child is null)
            {
                child = new Node(FreeName(own), []) { Original = own };
                children.Add(child);
            }

            child.Add(path[1..], array);
        }

        public string Original { get; private init; } = "";

        /// <summary>What the parts of a path are called here.</summary>
        public IEnumerable<string> NamesOf(ArraySegment<string> path)
        {
            if (path.Count == 0)
            {
                return [];
            }

            var child = children.Find(one => string.Equals(one.Original, path[0], StringComparison.Ordinal))!;
            return [child.Name, .. child.NamesOf(path[1..])];
        }

        /// <summary>Bytes it takes with its tag.</summary>
        public long Size(long ownName)
        {
            if (Array is not { } array)
            {
                return Tag + StartSize(2, ownName) + 8 + Tag + (children.Count * (long)FieldBytes) + children.Sum(child => child.Size(0));
            }

            if (array.Values is string[] texts)
            {
                return array.Shape.Count == 0 ? TextSize(texts[0], ownName) : Tag + StartSize(Axes(array.Shape).Length, ownName) + texts.Sum(text => TextSize(text, 0));
            }

            return Tag + StartSize(Axes(array.Shape).Length, ownName) + Tag + Padded((long)array.Values.Length * TypeOf(array.Values).Bytes);
        }

        /// <summary>A name as MATLAB has them, which no other has.</summary>
        private string FreeName(string own)
        {
            var letters = new string([.. own.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_')]);
            letters = letters.Length > 0 && char.IsAsciiLetter(letters[0]) ? letters : $"x{letters}";
            var free = letters[..Math.Min(LongestName, letters.Length)];
            for (var number = 2; children.Exists(one => string.Equals(one.Name, free, StringComparison.Ordinal)); number++)
            {
                var end = string.Create(CultureInfo.InvariantCulture, $"_{number}");
                free = letters[..Math.Min(LongestName - end.Length, letters.Length)] + end;
            }

            return free;
        }
    }
}
