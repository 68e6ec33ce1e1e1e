using System.Numerics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace IlqrVae.Numerics;

/// <summary>
/// Cholesky factors S = R' R with R upper triangular, and the triangular solves that go with them. Everything runs along rows, so that it
/// vectorises over padded rows. No method allocates.
/// </summary>
internal static unsafe class Cholesky
{
    /// <summary>Rows eliminated at a time from a large matrix; whole vectors of either precision.</summary>
    private const int PanelRows = 48;

    /// <summary>Rows that are taken off all rows below them at once: whole panels, and the more the more seldom a large matrix passes through the caches.</summary>
    private const int SlabRows = 4 * PanelRows;

    /// <summary>
    /// Eliminates the leading m x m block of a panel [S Q] in place: it becomes [R Y] with S = R' R and Y = R'^-1 Q. With Q the cross terms of a
    /// block matrix, the Schur complement is its other block minus Y' Y. Only the upper triangle of S is read; what was below it is garbage after.
    /// </summary>
    /// <param name="panel">m rows; at least m columns.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <returns>False when S is not positive definite to working precision (or not finite); the panel is then spoiled.</returns>
    public static bool EliminatePanel<T>(Matrix<T> panel)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        // Row by row, each minus a combination of the rows above it that stays in registers.
        var m = panel.Rows;
        var unit = Matrix<T>.PaddedLength(1);
        var column = stackalloc T[m];
        for (var k = 0; k < m; k++)
        {
            var start = k / unit * unit;
            var row = panel.RowPointer(k) + start;
            if (k > 0)
            {
                for (var i = 0; i < k; i++)
                {
                    column[i] = -panel[i, k];
                }

                Gemv.TransposedMultiply(panel.Pointer + start, panel.Stride, k, panel.Columns - start, column, row, accumulate: true);
            }

            var pivot = panel[k, k];
            if (!(pivot > T.Zero) || !T.IsFinite(pivot))
            {
                panel.KeepAlive();
                return false;
            }

            Elementwise.Scale(T.One / T.Sqrt(pivot), row, panel.Columns - start);
        }

