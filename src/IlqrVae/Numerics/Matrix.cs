using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace IlqrVae.Numerics;

/// <summary>
/// A view of a row-major matrix whose rows are padded to a multiple of 64 bytes and start on 64-byte boundaries.
/// </summary>
/// <remarks>
/// The padding is zero in every matrix that <see cref="Allocate"/> made, and every kernel of this project keeps it zero: that is what lets kernels
/// run over whole vectors without tails. The view holds a reference to its pinned owner, so memory lives as long as any view of it.
/// Copying the view copies no data.
/// </remarks>
/// <typeparam name="T">float or double.</typeparam>
public readonly unsafe struct Matrix<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int Alignment = 64;
    private readonly T[]? _owner;

    private Matrix(T[] owner, T* pointer, int rows, int columns, int stride)
    {
        _owner = owner;
        Pointer = pointer;
        Rows = rows;
        Columns = columns;
        Stride = stride;
    }

    /// <summary>The first element; 64-byte aligned at the start of each row unless the view is a block that starts inside a row.</summary>
    public T* Pointer { get; }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Number of columns.</summary>
    public int Columns { get; }

    /// <summary>Elements from the start of one row to the start of the next.</summary>
    public int Stride { get; }

    /// <summary>True for the default value, which views nothing.</summary>
    public bool IsEmpty => _owner is null || Rows == 0 || Columns == 0;

    /// <summary>One element.</summary>
    /// <param name="row">Row.</param>
    /// <param name="column">Column.</param>
    public ref T this[int row, int column]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref Pointer[((nint)row * Stride) + column];
    }

    /// <summary>The number of elements that a row of the given length takes with its padding.</summary>
    /// <param name="columns">Row length.</param>
    public static int PaddedLength(int columns)
    {
        var unit = Alignment / sizeof(T);
        return Math.Max(unit, (columns + unit - 1) / unit * unit);
    }

    /// <summary>Allocates a zero matrix. Allocates.</summary>
    /// <param name="rows">Number of rows, zero or more.</param>
    /// <param name="columns">Number of columns, zero or more.</param>
    /// <exception cref="InsufficientMemoryException">The matrix does not fit in memory.</exception>
    public static Matrix<T> Allocate(int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        var stride = PaddedLength(columns);
        var unit = Alignment / sizeof(T);
        var length = checked(((long)rows * stride) + unit);
        if (length > Array.MaxLength)
        {
            throw new InsufficientMemoryException($"A matrix of {rows} x {columns} has more elements than one array can hold.");
        }

        var owner = GC.AllocateArray<T>((int)length, pinned: true);
        var pointer = (T*)Unsafe.AsPointer(ref owner[0]);
        var misalignment = (int)((nuint)pointer % Alignment);
        if (misalignment != 0)
        {
            pointer += (Alignment - misalignment) / sizeof(T);
        }

        return new Matrix<T>(owner, pointer, rows, columns, stride);
    }

    /// <summary>A row as a span, without its padding.</summary>
    /// <param name="row">Row.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<T> Row(int row) => new(Pointer + ((nint)row * Stride), Columns);

    /// <summary>
    /// All elements of a matrix whose rows follow each other without gaps, padding included, as one vector: for operations whose call would cost
    /// more than a short row.
    /// </summary>
    public Span<T> Flat
    {
        get
        {
            System.Diagnostics.Debug.Assert(Stride == PaddedLength(Columns), "A block of columns is not contiguous.");
            return new(Pointer, checked(Rows * Stride));
        }
    }

    /// <summary>The address of a row.</summary>
    /// <param name="row">Row.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T* RowPointer(int row) => Pointer + ((nint)row * Stride);

    /// <summary>The rows [first, first + count) as a matrix over the same memory.</summary>
    /// <param name="first">First row.</param>
    /// <param name="count">Number of rows.</param>
    public Matrix<T> RowRange(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + count, Rows);
        return new Matrix<T>(_owner!, Pointer + ((nint)first * Stride), count, Columns, Stride);
    }

    /// <summary>The columns [first, first + count) as a matrix over the same memory; kernels need <paramref name="first"/> to be a padded length.</summary>
    /// <param name="first">First column.</param>
    /// <param name="count">Number of columns.</param>
    public Matrix<T> ColumnRange(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + count, Stride);
        return new Matrix<T>(_owner!, Pointer + first, Rows, count, Stride);
    }

    /// <summary>Sets every element, padding included, to zero.</summary>
    public void Clear()
    {
        if (_owner is not null)
        {
            for (var i = 0; i < Rows; i++)
            {
                new Span<T>(RowPointer(i), PaddedLength(Columns)).Clear();
            }
        }
    }

    /// <summary>Copies the elements of a matrix of the same shape into this one.</summary>
    /// <param name="source">The source.</param>
    public void CopyFrom(Matrix<T> source)
    {
        for (var i = 0; i < Rows; i++)
        {
            source.Row(i).CopyTo(Row(i));
        }
    }

    /// <summary>Copies row-major numbers into the matrix.</summary>
    /// <param name="source">Rows * Columns numbers.</param>
    public void CopyFrom(ReadOnlySpan<double> source)
    {
        for (var i = 0; i < Rows; i++)
        {
            var row = Row(i);
            var from = source.Slice(i * Columns, Columns);
            if (typeof(T) == typeof(double))
            {
                from.CopyTo(MemoryMarshal.Cast<T, double>(row));
                continue;
            }

            for (var j = 0; j < row.Length; j++)
            {
                row[j] = T.CreateSaturating(from[j]);
            }
        }
    }

    /// <summary>Copies the matrix into row-major numbers.</summary>
    /// <param name="destination">Room for Rows * Columns numbers.</param>
    public void CopyTo(Span<double> destination)
    {
        for (var i = 0; i < Rows; i++)
        {
            var row = Row(i);
            var to = destination.Slice(i * Columns, Columns);
            if (typeof(T) == typeof(double))
            {
                MemoryMarshal.Cast<T, double>(row).CopyTo(to);
                continue;
            }

            for (var j = 0; j < row.Length; j++)
            {
                to[j] = double.CreateSaturating(row[j]);
            }
        }
    }

    /// <summary>The elements as row-major numbers. Allocates.</summary>
    public double[] ToArray()
    {
        var values = new double[(long)Rows * Columns];
        CopyTo(values);
        return values;
    }

    /// <summary>Writes the transpose of this matrix into another.</summary>
    /// <param name="destination">Columns x Rows.</param>
    public void TransposeTo(Matrix<T> destination)
    {
        for (var i = 0; i < Rows; i++)
        {
            for (var j = 0; j < Columns; j++)
            {
                destination[j, i] = this[i, j];
            }
        }
    }
}
