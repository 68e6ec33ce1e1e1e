using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using IlqrVae.Recordings;
using MathNet.Numerics.LinearAlgebra.Factorization;
using DenseVector = MathNet.Numerics.LinearAlgebra.Vector<double>;
using Matrix = MathNet.Numerics.LinearAlgebra.Matrix<double>;
using Symmetricity = MathNet.Numerics.LinearAlgebra.Symmetricity;

namespace IlqrVae.Evaluation;

/// <summary>In which unit the strength of a ridge penalty is given.</summary>
public enum RidgePenalty
{
    /// <summary>
    /// Minimise sum |y - W'x - b|^2 + alpha |W|^2: alpha as in scikit-learn and the Neural Latents Benchmark, in the unit of the squared
    /// features times rows.
    /// </summary>
    Absolute,

    /// <summary>
    /// alpha in units of the mean over features of their sum of squares about the mean, trace(X'X)/p: a pure number, so that one grid
    /// serves features of any scale and any number of rows. 1 halves the weight of an average direction of feature space.
    /// </summary>
    Relative,
}

/// <summary>Linear regression with intercept, y ~ W'x + b, by least squares with a ridge penalty on W; b is never penalised.</summary>
public sealed class RidgeRegression
{
    private readonly double[] _weights;
    private readonly double[] _intercept;

    private RidgeRegression(int features, int outputs, double[] weights, double[] intercept, double alpha, RidgePenalty penalty)
    {
        Features = features;
        Outputs = outputs;
        _weights = weights;
        _intercept = intercept;
        Alpha = alpha;
        Penalty = penalty;
    }

    /// <summary>The benchmark's grid of penalties: nine from 1e-4 to 1, evenly spread in logarithm.</summary>
    public static IReadOnlyList<double> DefaultAlphas { get; } = [.. Enumerable.Range(0, 9).Select(i => Math.Pow(10, -4 + (i / 2.0)))];

    /// <summary>Number of features p.</summary>
    public int Features { get; }

    /// <summary>Number of outputs d.</summary>
    public int Outputs { get; }

    /// <summary>W, p x d, row-major.</summary>
    public ReadOnlySpan<double> Weights => _weights;

    /// <summary>b, of length d.</summary>
    public ReadOnlySpan<double> Intercept => _intercept;

    /// <summary>The penalty that was used.</summary>
    public double Alpha { get; }

    /// <summary>The unit of <see cref="Alpha"/>.</summary>
    public RidgePenalty Penalty { get; }

    /// <summary>Fits with a given penalty.</summary>
    /// <param name="features">Rows x p.</param>
    /// <param name="outputs">Rows x d.</param>
    /// <param name="alpha">The penalty, finite and not negative; 0 is <see cref="LeastSquares"/>.</param>
    /// <param name="penalty">Its unit.</param>
    /// <exception cref="ArgumentException">The rows do not match, there are none, or the penalty is impossible.</exception>
    public static RidgeRegression Fit(Table features, Table outputs, double alpha, RidgePenalty penalty = RidgePenalty.Absolute)
    {
        RequireRows(features, outputs);
        RequireAlpha(alpha);
        return alpha == 0 ? LeastSquares(features, outputs) : new Moments(features, outputs, 1).Solve(-1, alpha, penalty);
    }

    /// <summary>
    /// Fits with the penalty of a grid that gives the best cross-validated R2, the mean over outputs and folds; ties go to the stronger
    /// penalty. The folds are contiguous stretches of rows, neither shuffled nor interleaved: neighbouring bins are alike and would leak
    /// from one fold to another.
    /// </summary>
    /// <param name="features">Rows x p.</param>
    /// <param name="outputs">Rows x d.</param>
    /// <param name="alphas">The grid, all positive; null for <see cref="DefaultAlphas"/>.</param>
    /// <param name="folds">Number of folds, at least 2 and at most the number of rows.</param>
    /// <param name="penalty">The unit of the grid.</param>
    /// <exception cref="ArgumentException">The rows do not match, or the grid or number of folds is impossible.</exception>
    public static RidgeRegression FitCrossValidated(
        Table features, Table outputs, IReadOnlyList<double>? alphas = null, int folds = 5, RidgePenalty penalty = RidgePenalty.Absolute)
    {
        RequireRows(features, outputs);
        alphas ??= DefaultAlphas;
        if (alphas.Count == 0 || alphas.Any(alpha => !(alpha > 0) || !double.IsFinite(alpha)))
        {
            throw new ArgumentException("The grid needs at least one penalty, all positive and finite.", nameof(alphas));
        }

        if (folds < 2 || folds > features.Bins)
        {
            throw new ArgumentOutOfRangeException(nameof(folds), folds, "The number of folds must be between 2 and the number of rows.");
        }

        var moments = new Moments(features, outputs, folds);
        var scores = new double[alphas.Count * folds];
        Parallel.For(0, scores.Length, i =>
        {
            var fold = i / alphas.Count;
            var (start, end) = FoldRows(features.Bins, folds, fold);
            var model = moments.Solve(fold, alphas[i % alphas.Count], penalty);
            scores[i] = Metrics.R2(Rows(outputs, start, end), model.Apply(Rows(features, start, end)));
        });

        var best = -1;
        var bestScore = double.NegativeInfinity;
        for (var a = 0; a < alphas.Count; a++)
        {
            var score = Metrics.MeanOfDefined([.. Enumerable.Range(0, folds).Select(fold => scores[(fold * alphas.Count) + a])]);
            if (best < 0 || score > bestScore || (score == bestScore && alphas[a] > alphas[best]))
            {
                best = a;
                bestScore = score;
            }
        }

        return moments.Solve(-1, alphas[best], penalty);
    }

