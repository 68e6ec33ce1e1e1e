using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Recordings;

namespace IlqrVae.Cli.Tests;

/// <summary>`calibrate`, what its options do, and who uses what it learned.</summary>
public sealed class CalibrateCommands
{
    [Fact]
    public void What_was_learned_is_used_by_evaluate_and_infer_unless_they_are_told_not_to()
    {
        using var line = Maze();
        string[] evaluate = ["evaluate", "@/run", "--data", "@/data.h5", "--hide", "held-out", "--coverage", "--json"];
        var before = Json(line, evaluate)["coverage"]!;
        Assert.Null(before["calibrated"]);
        Assert.Equal(4 * 50 * 4, before["hidden"]!["held-out"]!["entries"]!.GetValue<long>());
        Assert.Equal(3, before["hidden"]!["held-out"]!["laplace"]!.AsArray().Count);
        Assert.Equal(3, before["hidden"]!["held-out"]!["shared"]!.AsArray().Count);

        Assert.Contains("held-out, hidden", line.Must("calibrate", "@/run", "--data", "@/data.h5", "--hide", "held-out"), StringComparison.Ordinal);
        Assert.True(File.Exists(line["run/calibration.json"]));
        var after = Json(line, evaluate)["coverage"]!;
        Assert.Equal(3, after["hidden"]!["held-out"]!["calibrated"]!.AsArray().Count);
        Assert.Equal(["inputs", "rates", "rates.held-out"], after["calibrated"]!.AsObject().Select(pair => pair.Key).Order(StringComparer.Ordinal).ToArray());
        Assert.True(JsonNode.DeepEquals(before["laplace"], after["laplace"]));
        Assert.True(JsonNode.DeepEquals(before, Json(line, [.. evaluate, "--uncalibrated"])["coverage"]));
        Assert.Contains("coverage of held-out, hidden, calibrated", line.Must([.. evaluate.SkipLast(1)]), StringComparison.Ordinal);

        string[] infer = ["infer", "@/run", "--data", "@/data.h5", "--hide", "held-out", "--split", "test", "--force", "-o", "@/posterior.h5"];
        Assert.Equal((1, false), Posterior(infer));
        Assert.Equal((0, false), Posterior([.. infer, "--uncalibrated"]));
        Assert.Equal((1, true), Posterior([.. infer, "--intervals"]));

        // Another set of hidden groups has none, which is said, and other parameters have none.
        Assert.Contains("says nothing of nothing hidden", line.Run("evaluate", "@/run", "--data", "@/data.h5", "--coverage").Error, StringComparison.Ordinal);
        Assert.DoesNotContain("calibrat", line.Run("evaluate", "@/run", "--data", "@/data.h5", "--coverage", "--uncalibrated").Error, StringComparison.Ordinal);
        line.Must("train", "@/run", "--resume", "--iterations", "14");
        Assert.Contains("other parameters", line.Run(evaluate).Error, StringComparison.Ordinal);
        line.Must("train", "@/config.yaml", "-o", "@/run", "--force");
        Assert.False(File.Exists(line["run/calibration.json"]));

        (long IsCalibrated, bool HasIntervals) Posterior(string[] arguments)
        {
            line.Must(arguments);
            using var archive = Hdf5Archive.Open(line["posterior.h5"]);
            Assert.False(archive.ContainsTable("channels/spikes/noise_deviation"));
            return (archive.ReadWhole("channels/held-out/predictive_deviation", "calibrated"), archive.ContainsTable("channels/held-out/intervals/upper"));
        }
    }

