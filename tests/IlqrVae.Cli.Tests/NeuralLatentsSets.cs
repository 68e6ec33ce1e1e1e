using System.Globalization;
using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Data.Tests;
using IlqrVae.Recordings;

namespace IlqrVae.Cli.Tests;

/// <summary>The sets of the Neural Latents Benchmark, from NWB files to scores. What has to come out was made of the very files by the benchmark's own tools.</summary>
public sealed class NeuralLatentsSets
{
    // Targets are in single precision.
    private const double OfSinglePrecision = 1e-6;

    private static readonly JsonNode s_known = JsonNode.Parse(File.ReadAllText(SharedData.Committed("nlb_sets.json")))!["sets"]!;

    public static TheoryData<string, int> Sets { get; } = new(NeuralLatentsSet.All.Where(set => set.Name is not ("mc_maze_large" or "mc_maze_medium")).SelectMany(set => new[] { (set.Name, 5), (set.Name, 20) }));

    [Theory]
    [MemberData(nameof(Sets))]
    public void Targets_of_NWB_files_are_those_that_the_benchmark_makes(string set, int bin)
    {
        using var line = new CommandLine();
        NeuralLatentsSessions.Write(line["train.nwb"], set);
        line.Must("nlb", "target", "@/train.nwb", "-o", "@/target.h5", "--set", set, "--bin", $"{bin}");
        using var target = Hdf5Archive.Open(line["target.h5"]);
        var group = Group(set, bin);
        var known = s_known[group]!["target"]!.AsObject();
        Assert.Equal(known.Select(one => one.Key).Order(StringComparer.Ordinal), target.Children(group).Order(StringComparer.Ordinal));
        foreach (var (name, expected) in known)
        {
            if (expected!["lists"] is { } lists)
            {
                using var file = NeuralLatentsFile.Open(line["target.h5"]);
                Assert.Equal(lists.AsArray().Select(list => list!.AsArray().Select(one => one!.GetValue<int>())), file.ListsOrNull(group, name)!);
            }
            else
            {
                var (shape, values) = target.ReadDoubles($"{group}/{name}");
                AssertSame(expected, name, [.. shape], values, OfSinglePrecision);
            }
        }
    }