    /// <summary>
    /// Fits without penalty, by orthogonal factorisation; where features depend on each other the solution of smallest weights is taken
    /// (singular values below rows * 2^-52 of the largest count as zero).
    /// </summary>
    /// <param name="features">Rows x p.</param>
    /// <param name="outputs">Rows x d.</param>
    /// <exception cref="ArgumentException">The rows do not match, or there are none.</exception>
    public static RidgeRegression LeastSquares(Table features, Table outputs)
    {
        RequireRows(features, outputs);
        var p = features.Columns;
        var d = outputs.Columns;
        var meanX = Metrics.ColumnMeans(features);
        var meanY = Metrics.ColumnMeans(outputs);

        // The triangular factor of [X Y], a block of rows at a time: memory does not grow with the rows.
        var block = Math.Max(256, 4 * (p + d));
        Matrix? factor = null;
        for (var start = 0; start < features.Bins; start += block)
        {
            var count = Math.Min(block, features.Bins - start);
            var carried = factor?.RowCount ?? 0;
            var stacked = Matrix.Build.Dense(Math.Max(carried + count, p + d), p + d);
            if (factor is not null)
            {
                stacked.SetSubMatrix(0, 0, factor);
            }

            for (var t = 0; t < count; t++)
            {
                for (var i = 0; i < p; i++)
                {
                    stacked[carried + t, i] = features[start + t, i] - meanX[i];
                }

                for (var j = 0; j < d; j++)
                {
                    stacked[carried + t, p + j] = outputs[start + t, j] - meanY[j];
                }
            }

            factor = stacked.QR(QRMethod.Thin).R;
        }

        var weights = new double[p * d];
        if (p > 0)
        {
            var svd = factor!.SubMatrix(0, p, 0, p).Svd();
            var cutoff = svd.S[0] * Math.Max(features.Bins, p) * Math.Pow(2, -52);
            var target = svd.U.TransposeThisAndMultiply(factor.SubMatrix(0, p, p, d));
            for (var k = 0; k < p; k++)
            {
                for (var j = 0; j < d; j++)
                {
                    target[k, j] = svd.S[k] > cutoff ? target[k, j] / svd.S[k] : 0;
                }
            }

            weights = svd.VT.TransposeThisAndMultiply(target).ToRowMajorArray();
        }

        return WithIntercept(p, d, weights, meanX, meanY, 0, RidgePenalty.Absolute);
    }

    /// <summary>Predicts.</summary>
    /// <param name="features">Rows x p.</param>
    /// <returns>Rows x d.</returns>
    /// <exception cref="ArgumentException">The number of features is another.</exception>
    public Table Apply(Table features)
    {
        if (features.Columns != Features)
        {
            throw new ArgumentException($"The regression has {Features} features, the data {features.Columns}.", nameof(features));
        }

        var result = new Table(features.Bins, Outputs);
        for (var t = 0; t < features.Bins; t++)
        {
            var row = result.Row(t);
            _intercept.CopyTo(row);
            var x = features.Row(t);
            for (var i = 0; i < x.Length; i++)
            {
                var w = _weights.AsSpan(i * Outputs, Outputs);
                for (var j = 0; j < row.Length; j++)
                {
                    row[j] += x[i] * w[j];
                }
            }
        }

        return result;
    }

    private static RidgeRegression WithIntercept(
        int p, int d, double[] weights, ReadOnlySpan<double> meanX, ReadOnlySpan<double> meanY, double alpha, RidgePenalty penalty)
    {
        var intercept = meanY.ToArray();
        for (var i = 0; i < p; i++)
        {
            for (var j = 0; j < d; j++)
            {
                intercept[j] -= meanX[i] * weights[(i * d) + j];
            }
        }

        return new RidgeRegression(p, d, weights, intercept, alpha, penalty);
    }

    private static (int Start, int End) FoldRows(int rows, int folds, int fold) =>
        ((int)((long)rows * fold / folds), (int)((long)rows * (fold + 1) / folds));

