using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace IlqrVae.Runs.Files;

/// <summary>
/// An event file as TensorBoard reads it: records of the TFRecord format (length, masked CRC32C of the length, bytes, masked CRC32C of the bytes), each one
/// message <c>Event</c> in the wire format of protocol buffers. Fields are those of <c>tensorboard/compat/proto/event.proto</c> and <c>summary.proto</c>. Every record is
/// on its way to the disk when it is written. A new file begins with an event by which TensorBoard forgets what older files of the folder hold from that step on.
/// </summary>
internal sealed class EventFile : IDisposable
{
    // Event.
    private const int WallTime = 1;
    private const int Step = 2;
    private const int FileVersion = 3;
    private const int Summary = 5;
    private const int SessionLog = 7;

    // SessionLog, Summary, Summary.Value and Summary.Image.
    private const int Status = 1;
    private const ulong Start = 1;
    private const int Value = 1;
    private const int Tag = 1;
    private const int SimpleValue = 2;
    private const int Image = 4;
    private const int Height = 1;
    private const int Width = 2;
    private const int ColorSpace = 3;
    private const int Encoded = 4;
    private const ulong RedGreenBlueOpacity = 4;

    private readonly FileStream _stream;
    private readonly TimeProvider _time;

    private EventFile(FileStream stream, TimeProvider time)
    {
        _stream = stream;
        _time = time;
    }

    /// <summary>The path of the file.</summary>
    public string Path => _stream.Name;

    /// <summary>Begins a file, with a name that no other has.</summary>
    /// <param name="folder">The folder; it is made where there is none.</param>
    /// <param name="step">The first step that it will hold.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public static EventFile Begin(string folder, long step, TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        Directory.CreateDirectory(folder);
        var seconds = time.GetUtcNow().ToUnixTimeSeconds();

        // Read in the order of their names: a later one has to come later.
        for (var number = 0; ; number++)
        {
            var path = System.IO.Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{seconds:D10}.ilqr-vae.{number:D3}"));
            if (File.Exists(path))
            {
                continue;
            }

            var file = new EventFile(new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read), time);
            file.Write(new Message().Add(WallTime, file.Now).Add(FileVersion, "brain.Event:2"u8));
            file.Write(file.At(step).Add(SessionLog, new Message().Add(Status, Start)));
            return file;
        }
    }

    /// <summary>Adds numbers.</summary>
    /// <param name="step">The step they are of.</param>
    /// <param name="values">Each with its tag, such as <c>loss/train</c>.</param>
    public void Add(long step, IEnumerable<(string Tag, double Value)> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var summary = new Message();
        foreach (var (tag, value) in values)
        {
            summary.Add(Value, new Message().Add(Tag, Encoding.UTF8.GetBytes(tag)).Add(SimpleValue, (float)value));
        }

        Write(At(step).Add(Summary, summary));
    }

    /// <summary>Adds an image.</summary>
    /// <param name="step">The step it is of.</param>
    /// <param name="tag">Its tag.</param>
    /// <param name="png">The bytes of a PNG file.</param>
    /// <exception cref="ArgumentException">They are none.</exception>
    public void AddImage(long step, string tag, ReadOnlySpan<byte> png)
    {
        if (png.Length < 24 || !png[1..].StartsWith("PNG"u8))
        {
            throw new ArgumentException("these are not the bytes of a PNG file.", nameof(png));
        }

        // Width and height are the first numbers of a PNG file's first chunk.
        var (width, height) = (BinaryPrimitives.ReadUInt32BigEndian(png[16..]), BinaryPrimitives.ReadUInt32BigEndian(png[20..]));
        var image = new Message().Add(Height, (ulong)height).Add(Width, (ulong)width).Add(ColorSpace, RedGreenBlueOpacity).Add(Encoded, png);
        Write(At(step).Add(Summary, new Message().Add(Value, new Message().Add(Tag, Encoding.UTF8.GetBytes(tag)).Add(Image, image))));
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    /// <summary>CRC-32C (Castagnoli) of bytes.</summary>
    internal static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = uint.MaxValue;
        while (bytes.Length >= sizeof(ulong))
        {
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var one in bytes)
        {
            sum = BitOperations.Crc32C(sum, one);
        }

        return ~sum;
    }

    /// <summary>The checksum as records have it: sums of bytes that hold sums are poor ones.</summary>
    private static uint Masked(uint sum) => BitOperations.RotateRight(sum, 15) + 0xa282ead8;

    private double Now => (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;

    private Message At(long step) => new Message().Add(WallTime, Now).Add(Step, (ulong)step);

    private void Write(Message message)
    {
        var bytes = message.Bytes;
        Span<byte> before = stackalloc byte[12];
        Span<byte> after = stackalloc byte[4];
        BinaryPrimitives.WriteUInt64LittleEndian(before, (ulong)bytes.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(before[8..], Masked(Checksum(before[..8])));
        BinaryPrimitives.WriteUInt32LittleEndian(after, Masked(Checksum(bytes)));
        _stream.Write(before);
        _stream.Write(bytes);
        _stream.Write(after);
        _stream.Flush();
    }

    /// <summary>A message of protocol buffers: fields, each with its number and how its bytes are to be read.</summary>
    private sealed class Message
    {
        private const int Varint = 0;
        private const int EightBytes = 1;
        private const int Delimited = 2;
        private const int FourBytes = 5;

        private readonly ArrayBufferWriter<byte> _bytes = new();

        public ReadOnlySpan<byte> Bytes => _bytes.WrittenSpan;

        public Message Add(int field, ulong value)
        {
            Head(field, Varint);
            Number(value);
            return this;
        }

        public Message Add(int field, double value)
        {
            Span<byte> bytes = stackalloc byte[sizeof(double)];
            BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
            Head(field, EightBytes);
            _bytes.Write(bytes);
            return this;
        }

        public Message Add(int field, float value)
        {
            Span<byte> bytes = stackalloc byte[sizeof(float)];
            BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
            Head(field, FourBytes);
            _bytes.Write(bytes);
            return this;
        }

        public Message Add(int field, ReadOnlySpan<byte> value)
        {
            Head(field, Delimited);
            Number((ulong)value.Length);
            _bytes.Write(value);
            return this;
        }

        public Message Add(int field, Message value) => Add(field, value.Bytes);

        private void Head(int field, int kind) => Number(((ulong)field << 3) | (uint)kind);

        private void Number(ulong value)
        {
            for (; value >= 0x80; value >>= 7)
            {
                _bytes.Write([(byte)(value | 0x80)]);
            }

            _bytes.Write([(byte)value]);
        }
    }
}
