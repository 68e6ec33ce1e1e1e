using System.Numerics;
using IlqrVae.Inference;
using IlqrVae.Numerics;
using static IlqrVae.Tests.Numerics.KernelCase;

namespace IlqrVae.Tests.Inference;

public sealed class TimeFactorGradientDoubleTests : TimeFactorGradientTests<double>;

public sealed class TimeFactorGradientSingleTests : TimeFactorGradientTests<float>;

/// <summary>Sums and norms of factored derivatives against the same written out element by element.</summary>
public abstract class TimeFactorGradientTests<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Largest trial, draws, inputs, trials: one step, ranks below and above the number of steps, depths of more than one piece.</summary>
    public static TheoryData<int, int, int, int> Sizes { get; } = new()
    {
        { 1, 1, 1, 1 },
        { 7, 1, 2, 3 },
        { 48, 2, 3, 4 },
        { 49, 1, 15, 20 },
        { 130, 3, 5, 9 },
        { 20, 8, 4, 3 },
        { 201, 1, 1, 2 },
    };

    private static double Tolerance => typeof(T) == typeof(float) ? 2e-4 : 1e-12;

    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_sum_is_that_of_the_elements(int steps, int draws, int inputs, int trials)
    {
        // L_t covers more than the longest trial.
        var factor = Factor(steps + 5);
        var (gradients, dense) = Draw(steps, draws, inputs, trials, factor);
        gradients[trials / 2].Scale(0.25);
        Scale(dense[trials / 2], 0.25);
        var expected = new double[factor.Rows, factor.Rows];
        foreach (var gradient in dense)
        {
            Each(gradient, (i, j) => expected[i, j] += gradient[i, j]);
        }

        var whole = Sum(factor.Rows);
        var scale = 1 + Each(expected).Max(Math.Abs);
        Each(expected, (i, j) => Assert.Equal(expected[i, j], double.CreateChecked(whole[i, j]), Tolerance * scale));

        // Rows come out with the same bits however they are shared out.
        var parts = Sum(24);
        Each(expected, (i, j) => Assert.Equal(whole[i, j], parts[i, j]));

        Matrix<T> Sum(int rows)
        {
            var total = Matrix<T>.Allocate(factor.Rows, factor.Rows);
            for (var first = 0; first < factor.Rows; first += rows)
            {
                gradients.AddRows(trials, factor, first, Math.Min(rows, factor.Rows - first), total);
            }

            return total;
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_norm_is_that_of_the_elements(int steps, int draws, int inputs, int trials)
    {
        var factor = Factor(steps);
        var (gradients, dense) = Draw(steps, draws, inputs, trials, factor);
        var norm = new TimeFactorNorm<T>(draws * inputs);
        for (var i = 0; i < trials; i++)
        {
            var expected = Each(dense[i]).Sum(x => x * x);
            Assert.Equal(1, (1 + norm.SumOfSquares(gradients[i], factor)) / (1 + expected), Tolerance);
        }
    }

    [Fact]
    public void What_overflowed_has_no_finite_norm_and_is_gone_when_it_counts_nothing()
    {
        var factor = Factor(60);
        var (gradients, dense) = Draw(60, 1, 2, 2, factor);
        gradients[0].Weighted[1, 50] = T.NaN;
        Assert.False(double.IsFinite(new TimeFactorNorm<T>(2).SumOfSquares(gradients[0], factor)));
        gradients[0].Scale(0);
        var total = Matrix<T>.Allocate(60, 60);
        gradients.AddRows(2, factor, 0, 60, total);
        Each(dense[1], (i, j) => Assert.Equal(dense[1][i, j], double.CreateChecked(total[i, j]), Tolerance * 100));
    }

    private static Matrix<T> Factor(int size)
    {
        var factor = Draw<T>(new Random(size), size, size);
        for (var i = 0; i < size; i++)
        {
            factor.Row(i)[(i + 1)..].Clear();
            factor[i, i] = T.One + (factor[i, i] / (T.One + T.One));
        }

        return factor;
    }

    /// <summary>Derivatives of trials of different lengths, every other one with a multiple of L_t, and the same written out.</summary>
    private static (TimeFactorGradients<T> Gradients, List<double[,]> Dense) Draw(int steps, int draws, int inputs, int trials, Matrix<T> factor)
    {
        var random = new Random(5);
        var gradients = new TimeFactorGradients<T>(trials, draws, inputs, steps + 1);
        var dense = new List<double[,]>();
        for (var trial = 0; trial < trials; trial++)
        {
            var length = Math.Max(1, steps - (3 * ((trial + 1) % 3)));
            var gradient = gradients[trial];
            var block = factor.RowRange(0, length).ColumnRange(0, length);

            // What an earlier batch left behind.
            gradient.Clear(steps);
            gradient.SetDraw(draws - 1, Draw<T>(random, steps, inputs), Draw<T>(random, steps, inputs), Draw<T>(random, steps, inputs));

            gradient.Clear(length);
            var expected = new double[length, length];
            for (var draw = 0; draw < draws; draw++)
            {
                var weighted = Draw<T>(random, length, inputs);
                var noise = Draw<T>(random, length, inputs);
                var correlated = Matrix<T>.Allocate(length, inputs);
                correlated.CopyFrom(Flat(Product(block, noise)));
                gradient.SetDraw(draw, weighted, noise, correlated);
                var product = Product(weighted, Transpose(noise));
                Each(expected, (i, j) => expected[i, j] += product[i, j] / draws);
            }

            gradient.ScaleDraws(1.0 / draws);
            var multiple = trial % 2 == 0 ? 0.3 : 0;
            if (multiple != 0)
            {
                gradient.AddFactor(multiple, Each(expected, (i, j) => Number(factor[i, j]) * Number(factor[i, j])));
            }

            gradient.SubtractInversePivots(1.7);
            Each(expected, (i, j) => expected[i, j] += (multiple * Number(factor[i, j])) - (i == j ? 1.7 / Number(factor[i, i]) : 0));
            dense.Add(expected);
        }

        return (gradients, dense);
    }

    private static double Number(T value) => double.CreateChecked(value);

    private static void Scale(double[,] matrix, double factor) => Each(matrix, (i, j) => matrix[i, j] *= factor);

    private static ReadOnlySpan<double> Flat(double[,] matrix) => matrix.Cast<double>().ToArray();

    /// <summary>Visits the lower triangle.</summary>
    private static void Each(double[,] matrix, Action<int, int> action) => Each(matrix, (i, j) =>
    {
        action(i, j);
        return 0;
    });

    private static double Each(double[,] matrix, Func<int, int, double> value)
    {
        var sum = 0.0;
        for (var i = 0; i < matrix.GetLength(0); i++)
        {
            for (var j = 0; j <= i; j++)
            {
                sum += value(i, j);
            }
        }

        return sum;
    }

    private static IEnumerable<double> Each(double[,] matrix)
        => from i in Enumerable.Range(0, matrix.GetLength(0)) from j in Enumerable.Range(0, i + 1) select matrix[i, j];
}
