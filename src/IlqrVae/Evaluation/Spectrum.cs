using System.Numerics;
using System.Numerics.Tensors;
using IlqrVae.Recordings;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Double;

namespace IlqrVae.Evaluation;

/// <summary>Eigenvalues of linear dynamics z' = A z + B u: what a change of the latent coordinates leaves alone.</summary>
public static class Spectrum
{
    /// <summary>States whose smallest variance in any direction is below this share of the largest do not determine A.</summary>
    private const double LeastVariance = 1e-12;

    /// <summary>The largest share of variance that a recursion may leave unexplained and still be called linear.</summary>
    private const double LargestResidual = 1e-9;

    /// <summary>Matrices with larger numbers are scaled down, by a power of two.</summary>
    private static readonly double LargestMagnitude = Math.Pow(2, 500);

    /// <summary>The eigenvalues, the largest modulus first; of a pair the one above the real axis first. NaN where a number of the matrix is not finite.</summary>
    /// <param name="matrix">n x n, row-major.</param>
    /// <param name="size">n.</param>
    /// <exception cref="ArgumentException">The matrix has another size.</exception>
    public static IReadOnlyList<Complex> Eigenvalues(ReadOnlySpan<double> matrix, int size)
    {
        if (matrix.Length != size * size)
        {
            throw new ArgumentException($"A matrix of {size} x {size} does not have {matrix.Length} numbers.", nameof(matrix));
        }

        // The iteration would not end; and it squares numbers.
        if (matrix.ContainsAnyExceptInRange(double.MinValue, double.MaxValue))
        {
            return [.. Enumerable.Repeat(new Complex(double.NaN, double.NaN), size)];
        }

        var largest = size == 0 ? 0 : TensorPrimitives.MaxMagnitude(matrix);
        if (Math.Abs(largest) > LargestMagnitude)
        {
            return [.. Eigenvalues([.. matrix.ToArray().Select(x => x / LargestMagnitude)], size).Select(value => LargestMagnitude * value)];
        }

        var values = matrix.ToArray();
        var dense = DenseMatrix.Create(size, size, (i, j) => values[(i * size) + j]);
        return [.. dense.Evd(Symmetricity.Asymmetric).EigenValues.OrderByDescending(value => Math.Round(value.Magnitude, 12)).ThenByDescending(value => value.Imaginary)];
    }

    /// <summary>
    /// The largest distance between matched eigenvalues under the matching that makes it smallest; where one list is longer, the rest of it stays
    /// unmatched.
    /// </summary>
    /// <param name="one">Eigenvalues.</param>
    /// <param name="other">Eigenvalues.</param>
    /// <returns>The distance; NaN where a list is empty or holds a number that is not finite.</returns>
    public static double LargestMatchedDistance(IReadOnlyList<Complex> one, IReadOnlyList<Complex> other)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        var (few, many) = one.Count <= other.Count ? (one, other) : (other, one);
        if (few.Count == 0 || !one.Concat(other).All(Complex.IsFinite))
        {
            return double.NaN;
        }

        var distances = few.SelectMany(a => many.Select(b => (a - b).Magnitude)).Order().ToArray();
        var (low, high) = (0, distances.Length - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (CanMatch(few, many, distances[middle]))
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return distances[low];
    }

    /// <summary>
    /// The A of the linear recursion that true states and inputs follow, z_{t+1} = A z_t + B u_t + c, by least squares: exact where they do, since
    /// there is no noise in them.
    /// </summary>
    /// <param name="states">T x n states of each trial.</param>
    /// <param name="inputs">T x m inputs of each trial, row t driving the step from bin t to t + 1; null for an autonomous system.</param>
    /// <returns>A, n x n, row-major; null when they do not follow such a recursion or do not determine it.</returns>
    /// <exception cref="ArgumentException">The trials do not match.</exception>
    public static double[]? TransitionOf(IReadOnlyList<Table> states, IReadOnlyList<Table>? inputs)
    {
        ArgumentNullException.ThrowIfNull(states);
        if (states.Count == 0 || !states.Concat(inputs ?? []).All(table => Array.TrueForAll(table.Values, double.IsFinite)))
        {
            return null;
        }

        var n = states[0].Columns;
        var m = inputs is { Count: > 0 } ? inputs[0].Columns : 0;
        var steps = states.Sum(table => table.Bins - 1);
        if (steps <= n + m + 1)
        {
            return null;
        }

        var features = new Table(steps, n + m);
        var next = new Table(steps, n);
        var row = 0;
        for (var k = 0; k < states.Count; k++)
        {
            for (var t = 0; t < states[k].Bins - 1; t++, row++)
            {
                states[k].Row(t).CopyTo(features.Row(row));
                states[k].Row(t + 1).CopyTo(next.Row(row));
                if (m > 0)
                {
                    inputs![k].Row(t).CopyTo(features.Row(row)[n..]);
                }
            }
        }

        if (!SpansAllDirections(features, n))
        {
            return null;
        }

        var regression = RidgeRegression.LeastSquares(features, next);
        if (!(1 - Metrics.R2VarianceWeighted(next, regression.Apply(features)) <= LargestResidual))
        {
            return null;
        }

        var transition = new double[n * n];
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < n; j++)
            {
                transition[(j * n) + i] = regression.Weights[(i * n) + j];
            }
        }

        return transition;
    }

    private static bool SpansAllDirections(Table features, int states)
    {
        var mean = Metrics.ColumnMeans(features);
        var covariance = DenseMatrix.Create(states, states, 0);
        for (var t = 0; t < features.Bins; t++)
        {
            for (var i = 0; i < states; i++)
            {
                for (var j = 0; j <= i; j++)
                {
                    covariance[i, j] += (features[t, i] - mean[i]) * (features[t, j] - mean[j]);
                    covariance[j, i] = covariance[i, j];
                }
            }
        }

        if (!covariance.Enumerate().All(double.IsFinite))
        {
            return false;
        }

        var variances = covariance.Evd(Symmetricity.Symmetric).EigenValues.Select(value => value.Real).ToArray();
        return variances.Min() > LeastVariance * variances.Max();
    }

    /// <summary>Whether each of the few finds a partner of its own within a distance (augmenting paths).</summary>
    private static bool CanMatch(IReadOnlyList<Complex> few, IReadOnlyList<Complex> many, double distance)
    {
        var partner = Enumerable.Repeat(-1, many.Count).ToArray();
        for (var i = 0; i < few.Count; i++)
        {
            if (!Place(i, new bool[many.Count]))
            {
                return false;
            }
        }

        return true;

        bool Place(int i, bool[] isTried)
        {
            for (var j = 0; j < many.Count; j++)
            {
                if (!isTried[j] && (few[i] - many[j]).Magnitude <= distance)
                {
                    isTried[j] = true;
                    if (partner[j] < 0 || Place(partner[j], isTried))
                    {
                        partner[j] = i;
                        return true;
                    }
                }
            }

            return false;
        }
    }
}
