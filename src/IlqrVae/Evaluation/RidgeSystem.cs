using System.Numerics.Tensors;
using IlqrVae.Numerics;
using Cholesky = IlqrVae.Numerics.Cholesky;
using Matrix = MathNet.Numerics.LinearAlgebra.Matrix<double>;
using Symmetricity = MathNet.Numerics.LinearAlgebra.Symmetricity;

namespace IlqrVae.Evaluation;

/// <summary>The systems (S + s I) W = R of ridge regressions, n x n with d right-hand sides, given as the upper triangle of a matrix that starts with [S R].</summary>
internal static class RidgeSystem
{
    /// <summary>The sum of the diagonal of S over a number.</summary>
    public static double MeanOfDiagonal(Matrix<double> system, int n, int count)
    {
        var trace = 0.0;
        for (var i = 0; i < n; i++)
        {
            trace += system[i, i];
        }

        return trace / Math.Max(1, count);
    }

    /// <summary>Solves by Cholesky factors, in place.</summary>
    /// <returns>W, n x d, row-major; null if a pivot is lost to rounding. The matrix is spoiled in any case.</returns>
    public static double[]? SolvePositive(Matrix<double> system, int n, int d, double strength)
    {
        var diagonal = new double[n];
        for (var i = 0; i < n; i++)
        {
            diagonal[i] = system[i, i] += strength;
        }

        var isPositive = Cholesky.Eliminate(system, n);
        for (var i = 0; isPositive && i < n; i++)
        {
            isPositive = system[i, i] * system[i, i] > 1e-14 * diagonal[i];
        }

        if (!isPositive)
        {
            return null;
        }

        var (right, solution) = (Matrix<double>.Allocate(n, d), Matrix<double>.Allocate(n, d));
        for (var i = 0; i < n; i++)
        {
            system.Row(i).Slice(n, d).CopyTo(right.Row(i));
        }

        Cholesky.NegativeSolve(system.RowRange(0, n), right, solution);
        var weights = solution.ToArray();
        TensorPrimitives.Negate(weights, weights);
        return weights;
    }

    /// <summary>Solves where rows depend on each other under a penalty too weak to show in rounding: directions without variance get no weight.</summary>
    /// <returns>W, n x d, row-major; NaN where the numbers are not finite.</returns>
    public static double[] SolveByEigenvalues(Matrix<double> system, int n, int d, double strength)
    {
        if (!double.IsFinite(strength) || !double.IsFinite(RowOperations.Dot(system, system)))
        {
            return [.. Enumerable.Repeat(double.NaN, n * d)];
        }

        var decomposition = Matrix.Build.Dense(n, n, (i, j) => system[Math.Min(i, j), Math.Max(i, j)]).Evd(Symmetricity.Symmetric);
        var values = decomposition.EigenValues.Select(value => value.Real).ToArray();
        var cutoff = n * Math.Pow(2, -52) * Math.Max(0, values.Max());
        var target = decomposition.EigenVectors.TransposeThisAndMultiply(Matrix.Build.Dense(n, d, (i, j) => system[i, n + j]));
        target.MapIndexedInplace((k, _, value) => values[k] > cutoff ? value / (values[k] + strength) : 0);
        return (decomposition.EigenVectors * target).ToRowMajorArray();
    }
}
