using System.Text.Json.Nodes;

namespace IlqrVae.Cli.Tests;

/// <summary>`evaluate --posterior`: the scores of what `infer` wrote are those of solving again, to the bit.</summary>
public sealed class PosteriorScores : IDisposable
{
    private readonly CommandLine _line = new();

    public void Dispose() => _line.Dispose();

    [Theory]
    [InlineData("precision=single", "")]
    [InlineData("precision=double", "")]
    [InlineData("model.prior.autoregressive=true", "")]
    [InlineData("model.inputs=0", "")]
    [InlineData("model.dynamics.kind=linear", "--hide velocity")]
    public void Scores_are_the_same_to_the_bit(string change, string hidden)
    {
        Prepare(change);
        string[] hide = hidden.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        _line.Must(["infer", "@/run", "--data", "@/data.h5", "-o", "@/posterior.h5", .. hide]);
        foreach (var (data, split, more) in ((string, string, string[])[])[("data", "test", ["--coverage", "--iwae", "5", "--horizon", "2"]), ("data", "all", []), ("long", "test", ["--draws", "4"])])
        {
            if (data == "long")
            {
                _line.Must(["infer", "@/run", "--data", "@/long.h5", "-o", "@/posterior.h5", "--force", .. hide]);
            }

            string[] command = ["evaluate", "@/run", "--data", $"@/{data}.h5", "--split", split, .. hide, .. more, "--json"];
            var (again, taken) = (Scores(command), Scores([.. command, "--posterior", "@/posterior.h5"]));
            Assert.NotNull(again["log_evidence"]);
            Assert.True(JsonNode.DeepEquals(again, taken), $"{again}\n{taken}");
        }
    }

    [Fact]
    public void A_posterior_is_not_solved_again()
    {
        Prepare("seed=1");
        _line.Must("infer", "@/run", "--data", "@/data.h5", "-o", "@/posterior.h5");
        Assert.True(Iterations(["--posterior", "@/posterior.h5"]) * 3 < Iterations([]), Told());

        int Iterations(string[] more)
        {
            var told = _line.Run(["evaluate", "@/run", "--data", "@/data.h5", "--split", "test", "--verbose", .. more]).Error;
            return int.Parse(told.Split(" iterations")[0].Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);
        }

        string Told() => _line.Run("evaluate", "@/run", "--data", "@/data.h5", "--split", "test", "--verbose", "--posterior", "@/posterior.h5").Error;
    }

    [Fact]
    public void What_is_not_in_the_file_is_told()
    {
        Prepare("seed=1");
        _line.Must("infer", "@/run", "--data", "@/data.h5", "-o", "@/test.h5", "--split", "test");
        _line.Must("infer", "@/run", "--data", "@/data.h5", "-o", "@/hidden.h5", "--hide", "velocity");
        _line.Must("infer", "@/run", "--data", "@/data.h5", "-o", "@/position.h5", "--by-position");
        _line.Must("train", "@/config.yaml", "-o", "@/other", "--seed", "4");
        string[] evaluate = ["evaluate", "@/run", "--data", "@/data.h5", "--posterior"];
        _line.Must([.. evaluate, "@/test.h5"]);
        Refused("holds 0 of the 4 train trials", [.. evaluate, "@/test.h5", "--split", "train"]);
        Refused("with 'velocity' hidden, and here nothing would be", [.. evaluate, "@/hidden.h5"]);
        Refused("with nothing hidden, and here 'velocity' would be", [.. evaluate, "@/test.h5", "--hide", "velocity"]);
        Refused("--by-position", [.. evaluate, "@/position.h5"]);
        Refused("another model", ["evaluate", "@/other", "--data", "@/data.h5", "--posterior", "@/test.h5"]);
        Refused("another recording", ["evaluate", "@/run", "--data", "@/long.h5", "--posterior", "@/test.h5"]);
        Refused("--forecast", [.. evaluate, "@/test.h5", "--forecast", "3"]);
        Refused("--gap", [.. evaluate, "@/test.h5", "--gap", "3:4"]);
        Refused("no posterior file", [.. evaluate, "@/data.h5"]);
        Refused("none.h5", [.. evaluate, "@/none.h5"]);
        Refused("holds 0 of the 4 train trials", [.. evaluate, "@/hidden-test.h5", "--hide", "velocity", "--decode", "velocity"]);
    }

    private void Prepare(string change)
    {
        _line.Must("simulate", "maze", "-o", "@/data.h5", "--trials", "4", "--validation-trials", "2", "--test-trials", "3", "--bins", "30", "--channels", "12", "--conditions", "2", "--bin-width", "0.01");
        _line.Must("simulate", "maze", "-o", "@/long.h5", "--trials", "0", "--validation-trials", "0", "--test-trials", "1", "--bins", "520", "--channels", "12", "--conditions", "2", "--bin-width", "0.01");
        _line.Write("config.yaml", "data: data.h5\nmodel: {states: 4, inputs: 2}\ntraining: {iterations: 6}\n");
        _line.Must("train", "@/config.yaml", "-o", "@/run", "--set", change);
    }

    private JsonNode Scores(string[] command)
    {
        var scores = JsonNode.Parse(_line.Must(command))!;
        var solver = scores["solver"]!.AsObject();
        solver.Remove("seconds");
        solver.Remove("seconds_per_trial");
        return scores;
    }

    private void Refused(string mentioned, string[] command)
    {
        if (command.Contains("@/hidden-test.h5", StringComparer.Ordinal))
        {
            _line.Must("infer", "@/run", "--data", "@/data.h5", "-o", "@/hidden-test.h5", "--split", "test", "--hide", "velocity");
        }

        var outcome = _line.Run(command);
        Assert.True(outcome.ExitCode == 2, outcome.ToString());
        Assert.Contains(mentioned, outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.Trim().Split('\n'));
    }
}
