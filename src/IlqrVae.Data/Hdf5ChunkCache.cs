using PureHDF.VOL.Native;

namespace IlqrVae.Data;

/// <summary>
/// Keeps the chunks that were used last, up to a number of bytes: a row of a table may cross many chunks, and each would be unpacked again for every row.
/// PureHDF's own cache sorts all it holds to let go of one.
/// </summary>
/// <param name="bytes">How many bytes of chunks are kept, and always the last chunk.</param>
/// <param name="look">Looks at a chunk when it is unpacked, before PureHDF follows what its entries say.</param>
internal sealed class Hdf5ChunkCache(long bytes, Action<Memory<byte>>? look = null) : IReadingChunkCache
{
    private readonly Dictionary<ulong, LinkedListNode<(ulong Index, Memory<byte> Chunk)>> nodes = [];
    private readonly LinkedList<(ulong Index, Memory<byte> Chunk)> byUse = [];
    private long held;

    /// <inheritdoc/>
    public Memory<byte> GetChunk(ulong chunkIndex, Func<Memory<byte>> chunkReader)
    {
        if (nodes.TryGetValue(chunkIndex, out var node))
        {
            byUse.Remove(node);
            byUse.AddFirst(node);
            return node.Value.Chunk;
        }

        var chunk = chunkReader();
        look?.Invoke(chunk);
        nodes[chunkIndex] = byUse.AddFirst((chunkIndex, chunk));
        for (held += chunk.Length; held > bytes && byUse.Last is { } last && byUse.Count > 1; held -= last.Value.Chunk.Length)
        {
            byUse.RemoveLast();
            nodes.Remove(last.Value.Index);
        }

        return chunk;
    }
}
