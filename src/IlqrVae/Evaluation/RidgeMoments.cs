using System.Collections.Concurrent;
using System.Numerics.Tensors;
using IlqrVae.Numerics;

namespace IlqrVae.Evaluation;

/// <summary>
/// Sums of squares and products of features and outputs beside each other, [X Y], kept by fold so that every training set is a sum of sums rather than a pass over
/// the data.
/// </summary>
internal sealed class RidgeMoments : IRidgeFolds
{
    private readonly ConcurrentBag<Matrix<double>> _scratch = [];
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

    /// <inheritdoc/>
    public RidgeRegression Solve(int without, double alpha, RidgePenalty penalty)
    {
        // Large: every thread takes one again and again.
        var gram = _scratch.TryTake(out var one) ? one : Matrix<double>.Allocate(_p + _d, _p + _d);
        var mean = Centre(without, gram);
        var strength = alpha * (penalty == RidgePenalty.Absolute ? 1 : RidgeSystem.MeanOfDiagonal(gram, _p, _p));
        var weights = RidgeSystem.SolvePositive(gram, _p, _d, strength);
        if (weights is null)
        {
            Centre(without, gram);
            weights = RidgeSystem.SolveByEigenvalues(gram, _p, _d, strength);
        }

        _scratch.Add(gram);
        TensorPrimitives.Add(mean, _shift, mean);
        return RidgeRegression.WithIntercept(_p, _d, weights, mean.AsSpan(0, _p), mean.AsSpan(_p, _d), alpha, penalty);
    }

    // Products about the mean of the rows in use, in the upper triangle.
    private double[] Centre(int without, Matrix<double> gram)
    {
        var mean = new double[_p + _d];
        var count = 0;
        gram.Clear();
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

        return mean;
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
