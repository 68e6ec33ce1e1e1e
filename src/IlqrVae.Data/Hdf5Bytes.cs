using System.Buffers.Binary;
using System.Text;

namespace IlqrVae.Data;

/// <summary>
/// The bytes of an HDF5 file as its structures address them: little-endian, relative to where the file proper begins, with addresses and lengths of
/// the size that its superblock says. What lies outside the file is an <see cref="InvalidDataException"/>.
/// </summary>
internal sealed class Hdf5Bytes(Stream stream, long start)
{
    // Structures of groups are small; one longer than this is damaged.
    private const int LongestStructure = 1 << 28;

    /// <summary>Where the file proper begins: MATLAB puts a header of 512 bytes in front.</summary>
    public long Start => start;

    /// <summary>How many bytes there are from there on.</summary>
    public long Length { get; } = stream.Length - start;

    public int AddressBytes { get; set; } = 8;

    public int LengthBytes { get; set; } = 8;

    /// <summary>The address of what is nowhere.</summary>
    public ulong Undefined => ulong.MaxValue >> (64 - (8 * AddressBytes));

    /// <summary>The largest length of an axis that can grow for ever.</summary>
    public ulong Unlimited => ulong.MaxValue >> (64 - (8 * LengthBytes));

    /// <summary>Reads a run of bytes.</summary>
    public Hdf5Cursor Read(ulong address, ulong count)
    {
        if (count > LongestStructure || address > (ulong)Length || address + count > (ulong)Length)
        {
            throw new InvalidDataException($"{count} bytes at {address} lie outside the file");
        }

        var bytes = new byte[count];
        stream.Position = start + (long)address;
        stream.ReadExactly(bytes);
        return new Hdf5Cursor(this, bytes);
    }

    /// <summary>Reads a run of bytes that begins with a signature of four letters, and steps over it.</summary>
    public Hdf5Cursor Read(ulong address, ulong count, string signature)
    {
        var cursor = Read(address, count);
        cursor.Require(signature);
        return cursor;
    }

    /// <summary>The bytes from an address on, so many as there are up to a number.</summary>
    public Hdf5Cursor ReadUpTo(ulong address, ulong count)
    {
        var length = (ulong)Length;
        return Read(address, address < length ? Math.Min(count, length - address) : count);
    }
}

/// <summary>Takes the fields of a structure one after the other.</summary>
internal sealed class Hdf5Cursor(Hdf5Bytes file, byte[] bytes)
{
    public int Position { get; private set; }

    public int Remaining => bytes.Length - Position;

    public byte Byte() => Take(1)[0];

    public ushort Short() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public uint Int() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong Address() => Whole(file.AddressBytes);

    public ulong Length() => Whole(file.LengthBytes);

    /// <summary>A number of one to eight bytes.</summary>
    public ulong Whole(int size)
    {
        var value = 0UL;
        var taken = Take(size);
        for (var i = size - 1; i >= 0; i--)
        {
            value = (value << 8) | taken[i];
        }

        return value;
    }

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > Remaining)
        {
            throw new InvalidDataException("a structure ends too early");
        }

        Position += count;
        return bytes.AsSpan(Position - count, count);
    }

    public void Skip(int count) => Take(count);

    /// <summary>The next bytes as a structure of their own.</summary>
    public Hdf5Cursor Part(int count) => new(file, Take(count).ToArray());

    public string Text(int count) => Encoding.UTF8.GetString(Take(count));

    /// <summary>A text that ends with a zero byte.</summary>
    public string TextToZero()
    {
        var length = bytes.AsSpan(Position).IndexOf((byte)0);
        var text = Text(length < 0 ? int.MaxValue : length);
        Skip(1);
        return text;
    }

    /// <summary>Goes back or forth to a byte.</summary>
    public void MoveTo(ulong position)
    {
        if (position > (ulong)bytes.Length)
        {
            throw new InvalidDataException("a structure points outside itself");
        }

        Position = (int)position;
    }

    public void Require(string signature)
    {
        if (!Take(signature.Length).SequenceEqual(Encoding.ASCII.GetBytes(signature)))
        {
            throw new InvalidDataException($"the signature {signature} is missing");
        }
    }
}
