using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Recordings;
using IlqrVae.Runs.Files;

namespace IlqrVae.Cli.Tests;

/// <summary>train --like: a run again from what it recorded of itself.</summary>
public sealed class Repeats
{
    private const string Configuration = "data: data.h5\nmodel: {states: 3, inputs: 1}\nseed: 4\ntraining: {iterations: 12, batch: 3, validation-interval: 5}\n";

    [Fact]
    public void A_run_is_repeated_bit_by_bit_whatever_the_threads_and_says_so()
    {
        using var line = Prepared();
        var outcome = line.Run("train", "--like", "@/run", "-o", "@/again", "--threads", "2", "--json");
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.DoesNotContain("differ", outcome.Error, StringComparison.Ordinal);
        var like = JsonNode.Parse(outcome.Output)!["like"]!;
        Assert.True(like["same_bits"]!.GetValue<bool>());
        Assert.Equal(0, like["largest_difference"]!.GetValue<double>());
        Assert.Empty(like["differences"]!.AsArray());
        Assert.Equal(ModelFile.Read(line["run/model.h5"]).Raw, ModelFile.Read(line["again/model.h5"]).Raw);
        Assert.Equal(HistoryFile.Read(line["run/history.csv"])["loss"], HistoryFile.Read(line["again/history.csv"])["loss"]);
        Assert.Contains("bit by bit", line.Must("train", "--like", "@/run", "-o", "@/words"), StringComparison.Ordinal);

        // What somebody wrote into the configuration since is not what the run was made with.
        File.WriteAllText(line["run/config.yaml"], File.ReadAllText(line["run/config.yaml"]).Replace("seed: 4", "seed: 5", StringComparison.Ordinal));
        Assert.Contains("bit by bit", line.Must("train", "--like", "@/run", "-o", "@/edited"), StringComparison.Ordinal);
    }

    [Fact]
    public void Other_data_are_refused_wherever_they_are()
    {
        using var line = Prepared();
        File.Move(line["data.h5"], line["moved.h5"]);
        Assert.Equal(2, line.Run("train", "--like", "@/run", "-o", "@/again").ExitCode);
        line.Must("train", "--like", "@/run", "-o", "@/again", "--data", "@/moved.h5");
        var recording = RecordingFile.Read(line["moved.h5"]);
        var counts = recording.Trials[0].Observations[0].ToTable();
        counts.Values[7]++;
        RecordingFile.Write(line["data.h5"], recording with { Trials = [recording.Trials[0] with { Observations = [Observations.FromCounts(counts)] }, .. recording.Trials.Skip(1)] });
        foreach (var withOrigin in (bool[])[true, false])
        {
            if (!withOrigin)
            {
                File.Delete(line["run/origin.json"]);
            }

            var before = line.Contents();
            var outcome = line.Run("train", "--like", "@/run", "-o", "@/other");
            Assert.Equal(2, outcome.ExitCode);
            Assert.Contains("not the recording", outcome.Error, StringComparison.Ordinal);
            Assert.Equal(before, line.Contents());
        }
    }

    [Fact]
    public void Another_machine_or_version_is_said()
    {
        using var line = Prepared();
        var text = File.ReadAllText(line["run/origin.json"]);
        var stretch = JsonNode.Parse(text)!["stretches"]![0]!;
        foreach (var (key, value, said) in (((string, JsonNode, string)[])[
            ("vector_bits", 64, "vector registers"), ("program", "0.0.1", "version of the program"), ("processor", "abacus", "abacus"), ("runtime", ".NET 3", ".NET runtime"), ("processes", 3, "processes")]))
        {
            var root = JsonNode.Parse(text)!;
            root["stretches"]![0]![key] = value.DeepClone();
            File.WriteAllText(line["run/origin.json"], root.ToJsonString());
            var outcome = line.Run("train", "--like", "@/run", "-o", "@/again", "--force");
            Assert.Equal(0, outcome.ExitCode);
            Assert.Contains(said, outcome.Error, StringComparison.Ordinal);
        }

        Assert.Equal(12, stretch["iterations"]!.GetValue<int>());
        File.WriteAllText(line["run/origin.json"], text[..60]);
        Assert.Contains("origin.json", line.Run("train", "--like", "@/run", "-o", "@/again", "--force").Error, StringComparison.Ordinal);
        File.Delete(line["run/origin.json"]);
        Assert.Contains("no origin.json", line.Run("train", "--like", "@/run", "-o", "@/again", "--force").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_was_continued_keeps_what_each_call_was()
    {
        using var line = Prepared();
        line.Must("train", "@/run", "--resume", "--iterations", "15");
        var stretches = JsonNode.Parse(File.ReadAllText(line["run/origin.json"]))!["stretches"]!.AsArray();
        Assert.Equal("0 12, 12 15", string.Join(", ", stretches.Select(one => $"{one!["iteration"]} {one["iterations"]}")));
        Assert.Contains("another number of iterations", line.Run("train", "--like", "@/run", "-o", "@/again").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_parameters_that_learning_starts_from_must_be_the_same()
    {
        using var line = Prepared();
        line.Must("train", "@/config.yaml", "-o", "@/second", "--from", "@/run");
        Assert.Contains("bit by bit", line.Must("train", "--like", "@/second", "-o", "@/again"), StringComparison.Ordinal);
        line.Must("train", "@/config.yaml", "-o", "@/run", "--force", "--iterations", "2");
        var outcome = line.Run("train", "--like", "@/second", "-o", "@/other");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("started from", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_origin_that_was_begun_anew_refuses_nothing_that_it_does_not_know()
    {
        using var line = Prepared();
        line.Must("train", "@/config.yaml", "-o", "@/second", "--from", "@/run");
        File.WriteAllText(line["second/origin.json"], "{");
        line.Must("train", "@/second", "--resume", "--iterations", "15");
        var outcome = line.Run("train", "--like", "@/second", "-o", "@/again");
        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains("begun anew after iteration 12", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--like @/run", "-o")]
    [InlineData("@/config.yaml --like @/run -o @/x", "config.yaml")]
    [InlineData("--like @/run -o @/x --seed 3", "--seed")]
    [InlineData("--like @/run -o @/x --set seed=3", "--set")]
    [InlineData("--like @/run -o @/x --iterations 3", "--iterations")]
    [InlineData("--like @/run -o @/x --resume", "--resume")]
    [InlineData("--like @/nothing -o @/x", "nothing")]
    [InlineData("--like @/run -o @/run", "--force")]
    public void What_contradicts_it_is_refused(string arguments, string mentioned)
    {
        using var line = Prepared();
        var before = line.Contents();
        var outcome = line.Run(["train", .. arguments.Split(' ')]);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(mentioned, outcome.Error, StringComparison.Ordinal);
        Assert.Equal(before, line.Contents());
    }

    private static CommandLine Prepared()
    {
        var line = new CommandLine();
        line.Must("simulate", "lorenz", "-o", "@/data.h5", "--observation", "spikes", "--channels", "6", "--trials", "8", "--validation-trials", "2", "--test-trials", "2", "--bins", "12", "--seed", "3");
        line.Write("config.yaml", Configuration);
        line.Must("train", "@/config.yaml", "-o", "@/run", "--threads", "1");
        return line;
    }
}
