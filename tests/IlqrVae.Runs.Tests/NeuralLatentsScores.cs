using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Evaluation.NeuralLatents;
using IlqrVae.Recordings;
using IlqrVae.Runs.NeuralLatents;

namespace IlqrVae.Runs.Tests;

/// <summary>
/// Scores of small submissions against those of the benchmark's own tools and the figures they are made of (Files/nlb, written by make_nlb_scores.py): every pair of
/// files, every change to one, and every change that must be refused.
/// </summary>
public sealed class NeuralLatentsScores
{
    private const double Tolerance = 1e-9;
    private static readonly string s_folder = Path.Combine(AppContext.BaseDirectory, "Files", "nlb");
    private static readonly JsonObject s_known = JsonNode.Parse(File.ReadAllText(Path.Combine(s_folder, "nlb_scores.json")))!.AsObject();

    public static TheoryData<string> Pairs => [.. s_known["pairs"]!.AsArray().Select(pair => pair!["pair"]!.GetValue<string>())];

    public static TheoryData<int> Variants => [.. Enumerable.Range(0, s_known["variants"]!.AsArray().Count)];

    public static TheoryData<int> Refusals => [.. Enumerable.Range(0, s_known["refused"]!.AsArray().Count)];

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Scores_and_what_they_are_made_of_are_those_of_the_benchmark(string pair)
    {
        var known = s_known["pairs"]!.AsArray().First(one => one!["pair"]!.GetValue<string>() == pair)!;
        var score = NeuralLatentsScore.Of(Submission(pair), Target(pair), TestContext.Current.CancellationToken);
        var found = score.ToJson();
        AssertSame(known["result"], found["result"], pair);
        AssertSame(known["behind"], found["behind"], pair);
        Assert.Empty(score.Remarks);
    }

