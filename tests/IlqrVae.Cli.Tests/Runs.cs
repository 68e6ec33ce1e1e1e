using System.Globalization;
using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Recordings;
using IlqrVae.Runs.Files;

namespace IlqrVae.Cli.Tests;

/// <summary>From simulated data to scores through the command line.</summary>
public sealed class Runs
{
    private const string Configuration =
        """
        data: data.h5
        model: {states: 4, inputs: 2}
        training: {iterations: 20, batch: 6, schedule: constant, validation-interval: 5, checkpoint-interval: 7}
        """;

    [Fact]
    public void A_simulated_recording_is_learned_inferred_and_scored()
    {
        using var line = Prepared();
        line.Must("train", "@/config.yaml", "-o", "@/run");
        foreach (var name in (string[])["config.yaml", "model.h5", "checkpoint.h5", "history.csv", "history.jsonl", "log.txt"])
        {
            Assert.True(File.Exists(line[$"run/{name}"]), name);
        }

        Assert.Equal(21, File.ReadAllLines(line["run/history.csv"]).Length);
        Assert.Equal(20, File.ReadAllLines(line["run/history.jsonl"]).Length);

        line.Must("infer", "@/run", "--data", "@/data.h5", "-o", "@/posterior.h5", "--draws", "3", "--split", "test");
        using var posterior = Hdf5Archive.Open(line["posterior.h5"]);
        Assert.Equal([100, 8], posterior.ShapeOf("channels/spikes/mean"));
        Assert.Equal([100, 4], posterior.ShapeOf("states/mean"));
        Assert.Equal([3, 100, 2], posterior.ShapeOf("samples/inputs"));
        Assert.Equal([3, 4], posterior.ShapeOf("samples/log_weight"));
        Assert.All(posterior.ReadDoubles("channels/spikes/mean").Values, rate => Assert.InRange(rate, 0, 1000));
        Assert.All(posterior.ReadDoubles("states/deviation").Values, deviation => Assert.True(deviation > 0));
        Assert.All(posterior.ReadDoubles("samples/log_weight").Values, weight => Assert.True(double.IsFinite(weight)));

        var scores = JsonNode.Parse(line.Must("evaluate", "@/run", "--data", "@/data.h5", "--json"))!;
        Assert.Equal("test", scores["split"]!.GetValue<string>());
        Assert.Equal(1, scores["solver"]!["converged"]!.GetValue<double>());
        Assert.True(double.IsFinite(scores["elbo"]!.GetValue<double>()));
        Assert.True(scores["truth"]!["states"]!["variance_captured"]!.GetValue<double>() > 0.3);
        Assert.NotNull(scores["truth"]!["rates"]!["expected_bits_per_spike"]);
        Assert.NotNull(scores["groups"]!["spikes"]!["bits_per_spike"]);
    }

    [Fact]
    public void Data_and_seed_on_the_command_line_override_the_configuration_and_stay_with_the_run()
    {
        using var line = Prepared();
        line.Must("train", "@/config.yaml", "-o", "@/run", "--iterations", "3");
        line.Must("simulate", "lorenz", "-o", "@/other.h5", "--seed", "9", "--observation", "spikes", "--channels", "8", "--trials", "6", "--validation-trials", "2");
        line.Must("train", "@/config.yaml", "-o", "@/other", "--iterations", "3", "--data", "@/other.h5", "--seed", "7");
        Assert.Contains("seed: 7", File.ReadAllText(line["other/config.yaml"]), StringComparison.Ordinal);
        Assert.Contains("other.h5", File.ReadAllText(line["other/config.yaml"]), StringComparison.Ordinal);
        Assert.False(string.Equals(FirstLoss("run"), FirstLoss("other"), StringComparison.Ordinal));
        line.Must("train", "@/config.yaml", "-o", "@/seeded", "--iterations", "3", "--seed", "7");
        Assert.False(string.Equals(FirstLoss("run"), FirstLoss("seeded"), StringComparison.Ordinal));
        Assert.Equal(2, line.Run("train", "@/config.yaml", "-o", "@/large", "--iterations", "3", "--seed", "9223372036854775808").ExitCode);

        // Resumed from the run's folder with what it was made with; from the first configuration only with the same options again.
        line.Must("train", "@/other", "--resume", "--iterations", "5");
        Assert.Equal(2, line.Run("train", "@/config.yaml", "-o", "@/other", "--resume", "--iterations", "6").ExitCode);
        line.Must("train", "@/config.yaml", "-o", "@/other", "--resume", "--iterations", "6", "--data", "@/other.h5", "--seed", "7");

        string FirstLoss(string run) => File.ReadAllLines(line[$"{run}/history.csv"])[1].Split(',')[2];
    }

