using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace IlqrVae.Numerics;

/// <summary>
/// A view of a row-major matrix whose rows are padded to a multiple of 64 bytes and start on 64-byte boundaries.
/// </summary>
/// <remarks>
/// The padding is zero in every matrix that <see cref="Allocate"/> made, and every kernel of this project keeps it zero: that is what lets kernels
/// run over whole vectors without tails. Copying the view copies no data.
/// <para>
/// The view holds a reference to its pinned owner, but a reference that nothing reads any more holds nothing: the compiler forgets it, and the garbage
/// collector takes the memory from under a kernel that still works on its address. So every method that takes an address (Pointer, RowPointer) keeps the matrix, or the
/// object that has it, alive until it is done: by <see cref="KeepAlive"/> or <see cref="GC.KeepAlive"/>, of which no code comes but that of a register kept. Elements and rows are managed references and hold what
/// they refer to.
/// </para>
/// </remarks>
/// <typeparam name="T">float or double.</typeparam>
public readonly unsafe struct Matrix<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int Alignment = 64;
    private readonly object? _owner;

    private Matrix(object owner, T* pointer, int rows, int columns, int stride)
    {
        _owner = owner;
        Pointer = pointer;
        Rows = rows;
        Columns = columns;
        Stride = stride;
    }

    /// <summary>The first element; every row starts on a 64-byte boundary, that of a block of columns too. Holds nothing: see <see cref="KeepAlive"/>.</summary>
    internal T* Pointer { get; }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Number of columns.</summary>
    public int Columns { get; }

    /// <summary>Elements from the start of one row to the start of the next.</summary>
    public int Stride { get; }

    /// <summary>True for the default value, which views nothing.</summary>
    public bool IsEmpty => _owner is null || Rows == 0 || Columns == 0;

    /// <summary>One element. Not checked but in DEBUG; <see cref="Row"/> is.</summary>
    /// <param name="row">Row.</param>
    /// <param name="column">Column.</param>
    public ref T this[int row, int column]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            Debug.Assert((uint)row < (uint)Rows && (uint)column < (uint)Stride, "An element beyond the matrix.");
            ref var element = ref Pointer[((nint)row * Stride) + column];
            KeepAlive();
            return ref element;
        }
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

        if (MatrixMemory.Source?.Invoke((length - unit) * sizeof(T)) is var (block, address))
        {
            return new Matrix<T>(block, (T*)address, rows, columns, stride);
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
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<T> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
        var span = new Span<T>(Pointer + ((nint)row * Stride), Columns);
        KeepAlive();
        return span;
    }

    /// <summary>
    /// All elements of a matrix whose rows follow each other without gaps, padding included, as one vector: for operations whose call would cost
    /// more than a short row.
    /// </summary>
    internal Span<T> Flat
    {
        get
        {
            Debug.Assert(Stride == PaddedLength(Columns), "A block of columns is not contiguous.");
            var span = new Span<T>(Pointer, checked(Rows * Stride));
            KeepAlive();
            return span;
        }
    }

    /// <summary>The address of a row. Holds nothing: see <see cref="KeepAlive"/>.</summary>
    /// <param name="row">Row.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T* RowPointer(int row)
    {
        Debug.Assert((uint)row <= (uint)Rows, "A row beyond the matrix.");
        return Pointer + ((nint)row * Stride);
    }

    /// <summary>Holds the memory up to this call; to be called when the last address taken from the matrix has done its work.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void KeepAlive() => GC.KeepAlive(_owner);

    /// <summary>The rows [first, first + count) as a matrix over the same memory.</summary>
    /// <param name="first">First row.</param>
    /// <param name="count">Number of rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">They are not all rows of the matrix.</exception>
    public Matrix<T> RowRange(int first, int count)
    {
        CheckRange(first, count, Rows);
        return new Matrix<T>(_owner!, Pointer + ((nint)first * Stride), count, Columns, Stride);
    }

    /// <summary>
    /// The columns [first, first + count) as a matrix over the same memory. What kernels work on in whole vectors would reach beyond the last row, if rows started anywhere: columns that start
    /// elsewhere are copied row by row (<see cref="Row"/>).
    /// </summary>
    /// <param name="first">First column, a <see cref="PaddedLength"/> or 0.</param>
    /// <param name="count">Number of columns; the padding may be among them.</param>
    /// <exception cref="ArgumentOutOfRangeException">They are not all columns of the matrix.</exception>
    /// <exception cref="ArgumentException">Their rows would start inside a block of 64 bytes.</exception>
    public Matrix<T> ColumnRange(int first, int count)
    {
        CheckRange(first, count, Stride);
        if (first % (Alignment / sizeof(T)) != 0)
        {
            throw new ArgumentException($"Columns from {first} on start inside a block of {Alignment / sizeof(T)}.", nameof(first));
        }

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

            KeepAlive();
        }
    }

    /// <summary>Copies the elements of a matrix of the same shape into this one.</summary>
    /// <param name="source">The source.</param>
    /// <exception cref="ArgumentException">It has another shape.</exception>
    public void CopyFrom(Matrix<T> source)
    {
        if (source.Rows != Rows || source.Columns != Columns)
        {
            ThrowOtherShape(source);
        }

        // Once the shapes are known to agree no row needs a check: small systems copy a matrix for every bin.
        for (var i = 0; i < Rows; i++)
        {
            new ReadOnlySpan<T>(source.RowPointer(i), Columns).CopyTo(new Span<T>(RowPointer(i), Columns));
        }

        source.KeepAlive();
        KeepAlive();
    }

    [DoesNotReturn]
    private void ThrowOtherShape(Matrix<T> source)
        => throw new ArgumentException($"The source is {source.Rows} x {source.Columns}, the matrix {Rows} x {Columns}.", nameof(source));

    /// <summary>Copies row-major numbers into the matrix.</summary>
    /// <param name="source">Rows * Columns numbers.</param>
    /// <exception cref="ArgumentException">There are more or fewer.</exception>
    public void CopyFrom(ReadOnlySpan<double> source)
    {
        CheckLength(source.Length, nameof(source));
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
    /// <exception cref="ArgumentException">There is more or less.</exception>
    public void CopyTo(Span<double> destination)
    {
        CheckLength(destination.Length, nameof(destination));
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
    /// <exception cref="ArgumentException">It has another shape.</exception>
    public void TransposeTo(Matrix<T> destination)
    {
        if (destination.Rows != Columns || destination.Columns != Rows)
        {
            throw new ArgumentException($"The destination is {destination.Rows} x {destination.Columns}, the transpose {Columns} x {Rows}.", nameof(destination));
        }

        for (var i = 0; i < Rows; i++)
        {
            for (var j = 0; j < Columns; j++)
            {
                destination[j, i] = this[i, j];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CheckRange(int first, int count, int length)
    {
        // One comparison each, signs included: ranges are taken for every bin.
        if ((uint)first > (uint)length || (uint)count > (uint)(length - first))
        {
            ThrowOutOfRange(first, count, length);
        }
    }

    [DoesNotReturn]
    private static void ThrowOutOfRange(int first, int count, int length)
    {
        var isFirst = (uint)first > (uint)length;
        throw new ArgumentOutOfRangeException(
            isFirst ? nameof(first) : nameof(count), isFirst ? first : count, $"There are {length} rows or columns; a range of {count} from {first} goes beyond them.");
    }

    private void CheckLength(int length, string name)
    {
        if (length != (long)Rows * Columns)
        {
            throw new ArgumentException($"There are {length} numbers for a matrix of {Rows} x {Columns}.", name);
        }
    }
}
