using CsCheck;
using IlqrVae.Evaluation;
using IlqrVae.Recordings;

namespace IlqrVae.Tests.Evaluation;

public sealed class MetricsTests
{
    // Columns (1, 2, 3) and (0, 0, 6): totals 2 and 24; estimates off by (0, 1, 0) and (3, 0, 0): residuals 1 and 9.
    private static readonly Table Truth = new(3, 2, [1, 0, 2, 0, 3, 6]);
    private static readonly Table Estimate = new(3, 2, [1, 3, 3, 0, 3, 6]);

    [Fact]
    public void R2_agrees_with_the_hand_computed_values()
    {
        Assert.Equal([0.5, 0.625], Metrics.R2PerColumn(Truth, Estimate));
        Assert.Equal(0.5625, Metrics.R2(Truth, Estimate), 1e-15);
        Assert.Equal(1 - (10.0 / 26), Metrics.R2VarianceWeighted(Truth, Estimate), 1e-15);
    }

    [Fact]
    public void R2_of_a_constant_column_is_undefined_and_left_out_of_the_mean()
    {
        var truth = new Table(3, 2, [0.1, 1, 0.1, 2, 0.1, 3]);
        var estimate = new Table(3, 2, [0.3, 1, 0.2, 2, 0.1, 3]);
        Assert.True(double.IsNaN(Metrics.R2PerColumn(truth, estimate)[0]));
        Assert.Equal(1, Metrics.R2(truth, estimate), 1e-15);
    }

    [Fact]
    public void K_step_R2_compares_shifted_rows_with_the_mean_of_the_whole_trial()
    {
        // Mean 3; predicted bins 2 and 3 hold 3 and 8: total 0 + 25, residual 1 + 4. The short trial has nothing to predict.
        var truth = new Table(4, 1, [0, 1, 3, 8]);
        var predictions = new Table(2, 1, [4, 6]);
        Assert.Equal(1 - (5.0 / 25), Metrics.KStepR2([truth, new Table(2, 1)], [predictions, new Table(0, 1)], 2), 1e-15);
        Assert.Equal(0.8, Metrics.KStepR2([truth, new Table(2, 1)], [predictions, new Table(7, 3)], 2), 1e-15);
        Assert.Throws<ArgumentException>(() => Metrics.KStepR2([truth], [predictions], 1));
        Assert.Throws<ArgumentException>(() => Metrics.KStepR2([truth], [], 1));
    }

    [Fact]
    public void Bits_per_spike_agree_with_the_likelihoods_of_both_models()
    {
        Table counts = new(2, 2, [1, 0, 3, 2]);
        Table rates = new(2, 2, [1.5, 0.5, 2, 1]);
        double[] means = [2, 1, 2, 1];
        var gain = 0.0;
        for (var i = 0; i < 4; i++)
        {
            gain += LogLikelihood(rates.Values[i], counts.Values[i]) - LogLikelihood(means[i], counts.Values[i]);
        }

        Assert.Equal(gain / 6 / Math.Log(2), Metrics.BitsPerSpike([rates], [counts]), 1e-12);

        static double LogLikelihood(double rate, double count)
            => (count * Math.Log(rate)) - rate - IlqrVae.Numerics.SpecialFunctions.LogGamma(count + 1);
    }

    [Fact]
    public void Bits_per_spike_are_zero_for_the_mean_and_do_not_see_masked_entries_or_silent_neurons()
    {
        Table counts = new(2, 2, [1, 0, 3, 0]);
        Assert.Equal(0, Metrics.BitsPerSpike([new Table(2, 2, [2, 0, 2, 0])], [counts]), 1e-9);
        Table spoilt = new(3, 2, [1, 0, 3, 0, 77, 5]);
        Table rates = new(3, 2, [1, 0.1, 2, 0.1, 0, 0]);
        bool[] mask = [true, true, true, true, false, false];
        Assert.Equal(
            Metrics.BitsPerSpike([new Table(2, 2, [1, 0.1, 2, 0.1])], [counts]), Metrics.BitsPerSpike([rates], [spoilt], [mask]), 1e-15);
    }

