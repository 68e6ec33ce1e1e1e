using CsCheck;
using IlqrVae.Models.Parameters;
using MathNet.Numerics.LinearAlgebra;

namespace IlqrVae.Tests.Models;

public sealed class ConstraintTests
{
    private static readonly Constraint[] All =
    [
        Constraint.Free, Constraint.Positive, Constraint.AboveTwo, Constraint.UnitColumns, Constraint.Orthogonal, Constraint.Stable,
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

    [Fact]
    public void Values_that_break_a_constraint_are_refused()
    {
        Refuses(Constraint.Positive, [0]);
        Refuses(Constraint.Positive, [-1]);
        Refuses(Constraint.AboveTwo, [2]);
        Refuses(Constraint.Orthogonal, [1, 1, 0, 1]);
        Refuses(Constraint.Orthogonal, [-1, 0, 0, 1]);
        Refuses(Constraint.Stable, [1.5, 0, 0, 1.5]);
        Refuses(Constraint.CholeskyFactor, [1, 0, 0, -1]);

        static void Refuses(Constraint constraint, double[] value)
        {
            var rows = value.Length == 4 ? 2 : 1;
            Assert.Throws<ArgumentException>(() => constraint.Invert(value, rows, rows, new double[constraint.RawCount(rows, rows)]));
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
