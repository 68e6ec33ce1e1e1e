using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Evaluation.NeuralLatents;
using IlqrVae.Recordings;

namespace IlqrVae.Cli.Tests;

/// <summary>A run's submission, a recording's targets and what the one is worth against the other, end to end.</summary>
public sealed class NeuralLatents(NeuralLatents.LearnedMaze maze) : IClassFixture<NeuralLatents.LearnedMaze>
{
    private const int Window = 40;
    private const int Forward = 10;
    private const double BinWidth = 0.02;

    /// <summary>Rates are written in single precision, which moves bits per spike by about 1e-8.</summary>
    private const double OfSinglePrecision = 1e-6;

    [Fact]
    public void Bits_per_spike_are_those_of_evaluate()
    {
        using var line = maze.Copy();
        var found = Json(line, "nlb", "predict", "@/run", "--data", "@/data.h5", "-o", "@/submission.h5", "--forward-bins", "10", "--json");
        Assert.Equal("data_20", found["group"]!.GetValue<string>());
        Assert.Equal("held-out velocity", string.Join(' ', found["hidden"]!.AsArray().Select(one => one!.GetValue<string>())));
        var made = Json(line, "nlb", "target", "@/data.h5", "-o", "@/target.h5", "--forward-bins", "10", "--json");
        Assert.Equal("velocity", made["behaviour"]!.GetValue<string>());
        Assert.Equal(3, made["conditions"]!.GetValue<int>());
        var score = Json(line, "nlb", "score", "@/submission.h5", "--target", "@/target.h5", "--json");
        var scores = score["result"]![0]!["data_20_split"]!.AsObject();
        Assert.Equal(["co-bps", "vel R2", "psth R2", "fp-bps"], scores.Select(one => one.Key), StringComparer.Ordinal);
        var evaluated = Json(line, "evaluate", "@/run", "--data", "@/data.h5", "--split", "validation", "--hide", "held-out,velocity", "--forecast", "10", "--json");
        Assert.Equal(Number(evaluated["groups"]!["held-out"]!["bits_per_spike"]), Number(scores["co-bps"]), OfSinglePrecision);

        // evaluate scores what comes after the window group by group.
        using var submission = NeuralLatentsFile.Open(line["submission.h5"]);
        using var target = NeuralLatentsFile.Open(line["target.h5"]);
        foreach (var (group, name) in new[] { ("spikes", "heldin"), ("held-out", "heldout") })
        {
            var part = SpikePrediction.Of(submission.ArrayOrNull("data_20", $"eval_rates_{name}_forward")!, target.ArrayOrNull("data_20", $"eval_spikes_{name}_forward")!);
            Assert.Equal(Number(evaluated["forecast"]!["groups"]![group]!["bits_per_spike"]), part.BitsPerSpike, OfSinglePrecision);
        }

        var text = line.Must("nlb", "score", "@/submission.h5", "--target", "@/target.h5");
        Assert.All(["data_20", "co-bps", "vel R2", "psth R2", "fp-bps"], word => Assert.Contains(word, text, StringComparison.Ordinal));
    }

    [Fact]
    public void Inference_sees_held_in_neurons_of_the_window_alone()
    {
        using var line = maze.Copy();
        var recording = RecordingFile.Read(line["data.h5"]);
        var before = Rates(line, recording);
        var groups = recording.Groups.Select(group => group.Name).ToList();

        // Whatever else changes, of training trials too, nothing moves.
        var other = Changed(recording, (g, t, _, value) => groups[g] switch
        {
            "spikes" => t < Window ? value : value + 3,
            "held-out" => value + 2,
            _ => 5 - value,
        });
        AssertSame(before, Rates(line, other));

        // Each held-in entry of the window is seen.
        var seen = Rates(line, Changed(recording, (g, t, c, value) => groups[g] == "spikes" && t == Window - 1 && c == 0 ? value + 1 : value));
        Assert.All(before.Keys, name => Assert.NotEqual(before[name], seen[name]));
    }

