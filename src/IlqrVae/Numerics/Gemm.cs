using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace IlqrVae.Numerics;

/// <summary>
/// Matrix products C = A B, C = A' B and their symmetric halves, above all for matrices of ten to a few hundred rows that stay in the nearest caches.
/// </summary>
/// <remarks>
/// One register tile serves all of them, of up to 6 rows by 4 vectors where there are 32 registers, and of 4 rows by 3 vectors where there are 16 (5 or 6 by 2 where a product has no more
/// rows than that): the left operand is read one scalar at a time (broadcast), so whether it is transposed only changes two strides; the right operand and the result are read by whole
/// padded vectors, so columns need no tails. Results in the padding are products of zero padding, hence zero. No method allocates.
/// </remarks>
internal static unsafe class Gemm
{
    /// <summary>Rows of the usual register tile.</summary>
    internal static int TileHeight => HasManyRegisters(Vector512.IsHardwareAccelerated) ? 6 : 4;

    /// <summary>Vectors of its rows.</summary>
    internal static int TileVectors => HasManyRegisters(Vector512.IsHardwareAccelerated) ? 4 : 3;

    /// <summary>Rows of a block of a triangular product.</summary>
    private const int TriangularBlock = 48;

    /// <summary>Bytes of each of the two blocks of a weighted product, as a share of the nearest cache: of 32 kB, 20.</summary>
    private const double WeightedShare = 0.625;

    /// <summary>A right operand of so many bytes is never cut into blocks.</summary>
    private const long SmallOperand = 64 << 10;

    /// <summary>Bytes of a block of the right operand, which leave room in the second cache for what else is read.</summary>
    private static long BlockBytes => CacheSizes.Current.Second / 2;

    /// <summary>Whether there are 32 registers, as with 512-bit vectors and on ARM, or 16.</summary>
    private static bool HasManyRegisters(bool hasWideVectors) => hasWideVectors || AdvSimd.IsSupported;

    private static bool HasManyRegisters<V>()
        where V : struct
        => HasManyRegisters(Unsafe.SizeOf<V>() == Unsafe.SizeOf<Vector512<byte>>());

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
    {
        Dispatch(a.Pointer, a.Stride, 1, b.Pointer, b.Stride, c.Pointer, c.Stride, a.Rows, b.Columns, a.Columns, accumulate ? StoreMode.Add : StoreMode.Replace, upper: false);
        KeepAlive(a, b, c);
    }

