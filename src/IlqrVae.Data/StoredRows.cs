using System.Numerics;

namespace IlqrVae.Data;

/// <summary>A table of numbers in an HDF5 file, read some rows at a time and converted where they are needed. Best asked for rows in order.</summary>
internal sealed class StoredRows
{
    // Of the table's rows that are held at a time.
    private const long BlockBytes = 1 << 21;

    private readonly Func<int, int, Array> _read;
    private readonly int _blockRows;
    private Array _block = Array.Empty<byte>();
    private int _first;
    private int _count;

    /// <summary>Nothing is read yet.</summary>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Numbers a row.</param>
    /// <param name="elementBytes">Bytes a number takes.</param>
    /// <param name="read">Reads so many rows from one on, row-major.</param>
    public StoredRows(int rows, int columns, int elementBytes, Func<int, int, Array> read)
    {
        Rows = rows;
        Columns = columns;
        _read = read;
        _blockRows = (int)Math.Clamp(BlockBytes / Math.Max(1, (long)columns * elementBytes), 1, Math.Max(1, rows));
    }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>Copies consecutive rows, row-major; a number that the type cannot hold throws.</summary>
    public void Copy<T>(int first, int count, Span<T> destination)
        where T : unmanaged, INumberBase<T>
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Rows - first);
        for (var row = first; row < first + count;)
        {
            if (row < _first || row >= _first + _count)
            {
                // Rows before the block can be asked for again: trials need not follow each other in a file.
                _block = Array.Empty<byte>();
                (_first, _count) = (row, Math.Min(_blockRows, Rows - row));
                _block = _read(_first, _count);
            }

            var rows = Math.Min(first + count, _first + _count) - row;
            StoredNumbers.Copy(_block, (row - _first) * Columns, destination.Slice((row - first) * Columns, rows * Columns));
            row += rows;
        }
    }
}