    [Fact]
    public void Trials_and_neurons_stand_in_the_order_of_the_file()
    {
        using var line = maze.Copy();
        var recording = RecordingFile.Read(line["data.h5"]);
        var before = Rates(line, recording);
        int[] order = [3, 1, 0, 2];
        var (g, groups) = (recording.IndexOfGroup("held-out"), recording.Groups.ToArray());
        groups[g] = groups[g] with { ChannelNames = [.. order.Select(channel => groups[g].ChannelNames![channel])] };
        var moved = recording with
        {
            Groups = groups,
            Trials = [.. recording.Trials.Reverse().Select(trial => trial with
            {
                Observations = [.. trial.Observations.Select((one, i) => i == g ? one.SelectChannels(order) : one)],
                Truth = new Dictionary<string, Table>(StringComparer.Ordinal),
            })],
        };
        var after = Rates(line, moved);
        foreach (var (name, rates) in before)
        {
            var (columns, bins) = (name.Contains("heldout", StringComparison.Ordinal) ? 4 : 12, name.EndsWith("forward", StringComparison.Ordinal) ? Forward : Window);
            var trials = rates.Length / columns / bins;
            for (var i = 0; i < rates.Length; i++)
            {
                var (trial, bin, column) = (i / columns / bins, i / columns % bins, i % columns);
                var from = columns == 4 ? order[column] : column;
                Assert.Equal(rates[((((trials - 1 - trial) * bins) + bin) * columns) + from], after[name][i]);
            }
        }
    }

    [Fact]
    public void Test_trials_are_evaluated_when_asked_for_and_validation_trials_are_learned_from()
    {
        using var line = maze.Copy();
        var found = Json(line, "nlb", "predict", "@/run", "--data", "@/data.h5", "-o", "@/submission.h5", "--phase", "test", "--json");
        Assert.Equal((20, 5), (found["train_trials"]!.GetValue<int>(), found["eval_trials"]!.GetValue<int>()));
        var made = Json(line, "nlb", "target", "@/data.h5", "-o", "@/target.h5", "--phase", "test", "--json");
        Assert.Equal((20, 5, 50), (made["train_trials"]!.GetValue<int>(), made["eval_trials"]!.GetValue<int>(), made["bins"]!.GetValue<int>()));
        var score = Json(line, "nlb", "score", "@/submission.h5", "--target", "@/target.h5", "--json");
        var evaluated = Json(line, "evaluate", "@/run", "--data", "@/data.h5", "--split", "test", "--hide", "held-out,velocity", "--json");
        Assert.Equal(Number(evaluated["groups"]!["held-out"]!["bits_per_spike"]), Number(score["result"]![0]!["data_20_split"]!["co-bps"]), OfSinglePrecision);

        // In the order of the file: training and validation trials are mixed in it.
        var recording = RecordingFile.Read(line["data.h5"]);
        var velocity = recording.IndexOfGroup("velocity");
        var expected = recording.Trials.Where(trial => trial.Split != TrialSplit.Test).Select(trial => (float)trial.Observations[velocity][0, 0]).ToList();
        using var target = NeuralLatentsFile.Open(line["target.h5"]);
        var behaviour = Values(target, "train_behavior");
        Assert.Equal(expected, Enumerable.Range(0, 20).Select(trial => (float)behaviour[trial * 50 * 2]));
    }

