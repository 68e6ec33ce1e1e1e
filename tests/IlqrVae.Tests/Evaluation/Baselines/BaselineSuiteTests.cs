using IlqrVae.Evaluation;
using IlqrVae.Evaluation.Baselines;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Tests.Evaluation.Baselines;

/// <summary>All baselines on a population that follows two slow states, behind which behaviour lags.</summary>
public sealed class BaselineSuiteTests
{
    private static readonly string[] Hidden = ["held-out", "velocity"];
    private static readonly Lazy<IReadOnlyList<BaselineScore>> Usual = new(() => Score(Population()));

    [Fact]
    public void All_that_look_at_the_seen_neurons_beat_constants_and_condition_averages()
    {
        var scores = Usual.Value;
        Assert.Equal(
            ["constant", "psth", "poisson_regression", "factor_analysis", "linear_state_space"], scores.Where(score => score.Group == "held-out").Select(score => score.Key), StringComparer.Ordinal);
        Assert.Equal(
            ["constant", "psth", "smoothing_ridge", "lag_ridge_causal", "lag_ridge_acausal", "lag_ridge_smoothed", "factor_analysis", "linear_state_space"],
            scores.Where(score => score.Group == "velocity").Select(score => score.Key), StringComparer.Ordinal);
        Assert.InRange(Of(scores, "held-out", "constant").BitsPerSpike, -0.05, 0);
        Assert.Equal(0, Of(scores, "held-out", "constant").BitsPerSpikeOverTrainingMeans, 1e-12);
        Assert.InRange(Of(scores, "velocity", "constant").MeanR2, -0.1, 0);
        foreach (var key in (string[])["poisson_regression", "factor_analysis", "linear_state_space"])
        {
            var score = Of(scores, "held-out", key);
            Assert.True(score.BitsPerSpike > Of(scores, "held-out", "psth").BitsPerSpike + 0.02, $"{key} {score.BitsPerSpike}");
            Assert.Equal(score.BitsPerSpike - Of(scores, "held-out", "constant").BitsPerSpike, score.BitsPerSpikeOverTrainingMeans, 1e-12);
        }

        // Behaviour lags by two bins: only what may look back can follow it.
        Assert.True(Of(scores, "velocity", "lag_ridge_causal").MeanR2 > Of(scores, "velocity", "factor_analysis").MeanR2 + 0.1);
        Assert.InRange(Of(scores, "velocity", "lag_ridge_causal").MeanR2, 0.6, 1);
        Assert.InRange(Of(scores, "velocity", "smoothing_ridge").MeanR2, 0.6, 1);
    }

    [Fact]
    public void Once_the_time_is_up_none_is_begun_and_their_names_are_told()
    {
        var recording = Population();
        var leftOut = new List<string>();
        Assert.Empty(BaselineSuite.Score(recording, recording.TrialsOf(TrialSplit.Test), ["velocity"], atMost: TimeSpan.Zero, leftOut: leftOut, interrupt: TestContext.Current.CancellationToken));
        Assert.Equal("constant", leftOut[0]);
        Assert.Equal("linear state space (EM)", leftOut[^1]);
    }

    [Fact]
    public void Nothing_is_learned_from_what_is_scored()
    {
        // The hidden groups of test and validation trials are another's.
        var recording = Population();
        var other = Population(seed: 99);
        var changed = recording with
        {
            Trials = [.. recording.Trials.Zip(other.Trials, (trial, strange) => trial.Split == TrialSplit.Train ? trial : trial with { Observations = [trial.Observations[0], strange.Observations[1], strange.Observations[2]] })],
        };
        var found = Score(changed);
        foreach (var (one, two) in Usual.Value.Zip(found))
        {
            Assert.Equal(one.Tuned, two.Tuned);
            foreach (var (a, b) in one.Predictions.Zip(two.Predictions))
            {
                Assert.Equal(a.Values, b.Values);
            }
        }

        Assert.NotEqual(Of(Usual.Value, "velocity", "lag_ridge_causal").MeanR2, Of(found, "velocity", "lag_ridge_causal").MeanR2);
    }

