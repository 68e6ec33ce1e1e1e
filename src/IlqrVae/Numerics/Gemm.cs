using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace IlqrVae.Numerics;

/// <summary>
/// Matrix products C = A B, C = A' B and their symmetric halves, for matrices of ten to a few hundred rows that stay in the nearest caches.
/// </summary>
/// <remarks>
/// One register tile of 6 rows by 2 vectors serves all of them: the left operand is read one scalar at a time (broadcast), so whether it is
/// transposed only changes two strides; the right operand and the result are read by whole padded vectors, so columns need no tails.
/// Results in the padding are products of zero padding, hence zero. No method allocates.
/// </remarks>
internal static unsafe class Gemm
{
    /// <summary>Rows of a block of a triangular product.</summary>
    private const int TriangularBlock = 48;

    /// <summary>Bytes of each of the two blocks of a weighted product: together they fill most of the nearest cache of common processors.</summary>
    private const int WeightedBytes = 20 * 1024;

    /// <summary>What a product does to its result.</summary>
    internal enum StoreMode
    {
        /// <summary>C = product.</summary>
        Replace,

        /// <summary>C += product.</summary>
        Add,

        /// <summary>C -= product.</summary>
        Subtract,
    }

    /// <summary>C = A B (or C += A B).</summary>
    /// <param name="a">m x k.</param>
    /// <param name="b">k x n.</param>
    /// <param name="c">m x n; overlaps neither operand.</param>
    /// <param name="accumulate">Add to C instead of replacing it.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static void Multiply<T>(Matrix<T> a, Matrix<T> b, Matrix<T> c, bool accumulate = false)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => Dispatch(a.Pointer, a.Stride, 1, b.Pointer, b.Stride, c.Pointer, c.Stride, a.Rows, b.Columns, a.Columns, accumulate ? StoreMode.Add : StoreMode.Replace, upper: false);

    /// <summary>C = A' B (or C += A' B).</summary>
    /// <param name="a">k x m.</param>
    /// <param name="b">k x n.</param>
    /// <param name="c">m x n; overlaps neither operand.</param>
    /// <param name="accumulate">Add to C instead of replacing it.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static void TransposedMultiply<T>(Matrix<T> a, Matrix<T> b, Matrix<T> c, bool accumulate = false)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => Dispatch(a.Pointer, 1, a.Stride, b.Pointer, b.Stride, c.Pointer, c.Stride, a.Columns, b.Columns, a.Rows, accumulate ? StoreMode.Add : StoreMode.Replace, upper: false);

    /// <summary>
    /// The upper triangle of C = A' B (or C += A' B) where the product is known to be symmetric. Elements below the diagonal are unspecified.
    /// </summary>
    /// <param name="a">k x n.</param>
    /// <param name="b">k x n.</param>
    /// <param name="c">n x n.</param>
    /// <param name="accumulate">Add to C instead of replacing it.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static void SymmetricUpper<T>(Matrix<T> a, Matrix<T> b, Matrix<T> c, bool accumulate = false)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => Dispatch(a.Pointer, 1, a.Stride, b.Pointer, b.Stride, c.Pointer, c.Stride, a.Columns, b.Columns, a.Rows, accumulate ? StoreMode.Add : StoreMode.Replace, upper: true);

    /// <summary>The upper triangle of C -= Y' Y. Elements below the diagonal are unspecified.</summary>
    /// <param name="y">k x n.</param>
    /// <param name="c">n x n.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static void SymmetricUpperSubtract<T>(Matrix<T> y, Matrix<T> c)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => Dispatch(y.Pointer, 1, y.Stride, y.Pointer, y.Stride, c.Pointer, c.Stride, y.Columns, y.Columns, y.Rows, StoreMode.Subtract, upper: true);