    private static Table Rows(Table table, int start, int end) =>
        new(end - start, table.Columns, table.Values.AsSpan(start * table.Columns, (end - start) * table.Columns).ToArray());

    private static void RequireRows(Table features, Table outputs)
    {
        if (features.Bins != outputs.Bins || features.Bins == 0)
        {
            throw new ArgumentException(
                $"Features and outputs must have the same rows, at least one; they have {features.Bins} and {outputs.Bins}.",
                nameof(outputs));
        }
    }

    private static void RequireAlpha(double alpha)
    {
        if (!(alpha >= 0) || !double.IsFinite(alpha))
        {
            throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "The penalty must be finite and not negative.");
        }
    }

    // Sums of squares and products of [X Y], kept by fold so that every training set is a difference of sums rather than a pass over the
    // data.
    private sealed class Moments
    {
        private const int RowTile = 4;
        private const int ChunkRows = 128;
        private readonly int _p;
        private readonly int _d;
        private readonly int _width;
        private readonly double[] _shift;
        private readonly double[][] _products;
        private readonly double[][] _sums;
        private readonly int[] _counts;

        public Moments(Table x, Table y, int folds)
        {
            _p = x.Columns;
            _d = y.Columns;
            var tile = Math.Max(RowTile, 2 * Vector<double>.Count);
            _width = (_p + _d + tile - 1) / tile * tile;
            _shift = [.. Metrics.ColumnMeans(x), .. Metrics.ColumnMeans(y), .. new double[_width - _p - _d]];
            _products = new double[folds][];
            _sums = new double[folds][];
            _counts = new int[folds];
            var chunk = new double[ChunkRows * _width];
            for (var fold = 0; fold < folds; fold++)
            {
                var (start, end) = FoldRows(x.Bins, folds, fold);
                var products = _products[fold] = new double[_width * _width];
                var sums = _sums[fold] = new double[_width];
                _counts[fold] = end - start;
                for (var first = start; first < end; first += ChunkRows)
                {
                    var rows = Math.Min(ChunkRows, end - first);
                    for (var t = 0; t < rows; t++)
                    {
                        var row = chunk.AsSpan(t * _width, _width);
                        x.Row(first + t).CopyTo(row);
                        y.Row(first + t).CopyTo(row[_p..]);
                        TensorPrimitives.Subtract(row, _shift, row);
                        TensorPrimitives.Add(sums, row, sums);
                    }

                    Parallel.For(0, _width / RowTile, i => Accumulate(chunk, rows, i * RowTile, products));
                }
            }
        }

        // The regression on all folds but one (-1: on all).
        public RidgeRegression Solve(int without, double alpha, RidgePenalty penalty)
        {
            var gram = new double[_width * _width];
            var sums = new double[_width];
            var count = 0;
            for (var fold = 0; fold < _products.Length; fold++)
            {
                if (fold != without)
                {
                    TensorPrimitives.Add(gram, _products[fold], gram);
                    TensorPrimitives.Add(sums, _sums[fold], sums);
                    count += _counts[fold];
                }
            }

            // Centre on the mean of the rows in use; only the lower triangle of the features and the products with the outputs are needed.
            var mean = sums.Select(sum => sum / count).ToArray();
            var square = new double[_p * _p];
            var right = new double[_d * _p];
            for (var i = 0; i < _p; i++)
            {
                for (var j = 0; j <= i; j++)
                {
                    square[(i * _p) + j] = gram[(j * _width) + i] - (count * mean[i] * mean[j]);
                }

                for (var j = 0; j < _d; j++)
                {
                    right[(j * _p) + i] = gram[(i * _width) + _p + j] - (count * mean[i] * mean[_p + j]);
                }
            }

            var trace = 0.0;
            for (var i = 0; i < _p; i++)
            {
                trace += square[(i * _p) + i];
            }

            var strength = penalty == RidgePenalty.Absolute ? alpha : alpha * trace / Math.Max(1, _p);
            var solution = SolvePositive(square, right, strength);
            var weights = new double[_p * _d];
            for (var i = 0; i < _p; i++)
            {
                for (var j = 0; j < _d; j++)
                {
                    weights[(i * _d) + j] = solution[(j * _p) + i];
                }
            }

            for (var i = 0; i < mean.Length; i++)
            {
                mean[i] += _shift[i];
            }

            return WithIntercept(_p, _d, weights, mean.AsSpan(0, _p), mean.AsSpan(_p, _d), alpha, penalty);
        }

        // Adds chunk' chunk to the upper triangle: four rows of the result at a time, two vectors wide, kept in registers over the chunk's
        // rows.
        private void Accumulate(double[] chunk, int rows, int i, double[] products)
        {
            var lanes = Vector<double>.Count;
            ref var source = ref MemoryMarshal.GetArrayDataReference(chunk);
            for (var j = i / (2 * lanes) * (2 * lanes); j < _width; j += 2 * lanes)
            {
                Vector<double> s00 = default, s01 = default, s10 = default, s11 = default, s20 = default, s21 = default, s30 = default, s31 = default;
                for (var t = 0; t < rows; t++)
                {
                    var offset = t * _width;
                    var left = Vector.LoadUnsafe(ref source, (nuint)(offset + j));
                    var right = Vector.LoadUnsafe(ref source, (nuint)(offset + j + lanes));
                    var a = new Vector<double>(chunk[offset + i]);
                    s00 += a * left;
                    s01 += a * right;
                    a = new Vector<double>(chunk[offset + i + 1]);
                    s10 += a * left;
                    s11 += a * right;
                    a = new Vector<double>(chunk[offset + i + 2]);
                    s20 += a * left;
                    s21 += a * right;
                    a = new Vector<double>(chunk[offset + i + 3]);
                    s30 += a * left;
                    s31 += a * right;
                }

                Add(s00, s01, products.AsSpan((i * _width) + j));
                Add(s10, s11, products.AsSpan(((i + 1) * _width) + j));
                Add(s20, s21, products.AsSpan(((i + 2) * _width) + j));
                Add(s30, s31, products.AsSpan(((i + 3) * _width) + j));
            }
        }

        private static void Add(Vector<double> left, Vector<double> right, Span<double> to)
        {
            var lanes = Vector<double>.Count;
            (new Vector<double>(to) + left).CopyTo(to);
            (new Vector<double>(to[lanes..]) + right).CopyTo(to[lanes..]);
        }

        // Solves (S + strength I) W = R for the lower triangle of S; R and W hold one output a row.
        private double[] SolvePositive(double[] square, double[] right, double strength)
        {
            var factor = (double[])square.Clone();
            for (var i = 0; i < _p; i++)
            {
                factor[(i * _p) + i] += strength;
            }

            if (!Cholesky(factor))
            {
                return SolveByEigenvalues(square, right, strength);
            }

            var solution = (double[])right.Clone();
            for (var o = 0; o < _d; o++)
            {
                var w = solution.AsSpan(o * _p, _p);
                for (var i = 0; i < _p; i++)
                {
                    w[i] = (w[i] - TensorPrimitives.Dot(factor.AsSpan(i * _p, i), w[..i])) / factor[(i * _p) + i];
                }

                for (var i = _p - 1; i >= 0; i--)
                {
                    w[i] /= factor[(i * _p) + i];
                    TensorPrimitives.MultiplyAdd(factor.AsSpan(i * _p, i), -w[i], w[..i], w[..i]);
                }
            }

            return solution;
        }

        // In place, lower, a block of rows at a time so that each row above is fetched once a block; false if a pivot is lost to rounding.
        private bool Cholesky(double[] matrix)
        {
            const int Block = 16;
            for (var first = 0; first < _p; first += Block)
            {
                var end = Math.Min(first + Block, _p);
                for (var j = 0; j < end; j++)
                {
                    var above = matrix.AsSpan(j * _p, j);
                    for (var i = Math.Max(first, j); i < end; i++)
                    {
                        var value = matrix[(i * _p) + j];
                        var rest = value - TensorPrimitives.Dot(matrix.AsSpan(i * _p, j), above);
                        if (i == j)
                        {
                            if (!(rest > 1e-14 * value))
                            {
                                return false;
                            }

                            matrix[(i * _p) + i] = Math.Sqrt(rest);
                        }
                        else
                        {
                            matrix[(i * _p) + j] = rest / matrix[(j * _p) + j];
                        }
                    }
                }
            }

            return true;
        }

        // For features that depend on each other under a penalty too weak to show in rounding: directions without variance get no weight.
        private double[] SolveByEigenvalues(double[] square, double[] right, double strength)
        {
            var matrix = Matrix.Build.Dense(_p, _p, (i, j) => square[(Math.Max(i, j) * _p) + Math.Min(i, j)]);
            var decomposition = matrix.Evd(Symmetricity.Symmetric);
            var values = decomposition.EigenValues.Select(value => value.Real).ToArray();
            var cutoff = _p * Math.Pow(2, -52) * Math.Max(0, values.Max());
            var solution = new double[_d * _p];
            for (var o = 0; o < _d; o++)
            {
                var target = decomposition.EigenVectors.TransposeThisAndMultiply(DenseVector.Build.Dense(right[(o * _p)..((o + 1) * _p)]));
                for (var k = 0; k < _p; k++)
                {
                    target[k] = values[k] > cutoff ? target[k] / (values[k] + strength) : 0;
                }

                decomposition.EigenVectors.Multiply(target).AsArray().CopyTo(solution, o * _p);
            }

            return solution;
        }
    }
}
