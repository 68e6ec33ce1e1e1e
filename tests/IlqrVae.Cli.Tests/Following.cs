using System.Text;
using System.Text.RegularExpressions;
using IlqrVae.Runs.Files;

namespace IlqrVae.Cli.Tests;

/// <summary>--watch and --tensorboard: trainings that are followed while they are at work.</summary>
public sealed class Following : IDisposable
{
    private readonly CommandLine _line = new() { WithReport = true };

    public Following()
    {
        _line.Must("simulate", "maze", "-o", "@/data.h5", "--channels", "12", "--trials", "8", "--validation-trials", "3", "--test-trials", "2", "--bins", "60");
        _line.Write("config.yaml", "data: data.h5\nmodel: {states: 4, inputs: 2}\ntraining: {iterations: 4, validation-interval: 2}\n");
    }

    public void Dispose() => _line.Dispose();

    [Fact]
    public void A_training_that_is_followed_is_the_same_and_tells_its_address_once()
    {
        _line.Must("train", "@/config.yaml", "-o", "@/alone", "--no-report");
        var told = _line.Run("train", "@/config.yaml", "-o", "@/run", "--watch", "--tensorboard", "@/logs/run");
        Assert.True(told.ExitCode == 0, told.Error);
        Assert.Single(Regex.Matches(told.Error, @"^watch: http://127\.0\.0\.1:[0-9]+/[0-9a-f]{32}/$", RegexOptions.Multiline, TimeSpan.FromSeconds(10)));
        Assert.DoesNotContain("watch", told.Output, StringComparison.Ordinal);
        Assert.Contains($"events: {_line["logs/run"]}", told.Output, StringComparison.Ordinal);
        Assert.Equal(ModelFile.Read(new RunFolder(_line["alone"]).Model).Raw, ModelFile.Read(new RunFolder(_line["run"]).Model).Raw);
        var events = Encoding.Latin1.GetString(File.ReadAllBytes(Assert.Single(Directory.GetFiles(_line["logs/run"]))));
        Assert.Equal(4, events.Split("loss/train").Length - 1);
        Assert.Equal(2, events.Split("loss/validation").Length - 1);
        foreach (var tag in new[] { "figures/learning", "figures/raster", "figures/rates" })
        {
            Assert.Single(Regex.Matches(events, tag, RegexOptions.None, TimeSpan.FromSeconds(10)));
        }

        Assert.Equal(3, events.Split("\u0089PNG").Length - 1);
    }

    [Fact]
    public void With_json_the_address_is_told_and_the_folder_is_in_it_and_without_a_report_nothing_is_inferred()
    {
        var told = _line.Run("train", "@/config.yaml", "-o", "@/run", "--watch", "--tensorboard", "@/logs", "--json", "--no-report");
        Assert.Contains("watch: http://127.0.0.1:", told.Error, StringComparison.Ordinal);
        Assert.Equal(_line["logs"], System.Text.Json.Nodes.JsonNode.Parse(told.Output)!["tensorboard"]!.GetValue<string>());
        var events = Encoding.Latin1.GetString(File.ReadAllBytes(Assert.Single(Directory.GetFiles(_line["logs"]))));
        Assert.Contains("figures/learning", events, StringComparison.Ordinal);
        Assert.DoesNotContain("figures/rates", events, StringComparison.Ordinal);

        // A continuation has a file of its own, in the same folder.
        _line.Must("train", "@/run", "--resume", "--iterations", "6", "--tensorboard", "@/logs", "--no-report");
        var files = Directory.GetFiles(_line["logs"]).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(2, files.Count);
        Assert.Equal(2, Encoding.Latin1.GetString(File.ReadAllBytes(files[1])).Split("loss/train").Length - 1);
    }

    [Fact]
    public void A_fit_can_be_followed_too()
    {
        var told = _line.Run("fit", "@/data.h5", "-o", "@/fit", "--minutes", "0.01", "--no-report", "--watch", "--tensorboard", "@/logs", "--no-baselines");
        Assert.True(told.ExitCode == 0, told.Error);
        Assert.Single(Regex.Matches(told.Error, "^watch: ", RegexOptions.Multiline, TimeSpan.FromSeconds(10)));
        Assert.Contains(Directory.GetDirectories(_line["logs"]).Select(Path.GetFileName), name => name!.StartsWith("last-", StringComparison.Ordinal));
    }

    [Fact]
    public void What_cannot_be_followed_is_refused_before_anything_is_written()
    {
        _line.Write("file", "");
        foreach (var command in new[] { new[] { "train", "@/config.yaml", "-o", "@/run" }, ["fit", "@/data.h5", "-o", "@/run"] })
        {
            Refused("--quiet", [.. command, "--watch", "--quiet"]);
            Refused("is a file", [.. command, "--tensorboard", "@/file"]);
        }

        // A training that is refused has one line to say: no address.
        _line.Write("wrong.yaml", "data: data.h5\nmodel: {states: 4, inputs: 2}\ntraining: {freeze: [nothing]}\n");
        Refused("nothing", "train", "@/wrong.yaml", "-o", "@/run", "--watch", "--tensorboard", "@/logs");
        Assert.False(Directory.Exists(_line["logs"]));
        Assert.False(Directory.Exists(_line["run"]));
    }

    private void Refused(string mentioned, params string[] arguments)
    {
        var outcome = _line.Run(arguments);
        Assert.True(outcome.ExitCode == 2, outcome.ToString());
        Assert.Contains(mentioned, outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.Trim().Split('\n'));
    }
}