    [Fact]
    public void Groups_that_only_one_file_has_are_passed_over_by_name()
    {
        var score = NeuralLatentsScore.Of(Submission("scaling_20"), Target("scaling_20"), TestContext.Current.CancellationToken);
        Assert.Equal(["mc_maze_20", "mc_rtt_20"], score.PassedOver.Select(one => one.Key), StringComparer.Ordinal);
        Assert.Contains("scaling_20.submission.h5", score.PassedOver[0].Value, StringComparison.Ordinal);
        Assert.Contains("scaling_20.target.h5", score.PassedOver[1].Value, StringComparison.Ordinal);
        Assert.Equal(2, score.Groups.Count);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Changes_change_scores_as_in_the_benchmark(int variant)
    {
        var known = s_known["variants"]![variant]!;
        var (pair, change) = (known["pair"]!.GetValue<string>(), known["change"]!.GetValue<string>());
        using var files = new Files(pair);
        var (rates, target) = (files.Rates(pair), files.Targets(pair));
        (rates, target) = change switch
        {
            "every eval_rates_heldout times 200" => (rates with { EvaluatedHeldOut = Times(rates.EvaluatedHeldOut, 200) }, target),
            "every eval_rates_heldout times 0.005" => (rates with { EvaluatedHeldOut = Times(rates.EvaluatedHeldOut, 0.005) }, target),
            _ when change.StartsWith("eval_rates_heldout = each neuron's mean", StringComparison.Ordinal) => (rates with { EvaluatedHeldOut = Means(target.HeldOutSpikes) }, target),
            _ when change.StartsWith("eval_cond_idx and psth dropped", StringComparison.Ordinal) => (rates, target with { Averages = null, ConditionTrials = null }),
            _ when change.StartsWith("eval_jitter = 3 bins", StringComparison.Ordinal) => (rates, target with
            {
                Jitter = [.. Enumerable.Repeat(3, 10)],
                Averages = Changed(target.Averages!, (_, values) => values.AsSpan(0, 3 * target.Averages!.Columns).Fill(double.NaN)),
            }),
            _ when change.StartsWith("eval_spikes_heldout[..., 3] = NaN", StringComparison.Ordinal) => (rates, target with
            {
                HeldOutSpikes = Changed(target.HeldOutSpikes, (_, values) =>
                {
                    for (var i = 3; i < values.Length; i += target.HeldOutSpikes.Columns)
                    {
                        values[i] = double.NaN;
                    }
                }),
            }),
            _ when change.StartsWith("every rate of the submission", StringComparison.Ordinal) => (
                new SubmittedGroup(rates.Name, Times(rates.EvaluatedHeldOut, 20))
                {
                    TrainingHeldIn = Times(rates.TrainingHeldIn!, 20), TrainingHeldOut = Times(rates.TrainingHeldOut!, 20), EvaluatedHeldIn = Times(rates.EvaluatedHeldIn!, 20),
                    ForwardHeldIn = Times(rates.ForwardHeldIn!, 20), ForwardHeldOut = Times(rates.ForwardHeldOut!, 20),
                },
                target),
            _ when change.StartsWith("decode masks dropped", StringComparison.Ordinal) => (rates, target with { TrainingMasks = [], EvaluatedMasks = [] }),
            _ when change.StartsWith("train_rates_* dropped", StringComparison.Ordinal) => (rates with { TrainingHeldIn = null, TrainingHeldOut = null }, target),
            _ => throw new InvalidOperationException(change),
        };
        var scores = SubmissionScores.Of(rates, target);
        AssertSame(
            known["result"],
            new JsonArray([.. SubmissionScores.Reported([scores]).Select(one => (JsonNode?)new JsonObject
            {
                [one.Key] = new JsonObject(one.Value.Select(value => KeyValuePair.Create(value.Key, (JsonNode?)JsonValue.Create(value.Value)))),
            })]),
            change);
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public void What_the_benchmark_refuses_is_refused(int refusal)
    {
        var known = s_known["refused"]![refusal]!;
        var (pair, change) = (known["pair"]!.GetValue<string>(), known["change"]!.GetValue<string>());
        using var files = new Files(pair);
        var (rates, target) = (files.Rates(pair), files.Targets(pair));
        SubmissionScores.Of(rates, target);
        string[] mentioned;
        (rates, target, mentioned) = change switch
        {
            "eval_rates_heldout[0, 0, 0] = -0.001" => (rates with { EvaluatedHeldOut = First(rates.EvaluatedHeldOut, -0.001) }, target, ["eval_rates_heldout", "trial 0, bin 0, column 0", "negative"]),
            "eval_rates_heldout[0, 0, 0] = NaN" => (rates with { EvaluatedHeldOut = First(rates.EvaluatedHeldOut, double.NaN) }, target, ["eval_rates_heldout", "trial 0, bin 0, column 0", "NaN", "spikes"]),
            "last neuron of eval_rates_heldout dropped" => (rates with { EvaluatedHeldOut = WithoutLast(rates.EvaluatedHeldOut) }, target, ["eval_rates_heldout", "10 x 30 x 3", "10 x 30 x 4"]),
            "train_rates_heldin[0, 0, 0] = NaN" => (rates with { TrainingHeldIn = First(rates.TrainingHeldIn!, double.NaN) }, target, ["train_rates_heldin", "trial 0, bin 0, column 0", "NaN", "behaviour"]),
            _ when change.StartsWith("train_behavior[0, 0, 1] = NaN", StringComparison.Ordinal) => (
                rates, target with { TrainingBehaviour = Changed(target.TrainingBehaviour!, (trial, values) => values[1] = trial == 0 ? double.NaN : values[1]) }, ["train_behavior", "trial 0, bin 0, column 1"]),
            "eval_rates_heldin[0, 0, 0] = NaN" => (rates with { EvaluatedHeldIn = First(rates.EvaluatedHeldIn!, double.NaN) }, target, (string[])["eval_rates_heldin", "trial 0, bin 0, column 0", "NaN", "behaviour"]),
            _ when change.StartsWith("eval_behavior[19, 1] = 90", StringComparison.Ordinal) => (
                rates, target with { EvaluatedBehaviour = Changed(target.EvaluatedBehaviour!, (trial, values) => values[1] = trial == 19 ? 90 : values[1]) }, ["eval_behavior", "theta 90", "one trial"]),
            _ => throw new InvalidOperationException(change),
        };
        var message = Assert.Throws<InputException>(() => SubmissionScores.Of(rates, target)).Message;
        Assert.All(mentioned, word => Assert.Contains(word, message, StringComparison.Ordinal));
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData(200, "Hz")]
    [InlineData(0.005, "twice")]
    public void Rates_of_another_unit_are_remarked(double factor, string word)
    {
        using var files = new Files("mc_maze");
        var rates = files.Rates("mc_maze");
        var remarks = NeuralLatentsScore.Remark("a.h5", SubmissionScores.Of(rates with { EvaluatedHeldOut = Times(rates.EvaluatedHeldOut, factor) }, files.Targets("mc_maze"))).ToList();
        Assert.Contains(word, Assert.Single(remarks), StringComparison.Ordinal);
        Assert.Empty(NeuralLatentsScore.Remark("a.h5", SubmissionScores.Of(rates, files.Targets("mc_maze"))));
    }

    [Fact]
    public void What_a_score_needs_must_be_there()
    {
        using var files = new Files("mc_maze");
        var (rates, target) = (files.Rates("mc_maze"), files.Targets("mc_maze"));
        Refused(rates with { TrainingHeldOut = null }, target, "train_rates_heldout");
        Refused(rates with { TrainingHeldIn = null }, target, "train_rates_heldin");
        Refused(rates with { EvaluatedHeldIn = null }, target, "eval_rates_heldin");
        Refused(rates with { ForwardHeldOut = null }, target, "eval_rates_heldout_forward");
        Refused(rates, target with { ForwardHeldOut = null }, "eval_spikes_heldout_forward");
        Refused(rates, target with { ConditionTrials = null }, "eval_cond_idx");
        Refused(rates, target with { ConditionTrials = [[0], [1], [2], [3], [10]] }, "trial 10");
        Refused(rates, target with { ConditionTrials = [[0], [1]] }, "5 conditions");
        Refused(rates, target with { Jitter = [1] }, "jitter");
        Refused(rates, target with { TrainingMasks = [[.. Enumerable.Repeat(true, 24)]] }, "decode masks");
        Refused(rates, target with { TrainingMasks = [[.. Enumerable.Repeat(false, 24)]], EvaluatedMasks = [[.. Enumerable.Repeat(true, 10)]] }, "known in 0 bins");
        Refused(rates, target with { HeldOutSpikes = First(target.HeldOutSpikes, -1) }, "-1");

        static void Refused(SubmittedGroup rates, TargetGroup target, string word)
            => Assert.Contains(word, Assert.Throws<InputException>(() => SubmissionScores.Of(rates, target)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Outputs_that_do_not_vary_score_nothing_or_one()
    {
        // One neuron that follows the output, and an output that stands still.
        var rates = TrialArray.Of("rates", 2, 10, 1, [.. Enumerable.Range(0, 20).Select(i => 0.1 * i)]);
        var behaviour = TrialArray.Of("behaviour", 2, 10, 2, [.. Enumerable.Range(0, 20).SelectMany(i => (double[])[i, 0.1])]);
        var found = BehaviourDecoding.Of(rates, behaviour, rates, behaviour);
        Assert.InRange(found.R2PerOutput[0], 0.99, 1);
        Assert.True(found.R2PerOutput[1] is 0 or 1, $"{found.R2PerOutput[1]}");
    }

    [Fact]
    public void Of_penalties_that_are_equal_the_smallest_is_taken()
    {
        // The neuron does not vary: every penalty predicts the mean.
        var rates = TrialArray.Of("rates", 2, 10, 1, [.. Enumerable.Repeat(0.25, 20)]);
        var behaviour = TrialArray.Of("behaviour", 2, 10, 1, [.. Enumerable.Range(0, 20).Select(i => (double)(i % 3))]);
        Assert.Equal(1e-4, BehaviourDecoding.Of(rates, behaviour, rates, behaviour).Penalty, 1e-18);
    }

    [Fact]
    public void The_first_folds_are_the_longer_ones()
    {
        // 23 bins: folds of 5, 5, 5, 4, 4. Only the ends of folds tell how they are cut, so the figures are made by a sum over them here.
        var random = new Random(3);
        double[] x = [.. Enumerable.Range(0, 23).Select(_ => random.NextDouble())];
        double[] y = [.. x.Select(value => (2 * value) + random.NextDouble())];
        var found = BehaviourDecoding.Of(TrialArray.Of("rates", 1, 23, 1, x), TrialArray.Of("behaviour", 1, 23, 1, y), TrialArray.Of("rates", 1, 23, 1, x), TrialArray.Of("behaviour", 1, 23, 1, y));
        int[] edges = [0, 5, 10, 15, 19, 23];
        var expected = 0.0;
        for (var fold = 0; fold < 5; fold++)
        {
            var inside = Enumerable.Range(0, 23).Where(i => i < edges[fold] || i >= edges[fold + 1]).ToList();
            var (meanX, meanY) = (inside.Average(i => x[i]), inside.Average(i => y[i]));
            var slope = inside.Sum(i => (x[i] - meanX) * (y[i] - meanY)) / (inside.Sum(i => (x[i] - meanX) * (x[i] - meanX)) + 1e-4);
            var outside = Enumerable.Range(edges[fold], edges[fold + 1] - edges[fold]).ToList();
            var mean = outside.Average(i => y[i]);
            expected += (1 - (outside.Sum(i => Math.Pow(y[i] - meanY - (slope * (x[i] - meanX)), 2)) / outside.Sum(i => Math.Pow(y[i] - mean, 2)))) / 5;
        }

        Assert.Equal(expected, found.CrossValidatedR2[0], 1e-12);
    }

    private static string Submission(string pair) => Path.Combine(s_folder, $"{pair}.submission.h5");

    private static string Target(string pair) => Path.Combine(s_folder, $"{pair}.target.h5");

    private static TrialArray Changed(TrialArray array, Action<int, double[]> change) => new(array.Name, array.Trials, array.Bins, array.Columns, (trial, destination) =>
    {
        var values = new double[destination.Length];
        array.Read(trial, values);
        change(trial, values);
        values.CopyTo(destination);
    });

    private static TrialArray Times(TrialArray array, double factor) => Changed(array, (_, values) =>
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] *= factor;
        }
    });

    private static TrialArray First(TrialArray array, double value) => Changed(array, (trial, values) => values[0] = trial == 0 ? value : values[0]);

    private static TrialArray WithoutLast(TrialArray array) => new(array.Name, array.Trials, array.Bins, array.Columns - 1, (trial, destination) =>
    {
        var values = new double[array.Bins * array.Columns];
        array.Read(trial, values);
        for (var i = 0; i < destination.Length; i++)
        {
            destination[i] = values[(i / (array.Columns - 1) * array.Columns) + (i % (array.Columns - 1))];
        }
    });

    private static TrialArray Means(TrialArray spikes)
    {
        var (sums, known) = (new double[spikes.Columns], new int[spikes.Columns]);
        var values = new double[spikes.Bins * spikes.Columns];
        for (var trial = 0; trial < spikes.Trials; trial++)
        {
            spikes.Read(trial, values);
            for (var i = 0; i < values.Length; i++)
            {
                sums[i % sums.Length] += double.IsNaN(values[i]) ? 0 : values[i];
                known[i % sums.Length] += double.IsNaN(values[i]) ? 0 : 1;
            }
        }

        return Changed(spikes, (_, all) =>
        {
            for (var i = 0; i < all.Length; i++)
            {
                all[i] = sums[i % sums.Length] / known[i % sums.Length];
            }
        });
    }

    /// <summary>Numbers to the tolerance, relative where they are large; what is found may tell more, but has no scores besides, nor in another order.</summary>
    private static void AssertSame(JsonNode? expected, JsonNode? found, string where)
    {
        switch (expected)
        {
            case JsonObject known:
                foreach (var (key, value) in known)
                {
                    AssertSame(value, found![key], $"{where}.{key}");
                }

                if (where.Contains("_split", StringComparison.Ordinal))
                {
                    Assert.Equal(known.Select(one => one.Key), found!.AsObject().Select(one => one.Key), StringComparer.Ordinal);
                }

                break;
            case JsonArray known:
                Assert.Equal(known.Count, found!.AsArray().Count);
                for (var i = 0; i < known.Count; i++)
                {
                    AssertSame(known[i], found[i], $"{where}[{i}]");
                }

                break;
            default:
                Assert.NotNull(found);
                var (a, b) = (expected!.GetValue<double>(), double.Parse(found.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture));
                Assert.True(Math.Abs(a - b) <= Tolerance * Math.Max(1, Math.Abs(a)), $"{where}: {a} expected, {b} found");
                break;
        }
    }

    private sealed class Files(string pair) : IDisposable
    {
        private readonly NeuralLatentsFile _submission = NeuralLatentsFile.Open(Submission(pair));
        private readonly NeuralLatentsFile _target = NeuralLatentsFile.Open(Target(pair));

        public SubmittedGroup Rates(string group) => NeuralLatentsScore.SubmittedOrNull(_submission, group)!;

        public TargetGroup Targets(string group) => NeuralLatentsScore.TargetOrNull(_target, group)!;

        public void Dispose()
        {
            _submission.Dispose();
            _target.Dispose();
        }
    }
}