    /// <summary>
    /// The upper triangle of C += A' diag(w) A: the curvature that channels with weights w give to states through a read-out A. Rows are weighted in
    /// blocks that stay in the nearest cache beside the rows they came from.
    /// </summary>
    /// <param name="a">k x n.</param>
    /// <param name="w">k weights.</param>
    /// <param name="scratch"><see cref="WeightedRows"/> x n.</param>
    /// <param name="c">n x n.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static void SymmetricUpperWeighted<T>(Matrix<T> a, T* w, Matrix<T> scratch, Matrix<T> c)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var first = 0; first < a.Rows; first += scratch.Rows)
        {
            var rows = Math.Min(scratch.Rows, a.Rows - first);
            var block = a.RowRange(first, rows);
            var weighted = scratch.RowRange(0, rows);
            RowOperations.ScaleRows(w + first, block, weighted);
            SymmetricUpper(block, weighted, c, accumulate: true);
        }
    }

    /// <summary>Rows of the scratch space that <see cref="SymmetricUpperWeighted"/> works best with.</summary>
    /// <param name="k">Rows of its operand.</param>
    /// <param name="n">Columns of its operand.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static int WeightedRows<T>(int k, int n)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => Math.Clamp(WeightedBytes / (Matrix<T>.PaddedLength(n) * sizeof(T)), 8, Math.Max(8, k));

    /// <summary>C = L B with L lower triangular: whatever is above its diagonal blocks is neither read nor multiplied.</summary>
    /// <param name="l">n x n.</param>
    /// <param name="b">n x k.</param>
    /// <param name="c">n x k.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static void LowerMultiply<T>(Matrix<T> l, Matrix<T> b, Matrix<T> c)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = 0; i < l.Rows; i += TriangularBlock)
        {
            var rows = Math.Min(TriangularBlock, l.Rows - i);
            Dispatch(
                l.RowPointer(i), l.Stride, 1, b.Pointer, b.Stride, c.RowPointer(i), c.Stride, rows, b.Columns, i + rows, StoreMode.Replace, upper: false);
        }
    }

    /// <summary>The product over raw operands; see the strides of <see cref="Multiply"/> and <see cref="TransposedMultiply"/>.</summary>
    public static void Dispatch<T>(
        T* a, nint aRow, nint aDepth, T* b, nint ldb, T* c, nint ldc, int m, int n, int k, StoreMode mode, bool upper)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Tiles<T, Simd512<T>>(a, aRow, aDepth, b, ldb, c, ldc, m, n, k, mode, upper);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Tiles<T, Simd256<T>>(a, aRow, aDepth, b, ldb, c, ldc, m, n, k, mode, upper);
        }
        else
        {
            Tiles<T, Simd128<T>>(a, aRow, aDepth, b, ldb, c, ldc, m, n, k, mode, upper);
        }
    }

    internal static void Tiles<T, V>(
        T* a, nint aRow, nint aDepth, T* b, nint ldb, T* c, nint ldc, int m, int n, int k, StoreMode mode, bool upper)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
    {
        var width = V.Count;
        var padded = (n + width - 1) / width * width;
        var i = 0;
        while (i < m)
        {
            // Rows come in tiles of 6, then 4, 2, 1: heights such as 20 = 6 + 6 + 4 + 4 keep the tiles tall.
            var left = m - i;
            var height = left >= 6 && left != 8 && left != 7 ? 6 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
            var j = upper ? i / width * width : 0;
            for (; j + (2 * width) <= padded; j += 2 * width)
            {
                switch (height)
                {
                    case 6: Tile6x2<T, V>(a + (i * aRow), aRow, aDepth, b + j, ldb, c + (i * ldc) + j, ldc, k, mode); break;
                    case 4: Tile4x2<T, V>(a + (i * aRow), aRow, aDepth, b + j, ldb, c + (i * ldc) + j, ldc, k, mode); break;
                    case 2: Tile2x2<T, V>(a + (i * aRow), aRow, aDepth, b + j, ldb, c + (i * ldc) + j, ldc, k, mode); break;
                    default: Tile1x2<T, V>(a + (i * aRow), aDepth, b + j, ldb, c + (i * ldc) + j, k, mode); break;
                }
            }

            if (j < padded)
            {
                switch (height)
                {
                    case 6: Tile6x1<T, V>(a + (i * aRow), aRow, aDepth, b + j, ldb, c + (i * ldc) + j, ldc, k, mode); break;
                    case 4: Tile4x1<T, V>(a + (i * aRow), aRow, aDepth, b + j, ldb, c + (i * ldc) + j, ldc, k, mode); break;
                    case 2: Tile2x1<T, V>(a + (i * aRow), aRow, aDepth, b + j, ldb, c + (i * ldc) + j, ldc, k, mode); break;
                    default: Tile1x1<T, V>(a + (i * aRow), aDepth, b + j, ldb, c + (i * ldc) + j, k, mode); break;
                }
            }

            i += height;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<T, V>(V value, T* c, StoreMode mode)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
        => V.Store(mode == StoreMode.Replace ? value : mode == StoreMode.Add ? V.Add(V.Load(c), value) : V.Subtract(V.Load(c), value), c);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile6x2<T, V>(T* a, nint aRow, nint aDepth, T* b, nint ldb, T* c, nint ldc, int k, StoreMode mode)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
    {
        var c00 = V.Zero;
        var c01 = V.Zero;
        var c10 = V.Zero;
        var c11 = V.Zero;
        var c20 = V.Zero;
        var c21 = V.Zero;
        var c30 = V.Zero;
        var c31 = V.Zero;
        var c40 = V.Zero;
        var c41 = V.Zero;
        var c50 = V.Zero;
        var c51 = V.Zero;
        for (var p = 0; p < k; p++)
        {
            var b0 = V.Load(b);
            var b1 = V.Load(b + V.Count);
            var x = V.Broadcast(*a);
            c00 = V.MultiplyAdd(x, b0, c00);
            c01 = V.MultiplyAdd(x, b1, c01);
            x = V.Broadcast(a[aRow]);
            c10 = V.MultiplyAdd(x, b0, c10);
            c11 = V.MultiplyAdd(x, b1, c11);
            x = V.Broadcast(a[2 * aRow]);
            c20 = V.MultiplyAdd(x, b0, c20);
            c21 = V.MultiplyAdd(x, b1, c21);
            x = V.Broadcast(a[3 * aRow]);
            c30 = V.MultiplyAdd(x, b0, c30);
            c31 = V.MultiplyAdd(x, b1, c31);
            x = V.Broadcast(a[4 * aRow]);
            c40 = V.MultiplyAdd(x, b0, c40);
            c41 = V.MultiplyAdd(x, b1, c41);
            x = V.Broadcast(a[5 * aRow]);
            c50 = V.MultiplyAdd(x, b0, c50);
            c51 = V.MultiplyAdd(x, b1, c51);
            a += aDepth;
            b += ldb;
        }

        Store(c00, c, mode);
        Store(c01, c + V.Count, mode);
        c += ldc;
        Store(c10, c, mode);
        Store(c11, c + V.Count, mode);
        c += ldc;
        Store(c20, c, mode);
        Store(c21, c + V.Count, mode);
        c += ldc;
        Store(c30, c, mode);
        Store(c31, c + V.Count, mode);
        c += ldc;
        Store(c40, c, mode);
        Store(c41, c + V.Count, mode);
        c += ldc;
        Store(c50, c, mode);
        Store(c51, c + V.Count, mode);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile6x1<T, V>(T* a, nint aRow, nint aDepth, T* b, nint ldb, T* c, nint ldc, int k, StoreMode mode)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
    {
        var c00 = V.Zero;
        var c10 = V.Zero;
        var c20 = V.Zero;
        var c30 = V.Zero;
        var c40 = V.Zero;
        var c50 = V.Zero;
        for (var p = 0; p < k; p++)
        {
            var b0 = V.Load(b);
            var x = V.Broadcast(*a);
            c00 = V.MultiplyAdd(x, b0, c00);
            x = V.Broadcast(a[aRow]);
            c10 = V.MultiplyAdd(x, b0, c10);
            x = V.Broadcast(a[2 * aRow]);
            c20 = V.MultiplyAdd(x, b0, c20);
            x = V.Broadcast(a[3 * aRow]);
            c30 = V.MultiplyAdd(x, b0, c30);
            x = V.Broadcast(a[4 * aRow]);
            c40 = V.MultiplyAdd(x, b0, c40);
            x = V.Broadcast(a[5 * aRow]);
            c50 = V.MultiplyAdd(x, b0, c50);
            a += aDepth;
            b += ldb;
        }

        Store(c00, c, mode);
        c += ldc;
        Store(c10, c, mode);
        c += ldc;
        Store(c20, c, mode);
        c += ldc;
        Store(c30, c, mode);
        c += ldc;
        Store(c40, c, mode);
        c += ldc;
        Store(c50, c, mode);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4x2<T, V>(T* a, nint aRow, nint aDepth, T* b, nint ldb, T* c, nint ldc, int k, StoreMode mode)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
    {
        var c00 = V.Zero;
        var c01 = V.Zero;
        var c10 = V.Zero;
        var c11 = V.Zero;
        var c20 = V.Zero;
        var c21 = V.Zero;
        var c30 = V.Zero;
        var c31 = V.Zero;
        for (var p = 0; p < k; p++)
        {
            var b0 = V.Load(b);
            var b1 = V.Load(b + V.Count);
            var x = V.Broadcast(*a);
            c00 = V.MultiplyAdd(x, b0, c00);
            c01 = V.MultiplyAdd(x, b1, c01);
            x = V.Broadcast(a[aRow]);
            c10 = V.MultiplyAdd(x, b0, c10);
            c11 = V.MultiplyAdd(x, b1, c11);
            x = V.Broadcast(a[2 * aRow]);
            c20 = V.MultiplyAdd(x, b0, c20);
            c21 = V.MultiplyAdd(x, b1, c21);
            x = V.Broadcast(a[3 * aRow]);
            c30 = V.MultiplyAdd(x, b0, c30);
            c31 = V.MultiplyAdd(x, b1, c31);
            a += aDepth;
            b += ldb;
        }

        Store(c00, c, mode);
        Store(c01, c + V.Count, mode);
        c += ldc;
        Store(c10, c, mode);
        Store(c11, c + V.Count, mode);
        c += ldc;
        Store(c20, c, mode);
        Store(c21, c + V.Count, mode);
        c += ldc;
        Store(c30, c, mode);
        Store(c31, c + V.Count, mode);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4x1<T, V>(T* a, nint aRow, nint aDepth, T* b, nint ldb, T* c, nint ldc, int k, StoreMode mode)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
    {
        var c00 = V.Zero;
        var c10 = V.Zero;
        var c20 = V.Zero;
        var c30 = V.Zero;
        for (var p = 0; p < k; p++)
        {
            var b0 = V.Load(b);
            var x = V.Broadcast(*a);
            c00 = V.MultiplyAdd(x, b0, c00);
            x = V.Broadcast(a[aRow]);
            c10 = V.MultiplyAdd(x, b0, c10);
            x = V.Broadcast(a[2 * aRow]);
            c20 = V.MultiplyAdd(x, b0, c20);
            x = V.Broadcast(a[3 * aRow]);
            c30 = V.MultiplyAdd(x, b0, c30);
            a += aDepth;
            b += ldb;
        }

        Store(c00, c, mode);
        c += ldc;
        Store(c10, c, mode);
        c += ldc;
        Store(c20, c, mode);
        c += ldc;
        Store(c30, c, mode);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2x2<T, V>(T* a, nint aRow, nint aDepth, T* b, nint ldb, T* c, nint ldc, int k, StoreMode mode)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
    {
        var c00 = V.Zero;
        var c01 = V.Zero;
        var c10 = V.Zero;
        var c11 = V.Zero;
        for (var p = 0; p < k; p++)
        {
            var b0 = V.Load(b);
            var b1 = V.Load(b + V.Count);
            var x = V.Broadcast(*a);
            c00 = V.MultiplyAdd(x, b0, c00);
            c01 = V.MultiplyAdd(x, b1, c01);
            x = V.Broadcast(a[aRow]);
            c10 = V.MultiplyAdd(x, b0, c10);
            c11 = V.MultiplyAdd(x, b1, c11);
            a += aDepth;
            b += ldb;
        }

        Store(c00, c, mode);
        Store(c01, c + V.Count, mode);
        c += ldc;
        Store(c10, c, mode);
        Store(c11, c + V.Count, mode);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2x1<T, V>(T* a, nint aRow, nint aDepth, T* b, nint ldb, T* c, nint ldc, int k, StoreMode mode)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
    {
        var c00 = V.Zero;
        var c10 = V.Zero;
        for (var p = 0; p < k; p++)
        {
            var b0 = V.Load(b);
            var x = V.Broadcast(*a);
            c00 = V.MultiplyAdd(x, b0, c00);
            x = V.Broadcast(a[aRow]);
            c10 = V.MultiplyAdd(x, b0, c10);
            a += aDepth;
            b += ldb;
        }

        Store(c00, c, mode);
        c += ldc;
        Store(c10, c, mode);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x2<T, V>(T* a, nint aDepth, T* b, nint ldb, T* c, int k, StoreMode mode)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
    {
        var c00 = V.Zero;
        var c01 = V.Zero;
        for (var p = 0; p < k; p++)
        {
            var b0 = V.Load(b);
            var b1 = V.Load(b + V.Count);
            var x = V.Broadcast(*a);
            c00 = V.MultiplyAdd(x, b0, c00);
            c01 = V.MultiplyAdd(x, b1, c01);
            a += aDepth;
            b += ldb;
        }

        Store(c00, c, mode);
        Store(c01, c + V.Count, mode);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x1<T, V>(T* a, nint aDepth, T* b, nint ldb, T* c, int k, StoreMode mode)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
    {
        var c00 = V.Zero;
        for (var p = 0; p < k; p++)
        {
            var b0 = V.Load(b);
            var x = V.Broadcast(*a);
            c00 = V.MultiplyAdd(x, b0, c00);
            a += aDepth;
            b += ldb;
        }

        Store(c00, c, mode);
    }
}
