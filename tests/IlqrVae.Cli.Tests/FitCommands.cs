using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;

namespace IlqrVae.Cli.Tests;

/// <summary>'fit' as a user meets it who has to stop it.</summary>
public sealed class FitCommands : IDisposable
{
    private readonly CommandLine _line = new();

    public FitCommands() => _line.Must("simulate", "linear", "-o", "@/data.h5", "--trials", "6", "--validation-trials", "4", "--test-trials", "0", "--bins", "10", "--channels", "8");

    public void Dispose() => _line.Dispose();

    [Fact]
    public async Task One_that_is_killed_goes_on_and_repeats_nothing()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "kill -9 of another system");
        string[] command = ["fit", _line["data.h5"], "-o", _line["run"], "--minutes", "0.3", "--no-report", "--no-baselines", "--parallel", "1"];
        var results = Path.Combine(_line["run"], "fit-search", "results");
        var known = new Dictionary<string, string>(StringComparer.Ordinal);

        // Killed as soon as all trainings of one model and one of another are done, once more a training later, and then in the last training.
        var (kills, told) = (0, new List<string>());
        foreach (var isThere in new Func<bool>[] { () => Folds() is { } folds && Done() > folds, () => Done() > Folds() + 1, () => new RunFolder(_line["run"]).HoldsCheckpoint })
        {
            using var fit = Survival.Start(command);
            var error = fit.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            while (!isThere() && !fit.HasExited)
            {
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }

            Assert.SkipWhen(fit.HasExited && fit.ExitCode == 0, "the machine is too slow for a search in so little time");
            Assert.False(fit.HasExited, "it failed");
            fit.Kill();
            await fit.WaitForExitAsync(TestContext.Current.CancellationToken);
            told.Add(await error);
            kills++;
            foreach (var (name, text) in known)
            {
                Assert.Equal(text, await File.ReadAllTextAsync(Path.Combine(results, name), TestContext.Current.CancellationToken));
            }

            foreach (var path in Directory.GetFiles(results, "*.json").Where(path => !Path.GetFileName(path).StartsWith('.')))
            {
                known[Path.GetFileName(path)] = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
            }
        }

        Assert.Equal(3, kills);
        Assert.DoesNotContain("going on with a fit", told[0], StringComparison.Ordinal);
        Assert.All(told[1..], one => Assert.Contains("going on with a fit that was interrupted: ", one, StringComparison.Ordinal));

        // What was decided decides: whoever goes on ends with the same model, and so does a training of its configuration that was never interrupted.
        Copy(_line["run"], _line["copy"]);
        var clock = Stopwatch.StartNew();
        var ended = _line.Run([.. command.Where(word => word != "--no-report")]);
        Assert.True(ended.ExitCode == 0, ended.Error);
        Assert.True(clock.Elapsed.TotalMinutes < 0.3, "it had all of its time again");
        var copied = _line.Run("fit", "@/data.h5", "-o", "@/copy", "--minutes", "0.3", "--no-baselines", "--parallel", "2");
        Assert.True(copied.ExitCode == 0, copied.Error);
        if (IsOutOfTime(ended) || IsOutOfTime(copied))
        {
            // Where another program slowed the machine down since it was planned; the updates that are left make it what it would have been.
            Assert.SkipUnless(ModelOf("@/run") == ModelOf("@/copy"), "the machine became too slow to train the second of two models");
            FinishIf(IsOutOfTime(ended), "@/run");
            FinishIf(IsOutOfTime(copied), "@/copy");
        }

        _line.Must("train", "@/run/config.yaml", "-o", "@/alone");
        var model = ModelFile.Read(_line["run/model.h5"]);
        Assert.Equal(model.Raw, ModelFile.Read(_line["copy/model.h5"]).Raw);
        Assert.Equal(model.Raw, ModelFile.Read(_line["alone/model.h5"]).Raw);
        Assert.False(Directory.Exists(_line["run/fit-search"]));
        Assert.Equal(["run"], Directory.GetFileSystemEntries(_line.Folder, "run*").Select(Path.GetFileName), StringComparer.Ordinal);

        // The table has what was found before it was killed.
        var rows = await File.ReadAllLinesAsync(_line["run/fit.csv"], TestContext.Current.CancellationToken);
        var first = (int)JsonNode.Parse(known["plan-round1.json"])!["candidates"]![0]!;
        var parts = known.Where(one => one.Key.StartsWith($"round1-candidate{first}-", StringComparison.Ordinal)).OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => JsonNode.Parse(one.Value)!).ToList();
        var cells = rows[1].Split(',');
        Assert.Equal(["1", $"{parts.Count}", $"{parts[0]["iterations"]}"], [cells[0], cells[^5], cells[^4]]);
        Assert.Equal(-parts.Average(part => (double)part["validation_loss"]!), double.Parse(cells[^2], CultureInfo.InvariantCulture), 1e-12);
        Assert.Equal(parts.Sum(part => (double)part["seconds"]!), double.Parse(cells[^3], CultureInfo.InvariantCulture), 0.051);
        Assert.Contains("chosen", ended.Output, StringComparison.Ordinal);

        static bool IsOutOfTime(Outcome fit) => fit.Error.Contains("the machine became slower, and the time was up", StringComparison.Ordinal);

        string ModelOf(string run) => ConfigurationFile.Write(ConfigurationFile.Read(_line[$"{run[2..]}/config.yaml"]) with { Data = "" });

        void FinishIf(bool isOutOfTime, string run)
        {
            if (isOutOfTime)
            {
                _line.Must("train", run, "--resume");
            }
        }

        int Done() => Directory.Exists(results) ? Directory.GetFiles(results, "round*.json").Length : 0;

        // Trainings of a model in the first round; none where one model alone was affordable.
        int? Folds() => File.Exists(Path.Combine(results, "plan-round1.json")) && JsonNode.Parse(File.ReadAllText(Path.Combine(results, "plan-round1.json"))) is { } plan && plan["candidates"]!.AsArray().Count > 1
            ? (int)plan["folds"]!
            : null;
    }

    [Fact]
    public void One_that_is_stopped_says_how_to_go_on()
    {
        using var stop = new CancellationTokenSource();
        var stopping = Task.Run(() =>
        {
            while (!Directory.Exists(_line["run/fit-search/results"]) || Directory.GetFiles(_line["run/fit-search/results"], "pace-*").Length < 2)
            {
                Thread.Sleep(5);
            }

            stop.Cancel();
        }, TestContext.Current.CancellationToken);
        var stopped = _line.Run(stop.Token, "fit", "@/data.h5", "-o", "@/run", "--minutes", "0.1", "--force");
        Assert.Equal(130, stopped.ExitCode);
        Assert.Contains("what was tried is kept, and the same command goes on without --force", stopped.Error, StringComparison.Ordinal);
        Assert.True(stopping.IsCompleted);
        var other = _line.Run("fit", "@/data.h5", "-o", "@/run", "--minutes", "0.2");
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("holds a fit that was interrupted, of other settings", other.Error, StringComparison.Ordinal);
        Assert.Equal(0, _line.Run("fit", "@/data.h5", "-o", "@/run", "--minutes", "0.1", "--no-baselines", "--parallel", "3").ExitCode);
    }

    [Fact]
    public void One_that_is_stopped_before_anything_is_done_leaves_nothing()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        var stopped = _line.Run(stop.Token, "fit", "@/data.h5", "-o", "@/run");
        Assert.Equal(130, stopped.ExitCode);
        Assert.Contains("nothing was written", stopped.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_line["run"]));
    }

    [Theory]
    [InlineData("--parallel", "0", "--parallel: give a whole number from 1")]
    [InlineData("--threads", "-1", "--threads: -1 is not possible")]
    [InlineData("-o", "@/data.h5", "this is a file")]
    public void Options_that_make_no_sense_are_refused(string option, string value, string why)
    {
        var outcome = _line.Run("fit", "@/data.h5", option, value);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(why, outcome.Error, StringComparison.Ordinal);
    }

    private static void Copy(string from, string to)
    {
        foreach (var folder in Directory.GetDirectories(from, "*", SearchOption.AllDirectories).Prepend(from))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        }

        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
        }
    }
}