    [Fact]
    public void Wider_bins_hold_the_sums_of_those_they_are_made_of()
    {
        using var line = maze.Copy();
        var recording = RecordingFile.Read(line["data.h5"]);
        var fine = Rates(line, recording);
        var wide = Rates(line, recording, "--bin", "100");
        AssertSummed(fine["eval_rates_heldout"], wide["eval_rates_heldout"], 4);
        AssertSummed(fine["train_rates_heldin"], wide["train_rates_heldin"], 12);
        AssertSummed(fine["eval_rates_heldin_forward"], wide["eval_rates_heldin_forward"], 12);
        line.Must("nlb", "target", "@/data.h5", "-o", "@/fine.h5", "--forward-bins", "10");
        line.Must("nlb", "target", "@/data.h5", "-o", "@/wide.h5", "--forward-bins", "10", "--bin", "100");
        using var one = NeuralLatentsFile.Open(line["fine.h5"]);
        using var other = NeuralLatentsFile.Open(line["wide.h5"]);
        AssertSummed(Values(one, "eval_spikes_heldout"), Values(other, "eval_spikes_heldout"), 4);
        AssertSummed(Values(one, "psth"), Values(other, "psth"), 16);
        AssertSummed([.. Values(one, "eval_behavior").Select(value => value / 5)], Values(other, "eval_behavior"), 2);

        static void AssertSummed(double[] fine, double[] wide, int columns)
        {
            Assert.Equal(fine.Length, 5 * wide.Length);
            for (var i = 0; i < wide.Length; i++)
            {
                var first = (i / columns * 5 * columns) + (i % columns);
                Assert.Equal(Enumerable.Range(0, 5).Sum(t => fine[first + (t * columns)]), wide[i], 1e-6 * (1 + Math.Abs(wide[i])));
            }
        }
    }

    [Fact]
    public void Short_trials_are_filled_up_with_nothing()
    {
        using var line = maze.Copy();
        var recording = RecordingFile.Read(line["data.h5"]);
        var cut = recording.Trials.First(trial => trial.Split == TrialSplit.Validation);
        var unequal = recording with { Trials = [.. recording.Trials.Select(trial => ReferenceEquals(trial, cut) ? Part(trial, 45) : trial)] };
        var rates = Rates(line, unequal);
        Assert.All(Enumerable.Range(0, Window * 4), i => Assert.Equal(i / 4 < 35, double.IsFinite(rates["eval_rates_heldout"][i])));
        Assert.All(rates["eval_rates_heldout_forward"], value => Assert.True(double.IsFinite(value)));
        line.Must("nlb", "target", "@/data.h5", "-o", "@/target.h5", "--forward-bins", "10", "--lag", "-40");
        using (var target = NeuralLatentsFile.Open(line["target.h5"]))
        {
            var spikes = Values(target, "eval_spikes_heldout");
            Assert.All(Enumerable.Range(0, Window * 4), i => Assert.Equal(i / 4 < 35, double.IsFinite(spikes[i])));
            var (held, velocity) = (unequal.IndexOfGroup("held-out"), unequal.IndexOfGroup("velocity"));
            Assert.Equal(cut.Observations[held][37, 2], Values(target, "eval_spikes_heldout_forward")[(2 * 4) + 2]);

            // Two bins earlier than the spikes: the first two are nowhere.
            var behaviour = Values(target, "eval_behavior");
            Assert.True(double.IsNaN(behaviour[0]) && double.IsNaN(behaviour[3]));
            Assert.Equal((float)cut.Observations[velocity][0, 1], (float)behaviour[5]);
            Assert.Equal((float)cut.Observations[velocity][32, 0], (float)behaviour[34 * 2]);
            Assert.True(double.IsNaN(behaviour[35 * 2]));
        }

        var score = Json(line, "nlb", "score", "@/submission.h5", "--target", "@/target.h5", "--json");
        Assert.Equal(4 * 5, score["behind"]!["data_20"]!["co-bps"]!["bins_missing"]!.GetValue<int>());
    }

