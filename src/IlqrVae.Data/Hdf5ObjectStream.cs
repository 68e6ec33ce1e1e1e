using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace IlqrVae.Data;

/// <summary>
/// A file as PureHDF shall see it: with a root group in which there is one object only. So PureHDF reads that object, its attributes and its entries, but
/// follows no links. Each read makes sure that there is stack left, for what a damaged file makes PureHDF do over and over.
/// </summary>
internal sealed class Hdf5ObjectStream : Stream
{
    public const string Name = "x";

    private readonly Stream file;
    private readonly Hdf5Bytes bytes;
    private readonly Hdf5GlobalHeaps heaps;
    private readonly byte[] beginning;
    private readonly byte[] end;

    // A file's stream asks the system for its length each time, and PureHDF reads in small steps.
    private readonly long fileLength;

    public Hdf5ObjectStream(Stream file, Hdf5Bytes bytes, ulong address)
    {
        this.file = file;
        this.bytes = bytes;
        heaps = new Hdf5GlobalHeaps(bytes);
        fileLength = bytes.Start + bytes.Length;
        var root = (ulong)bytes.Length;
        beginning = Superblock(bytes, root);
        end = RootHeader(bytes, address);
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => fileLength + end.Length;

    /// <inheritdoc/>
    public override long Position { get; set; }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        int count;
        if (Position < beginning.Length)
        {
            count = Copy(beginning.AsSpan((int)Position), buffer);
        }
        else if (Position >= fileLength)
        {
            count = Position < Length ? Copy(end.AsSpan((int)(Position - fileLength)), buffer) : 0;
        }
        else
        {
            file.Position = Position;
            count = file.Read(buffer);
            if (count == 4 && buffer[..4].SequenceEqual("GCOL"u8))
            {
                // A heap of texts or lists says how long each is: what does not fit it is refused before PureHDF makes room for that.
                heaps.Pieces((ulong)(Position - bytes.Start));
            }
        }

        Position += count;
        return count;

        static int Copy(ReadOnlySpan<byte> from, Span<byte> to)
        {
            var length = Math.Min(from.Length, to.Length);
            from[..length].CopyTo(to);
            return length;
        }
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin)
    {
        var position = offset + origin switch
        {
            SeekOrigin.Begin => 0,
            SeekOrigin.Current => Position,
            _ => Length,
        };
        Position = position >= 0 ? position : throw new InvalidDataException("an address outside the file");
        return Position;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    // PureHDF checks neither of the two checksums that end these structures.
    private static byte[] Superblock(Hdf5Bytes bytes, ulong root) =>
    [
        0x89, (byte)'H', (byte)'D', (byte)'F', 0x0d, 0x0a, 0x1a, 0x0a, 2, (byte)bytes.AddressBytes, (byte)bytes.LengthBytes, 0,
        .. Address(bytes, (ulong)bytes.Start), .. Address(bytes, bytes.Undefined), .. Address(bytes, root), .. Address(bytes, root), 0, 0, 0, 0,
    ];

    private static byte[] RootHeader(Hdf5Bytes bytes, ulong address)
    {
        byte[] noIndex = [0, 0, .. Address(bytes, bytes.Undefined), .. Address(bytes, bytes.Undefined)];
        byte[] link = [1, 0, 1, (byte)Name[0], .. Address(bytes, address)];
        byte[] messages = [Hdf5Header.LinkInfo, (byte)noIndex.Length, 0, 0, .. noIndex, Hdf5Header.Link, (byte)link.Length, 0, 0, .. link];
        return [(byte)'O', (byte)'H', (byte)'D', (byte)'R', 2, 0, (byte)messages.Length, .. messages, 0, 0, 0, 0];
    }

    private static byte[] Address(Hdf5Bytes bytes, ulong value)
    {
        Span<byte> all = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(all, value);
        return all[..bytes.AddressBytes].ToArray();
    }
}