    [Fact]
    public void Neurons_are_held_out_at_import_and_predicted_from_the_others()
    {
        using var line = Prepared();
        var groups = JsonNode.Parse(line.Must("import", "@/data.h5", "-o", "@/split.h5", "--held-out", "3", "--json"))!["groups"]!.AsArray();
        Assert.Equal("spikes 5, held-out 3", string.Join(", ", groups.Select(group => $"{group!["name"]} {group["channels"]}")));
        line.Must("train", "@/config.yaml", "-o", "@/run", "--data", "@/split.h5", "--iterations", "3");
        var scores = JsonNode.Parse(line.Must("evaluate", "@/run", "--data", "@/split.h5", "--hide", "held-out", "--json"))!;
        Assert.True(double.IsFinite(scores["truth"]!["rates.held-out"]!["share_of_truth"]!.GetValue<double>()));
        var refused = line.Run("import", "@/data.h5", "-o", "@/none.h5", "--held-out", "8");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("--held-out: ", refused.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(line["none.h5"]));
    }

    [Theory]
    [InlineData("run", "parameters")]
    [InlineData("data.h5", "groups")]
    [InlineData("posterior.h5", "states")]
    public void Inspect_tells_what_a_file_holds(string name, string key)
    {
        using var line = Prepared();
        line.Must("train", "@/config.yaml", "-o", "@/run", "--iterations", "2");
        line.Must("infer", "@/run", "--data", "@/data.h5", "-o", "@/posterior.h5", "--split", "test");
        Assert.NotNull(JsonNode.Parse(line.Must("inspect", $"@/{name}", "--json"))![key]);
        Assert.NotEmpty(line.Must("inspect", $"@/{name}"));
    }

    [Theory]
    [InlineData(0.02, "elbo")]
    [InlineData(1, "elbo")]
    [InlineData(0.02, "evidence")]
    public void A_resumed_run_has_the_same_bits_as_an_uninterrupted_one_whatever_the_threads(double rate, string objective)
    {
        using var line = Prepared();
        line.Write("config.yaml", Configuration.Replace("iterations", string.Create(CultureInfo.InvariantCulture, $"learning-rate: {rate}, objective: {objective}, iterations"), StringComparison.Ordinal));
        line.Must("train", "@/config.yaml", "-o", "@/whole", "--threads", "1");
        Assert.Equal(130, line.Run("train", "@/config.yaml", "-o", "@/parts", "--threads", "2", "--stop-after", "8").ExitCode);
        var stopped = line.Run("train", "@/parts/config.yaml", "--resume", "--threads", "3", "--stop-after", "5");
        Assert.Equal(130, stopped.ExitCode);
        Assert.Contains("--resume", stopped.Error, StringComparison.Ordinal);
        line.Must("train", "@/parts", "--resume", "--threads", "1");
        AssertSameBits(line["whole/model.h5"], line["parts/model.h5"]);
        Assert.Equal(Losses(line["whole/history.csv"]), Losses(line["parts/history.csv"]));
        Assert.Equal(20, File.ReadAllLines(line["parts/history.jsonl"]).Length);

        // At the largest rate trials explode, are searched for anew, and training goes back.
        var wasRough = File.ReadAllLines(line["whole/history.csv"]).Skip(1).Any(row => row.Split(',') is var cells && (cells[^2] is not "0" || cells[^1] is not "0"));
        Assert.Equal(rate == 1, wasRough);
    }

    [Fact]
    public void A_run_that_was_killed_resumes_from_its_last_checkpoint()
    {
        using var line = Prepared();
        line.Must("train", "@/config.yaml", "-o", "@/whole");
        Assert.Equal(130, line.Run("train", "@/config.yaml", "-o", "@/killed", "--stop-after", "10").ExitCode);

        // What a kill between checkpoints leaves: lines beyond the checkpoint, the last one cut.
        File.AppendAllText(line["killed/history.csv"], File.ReadLines(line["whole/history.csv"]).ElementAt(11) + "\n12,3.4");
        File.AppendAllText(line["killed/history.jsonl"], File.ReadLines(line["whole/history.jsonl"]).ElementAt(10) + "\n{\"iteration\":12,");
        line.Must("train", "@/killed", "--resume");
        AssertSameBits(line["whole/model.h5"], line["killed/model.h5"]);
        Assert.Equal(Losses(line["whole/history.csv"]), Losses(line["killed/history.csv"]));
    }