        panel.KeepAlive();
        return true;
    }

    /// <summary>
    /// <see cref="EliminatePanel"/> for matrices beyond the caches: the first rows [S Q] of a symmetric matrix become [R Y] with S = R' R and
    /// Y = R'^-1 Q, a panel of rows at a time so that most of the work is in matrix products. Only the upper triangle of S is read; what was below it is
    /// garbage after. The rows that follow stay as they were.
    /// </summary>
    /// <param name="a">n x n.</param>
    /// <param name="count">Rows of S, at most n.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <returns>False when S is not positive definite to working precision (or not finite); the matrix is then spoiled.</returns>
    public static bool Eliminate<T>(Matrix<T> a, int count)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var first = 0; first < count; first += SlabRows)
        {
            // A slab by panels, each of which is taken off the rest of the slab; then the slab off all that follows.
            var slab = Math.Min(first + SlabRows, count);
            for (var top = first; top < slab; top += PanelRows)
            {
                var next = Math.Min(top + PanelRows, slab);
                if (!EliminatePanel(a.RowRange(top, next - top).ColumnRange(top, a.Columns - top)))
                {
                    return false;
                }

                Subtract(top, next, slab);
            }

            Subtract(first, slab, count);
        }

        return true;

        // What the eliminated rows from first on take off the rows up to an end, above the diagonal.
        void Subtract(int first, int next, int end)
        {
            if (next < end)
            {
                var eliminated = a.RowRange(first, next - first).ColumnRange(next, a.Columns - next);
                Gemm.SymmetricUpperSubtract(eliminated, a.RowRange(next, end - next).ColumnRange(next, a.Columns - next));
            }
        }
    }

    /// <summary>Solves R y = x in place.</summary>
    /// <param name="r">Upper triangular, n x n (or a wider panel that starts with it).</param>
    /// <param name="x">n numbers: x before, y after.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static void Solve<T>(Matrix<T> r, T* x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = r.Rows - 1; i >= 0; i--)
        {
            var row = r.RowPointer(i);
            var sum = x[i];
            for (var j = i + 1; j < r.Rows; j++)
            {
                sum -= row[j] * x[j];
            }

            x[i] = sum / row[i];
        }

        r.KeepAlive();
    }

    /// <summary>Solves R' R y = x in place.</summary>
    /// <param name="r">Upper triangular, n x n, with zero padding (not a wider panel).</param>
    /// <param name="x">n numbers and zero padding: x before, y after.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <returns>x' y as the sum of squares |R'^-1 x|^2 that it is, beyond the range of T if need be.</returns>
    public static double SolveBoth<T>(Matrix<T> r, T* x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        // Divisions do not wait for each other this way, as they would inside the recursions.
        var n = r.Rows;
        var unit = Matrix<T>.PaddedLength(1);
        var reciprocals = stackalloc T[n];
        for (var k = 0; k < n; k++)
        {
            reciprocals[k] = T.One / r.Pointer[(k * (nint)r.Stride) + k];
        }

        var squares = 0.0;
        for (var k = 0; k < n; k++)
        {
            var row = r.RowPointer(k);
            var y = x[k] * reciprocals[k];
            var wide = double.CreateTruncating(y);
            squares += wide * wide;
            x[k] = y;
            var aligned = Math.Min(n, (k / unit * unit) + unit);
            for (var i = k + 1; i < aligned; i++)
            {
                x[i] -= row[i] * y;
            }

            if (aligned < n)
            {
                Gemv.AddScaled(-y, row + aligned, x + aligned, n - aligned);
            }
        }

        for (var i = n - 1; i >= 0; i--)
        {
            var row = r.RowPointer(i);
            var aligned = Math.Min(n, (i / unit * unit) + unit);
            var sum = x[i];
            if (aligned < n)
            {
                sum -= Gemv.Dot(row + aligned, x + aligned, n - aligned);
            }

            for (var j = aligned - 1; j > i; j--)
            {
                sum -= row[j] * x[j];
            }

            x[i] = sum * reciprocals[i];
        }

        r.KeepAlive();
        return squares;
    }

    /// <summary>K = -R^-1 Y, row by row from the last.</summary>
    /// <param name="r">Upper triangular, m x m (or a wider panel that starts with it).</param>
    /// <param name="y">m x n.</param>
    /// <param name="k">m x n result.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static void NegativeSolve<T>(Matrix<T> r, Matrix<T> y, Matrix<T> k)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var n = y.Columns;
        for (var i = r.Rows - 1; i >= 0; i--)
        {
            // K_i = -(Y_i + sum_{j > i} R_ij K_j) / R_ii.
            var target = k.RowPointer(i);
            Elementwise.Copy(y.RowPointer(i), target, n);
            if (i < r.Rows - 1)
            {
                Gemv.TransposedMultiply(k.RowPointer(i + 1), k.Stride, r.Rows - i - 1, n, r.RowPointer(i) + i + 1, target, accumulate: true);
            }

            Elementwise.Scale(-T.One / r[i, i], target, n);
        }

        r.KeepAlive();
        y.KeepAlive();
        k.KeepAlive();
    }

    /// <summary>log det(R' R) = 2 sum log R_ii.</summary>
    /// <param name="r">Upper triangular (or a wider panel that starts with it).</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static double LogDeterminant<T>(Matrix<T> r)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var sum = 0.0;
        for (var i = 0; i < r.Rows; i++)
        {
            sum += Math.Log(double.CreateChecked(r[i, i]));
        }

        return 2 * sum;
    }

    /// <summary>Copies the upper triangle of a square matrix onto its lower one.</summary>
    /// <param name="a">n x n.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static void MirrorUpper<T>(Matrix<T> a)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var i = 0;
        if (typeof(T) == typeof(double) && Avx.IsSupported)
        {
            for (; i + 4 <= a.Rows; i += 4)
            {
                MirrorRows((double*)a.RowPointer(i), (double*)a.Pointer + i, a.Stride, i);
                MirrorUpper(a, i + 1, i + 4, i);
            }
        }

        MirrorUpper(a, i, a.Rows, 0);
        a.KeepAlive();
    }

    /// <summary>Rows of the lower triangle, from a column on.</summary>
    private static void MirrorUpper<T>(Matrix<T> a, int firstRow, int endOfRows, int firstColumn)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = firstRow; i < endOfRows; i++)
        {
            var row = a.RowPointer(i);
            var column = a.Pointer + i;
            for (var j = firstColumn; j < i; j++)
            {
                row[j] = column[(nint)j * a.Stride];
            }
        }

        a.KeepAlive();
    }

    /// <summary>Four rows of the lower triangle left of the block on the diagonal, from four columns above it, in blocks of 4 by 4 (number by number this took 2 % of an iteration at n = 60, 4 at 20).</summary>
    private static void MirrorRows(double* rows, double* columns, nint stride, int count)
    {
        for (var j = 0; j < count; j += 4)
        {
            Vector256<double> a = Vector256.Load(columns), b = Vector256.Load(columns + stride);
            Vector256<double> c = Vector256.Load(columns + (2 * stride)), d = Vector256.Load(columns + (3 * stride));
            Vector256<double> evenOfAb = Avx.UnpackLow(a, b), oddOfAb = Avx.UnpackHigh(a, b), evenOfCd = Avx.UnpackLow(c, d), oddOfCd = Avx.UnpackHigh(c, d);
            Avx.Permute2x128(evenOfAb, evenOfCd, 0x20).Store(rows + j);
            Avx.Permute2x128(oddOfAb, oddOfCd, 0x20).Store(rows + stride + j);
            Avx.Permute2x128(evenOfAb, evenOfCd, 0x31).Store(rows + (2 * stride) + j);
            Avx.Permute2x128(oddOfAb, oddOfCd, 0x31).Store(rows + (3 * stride) + j);
            columns += 4 * stride;
        }
    }
}
