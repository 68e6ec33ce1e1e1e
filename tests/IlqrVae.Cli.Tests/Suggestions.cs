namespace IlqrVae.Cli.Tests;

/// <summary>What is misspelt is answered with what was meant, whatever it is the name of.</summary>
public sealed class Suggestions : IClassFixture<Suggestions.Prepared>
{
    private readonly CommandLine _line;

    public Suggestions(Prepared prepared) => _line = prepared.Line;

    [Theory]
    [InlineData("trian x", "train")]
    [InlineData("nlb scroe x", "score")]
    [InlineData("config chekc x", "check")]
    [InlineData("train @/config.yaml --itrations 3", "--iterations")]
    [InlineData("train @/config.yaml --quite", "--quiet")]
    [InlineData("simulate lorentz -o @/x.h5", "lorenz")]
    [InlineData("simulate linear -o @/x.h5 --input-process autoregresive", "autoregressive")]
    [InlineData("demo lorens", "lorenz")]
    [InlineData("evaluate @/run --data @/data.h5 --split tset", "test")]
    [InlineData("evaluate @/run --data @/data.h5 --hide velocty", "velocity")]
    [InlineData("evaluate @/run --data @/data.h5 --decode velocitys", "velocity")]
    [InlineData("evaluate @/run --data @/data.h5 --onsets velcity", "velocity")]
    [InlineData("evaluate @/run --data @/data.h5 --gap spiks:2:3", "spikes")]
    [InlineData("infer @/run --data @/data.h5 -o @/x.h5 --hide held-uot", "held-out")]
    [InlineData("infer @/run --data @/data.h5 -o @/x --format matlb", "matlab")]
    [InlineData("fit @/data.h5 --hide hed-out", "held-out")]
    [InlineData("calibrate @/run --data @/data.h5 --hide velocit", "velocity")]
    [InlineData("calibrate @/run --data @/data.h5 --split valid", "validation")]
    [InlineData("nlb predict @/run --data @/data.h5 -o @/x.h5 --held-out-group held-ot", "held-out")]
    [InlineData("nlb predict @/run --data @/data.h5 -o @/x.h5 --phase tets", "test")]
    [InlineData("nlb target @/data.h5 -o @/x.h5 --behaviour velosity", "velocity")]
    [InlineData("nlb target @/data.h5 -o @/x.h5 --condition conditon", "condition")]
    [InlineData("nlb target @/data.h5 -o @/x.h5 --decode-by conditio", "condition")]
    [InlineData("join @/data.h5 @/data.h5 --sessions a,b --shared velocit -o @/x.h5", "velocity")]
    [InlineData("bench --long --precision doubel", "double")]
    [InlineData("completions powershel", "powershell")]
    [InlineData("train @/config.yaml --set precision=doubel", "double")]
    [InlineData("train @/config.yaml --set training.objective=evidnce", "evidence")]
    [InlineData("train @/config.yaml --set model.likelihoods=[{group:spike}]", "spikes")]
    [InlineData("train @/config.yaml --freeze dynamcis", "dynamics")]
    public void It_is_named(string command, string meant)
    {
        var outcome = _line.Run([.. command.Replace("group:spike", "group: spike", StringComparison.Ordinal).Replace("{group: spike}", "{group:\u00a0spike}", StringComparison.Ordinal).Split(' ').Select(word => word.Replace('\u00a0', ' '))]);
        Assert.True(outcome.ExitCode == 2, outcome.ToString());
        Assert.Contains($"did you mean '{meant}'?", outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.Trim().Split('\n'));
    }

    public sealed class Prepared : IDisposable
    {
        public Prepared()
        {
            Line.Must("simulate", "maze", "-o", "@/data.h5", "--trials", "4", "--validation-trials", "2", "--test-trials", "2", "--bins", "12", "--bin-width", "0.05", "--channels", "12", "--conditions", "2");
            Line.Write("config.yaml", "data: data.h5\nmodel: {states: 3, inputs: 2}\ntraining: {iterations: 1}\n");
            Line.Must("train", "@/config.yaml", "-o", "@/run");
        }

        internal CommandLine Line { get; } = new();

        public void Dispose() => Line.Dispose();
    }
}
