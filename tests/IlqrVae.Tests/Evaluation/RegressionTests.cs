using IlqrVae.Evaluation;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using Dense = MathNet.Numerics.LinearAlgebra.Matrix<double>;

namespace IlqrVae.Tests.Evaluation;

public sealed class RegressionTests
{
    [Theory]
    [InlineData(1, 1, 12)]
    [InlineData(5, 2, 40)]
    [InlineData(37, 3, 300)]
    [InlineData(90, 2, 41)]
    [InlineData(300, 1, 2)]
    public void Ridge_solves_the_penalised_normal_equations_and_spares_the_intercept(int p, int d, int rows)
    {
        var (x, y) = Problem(rows, p, d, 1);
        foreach (var alpha in new[] { 1e-3, 1, 100 })
        {
            var fit = RidgeRegression.Fit(x, y, alpha);
            var residual = new Table(rows, d);
            var estimate = fit.Apply(x);
            for (var i = 0; i < residual.Values.Length; i++)
            {
                residual.Values[i] = y.Values[i] - estimate.Values[i];
            }

            // The gradient: X'(y - Xw - b) = alpha w, and 1'(y - Xw - b) = 0.
            for (var j = 0; j < d; j++)
            {
                Assert.Equal(0, Enumerable.Range(0, rows).Sum(t => residual[t, j]), 1e-9);
                for (var i = 0; i < p; i++)
                {
                    Assert.Equal(alpha * fit.Weights[(i * d) + j], Enumerable.Range(0, rows).Sum(t => x[t, i] * residual[t, j]), 1e-8);
                }
            }
        }
    }

    [Fact]
    public void A_relative_penalty_does_not_depend_on_the_scale_or_number_of_rows()
    {
        var (x, y) = Problem(60, 4, 2, 2);
        var plain = RidgeRegression.Fit(x, y, 0.1, RidgePenalty.Relative).Apply(x);
        var scaled = new Table(120, 4, [.. x.Values.Concat(x.Values).Select(value => 1000 * value)]);
        var doubled = RidgeRegression.Fit(scaled, new Table(120, 2, [.. y.Values, .. y.Values]), 0.1, RidgePenalty.Relative).Apply(scaled);
        for (var i = 0; i < plain.Values.Length; i++)
        {
            Assert.Equal(plain.Values[i], doubled.Values[i], 1e-9);
        }
    }

    [Fact]
    public void A_relative_penalty_is_in_units_of_the_mean_sum_of_squares()
    {
        var (x, y) = Problem(60, 4, 2, 2);
        var squares = 0.0;
        for (var i = 0; i < 4; i++)
        {
            var mean = Enumerable.Range(0, 60).Average(t => x[t, i]);
            squares += Enumerable.Range(0, 60).Sum(t => (x[t, i] - mean) * (x[t, i] - mean));
        }

        var relative = RidgeRegression.Fit(x, y, 0.3, RidgePenalty.Relative);
        var absolute = RidgeRegression.Fit(x, y, 0.3 * squares / 4);
        for (var i = 0; i < 8; i++)
        {
            Assert.Equal(absolute.Weights[i], relative.Weights[i], 1e-12);
        }
    }

