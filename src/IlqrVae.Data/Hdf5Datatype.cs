using System.Globalization;

namespace IlqrVae.Data;

/// <summary>What the entries of a table are, as far as a person wants to know: numbers, texts, references, compounds.</summary>
/// <param name="Class">Its class in the format: 0 whole number, 1 real number, 3 text of fixed length, 6 compound, 7 reference, 8 names of numbers, 9 of variable length.</param>
/// <param name="Bytes">Bytes an entry takes.</param>
/// <param name="IsVariableText">Whether it is a text of variable length.</param>
/// <param name="IsRegion">Whether a reference is to a part of a table.</param>
/// <param name="Names">Of names of numbers, or of a compound, the names; else empty.</param>
/// <param name="Numbers">Of names of numbers, the numbers.</param>
/// <param name="Words">The type in words.</param>
internal sealed record Hdf5Datatype(int Class, long Bytes, bool IsVariableText, bool IsRegion, IReadOnlyList<string> Names, IReadOnlyList<long> Numbers, string Words)
{
    private const int MostNames = 1 << 12;

    public static Hdf5Datatype Unknown { get; } = new(-1, 0, false, false, [], [], "type of its own");

    public bool IsText => Class == 3 || (Class == 9 && IsVariableText);

    public bool IsReference => Class == 7;

    public bool IsCompound => Class == 6;

    /// <summary>Whether the entries have names: an enumeration.</summary>
    public bool IsNamed => Class == 8;

    /// <summary>Whether they are true or false, as h5py writes booleans.</summary>
    public bool IsTruth => IsNamed && Names.Count == 2 && Names.Zip(Numbers).OrderBy(pair => pair.Second).Select(pair => pair.First.ToUpperInvariant()).SequenceEqual(["FALSE", "TRUE"], StringComparer.Ordinal);

    public static Hdf5Datatype Read(Hdf5Header header) => header.First(Hdf5Header.Datatype) is { } message ? Read(message) : Unknown;

    private static Hdf5Datatype Read(Hdf5Cursor message)
    {
        var first = message.Byte();
        var (kind, version) = (first & 0x0f, first >> 4);
        var bits = message.Byte() | (message.Byte() << 8) | (message.Byte() << 16);
        var bytes = (long)message.Int();
        switch (kind)
        {
            case 0:
                return Plain($"{((bits & 8) != 0 ? "int" : "uint")}{8 * bytes}");
            case 1:
                return Plain($"float{8 * bytes}");
            case 3:
                return Plain($"text of {bytes} bytes");
            case 6:
                var members = Members(message, version, bits & 0xffff);
                return Plain(members.Count > 0 ? $"compound ({string.Join(", ", members)})" : "compound") with { Names = members };
            case 7:
                return Plain((bits & 0x0f) == 0 ? "object reference" : "region reference") with { IsRegion = (bits & 0x0f) != 0 };
            case 8:
                var (names, numbers) = Enumeration(message, version, bits & 0xffff, (int)bytes);
                var named = Plain("names") with { Names = names, Numbers = numbers };
                return named with { Words = named.IsTruth ? "bool" : $"one of {Messages.Names(names)}" };
            case 9:
                return (bits & 0x0f) == 1 ? Plain("text") with { IsVariableText = true } : Plain("lists");
            default:
                return Plain(kind switch { 2 => "time", 4 => "bits", 5 => "opaque bytes", 10 => "arrays", _ => "type of its own" });
        }

        Hdf5Datatype Plain(string words) => Unknown with { Class = kind, Bytes = bytes, Words = words };
    }

    private static (List<string> Names, List<long> Numbers) Enumeration(Hdf5Cursor message, int version, int count, int bytes)
    {
        if (count > MostNames || bytes is not (1 or 2 or 4 or 8))
        {
            return ([], []);
        }

        // The type of the numbers: eight bytes and, of whole numbers, four of properties.
        if ((message.Byte() & 0x0f) != 0)
        {
            return ([], []);
        }

        var isSigned = (message.Byte() & 8) != 0;
        message.Skip(2 + 4 + 4);
        var names = new List<string>(count);
        for (var i = 0; i < count; i++)
        {
            names.Add(Name(message, version));
        }

        var numbers = new List<long>(count);
        for (var i = 0; i < count; i++)
        {
            var number = (long)message.Whole(bytes);
            numbers.Add(isSigned && bytes < 8 && (number >> ((8 * bytes) - 1)) != 0 ? number - (1L << (8 * bytes)) : number);
        }

        return (names, numbers);
    }

    /// <summary>The name of the first member, and how many more there are.</summary>
    private static List<string> Members(Hdf5Cursor message, int version, int count) => count switch
    {
        0 => [],
        1 => [Name(message, version)],
        _ => [Name(message, version), string.Create(CultureInfo.InvariantCulture, $"{count - 1} more")],
    };

    /// <summary>A name in a type, and the filling behind it that older versions have.</summary>
    internal static string Name(Hdf5Cursor message, int version)
    {
        var start = message.Position;
        var name = message.TextToZero();
        if (version < 3)
        {
            var length = message.Position - start;
            message.Skip((8 - (length % 8)) % 8);
        }

        return Messages.OneLine(name);
    }
}
