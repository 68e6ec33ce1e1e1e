namespace IlqrVae.Runs.Sessions;

/// <summary>Bytes that are written at the end and read from the start, in blocks, so that there may be more of them than an array holds. What was read is let go.</summary>
internal sealed class BlockStream : Stream
{
    private const int BlockBytes = 1 << 18;

    private readonly Queue<byte[]> _blocks = [];
    private byte[] _last = [];
    private int _first;
    private int _end = BlockBytes;
    private long _length;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <summary>Gets the number of bytes that are still to be read.</summary>
    public override long Length => _length;

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        var read = 0;
        while (read < buffer.Length && _length > 0)
        {
            var block = _blocks.Peek();
            var count = (int)Math.Min(Math.Min(buffer.Length - read, BlockBytes - _first), _length);
            block.AsSpan(_first, count).CopyTo(buffer[read..]);
            read += count;
            _first += count;
            _length -= count;
            if (_first == BlockBytes)
            {
                _blocks.Dequeue();
                _first = 0;
            }
        }

        return read;
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            if (_end == BlockBytes)
            {
                _blocks.Enqueue(_last = new byte[BlockBytes]);
                _end = 0;
            }

            var count = Math.Min(buffer.Length, BlockBytes - _end);
            buffer[..count].CopyTo(_last.AsSpan(_end));
            _end += count;
            _length += count;
            buffer = buffer[count..];
        }
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();
}