    [Fact]
    public void Interrupted_training_is_saved_and_says_how_to_go_on()
    {
        using var line = Prepared();
        using var interrupt = new CancellationTokenSource();
        interrupt.Cancel();
        var outcome = line.Run(interrupt.Token, "train", "@/config.yaml", "-o", "@/run");
        Assert.Equal(130, outcome.ExitCode);
        Assert.Contains("--resume", outcome.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(line["run/checkpoint.h5"]));
        line.Must("train", "@/run", "--resume");
    }

    [Fact]
    public void A_finished_run_can_be_trained_further()
    {
        using var line = Prepared();
        line.Must("train", "@/config.yaml", "-o", "@/whole");
        line.Must("train", "@/config.yaml", "-o", "@/further", "--iterations", "10");
        line.Must("train", "@/further", "--resume", "--iterations", "20");
        AssertSameBits(line["whole/model.h5"], line["further/model.h5"]);
    }

    [Fact]
    public void Single_precision_learns_much_the_same()
    {
        using var line = Prepared();
        line.Write("single.yaml", Configuration + "\nprecision: single\n");
        line.Must("train", "@/config.yaml", "-o", "@/double");
        line.Must("train", "@/single.yaml", "-o", "@/single", "--stop-after", "100");
        line.Must("evaluate", "@/single", "--data", "@/data.h5");
        line.Must("infer", "@/single", "--data", "@/data.h5", "-o", "@/posterior.h5", "--draws", "1");
        var (one, other) = (Elbo(line, "@/double"), Elbo(line, "@/single"));
        Assert.InRange(other, one - 0.02, one + 0.02);
    }

    [Fact]
    public void Hidden_groups_are_predicted_in_trials_longer_than_those_learned()
    {
        using var line = new CommandLine();
        line.Must("simulate", "maze", "-o", "@/data.h5", "--trials", "12", "--validation-trials", "2", "--test-trials", "2", "--bins", "60", "--channels", "12", "--conditions", "3", "--bin-width", "0.01", "--seed", "2");
        line.Must("simulate", "maze", "-o", "@/long.h5", "--trials", "0", "--validation-trials", "0", "--test-trials", "1", "--bins", "150", "--channels", "12", "--conditions", "3", "--bin-width", "0.01", "--seed", "2");
        line.Write("config.yaml", "data: data.h5\nmodel: {states: 6, inputs: 2}\ntraining: {iterations: 5, batch: 4, validation-hides: [velocity]}\n");
        line.Must("train", "@/config.yaml", "-o", "@/run");
        line.Must("infer", "@/run", "--data", "@/long.h5", "-o", "@/posterior.h5", "--hide", "velocity");
        var scores = JsonNode.Parse(line.Must("evaluate", "@/run", "--data", "@/long.h5", "--hide", "velocity", "--json"))!;
        Assert.True(scores["groups"]!["velocity"]!["hidden"]!.GetValue<bool>());
        Assert.Equal(2, scores["groups"]!["velocity"]!["r2_per_column"]!.AsArray().Count);
        Assert.Equal(0, scores["elbo_trials"]!.GetValue<int>());
        Assert.Null(scores["elbo"]);
    }

    [Fact]
    public void The_demo_writes_everything_it_names()
    {
        using var line = new CommandLine();
        var summary = JsonNode.Parse(line.Must("demo", "sparse", "-o", "@/demo", "--iterations", "10", "--json"))!;
        foreach (var figure in summary["figures"]!.AsArray())
        {
            Assert.True(new FileInfo(figure!.GetValue<string>()).Length > 5000);
        }

        Assert.True(File.Exists(line["demo/data.h5"]) && File.Exists(line["demo/posterior.h5"]) && File.Exists(line["demo/run/model.h5"]));
        line.Must("evaluate", "@/demo/run", "--data", "@/demo/data.h5", "--split", "test", "--posterior", "@/demo/posterior.h5");
        line.Must("demo", "sparse", "-o", "@/demo", "--iterations", "3");
    }

