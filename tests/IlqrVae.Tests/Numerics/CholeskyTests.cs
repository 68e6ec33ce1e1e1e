using System.Numerics;
using CsCheck;
using IlqrVae.Numerics;
using static IlqrVae.Tests.Numerics.KernelCase;

namespace IlqrVae.Tests.Numerics;

public sealed class CholeskyDoubleTests : CholeskyTests<double>;

public sealed class CholeskySingleTests : CholeskyTests<float>;

/// <summary>Factors and triangular solves, by multiplying back and against an independent factorisation.</summary>
public abstract unsafe class CholeskyTests<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly Gen<(int M, int N, int Seed)> Shapes = Gen.Select(Gen.Int[1, 70], Gen.Int[1, 70], Gen.Int[0, 1_000_000]);

    /// <summary>[S Q] becomes [R Y] with R' R = S and R' Y = Q; the garbage below the diagonal of R is never read.</summary>
    [Fact]
    public void Eliminating_a_panel_factors_it() => Shapes.Sample(
        s =>
        {
            var random = new Random(s.Seed);
            var (definite, cross) = (Definite<T>(random, s.M), Draw<T>(random, s.M, s.N));
            var (panel, y) = Panel(definite, cross);
            Assert.True(Cholesky.EliminatePanel(panel));
            var r = Upper(panel, s.M);
            Same(Product(Transpose(r), r), definite);
            Same(Product(Transpose(r), Copy(y)), cross);
            PaddingIsZero(panel);
            PaddingIsZero(y);
            PaddingIsZero(panel.ColumnRange(0, s.M));
        });

    /// <summary>Beyond one panel of rows, and one slab, with and without rows and columns that follow.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(47, 3)]
    [InlineData(48, 0)]
    [InlineData(48, 5)]
    [InlineData(49, 1)]
    [InlineData(96, 20)]
    [InlineData(131, 0)]
    [InlineData(131, 14)]
    [InlineData(192, 1)]
    [InlineData(193, 9)]
    [InlineData(401, 30)]
    public void Eliminating_a_large_matrix_factors_its_first_rows(int count, int rest)
    {
        var random = new Random(count + rest);
        var whole = Definite<T>(random, count + rest);
        var a = Copy(whole);
        for (var i = 1; i < a.Rows; i++)
        {
            a.Row(i)[..i].Fill(T.NaN);
        }

        Assert.True(Cholesky.Eliminate(a, count));
        var r = Upper(a.RowRange(0, count), count);
        Same(Product(Transpose(r), r), Copy(whole.RowRange(0, count).ColumnRange(0, count)));
        Same(Product(Transpose(r), Last(a)), Last(whole));
        for (var i = count; i < a.Rows; i++)
        {
            Assert.Equal(whole.Row(i)[i..], a.Row(i)[i..]);
        }

        whole[count - 1, count - 1] = -T.One;
        Assert.False(Cholesky.Eliminate(whole, count));

        // The last columns of the first rows.
        Matrix<T> Last(Matrix<T> matrix)
        {
            var last = Matrix<T>.Allocate(count, rest);
            for (var i = 0; i < count; i++)
            {
                matrix.Row(i)[count..].CopyTo(last.Row(i));
            }

            return last;
        }
    }

    [Fact]
    public void The_factor_is_that_of_an_independent_library() => Shapes.Sample(
        s =>
        {
            var definite = Definite<T>(new Random(s.Seed), s.M);
            var theirs = Independent(definite).Cholesky();
            var ours = Copy(definite);
            Assert.True(Cholesky.EliminatePanel(ours));
            var upper = Upper(ours, s.M);
            for (var i = 0; i < s.M; i++)
            {
                for (var j = 0; j < s.M; j++)
                {
                    Close(theirs.Factor[j, i], upper[i, j]);
                }
            }

            var logDeterminant = theirs.DeterminantLn;
            Assert.Equal(logDeterminant, Cholesky.LogDeterminant(ours), (typeof(T) == typeof(double) ? 1e-12 : 1e-5) * Math.Max(1, s.M));
        });

    [Fact]
    public void Solves_undo_products() => Shapes.Sample(
        s =>
        {
            var random = new Random(s.Seed);
            var positive = Definite<T>(random, s.M);
            var factor = Copy(positive);
            Assert.True(Cholesky.EliminatePanel(factor));
            var r = Upper(factor, s.M);
            var x = Draw<T>(random, 1, s.M);
            var right = Copy(x);
            var squares = Cholesky.SolveBoth(factor, right.Pointer);
            Same(Product(right, positive), x);
            Close(RowOperations.Dot(x, right), T.CreateChecked(squares));
            PaddingIsZero(right);
            right = Copy(x);
            Cholesky.Solve(factor, right.Pointer);
            Same(Product(right, Transpose(r)), x);
            PaddingIsZero(right);
            right.KeepAlive();
        });

    [Fact]
    public void The_negative_solve_gives_gains() => Shapes.Sample(
        s =>
        {
            var random = new Random(s.Seed);
            var (panel, y) = Panel(Definite<T>(random, s.M), Draw<T>(random, s.M, s.N));
            Assert.True(Cholesky.EliminatePanel(panel));
            var k = Draw<T>(random, s.M, s.N);
            Cholesky.NegativeSolve(panel, y, k);
            var minus = Matrix<T>.Allocate(s.M, s.N);
            RowOperations.AddScaled(-T.One, y, minus);
            Same(Product(Upper(panel, s.M), k), minus);
            PaddingIsZero(k);
        });

    [Fact]
    public void Matrices_that_are_not_positive_definite_are_refused() => Shapes.Sample(
        s =>
        {
            var random = new Random(s.Seed);
            var at = random.Next(s.M);
            foreach (var bad in new[] { T.NaN, T.PositiveInfinity, -T.One, T.Zero })
            {
                var definite = Definite<T>(random, s.M);
                definite[at, at] = bad;
                Assert.False(Cholesky.EliminatePanel(definite));
            }
        });

    [Fact]
    public void Mirroring_makes_a_matrix_symmetric() => Shapes.Sample(
        s =>
        {
            var a = Draw<T>(new Random(s.Seed), s.M, s.M);
            var before = Copy(a);
            Cholesky.MirrorUpper(a);
            for (var i = 0; i < s.M; i++)
            {
                for (var j = 0; j < s.M; j++)
                {
                    Assert.Equal(before[Math.Min(i, j), Math.Max(i, j)], a[i, j]);
                }
            }

            PaddingIsZero(a);
        });

    private static (Matrix<T> Panel, Matrix<T> Cross) Panel(Matrix<T> definite, Matrix<T> cross)
    {
        var width = Matrix<T>.PaddedLength(definite.Columns);
        var panel = Matrix<T>.Allocate(definite.Rows, width + cross.Columns);
        panel.ColumnRange(0, definite.Columns).CopyFrom(definite);
        var y = panel.ColumnRange(width, cross.Columns);
        y.CopyFrom(cross);
        return (panel, y);
    }

    private static Matrix<T> Upper(Matrix<T> factor, int n)
    {
        var upper = Matrix<T>.Allocate(n, n);
        for (var i = 0; i < n; i++)
        {
            for (var j = i; j < n; j++)
            {
                upper[i, j] = factor[i, j];
            }
        }

        return upper;
    }

    private static MathNet.Numerics.LinearAlgebra.Matrix<double> Independent(Matrix<T> a)
        => MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.Dense(a.Rows, a.Columns, (i, j) => double.CreateChecked(a[i, j]));
}