    /// <summary>C = A' B (or C += A' B).</summary>
    /// <param name="a">k x m.</param>
    /// <param name="b">k x n.</param>
    /// <param name="c">m x n; overlaps neither operand.</param>
    /// <param name="accumulate">Add to C instead of replacing it.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static void TransposedMultiply<T>(Matrix<T> a, Matrix<T> b, Matrix<T> c, bool accumulate = false)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Dispatch(a.Pointer, 1, a.Stride, b.Pointer, b.Stride, c.Pointer, c.Stride, a.Columns, b.Columns, a.Rows, accumulate ? StoreMode.Add : StoreMode.Replace, upper: false);
        KeepAlive(a, b, c);
    }

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
    {
        Dispatch(a.Pointer, 1, a.Stride, b.Pointer, b.Stride, c.Pointer, c.Stride, a.Columns, b.Columns, a.Rows, accumulate ? StoreMode.Add : StoreMode.Replace, upper: true);
        KeepAlive(a, b, c);
    }

    /// <summary>The upper triangle of C -= Y' Y, or the first rows of it. Elements below the diagonal are unspecified.</summary>
    /// <param name="y">k x n.</param>
    /// <param name="c">n x n, or the first rows of that.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static void SymmetricUpperSubtract<T>(Matrix<T> y, Matrix<T> c)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Dispatch(y.Pointer, 1, y.Stride, y.Pointer, y.Stride, c.Pointer, c.Stride, c.Rows, y.Columns, y.Rows, StoreMode.Subtract, upper: true);
        KeepAlive(y, y, c);
    }

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
        => Math.Clamp((int)(WeightedShare * CacheSizes.Current.First) / (Matrix<T>.PaddedLength(n) * sizeof(T)), 8, Math.Max(8, k));

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

        KeepAlive(l, b, c);
    }

    /// <summary>The product over raw operands; see the strides of <see cref="Multiply"/> and <see cref="TransposedMultiply"/>.</summary>
    public static void Dispatch<T>(
        T* a, nint aRow, nint aDepth, T* b, nint ldb, T* c, nint ldc, int m, int n, int k, StoreMode mode, bool upper)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (m > 6 && (long)k * n * sizeof(T) > SmallOperand && (long)k * n * sizeof(T) > BlockBytes)
        {
            Blocks(a, aRow, aDepth, b, ldb, c, ldc, m, n, k, mode, upper);
        }
        else
        {
            Whole(a, aRow, aDepth, b, ldb, c, ldc, m, n, k, mode, upper);
        }
    }

    /// <summary>
    /// A large product, a block of columns after the other: the right operand is read again for every few rows of the result, and its block stays in the second cache meanwhile. Every sum
    /// goes in the order that it has without.
    /// </summary>
    private static void Blocks<T>(
        T* a, nint aRow, nint aDepth, T* b, nint ldb, T* c, nint ldc, int m, int n, int k, StoreMode mode, bool upper)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var unit = TileVectors * Matrix<T>.PaddedLength(1);
        var width = (int)Math.Max(1, BlockBytes / ((long)k * sizeof(T) * unit)) * unit;
        for (var first = 0; first < n; first += width)
        {
            var columns = Math.Min(width, n - first);
            if (!upper)
            {
                Whole(a, aRow, aDepth, b + first, ldb, c + first, ldc, m, columns, k, mode, upper: false);
                continue;
            }

            // Above the block on the diagonal all of the block's columns, in it those of the upper triangle.
            Whole(a, aRow, aDepth, b + first, ldb, c + first, ldc, Math.Min(first, m), columns, k, mode, upper: false);
            if (first < m)
            {
                Whole(a + (first * aRow), aRow, aDepth, b + first, ldb, c + (first * ldc) + first, ldc, Math.Min(columns, m - first), columns, k, mode, upper: true);
            }
        }
    }

    // A call of its own would be 3 % of an iteration at n = 20.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Whole<T>(
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void KeepAlive<T>(in Matrix<T> a, in Matrix<T> b, in Matrix<T> c)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        a.KeepAlive();
        b.KeepAlive();
        c.KeepAlive();
    }

    internal static void Tiles<T, V>(
        T* a, nint aRow, nint aDepth, T* b, nint ldb, T* c, nint ldc, int m, int n, int k, StoreMode mode, bool upper)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
    {
        // Rows are dealt out evenly to tiles: 20 = 5 + 5 + 5 + 5, or five times 4. What is no higher than the tallest tile is one tile.
        var tiles = HasManyRegisters<V>() ? (m + 5) / 6 : m is 5 or 6 ? 1 : (m + 3) / 4;
        var (least, higher) = Math.DivRem(m, Math.Max(1, tiles));
        for (int tile = 0, i = 0; tile < tiles; tile++)
        {
            var height = least + (tile < higher ? 1 : 0);
            var first = upper ? i / V.Count * V.Count : 0;
            T* rows = a + (i * aRow), right = b + first, result = c + (i * ldc) + first;
            switch (height)
            {
                case 6: TileRow<T, V, Six>(rows, aRow, aDepth, right, ldb, result, ldc, n - first, k, mode); break;
                case 5: TileRow<T, V, Five>(rows, aRow, aDepth, right, ldb, result, ldc, n - first, k, mode); break;
                case 4: TileRow<T, V, Four>(rows, aRow, aDepth, right, ldb, result, ldc, n - first, k, mode); break;
                case 3: TileRow<T, V, Three>(rows, aRow, aDepth, right, ldb, result, ldc, n - first, k, mode); break;
                case 2: TileRow<T, V, Two>(rows, aRow, aDepth, right, ldb, result, ldc, n - first, k, mode); break;
                default: TileRow<T, V, One>(rows, aRow, aDepth, right, ldb, result, ldc, n - first, k, mode); break;
            }

            i += height;
        }
    }

    /// <summary>The rows of one tile's height, from left to right.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void TileRow<T, V, H>(T* a, nint aRow, nint aDepth, T* b, nint ldb, T* c, nint ldc, int n, int k, StoreMode mode)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
        where H : struct, ISize
    {
        var left = (n + V.Count - 1) / V.Count;
        while (left > 0)
        {
            var width = HasManyRegisters<V>() ? (left is 5 or 6 ? 3 : Math.Min(left, 4))
                : H.Value > 4 ? Math.Min(left, 2)
                : left == 4 ? 2 : Math.Min(left, 3);
            switch (width)
            {
                case 4: Tile<T, V, H, Four>(a, aRow, aDepth, b, ldb, c, ldc, k, mode); break;
                case 3 when H.Value == 4 && !HasManyRegisters<V>(): FourByThree<T, V>.Multiply(a, aRow, aDepth, b, ldb, c, ldc, k, mode); break;
                case 3: Tile<T, V, H, Three>(a, aRow, aDepth, b, ldb, c, ldc, k, mode); break;
                case 2: Tile<T, V, H, Two>(a, aRow, aDepth, b, ldb, c, ldc, k, mode); break;
                default: Tile<T, V, H, One>(a, aRow, aDepth, b, ldb, c, ldc, k, mode); break;
            }

            b += width * V.Count;
            c += width * V.Count;
            left -= width;
        }
    }

    /// <summary>
    /// The register tile: H x W vectors of the product, of which nothing but the sums is written. H and W are constants to the compiler, which leaves out
    /// the rows and vectors beyond them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<T, V, H, W>(T* a, nint aRow, nint aDepth, T* b, nint ldb, T* c, nint ldc, int k, StoreMode mode)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
        where H : struct, ISize
        where W : struct, ISize
    {
        V c00 = V.Zero, c01 = V.Zero, c02 = V.Zero, c03 = V.Zero;
        V c10 = V.Zero, c11 = V.Zero, c12 = V.Zero, c13 = V.Zero;
        V c20 = V.Zero, c21 = V.Zero, c22 = V.Zero, c23 = V.Zero;
        V c30 = V.Zero, c31 = V.Zero, c32 = V.Zero, c33 = V.Zero;
        V c40 = V.Zero, c41 = V.Zero, c42 = V.Zero, c43 = V.Zero;
        V c50 = V.Zero, c51 = V.Zero, c52 = V.Zero, c53 = V.Zero;
        for (var p = 0; p < k; p++)
        {
            var b0 = V.Load(b);
            var b1 = W.Value > 1 ? V.Load(b + V.Count) : V.Zero;
            var b2 = W.Value > 2 ? V.Load(b + (2 * V.Count)) : V.Zero;
            var b3 = W.Value > 3 ? V.Load(b + (3 * V.Count)) : V.Zero;
            var x = V.Broadcast(*a);
            c00 = V.MultiplyAdd(x, b0, c00);
            c01 = W.Value > 1 ? V.MultiplyAdd(x, b1, c01) : c01;
            c02 = W.Value > 2 ? V.MultiplyAdd(x, b2, c02) : c02;
            c03 = W.Value > 3 ? V.MultiplyAdd(x, b3, c03) : c03;
            if (H.Value > 1)
            {
                x = V.Broadcast(a[aRow]);
                c10 = V.MultiplyAdd(x, b0, c10);
                c11 = W.Value > 1 ? V.MultiplyAdd(x, b1, c11) : c11;
                c12 = W.Value > 2 ? V.MultiplyAdd(x, b2, c12) : c12;
                c13 = W.Value > 3 ? V.MultiplyAdd(x, b3, c13) : c13;
            }

            if (H.Value > 2)
            {
                x = V.Broadcast(a[2 * aRow]);
                c20 = V.MultiplyAdd(x, b0, c20);
                c21 = W.Value > 1 ? V.MultiplyAdd(x, b1, c21) : c21;
                c22 = W.Value > 2 ? V.MultiplyAdd(x, b2, c22) : c22;
                c23 = W.Value > 3 ? V.MultiplyAdd(x, b3, c23) : c23;
            }

            if (H.Value > 3)
            {
                x = V.Broadcast(a[3 * aRow]);
                c30 = V.MultiplyAdd(x, b0, c30);
                c31 = W.Value > 1 ? V.MultiplyAdd(x, b1, c31) : c31;
                c32 = W.Value > 2 ? V.MultiplyAdd(x, b2, c32) : c32;
                c33 = W.Value > 3 ? V.MultiplyAdd(x, b3, c33) : c33;
            }

            if (H.Value > 4)
            {
                x = V.Broadcast(a[4 * aRow]);
                c40 = V.MultiplyAdd(x, b0, c40);
                c41 = W.Value > 1 ? V.MultiplyAdd(x, b1, c41) : c41;
                c42 = W.Value > 2 ? V.MultiplyAdd(x, b2, c42) : c42;
                c43 = W.Value > 3 ? V.MultiplyAdd(x, b3, c43) : c43;
            }

            if (H.Value > 5)
            {
                x = V.Broadcast(a[5 * aRow]);
                c50 = V.MultiplyAdd(x, b0, c50);
                c51 = W.Value > 1 ? V.MultiplyAdd(x, b1, c51) : c51;
                c52 = W.Value > 2 ? V.MultiplyAdd(x, b2, c52) : c52;
                c53 = W.Value > 3 ? V.MultiplyAdd(x, b3, c53) : c53;
            }

            a += aDepth;
            b += ldb;
        }

        StoreRow<T, V, W>(c00, c01, c02, c03, c, mode);
        if (H.Value > 1)
        {
            StoreRow<T, V, W>(c10, c11, c12, c13, c + (ldc), mode);
        }

        if (H.Value > 2)
        {
            StoreRow<T, V, W>(c20, c21, c22, c23, c + (2 * ldc), mode);
        }

        if (H.Value > 3)
        {
            StoreRow<T, V, W>(c30, c31, c32, c33, c + (3 * ldc), mode);
        }

        if (H.Value > 4)
        {
            StoreRow<T, V, W>(c40, c41, c42, c43, c + (4 * ldc), mode);
        }

        if (H.Value > 5)
        {
            StoreRow<T, V, W>(c50, c51, c52, c53, c + (5 * ldc), mode);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow<T, V, W>(V c0, V c1, V c2, V c3, T* c, StoreMode mode)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
        where W : struct, ISize
    {
        Store(c0, c, mode);
        if (W.Value > 1)
        {
            Store(c1, c + V.Count, mode);
        }

        if (W.Value > 2)
        {
            Store(c2, c + (2 * V.Count), mode);
        }

        if (W.Value > 3)
        {
            Store(c3, c + (3 * V.Count), mode);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<T, V>(V value, T* c, StoreMode mode)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
        => V.Store(mode == StoreMode.Replace ? value : mode == StoreMode.Add ? V.Add(V.Load(c), value) : V.Subtract(V.Load(c), value), c);

    /// <summary>A number that the compiler knows: the rows of a tile, or its vectors.</summary>
    private interface ISize
    {
        static abstract int Value { get; }
    }

    private readonly struct One : ISize
    {
        public static int Value => 1;
    }

    private readonly struct Two : ISize
    {
        public static int Value => 2;
    }

    private readonly struct Three : ISize
    {
        public static int Value => 3;
    }

    private readonly struct Four : ISize
    {
        public static int Value => 4;
    }

    private readonly struct Five : ISize
    {
        public static int Value => 5;
    }

    private readonly struct Six : ISize
    {
        public static int Value => 6;
    }
}
