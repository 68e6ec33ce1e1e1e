using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace IlqrVae.Numerics;

/// <summary>
/// The outer products of the rows of a matrix A, so that weighted sums of them for many sets of weights are one matrix product:
/// <code>
/// S_t = A' diag(w_t) A = sum_k w_tk a_k a_k',   packed:  S = W P,   row k of P the upper triangle of a_k a_k'
/// </code>
/// That takes the n (n + 1) / 2 products of a triangle for each k and no more, in tiles of full height and depth, where forming each S_t by itself
/// needs the weighted rows first and wastes most of the tiles that cross the diagonal.
/// </summary>
/// <remarks>
/// P is kept in panels as wide as a register tile, each read from end to end and again for the next rows of W while it is in the nearest cache.
/// Built when A changes; read by any number of threads.
/// </remarks>
/// <typeparam name="T">float or double.</typeparam>
internal sealed unsafe class OuterProducts<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>
    /// Numbers of a panel's row: those of a register tile. In a wider panel a tile reads a part of each row, and before it comes to
    /// the next part the first is gone from the nearest cache. (The same bits; with 256-bit vectors a training at n = 60 takes a twentieth less.)
    /// </summary>
    private static readonly int PanelWidth = Gemm.TileVectors * (Vector512.IsHardwareAccelerated ? Vector512<T>.Count : Vector256.IsHardwareAccelerated ? Vector256<T>.Count : Vector128<T>.Count);

    private readonly int _rows;
    private readonly int _columns;

    /// <summary>Panel after panel, their rows without gaps.</summary>
    private readonly Matrix<T> _panels;

    /// <summary>Allocates the products of a k x n matrix.</summary>
    /// <param name="rows">k.</param>
    /// <param name="columns">n.</param>
    public OuterProducts(int rows, int columns)
    {
        _rows = rows;
        _columns = columns;
        _panels = Matrix<T>.Allocate(1, checked(PackedLength(columns) * rows));
    }

    /// <summary>Numbers of a packed sum: a triangle, and what lets it be read by whole registers.</summary>
    /// <param name="columns">n.</param>
    public static int PackedLength(int columns)
    {
        var triangle = checked(columns * (columns + 1) / 2);
        return checked(triangle + Matrix<T>.PaddedLength(1) - 1 + PanelWidth - 1) / PanelWidth * PanelWidth;
    }

    /// <summary>Bytes of the products of a k x n matrix.</summary>
    /// <param name="rows">k.</param>
    /// <param name="columns">n.</param>
    public static long Bytes(int rows, int columns)
        => columns > 30_000 ? long.MaxValue : (long)PackedLength(columns) * rows * sizeof(T);

    /// <summary>Computes the products.</summary>
    /// <param name="a">k x n.</param>
    public void Refresh(Matrix<T> a)
    {
        for (var k = 0; k < _rows; k++)
        {
            var row = a.RowPointer(k);
            var position = 0;
            for (var i = 0; i < _columns; i++)
            {
                for (var j = i; j < _columns; j++)
                {
                    _panels.Pointer[(((nint)(position / PanelWidth) * _rows) + k) * PanelWidth + (position % PanelWidth)] = row[i] * row[j];
                    position++;
                }
            }
        }

        a.KeepAlive();
        _panels.KeepAlive();
    }

    /// <summary>Row t of the result = the packed sum with row t of the weights.</summary>
    /// <param name="weights">Rows of k weights.</param>
    /// <param name="packed">As many rows of <see cref="PackedLength"/> numbers.</param>
    public void Sum(Matrix<T> weights, Matrix<T> packed)
    {
        for (var panel = 0; panel * PanelWidth < packed.Columns; panel++)
        {
            Gemm.Dispatch(
                weights.Pointer, weights.Stride, 1, _panels.Pointer + ((nint)panel * _rows * PanelWidth), PanelWidth, packed.Pointer + (panel * PanelWidth), packed.Stride,
                weights.Rows, PanelWidth, _rows, Gemm.StoreMode.Replace, upper: false);
        }

        weights.KeepAlive();
        packed.KeepAlive();
        _panels.KeepAlive();
    }

    /// <summary>Adds a packed sum to the upper triangle of an n x n matrix. Elements below the diagonal are unspecified.</summary>
    /// <param name="packed">A row of the result of <see cref="Sum"/>.</param>
    /// <param name="target">n x n.</param>
    public static void AddUpper(T* packed, Matrix<T> target)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            AddUpper<Simd512<T>>(packed, target);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            AddUpper<Simd256<T>>(packed, target);
        }
        else
        {
            AddUpper<Simd128<T>>(packed, target);
        }
    }

    /// <summary>
    /// By whole registers of the target. In the first of a row, what lies left of the diagonal gets numbers of the row before; in the last, the padding
    /// gets zeros.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void AddUpper<V>(T* packed, Matrix<T> target)
        where V : struct, ISimd<V, T>
    {
        var n = target.Columns;
        var last = (n - 1) / V.Count * V.Count;
        var ones = stackalloc T[V.Count];
        new Span<T>(ones, V.Count).Clear();
        MemoryMarshal.AsBytes(new Span<T>(ones, n - last)).Fill(byte.MaxValue);
        var inside = V.Load(ones);
        for (var i = 0; i < n; i++)
        {
            var row = target.RowPointer(i);
            var source = packed - i;
            var j = i / V.Count * V.Count;
            for (; j < last; j += V.Count)
            {
                V.Store(V.Add(V.Load(row + j), V.Load(source + j)), row + j);
            }

            V.Store(V.Add(V.Load(row + j), V.And(V.Load(source + j), inside)), row + j);
            packed += n - i;
        }

        target.KeepAlive();
    }
}