    [Fact]
    public void Missing_entries_cost_little_and_are_not_scored()
    {
        var recording = Population();
        var masked = recording with
        {
            Trials =
            [
                .. recording.Trials.Select((trial, k) => trial with
                {
                    Observations = [.. trial.Observations.Select((one, g) => one.Hide((bin, channel) => ((7 * bin) + (3 * channel) + k) % (g == 0 ? 23 : 5) == 0))],
                }),
            ],
        };
        var found = Score(masked);
        foreach (var (one, two) in Usual.Value.Zip(found))
        {
            Assert.Equal((one.Group, one.Key), (two.Group, two.Key));
            Assert.True(two.Predictions.All(table => table.Values.All(double.IsFinite)), one.Key);
            if (one.R2.Count > 0)
            {
                Assert.InRange(two.MeanR2, one.MeanR2 - 0.12, one.MeanR2 + 0.05);
            }
            else
            {
                Assert.InRange(two.BitsPerSpike, one.BitsPerSpike - 0.03, one.BitsPerSpike + 0.03);
            }
        }

        // What is scored is the observed entries alone, by the definition.
        var ridge = Of(found, "velocity", "lag_ridge_causal");
        var tests = masked.TrialsOf(TrialSplit.Test);
        var entries = tests.Zip(ridge.Predictions).SelectMany(pair => Enumerable.Range(0, pair.First.Bins).Where(t => pair.First.Observations[2].IsObserved(t, 0)).Select(t => (Truth: pair.First.Observations[2][t, 0], Guess: pair.Second[t, 0]))).ToList();
        var mean = entries.Average(one => one.Truth);
        Assert.Equal(1 - (entries.Sum(one => Math.Pow(one.Truth - one.Guess, 2)) / entries.Sum(one => Math.Pow(one.Truth - mean, 2))), ridge.R2[0], 1e-10);
    }

    [Fact]
    public void One_long_trial_is_tuned_by_blocks()
    {
        var recording = Population();
        Trial Long(TrialSplit split)
        {
            var trials = recording.TrialsOf(split);
            var observations = Enumerable.Range(0, 3).Select(g => Observations.Of(recording.Groups[g].Kind, LinearAlignment.Stack([.. trials.Select(trial => trial.Observations[g].ToTable())]))).ToList();
            return new Trial { Name = $"{split}", Bins = observations[0].Bins, Split = split, Observations = observations };
        }

        var found = Score(recording with { Trials = [Long(TrialSplit.Train), Long(TrialSplit.Test)] });
        Assert.DoesNotContain(found, score => score.Key == "psth");
        Assert.InRange(Of(found, "velocity", "lag_ridge_causal").MeanR2, 0.55, 1);
        Assert.InRange(Of(found, "held-out", "poisson_regression").BitsPerSpike, Of(Usual.Value, "held-out", "poisson_regression").BitsPerSpike - 0.04, 1);
    }

    [Fact]
    public void Tiny_recordings_and_silent_neurons_end_in_numbers_or_in_nothing()
    {
        var recording = Population();
        Trial Short(Trial trial) => trial with { Bins = 3, Observations = [.. trial.Observations.Select((one, g) => g == 1 ? Observations.FromCounts(new Table(3, one.Channels)) : one.SelectBins(0, 3))], Truth = new Dictionary<string, Table>(StringComparer.Ordinal) };
        var tiny = recording with { Trials = [Short(recording.Trials[0]), Short(recording.TrialsOf(TrialSplit.Test)[0])] };
        Assert.All(Score(tiny), score => Assert.All(score.Predictions, table => Assert.DoesNotContain(table.Values, value => !double.IsFinite(value))));
        Assert.Throws<InputException>(() => BaselineSuite.Score(recording, recording.Trials, ["nobody"], interrupt: TestContext.Current.CancellationToken));
        Assert.Throws<InputException>(() => Score(recording with { Trials = recording.TrialsOf(TrialSplit.Test) }));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(4, 7)]
    [InlineData(9, 1)]
    public void A_climb_finds_the_top_of_a_hill_and_asks_nobody_twice(int x, int y)
    {
        var asked = new List<string>();
        var (best, score) = GridClimb.Climb([10, 8], [5, 3], at =>
        {
            asked.Add($"{at[0]},{at[1]}");
            return at[0] == 5 && at[1] == 4 ? double.NaN : -Math.Pow(at[0] - x, 2) - (2 * Math.Abs(at[1] - y));
        });
        Assert.Equal([x, y], best);
        Assert.Equal(0, score);
        Assert.Equal(asked.Count, asked.Distinct(StringComparer.Ordinal).Count());
    }