    [Fact]
    public void Every_option_has_an_effect()
    {
        using var line = Maze();
        string[] calibrate = ["calibrate", "@/run", "--data", "@/data.h5", "--json"];
        var plain = Json(line, calibrate);
        Assert.Equal(["held-out missing", "inputs truth", "rates truth", "rates.held-out truth", "spikes missing"], Names(plain));
        Assert.Equal(["held-out hidden", "spikes missing"], Names(Json(line, [.. calibrate, "--hide", "held-out", "--without-truth"])));
        var forecast = Json(line, [.. calibrate, "--without-truth", "--forecast", "7"]);
        Assert.Equal(["held-out forecast", "held-out missing", "spikes forecast", "spikes missing"], Names(forecast));
        Assert.Equal([1, 2, 4], forecast["scores"]!.AsArray().Where(score => Named(score!) == "spikes forecast").Select(score => score!["first_lead"]!.GetValue<int>()));
        Assert.Equal([1, 3, 7], forecast["scores"]!.AsArray().Where(score => Named(score!) == "spikes forecast").Select(score => score!["last_lead"]!.GetValue<int>()));
        Assert.Equal(("validation", 6), (plain["split"]!.GetValue<string>(), plain["trials"]!.GetValue<int>()));
        var train = Json(line, [.. calibrate, "--split", "train"]);
        Assert.Equal(("train", 8), (train["split"]!.GetValue<string>(), train["trials"]!.GetValue<int>()));
        Assert.True(JsonNode.DeepEquals(plain, Json(line, [.. calibrate, "--threads", "2"])));
        Assert.False(JsonNode.DeepEquals(plain["scores"], Json(line, [.. calibrate, "--seed", "5"])["scores"]));
        Assert.Contains("--forecast", line.Run([.. calibrate, "--forecast", "0"]).Error, StringComparison.Ordinal);
        Assert.Equal(2, line.Run([.. calibrate, "--hide", "nothing"]).ExitCode);

        var recording = RecordingFile.Read(line["data.h5"]);
        RecordingFile.Write(line["named.h5"], recording with { Groups = [.. recording.Groups.Select(group => group with { Unit = group.Kind == ChannelKind.Counts ? "" : group.Unit, ChannelNames = [.. Enumerable.Range(0, group.Channels).Select(k => $"{group.Name}-{k}")] })] });
        line.Must("train", "@/config.yaml", "-o", "@/run", "--data", "@/named.h5", "--force");
        RecordingFile.Write(line["data.h5"], recording with { Groups = [.. recording.Groups.Select(group => group with { ChannelNames = [.. Enumerable.Range(0, group.Channels).Select(k => $"other-{group.Name}-{k}")] })] });
        Assert.Equal(2, line.Run(calibrate).ExitCode);
        Assert.Equal(5, Names(Json(line, [.. calibrate, "--by-position"])).Length);
    }

    [Fact]
    public void Where_nothing_can_be_looked_at_it_says_why()
    {
        using var line = Maze();
        var recording = RecordingFile.Read(line["data.h5"]);
        RecordingFile.Write(line["data.h5"], recording with { Trials = [.. recording.Trials.Select(trial => trial with { Truth = new Dictionary<string, Table>(StringComparer.Ordinal) })] });
        Assert.Contains("nothing can be looked at: no group is hidden", line.Must("evaluate", "@/run", "--data", "@/data.h5", "--coverage"), StringComparison.Ordinal);
        Assert.NotNull(Json(line, "evaluate", "@/run", "--data", "@/data.h5", "--coverage", "--json")["coverage"]!["nothing"]);
        var observed = Json(line, "evaluate", "@/run", "--data", "@/data.h5", "--coverage", "--forecast", "5", "--json")["coverage"]!;
        Assert.Equal(4 * 5 * 12, observed["forecast"]!["spikes"]!["entries"]!.GetValue<long>());
        Assert.Null(observed["hidden"]);
    }

    [Fact]
    public void The_calibration_belongs_to_its_run()
    {
        using var line = Maze();
        Assert.Equal(2, line.Run("infer", "@/run", "--data", "@/data.h5", "-o", "@/run/calibration.json", "--force").ExitCode);
        File.WriteAllText(line["run/calibration.json"], "{");
        var outcome = line.Run("evaluate", "@/run", "--data", "@/data.h5", "--coverage");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("ilqr-vae calibrate", Assert.Single(outcome.Error.Trim().Split('\n')), StringComparison.Ordinal);
    }

    /// <summary>A run of a small population of delayed reaches.</summary>
    private static CommandLine Maze()
    {
        var line = new CommandLine();
        line.Must(
            "simulate", "maze", "-o", "@/data.h5", "--trials", "8", "--test-trials", "4", "--validation-trials", "6", "--bins", "50", "--channels", "16",
            "--conditions", "3", "--bin-width", "0.01", "--seed", "2");
        line.Write("config.yaml", "data: data.h5\nmodel: {states: 5, inputs: 2, likelihoods: [{group: spikes}, {group: held-out}]}\ntraining: {iterations: 12}\n");
        line.Must("train", "@/config.yaml", "-o", "@/run");
        return line;
    }

    private static JsonNode Json(CommandLine line, params string[] arguments) => JsonNode.Parse(line.Must(arguments))!;

    private static string Named(JsonNode score) => $"{score["name"]!.GetValue<string>()} {score["case"]!.GetValue<string>()}";

    private static string[] Names(JsonNode calibration) => [.. calibration["scores"]!.AsArray().Select(score => Named(score!)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
}
