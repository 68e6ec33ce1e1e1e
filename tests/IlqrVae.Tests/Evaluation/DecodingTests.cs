using IlqrVae.Evaluation;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Simulation;

namespace IlqrVae.Tests.Evaluation;

public sealed class DecodingTests
{
    [Fact]
    public void Smoothing_leaves_a_constant_alone_up_to_the_edges_and_across_gaps()
    {
        var values = new Table(20, 2);
        Array.Fill(values.Values, 3);
        var observed = Enumerable.Range(0, 40).Select(i => i is < 10 or > 13).ToArray();
        for (var i = 10; i <= 13; i++)
        {
            values.Values[i] = 0;
        }

        Assert.All(GaussianSmoothing.Smooth(values, 2.5, observed).Values, value => Assert.Equal(3, value, 1e-12));
    }

    [Fact]
    public void Smoothing_agrees_with_the_hand_computed_weights()
    {
        var smoothed = GaussianSmoothing.Smooth(new Table(3, 1, [0, 1, 0]), 1);
        var near = Math.Exp(-0.5);
        var far = Math.Exp(-2);
        Assert.Equal(near / (1 + near + far), smoothed.Values[0], 1e-15);
        Assert.Equal(1 / (1 + (2 * near)), smoothed.Values[1], 1e-15);
        Assert.Equal(smoothed.Values[0], smoothed.Values[2], 1e-15);
    }

    [Fact]
    public void Smoothing_without_width_copies_and_without_data_falls_back_on_the_mean()
    {
        var values = new Table(3, 1, [4, 0, 6]);
        Assert.Equal(values.Values, GaussianSmoothing.Smooth(values, 0).Values);
        Assert.Equal([4, 5, 6], GaussianSmoothing.Smooth(values, 0, [true, false, true]).Values);
        Assert.Throws<ArgumentOutOfRangeException>(() => GaussianSmoothing.Smooth(values, -1));
    }

    [Fact]
    public void A_lagged_decoder_reads_exactly_the_bins_it_names()
    {
        var random = new CounterRandom(1);
        var counts = new Table(400, 2);
        for (var i = 0; i < counts.Values.Length; i++)
        {
            counts.Values[i] = random.NextPoisson(3);
        }

        // Behaviour that is the count two bins before: within the reach of three causal bins, beyond that of two.
        var behaviour = new Table(400, 1);
        for (var t = 2; t < 400; t++)
        {
            behaviour[t, 0] = counts[t - 2, 1];
        }

        behaviour[0, 0] = behaviour[1, 0] = 3;
        var decoder = BaselineDecoder.Fit(BaselineFeatures.Causal(3) with { SquareRoot = false }, [counts], [behaviour]);
        Assert.True(Metrics.R2(behaviour, decoder.Decode(counts)) > 0.999);
        var blind = BaselineDecoder.Fit(BaselineFeatures.Causal(2) with { SquareRoot = false }, [counts], [behaviour]);
        Assert.True(Metrics.R2(behaviour, blind.Decode(counts)) < 0.1);
    }