    [Theory]
    [InlineData(1, -2, 1)]
    [InlineData(3, -2, 1)]
    [InlineData(4, 0, 2)]
    public void Lags_are_of_sums_of_the_bins_up_to_them(int step, int first, int last)
    {
        var counts = new Table(17, 2, [.. Enumerable.Range(0, 34).Select(i => (double)(i * i % 11))]);
        var features = new BaselineFeatures(first, last, 0, SquareRoot: false) { LagStep = step };
        double[] fill = [-1, -2];
        var found = BaselineDecoder.Lagged(features, BaselineDecoder.Transform(features, counts), fill);
        for (var t = 0; t < 17; t++)
        {
            for (var lag = first; lag <= last; lag++)
            {
                var at = t + (lag * step);
                for (var c = 0; c < 2; c++)
                {
                    var there = Enumerable.Range(at - step + 1, step).Where(s => s >= 0).ToList();
                    var expected = at < 0 || at >= 17 ? fill[c] : there.Sum(s => counts[s, c]) * step / there.Count;
                    Assert.Equal(expected, found[t, ((lag - first) * 2) + c], 1e-12);
                }
            }
        }
    }

    private static BaselineScore Of(IReadOnlyList<BaselineScore> scores, string group, string key) => scores.Single(score => score.Group == group && score.Key == key);

    private static IReadOnlyList<BaselineScore> Score(Recording recording) => BaselineSuite.Score(recording, recording.TrialsOf(TrialSplit.Test), Hidden);

    private static Recording Population(ulong seed = 1)
    {
        var trials = new List<Trial>();
        for (var k = 0; k < 36; k++)
        {
            var random = new CounterRandom(seed, 5, (ulong)k);
            const int Bins = 40;
            var (spikes, held, velocity) = (new Table(Bins, 10), new Table(Bins, 3), new Table(Bins, 2));
            var states = new Table(Bins, 2);
            for (var t = 0; t < Bins; t++)
            {
                for (var i = 0; i < 2; i++)
                {
                    var before = t > 0 ? states[t - 1, i] : 0;
                    states[t, i] = (0.85 * before) + (0.5 * random.NextNormal());
                    velocity[t, i] = 3 + (t > 1 ? states[t - 2, i] : 0) + (0.1 * random.NextNormal());
                }

                for (var c = 0; c < 13; c++)
                {
                    var count = random.NextPoisson(1.5 * Math.Exp((0.9 * Math.Cos(c) * states[t, 0]) + (0.9 * Math.Sin(c) * states[t, 1]) + (0.3 * Math.Cos(0.2 * t))));
                    (c < 10 ? ref spikes[t, c] : ref held[t, c - 10]) = count;
                }
            }

            trials.Add(new Trial
            {
                Name = $"{k}",
                Bins = Bins,
                Split = k < 24 ? TrialSplit.Train : k < 26 ? TrialSplit.Validation : TrialSplit.Test,
                Observations = [Observations.FromCounts(spikes), Observations.FromCounts(held), Observations.FromValues(velocity)],
                Truth = new Dictionary<string, Table>(StringComparer.Ordinal) { ["condition"] = new Table(Bins, 1, [.. Enumerable.Repeat((double)(k % 2), Bins)]) },
            });
        }

        return new Recording
        {
            BinWidth = 0.05,
            Groups = [new("spikes", ChannelKind.Counts, 10), new("held-out", ChannelKind.Counts, 3), new("velocity", ChannelKind.Values, 2, "m/s")],
            Trials = trials,
        };
    }
}
