using System.Text.Json.Nodes;

namespace IlqrVae.Cli.Tests;

/// <summary>`compare`: settings that differ, and scores side by side.</summary>
public sealed class CompareCommands
{
    [Fact]
    public void Settings_that_differ_and_scores_stand_side_by_side()
    {
        using var line = new CommandLine();
        line.Must("simulate", "linear", "-o", "@/data.h5", "--trials", "4", "--validation-trials", "2", "--test-trials", "2", "--bins", "12", "--channels", "5");
        line.Write("config.yaml", "data: data.h5\nmodel: {states: 3, inputs: 2}\ntraining: {iterations: 4, validation-interval: 2}\n");
        line.Must("train", "@/config.yaml", "-o", "@/one");
        line.Must("train", "@/config.yaml", "-o", "@/two", "--set", "model.dynamics.kind=linear", "--seed", "5", "--threads", "1");
        var told = line.Must("compare", "@/one", "@/two").Split('\n');
        Assert.Contains(told, row => Cells(row) is ["model.dynamics.kind", "mini-gru", "linear"]);
        Assert.Contains(told, row => Cells(row) is ["seed", "1", "5"]);
        Assert.DoesNotContain(told, row => row.Contains("model.states", StringComparison.Ordinal) || row.Contains("threads", StringComparison.Ordinal));
        var loss = JsonNode.Parse(line.Must("inspect", "@/two", "--json"))!["validation_loss"]!.GetValue<double>();
        Assert.Contains(told, row => Cells(row) is ["validation:", "ELBO", _, var second] && second == IlqrVae.Runs.Wording.Number(-loss, "0.0000"));

        var json = JsonNode.Parse(line.Must("compare", "@/one", "@/two", "--data", "@/data.h5", "--split", "test", "--json"))!;
        Assert.Equal(["seed", "model.dynamics.kind", "model.dynamics.input-inside-candidate", "model.dynamics.stable"], json["differences"]!.AsArray().Select(one => one!.GetValue<string>()).ToArray());
        var evaluated = JsonNode.Parse(line.Must("evaluate", "@/two", "--data", "@/data.h5", "--split", "test", "--json"))!;
        Assert.Equal(evaluated["elbo"]!.GetValue<double>(), json["runs"]![1]!["evaluation"]!["elbo"]!.GetValue<double>());
        Assert.Contains("the settings are the same", line.Must("compare", "@/one", "@/one"), StringComparison.Ordinal);
        Assert.Contains("--data", line.Run("compare", "@/one", "@/two", "--split", "test").Error, StringComparison.Ordinal);
        Assert.Equal(2, line.Run("compare", "@/one", "@/none").ExitCode);

        line.Must("simulate", "linear", "-o", "@/other.h5", "--trials", "4", "--validation-trials", "2", "--bins", "12", "--channels", "5", "--seed", "9");
        line.Must("train", "@/config.yaml", "-o", "@/three", "--data", "@/other.h5", "--set", "training.validation-score=evidence");
        var remarks = line.Run("compare", "@/one", "@/three").Error;
        Assert.Contains("different recordings", remarks, StringComparison.Ordinal);
        Assert.Contains("validation measured different things", remarks, StringComparison.Ordinal);

        // However many there are: a page is a hundred wide.
        var many = line.Must(["compare", .. Enumerable.Repeat("@/one", 6), .. Enumerable.Repeat("@/two", 7), "--data", "@/data.h5"]).Split('\n');
        Assert.All(many.SkipWhile(row => row.StartsWith('(')), row => Assert.True(row.Length <= 100, row));
        Assert.Contains(many, row => row.Contains("(13)", StringComparison.Ordinal) && !row.Contains(line.Folder, StringComparison.Ordinal));
    }

    private static string[] Cells(string row) => row.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
