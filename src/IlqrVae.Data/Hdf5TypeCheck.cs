using System.Numerics;

namespace IlqrVae.Data;

/// <summary>
/// Walks through a type as it is stored and refuses what declares more than its message holds, or types within types without end: PureHDF makes room for each
/// value of an enumeration before it finds that it is not there, and goes down one call a level.
/// </summary>
internal static class Hdf5TypeCheck
{
    private const int Deepest = 32;

    /// <summary>Steps over a type.</summary>
    /// <param name="message">Where it begins.</param>
    /// <param name="depth">How many types it lies in.</param>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static void Pass(Hdf5Cursor message, int depth = 0)
    {
        if (depth > Deepest)
        {
            throw new InvalidDataException("types within types without end");
        }

        var first = message.Byte();
        var (kind, version) = (first & 0x0f, first >> 4);
        var bits = message.Byte() | (message.Byte() << 8) | (message.Byte() << 16);
        var size = message.Int();
        switch (kind)
        {
            case 0 or 4:
                // Whole numbers and bits: offset and precision.
                message.Skip(4);
                break;
            case 1:
                message.Skip(12);
                break;
            case 2:
                message.Skip(2);
                break;
            case 5:
                // Opaque bytes: a tag.
                message.Skip(bits & 0xff);
                break;
            case 6:
                for (var member = bits & 0xffff; member > 0; member--)
                {
                    Hdf5Datatype.Name(message, version);
                    message.Skip(version switch { 1 => 4 + 4 + 4 + 4 + 16, 2 => 4, _ => 1 + (BitOperations.Log2(Math.Max(1, size)) / 8) });
                    Pass(message, depth + 1);
                }

                break;
            case 8:
                Pass(message, depth + 1);
                var members = bits & 0xffff;
                for (var member = 0; member < members; member++)
                {
                    Hdf5Datatype.Name(message, version);
                }

                if ((long)size * members > message.Remaining)
                {
                    throw new InvalidDataException("a type declares more values than it has");
                }

                message.Skip((int)(size * (uint)members));
                break;
            case 9:
                Pass(message, depth + 1);
                break;
            case 10:
                var rank = message.Byte();
                message.Skip(version == 2 ? 3 + (8 * rank) : 4 * rank);
                Pass(message, depth + 1);
                break;
            default:
                // Texts and references have nothing more; others are refused where they are read.
                break;
        }
    }
}
