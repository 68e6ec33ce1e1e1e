using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace IlqrVae.Data;

/// <summary>
/// SHA-256 of what an archive says, not of the file's bytes: every group and table in the order of their paths, with its type, shape, entries (as
/// they lie in a little-endian file) and attributes. Each part carries its length, so that no two contents give the same bytes.
/// </summary>
internal sealed class Hdf5Checksum : IDisposable
{
    /// <summary>The attribute of the root that holds the checksum, which does not count itself.</summary>
    public const string Attribute = "checksum";

    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Starts a group; its attributes follow.</summary>
    public void AddGroup(string path)
    {
        Add("group");
        Add(path);
    }

    /// <summary>Starts a table of numbers or texts; its attributes follow.</summary>
    public void AddTable(string path, IReadOnlyList<int> shape, Array values)
    {
        Add("table");
        Add(path);
        Add(TypeName(values));
        Add(shape.Count);
        foreach (var length in shape)
        {
            Add(length);
        }

        if (values is string[] texts)
        {
            foreach (var text in texts)
            {
                Add(text);
            }

            return;
        }

        hash.AppendData(Bytes(values));
    }

    /// <summary>Adds the attributes of the group or table before, whatever their order.</summary>
    public void AddAttributes(IEnumerable<KeyValuePair<string, object>> attributes)
    {
        foreach (var (name, value) in attributes.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Add("attribute");
            Add(name);
            switch (value)
            {
                case string text:
                    Add("text");
                    Add(text);
                    break;
                case double number:
                    Add("number");
                    Add(BitConverter.DoubleToInt64Bits(number));
                    break;
                case long whole:
                    Add("whole");
                    Add(whole);
                    break;
                default:
                    throw new NotSupportedException($"An attribute of type {value.GetType().Name} has no place in a checksum.");
            }
        }
    }

    /// <summary>The checksum of all that was added, as text.</summary>
    public string Finish() => "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());

    /// <inheritdoc/>
    public void Dispose() => hash.Dispose();

    private static string TypeName(Array values) => values.GetType().GetElementType()!.Name;

    private static ReadOnlySpan<byte> Bytes(Array values) => MemoryMarshal.CreateReadOnlySpan(
        ref MemoryMarshal.GetArrayDataReference(values),
        Buffer.ByteLength(values));

    private void Add(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Add(bytes.Length);
        hash.AppendData(bytes);
    }

    private void Add(long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        hash.AppendData(bytes);
    }
}
