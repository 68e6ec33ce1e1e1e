using System.Numerics;
using System.Numerics.Tensors;

namespace IlqrVae.Numerics;

/// <summary>Element-by-element operations on vectors given by address and length. No method allocates.</summary>
internal static unsafe class Elementwise
{
    /// <summary>x *= a, padding included.</summary>
    public static void Scale<T>(T a, T* x, int n)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var factor = new Vector<T>(a);
        for (var i = 0; i < n; i += Vector<T>.Count)
        {
            Vector.Store(factor * Vector.Load(x + i), x + i);
        }
    }

    /// <summary>y = a x.</summary>
    public static void ScaleTo<T>(T a, T* x, T* y, int n)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => TensorPrimitives.Multiply(new ReadOnlySpan<T>(x, n), a, new Span<T>(y, n));

    /// <summary>z = x + y.</summary>
    public static void Add<T>(T* x, T* y, T* z, int n)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => TensorPrimitives.Add(new ReadOnlySpan<T>(x, n), new ReadOnlySpan<T>(y, n), new Span<T>(z, n));

    /// <summary>z = x - y.</summary>
    public static void Subtract<T>(T* x, T* y, T* z, int n)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => TensorPrimitives.Subtract(new ReadOnlySpan<T>(x, n), new ReadOnlySpan<T>(y, n), new Span<T>(z, n));

    /// <summary>z = x * y.</summary>
    public static void Multiply<T>(T* x, T* y, T* z, int n)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => TensorPrimitives.Multiply(new ReadOnlySpan<T>(x, n), new ReadOnlySpan<T>(y, n), new Span<T>(z, n));

    /// <summary>y = 1 / (1 + exp(-x)), without overflow for any x.</summary>
    public static void Sigmoid<T>(T* x, T* y, int n)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        // The library's function refuses empty spans.
        if (n > 0)
        {
            TensorPrimitives.Sigmoid(new ReadOnlySpan<T>(x, n), new Span<T>(y, n));
        }
    }

    /// <summary>y = tanh(x).</summary>
    public static void Tanh<T>(T* x, T* y, int n)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => TensorPrimitives.Tanh(new ReadOnlySpan<T>(x, n), new Span<T>(y, n));

    /// <summary>Copies n numbers to where they do not overlap.</summary>
    /// <remarks>
    /// A row is soon read again by whole vectors. The library's copying was compiled for any processor and stores less at a time, for which such a reading has to wait: a tenth of a factorisation at n = 20.
    /// </remarks>
    public static void Copy<T>(T* x, T* y, int n)
        where T : unmanaged
    {
        var i = 0;
        for (; i + Vector<T>.Count <= n; i += Vector<T>.Count)
        {
            Vector.Store(Vector.Load(x + i), y + i);
        }

        for (; i < n; i++)
        {
            y[i] = x[i];
        }
    }

    /// <summary>Copies n numbers into another precision.</summary>
    public static void Convert<TFrom, TTo>(TFrom* x, TTo* y, int n)
        where TFrom : unmanaged, INumberBase<TFrom>
        where TTo : unmanaged, INumberBase<TTo>
        => TensorPrimitives.ConvertSaturating(new ReadOnlySpan<TFrom>(x, n), new Span<TTo>(y, n));

    /// <summary>Sets n numbers to zero.</summary>
    public static void Clear<T>(T* x, int n)
        where T : unmanaged
        => new Span<T>(x, n).Clear();

    /// <summary>y += the sum of the rows of a matrix.</summary>
    public static void AddColumnSums<T>(Matrix<T> a, T* y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = 0; i < a.Rows; i++)
        {
            Add(y, a.RowPointer(i), y, a.Columns);
        }

        a.KeepAlive();
    }
}
