using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Tests.Numerics;

/// <summary>Random matrices, the naive product, and comparisons, for both precisions.</summary>
internal static class KernelCase
{
    public static Matrix<T> Draw<T>(Random random, int rows, int columns)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var matrix = Matrix<T>.Allocate(rows, columns);
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
            {
                matrix[i, j] = T.CreateChecked((2 * random.NextDouble()) - 1);
            }
        }

        return matrix;
    }

    /// <summary>A view inside a larger matrix: its rows are further apart than they are long, and it starts inside the rows.</summary>
    public static Matrix<T> DrawBlock<T>(Random random, int rows, int columns)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var unit = Matrix<T>.PaddedLength(1);
        var whole = Matrix<T>.Allocate(rows + 2, unit + Matrix<T>.PaddedLength(columns));
        var block = whole.RowRange(1, rows).ColumnRange(unit, columns);
        block.CopyFrom(Draw<T>(random, rows, columns));
        return block;
    }

    public static Matrix<T> Copy<T>(Matrix<T> source)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var copy = Matrix<T>.Allocate(source.Rows, source.Columns);
        copy.CopyFrom(source);
        return copy;
    }

    public static Matrix<T> Transpose<T>(Matrix<T> source)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var transpose = Matrix<T>.Allocate(source.Columns, source.Rows);
        source.TransposeTo(transpose);
        return transpose;
    }

    /// <summary>start + sign A B, in double precision.</summary>
    public static double[,] Product<T>(Matrix<T> a, Matrix<T> b, Matrix<T>? start = null, double sign = 1)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var product = new double[a.Rows, b.Columns];
        for (var i = 0; i < a.Rows; i++)
        {
            for (var j = 0; j < b.Columns; j++)
            {
                var sum = 0.0;
                for (var k = 0; k < a.Columns; k++)
                {
                    sum += double.CreateChecked(a[i, k]) * double.CreateChecked(b[k, j]);
                }

                product[i, j] = (start is null ? 0 : double.CreateChecked(start.Value[i, j])) + (sign * sum);
            }
        }

        return product;
    }

    /// <summary>A symmetric positive definite matrix with eigenvalues of at least 1.</summary>
    public static Matrix<T> Definite<T>(Random random, int n)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var root = Draw<T>(random, n, n);
        var product = Product(Transpose(root), root);
        var s = Matrix<T>.Allocate(n, n);
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < n; j++)
            {
                s[i, j] = T.CreateChecked(product[i, j] + (i == j ? 1 : 0));
            }
        }

        return s;
    }

    public static void Same<T>(double[,] expected, Matrix<T> actual, bool upper = false)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = 0; i < actual.Rows; i++)
        {
            for (var j = upper ? i : 0; j < actual.Columns; j++)
            {
                Close(expected[i, j], actual[i, j]);
            }
        }

        PaddingIsZero(actual);
    }

    public static void Close<T>(double expected, T actual)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var tolerance = typeof(T) == typeof(double) ? 1e-12 : 2e-4;
        var number = double.CreateChecked(actual);
        Assert.True(Math.Abs(expected - number) <= tolerance * Math.Max(1, Math.Abs(expected)), $"expected {expected:R}, got {number:R}");
    }

    public static void PaddingIsZero<T>(Matrix<T> matrix)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = 0; i < matrix.Rows; i++)
        {
            for (var j = matrix.Columns; j < Matrix<T>.PaddedLength(matrix.Columns); j++)
            {
                Assert.Equal(T.Zero, matrix[i, j]);
            }
        }
    }
}
