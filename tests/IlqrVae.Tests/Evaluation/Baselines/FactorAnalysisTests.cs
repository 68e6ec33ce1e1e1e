using IlqrVae.Evaluation.Baselines;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using Dense = MathNet.Numerics.LinearAlgebra.Matrix<double>;

namespace IlqrVae.Tests.Evaluation.Baselines;

public sealed class FactorAnalysisTests
{
    [Theory]
    [InlineData(6, 2, 3)]
    [InlineData(9, 4, 8)]
    [InlineData(5, 1, 1)]
    public void The_conditional_mean_is_that_of_the_joint_gaussian(int channels, int factors, int given)
    {
        var model = FactorAnalysis.Fit(Rows(channels, 400, (ulong)channels), factors);
        var loadings = Dense.Build.Dense(channels, factors, (c, k) => model.Loadings[(c * factors) + k]);
        var covariance = (loadings * loadings.Transpose()) + Dense.Build.DiagonalOfDiagonalArray(model.Noise.ToArray());
        int[] known = [.. Enumerable.Range(0, channels).Reverse().Take(given)];
        int[] wanted = [.. Enumerable.Range(0, channels - given)];
        var expected = Dense.Build.Dense(wanted.Length, given, (i, j) => covariance[wanted[i], known[j]]) * Dense.Build.Dense(given, given, (i, j) => covariance[known[i], known[j]]).Inverse();
        var found = model.Conditional(known, wanted);
        for (var i = 0; i < wanted.Length; i++)
        {
            for (var j = 0; j < given; j++)
            {
                Assert.Equal(expected[i, j], found[i, j], 1e-9 * (1 + Math.Abs(expected[i, j])));
            }
        }
    }

    [Theory]
    [InlineData(4, 1)]
    [InlineData(8, 3)]
    [InlineData(12, 6)]
    public void The_likelihood_never_falls_and_is_that_of_the_gaussian(int channels, int factors)
    {
        var rows = Rows(channels, 300, 9);
        var model = FactorAnalysis.Fit(rows, factors, 25);
        Assert.InRange(model.LogLikelihoods.Count, 2, 25);
        for (var i = 1; i < model.LogLikelihoods.Count; i++)
        {
            Assert.True(model.LogLikelihoods[i] >= model.LogLikelihoods[i - 1] - 1e-10, $"{i}");
        }

        // The likelihood of the parameters that came of all iterations but the last is the last one noted.
        var before = FactorAnalysis.Fit(rows, factors, model.LogLikelihoods.Count - 1);
        var loadings = Dense.Build.Dense(channels, factors, (c, k) => before.Loadings[(c * factors) + k]);
        var covariance = (loadings * loadings.Transpose()) + Dense.Build.DiagonalOfDiagonalArray(before.Noise.ToArray());
        var inverse = covariance.Inverse();
        var sum = 0.0;
        for (var t = 0; t < rows.Bins; t++)
        {
            var row = MathNet.Numerics.LinearAlgebra.Vector<double>.Build.Dense(channels, c => rows[t, c] - before.Mean[c]);
            sum -= 0.5 * ((channels * Math.Log(2 * Math.PI)) + Math.Log(covariance.Determinant()) + (row * inverse * row));
        }

        Assert.Equal(sum / rows.Bins, model.LogLikelihoods[^1], 1e-8);
    }

    [Fact]
    public void What_one_factor_made_is_found()
    {
        var random = new CounterRandom(4, 2);
        double[] loadings = [1, -2, 0.5, 3];
        var rows = new Table(4000, 4);
        for (var t = 0; t < rows.Bins; t++)
        {
            var z = random.NextNormal();
            for (var c = 0; c < 4; c++)
            {
                rows[t, c] = 5 + (loadings[c] * z) + ((1 + (0.2 * c)) * random.NextNormal());
            }
        }

        var model = FactorAnalysis.Fit(rows, 1, 500);
        var sign = Math.Sign(model.Loadings[0]);
        for (var c = 0; c < 4; c++)
        {
            Assert.Equal(loadings[c], sign * model.Loadings[c], 0.15);
            Assert.Equal((1 + (0.2 * c)) * (1 + (0.2 * c)), model.Noise[c], 0.35);
        }
    }

    private static Table Rows(int channels, int rows, ulong seed)
    {
        var random = new CounterRandom(seed, 7);
        var table = new Table(rows, channels);
        random.FillNormal(table.Values);
        for (var t = 0; t < rows; t++)
        {
            var shared = random.NextNormal();
            for (var c = 1; c < channels; c++)
            {
                table[t, c] = (3 * c) + (c * ((0.7 * table[t, c - 1] / Math.Max(1, c - 1)) + table[t, c] + (shared * Math.Cos(c))));
            }
        }

        return table;
    }
}