    [Fact]
    public void Targets_hold_what_was_recorded()
    {
        using var line = maze.Copy();
        var recording = RecordingFile.Read(line["data.h5"]);
        var (held, velocity) = (recording.IndexOfGroup("held-out"), recording.IndexOfGroup("velocity"));

        // Not observed: an entry of held-out spikes, and one of two columns of velocity.
        var first = recording.Trials.First(trial => trial.Split == TrialSplit.Validation);
        var gappy = recording with
        {
            Trials = [.. recording.Trials.Select(trial => !ReferenceEquals(trial, first) ? trial : trial with
            {
                Observations = [.. trial.Observations.Select((one, g) => g == held ? one.Hide((t, c) => t == 3 && c == 2) : g == velocity ? one.Hide((t, c) => t == 7 && c == 1) : one)],
            })],
        };
        RecordingFile.Write(line["data.h5"], gappy);
        line.Must("nlb", "target", "@/data.h5", "-o", "@/target.h5", "--decode-by", "condition", "--sigma", "30");
        using var target = NeuralLatentsFile.Open(line["target.h5"]);
        var evaluated = gappy.TrialsOf(TrialSplit.Validation);
        var training = gappy.TrialsOf(TrialSplit.Train);
        var (spikes, behaviour) = (Values(target, "eval_spikes_heldout"), Values(target, "eval_behavior"));
        for (var trial = 0; trial < evaluated.Count; trial++)
        {
            for (var t = 0; t < 50; t++)
            {
                for (var c = 0; c < 4; c++)
                {
                    Assert.Equal(trial == 0 && t == 3 && c == 2 ? double.NaN : evaluated[trial].Observations[held][t, c], spikes[(((trial * 50) + t) * 4) + c]);
                }

                for (var c = 0; c < 2; c++)
                {
                    Assert.Equal(trial == 0 && t == 7 ? float.NaN : (float)evaluated[trial].Observations[velocity][t, c], (float)behaviour[(((trial * 50) + t) * 2) + c]);
                }
            }
        }

        // Conditions of all trials, training trials first.
        var numbers = training.Concat(evaluated).Select(trial => trial.Truth["condition"][0, 0]).ToList();
        var (ofTraining, ofEvaluated) = (target.ListsOrNull("data_20", "train_cond_idx")!, target.ListsOrNull("data_20", "eval_cond_idx")!);
        var masks = target.Masks("data_20", "eval_decode_mask");
        for (var c = 0; c < 3; c++)
        {
            Assert.Equal(Enumerable.Range(0, training.Count).Where(trial => numbers[trial] == c), ofTraining[c]);
            Assert.Equal(Enumerable.Range(0, evaluated.Count).Where(trial => numbers[training.Count + trial] == c), ofEvaluated[c]);
            Assert.Equal(evaluated.Select(trial => trial.Truth["condition"][0, 0] == c), masks[c]);
        }

        Assert.Equal(training.Select(trial => trial.Truth["condition"][0, 0] == 1), target.Masks("data_20", "train_decode_mask")[1]);
        var psth = Values(target, "psth");
        var smoothing = new SpikeSmoothing(BinWidth, 0.03);
        var members = training.Concat(evaluated).Where(trial => trial.Truth["condition"][0, 0] == 1).ToList();
        var (seen, own) = (gappy.IndexOfGroup("spikes"), members.Select(trial => smoothing.Smooth(trial.Observations[held].ToTable())).ToList());
        Assert.Equal(members.Average(trial => smoothing.Smooth(trial.Observations[seen].ToTable())[20, 5]), psth[(((1 * 50) + 20) * 16) + 5], 1e-6);
        Assert.Equal(own.Average(table => table[49, 3]), psth[(((1 * 50) + 49) * 16) + 15], 1e-6);
        line.Must("nlb", "predict", "@/run", "--data", "@/data.h5", "-o", "@/submission.h5");
        var score = Json(line, "nlb", "score", "@/submission.h5", "--target", "@/target.h5", "--json");
        Assert.Equal(3, score["behind"]!["data_20"]!["vel R2"]!.AsArray().Count);
    }

