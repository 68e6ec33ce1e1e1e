using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using IlqrVae.Inference;

namespace IlqrVae.Training.Processes;

/// <summary>
/// Starts of trials as bytes: of each, how many variants it has, and of itself and every variant, the number, whether it is lost, and the variables. Where there are
/// none of them yet, a variant is made.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class StartPacket<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>Gets what was written.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.WrittenSpan;

    /// <summary>Adds a start and its variants.</summary>
    /// <param name="start">The start.</param>
    public void Write(WarmStart<T> start)
    {
        Write(1 + start.Variants.Count);
        WriteOne(0, start);
        foreach (var (number, variant) in start.Variants)
        {
            WriteOne(number, variant);
        }
    }

    /// <summary>Reads a start and its variants.</summary>
    /// <param name="bytes">Where it begins.</param>
    /// <param name="start">What it is read into.</param>
    /// <returns>How many bytes it has.</returns>
    public static int Read(ReadOnlySpan<byte> bytes, WarmStart<T> start) => Walk(bytes, start);

    /// <summary>Passes over a start and its variants.</summary>
    /// <param name="bytes">Where it begins.</param>
    /// <returns>How many bytes it has.</returns>
    public static int Skip(ReadOnlySpan<byte> bytes) => Walk(bytes, null);

    private static int Walk(ReadOnlySpan<byte> bytes, WarmStart<T>? start)
    {
        var at = 0;
        var count = Next(bytes, ref at);
        for (var i = 0; i < count; i++)
        {
            var number = Next(bytes, ref at);
            var isLost = Next(bytes, ref at) != 0;
            var length = Next(bytes, ref at);
            if (start is not null)
            {
                var one = start.Of(number);
                one.IsLost = isLost;
                bytes.Slice(at, length).CopyTo(MemoryMarshal.AsBytes(one.Values.AsSpan()));
            }

            at += length;
        }

        return at;
    }

    private static int Next(ReadOnlySpan<byte> bytes, ref int at)
    {
        var number = BinaryPrimitives.ReadInt32LittleEndian(bytes[at..]);
        at += sizeof(int);
        return number;
    }

    private void WriteOne(int number, WarmStart<T> start)
    {
        var values = MemoryMarshal.AsBytes(start.Values.AsSpan());
        Write(number);
        Write(start.IsLost ? 1 : 0);
        Write(values.Length);
        _bytes.Write(values);
    }

    private void Write(int number)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.GetSpan(sizeof(int)), number);
        _bytes.Advance(sizeof(int));
    }
}
