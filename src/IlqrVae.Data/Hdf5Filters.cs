using System.Buffers.Binary;
using System.IO.Compression;
using PureHDF.Filters;

namespace IlqrVae.Data;

/// <summary>A step that a table's chunks went through when they were written.</summary>
/// <param name="Id">Its number in the registry of HDF5.</param>
/// <param name="Name">Its name in the file, often empty.</param>
/// <param name="Parameters">Its parameters.</param>
internal sealed record Hdf5Filter(int Id, string Name, uint[] Parameters);

/// <summary>
/// Undoes what chunks went through: deflate, lzf, shuffling and checksums, which PureHDF 2.2.0 lacks or gets wrong. Its checksum filter returns a part of a
/// pooled buffer, which the next chunk overwrites; and it looks up which filters were left out of a chunk one place too far.
/// </summary>
internal static class Hdf5Filters
{
    public const int Deflate = 1;
    public const int Shuffle = 2;
    public const int Fletcher32 = 3;
    public const int Lzf = 32000;

    private static readonly ShuffleFilter s_shuffle = new();

    [ThreadStatic]
    private static IReadOnlyList<Hdf5Filter>? pipeline;

    static Hdf5Filters()
    {
        H5Filter.Register(new Filter(Deflate, "deflate", Inflate, new DeflateFilter()));
        H5Filter.Register(new Filter(Shuffle, "shuffle", Unshuffle, new ShuffleFilter()));
        H5Filter.Register(new Filter(Fletcher32, "fletcher32", RemoveChecksum, new Fletcher32Filter()));
        H5Filter.Register(new Filter(Lzf, "lzf", Unlzf, null));
    }

    public static bool IsRead(int id) => id is Deflate or Shuffle or Fletcher32 or Lzf;

    /// <summary>What people call a filter.</summary>
    public static string NameOf(Hdf5Filter filter) => filter.Id switch
    {
        4 => "szip",
        5 => "nbit",
        6 => "scaleoffset",
        307 => "bzip2",
        32001 => "blosc",
        32004 => "lz4",
        32008 => "bitshuffle",
        32013 => "zfp",
        32015 => "zstd",
        32026 => "blosc2",
        _ => filter.Name.Length > 0 ? $"'{Messages.OneLine(filter.Name)}' (HDF5 filter {filter.Id})" : $"HDF5 filter {filter.Id}",
    };

    /// <summary>Reads with the filters of a table known to the filters themselves, on this thread.</summary>
    public static T Reading<T>(IReadOnlyList<Hdf5Filter> filters, Func<T> read)
    {
        pipeline = filters;
        try
        {
            return read();
        }
        finally
        {
            pipeline = null;
        }
    }

    /// <summary>The Fletcher-32 checksum as HDF5 computes it: of words of two bytes, the first one the higher.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint first = 0, second = 0;
        for (var at = 0; at < bytes.Length;)
        {
            // As many words as cannot overflow, then the carries go round.
            for (var end = Math.Min(bytes.Length, at + 720); at < end; at += 2)
            {
                first += ((uint)bytes[at] << 8) | (at + 1 < bytes.Length ? bytes[at + 1] : 0u);
                second += first;
            }

            first = (first & 0xffff) + (first >> 16);
            second = (second & 0xffff) + (second >> 16);
        }

