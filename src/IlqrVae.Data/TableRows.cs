using System.Runtime.CompilerServices;
using PureHDF;
using PureHDF.Selections;
using PureHDF.VOL.Native;

namespace IlqrVae.Data;

/// <summary>A table of two axes that is made and written some rows at a time, so that it need never be in memory as a whole.</summary>
internal abstract class TableRows
{
    protected TableRows(int rows, int columns)
    {
        Rows = rows;
        Columns = columns;
    }

    /// <summary>Fills consecutive rows, row-major, from a row on.</summary>
    /// <typeparam name="T">Type of the numbers.</typeparam>
    public delegate void Fill<T>(int first, Span<T> rows);

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>The dataset, to be put into a file before it is written.</summary>
    public abstract H5Dataset Create();

    /// <summary>Writes all rows in order.</summary>
    public abstract void Write(H5NativeWriter writer);
}

/// <summary>Rows of one type of numbers.</summary>
/// <typeparam name="T">Type of the numbers.</typeparam>
internal sealed class TableRows<T>(int rows, int columns, TableRows.Fill<T> fill) : TableRows(rows, columns)
    where T : unmanaged
{
    private readonly int _rowsOfBlock = Hdf5Archive.RowsOfChunk(rows, (long)columns * Unsafe.SizeOf<T>());
    private H5Dataset<T[]>? _dataset;

    public override H5Dataset Create()
    {
        // Whole numbers shrink much, real numbers hardly.
        var isCompressed = typeof(T) != typeof(double) && (long)Rows * Columns * Unsafe.SizeOf<T>() >= Hdf5Archive.SmallestCompressedBytes;
        ulong[] shape = [(ulong)Rows, (ulong)Columns];
        _dataset = isCompressed
            ? new H5Dataset<T[]>(shape, [(uint)_rowsOfBlock, (uint)Columns], new H5DatasetCreation(new ChunkInHand(), Hdf5Archive.Compression()))
            : new H5Dataset<T[]>(shape);
        return _dataset;
    }

    public override void Write(H5NativeWriter writer)
    {
        if (Columns == 0)
        {
            return;
        }

        for (var first = 0; first < Rows; first += _rowsOfBlock)
        {
            var block = new T[Math.Min(_rowsOfBlock, Rows - first) * Columns];
            fill(first, block);
            writer.Write(_dataset!, block, fileSelection: new HyperslabSelection(
                rank: 2, starts: [(ulong)first, 0], blocks: [(ulong)(block.Length / Columns), (ulong)Columns]));
        }
    }

    /// <summary>
    /// Holds one chunk only: rows come in order, and a chunk is written when the next begins. By the action that came with it: in PureHDF 2.2.0 the one
    /// that comes with the next chunk would write under the next chunk's index.
    /// </summary>
    private sealed class ChunkInHand : IWritingChunkCache
    {
        private (ulong Index, Memory<byte> Bytes, Action<ulong, Memory<byte>> Write)? _chunk;

        public Memory<byte> GetChunk(ulong chunkIndex, Func<Memory<byte>> chunkAllocator, Action<ulong, Memory<byte>> chunkWriter)
        {
            if (_chunk is not { } held || held.Index != chunkIndex)
            {
                Flush(chunkWriter);
                held = (chunkIndex, chunkAllocator(), chunkWriter);
                _chunk = held;
            }

            return held.Bytes;
        }

        public void Flush(Action<ulong, Memory<byte>> chunkWriter)
        {
            // Let go of it first: where writing fails, the file flushes once more as it is disposed of.
            if (_chunk is { } held)
            {
                _chunk = null;
                held.Write(held.Index, held.Bytes);
            }
        }
    }
}
