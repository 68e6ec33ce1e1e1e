using System.Diagnostics;
using IlqrVae.Runs.Files;

namespace IlqrVae.Cli.Tests;

/// <summary>A training of the program's own process that is told to stop.</summary>
public sealed class Signals
{
    [Theory]
    [InlineData("HUP")]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task A_training_that_is_told_to_stop_is_saved(string signal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals of another system");
        using var line = new CommandLine();
        line.Must("simulate", "lorenz", "-o", "@/data.h5", "--trials", "2", "--validation-trials", "0", "--test-trials", "0", "--bins", "8");
        line.Write("config.yaml", "data: data.h5\nmodel: {states: 2, inputs: 1}\ntraining: {iterations: 100000000, checkpoint-interval: 0, threads: 1}\n");
        using var training = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "ilqr-vae.dll"), "train", line["config.yaml"], "-o", line["run"]])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        try
        {
            while (!File.Exists(line["run/history.csv"]) || new FileInfo(line["run/history.csv"]).Length < 1000)
            {
                Assert.False(training.HasExited, "the training ended by itself");
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }

            // While it is at work nobody else may be.
            Assert.Contains("another training is at work", line.Run("train", "@/config.yaml", "-o", "@/run", "--force").Error, StringComparison.Ordinal);
            using (var kill = Process.Start("kill", [$"-{signal}", $"{training.Id}"]))
            {
                await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
            }

            // A shell that starts this in the background may have it ignore SIGINT, and the training with it.
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(TimeSpan.FromMinutes(1));
            await training.WaitForExitAsync(limit.Token).ContinueWith(_ => { }, TestContext.Current.CancellationToken, TaskContinuationOptions.None, TaskScheduler.Default);
            Assert.True(training.HasExited, $"the training did not end within a minute of SIG{signal}; was this started by a shell that ignores it?");
        }
        finally
        {
            training.Kill();
        }

        Assert.Equal(130, training.ExitCode);
        var done = HistoryFile.Read(line["run/history.csv"])["iteration"][^1];
        Assert.Equal(done, ModelFile.Read(line["run/model.h5"]).Summary.Iteration);
        Assert.Equal(130, line.Run("train", "@/run", "--resume", "--stop-after", "1").ExitCode);
        Assert.Equal(done + 1, HistoryFile.Read(line["run/history.csv"])["iteration"][^1]);
    }
}
