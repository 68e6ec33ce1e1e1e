using CsCheck;
using IlqrVae.Models.Parameters;
using MathNet.Numerics.LinearAlgebra;

namespace IlqrVae.Tests.Models;

public sealed class ConstraintTests
{
    private static readonly Constraint[] All =
    [
        Constraint.Free, Constraint.Positive, Constraint.AboveTwo, Constraint.WithinOne, Constraint.UnitColumns, Constraint.Orthogonal, Constraint.Stable,
        Constraint.CholeskyFactor,
    ];

    private static readonly string[] Square = ["orthogonal", "stable", "cholesky-factor"];

    public static TheoryData<string> Names => [.. All.Select(constraint => constraint.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Invert_undoes_apply(string name)
        => Values(name).Sample(
            c =>
            {
                var constraint = Find(name);
                var value = Apply(constraint, c.Raw, c.Rows, c.Columns);
                if (name is "stable")
                {
                    // Only scaled rotations have an inverse in closed form: equal raw scales.
                    c.Raw.AsSpan(0, c.Rows).Fill(c.Raw[0]);
                    value = Apply(constraint, c.Raw, c.Rows, c.Columns);
                }

                var raw = new double[c.Raw.Length];
                constraint.Invert(value, c.Rows, c.Columns, raw);
                Close(value, Apply(constraint, raw, c.Rows, c.Columns), 1e-9);
            },
            iter: 100);

    [Theory]
    [MemberData(nameof(Names))]
    public void Pull_back_agrees_with_central_differences(string name)
        => Values(name).Sample(
            c =>
            {
                var constraint = Find(name);
                var value = Apply(constraint, c.Raw, c.Rows, c.Columns);
                var random = new Random(c.Seed);
                var gradient = value.Select(_ => random.NextDouble() - 0.5).ToArray();
                var actual = Enumerable.Repeat(7.0, c.Raw.Length).ToArray();
                constraint.PullBack(c.Raw, value, gradient, c.Rows, c.Columns, actual);
                var expected = new double[c.Raw.Length];
                const double H = 1e-5;
                for (var i = 0; i < c.Raw.Length; i++)
                {
                    var kept = c.Raw[i];
                    c.Raw[i] = kept + H;
                    var up = Apply(constraint, c.Raw, c.Rows, c.Columns);
                    c.Raw[i] = kept - H;
                    var down = Apply(constraint, c.Raw, c.Rows, c.Columns);
                    c.Raw[i] = kept;
                    expected[i] = gradient.Select((g, j) => g * (up[j] - down[j]) / (2 * H)).Sum();
                }

                Close(expected, actual, 1e-7);
            },
            iter: 60);

    [Fact]
    public void Stable_matrices_have_spectral_radius_below_one()
        => Values("stable").Sample(
            c =>
            {
                for (var i = 0; i < c.Raw.Length; i++)
                {
                    c.Raw[i] *= 3;
                }

                var a = Dense(Apply(Constraint.Stable, c.Raw, c.Rows, c.Rows), c.Rows);
                Assert.True(a.Evd().EigenValues.AbsoluteMaximum().Magnitude < 1);
            },
            iter: 100);

    [Fact]
    public void Orthogonal_matrices_are_rotations()
        => Values("orthogonal").Sample(
            c =>
            {
                var q = Dense(Apply(Constraint.Orthogonal, c.Raw, c.Rows, c.Rows), c.Rows);
                Assert.True(((q.Transpose() * q) - Matrix<double>.Build.DenseIdentity(c.Rows)).FrobeniusNorm() < 1e-11);
                Assert.Equal(1, q.Determinant(), 1e-10);
            },
            iter: 100);

    [Fact]
    public void Columns_have_unit_norm()
        => Values("unit-columns").Sample(
            c =>
            {
                var value = Apply(Constraint.UnitColumns, c.Raw, c.Rows, c.Columns);
                for (var j = 0; j < c.Columns; j++)
                {
                    Assert.Equal(1, Enumerable.Range(0, c.Rows).Sum(i => value[(i * c.Columns) + j] * value[(i * c.Columns) + j]), 1e-12);
                }
            },
            iter: 60);

    [Theory]
    [InlineData("positive", 1, "0", new double[] { 0 })]
    [InlineData("positive", 1, "-1", new double[] { 1, 2, -1 })]
    [InlineData("above-two", 1, "2", new double[] { 2 })]
    [InlineData("above-two", 1, "2.0000005", new double[] { 10, 2.0000005 })]
    [InlineData("within-one", 1, "1", new double[] { 0.5, 1 })]
    [InlineData("within-one", 1, "-0.9999995", new double[] { -0.9999995 })]
    [InlineData("unit-columns", 2, "Column 1 of norm 0.5", new double[] { 1, 0.5, 0, 0 })]
    [InlineData("unit-columns", 2, "Column 0 of norm 1.00001", new double[] { 1.00001, 0.6, 0, 0.8 })]
    [InlineData("unit-columns", 2, "Column 1 of norm", new double[] { 1, 0, 0, 0 })]
    [InlineData("orthogonal", 2, "in row 0, column 0", new double[] { 1, 1, 0, 1 })]
    [InlineData("orthogonal", 2, "in row 0, column 1", new double[] { 1, 1e-5, 0, 1 })]
    [InlineData("orthogonal", 2, "in row", new double[] { -1, 0, 0, 1 })]
    [InlineData("stable", 2, "Row 0 of norm 1.5", new double[] { 1.5, 0, 0, 1.5 })]
    [InlineData("stable", 2, "Row 0 of norm 1", new double[] { 1, 0, 0, 1 })]
    [InlineData("stable", 2, "Row 1 of norm 1.0000", new double[] { 0.9999999, 0, 0, 1.0000003 })]
    [InlineData("stable", 2, "Row 0 of norm 0", new double[] { 0, 0, 0, 0 })]
    [InlineData("stable", 2, "The value 0.50001 in row 1, column 1", new double[] { 0.5, 0, 0, 0.50001 })]
    [InlineData("stable", 2, "in row", new double[] { 0.5, 0.1, 0, 0.5 })]
    [InlineData("stable", 1, "in row 0, column 0", new double[] { -0.5 })]
    [InlineData("cholesky-factor", 2, "-1 in row 1 of the diagonal", new double[] { 1, 0, 0, -1 })]
    [InlineData("cholesky-factor", 2, "0 in row 0 of the diagonal", new double[] { 0, 0, 0, 1 })]
    [InlineData("cholesky-factor", 2, "0.25 in row 0, column 1", new double[] { 1, 0.25, 0, 1 })]
    public void Values_that_break_a_constraint_are_refused(string name, int rows, string said, double[] value)
    {
        var constraint = Find(name);
        var columns = value.Length / rows;
        var exception = Assert.Throws<ArgumentException>(() => constraint.Invert(value, rows, columns, new double[constraint.RawCount(rows, columns)]));
        Assert.Contains(said, exception.Message, StringComparison.Ordinal);
        Assert.Contains($"'{name}'", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_not_finite_is_refused(string name)
    {
        var constraint = Find(name);
        foreach (var bad in new[] { double.NaN, double.PositiveInfinity, double.NegativeInfinity })
        {
            for (var at = 0; at < 4; at++)
            {
                double[] value = name is "above-two" ? [3, 3, 3, 3] : name is "positive" ? [1, 1, 1, 1] : name is "within-one" ? [0, 0.5, -0.5, 0.9] : name is "stable" ? [0.5, 0, 0, 0.5] : [1, 0, 0, 1];
                constraint.Invert(value, 2, 2, new double[constraint.RawCount(2, 2)]);
                value[at] = bad;
                Assert.Contains($"The value {bad} in row {at / 2}, column {at % 2}", Refused(constraint.Invert, constraint, value), StringComparison.Ordinal);
                Assert.Contains($"The value {bad} in row {at / 2}, column {at % 2}", Refused(constraint.Project, constraint, value), StringComparison.Ordinal);
            }
        }

        static string Refused(Action<ReadOnlySpan<double>, int, int, Span<double>> find, Constraint constraint, double[] value)
            => Assert.Throws<ArgumentException>(() => find(value, 2, 2, new double[constraint.RawCount(2, 2)])).Message;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Other_shapes_are_refused(string name)
    {
        var constraint = Find(name);
        Assert.Throws<ArgumentException>(() => constraint.Invert([1, 0, 0], 2, 2, new double[constraint.RawCount(2, 2)]));
        Assert.Throws<ArgumentException>(() => constraint.Invert([1, 0, 0, 1], 2, 2, new double[constraint.RawCount(2, 2) + 1]));
        Assert.Throws<ArgumentException>(() => constraint.Invert([1], -1, -1, [0]));
        if (Square.Contains(name, StringComparer.Ordinal))
        {
            Assert.Throws<ArgumentException>(() => constraint.RawCount(2, 3));
        }
    }

    [Fact]
    public void Projection_keeps_the_direction_of_columns_and_refuses_those_without()
    {
        double[] raw = new double[4], value = new double[4];
        Constraint.UnitColumns.Project([3, 0, 4, -1e-3], 2, 2, raw);
        Constraint.UnitColumns.Apply(raw, 2, 2, value);
        Assert.Equal([0.6, 0, 0.8, -1], value);
        foreach (var bad in new[] { 0, 1e-200, 1e200 })
        {
            var exception = Assert.Throws<ArgumentException>(() => Constraint.UnitColumns.Project([1, bad, 0, 0], 2, 2, raw));
            Assert.Contains("Column 1 of norm", exception.Message, StringComparison.Ordinal);
        }

        Assert.Throws<ArgumentException>(() => Constraint.Positive.Project([1, 0, 1, 1], 2, 2, raw));
    }

    [Theory]
    [InlineData(2.01)]
    [InlineData(4)]
    [InlineData(10)]
    [InlineData(1e6)]
    public void Ordinary_degrees_of_freedom_are_two_plus_an_exponential_to_the_last_bit(double value)
    {
        double[] raw = [0], back = [0], slope = [0];
        Constraint.AboveTwo.Invert([value], 1, 1, raw);
        Assert.Equal(Math.Log(value - 2), raw[0]);
        Constraint.AboveTwo.Apply(raw, 1, 1, back);
        Assert.Equal(2 + Math.Exp(raw[0]), back[0]);
        Constraint.AboveTwo.PullBack(raw, back, [1], 1, 1, slope);
        Assert.Equal(Math.Exp(raw[0]), slope[0]);
    }

    [Fact]
    public void Degrees_of_freedom_near_two_can_be_set_and_learned()
    {
        double[] raw = [0], back = [0], slope = [0];
        foreach (var value in new[] { 2.00005, 2.000002, 2.0000011 })
        {
            Constraint.AboveTwo.Invert([value], 1, 1, raw);
            Constraint.AboveTwo.Apply(raw, 1, 1, back);
            Assert.Equal(value, back[0], 1e-14);
        }

        // Above 2 in single precision, and never flat, however far down.
        for (raw[0] = -30; raw[0] < 5; raw[0] += 0.25)
        {
            double[] next = [raw[0] + 0.01], further = [0];
            Constraint.AboveTwo.Apply(raw, 1, 1, back);
            Constraint.AboveTwo.Apply(next, 1, 1, further);
            Constraint.AboveTwo.PullBack(raw, back, [1], 1, 1, slope);
            Assert.True((float)back[0] > 2);
            Assert.True(further[0] >= back[0]);
            Assert.True(slope[0] > 0);
        }
    }

    private static Constraint Find(string name) => All.Single(constraint => string.Equals(constraint.Name, name, StringComparison.Ordinal));

    private static Gen<(int Rows, int Columns, int Seed, double[] Raw)> Values(string name)
        => Gen.Select(Gen.Int[1, 9], Gen.Int[1, 9], Gen.Int[0, 1_000_000]).Select((rows, columns, seed) =>
        {
            columns = Square.Contains(name, StringComparer.Ordinal) ? rows : columns;
            var random = new Random(seed);
            var raw = new double[Find(name).RawCount(rows, columns)];
            for (var i = 0; i < raw.Length; i++)
            {
                raw[i] = 3 * (random.NextDouble() - 0.5);
                raw[i] += name is "unit-columns" ? Math.CopySign(0.3, raw[i]) : 0;
            }

            return (rows, columns, seed, raw);
        });

    private static double[] Apply(Constraint constraint, double[] raw, int rows, int columns)
    {
        var value = new double[rows * columns];
        constraint.Apply(raw, rows, columns, value);
        return value;
    }

    private static Matrix<double> Dense(double[] rowMajor, int n) => Matrix<double>.Build.Dense(n, n, (i, j) => rowMajor[(i * n) + j]);

    private static void Close(double[] expected, double[] actual, double tolerance)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(
                Math.Abs(expected[i] - actual[i]) <= tolerance * Math.Max(1, Math.Abs(expected[i])), $"expected {expected[i]:R}, got {actual[i]:R}");
        }
    }
}
