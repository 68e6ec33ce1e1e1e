using IlqrVae.Evaluation.Baselines;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Tests.Evaluation.Baselines;

public sealed class PoissonRegressionTests
{
    [Theory]
    [InlineData(1, 1, 40, 0.01)]
    [InlineData(4, 3, 150, 0.1)]
    [InlineData(17, 9, 700, 1e-3)]
    [InlineData(30, 2, 1100, 0)]
    [InlineData(6, 5, 25, 1)]
    public void The_derivative_of_the_penalised_likelihood_is_zero(int p, int k, int rows, double alpha)
    {
        var (x, n) = Problem(p, k, rows, seed: 3);
        var fit = PoissonRegression.Fit([x], [n], alpha);
        var rates = fit.Apply(x);
        for (var j = 0; j < k; j++)
        {
            var spikes = Enumerable.Range(0, rows).Sum(t => n[t, j]);
            var size = 1e-4 * Math.Sqrt(spikes * rows);
            Assert.Equal(0, Enumerable.Range(0, rows).Sum(t => rates[t, j] - n[t, j]), size);
            for (var i = 0; i < p; i++)
            {
                var (mean, deviation) = Moments(x, i);
                var weight = fit.Weights[(i * k) + j] * deviation;
                var slope = Enumerable.Range(0, rows).Sum(t => (rates[t, j] - n[t, j]) * (x[t, i] - mean) / deviation) + (alpha * spikes * weight);
                Assert.True(Math.Abs(slope) < size, $"{slope} of weight {i} of neuron {j}");
            }
        }
    }

    /// <summary>
    /// Against scipy's minimiser: x = sin((1 + i)(t + 1) 0.7) + 0.3 cos(1.3 t + i), n = (t^2 (1 + j) + t) mod 7 or 0 where that is above 3; of z = (x - mean) / std,
    /// minimize(lambda v: (exp(a) - n a).sum() + 0.1 / 2 n.sum() (v[:3]**2).sum() with a = z @ v[:3] + v[3], method='BFGS', gtol=1e-10); printed v[:3] / std and the intercept.
    /// </summary>
    [Fact]
    public void It_finds_what_another_program_finds()
    {
        var (x, n) = (new Table(60, 3), new Table(60, 2));
        for (var t = 0; t < 60; t++)
        {
            for (var i = 0; i < 3; i++)
            {
                x[t, i] = Math.Sin((1 + i) * (t + 1) * 0.7) + (0.3 * Math.Cos((t * 1.3) + i));
            }

            for (var j = 0; j < 2; j++)
            {
                var count = ((t * t * (1 + j)) + t) % 7;
                n[t, j] = count > 3 ? 0 : count;
            }
        }

        var fit = PoissonRegression.Fit([x], [n], 0.1);
        double[][] weights = [[0.03249946, 0.06684154, 0.05590183], [-0.03077277, -0.01596217, -0.03283614]];
        double[] intercepts = [-0.5726493354625677, 0.1546979326759375];
        for (var j = 0; j < 2; j++)
        {
            Assert.Equal(intercepts[j], fit.Intercept[j], 1e-5);
            for (var i = 0; i < 3; i++)
            {
                Assert.Equal(weights[j][i], fit.Weights[(i * 2) + j], 1e-5);
            }
        }

        Assert.Equal(53.22129260362493 + 59.16183408700771, fit.Loss, 1e-6);
    }

    [Fact]
    public void Missing_counts_are_left_out_neuron_by_neuron()
    {
        var (x, n) = Problem(3, 2, 120, seed: 5);
        var mask = Enumerable.Range(0, 240).Select(i => i % 2 == 1 || i % 3 != 0).ToArray();
        var spoilt = new Table(120, 2, [.. n.Values.Select((count, i) => mask[i] ? count : 1000)]);
        var fit = PoissonRegression.Fit([x], [spoilt], 0, [mask]);

        // Without a penalty features may be standardised by any rows.
        int[] kept = [.. Enumerable.Range(0, 120).Where(t => mask[2 * t])];
        var part = PoissonRegression.Fit([Rows(x, kept)], [Rows(n, kept).SelectColumns([0])], 0);
        var whole = PoissonRegression.Fit([x], [n.SelectColumns([1])], 0);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(part.Weights[i], fit.Weights[2 * i], 1e-5);
            Assert.Equal(whole.Weights[i], fit.Weights[(2 * i) + 1], 1e-5);
        }
    }

    [Fact]
    public void Silent_neurons_and_constant_features_do_no_harm()
    {
        var (x, n) = Problem(3, 2, 80, seed: 6);
        for (var t = 0; t < 80; t++)
        {
            x[t, 1] = 4;
            n[t, 0] = 0;
        }

        var fit = PoissonRegression.Fit([x], [n], 0.01);
        Assert.Equal(0, fit.Weights[2]);
        Assert.Equal(0, fit.Weights[3]);
        Assert.All(fit.Apply(x).Values, rate => Assert.True(double.IsFinite(rate) && rate > 0));
        Assert.Equal(0.5 / 80, fit.Apply(x)[7, 0], 1e-12);
        Assert.Throws<ArgumentOutOfRangeException>(() => PoissonRegression.Fit([x], [n], -1));
        Assert.Throws<ArgumentException>(() => PoissonRegression.Fit([x], [Rows(n, [1, 2])], 1));
    }

    private static (double Mean, double Deviation) Moments(Table x, int column)
    {
        var values = Enumerable.Range(0, x.Bins).Select(t => x[t, column]).ToList();
        var mean = values.Average();
        return (mean, Math.Sqrt(values.Average(value => (value - mean) * (value - mean))));
    }

    private static Table Rows(Table table, int[] rows) => new(rows.Length, table.Columns, [.. rows.SelectMany(t => table.Row(t).ToArray())]);

    private static (Table X, Table N) Problem(int p, int k, int rows, ulong seed)
    {
        var random = new CounterRandom(seed, 1);
        var (x, n) = (new Table(rows, p), new Table(rows, k));
        random.FillNormal(x.Values);
        for (var i = 0; i < x.Values.Length; i++)
        {
            // Correlated, of unequal sizes.
            x.Values[i] = (x.Values[i] + (i % p > 0 ? 0.8 * x.Values[i - 1] : 0)) * (1 + (i % p));
        }

        for (var t = 0; t < rows; t++)
        {
            for (var j = 0; j < k; j++)
            {
                n[t, j] = random.NextPoisson(Math.Exp((0.5 * Math.Sin(j + x[t, j % p])) - 0.3));
            }
        }

        return (x, n);
    }
}
