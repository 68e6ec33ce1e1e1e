using CsCheck;
using IlqrVae.Evaluation;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Tests.Evaluation;

/// <summary>Energy of inputs, marginals, intervals and condition means against values worked out by hand.</summary>
public sealed class TruthComparisonTests
{
    [Fact]
    public void Input_energy_is_shared_out_in_units_of_the_prior()
    {
        // Energies: initial 1 + 4 and 0; steps 4, 1, 0 and 0, 9. The last rows drive nothing.
        var energy = InputEnergy.Of(
            [[2, 1], [0, 0]],
            [new Table(4, 1, [1, 0.5, 0, 100]), new Table(3, 1, [0, -1.5, 100])],
            [2, 0.5], [0.5]);
        Assert.Equal(19, energy.Total, 1e-12);
        Assert.Equal(5.0 / 19, energy.InitialShare, 1e-12);

        var (at, steps) = energy.ShareNear([[0], [0]], 0);
        Assert.Equal(4.0 / 19, at, 1e-12);
        Assert.Equal(2.0 / 5, steps, 1e-12);

        // Overlapping windows count a step once; a trial may have no named step.
        (at, steps) = energy.ShareNear([[0, 1], []], 1);
        Assert.Equal(5.0 / 19, at, 1e-12);
        Assert.Equal(3.0 / 5, steps, 1e-12);
        Assert.Throws<ArgumentException>(() => energy.ShareNear([[0]], 1));
        Assert.Throws<ArgumentException>(() => InputEnergy.Of([[1]], [], [1], [1]));
    }

    [Fact]
    public void Marginals_are_compared_by_moments_range_and_distance_of_distributions()
    {
        var one = MarginalComparison.Of(new Table(4, 1, [0, 1, 2, 5]), new Table(2, 1, [1, 3]))[0];
        Assert.Equal((2, 2), (one.Mean, one.TrueMean));
        Assert.Equal(Math.Sqrt(14.0 / 4), one.Deviation, 1e-12);
        Assert.Equal(1, one.TrueDeviation, 1e-12);
        Assert.Equal(0.5, one.ShareInRange, 1e-12);

        // Below 1: 1/4 against 0; below 3: 3/4 against 1/2; above 3: 3/4 against 1.
        Assert.Equal(0.25, one.Distance, 1e-12);
        Assert.Equal(1, MarginalComparison.Of(new Table(2, 1, [0, 1]), new Table(2, 1, [2, 3]))[0].Distance, 1e-12);
    }

    [Fact]
    public void The_distance_of_distributions_is_the_largest_difference_anywhere() => Gen.Double[0, 4].Array[12].Sample(values =>
    {
        var rounded = values.Select(value => Math.Round(value)).ToArray();
        var (a, b) = (rounded[..5], rounded[5..]);
        var naive = Enumerable.Range(0, 5).Max(x => Math.Abs((a.Count(v => v <= x) / 5.0) - (b.Count(v => v <= x) / 7.0)));
        return Math.Abs(naive - MarginalComparison.Of(new Table(5, 1, a), new Table(7, 1, b))[0].Distance) < 1e-12;
    });

    [Fact]
    public void Equal_samples_have_equal_marginals()
    {
        var random = new CounterRandom(1);
        var table = new Table(100, 2);
        random.FillNormal(table.Values);
        Assert.All(MarginalComparison.Of(table, table), one => Assert.Equal((0, 1, one.TrueMean), (one.Distance, one.ShareInRange, one.Mean)));
    }

    [Fact]
    public void Gaussian_intervals_hold_their_share()
    {
        var coverage = new IntervalCoverage();
        var random = new CounterRandom(2);
        const int Count = 40_000;
        for (var i = 0; i < Count; i++)
        {
            coverage.Add(3 + (2 * random.NextNormal()), 3, 2);
        }

        Assert.Equal(Count, coverage.Entries);
        for (var level = 0; level < 3; level++)
        {
            var p = IntervalCoverage.Levels[level];
            var error = 5 * Math.Sqrt(p * (1 - p) / Count);
            Assert.InRange(coverage.Shares[level], p - error, p + error);
        }
    }

    [Fact]
    public void Intervals_are_counted_entry_by_entry_and_added_up()
    {
        var coverage = new IntervalCoverage();
        Assert.All(coverage.Shares, share => Assert.True(double.IsNaN(share)));
        coverage.Add(0, new Table(2, 2, [1, 2, 3, 4]), new Table(2, 2, [1, 2.5, 0, double.NaN]), new Table(2, 2, [1, 4, 2, double.NaN]));
        Assert.Equal(0.25, coverage.Shares[0]);
        Assert.True(double.IsNaN(coverage.Shares[1]));
        var other = new IntervalCoverage();
        other.Add(1, 0, 1.2);
        other.Add(1, 0, double.NaN);
        coverage.Add(other);
        Assert.Equal(1.0 / 6, coverage.Shares[0], 1e-12);
        Assert.Equal(0.5, coverage.Shares[1], 1e-12);
        Assert.Equal(6, coverage.Entries);
    }

    [Fact]
    public void Condition_means_are_averages_over_the_trials_of_a_condition()
    {
        Table[] tables = [new(2, 1, [1, 2]), new(3, 1, [5, 6, 7]), new(3, 1, [3, 4, 100])];
        var means = ConditionMeans.Of(tables, [7, 2, 7]);
        Assert.Equal([5, 6, 7, 2, 3], means.Values);
        Assert.Equal(1, ConditionMeans.R2(tables, tables, [7, 2, 7]), 1e-12);

        // Noise that averages out within a condition costs nothing.
        Table[] noisy = [new(2, 1, [2, 1]), tables[1], new(3, 1, [2, 5, 0])];
        Assert.Equal(1, ConditionMeans.R2(tables, noisy, [7, 2, 7]), 1e-12);
        Assert.Equal(Metrics.R2(new Table(5, 1, [5, 6, 7, 2, 3]), new Table(5, 1, [5, 6, 7, 1, 3])), ConditionMeans.R2(tables, [new(2, 1, [-1, 2]), tables[1], tables[2]], [7, 2, 7]), 1e-12);
        Assert.Throws<ArgumentException>(() => ConditionMeans.Of(tables, [1]));
        Assert.Throws<ArgumentException>(() => ConditionMeans.Of([new Table(1, 1), new Table(1, 2)], [1, 1]));

        // An error in the last bin of a condition alone is an error.
        Assert.Equal(1 - (16 / 17.2), ConditionMeans.R2(tables, [tables[0], new(3, 1, [5, 6, 3]), tables[2]], [7, 2, 7]), 1e-12);
    }
}
