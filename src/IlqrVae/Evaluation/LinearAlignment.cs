using IlqrVae.Recordings;

namespace IlqrVae.Evaluation;

/// <summary>
/// The best affine map from inferred to true trajectories: latent states and inputs are only determined up to a change of coordinates, so
/// they are compared after one. By least squares over all bins of all trials given.
/// </summary>
public sealed class LinearAlignment
{
    private readonly RidgeRegression _map;

    private LinearAlignment(RidgeRegression map, double varianceCaptured, double[] r2PerColumn)
    {
        _map = map;
        VarianceCaptured = varianceCaptured;
        R2PerColumn = r2PerColumn;
    }

    /// <summary>
    /// The variance of the true trajectories captured, over their columns together: 1 - sum |y - yhat|^2 / sum |y - ybar|^2. The paper's
    /// input R2 when fitted to inputs.
    /// </summary>
    public double VarianceCaptured { get; }

    /// <summary>R2 of every true column; NaN for one that does not vary.</summary>
    public double[] R2PerColumn { get; }

    /// <summary>The linear part, inferred x true columns, row-major.</summary>
    public ReadOnlySpan<double> Weights => _map.Weights;

    /// <summary>The constant part, one entry a true column.</summary>
    public ReadOnlySpan<double> Intercept => _map.Intercept;

    /// <summary>Fits the map.</summary>
    /// <param name="inferred">Inferred states or inputs of each trial, bins x columns.</param>
    /// <param name="truth">True states or inputs of each trial, bins x columns; the columns need not be as many.</param>
    /// <param name="dropLastBin">Whether to leave out the last bin of every trial, as for inputs: the last one drives nothing and cannot be
    /// inferred.</param>
    /// <exception cref="ArgumentException">The trials do not match, no bins are left, or a number is not finite.</exception>
    public static LinearAlignment Fit(IReadOnlyList<Table> inferred, IReadOnlyList<Table> truth, bool dropLastBin = false)
    {
        RequireSameBins(inferred, truth);
        var x = Stack(inferred, dropLastBin);
        var y = Stack(truth, dropLastBin);
        var map = RidgeRegression.LeastSquares(x, y);
        var estimate = map.Apply(x);
        return new LinearAlignment(map, Metrics.R2VarianceWeighted(y, estimate), Metrics.R2PerColumn(y, estimate));
    }

    /// <summary>Takes inferred trajectories into the coordinates of the true ones.</summary>
    /// <param name="inferred">Bins x inferred columns.</param>
    /// <returns>Bins x true columns.</returns>
    /// <exception cref="ArgumentException">The number of columns is another.</exception>
    public Table Apply(Table inferred) => _map.Apply(inferred);

    /// <summary>Checks that trials match one by one: the sum of their bins may agree where they do not.</summary>
    internal static void RequireSameBins(IReadOnlyList<Table> one, IReadOnlyList<Table> other)
    {
        if (one.Count != other.Count || one.Zip(other).Any(pair => pair.First.Bins != pair.Second.Bins))
        {
            throw new ArgumentException("Every trial needs as many bins on both sides.", nameof(other));
        }
    }

    /// <summary>Puts the bins of all trials on top of each other.</summary>
    /// <param name="tables">Tables of the same number of columns.</param>
    /// <param name="dropLastBin">Whether to leave out the last bin of each.</param>
    /// <returns>All bins x columns.</returns>
    /// <exception cref="ArgumentException">There are no tables, or their columns differ.</exception>
    public static Table Stack(IReadOnlyList<Table> tables, bool dropLastBin = false)
    {
        if (tables.Count == 0 || tables.Any(table => table.Columns != tables[0].Columns))
        {
            throw new ArgumentException("There must be at least one trial, all of the same number of columns.", nameof(tables));
        }

        var dropped = dropLastBin ? 1 : 0;
        var result = new Table(tables.Sum(table => table.Bins - dropped), tables[0].Columns);
        var offset = 0;
        foreach (var table in tables)
        {
            var length = (table.Bins - dropped) * table.Columns;
            table.Values.AsSpan(0, length).CopyTo(result.Values.AsSpan(offset));
            offset += length;
        }

        return result;
    }
}
