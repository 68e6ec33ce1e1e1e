using System.Text.Json;
using IlqrVae.Data.Import.Arrays;

namespace IlqrVae.Data.Export;

/// <summary>Reads the MATLAB files that were written here. Their "attributes" say what each array is called in the tree, which MATLAB's names and axes would not tell.</summary>
internal static class MatlabReader
{
    /// <summary>Under which name the JSON of attributes says of each array what it is called, its shape and whether it is of whole numbers of eight bytes.</summary>
    public const string Arrays = "/arrays";
    public const string Name = "name";
    public const string Shape = "shape";
    public const string IsLong = "is_int64";

    private const string Attributes = "attributes";

    /// <summary>How such files begin.</summary>
    public static ReadOnlySpan<byte> Header => "MATLAB 5.0 MAT-file, written by ilqr-vae"u8;

    /// <summary>Reads a file.</summary>
    /// <exception cref="InputException">It is damaged, or was written before it could be read.</exception>
    public static ArrayTree Read(string path)
    {
        var root = MatFile.ReadLevel5(path).Root;
        try
        {
            var json = JsonDocument.Parse(Text(Find(root, [Attributes]))).RootElement;
            if (!json.TryGetProperty(Arrays, out var all))
            {
                throw new InputException($"{path}: this export does not say what its arrays are called in a dataset; export it again.");
            }

            return new ArrayTree(path, [.. all.EnumerateObject().Select(one => Of(root, one.Name, one.Value, json))], ArrayTree.AttributesOf(json, "/"));
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or InvalidOperationException or InvalidCastException or OverflowException or FormatException or KeyNotFoundException or InvalidDataException)
        {
            throw new InputException($"{path}: the exported file is damaged ({Messages.OneLine(exception.Message)}); export it again.", exception);
        }
    }

    private static NamedArray Of(RecordNode root, string path, JsonElement said, JsonElement json)
    {
        int[] shape = [.. said.GetProperty(Shape).EnumerateArray().Select(length => length.GetInt32())];
        var node = Find(root, [.. said.GetProperty(Name).EnumerateArray().Select(name => name.GetString()!)]);
        if (Array.Exists(shape, length => length < 0) || shape.Aggregate(1L, (product, length) => product * length) is var count && (shape.Length > 0 || node is NumberNode { IsText: false }) && count != node.Count)
        {
            throw new InvalidDataException($"'{path}' has {node.Count} entries where {Messages.Shape(shape)} are told");
        }

        return new NamedArray(path, Values(node, shape, said.GetProperty(IsLong).GetBoolean()), shape, ArrayTree.AttributesOf(json, path));
    }

    private static Array Values(ArrayNode node, int[] shape, bool isLong)
    {
        if (node is not NumberNode { IsText: false } numbers)
        {
            return shape.Length == 0 ? new[] { Text(node) } : node.Count == 0 ? Array.Empty<string>()
                : node is ListNode cells ? cells.Items.Select(Text).ToArray()

                // A cell of one text may have been taken for the text.
                : new[] { Text(node) };
        }

        if (numbers.Fault is { } fault)
        {
            throw new InvalidDataException($"'{node.Name}' {fault}");
        }

        return Type.GetTypeCode(numbers.Stored.GetType().GetElementType()) switch
        {
            TypeCode.Double when isLong => Array.ConvertAll(Turned((double[])numbers.Stored, shape), value => checked((long)value)),
            TypeCode.Double => Turned((double[])numbers.Stored, shape),
            TypeCode.Single => Turned((float[])numbers.Stored, shape),
            TypeCode.Int32 => Turned((int[])numbers.Stored, shape),
            TypeCode.UInt32 => Turned((uint[])numbers.Stored, shape),
            TypeCode.Int16 => Turned((short[])numbers.Stored, shape),
            TypeCode.UInt16 => Turned((ushort[])numbers.Stored, shape),
            TypeCode.SByte => Turned((sbyte[])numbers.Stored, shape),
            TypeCode.Byte => Turned((byte[])numbers.Stored, shape),
            _ => throw new InvalidDataException($"'{node.Name}' holds {node.Type}"),
        };
    }

    /// <summary>Entries with the last axis fastest, of those with the first.</summary>
    private static T[] Turned<T>(T[] stored, int[] shape)
    {
        if (shape.Count(length => length != 1) < 2)
        {
            return stored;
        }

        var (turned, place, at) = (new T[stored.Length], new int[shape.Length], 0L);
        var strides = new long[shape.Length];
        for (var (axis, stride) = (shape.Length - 1, 1L); axis >= 0; axis--)
        {
            (strides[axis], stride) = (stride, stride * shape[axis]);
        }

        foreach (var value in stored)
        {
            turned[at] = value;
            for (var axis = 0; axis < shape.Length; axis++)
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

        return turned;
    }

    /// <summary>A text with the spaces at its end.</summary>
    private static string Text(ArrayNode node) => node.Count == 0 ? ""
        : node is NumberNode { IsText: true, Fault: null, Shape: [1, _] } codes ? string.Concat(codes.ToDoubles().Select(code => (char)code))
        : throw new InvalidDataException($"'{node.Name}' holds no text");

    private static ArrayNode Find(RecordNode root, IReadOnlyList<string> names)
    {
        ArrayNode node = root;
        foreach (var name in names)
        {
            node = node is RecordNode { Records.Count: 1 } record && record.Fields.ToList().IndexOf(name) is >= 0 and var field
                ? record.Records[0][field]
                : throw new InvalidDataException($"there is no '{string.Join('.', names)}'");
        }

        return node;
    }
}
