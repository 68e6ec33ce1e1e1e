using System.Security.Cryptography;

namespace IlqrVae.Data;

/// <summary>
/// A checksum of a whole file behind its end, where readers of HDF5 do not look: SHA-256 of all bytes before it, so that one bit that changed anywhere is
/// seen. Whoever changes the file with an HDF5 library cuts it off by that, and such a file is taken as it is.
/// </summary>
internal static class FileSeal
{
    private const int BlockBytes = 1 << 16;

    private static ReadOnlySpan<byte> Mark => "ilqr-vae sha256:"u8;

    private static int Bytes => Mark.Length + SHA256.HashSizeInBytes;

    /// <summary>Adds the checksum of what a stream holds.</summary>
    /// <param name="stream">It can be read and sought.</param>
    public static void Append(Stream stream)
    {
        var hash = Of(stream, stream.Length);
        stream.Seek(0, SeekOrigin.End);
        stream.Write(Mark);
        stream.Write(hash);
    }

    /// <summary>Compares a file with the checksum behind its end, if it has one.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="contents">Where what is proper to the file ends.</param>
    /// <param name="path">What to call it in messages.</param>
    /// <returns>Whether it has one.</returns>
    /// <exception cref="InputException">It has, and other bytes than when it was written, or it has a part of one.</exception>
    public static bool Verify(Stream stream, long contents, string path)
    {
        Span<byte> end = stackalloc byte[(int)Math.Clamp(stream.Length - contents, 0, Bytes)];
        stream.Position = stream.Length - end.Length;
        stream.ReadExactly(end);
        if (end.Length == 0 || !end[..Math.Min(end.Length, Mark.Length)].SequenceEqual(Mark[..Math.Min(end.Length, Mark.Length)]))
        {
            return false;
        }

        if (end.Length < Bytes)
        {
            throw new InputException($"{path}: the checksum at its end is cut short; the file is damaged, copy it again or make it anew.");
        }

        return end[Mark.Length..].SequenceEqual(Of(stream, stream.Length - Bytes))
            ? true
            : throw new InputException($"{path}: the bytes are not those that were written, by the checksum behind them; the file is damaged, copy it again or make it anew.");
    }

    private static byte[] Of(Stream stream, long length)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = new byte[BlockBytes];
        stream.Position = 0;
        while (length > 0)
        {
            var part = block.AsSpan(0, (int)Math.Min(length, block.Length));
            stream.ReadExactly(part);
            hash.AppendData(part);
            length -= part.Length;
        }

        return hash.GetHashAndReset();
    }
}