    [Fact]
    public void Trials_of_dmfc_end_together_and_their_columns_are_scored()
    {
        // 5 ms; the last 40 bins come after go; trials last 150 to 220 bins before it.
        using var line = new CommandLine();
        var random = new Random(4);
        Observations Counts(int bins, int neurons) => Observations.FromCounts(new Table(bins, neurons, [.. Enumerable.Range(0, bins * neurons).Select(_ => random.Next(5) == 0 ? 1.0 : 0)]));
        var trials = Enumerable.Range(0, 16).Select(k =>
        {
            var bins = 150 + (10 * (k % 8)) + 40;
            (string Name, double Value)[] columns = [("is_eye", k % 2), ("theta", 0), ("is_short", 1), ("ts", 700), ("tp", k == 9 ? double.NaN : 5 * (bins - 40))];
            return new Trial
            {
                Name = $"t{k}", Bins = bins, Split = k < 8 ? TrialSplit.Train : TrialSplit.Validation, Observations = [Counts(bins, 3), Counts(bins, 2)],
                Truth = columns.ToDictionary(one => one.Name, one => new Table(bins, 1, [.. Enumerable.Repeat(one.Value, bins)]), StringComparer.Ordinal),
            };
        }).ToList();
        RecordingFile.Write(line["dmfc_rsg.h5"], new Recording
        {
            BinWidth = 0.005, Groups = [new ChannelGroup("spikes", ChannelKind.Counts, 3), new ChannelGroup("held-out", ChannelKind.Counts, 2)], Trials = trials,
        });
        var outcome = line.Run("nlb", "target", "@/dmfc_rsg.h5", "-o", "@/target.h5", "--forward-bins", "40");
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Contains("3 held-in neurons (45)", outcome.Error, StringComparison.Ordinal);
        using var target = NeuralLatentsFile.Open(line["target.h5"]);
        Assert.Equal(["dmfc_rsg"], target.Groups, StringComparer.Ordinal);
        Assert.Equal("8 x 220 x 2", target.ArrayOrNull("dmfc_rsg", "eval_spikes_heldout")!.Shape);
        Assert.Equal("8 x 1 x 5", target.ArrayOrNull("dmfc_rsg", "eval_behavior", takesRows: true)!.Shape);
        var spikes = Values(target, "eval_spikes_heldout", "dmfc_rsg");

        // The first evaluated trial has 150 bins in the window of 220.
        Assert.True(double.IsNaN(spikes[(69 * 2) + 1]));
        Assert.Equal(trials[8].Observations[1][0, 1], spikes[(70 * 2) + 1]);
        Assert.Equal(trials[8].Observations[1][149, 0], spikes[219 * 2]);

        // Of condition is_eye 0 the shortest trial has 150 bins, of the other one 160; none is below .8 of the mean.
        var psth = Values(target, "psth", "dmfc_rsg");
        Assert.Equal([70, 60], new[] { 0, 1 }.Select(c => Enumerable.Range(0, 220).Count(bin => double.IsNaN(psth[((c * 220) + bin) * 5]))));
        var file = new NeuralLatentsWriter("dmfc_rsg");
        foreach (var (name, columns) in new[] { ("heldin", 3), ("heldout", 2) })
        {
            file.Add($"eval_rates_{name}", [.. Enumerable.Range(0, 8 * 220 * columns).Select(_ => 0.1f + (float)random.NextDouble())], 8, 220, columns);
        }

        file.Save(line["submission.h5"]);
        var score = Json(line, "nlb", "score", "@/submission.h5", "--target", "@/target.h5", "--json");
        Assert.Equal(["co-bps", "tp corr", "psth R2"], score["result"]![0]!["dmfc_rsg_split"]!.AsObject().Select(one => one.Key), StringComparer.Ordinal);

        // Trial 9 is an outlier.
        Assert.Equal([4, 3], score["behind"]!["dmfc_rsg"]!["tp corr"]!["conditions"]!.AsArray().Select(one => one!["trials"]!.GetValue<int>()));
    }

    [Theory]
    [InlineData("--held-out-group", "velocity", "'velocity'")]
    [InlineData("--held-out-group", "spikes,held-out", "besides")]
    [InlineData("--forward-bins", "50", "--forward-bins")]
    [InlineData("--forward-bins", "-1", "--forward-bins")]
    [InlineData("--bin", "30", "--bin")]
    [InlineData("--bin", "60", "--bin")]
    [InlineData("--bin", "-20", "--bin")]
    [InlineData("--set", "mc_maze_20", "--set")]
    [InlineData("--set", "a/b", "--set")]
    [InlineData("--set", "mc_maze", "benchmark", "--bin", "100")]
    public void What_cannot_be_cut_is_refused(string option, string value, string mentioned, params string[] more)
    {
        using var line = maze.Copy();
        var before = line.Contents();
        foreach (var command in (string[][])[["predict", "@/run", "--data", "@/data.h5"], ["target", "@/data.h5"]])
        {
            var outcome = line.Run(["nlb", .. command, "-o", "@/x.h5", option, value, .. more]);
            Assert.True(outcome.ExitCode == 2, $"{outcome}");
            Assert.Contains(mentioned, outcome.Error, StringComparison.Ordinal);
            Assert.Single(outcome.Error.Trim().Split('\n'));
        }

        Assert.Equal(before, line.Contents());
    }

