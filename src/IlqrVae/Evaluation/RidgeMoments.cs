using System.Numerics.Tensors;
using IlqrVae.Numerics;
using Cholesky = IlqrVae.Numerics.Cholesky;
using Matrix = MathNet.Numerics.LinearAlgebra.Matrix<double>;
using Symmetricity = MathNet.Numerics.LinearAlgebra.Symmetricity;

namespace IlqrVae.Evaluation;

/// <summary>
/// Sums of squares and products of features and outputs beside each other, [X Y], kept by fold so that every training set is a sum of sums rather than a pass over
/// the data.
/// </summary>
internal sealed class RidgeMoments
{
    private readonly int _p;
    private readonly int _d;
    private readonly double[] _shift;
    private readonly Matrix<double>[] _products;
    private readonly double[][] _sums;
    private readonly int[] _counts;

    /// <summary>Sums of nothing.</summary>
    /// <param name="features">Number of features p.</param>
    /// <param name="outputs">Number of outputs d.</param>
    /// <param name="shift">Near the means of [X Y], p + d; taken off every row, so that little is lost to rounding.</param>
    /// <param name="folds">Number of folds.</param>
    public RidgeMoments(int features, int outputs, double[] shift, int folds)
    {
        (_p, _d, _shift) = (features, outputs, shift);
        _products = [.. Enumerable.Range(0, folds).Select(_ => Matrix<double>.Allocate(_p + _d, _p + _d))];
        _sums = [.. Enumerable.Range(0, folds).Select(_ => new double[_p + _d])];
        _counts = new int[folds];
    }

    /// <summary>Takes the rows of a fold, all of them; folds may be taken in parallel.</summary>
    /// <param name="fold">The fold.</param>
    public FoldRows Fold(int fold) => new(this, fold);

    /// <summary>The regression on all folds but one.</summary>
    /// <param name="without">The fold to leave out; -1 for none.</param>
    /// <param name="alpha">The penalty.</param>
    /// <param name="penalty">Its unit.</param>
    public RidgeRegression Solve(int without, double alpha, RidgePenalty penalty)
    {
        var (gram, mean) = Centred(without);
        var trace = 0.0;
        for (var i = 0; i < _p; i++)
        {
            trace += gram[i, i];
        }

        var strength = penalty == RidgePenalty.Absolute ? alpha : alpha * trace / Math.Max(1, _p);
        var weights = SolvePositive(gram, strength) ?? SolveByEigenvalues(Centred(without).Gram, strength);
        TensorPrimitives.Add(mean, _shift, mean);
        return RidgeRegression.WithIntercept(_p, _d, weights, mean.AsSpan(0, _p), mean.AsSpan(_p, _d), alpha, penalty);
    }

    // Products about the mean of the rows in use, in the upper triangle.
    private (Matrix<double> Gram, double[] Mean) Centred(int without)
    {
        var gram = Matrix<double>.Allocate(_p + _d, _p + _d);
        var mean = new double[_p + _d];
        var count = 0;
        for (var fold = 0; fold < _products.Length; fold++)
        {
            if (fold != without)
            {
                RowOperations.AddScaled(1, _products[fold], gram);
                TensorPrimitives.Add(mean, _sums[fold], mean);
                count += _counts[fold];
            }
        }

        TensorPrimitives.Divide(mean, count, mean);
        for (var i = 0; i < gram.Rows; i++)
        {
            var row = gram.Row(i)[i..];
            TensorPrimitives.MultiplyAdd(mean.AsSpan(i), -count * mean[i], row, row);
        }

        return (gram, mean);
    }

    // Solves (S + strength I) W = R in place; null if a pivot is lost to rounding.
    private double[]? SolvePositive(Matrix<double> gram, double strength)
    {
        var diagonal = new double[_p];
        for (var i = 0; i < _p; i++)
        {
            diagonal[i] = gram[i, i] += strength;
        }

        var isPositive = Cholesky.Eliminate(gram, _p);
        for (var i = 0; isPositive && i < _p; i++)
        {
            isPositive = gram[i, i] * gram[i, i] > 1e-14 * diagonal[i];
        }

        if (!isPositive)
        {
            return null;
        }

        var solution = Matrix<double>.Allocate(_p, _d);
        Cholesky.NegativeSolve(gram.RowRange(0, _p), gram.RowRange(0, _p).ColumnRange(_p, _d), solution);
        var weights = solution.ToArray();
        TensorPrimitives.Negate(weights, weights);
        return weights;
    }

    // For features that depend on each other under a penalty too weak to show in rounding: directions without variance get no weight.
    private double[] SolveByEigenvalues(Matrix<double> gram, double strength)
    {
        if (!double.IsFinite(strength) || !double.IsFinite(RowOperations.Dot(gram, gram)))
        {
            return [.. Enumerable.Repeat(double.NaN, _p * _d)];
        }

        var decomposition = Matrix.Build.Dense(_p, _p, (i, j) => gram[Math.Min(i, j), Math.Max(i, j)]).Evd(Symmetricity.Symmetric);
        var values = decomposition.EigenValues.Select(value => value.Real).ToArray();
        var cutoff = _p * Math.Pow(2, -52) * Math.Max(0, values.Max());
        var target = decomposition.EigenVectors.TransposeThisAndMultiply(Matrix.Build.Dense(_p, _d, (i, j) => gram[i, _p + j]));
        target.MapIndexedInplace((k, _, value) => values[k] > cutoff ? value / (values[k] + strength) : 0);
        return (decomposition.EigenVectors * target).ToRowMajorArray();
    }

    /// <summary>Rows of one fold on their way into the sums.</summary>
    internal sealed class FoldRows(RidgeMoments moments, int fold)
    {
        private const int ChunkRows = 128;
        private readonly Matrix<double> _chunk = Matrix<double>.Allocate(ChunkRows, moments._p + moments._d);
        private int _rows;

        /// <summary>Adds a row.</summary>
        /// <param name="features">p numbers.</param>
        /// <param name="outputs">d numbers.</param>
        public void Add(ReadOnlySpan<double> features, ReadOnlySpan<double> outputs)
        {
            var row = _chunk.Row(_rows++);
            features.CopyTo(row);
            outputs.CopyTo(row[moments._p..]);
            TensorPrimitives.Subtract(row, moments._shift, row);
            TensorPrimitives.Add(moments._sums[fold], row, moments._sums[fold]);
            if (_rows == ChunkRows)
            {
                Finish();
            }
        }

        /// <summary>Completes the sums; to be called after the last row.</summary>
        public void Finish()
        {
            if (_rows > 0)
            {
                var rows = _chunk.RowRange(0, _rows);
                Gemm.SymmetricUpper(rows, rows, moments._products[fold], accumulate: true);
                moments._counts[fold] += _rows;
                _rows = 0;
            }
        }
    }
}
