using System.Numerics.Tensors;
using IlqrVae.Evaluation.Baselines;
using IlqrVae.Recordings;
using MathNet.Numerics.LinearAlgebra.Factorization;
using Matrix = MathNet.Numerics.LinearAlgebra.Matrix<double>;

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

/// <summary>
/// Linear regression with intercept, y ~ W'x + b, by least squares with a ridge penalty on W; b is never penalised. Numbers whose squares overflow give
/// weights that are NaN.
/// </summary>
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

    /// <summary>The cross-validated R2 by which <see cref="FitCrossValidated"/> chose it; NaN where the penalty was given, or no output varies in any fold.</summary>
    public double CrossValidatedR2 { get; private init; } = double.NaN;

    /// <summary>Fits with a given penalty.</summary>
    /// <param name="features">Rows x p.</param>
    /// <param name="outputs">Rows x d.</param>
    /// <param name="alpha">The penalty, finite and not negative; 0 is <see cref="LeastSquares"/>.</param>
    /// <param name="penalty">Its unit.</param>
    /// <exception cref="ArgumentException">The rows do not match, there are none, a number is not finite, or the penalty is impossible.</exception>
    public static RidgeRegression Fit(Table features, Table outputs, double alpha, RidgePenalty penalty = RidgePenalty.Absolute)
    {
        RequireRows(features, outputs);
        RequireAlpha(alpha);
        return alpha == 0 ? LeastSquares(features, outputs) : Folds(features, outputs, 1).Solve(-1, alpha, penalty);
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
    /// <exception cref="ArgumentException">The rows do not match, a number is not finite, or the grid or number of folds is impossible.</exception>
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

        var sums = Folds(features, outputs, folds);
        var scores = Scores(sums, features, outputs, alphas, folds, penalty);
        var best = 0;
        for (var a = 1; a < alphas.Count; a++)
        {
            best = scores[a] > scores[best] || (scores[a] == scores[best] && alphas[a] > alphas[best]) ? a : best;
        }

        return Chosen(sums, alphas[best], scores[best], penalty);
    }

    /// <summary>The same with the best penalty of a grid to which scores rise from a start; as a rule a third of the penalties are tried.</summary>
    /// <param name="features">Rows x p.</param>
    /// <param name="outputs">Rows x d.</param>
    /// <param name="alphas">The grid, all positive, in order.</param>
    /// <param name="start">Index of the penalty to start from.</param>
    /// <param name="folds">Number of folds, at least 2 and at most the number of rows.</param>
    /// <param name="penalty">The unit of the grid.</param>
    internal static RidgeRegression FitClimbing(Table features, Table outputs, IReadOnlyList<double> alphas, int start, int folds, RidgePenalty penalty)
    {
        RequireRows(features, outputs);
        var sums = Folds(features, outputs, folds);
        var (best, score) = GridClimb.Climb([alphas.Count], [start], at => Scores(sums, features, outputs, [alphas[at[0]]], folds, penalty)[0]);
        return Chosen(sums, alphas[best[0]], score, penalty);
    }

    private static RidgeRegression Chosen(IRidgeFolds sums, double alpha, double score, RidgePenalty penalty)
    {
        var chosen = sums.Solve(-1, alpha, penalty);
        return new RidgeRegression(chosen.Features, chosen.Outputs, chosen._weights, chosen._intercept, chosen.Alpha, penalty)
        {
            CrossValidatedR2 = double.IsFinite(score) ? score : double.NaN,
        };
    }

    // Of every penalty the mean R2 over outputs and folds; outputs that do not vary in any fold score nothing under any penalty.
    private static double[] Scores(IRidgeFolds sums, Table features, Table outputs, IReadOnlyList<double> alphas, int folds, RidgePenalty penalty)
    {
        var each = new double[alphas.Count * folds];
        Parallel.For(0, each.Length, i =>
        {
            var fold = i / alphas.Count;
            var (start, end) = FoldRows(features.Bins, folds, fold);
            var model = sums.Solve(fold, alphas[i % alphas.Count], penalty);
            var truth = new Table(end - start, outputs.Columns, outputs.Values.AsSpan(start * outputs.Columns, (end - start) * outputs.Columns).ToArray());
            each[i] = Metrics.R2(truth, model.Apply(features, start, end));
        });
        return [.. Enumerable.Range(0, alphas.Count).Select(a =>
        {
            var score = Metrics.MeanOfDefined([.. Enumerable.Range(0, folds).Select(fold => each[(fold * alphas.Count) + a])]);
            return double.IsNaN(score) ? double.NegativeInfinity : score;
        })];
    }

    /// <summary>
    /// Fits without penalty, by orthogonal factorisation; where features depend on each other the solution of smallest weights is taken
    /// (singular values below rows * 2^-52 of the largest count as zero).
    /// </summary>
    /// <param name="features">Rows x p.</param>
    /// <param name="outputs">Rows x d.</param>
    /// <exception cref="ArgumentException">The rows do not match, there are none, or a number is not finite.</exception>
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
        if (!factor!.Enumerate().All(double.IsFinite))
        {
            Array.Fill(weights, double.NaN);
        }
        else if (p > 0)
        {
            var svd = factor.SubMatrix(0, p, 0, p).Svd();
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

        return Apply(features, 0, features.Bins);
    }

    /// <summary>Predicts some rows, from one to before another.</summary>
    private Table Apply(Table features, int start, int end)
    {
        var byOutput = new Table(Outputs, Features);
        for (var i = 0; i < Features; i++)
        {
            for (var j = 0; j < Outputs; j++)
            {
                byOutput[j, i] = _weights[(i * Outputs) + j];
            }
        }

        var result = new Table(end - start, Outputs);
        for (var t = start; t < end; t++)
        {
            for (var j = 0; j < Outputs; j++)
            {
                result[t - start, j] = _intercept[j] + TensorPrimitives.Dot<double>(features.Row(t), byOutput.Row(j));
            }
        }

        return result;
    }

    /// <summary>Predicts one row.</summary>
    /// <param name="features">p numbers.</param>
    /// <param name="outputs">Room for d numbers.</param>
    internal void Apply(ReadOnlySpan<double> features, Span<double> outputs)
    {
        _intercept.CopyTo(outputs);
        for (var i = 0; i < features.Length; i++)
        {
            var w = _weights.AsSpan(i * Outputs, Outputs);
            for (var j = 0; j < outputs.Length; j++)
            {
                outputs[j] += features[i] * w[j];
            }
        }
    }

    internal static RidgeRegression WithIntercept(
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

    // The system to be solved is as large as the features or as the rows, whichever are fewer.
    private static IRidgeFolds Folds(Table features, Table outputs, int folds)
        => features.Columns > features.Bins ? new RidgeKernel(features, outputs, folds) : Moments(features, outputs, folds);

    private static RidgeMoments Moments(Table features, Table outputs, int folds)
    {
        var moments = new RidgeMoments(features.Columns, outputs.Columns, [.. Metrics.ColumnMeans(features), .. Metrics.ColumnMeans(outputs)], folds);
        Parallel.For(0, folds, fold =>
        {
            var (start, end) = FoldRows(features.Bins, folds, fold);
            var rows = moments.Fold(fold);
            for (var t = start; t < end; t++)
            {
                rows.Add(features.Row(t), outputs.Row(t));
            }

            rows.Finish();
        });
        return moments;
    }

    /// <summary>The rows of a fold, from one to before another.</summary>
    internal static (int Start, int End) FoldRows(int rows, int folds, int fold) =>
        ((int)((long)rows * fold / folds), (int)((long)rows * (fold + 1) / folds));

    private static void RequireRows(Table features, Table outputs)
    {
        if (features.Bins != outputs.Bins || features.Bins == 0)
        {
            throw new ArgumentException(
                $"Features and outputs must have the same rows, at least one; they have {features.Bins} and {outputs.Bins}.",
                nameof(outputs));
        }

        RequireFinite(features, nameof(features));
        RequireFinite(outputs, nameof(outputs));
    }

    private static void RequireFinite(Table table, string name)
    {
        var at = table.Values.AsSpan().IndexOfAnyExceptInRange(double.MinValue, double.MaxValue);
        if (at >= 0)
        {
            throw new ArgumentException($"Row {at / table.Columns}, column {at % table.Columns} is {table.Values[at]}; a regression needs finite numbers.", name);
        }
    }

    private static void RequireAlpha(double alpha)
    {
        if (!(alpha >= 0) || !double.IsFinite(alpha))
        {
            throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "The penalty must be finite and not negative.");
        }
    }
}