    /// <summary>Behaviour that is the count of the bin before; across the ends of trials lies another trial's count, which must not be read.</summary>
    [Fact]
    public void Decoders_of_trials_of_unequal_lengths_read_no_bin_of_another_trial()
    {
        var random = new CounterRandom(2);
        Table[] counts = [.. new[] { 3, 90, 1, 40, 7, 2, 60 }.Select(bins => new Table(bins, 1))];
        foreach (var table in counts)
        {
            for (var t = 0; t < table.Bins; t++)
            {
                table[t, 0] = 10 + random.NextPoisson(3);
            }
        }

        // Bins before a trial count as the mean over training bins, so that behaviour is exactly linear in what is read.
        var mean = LinearAlignment.Stack(counts).Values.Average();
        Table[] behaviour = [.. counts.Select(table => new Table(table.Bins, 1, [.. Enumerable.Range(0, table.Bins).Select(t => 2 * (t == 0 ? mean : table[t - 1, 0]))]))];
        var decoder = BaselineDecoder.Fit(new BaselineFeatures(-1, 0, SquareRoot: false), counts, behaviour);
        for (var k = 0; k < counts.Length; k++)
        {
            var decoded = decoder.Decode(counts[k]);
            for (var t = 0; t < counts[k].Bins; t++)
            {
                Assert.Equal(behaviour[k][t, 0], decoded[t, 0], 1e-2);
            }
        }

        // Looking ahead, to the last bin and not beyond, at square roots.
        var root = LinearAlignment.Stack(counts).Values.Average(Math.Sqrt);
        Table[] ahead = [.. counts.Select(table => new Table(table.Bins, 1, [.. Enumerable.Range(0, table.Bins).Select(t => t == table.Bins - 1 ? root : Math.Sqrt(table[t + 1, 0]))]))];
        decoder = BaselineDecoder.Fit(new BaselineFeatures(1, 1), counts, ahead);
        for (var k = 0; k < counts.Length; k++)
        {
            var decoded = decoder.Decode(counts[k]);
            for (var t = 0; t < counts[k].Bins; t++)
            {
                Assert.Equal(ahead[k][t, 0], decoded[t, 0], 1e-3);
            }
        }

        // The last bin of every trial is learned from: behaviour that moves there alone is.
        Table[] last = [.. counts.Select(table => new Table(table.Bins, 1, [.. Enumerable.Range(0, table.Bins).Select(t => t == table.Bins - 1 ? 1.0 : 0)]))];
        Assert.Equal(7, counts.Zip(last).Sum(pair => BaselineDecoder.Fit(new BaselineFeatures(0, 0), counts, last).Decode(pair.First).Values.Sum()), 1e-9);
        Assert.Throws<ArgumentException>(() => BaselineDecoder.Fit(new BaselineFeatures(0, 0), [counts[0], counts[1]], [behaviour[1], behaviour[0]]));
        Assert.Throws<ArgumentException>(() => BaselineDecoder.Fit(new BaselineFeatures(0, 0), counts, [LinearAlignment.Stack(behaviour)]));
        Assert.Throws<ArgumentException>(() => BaselineDecoder.Fit(new BaselineFeatures(1, 0), counts, behaviour));
        Assert.Throws<ArgumentException>(() => decoder.Decode(new Table(3, 2)));
    }

    [Fact]
    public void Baselines_decode_simulated_reaches_and_looking_ahead_helps()
    {
        var recording = Simulations.Maze(
            new MazeOptions { Trials = 60, ValidationTrials = 20, Neurons = 100, HeldOutNeurons = 0, Conditions = 12, Bins = 35, BinWidth = 0.02 });
        var (counts, velocity) = Tables(recording, TrialSplit.Train);
        var (testCounts, testVelocity) = Tables(recording, TrialSplit.Validation);
        var truth = LinearAlignment.Stack(testVelocity);
        double Score(BaselineFeatures features)
        {
            var decoder = BaselineDecoder.Fit(features, counts, velocity);
            return Metrics.R2(truth, LinearAlignment.Stack([.. testCounts.Select(decoder.Decode)]));
        }

        var causal = Score(BaselineFeatures.Causal(5));
        var acausal = Score(BaselineFeatures.Acausal(6, 2));
        var smoothed = Score(BaselineFeatures.Smoothed(2, 0));
        Assert.True(causal > 0.4, $"causal {causal}");
        Assert.True(acausal > causal, $"acausal {acausal}, causal {causal}");
        Assert.True(smoothed > 0.6, $"smoothed {smoothed}");
    }

    private static (Table[] Counts, Table[] Velocity) Tables(Recording recording, TrialSplit split) =>
        ([.. recording.TrialsOf(split).Select(trial => trial.Observations[0].ToTable())],
            [.. recording.TrialsOf(split).Select(trial => trial.Observations[^1].ToTable())]);
}