    /// <summary>The configurations of experiments/maze-size, and the commands of docs/nlb.md below their cost, on a small session of that layout; only iterations are fewer.</summary>
    [Theory]
    [InlineData("config.yaml", "90 states and 15 inputs", "3500 updates", "  batch: 168", "  learning-rate: 0.004", "  schedule: inverse-square-root")]
    [InlineData("ours.yaml", "30 states and 6 inputs", "2500 updates", "  batch: 64")]
    public void The_configurations_for_MC_Maze_take_its_files(string name, string sizes, string updates, params string[] settings)
    {
        using var line = new CommandLine();
        Directory.CreateDirectory(line["000128/sub-Jenkins"]);
        NeuralLatentsSessions.Write(line["000128/sub-Jenkins/desc-train.nwb"], "mc_maze");
        var text = File.ReadAllText(Path.Combine(Repository.Root, "experiments", "maze-size", name));
        Assert.All(settings, setting => Assert.Contains(setting + "\n", text, StringComparison.Ordinal));
        line.Write(name, text);
        Assert.Contains("| states, inputs | 90, 15 | 30, 6 |", File.ReadAllText(DocsPage.PathOf("nlb.md")), StringComparison.Ordinal);
        var commands = DocsPage.Blocks("nlb.md").Where(block => block.Kind == "commands").Select(block => block.Text).ToList()[^5..];
        Assert.StartsWith("ilqr-vae import", commands[0], StringComparison.Ordinal);
        foreach (var command in commands)
        {
            var words = DocsPage.Words(command.Replace("config.yaml", name, StringComparison.Ordinal)).Skip(1)
                .Select(word => word == "000128/sub-Jenkins/*.nwb" ? "@/000128/sub-Jenkins/desc-train.nwb" : Path.GetExtension(word) is ".h5" or ".yaml" || word == "run" ? "@/" + word : word).ToList();
            if (words[0] == "train")
            {
                var check = line.Must("config", "check", words[1]);
                Assert.Contains(sizes, check, StringComparison.Ordinal);
                Assert.Contains(updates, check, StringComparison.Ordinal);
                words.AddRange(["--iterations", "2"]);
            }

            line.Must([.. words]);
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Datasets_hold_what_models_are_given_in_the_benchmark(string set, int bin)
    {
        using var line = new CommandLine();
        NeuralLatentsSessions.Write(line["desc-train.nwb"], set);
        NeuralLatentsSessions.Write(line["desc-test.nwb"], set, isTest: true);
        var preset = NeuralLatentsSet.OfGroup(set)!;
        var window = (preset.WindowEnd - preset.WindowStart) / bin;
        foreach (var phase in (string[])["val", "test"])
        {
            string[] files = phase == "val" ? ["@/desc-train.nwb"] : ["@/desc-train.nwb", "@/desc-test.nwb"];
            line.Must(["import", .. files, "-o", "@/data.h5", "--force", "--nlb", set, "--bin", $"{bin}", "--phase", phase]);
            var recording = RecordingFile.Read(line["data.h5"]);
            Assert.All(recording.Trials, trial => Assert.Equal(window + (200 / bin), trial.Bins));
            var known = s_known[Group(set, bin)]![phase]!;
            foreach (var (name, expected) in known.AsObject())
            {
                var trials = recording.Trials.Where(trial => name.StartsWith("train", StringComparison.Ordinal)
                    ? trial.Split == TrialSplit.Train || (phase == "test" && trial.Split == TrialSplit.Validation)
                    : trial.Split == (phase == "test" ? TrialSplit.Test : TrialSplit.Validation)).ToList();
                var g = recording.IndexOfGroup(name.EndsWith("heldin", StringComparison.Ordinal) ? "spikes" : name.EndsWith("heldout", StringComparison.Ordinal) ? "held-out" : preset.Behaviour);
                var channels = recording.Groups[g].Channels;
                double[] values = [.. trials.SelectMany(trial => Enumerable.Range(0, window).SelectMany(t => Enumerable.Range(0, channels).Select(c => trial.Observations[g].IsObserved(t, c) ? trial.Observations[g][t, c] : double.NaN)))];
                AssertSame(expected!, $"{phase} {name}", [trials.Count, window, channels], values, 1e-9);
            }

            // The file of the test trials has neither held-out units nor behaviour, and behind its windows lies something else.
            Assert.All(recording.TrialsOf(TrialSplit.Test), trial => Assert.All(Enumerable.Range(0, recording.Groups.Count), g => Assert.Equal(
                recording.Groups[g].Name == "spikes" ? window * NeuralLatentsSessions.HeldIn : 0, trial.Observations[g].ObservedCount)));
        }
    }

    [Fact]
    public void A_made_session_of_an_independent_program_gives_its_target()
    {
        var session = SharedData.Require("nwb/session.nwb");
        var expected = SharedData.Require("nwb/session.nlb_target.h5");
        using var line = new CommandLine();
        foreach (var bin in (int[])[5, 20])
        {
            line.Must("nlb", "target", session, "-o", "@/own.h5", "--set", "mc_maze", "--bin", $"{bin}", "--force");
            line.Must("import", session, "-o", "@/data.h5", "--nlb", "mc_maze", "--bin", $"{bin}", "--force");
            line.Must("nlb", "target", "@/data.h5", "-o", "@/ofData.h5", "--set", "mc_maze", "--force");
            var group = Group("mc_maze", bin);
            using var known = NeuralLatentsFile.Open(expected);
            foreach (var (file, hasAverages) in new[] { ("own.h5", true), ("ofData.h5", false) })
            {
                using var own = NeuralLatentsFile.Open(line[file]);
                foreach (var table in (string[])["eval_spikes_heldout", "eval_spikes_heldin_forward", "eval_spikes_heldout_forward", "train_behavior", "eval_behavior", .. hasAverages ? ["psth"] : Array.Empty<string>()])
                {
                    Assert.Equal(Values(known, group, table), Values(own, group, table));
                }

                Assert.Equal(known.ListsOrNull(group, "train_cond_idx")!, own.ListsOrNull(group, "train_cond_idx")!);
                Assert.Equal(known.ListsOrNull(group, "eval_cond_idx")!, own.ListsOrNull(group, "eval_cond_idx")!);
            }
        }
    }

    [Theory]
    [InlineData(5)]
    [InlineData(20)]
    public void The_test_trials_of_MC_Maze_Small_have_the_counts_that_are_known(int bin)
    {
        var file = SharedData.Require("nwb/sub-Jenkins_ses-small_desc-test_ecephys.nwb");
        var known = JsonNode.Parse(File.ReadAllText(SharedData.Require("nwb/mc_maze_small_test.json")))!;
        using var line = new CommandLine();
        Assert.Contains("no unit is held out", line.Run("import", file, "-o", "@/data.h5", "--nlb", "mc_maze_small", "--bin", $"{bin}", "--phase", "test").Error, StringComparison.Ordinal);
        var recording = RecordingFile.Read(line["data.h5"]);
        var window = 700 / bin;
        Assert.Equal((100, 1, 107), (recording.TrialsOf(TrialSplit.Test).Count, recording.Groups.Count, recording.Groups[0].Channels));
        Assert.Equal(known["per_trial"]!.AsArray().Select(one => one!.GetValue<double>()), recording.Trials.Select(trial => trial.Observations[0].ToTable().Values.Sum(value => double.IsNaN(value) ? 0 : value)));
        Assert.All(recording.Trials, trial => Assert.Equal(window * 107, trial.Observations[0].ObservedCount));
        for (var unit = 0; unit < 107; unit++)
        {
            var id = recording.Groups[0].ChannelNames![unit]["unit-".Length..];
            Assert.Equal(known["per_unit"]![id]!.GetValue<int>(), recording.Trials.Sum(trial => Enumerable.Range(0, window).Sum(t => trial.Observations[0][t, unit])));
            if (bin == 5 && known["trial_0_5ms"]![id] is { } digits)
            {
                Assert.Equal(digits.GetValue<string>(), string.Concat(Enumerable.Range(0, window).Select(t => recording.Trials[0].Observations[0][t, unit])));
            }
        }
    }

    [Theory]
    [InlineData("mc_maze", "co-bps vel R2 psth R2 fp-bps")]
    [InlineData("mc_maze_small", "[100] co-bps [100] vel R2 [100] psth R2 [100] fp-bps")]
    [InlineData("mc_rtt", "co-bps vel R2 fp-bps")]
    [InlineData("area2_bump", "co-bps vel R2 psth R2 fp-bps")]
    [InlineData("dmfc_rsg", "co-bps tp corr psth R2 fp-bps")]
    public void From_NWB_to_scores(string set, string scores)
    {
        using var line = new CommandLine();
        NeuralLatentsSessions.Write(line["train.nwb"], set);
        line.Must("import", "@/train.nwb", "-o", "@/data.h5", "--nlb", set, "--bin", "20");
        line.Write("config.yaml", "data: data.h5\nmodel: {states: 3, inputs: 1, likelihoods: [{group: spikes}, {group: held-out}]}\ntraining: {iterations: 3}\n");
        line.Must("train", "@/config.yaml", "-o", "@/run");
        var preset = NeuralLatentsSet.OfGroup(set)!;
        var found = JsonNode.Parse(line.Must("nlb", "predict", "@/run", "--data", "@/data.h5", "-o", "@/submission.h5", "--set", set, "--json"))!;
        Assert.Equal(
            (9, 5, (preset.WindowEnd - preset.WindowStart) / 20, 10, NeuralLatentsSessions.HeldIn, NeuralLatentsSessions.HeldOut),
            (Whole("train_trials"), Whole("eval_trials"), Whole("bins"), Whole("forward_bins"), Whole("held_in"), Whole("held_out")));
        line.Must("nlb", "target", "@/train.nwb", "-o", "@/target.h5", "--set", set, "--bin", "20");
        var json = JsonNode.Parse(line.Must("nlb", "score", "@/submission.h5", "--target", "@/target.h5", "--json"))!["result"]!.AsArray();
        var result = Assert.Single(json)!.AsObject().Single().Value!.AsObject();
        Assert.Equal(scores, string.Join(' ', result.Select(one => one.Key)));
        Assert.All(result, one => Assert.True(double.IsFinite(one.Value!.GetValue<double>()), one.Key));

        // The bits are those of evaluate, which knows of windows and hidden bins by itself.
        var evaluated = JsonNode.Parse(line.Must("evaluate", "@/run", "--data", "@/data.h5", "--split", "validation", "--hide", "held-out", "--forecast", "10", "--json"))!;
        Assert.Equal(evaluated["groups"]!["held-out"]!["bits_per_spike"]!.GetValue<double>(), result.First().Value!.GetValue<double>(), OfSinglePrecision);

        int Whole(string name) => found[name]!.GetValue<int>();
    }

    [Fact]
    public void What_is_evaluated_is_not_learned_behind_the_window_of_another_trial()
    {
        using var line = new CommandLine();
        NeuralLatentsSessions.Write(line["train.nwb"], "mc_rtt");
        var outcome = line.Run("import", "@/train.nwb", "-o", "@/data.h5", "--nlb", "mc_rtt");
        Assert.Contains("after the windows of 5 trials to learn from come bins that evaluated trials have", outcome.Error, StringComparison.Ordinal);
        var recording = RecordingFile.Read(line["data.h5"]);

        // Trials follow each other every 600 ms, and every third is evaluated.
        foreach (var trial in recording.Trials)
        {
            var isBefore = trial.Split == TrialSplit.Train && (int.Parse(trial.Name["trial-".Length..], CultureInfo.InvariantCulture) + 1) % 3 == 1 && trial.Name != "trial-014";
            Assert.All(Enumerable.Range(0, 160), bin => Assert.Equal(bin < 120 || !isBefore, trial.Observations[0].IsObserved(bin)));
            Assert.All(Enumerable.Range(0, 160), bin => Assert.Equal(bin < 120 || !isBefore, trial.Observations[2].IsObserved(bin)));
        }
    }

    [Theory]
    [InlineData("did you mean 'mc_maze'?", "--nlb", "mc_mase")]
    [InlineData("bins of 5 and 20 ms", "--nlb", "mc_maze", "--bin", "10")]
    [InlineData("says all that itself", "--nlb", "mc_maze", "--bin-width", "0.005", "--lag", "0.1")]
    [InlineData("--held-out: --nlb", "--nlb", "mc_maze", "--held-out", "2")]
    [InlineData("--phase is for sets", "--phase", "test")]
    [InlineData("--bin-width", "--bin", "5")]
    [InlineData("evaluated in the test phase", "--nlb", "mc_maze", "--phase", "test", "@/other.nwb")]
    [InlineData("no column 'go_time'", "--nlb", "dmfc_rsg")]
    [InlineData("is no NWB file", "--nlb", "mc_maze", "@/data.mat")]
    [InlineData("off the grid of 1 ms", "--nlb", "mc_maze", "@/off.nwb")]
    [InlineData("there is no column 'heldout'", "--nlb", "mc_maze", "@/plain.nwb")]
    [InlineData("no obs_intervals", "--nlb", "mc_maze", "@/always.nwb")]
    public void Faults_are_one_line_and_leave_nothing_behind(string said, params string[] arguments)
    {
        using var line = new CommandLine();
        NeuralLatentsSessions.Write(line["train.nwb"], "mc_maze");
        NeuralLatentsSessions.Write(line["other.nwb"], "mc_maze");
        line.Write("data.mat", "not that");
        var (off, plain, always) = (new NwbBuilder(), new NwbBuilder(), new NwbBuilder());
        foreach (var builder in (NwbBuilder[])[off, plain, always])
        {
            builder.Units([1, 2], [[0.5, 1.5], [0.7]]);
            builder.Trials([0.0], [2.0], ("split", new[] { "val" }), ("move_onset_time", new[] { 0.6 }), ("trial_type", new[] { 1 }), ("trial_version", new[] { 1 }));
        }

        off.Series("processing/behavior/hand_vel", new double[4], 1, [0, 0.001, 0.0024, 0.003]);
        off.Observed([0, 2], [0, 2]);
        plain.Observed([0, 2], [0, 2]);
        foreach (var builder in (NwbBuilder[])[off, always])
        {
            builder.Group("units")["heldout"] = new[] { H5Bool.FALSE, H5Bool.TRUE };
        }

        off.Save(line["off.nwb"]);
        plain.Save(line["plain.nwb"]);
        always.Save(line["always.nwb"]);
        var before = line.Files();
        var isOwn = arguments[^1] is "@/off.nwb" or "@/plain.nwb" or "@/always.nwb";
        var outcome = line.Run([.. isOwn ? ["import", arguments[^1], .. arguments[..^1]] : (string[])["import", "@/train.nwb", .. arguments], "-o", "@/x.h5"]);
        Assert.True(outcome.ExitCode == 2, outcome.ToString());
        Assert.Contains(said, outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.Trim().Split('\n'));
        Assert.Equal(before, line.Files());
    }

    [Theory]
    [InlineData("say which of the benchmark's sets it is")]
    [InlineData("give --set, --bin and --phase alone", "--set", "mc_maze", "--lag", "100")]
    public void Targets_of_NWB_files_need_the_set_and_nothing_else(string said, params string[] arguments)
    {
        using var line = new CommandLine();
        NeuralLatentsSessions.Write(line["train.nwb"], "mc_maze");
        var outcome = line.Run(["nlb", "target", "@/train.nwb", "-o", "@/target.h5", .. arguments]);
        Assert.True(outcome.ExitCode == 2, outcome.ToString());
        Assert.Contains(said, outcome.Error, StringComparison.Ordinal);
    }

    private static string Group(string set, int bin) => bin == 5 ? set : $"{set}_20";

    private static double[] Values(NeuralLatentsFile file, string group, string table)
    {
        var array = file.ArrayOrNull(group, table)!;
        var values = new double[array.Trials * array.Bins * array.Columns];
        for (var trial = 0; trial < array.Trials; trial++)
        {
            array.Read(trial, values.AsSpan(trial * array.Bins * array.Columns, array.Bins * array.Columns));
        }

        return values;
    }

    private static void AssertSame(JsonNode expected, string name, int[] shape, double[] values, double precision)
    {
        Assert.Equal(expected["shape"]!.AsArray().Select(length => length!.GetValue<int>()), shape);
        Assert.True(expected["missing"]!.GetValue<int>() == values.Count(double.IsNaN), name);
        var size = values.Sum(value => double.IsNaN(value) ? 0 : Math.Abs(value));
        AssertClose("sum", values.Sum(value => double.IsNaN(value) ? 0 : value), size);
        AssertClose("weighted", values.Select((value, i) => double.IsNaN(value) ? 0 : value * (1 + (i % 7))).Sum(), 7 * size);

        void AssertClose(string what, double found, double scale) => Assert.True(
            Math.Abs(expected[what]!.GetValue<double>() - found) <= precision * Math.Max(1, scale), $"{name}: {what} {expected[what]} {found}");
    }
}