    [Fact]
    public void Least_squares_recovers_an_exact_map_over_many_blocks_of_rows()
    {
        var (x, _) = Problem(3000, 6, 1, 3);
        var y = new Table(3000, 2);
        for (var t = 0; t < 3000; t++)
        {
            y[t, 0] = (2 * x[t, 0]) - x[t, 5] + 7;
            y[t, 1] = x[t, 3] - 1;
        }

        var fit = RidgeRegression.LeastSquares(x, y);
        double[] expected = [2, 0, 0, 0, 0, 0, 0, 1, 0, 0, -1, 0];
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], fit.Weights[i], 1e-10);
        }

        Assert.Equal(7, fit.Intercept[0], 1e-10);
        Assert.Equal(-1, fit.Intercept[1], 1e-10);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1e-300)]
    [InlineData(1e-6)]
    public void Dependent_features_share_the_weight(double alpha)
    {
        var (x, _) = Problem(50, 1, 1, 4);
        var twice = new Table(50, 3);
        for (var t = 0; t < 50; t++)
        {
            twice[t, 0] = twice[t, 1] = x[t, 0];
            twice[t, 2] = 5;
        }

        var fit = RidgeRegression.Fit(twice, new Table(50, 1, [.. x.Values.Select(value => (4 * value) + 1)]), alpha);
        Assert.Equal(2, fit.Weights[0], 1e-5);
        Assert.Equal(2, fit.Weights[1], 1e-5);
        Assert.Equal(0, fit.Weights[2], 1e-5);
    }

    /// <summary>Pivots that rounding alone keeps above zero must not be divided by.</summary>
    [Fact]
    public void Combinations_of_other_features_do_no_harm_under_the_weakest_penalty()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            var random = new CounterRandom((ulong)seed, 5);
            var (few, y) = Problem(40, 3, 1, (ulong)seed);
            var x = new Table(40, 7);
            var mix = new double[3 * 4];
            random.FillNormal(mix);
            for (var t = 0; t < 40; t++)
            {
                few.Row(t).CopyTo(x.Row(t));
                for (var i = 0; i < 4; i++)
                {
                    x[t, 3 + i] = Enumerable.Range(0, 3).Sum(j => mix[(j * 4) + i] * few[t, j]);
                }
            }

            var (weakest, smallest) = (RidgeRegression.Fit(x, y, 1e-300), RidgeRegression.LeastSquares(x, y));
            for (var i = 0; i < 7; i++)
            {
                Assert.Equal(smallest.Weights[i], weakest.Weights[i], 1e-9);
            }
        }
    }

    [Fact]
    public void Fewer_rows_than_features_give_the_smallest_exact_weights()
    {
        var (x, y) = Problem(5, 12, 1, 5);
        var fit = RidgeRegression.LeastSquares(x, y);
        var estimate = fit.Apply(x);
        var ridge = RidgeRegression.Fit(x, y, 1e-9);
        for (var t = 0; t < 5; t++)
        {
            Assert.Equal(y.Values[t], estimate.Values[t], 1e-9);
        }

        for (var i = 0; i < 12; i++)
        {
            Assert.Equal(ridge.Weights[i], fit.Weights[i], 1e-6);
        }
    }

    /// <summary>With a drift folds differ in their means, and every training set has one of its own.</summary>
    [Theory]
    [InlineData(0, 20)]
    [InlineData(0.03, 20)]
    [InlineData(0.3, 20)]
    [InlineData(0.03, 160)]
    [InlineData(0.3, 300)]
    public void Cross_validation_chooses_as_fits_on_the_folds_do(double drift, int features)
    {
        var (x, y) = Problem(101, features, 2, 6);
        for (var t = 0; t < 101; t++)
        {
            x[t, 0] += drift * t;
            y[t, 1] -= drift * t;
        }

        double[] alphas = [.. Enumerable.Range(0, 36).Select(i => 0.01 * Math.Pow(1.5, i))];
        var scores = alphas.Select(alpha => Enumerable.Range(0, 4).Average(fold =>
        {
            var (start, end) = (101 * fold / 4, 101 * (fold + 1) / 4);
            int[] test = [.. Enumerable.Range(start, end - start)];
            int[] train = [.. Enumerable.Range(0, 101).Except(test)];
            return Metrics.R2(Select(y, test), RidgeRegression.Fit(Select(x, train), Select(y, train), alpha).Apply(Select(x, test)));
        })).ToArray();
        var fit = RidgeRegression.FitCrossValidated(x, y, alphas, 4);
        Assert.Equal(alphas[Array.IndexOf(scores, scores.Max())], fit.Alpha);
        var direct = RidgeRegression.Fit(x, y, fit.Alpha);
        for (var i = 0; i < fit.Weights.Length; i++)
        {
            Assert.Equal(direct.Weights[i], fit.Weights[i], 1e-10);
        }
    }

    [Theory]
    [InlineData(new double[] { 1, 100, 10 })]
    [InlineData(new double[] { 100, 10, 1 })]
    [InlineData(new double[] { 1, 10, 100 })]
    public void Ties_go_to_the_stronger_penalty(double[] alphas)
    {
        // A feature that does not vary has no weight under any penalty; outputs that do not vary have no score.
        var (_, y) = Problem(30, 1, 1, 9);
        var constant = new Table(30, 2);
        constant.Values.AsSpan().Fill(5);
        var fit = RidgeRegression.FitCrossValidated(constant, y, alphas);
        Assert.Equal(100, fit.Alpha);
        Assert.Equal([0, 0], fit.Weights.ToArray());
        Assert.Equal(y.Values.Average(), fit.Intercept[0], 1e-12);
        Assert.Equal(100, RidgeRegression.FitCrossValidated(y, new Table(30, 1), alphas).Alpha);
    }

    [Theory]
    [InlineData(150, 2)]
    [InlineData(96, 1)]
    [InlineData(650, 3)]
    public void Many_features_are_solved_as_an_independent_library_does(int p, int d)
    {
        var (x, y) = Problem(400, p, d, 10);
        var fit = RidgeRegression.Fit(x, y, 3);
        var left = Dense.Build.Dense(400, p, (t, i) => x[t, i] - Enumerable.Range(0, 400).Average(s => x[s, i]));
        var right = Dense.Build.Dense(400, d, (t, j) => y[t, j] - Enumerable.Range(0, 400).Average(s => y[s, j]));
        var theirs = (left.TransposeThisAndMultiply(left) + (3 * Dense.Build.DenseIdentity(p))).Cholesky().Solve(left.TransposeThisAndMultiply(right));
        for (var i = 0; i < p; i++)
        {
            for (var j = 0; j < d; j++)
            {
                Assert.Equal(theirs[i, j], fit.Weights[(i * d) + j], 1e-11);
            }
        }
    }

    /// <summary>From either side, with more rows and with fewer rows than features, in either unit.</summary>
    [Theory]
    [InlineData(101, 12, 0, RidgePenalty.Relative)]
    [InlineData(101, 12, 8, RidgePenalty.Absolute)]
    [InlineData(60, 150, 0, RidgePenalty.Relative)]
    [InlineData(60, 150, 8, RidgePenalty.Absolute)]
    public void Climbing_finds_the_penalty_that_all_of_them_show(int rows, int features, int start, RidgePenalty unit)
    {
        var (x, y) = Problem(rows, features, 2, 8);
        double[] alphas = [.. Enumerable.Range(0, 9).Select(i => (unit == RidgePenalty.Absolute ? 1 : 1e-2) * Math.Pow(3, i))];
        var all = RidgeRegression.FitCrossValidated(x, y, alphas, 4, unit);
        Assert.NotEqual(alphas[start], all.Alpha);
        var found = RidgeRegression.FitClimbing(x, y, alphas, start, 4, unit);
        Assert.Equal(all.Alpha, found.Alpha);
        Assert.Equal(all.CrossValidatedR2, found.CrossValidatedR2);
        Assert.Equal(all.Weights.ToArray(), found.Weights.ToArray());
    }

    [Fact]
    public void Impossible_fits_are_refused()
    {
        var (x, y) = Problem(10, 2, 1, 7);
        Assert.Throws<ArgumentException>(() => RidgeRegression.Fit(x, new Table(9, 1), 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => RidgeRegression.Fit(x, y, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => RidgeRegression.FitCrossValidated(x, y, folds: 11));
        Assert.Throws<ArgumentException>(() => RidgeRegression.FitCrossValidated(x, y, []));
        Assert.Throws<ArgumentException>(() => RidgeRegression.Fit(x, y, 1).Apply(new Table(1, 3)));
    }

    [Fact]
    public void The_default_grid_is_that_of_the_benchmark()
    {
        Assert.Equal(9, RidgeRegression.DefaultAlphas.Count);
        Assert.Equal(1e-4, RidgeRegression.DefaultAlphas[0], 1e-18);
        Assert.Equal(1e-2, RidgeRegression.DefaultAlphas[4], 1e-16);
        Assert.Equal(1, RidgeRegression.DefaultAlphas[8], 1e-14);
    }

    [Fact]
    public void Alignment_undoes_an_affine_change_of_coordinates()
    {
        var (x, _) = Problem(40, 3, 1, 8);
        var inferred = new Table(40, 3);
        for (var t = 0; t < 40; t++)
        {
            inferred[t, 0] = x[t, 0] + (2 * x[t, 1]) + 1;
            inferred[t, 1] = x[t, 1] - x[t, 2];
            inferred[t, 2] = 3 * x[t, 2];
        }

        Table[] parts = [Select(inferred, [.. Enumerable.Range(0, 15)]), Select(inferred, [.. Enumerable.Range(15, 25)])];
        var alignment = LinearAlignment.Fit(parts, [Select(x, [.. Enumerable.Range(0, 15)]), Select(x, [.. Enumerable.Range(15, 25)])]);
        Assert.Equal(1, alignment.VarianceCaptured, 1e-12);
        var back = alignment.Apply(inferred);
        for (var i = 0; i < x.Values.Length; i++)
        {
            Assert.Equal(x.Values[i], back.Values[i], 1e-10);
        }
    }

    [Fact]
    public void Alignment_of_inputs_can_leave_out_the_last_bin()
    {
        Table truth = new(4, 1, [1, 2, 4, 0]);
        Table inferred = new(4, 1, [2, 4, 8, 99]);
        Assert.Equal(1, LinearAlignment.Fit([inferred], [truth], dropLastBin: true).VarianceCaptured, 1e-12);
        Assert.True(LinearAlignment.Fit([inferred], [truth]).VarianceCaptured < 0.9);
    }

    /// <summary>Only the last bins of trials differ from a perfect map, and only there may the score be lost.</summary>
    [Fact]
    public void Alignment_scores_the_last_bin_of_every_trial()
    {
        Table[] truth = [new(3, 1, [1, 2, 10]), new(2, 1, [4, -6])];
        Table[] inferred = [new(3, 1, [1, 2, 0]), new(2, 1, [4, 0])];

        // A regression line by its textbook sums.
        var (x, y) = ((double[])[1, 2, 0, 4, 0], (double[])[1, 2, 10, 4, -6]);
        var (mx, my) = (x.Average(), y.Average());
        var slope = x.Zip(y, (a, b) => (a - mx) * (b - my)).Sum() / x.Sum(a => (a - mx) * (a - mx));
        var residual = x.Zip(y, (a, b) => Math.Pow(b - my - (slope * (a - mx)), 2)).Sum();
        var expected = 1 - (residual / y.Sum(b => (b - my) * (b - my)));
        var alignment = LinearAlignment.Fit(inferred, truth);
        Assert.Equal(expected, alignment.VarianceCaptured, 1e-12);
        Assert.Equal(expected, alignment.R2PerColumn[0], 1e-12);
        Assert.Equal(slope, alignment.Weights[0], 1e-12);
        Assert.Equal(1, LinearAlignment.Fit(inferred, truth, dropLastBin: true).VarianceCaptured, 1e-12);
        Assert.Throws<ArgumentException>(() => LinearAlignment.Fit([inferred[1], inferred[0]], truth));
        Assert.Equal([1, 2, 10, 4, -6], LinearAlignment.Stack(truth).Values);
        Assert.Equal([1, 2, 4], LinearAlignment.Stack(truth, dropLastBin: true).Values);
        Assert.Throws<ArgumentException>(() => LinearAlignment.Stack([]));
        Assert.Throws<ArgumentException>(() => LinearAlignment.Stack([new Table(1, 1), new Table(1, 2)]));
    }

    private static (Table X, Table Y) Problem(int rows, int p, int d, ulong seed)
    {
        var random = new CounterRandom(seed);
        var x = new Table(rows, p);
        random.FillNormal(x.Values);
        for (var i = 0; i < x.Values.Length; i++)
        {
            x.Values[i] += i % p;
        }

        var y = new Table(rows, d);
        for (var t = 0; t < rows; t++)
        {
            for (var j = 0; j < d; j++)
            {
                y[t, j] = (x[t, j % p] * (j + 1)) + random.NextNormal() + 3;
            }
        }

        return (x, y);
    }

    private static Table Select(Table table, int[] rows) => new(rows.Length, table.Columns, [.. rows.SelectMany(t => table.Row(t).ToArray())]);
}
