using IlqrVae.Models.Parameters;

namespace IlqrVae.Tests.Models;

public sealed class AffineConstraintTests
{
    [Fact]
    public void Rows_are_scaled()
    {
        var constraint = Constraint.RowScaled([2, 10]);
        Agrees(constraint, 2, 3, raw: [1, 2, 3, 4, 5, 6], value: [2, 4, 6, 40, 50, 60], slope: [2, 2, 2, 10, 10, 10]);
        Assert.Equal("affine", constraint.Name);
    }

    [Fact]
    public void Columns_are_scaled()
        => Agrees(Constraint.ColumnScaled([2, 10, 0.5]), 2, 3, raw: [1, 2, 3, 4, 5, 6], value: [2, 20, 1.5, 8, 50, 3], slope: [2, 10, 0.5, 2, 10, 0.5]);

    [Fact]
    public void Vectors_are_shifted_and_scaled()
        => Agrees(Constraint.Shifted([-1, 100, 0], [2, 10, 0.5]), 1, 3, raw: [1, 2, -3], value: [1, 120, -1.5], slope: [2, 10, 0.5]);

    [Fact]
    public void Its_numbers_are_its_own()
    {
        double[] scales = [3];
        var constraint = Constraint.RowScaled(scales);
        scales[0] = 7;
        var value = new double[1];
        constraint.Apply([1], 1, 1, value);
        Assert.Equal(3, value[0]);
    }

    [Fact]
    public void Impossible_numbers_and_shapes_are_refused()
    {
        foreach (var bad in new[] { 0, -1, double.NaN, double.PositiveInfinity })
        {
            Assert.Throws<ArgumentException>(() => Constraint.RowScaled([1, bad]));
            Assert.Throws<ArgumentException>(() => Constraint.ColumnScaled([bad, 1]));
            Assert.Throws<ArgumentException>(() => Constraint.Shifted([1], [bad]));
        }

        Assert.Throws<ArgumentException>(() => Constraint.RowScaled([]));
        Assert.Throws<ArgumentException>(() => Constraint.ColumnScaled([]));
        Assert.Throws<ArgumentException>(() => Constraint.Shifted([], [1]));
        Assert.Throws<ArgumentException>(() => Constraint.Shifted([double.NaN], [1]));
        Assert.Throws<ArgumentException>(() => Constraint.Shifted([1, 2], [1]));
        Assert.Throws<ArgumentException>(() => new Parameter<double>("C", 3, 2, Constraint.RowScaled([1, 2]), new double[6]));
        Assert.Throws<ArgumentException>(() => new Parameter<double>("C", 2, 3, Constraint.ColumnScaled([1, 2]), new double[6]));
        Assert.Throws<ArgumentException>(() => new Parameter<double>("d", 1, 1, Constraint.RowScaled([1e-300]), [1e300]));
    }

    private static void Agrees(Constraint constraint, int rows, int columns, double[] raw, double[] value, double[] slope)
    {
        var actual = new double[value.Length];
        constraint.Apply(raw, rows, columns, actual);
        Assert.Equal(value, actual);
        constraint.Invert(value, rows, columns, actual);
        Assert.Equal(raw, actual);
        double[] gradient = [.. raw.Select(x => x - 0.25)];
        constraint.PullBack(raw, value, gradient, rows, columns, actual);
        Assert.Equal(slope.Zip(gradient, (s, g) => s * g), actual);
        Assert.Equal(value, new Parameter<double>("p", rows, columns, constraint, value).ExactValue.ToArray());
    }
}
