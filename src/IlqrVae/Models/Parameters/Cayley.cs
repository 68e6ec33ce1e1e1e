using MathNet.Numerics.LinearAlgebra;

namespace IlqrVae.Models.Parameters;

/// <summary>The Cayley transform Q = (I - S)(I + S)^-1 from skew-symmetric matrices to rotations without the eigenvalue -1, and its derivative.</summary>
internal static class Cayley
{
    public static int RawCount(int n) => n * (n - 1) / 2;

    public static void Apply(ReadOnlySpan<double> raw, int n, Span<double> value)
    {
        var s = Skew(raw, n);
        var identity = Matrix<double>.Build.DenseIdentity(n);
        var q = (identity - s) * (identity + s).Inverse();
        Copy(q, value);
    }

    /// <summary>dQ = -(I + Q) dS (I + S)^-1, hence dL/dS = -(I + Q)' G (I + S)^-T.</summary>
    public static void PullBack(ReadOnlySpan<double> raw, ReadOnlySpan<double> value, ReadOnlySpan<double> gradient, int n, Span<double> rawGradient)
    {
        var s = Skew(raw, n);
        var identity = Matrix<double>.Build.DenseIdentity(n);
        var q = Dense(value, n);
        var g = Dense(gradient, n);
        var toSkew = -(identity + q).Transpose() * g * (identity + s).Inverse().Transpose();
        var at = 0;
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < i; j++)
            {
                rawGradient[at++] = toSkew[i, j] - toSkew[j, i];
            }
        }
    }

    /// <summary>The raw numbers of the rotation near a matrix, and where the matrix is further from it than a tolerance: position (or -1) and the rotation's entry.</summary>
    public static (int At, double Rotation) Invert(ReadOnlySpan<double> value, int n, Span<double> raw, double tolerance)
    {
        var identity = Matrix<double>.Build.DenseIdentity(n);
        var q = Dense(value, n);
        var s = (identity + q).Inverse() * (identity - q);
        var back = new double[n * n];
        var at = 0;
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < i; j++)
            {
                raw[at++] = 0.5 * (s[i, j] - s[j, i]);
            }
        }

        Apply(raw, n, back);
        for (var i = 0; i < back.Length; i++)
        {
            if (!(Math.Abs(back[i] - value[i]) < tolerance))
            {
                return (i, back[i]);
            }
        }

        return (-1, 0);
    }

    private static Matrix<double> Skew(ReadOnlySpan<double> raw, int n)
    {
        var s = Matrix<double>.Build.Dense(n, n);
        var at = 0;
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < i; j++)
            {
                s[i, j] = raw[at];
                s[j, i] = -raw[at++];
            }
        }

        return s;
    }

    private static Matrix<double> Dense(ReadOnlySpan<double> rowMajor, int n)
    {
        var matrix = Matrix<double>.Build.Dense(n, n);
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < n; j++)
            {
                matrix[i, j] = rowMajor[(i * n) + j];
            }
        }

        return matrix;
    }

    private static void Copy(Matrix<double> matrix, Span<double> rowMajor)
    {
        for (var i = 0; i < matrix.RowCount; i++)
        {
            for (var j = 0; j < matrix.ColumnCount; j++)
            {
                rowMajor[(i * matrix.ColumnCount) + j] = matrix[i, j];
            }
        }
    }
}