    [Fact]
    public void The_smallest_recordings_go_all_the_way()
    {
        using var line = new CommandLine();
        RecordingFile.Write(line["tiny.h5"], new Recording
        {
            BinWidth = 0.01,
            Groups = [new ChannelGroup("spikes", ChannelKind.Counts, 3)],
            Trials = [new Trial { Name = "only", Bins = 1, Observations = [Observations.FromCounts(new Table(1, 3))] }],
        });
        line.Write("tiny.yaml", "data: tiny.h5\nmodel: {states: 2, inputs: 1}\ntraining: {iterations: 3}\n");
        line.Must("train", "@/tiny.yaml");
        line.Must("infer", "@/tiny", "--data", "@/tiny.h5", "-o", "@/posterior.h5", "--draws", "2");
        var scores = JsonNode.Parse(line.Must("evaluate", "@/tiny", "--data", "@/tiny.h5", "--json"))!;
        Assert.Null(scores["groups"]!["spikes"]!["bits_per_spike"]);
    }

    [Fact]
    public void Imported_files_are_datasets()
    {
        using var line = new CommandLine();
        using (var archive = new Lfads(line["lfads.h5"]))
        {
            line.Must("import", "@/lfads.h5", "-o", "@/data.h5", "--bin-width", "0.01");
        }

        Assert.Equal(6, RecordingFile.Read(line["data.h5"]).Trials.Count);
    }

    [Fact]
    public void Import_tells_what_it_decided_and_refuses_what_the_format_does_not_take()
    {
        using var line = new CommandLine();
        var file = new Hdf5Archive();
        file.Add("spikes", new long[3 * 6000], 6000, 3);
        file.Save(line["session.mat"]);
        var told = line.Run("import", "@/session.mat", "-o", "@/data.h5", "--bin-width", "0.01", "--json");
        Assert.Equal(0, told.ExitCode);
        Assert.Contains("units x bins", told.Error, StringComparison.Ordinal);
        Assert.Contains("'train' has 4800 bins", told.Error, StringComparison.Ordinal);
        Assert.Contains("--chunk", told.Error, StringComparison.Ordinal);
        Assert.Equal(6000, JsonNode.Parse(told.Output)!["bins"]!.GetValue<int>());

        told = line.Run("import", "@/session.mat", "-o", "@/wide.h5", "--bin-width", "0.01", "--units-first", "--chunk", "1");
        Assert.Equal(0, told.ExitCode);
        Assert.StartsWith("group 'spikes': 3 of 3 units fire below 0.5 Hz", told.Error, StringComparison.Ordinal);
        Assert.Single(told.Error.Trim().Split('\n'));
        told = line.Run("import", "@/session.mat", "-o", "@/wide.h5", "--units-first", "--bins-first");
        Assert.Equal(2, told.ExitCode);
        Assert.Contains("--bins-first", told.Error, StringComparison.Ordinal);
        told = line.Run("import", "@/data.h5", "-o", "@/none.h5", "--spikes", "x");
        Assert.Equal(2, told.ExitCode);
        Assert.StartsWith("--spikes: ", told.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(line["none.h5"]));
    }

    private static CommandLine Prepared()
    {
        var line = new CommandLine();
        line.Must(
            "simulate", "lorenz", "-o", "@/data.h5", "--observation", "spikes", "--channels", "8", "--trials", "12", "--validation-trials", "4", "--test-trials", "4",
            "--bins", "25", "--bin-width", "0.05", "--mean-rate", "20", "--seed", "3");
        line.Write("config.yaml", Configuration);
        return line;
    }

    private static double Elbo(CommandLine line, string run)
        => JsonNode.Parse(line.Must("evaluate", run, "--data", "@/data.h5", "--json"))!["elbo"]!.GetValue<double>();

    private static double[] Losses(string path) => HistoryFile.Read(path)["loss"];

    private static void AssertSameBits(string one, string other)
    {
        var (expected, actual) = (ModelFile.Read(one), ModelFile.Read(other));
        Assert.Equal(expected.Raw, actual.Raw);
        Assert.Equal(expected.Summary.Iteration, actual.Summary.Iteration);
    }

    /// <summary>A small file in the layout of the LFADS tutorials.</summary>
    private sealed class Lfads : IDisposable
    {
        public Lfads(string path)
        {
            var archive = new Hdf5Archive();
            archive.Add("train_data", new double[4 * 10 * 2], 4, 10, 2);
            archive.Add("valid_data", new double[2 * 10 * 2], 2, 10, 2);
            archive.Save(path);
        }

        public void Dispose()
        {
        }
    }
}
