using System.Collections.Concurrent;
using System.Numerics.Tensors;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Evaluation;

/// <summary>
/// Ridge regression where there are fewer rows than features: the weights are W = X' C, X about its mean, with (X X' + s I) C = Y, which is a system as large as the rows
/// (Saunders, Gammerman and Vovk 1998, Ridge regression learning algorithm in dual variables). The same solution as <see cref="RidgeMoments"/> gives.
/// </summary>
internal sealed class RidgeKernel : IRidgeFolds
{
    private const int ChunkColumns = 128;
    private const int BlockColumns = 256;

    private readonly Table _x;
    private readonly Table _y;
    private readonly int _folds;
    private readonly Matrix<double> _products;
    private readonly ConcurrentBag<Matrix<double>> _scratch = [];

    /// <summary>Computes X X'.</summary>
    /// <param name="features">Rows x p.</param>
    /// <param name="outputs">Rows x d.</param>
    /// <param name="folds">Number of contiguous folds.</param>
    public RidgeKernel(Table features, Table outputs, int folds)
    {
        (_x, _y, _folds) = (features, outputs, folds);
        var n = features.Bins;
        _products = Matrix<double>.Allocate(n, n);

        // Some columns at a time, transposed and about their mean, of which no regression depends.
        var (chunk, shift) = (Matrix<double>.Allocate(ChunkColumns, n), Metrics.ColumnMeans(features));
        for (var first = 0; first < features.Columns; first += ChunkColumns)
        {
            var columns = Math.Min(ChunkColumns, features.Columns - first);
            for (var t = 0; t < n; t++)
            {
                var row = features.Row(t);
                for (var i = 0; i < columns; i++)
                {
                    chunk[i, t] = row[first + i] - shift[first + i];
                }
            }

            var some = chunk.RowRange(0, columns);
            Parallel.For(0, (n + BlockColumns - 1) / BlockColumns, block =>
            {
                var (from, count) = (block * BlockColumns, Math.Min(BlockColumns, n - (block * BlockColumns)));
                Gemm.TransposedMultiply(some.ColumnRange(0, from + count), some.ColumnRange(from, count), _products.RowRange(0, from + count).ColumnRange(from, count), accumulate: true);
            });
        }

        Cholesky.MirrorUpper(_products);
    }

    /// <inheritdoc/>
    public RidgeRegression Solve(int without, double alpha, RidgePenalty penalty)
    {
        var (p, d, n) = (_x.Columns, _y.Columns, _x.Bins);
        var (start, end) = without < 0 ? (n, n) : RidgeRegression.FoldRows(n, _folds, without);
        var count = n - (end - start);
        var whole = _scratch.TryTake(out var one) ? one : Matrix<double>.Allocate(n + d, n + d);
        var system = whole.RowRange(0, count + d).ColumnRange(0, count + d);
        var meanY = Mean(_y, start, end);
        Fill(system, start, end, meanY);
        var strength = alpha * (penalty == RidgePenalty.Absolute ? 1 : RidgeSystem.MeanOfDiagonal(system, count, p));
        var coefficients = RidgeSystem.SolvePositive(system, count, d, strength);
        if (coefficients is null)
        {
            Fill(system, start, end, meanY);
            coefficients = RidgeSystem.SolveByEigenvalues(system, count, d, strength);
        }

        _scratch.Add(whole);
        var meanX = Mean(_x, start, end);
        return RidgeRegression.WithIntercept(p, d, Weights(coefficients, meanX, start, end), meanX, meanY, alpha, penalty);
    }

    // Products about the mean of the rows in use, in the upper triangle, and the outputs beside them.
    private void Fill(Matrix<double> system, int start, int end, double[] meanY)
    {
        var (n, d) = (_x.Bins, _y.Columns);
        var count = n - (end - start);
        var mean = new double[count];
        for (var a = 0; a < count; a++)
        {
            var products = _products.Row(RowOf(a));
            mean[a] = (TensorPrimitives.Sum<double>(products[..start]) + TensorPrimitives.Sum<double>(products[end..])) / count;
        }

        var grand = TensorPrimitives.Sum<double>(mean) / count;
        for (var a = 0; a < count; a++)
        {
            var products = _products.Row(RowOf(a));
            var row = system.Row(a);
            products[..start].CopyTo(row);
            products[end..].CopyTo(row[start..]);
            TensorPrimitives.Subtract(row[a..count], mean.AsSpan(a), row[a..count]);
            TensorPrimitives.Add(row[a..count], grand - mean[a], row[a..count]);
            TensorPrimitives.Subtract(_y.Row(RowOf(a)), meanY, row[count..]);
        }

        for (var j = count; j < count + d; j++)
        {
            system.Row(j).Clear();
        }

        int RowOf(int a) => a < start ? a : a + (end - start);
    }

    // X' C. The coefficients of an output sum to 0 but for rounding, which the mean takes out.
    private double[] Weights(double[] coefficients, double[] meanX, int start, int end)
    {
        var (p, d) = (_x.Columns, _y.Columns);
        var (weights, byOutput, sums) = (new double[p * d], new Table(d, p), new double[d]);
        for (var (t, a) = (0, 0); t < _x.Bins; t++)
        {
            if (t < start || t >= end)
            {
                for (var j = 0; j < d; j++)
                {
                    var coefficient = coefficients[(a * d) + j];
                    TensorPrimitives.MultiplyAdd(_x.Row(t), coefficient, byOutput.Row(j), byOutput.Row(j));
                    sums[j] += coefficient;
                }

                a++;
            }
        }

        for (var j = 0; j < d; j++)
        {
            TensorPrimitives.MultiplyAdd(meanX, -sums[j], byOutput.Row(j), byOutput.Row(j));
            for (var i = 0; i < p; i++)
            {
                weights[(i * d) + j] = byOutput[j, i];
            }
        }

        return weights;
    }

    private static double[] Mean(Table table, int start, int end)
    {
        var mean = new double[table.Columns];
        for (var t = 0; t < table.Bins; t++)
        {
            if (t < start || t >= end)
            {
                TensorPrimitives.Add(mean, table.Row(t), mean);
            }
        }

        TensorPrimitives.Divide(mean, table.Bins - (end - start), mean);
        return mean;
    }
}