    /// <summary>Trials of unequal lengths, of which one misses entries: every entry counts alike, the last bins too.</summary>
    [Fact]
    public void Bits_per_spike_count_every_observed_entry_of_every_trial()
    {
        Table[] counts = [new(3, 2, [1, 0, 2, 1, 0, 4]), new(1, 2, [3, 9])];
        Table[] rates = [new(3, 2, [1, 0.5, 2, 1, 0.5, 3]), new(1, 2, [2, 100])];
        bool[]?[] masks = [null, [true, false]];
        (double Count, double Rate, double Mean)[] entries = [(1, 1, 1.5), (2, 2, 1.5), (0, 0.5, 1.5), (3, 2, 1.5), (0, 0.5, 5.0 / 3), (1, 1, 5.0 / 3), (4, 3, 5.0 / 3)];
        var gain = entries.Sum(one => (one.Count * Math.Log(one.Rate / one.Mean)) - one.Rate + one.Mean);
        Assert.Equal(gain / 11 / Math.Log(2), Metrics.BitsPerSpike(rates, counts, masks), 1e-12);
        Assert.Throws<ArgumentException>(() => Metrics.BitsPerSpike(rates, counts, [null, [true]]));
        Assert.Throws<ArgumentException>(() => Metrics.BitsPerSpike([rates[0], new Table(1, 1)], [counts[0], new Table(1, 1)]));
    }

    [Fact]
    public void A_spike_where_the_model_gives_none_costs_a_finite_price() =>
        Assert.True(double.IsFinite(Metrics.BitsPerSpike([new Table(2, 1, [0, 1])], [new Table(2, 1, [1, 1])])));

    [Fact]
    public void Expected_bits_per_spike_are_the_average_over_fresh_spikes()
    {
        const int Bins = 400;
        var random = new IlqrVae.Numerics.CounterRandom(1);
        var truth = new Table(Bins, 3);
        var model = new Table(Bins, 3);
        for (var i = 0; i < truth.Values.Length; i++)
        {
            truth.Values[i] = 1 + (0.8 * Math.Sin(i * 0.05));
            model.Values[i] = truth.Values[i] * (1 + (0.2 * Math.Cos(i)));
        }

        double sum = 0, square = 0;
        const int Draws = 300;
        for (var k = 0; k < Draws; k++)
        {
            var counts = new Table(Bins, 3);
            for (var i = 0; i < counts.Values.Length; i++)
            {
                counts.Values[i] = random.NextPoisson(truth.Values[i]);
            }

            var bits = Metrics.BitsPerSpike([model], [counts]);
            sum += bits / Draws;
            square += bits * bits / Draws;
        }

        // The null model fits its means to the drawn spikes, which is worth half a nat a neuron to it.
        var expected = Metrics.ExpectedBitsPerSpike([model], [truth]);
        var fitted = 3 * 0.5 / truth.Values.Sum() / Math.Log(2);
        var error = 5 * Math.Sqrt((square - (sum * sum)) / Draws);
        Assert.InRange(sum, expected - fitted - error - 1e-4, expected - fitted + error + 1e-4);
    }

    [Fact]
    public void Expected_bits_per_spike_are_largest_at_the_true_rates() =>
        Gen.Double[0.01, 5].Array[8].Select(Gen.Double[0.01, 5].Array[8]).Sample((truth, model) =>
            Metrics.ExpectedBitsPerSpike([new Table(4, 2, model)], [new Table(4, 2, truth)])
            <= Metrics.ExpectedBitsPerSpike([new Table(4, 2, truth)], [new Table(4, 2, truth)]) + 1e-12);

    [Fact]
    public void Tables_of_different_shapes_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Metrics.R2(new Table(2, 1), new Table(3, 1)));
        Assert.Throws<ArgumentException>(() => Metrics.BitsPerSpike([new Table(2, 1)], []));
    }

    [Theory]
    [InlineData(new[] { double.NaN, 0.5, double.NaN }, 0.5)]
    [InlineData(new[] { 0.25, 0.75 }, 0.5)]
    [InlineData(new[] { double.NaN }, double.NaN)]
    public void A_mean_is_of_what_is_defined_even_if_that_is_one_number(double[] values, double expected)
        => Assert.Equal(expected, Metrics.MeanOfDefined(values));
}
