using IlqrVae.Numerics;

namespace IlqrVae.Evaluation.Baselines;

/// <summary>Small symmetric positive definite matrices.</summary>
internal static class PositiveDefinite
{
    /// <summary>[S I] of the last inverse of this thread, for the next of the same size: a filter takes three for every bin. The identity starts at a padded length.</summary>
    [ThreadStatic]
    private static Matrix<double> t_panel;

    /// <summary>The inverse of a matrix and the logarithm of its determinant. Only the upper triangle is read. Where the matrix is singular to working precision, a little is added to its diagonal.</summary>
    public static Matrix<double> Inverse(Matrix<double> matrix, out double logDeterminant)
    {
        var n = matrix.Rows;
        var trace = 0.0;
        for (var i = 0; i < n; i++)
        {
            trace += Math.Abs(matrix[i, i]) / n;
        }

        var identity = Matrix<double>.PaddedLength(n);
        if (t_panel.Rows != n)
        {
            t_panel = Matrix<double>.Allocate(n, identity + n);
        }

        var panel = t_panel;
        for (var added = 0.0; ; added = added == 0 ? 1e-14 * trace : added * 100)
        {
            for (var i = 0; i < n; i++)
            {
                panel.Row(i).Clear();
                matrix.Row(i)[i..].CopyTo(panel.Row(i)[i..]);
                panel[i, i] += added;
                panel[i, identity + i] = 1;
            }

            if (!Cholesky.EliminatePanel(panel))
            {
                if (added > trace || !double.IsFinite(trace) || trace == 0)
                {
                    logDeterminant = double.NaN;
                    var undefined = Matrix<double>.Allocate(n, n);
                    for (var i = 0; i < n; i++)
                    {
                        undefined.Row(i).Fill(double.NaN);
                    }

                    return undefined;
                }

                continue;
            }

            logDeterminant = Cholesky.LogDeterminant(panel);

            // K = -R^-1 Y with Y = R'^-1.
            var inverse = Matrix<double>.Allocate(n, n);
            Cholesky.NegativeSolve(panel, panel.ColumnRange(identity, n), inverse);
            RowOperations.Scale(-1, inverse);
            return inverse;
        }
    }

    /// <summary>Makes a matrix equal to its transpose by averaging the two.</summary>
    public static void Symmetrise(Matrix<double> matrix)
    {
        for (var i = 0; i < matrix.Rows; i++)
        {
            for (var j = 0; j < i; j++)
            {
                matrix[i, j] = matrix[j, i] = 0.5 * (matrix[i, j] + matrix[j, i]);
            }
        }
    }
}