    [Theory]
    [InlineData("--behaviour", "spikes")]
    [InlineData("--behaviour", "none")]
    [InlineData("--lag", "15")]
    [InlineData("--condition", "none")]
    [InlineData("--condition", "rates")]
    [InlineData("--decode-by", "none")]
    [InlineData("--decode-by", "command")]
    [InlineData("--sigma", "0")]
    public void What_no_target_can_be_made_of_is_refused(string option, string value)
    {
        using var line = maze.Copy();
        var outcome = line.Run("nlb", "target", "@/data.h5", "-o", "@/x.h5", option, value);
        Assert.True(outcome.ExitCode == 2, $"{outcome}");
        Assert.Single(outcome.Error.Trim().Split('\n'));
        Assert.False(File.Exists(line["x.h5"]));
    }

    [Fact]
    public void A_recording_without_the_trials_or_a_model_without_the_neurons_is_refused()
    {
        using var line = maze.Copy();
        var recording = RecordingFile.Read(line["data.h5"]);
        RecordingFile.Write(line["trained.h5"], recording with { Trials = recording.TrialsOf(TrialSplit.Train) });
        Refused("validation", "predict", "@/run", "--data", "@/trained.h5", "-o", "@/x.h5");
        Refused("test", "target", "@/trained.h5", "-o", "@/x.h5", "--phase", "test");
        line.Write("config.yaml", "data: data.h5\nmodel: {states: 2, inputs: 1, likelihoods: [{group: spikes}]}\ntraining: {iterations: 2, hide: []}\n");
        line.Must("train", "@/config.yaml", "-o", "@/seen");
        Refused("'held-out'", "predict", "@/seen", "--data", "@/data.h5", "-o", "@/x.h5");
        Refused("itself", "predict", "@/run", "--data", "@/data.h5", "-o", "@/data.h5", "--force");
        Refused("itself", "predict", "@/run", "--data", "@/data.h5", "-o", "@/run/model.h5", "--force");
        Refused("itself", "target", "@/data.h5", "-o", "@/data.h5", "--force");
        Refused("--force", "target", "@/data.h5", "-o", "@/trained.h5");
        Refused("folder", "target", "@/data.h5", "-o", "@/none/x.h5");
        Assert.False(File.Exists(line["x.h5"]));

        void Refused(string mentioned, params string[] arguments)
        {
            var outcome = line.Run(["nlb", .. arguments]);
            Assert.True(outcome.ExitCode == 2, $"{outcome}");
            Assert.Contains(mentioned, outcome.Error, StringComparison.Ordinal);
            Assert.Single(outcome.Error.Trim().Split('\n'));
        }
    }