        first = (first & 0xffff) + (first >> 16);
        second = (second & 0xffff) + (second >> 16);
        return (second << 16) | first;
    }

    private static byte[] RemoveChecksum(FilterInfo chunk)
    {
        var bytes = chunk.Buffer.Span;
        if (bytes.Length < 4)
        {
            throw new InvalidDataException("a chunk is shorter than its checksum");
        }

        // Early versions of HDF5 wrote the bytes of each half the other way round.
        var (stored, computed) = (BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]), Checksum(bytes[..^4]));
        var swapped = ((computed & 0x00ff00ff) << 8) | ((computed >> 8) & 0x00ff00ff);
        return stored == computed || stored == swapped
            ? bytes[..^4].ToArray()
            : throw new InvalidDataException("a chunk does not fit its checksum (fletcher32)");
    }

    /// <summary>HDF5 leaves shuffling out of lists of unequal length, and then names no size of an element either.</summary>
    private static byte[] Unshuffle(FilterInfo chunk) => chunk.Parameters.Length == 0 ? chunk.Buffer.ToArray() : ((IH5Filter)s_shuffle).Filter(chunk).ToArray();

    private static byte[] Inflate(FilterInfo chunk)
    {
        var bytes = chunk.Buffer.ToArray();
        var isZlib = bytes.Length >= 2 && (bytes[0] & 0x0f) == 8 && ((bytes[0] << 8) | bytes[1]) % 31 == 0;
        if (!isZlib && bytes.Length == chunk.ChunkSize)
        {
            return LeftOut(chunk, Deflate);
        }

        using var inflated = new ZLibStream(new MemoryStream(bytes), CompressionMode.Decompress);
        var result = GC.AllocateUninitializedArray<byte>(chunk.ChunkSize);
        inflated.ReadExactly(result);
        return inflated.ReadByte() < 0 ? result : throw new InvalidDataException("a chunk is longer than it should be");
    }

    private static byte[] Unlzf(FilterInfo chunk)
    {
        // What does not get shorter is stored as it is.
        var bytes = chunk.Buffer.Span;
        if (bytes.Length == chunk.ChunkSize)
        {
            return LeftOut(chunk, Lzf);
        }

        var result = new byte[chunk.ChunkSize];
        var (from, to) = (0, 0);
        while (from < bytes.Length)
        {
            var control = bytes[from++];
            if (control < 32)
            {
                var literal = bytes.Slice(from, control + 1);
                literal.CopyTo(result.AsSpan(to));
                from += literal.Length;
                to += literal.Length;
                continue;
            }

            var length = control >> 5;
            length += length == 7 ? bytes[from++] : 0;
            var back = to - (((control & 0x1f) << 8) | bytes[from++]) - 1;
            for (var end = to + length + 2; to < end; to++, back++)
            {
                result[to] = result[back];
            }
        }

        return to == result.Length ? result : throw new InvalidDataException("a chunk is shorter than it should be");
    }

    /// <summary>
    /// A chunk that a compressor was left out of. PureHDF then leaves out the filter before it instead, so that is undone here.
    /// </summary>
    private static byte[] LeftOut(FilterInfo chunk, int id)
    {
        var filters = pipeline ?? [];
        var before = filters.TakeWhile(filter => filter.Id != id).LastOrDefault();
        if (before is null)
        {
            return chunk.Buffer.ToArray();
        }

        // The library itself leaves out lzf alone; of a chunk that a program wrote directly, what else was left out is not known.
        if (id != Lzf || before.Id != Shuffle || before.Parameters is not [var size, ..])
        {
            throw new NotSupportedException("a chunk is stored without its filters");
        }

        var bytes = chunk.Buffer.Span;
        var result = new byte[bytes.Length];
        var count = bytes.Length / (int)size;
        bytes[(count * (int)size)..].CopyTo(result.AsSpan(count * (int)size));
        for (var part = 0; part < (int)size; part++)
        {
            for (var i = 0; i < count; i++)
            {
                result[(i * (int)size) + part] = bytes[(part * count) + i];
            }
        }

        return result;
    }

    /// <summary>A filter that reads by a function of ours, and writes, if at all, as PureHDF does.</summary>
    private sealed class Filter(int id, string name, Func<FilterInfo, byte[]> read, IH5Filter? writer) : IH5Filter
    {
        public ushort FilterId => (ushort)id;

        public string Name => name;

        Memory<byte> IH5Filter.Filter(FilterInfo info) => info.Flags.HasFlag(H5FilterFlags.Decompress) ? read(info) : Writer.Filter(info);

        public uint[] GetParameters(uint[] chunkDimensions, uint typeSize, Dictionary<string, object>? options) =>
            Writer.GetParameters(chunkDimensions, typeSize, options);

        private IH5Filter Writer => writer ?? throw new NotSupportedException($"{name} is not written");
    }
}
