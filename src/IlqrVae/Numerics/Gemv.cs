using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace IlqrVae.Numerics;

/// <summary>Matrix-vector products and the elementary vector operations. Vectors are padded as the rows of a <see cref="Matrix{T}"/>. No method allocates.</summary>
internal static unsafe class Gemv
{
    /// <summary>
    /// y = A' x (or y += A' x): a linear combination of rows. This is the fast form, with the result kept in registers and no horizontal sums;
    /// where A x is needed often, keep the transpose of A and call this.
    /// </summary>
    /// <param name="a">k x n.</param>
    /// <param name="x">k numbers.</param>
    /// <param name="y">n numbers and padding.</param>
    /// <param name="accumulate">Add to y instead of replacing it.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static void TransposedMultiply<T>(Matrix<T> a, T* x, T* y, bool accumulate = false)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        TransposedMultiply(a.Pointer, a.Stride, a.Rows, a.Columns, x, y, accumulate);
        a.KeepAlive();
    }

    /// <summary>The same over a raw operand of k rows of n numbers, <paramref name="lda"/> apart.</summary>
    public static void TransposedMultiply<T>(T* a, nint lda, int k, int n, T* x, T* y, bool accumulate)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (Vector512.IsHardwareAccelerated)
        {
            RowCombination<T, Simd512<T>>(a, lda, k, n, x, y, accumulate);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            RowCombination<T, Simd256<T>>(a, lda, k, n, x, y, accumulate);
        }
        else
        {
            RowCombination<T, Simd128<T>>(a, lda, k, n, x, y, accumulate);
        }
    }

    /// <summary>y = A x (or y += A x), by dot products of rows.</summary>
    /// <param name="a">n x k.</param>
    /// <param name="x">k numbers and zero padding.</param>
    /// <param name="y">n numbers; its padding is not written.</param>
    /// <param name="accumulate">Add to y instead of replacing it.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static void Multiply<T>(Matrix<T> a, T* x, T* y, bool accumulate = false)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = 0; i < a.Rows; i++)
        {
            var dot = Dot(a.RowPointer(i), x, a.Columns);
            y[i] = accumulate ? y[i] + dot : dot;
        }

        a.KeepAlive();
    }

    /// <summary>x . y over padded vectors.</summary>
    /// <param name="x">n numbers and zero padding.</param>
    /// <param name="y">n numbers and zero padding.</param>
    /// <param name="n">Length.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static T Dot<T>(T* x, T* y, int n)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => Vector512.IsHardwareAccelerated ? Dot<T, Simd512<T>>(x, y, n)
            : Vector256.IsHardwareAccelerated ? Dot<T, Simd256<T>>(x, y, n)
            : Dot<T, Simd128<T>>(x, y, n);

    /// <summary>y += a x over padded vectors.</summary>
    /// <param name="a">The factor.</param>
    /// <param name="x">n numbers and zero padding.</param>
    /// <param name="y">n numbers and zero padding.</param>
    /// <param name="n">Length.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static void AddScaled<T>(T a, T* x, T* y, int n)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (Vector512.IsHardwareAccelerated)
        {
            AddScaled<T, Simd512<T>>(a, x, y, n);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            AddScaled<T, Simd256<T>>(a, x, y, n);
        }
        else
        {
            AddScaled<T, Simd128<T>>(a, x, y, n);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void RowCombination<T, V>(T* a, nint ld, int rows, int columns, T* x, T* y, bool accumulate)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
    {
        var width = V.Count;
        var padded = (columns + width - 1) / width * width;
        var j = 0;
        for (; j + (4 * width) <= padded; j += 4 * width)
        {
            var p = a + j;
            V y0 = V.Zero, y1 = V.Zero, y2 = V.Zero, y3 = V.Zero;
            V z0 = V.Zero, z1 = V.Zero, z2 = V.Zero, z3 = V.Zero;
            var i = 0;
            for (; i + 2 <= rows; i += 2)
            {
                var s = V.Broadcast(x[i]);
                y0 = V.MultiplyAdd(s, V.Load(p), y0);
                y1 = V.MultiplyAdd(s, V.Load(p + width), y1);
                y2 = V.MultiplyAdd(s, V.Load(p + (2 * width)), y2);
                y3 = V.MultiplyAdd(s, V.Load(p + (3 * width)), y3);
                p += ld;
                s = V.Broadcast(x[i + 1]);
                z0 = V.MultiplyAdd(s, V.Load(p), z0);
                z1 = V.MultiplyAdd(s, V.Load(p + width), z1);
                z2 = V.MultiplyAdd(s, V.Load(p + (2 * width)), z2);
                z3 = V.MultiplyAdd(s, V.Load(p + (3 * width)), z3);
                p += ld;
            }

            if (i < rows)
            {
                var s = V.Broadcast(x[i]);
                y0 = V.MultiplyAdd(s, V.Load(p), y0);
                y1 = V.MultiplyAdd(s, V.Load(p + width), y1);
                y2 = V.MultiplyAdd(s, V.Load(p + (2 * width)), y2);
                y3 = V.MultiplyAdd(s, V.Load(p + (3 * width)), y3);
            }

            Store(V.Add(y0, z0), y + j, accumulate);
            Store(V.Add(y1, z1), y + j + width, accumulate);
            Store(V.Add(y2, z2), y + j + (2 * width), accumulate);
            Store(V.Add(y3, z3), y + j + (3 * width), accumulate);
        }

        // What is left is one to three vectors, with enough partial sums to hide the latency of the multiply-add.
        var left = (padded - j) / width;
        if (left == 3)
        {
            var p = a + j;
            V y0 = V.Zero, y1 = V.Zero, y2 = V.Zero;
            V z0 = V.Zero, z1 = V.Zero, z2 = V.Zero;
            var i = 0;
            for (; i + 2 <= rows; i += 2)
            {
                var s = V.Broadcast(x[i]);
                y0 = V.MultiplyAdd(s, V.Load(p), y0);
                y1 = V.MultiplyAdd(s, V.Load(p + width), y1);
                y2 = V.MultiplyAdd(s, V.Load(p + (2 * width)), y2);
                p += ld;
                s = V.Broadcast(x[i + 1]);
                z0 = V.MultiplyAdd(s, V.Load(p), z0);
                z1 = V.MultiplyAdd(s, V.Load(p + width), z1);
                z2 = V.MultiplyAdd(s, V.Load(p + (2 * width)), z2);
                p += ld;
            }

            if (i < rows)
            {
                var s = V.Broadcast(x[i]);
                y0 = V.MultiplyAdd(s, V.Load(p), y0);
                y1 = V.MultiplyAdd(s, V.Load(p + width), y1);
                y2 = V.MultiplyAdd(s, V.Load(p + (2 * width)), y2);
            }

            Store(V.Add(y0, z0), y + j, accumulate);
            Store(V.Add(y1, z1), y + j + width, accumulate);
            Store(V.Add(y2, z2), y + j + (2 * width), accumulate);
        }
        else if (left == 2)
        {
            var p = a + j;
            V y0 = V.Zero, y1 = V.Zero, z0 = V.Zero, z1 = V.Zero;
            V v0 = V.Zero, v1 = V.Zero, w0 = V.Zero, w1 = V.Zero;
            var i = 0;
            for (; i + 4 <= rows; i += 4)
            {
                var s = V.Broadcast(x[i]);
                y0 = V.MultiplyAdd(s, V.Load(p), y0);
                y1 = V.MultiplyAdd(s, V.Load(p + width), y1);
                p += ld;
                s = V.Broadcast(x[i + 1]);
                z0 = V.MultiplyAdd(s, V.Load(p), z0);
                z1 = V.MultiplyAdd(s, V.Load(p + width), z1);
                p += ld;
                s = V.Broadcast(x[i + 2]);
                v0 = V.MultiplyAdd(s, V.Load(p), v0);
                v1 = V.MultiplyAdd(s, V.Load(p + width), v1);
                p += ld;
                s = V.Broadcast(x[i + 3]);
                w0 = V.MultiplyAdd(s, V.Load(p), w0);
                w1 = V.MultiplyAdd(s, V.Load(p + width), w1);
                p += ld;
            }

            for (; i < rows; i++)
            {
                var s = V.Broadcast(x[i]);
                y0 = V.MultiplyAdd(s, V.Load(p), y0);
                y1 = V.MultiplyAdd(s, V.Load(p + width), y1);
                p += ld;
            }

            Store(V.Add(V.Add(y0, z0), V.Add(v0, w0)), y + j, accumulate);
            Store(V.Add(V.Add(y1, z1), V.Add(v1, w1)), y + j + width, accumulate);
        }
        else if (left == 1)
        {
            var p = a + j;
            V y0 = V.Zero, y1 = V.Zero, y2 = V.Zero, y3 = V.Zero;
            var i = 0;
            for (; i + 4 <= rows; i += 4)
            {
                y0 = V.MultiplyAdd(V.Broadcast(x[i]), V.Load(p), y0);
                y1 = V.MultiplyAdd(V.Broadcast(x[i + 1]), V.Load(p + ld), y1);
                y2 = V.MultiplyAdd(V.Broadcast(x[i + 2]), V.Load(p + (2 * ld)), y2);
                y3 = V.MultiplyAdd(V.Broadcast(x[i + 3]), V.Load(p + (3 * ld)), y3);
                p += 4 * ld;
            }

            for (; i < rows; i++)
            {
                y0 = V.MultiplyAdd(V.Broadcast(x[i]), V.Load(p), y0);
                p += ld;
            }

            Store(V.Add(V.Add(y0, y1), V.Add(y2, y3)), y + j, accumulate);
        }

        // Without the hint it stays a call of its own, which is 7 % of training a model of 8 states.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Store(V value, T* destination, bool accumulate)
            => V.Store(accumulate ? V.Add(value, V.Load(destination)) : value, destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static T Dot<T, V>(T* x, T* y, int n)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
    {
        V s0 = V.Zero, s1 = V.Zero;
        var width = V.Count;
        var i = 0;
        for (; i + width < n; i += 2 * width)
        {
            s0 = V.MultiplyAdd(V.Load(x + i), V.Load(y + i), s0);
            s1 = V.MultiplyAdd(V.Load(x + i + width), V.Load(y + i + width), s1);
        }

        if (i < n)
        {
            s0 = V.MultiplyAdd(V.Load(x + i), V.Load(y + i), s0);
        }

        return V.Sum(V.Add(s0, s1));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void AddScaled<T, V>(T a, T* x, T* y, int n)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
    {
        var s = V.Broadcast(a);
        for (var i = 0; i < n; i += V.Count)
        {
            V.Store(V.MultiplyAdd(s, V.Load(x + i), V.Load(y + i)), y + i);
        }
    }
}