    [Fact]
    public void A_run_of_other_data_is_remarked()
    {
        using var line = maze.Copy();
        var recording = RecordingFile.Read(line["data.h5"]);
        RecordingFile.Write(line["other.h5"], Changed(recording, (_, t, _, value) => t == 0 ? value + 1 : value));
        Assert.Contains("another recording", line.Run("nlb", "predict", "@/run", "--data", "@/other.h5", "-o", "@/x.h5").Error, StringComparison.Ordinal);
        Assert.DoesNotContain("another recording", line.Run("nlb", "predict", "@/run", "--data", "@/data.h5", "-o", "@/y.h5").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_of_another_layout_are_refused()
    {
        using var line = maze.Copy();
        line.Must("nlb", "predict", "@/run", "--data", "@/data.h5", "-o", "@/submission.h5");
        line.Must("nlb", "target", "@/data.h5", "-o", "@/target.h5");
        line.Must("nlb", "target", "@/data.h5", "-o", "@/other.h5", "--set", "other");
        Refused(["data_20", "other_20"], "@/submission.h5", "@/other.h5");
        Refused(["none.h5"], "@/none.h5", "@/target.h5");
        Refused(["none.h5"], "@/submission.h5", "@/none.h5");
        Refused(["data.h5"], "@/data.h5", "@/target.h5");
        line.Write("text.h5", "text");
        Refused(["text.h5", "HDF5"], "@/text.h5", "@/target.h5");
        var archive = new Hdf5Archive();
        archive.Add("eval_rates_heldout", new double[6], 1, 2, 3);
        archive.Save(line["root.h5"]);
        Refused(["root.h5", "group"], "@/root.h5", "@/target.h5");
        archive = new Hdf5Archive();
        archive.Add("data_20/eval_rates_heldout", new double[6], 2, 3);
        archive.Save(line["flat.h5"]);
        Refused(["flat.h5", "three axes"], "@/flat.h5", "@/target.h5");
        archive = new Hdf5Archive();
        archive.Add("data_20/eval_rates_heldout", [.. Enumerable.Repeat(-1.0, 5 * 50 * 4)], 5, 50, 4);
        archive.Save(line["negative.h5"]);
        Refused(["negative.h5", "-1", "negative"], "@/negative.h5", "@/target.h5");

        void Refused(string[] mentioned, string submission, string target)
        {
            var outcome = line.Run("nlb", "score", submission, "--target", target);
            Assert.True(outcome.ExitCode == 2, $"{outcome}");
            Assert.Empty(outcome.Output);
            Assert.Single(outcome.Error.Trim().Split('\n'));
            Assert.All(mentioned, word => Assert.Contains(word, outcome.Error, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Rates_in_hertz_are_remarked()
    {
        using var line = maze.Copy();
        line.Must("nlb", "target", "@/data.h5", "-o", "@/target.h5", "--behaviour", "velocity");
        var file = new NeuralLatentsWriter("data_20");
        foreach (var (part, trials) in new[] { ("train", 15), ("eval", 5) })
        {
            file.Add($"{part}_rates_heldin", [.. Enumerable.Repeat(10f, trials * 50 * 12)], trials, 50, 12);
            file.Add($"{part}_rates_heldout", [.. Enumerable.Repeat(10f, trials * 50 * 4)], trials, 50, 4);
        }

        file.Save(line["hertz.h5"]);
        var outcome = line.Run("nlb", "score", "@/hertz.h5", "--target", "@/target.h5", "--json");
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Contains("Hz", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("0.02 s", outcome.Error, StringComparison.Ordinal);
        JsonNode.Parse(outcome.Output);
    }

    [Theory]
    [InlineData(new[] { "nlb" }, "a command is missing")]
    [InlineData(new[] { "nlb", "scroe" }, "did you mean 'score'")]
    [InlineData(new[] { "nlb", "score", "a.h5" }, "ilqr-vae nlb score: ")]
    [InlineData(new[] { "nlb", "score", "a.h5", "--targt", "b.h5" }, "did you mean '--target'")]
    [InlineData(new[] { "nlb", "predict", "run", "--data", "a.h5", "-o", "b.h5", "--phase", "train" }, "'train'")]
    public void Command_lines_that_do_not_fit_are_explained(string[] arguments, string mentioned)
    {
        using var line = new CommandLine();
        var outcome = line.Run(arguments);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(mentioned, outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.Trim().Split('\n'));
    }

    [Fact]
    public void An_interrupted_prediction_leaves_nothing()
    {
        using var line = maze.Copy();
        var before = line.Files();
        Assert.Equal(130, line.Run(new CancellationToken(canceled: true), "nlb", "predict", "@/run", "--data", "@/data.h5", "-o", "@/x.h5").ExitCode);
        Assert.Equal(before, line.Files());
    }

    private static JsonNode Json(CommandLine line, params string[] arguments) => JsonNode.Parse(line.Must(arguments))!;

    private static double Number(JsonNode? node) => node!.GetValue<double>();

    private static double[] Values(NeuralLatentsFile file, string table, string? group = null)
    {
        var array = file.ArrayOrNull(group ?? file.Groups[0], table)!;
        var values = new double[array.Trials * array.Bins * array.Columns];
        for (var trial = 0; trial < array.Trials; trial++)
        {
            array.Read(trial, values.AsSpan(trial * array.Bins * array.Columns, array.Bins * array.Columns));
        }

        return values;
    }

    /// <summary>Every table of the submission that the run makes of a recording.</summary>
    private static Dictionary<string, double[]> Rates(CommandLine line, Recording recording, params string[] options)
    {
        RecordingFile.Write(line["data.h5"], recording);
        line.Must(["nlb", "predict", "@/run", "--data", "@/data.h5", "-o", "@/submission.h5", "--force", "--forward-bins", "10", .. options]);
        using var file = NeuralLatentsFile.Open(line["submission.h5"]);
        string[] tables = ["train_rates_heldin", "train_rates_heldout", "eval_rates_heldin", "eval_rates_heldout", "eval_rates_heldin_forward", "eval_rates_heldout_forward"];
        return tables.ToDictionary(name => name, name => Values(file, name), StringComparer.Ordinal);
    }

    private static void AssertSame(Dictionary<string, double[]> expected, Dictionary<string, double[]> found)
    {
        foreach (var (name, values) in expected)
        {
            Assert.Equal(values, found[name]);
        }
    }

    private static Recording Changed(Recording recording, Func<int, int, int, double, double> change) => recording with
    {
        Trials = [.. recording.Trials.Select(trial => trial with
        {
            Observations = [.. trial.Observations.Select((one, g) =>
            {
                var table = one.ToTable();
                for (var i = 0; i < table.Values.Length; i++)
                {
                    table.Values[i] = change(g, i / table.Columns, i % table.Columns, table.Values[i]);
                }

                return Observations.Of(recording.Groups[g].Kind, table, one.ToMask());
            })],
        })],
    };

    private static Trial Part(Trial trial, int bins) => trial with
    {
        Bins = bins,
        Observations = [.. trial.Observations.Select(one => one.SelectBins(0, bins))],
        Truth = trial.Truth.ToDictionary(pair => pair.Key, pair => new Table(bins, pair.Value.Columns, pair.Value.Values[..(bins * pair.Value.Columns)]), StringComparer.Ordinal),
    };

    /// <summary>A simulated recording, its validation trials mixed with the training trials and its channels named, and a run of it.</summary>
    public sealed class LearnedMaze : IDisposable
    {
        private readonly CommandLine _line = new();

        public LearnedMaze()
        {
            _line.Must(
                "simulate", "maze", "-o", "@/data.h5", "--trials", "15", "--validation-trials", "5", "--test-trials", "5", "--bins", "50", "--channels", "16", "--conditions", "3",
                "--bin-width", "0.02", "--seed", "2");
            var recording = RecordingFile.Read(_line["data.h5"]);
            RecordingFile.Write(_line["data.h5"], recording with
            {
                Groups = [.. recording.Groups.Select(group => group with { ChannelNames = [.. Enumerable.Range(0, group.Channels).Select(c => $"{group.Name}{c}")] })],
                Trials = [.. recording.Trials.Select((trial, i) => (trial, i)).OrderBy(pair => pair.i * 7 % 25).Select(pair => pair.trial)],
            });
            _line.Write("config.yaml", "data: data.h5\nmodel: {states: 5, inputs: 2, likelihoods: [{group: spikes}, {group: held-out}, {group: velocity}]}\ntraining: {iterations: 15}\n");
            _line.Must("train", "@/config.yaml", "-o", "@/run");
        }

        internal CommandLine Copy() => _line.CopyOfRun();

        public void Dispose() => _line.Dispose();
    }
}
