namespace IlqrVae.Cli.Tests;

/// <summary>'sweep' as a user meets it.</summary>
public sealed class SweepCommands : IDisposable
{
    private readonly CommandLine _line = new();

    public SweepCommands()
    {
        _line.Must("simulate", "linear", "-o", "@/data.h5", "--trials", "6", "--validation-trials", "3", "--bins", "12", "--channels", "5");
        _line.Write("config.yaml", "data: data.h5\nmodel: {states: 3, inputs: 2, dynamics: {kind: linear}}\ntraining: {iterations: 6, validation-interval: 2}\n");
        _line.Write("sweep.yaml", "config: config.yaml\nseeds: 2\nkeys:\n  model.states: [2, 3]\n  training.batch: [0, 3]\n");
    }

    public void Dispose() => _line.Dispose();

    [Fact]
    public void A_sweep_prints_its_points_and_leaves_runs()
    {
        var outcome = _line.Run("sweep", "@/sweep.yaml");
        Assert.Equal(0, outcome.ExitCode);
        var rows = outcome.Output.Split('\n').Select(row => row.Trim().Split([' '], StringSplitOptions.RemoveEmptyEntries)).Where(row => row.Length > 5 && char.IsAsciiDigit(row[0][0])).ToList();
        Assert.Equal(4, rows.Count);
        Assert.Contains("states", outcome.Output, StringComparison.Ordinal);
        var scores = rows.ConvertAll(row => double.Parse(row[4], System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(scores.OrderDescending(), scores);
        Assert.Equal(8, Directory.GetDirectories(_line["sweep/runs"]).Length);
        Assert.Contains($"best run: {_line["sweep/runs/"]}{rows[0][^1]}", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("0003-seed2: states 3, batch 0: validation ", outcome.Error, StringComparison.Ordinal);

        // Done is done: nothing is trained again.
        var before = _line.Contents();
        var again = _line.Run("sweep", "@/sweep.yaml");
        Assert.Equal((outcome.Output, ""), (again.Output, again.Error));
        Assert.Equal(before, _line.Contents());
        _line.Must("evaluate", $"@/sweep/runs/{rows[0][^1]}", "--data", "@/data.h5");
    }

    [Fact]
    public void One_that_is_interrupted_goes_on()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        var stopped = _line.Run(stop.Token, "sweep", "@/sweep.yaml");
        Assert.Equal(130, stopped.ExitCode);
        Assert.Contains("the same command goes on: ilqr-vae sweep", stopped.Error, StringComparison.Ordinal);
        Assert.Equal(0, _line.Run("sweep", "@/sweep.yaml", "--parallel", "2").ExitCode);
    }

    [Fact]
    public void What_others_have_is_left_to_them()
    {
        _line.Must("sweep", "@/sweep.yaml");
        File.Delete(_line["sweep/results/0002-seed1-rung0.json"]);
        File.WriteAllText(_line["sweep/claims/0002-seed1-rung0"], $"{Environment.MachineName}\n");
        using (new FileStream(_line["sweep/claims/0002-seed1-rung0"], FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            Assert.Contains("other workers are at what there is", _line.Must("sweep", "@/sweep.yaml"), StringComparison.Ordinal);
        }

        // Its worker has died: the run is there, and is looked at again.
        Assert.Contains("best run", _line.Must("sweep", "@/sweep.yaml"), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_line["sweep/claims"]));
    }

    [Theory]
    [InlineData("--parallel", "0", "--parallel: give a whole number from 1")]
    [InlineData("--threads", "-1", "--threads: -1 is not possible")]
    [InlineData("-o", "@/data.h5", "this is a file")]
    public void Options_that_make_no_sense_are_refused(string option, string value, string why)
    {
        var outcome = _line.Run("sweep", "@/sweep.yaml", option, value);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(why, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_result_is_named()
    {
        _line.Must("sweep", "@/sweep.yaml");
        File.WriteAllText(_line["sweep/results/0001-seed1-rung0.json"], "{");
        var outcome = _line.Run("sweep", "@/sweep.yaml");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("this is no result of a sweep; remove it", outcome.Error, StringComparison.Ordinal);
    }
}
