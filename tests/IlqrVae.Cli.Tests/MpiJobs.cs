using System.Diagnostics;
using IlqrVae.Runs.Files;

namespace IlqrVae.Cli.Tests;

/// <summary>Trainings and analyses spread over the processes of an MPI job, where there is an MPI launcher.</summary>
public sealed class MpiJobs : IDisposable
{
    private readonly CommandLine _line = new();

    public void Dispose() => _line.Dispose();

    [Fact]
    public async Task Processes_learn_what_one_learns_and_another_number_goes_on()
    {
        RequireLauncher();
        Prepare(iterations: 9);
        _line.Must("train", "@/config.yaml", "-o", "@/alone");
        Assert.Equal((0, ""), Short(await Launch(1, "train", _line["config.yaml"], "-o", _line["one"])));
        Assert.Equal(Parameters("alone"), Parameters("one"));

        // What one process prints, once; and one process writes.
        var (code, output, error) = await Launch(2, "train", _line["config.yaml"], "-o", _line["two"]);
        Assert.True(code == 0, error);
        Assert.Equal(1, Count(output, "trained 9 iterations"));
        Assert.Equal(1, Count(output, "next:"));
        Assert.Equal(9, HistoryFile.Read(_line["two/history.csv"])["iteration"].Length);
        Assert.Contains("2 processes of 1 threads", await File.ReadAllTextAsync(_line["two/log.txt"], TestContext.Current.CancellationToken), StringComparison.Ordinal);
        RequireClose("alone", "two");

        // Four begin, three go on.
        Assert.Equal(130, (await Launch(4, "train", _line["config.yaml"], "-o", _line["four"], "--stop-after", "4")).Code);
        Assert.Equal(0, (await Launch(3, "train", _line["four"], "--resume")).Code);
        Assert.Equal(9, HistoryFile.Read(_line["four/history.csv"])["iteration"].Length);
        RequireClose("alone", "four");
    }

    [Fact]
    public async Task The_first_process_alone_is_followed()
    {
        RequireLauncher();
        Prepare(iterations: 3);
        var (code, output, error) = await Launch(2, "train", _line["config.yaml"], "-o", _line["run"], "--watch", "--tensorboard", _line["logs"]);
        Assert.True(code == 0, error);
        Assert.Equal((1, 1), (Count(error, "watch: http://127.0.0.1:"), Count(output, "events:")));
        Assert.Single(Directory.GetFiles(_line["logs"]));
    }

    [Fact]
    public async Task Wrong_input_is_told_once()
    {
        RequireLauncher();
        Prepare(iterations: 2);
        _line.Write("bad.yaml", "data: data.h5\nmodel: {states: 3, inputz: 2}\n");
        foreach (var (file, reason) in new[] { ("bad.yaml", "inputz"), ("absent.yaml", "absent.yaml: there is no such file") })
        {
            var (code, _, error) = await Launch(2, "train", _line[file], "-o", _line["run"]);
            Assert.Equal(2, code);
            Assert.Equal(1, Count(error, reason));
            Assert.False(Directory.Exists(_line["run"]));
        }

        // What the first process alone can see ends all of them.
        _line.Must("train", "@/config.yaml", "-o", "@/run");
        var again = await Launch(2, "train", _line["config.yaml"], "-o", _line["run"]);
        Assert.Equal((2, 1), (again.Code, Count(again.Error, "process 0 of 2")));
        Assert.Equal(1, Count(again.Error, "holds a run already"));

        // Other commands would do the same in every process.
        var fit = await Launch(2, "fit", _line["data.h5"], "-o", _line["fit"]);
        Assert.Equal((2, 1), (fit.Code, Count(fit.Error, "'fit' works in one process")));
        Assert.False(Directory.Exists(_line["fit"]));
    }

    [Fact]
    public async Task Processes_infer_and_score_what_one_does()
    {
        RequireLauncher();
        Learn();
        string[] infer = ["infer", _line["run"], "--data", _line["data.h5"], "--draws", "2", "--intervals", "--threads", "1"];

        // Also more processes than trials.
        foreach (var (processes, split, trials) in (ValueTuple<int, string, int>[])[(3, "all", 10), (4, "validation", 3)])
        {
            _line.Must([.. infer, "--split", split, "-o", "@/alone.h5", "--force"]);
            var (code, output, error) = await Launch(processes, [.. infer, "--split", split, "-o", _line["shared.h5"], "--force"]);
            Assert.True(code == 0, error);
            Assert.Equal(1, Count(output, $"{trials} trials in"));
            Assert.Equal(Bytes("alone.h5"), Bytes("shared.h5"));
        }

        string[] evaluate = ["evaluate", _line["run"], "--data", _line["data.h5"], "--split", "all", "--coverage", "--iwae", "5", "--horizon", "2", "--threads", "1"];
        Assert.Equal(Scores(_line.Must(evaluate)), Scores((await Launch(2, evaluate)).Output));
        string[] posterior = ["evaluate", _line["run"], "--data", _line["data.h5"], "--split", "validation", "--posterior", _line["alone.h5"], "--threads", "1"];
        Assert.Equal(Scores(_line.Must(posterior)), Scores((await Launch(3, posterior)).Output));

        string[] calibrate = ["calibrate", _line["run"], "--data", _line["data.h5"], "--threads", "1"];
        _line.Must(calibrate);
        var stored = Bytes("run/calibration.json");
        File.Delete(_line["run/calibration.json"]);
        Assert.Equal(0, (await Launch(3, calibrate)).Code);
        Assert.Equal(stored, Bytes("run/calibration.json"));
    }

    [Fact]
    public async Task Processes_predict_for_the_benchmark_and_decode_what_one_does()
    {
        RequireLauncher();
        _line.Must("simulate", "maze", "-o", "@/data.h5", "--trials", "6", "--validation-trials", "4", "--test-trials", "0");
        _line.Write("config.yaml", "data: data.h5\nmodel: {states: 3, inputs: 2}\ntraining: {iterations: 2, batch: 3, threads: 1}\n");
        _line.Must("train", "@/config.yaml", "-o", "@/run", "--no-report");
        _line.Must("nlb", "predict", "@/run", "--data", "@/data.h5", "-o", "@/alone.h5");
        var (code, output, error) = await Launch(2, "nlb", "predict", _line["run"], "--data", _line["data.h5"], "-o", _line["shared.h5"], "--threads", "1");
        Assert.True(code == 0, error);
        Assert.Equal(1, Count(output, "submission:"));
        Assert.Equal(Bytes("alone.h5"), Bytes("shared.h5"));
        string[] decode = ["evaluate", _line["run"], "--data", _line["data.h5"], "--decode", "velocity", "--hide", "velocity", "--threads", "1"];
        Assert.Equal(Scores(_line.Must(decode)), Scores((await Launch(2, decode)).Output));
    }

    [Fact]
    public async Task Wrong_input_of_an_analysis_is_told_once()
    {
        RequireLauncher();
        Learn();
        foreach (var (arguments, reason) in new (string[], string)[]
        {
            (["infer", _line["run"], "--data", _line["absent.h5"], "-o", _line["p.h5"]], "absent.h5: there is no such file"),
            (["infer", _line["run"], "--data", _line["data.h5"], "-o", _line["p.h5"], "--split", "test"], "there are no trials with the split 'test'"),
            (["evaluate", _line["run"], "--data", _line["data.h5"], "--forecast", "20"], "hide fewer than that"),
            (["calibrate", _line["run"], "--data", _line["data.h5"], "--hide", "nothing"], "nothing"),

            // What is seen once trials are done, by the first process alone.
            (["evaluate", _line["run"], "--data", _line["data.h5"], "--decode", "values", "--hide", "values"], "the model has no rates to decode from"),
        })
        {
            var (code, output, error) = await Launch(3, arguments);
            Assert.Equal((2, ""), (code, Lines(output)));
            Assert.Equal(1, Count(error, reason));
        }

        Assert.False(File.Exists(_line["p.h5"]));
    }

    [Theory]
    [InlineData("KILL")]
    [InlineData("INT")]
    public async Task An_inference_that_is_stopped_or_loses_a_process_writes_nothing(string signal)
    {
        RequireLauncher();
        Learn();
        using var job = Start(2, "evaluate", _line["run"], "--data", _line["data.h5"], "--split", "all", "--iwae", "1000000", "--figures", _line["figures"], "--threads", "1");
        var output = job.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = job.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            while (!Directory.Exists(_line["figures"]))
            {
                Assert.False(job.HasExited, "the evaluation ended by itself");
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }

            // One process is lost; or the launcher is told to stop, as by Ctrl-C, and tells the others.
            await Task.Delay(1000, TestContext.Current.CancellationToken);
            var told = signal == "KILL" ? Process.GetProcesses().Where(IsOfThisRun).Select(process => process.Id).Max() : job.Id;
            using (var kill = Process.Start("kill", [$"-{signal}", $"{told}"]))
            {
                await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
            }

            using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(TimeSpan.FromSeconds(60));
            await job.WaitForExitAsync(limit.Token);
        }
        finally
        {
            job.Kill(entireProcessTree: true);
        }

        Assert.NotEqual(0, job.ExitCode);
        Assert.DoesNotContain("score", await output, StringComparison.Ordinal);
        Assert.DoesNotContain("unexpected error", await error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_line["figures"]));
        Assert.DoesNotContain(Process.GetProcesses(), IsOfThisRun);
    }

    [Fact]
    public async Task Processes_of_a_sweep_are_workers_of_which_one_speaks()
    {
        RequireLauncher();
        Prepare(iterations: 4);
        _line.Write("sweep.yaml", "config: config.yaml\nsearch: halving\npoints: 4\nrungs: 2\nhalve-by: 2\nkeys: {training.learning-rate: {from: 0.01, to: 0.1}}\n");
        var (code, output, error) = await Launch(2, "sweep", _line["sweep.yaml"]);
        Assert.True(code == 0, error);
        Assert.Equal(1, Count(output, "best run:"));
        Assert.Equal(4, Directory.GetDirectories(_line["sweep/runs"]).Length);
    }

    [Fact]
    public async Task A_process_that_dies_ends_the_job_and_the_run_can_be_resumed()
    {
        RequireLauncher();
        Prepare(iterations: 1_000_000);
        using var job = Start(2, "train", _line["config.yaml"], "-o", _line["run"]);
        var output = job.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = job.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            while (!File.Exists(_line["run/checkpoint.h5"]))
            {
                Assert.False(job.HasExited, "the training ended by itself");
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }

            var children = await Task.WhenAll(Process.GetProcesses().Where(IsOfThisRun).Select(process => Task.FromResult(process.Id)));
            Assert.Equal(2, children.Length);
            Process.GetProcessById(children.Max()).Kill();
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(TimeSpan.FromSeconds(60));
            await job.WaitForExitAsync(limit.Token);
        }
        finally
        {
            job.Kill(entireProcessTree: true);
        }

        Assert.NotEqual(0, job.ExitCode);
        Assert.Contains("killed", await error + await output, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(130, _line.Run("train", "@/run", "--resume", "--stop-after", "1").ExitCode);
    }

    private bool IsOfThisRun(Process process)
    {
        try
        {
            var words = File.ReadAllText($"/proc/{process.Id}/cmdline").Split('\0');
            return words[0] == "dotnet" && words.Contains(_line["run"], StringComparer.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile, or is another user's.
            return false;
        }
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private static (int Code, string Failure) Short((int Code, string Output, string Error) result) => (result.Code, result.Code == 0 ? "" : result.Error);

    private static void RequireLauncher()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "MPI jobs are tried on Linux");
        Assert.SkipUnless((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "mpirun"))), "there is no MPI launcher (mpirun) here; Debian has it as openmpi-bin");
    }

    private void Prepare(int iterations)
    {
        _line.Must("simulate", "lorenz", "-o", "@/data.h5", "--trials", "7", "--validation-trials", "3", "--test-trials", "0", "--bins", "20");
        _line.Write("config.yaml", $"data: data.h5\nprecision: double\nmodel: {{states: 4, inputs: 2}}\ntraining: {{iterations: {iterations}, batch: 5, validation-interval: 3, checkpoint-interval: 20, threads: 1}}\n");
    }

    private void Learn()
    {
        Prepare(iterations: 3);
        _line.Must("train", "@/config.yaml", "-o", "@/run", "--no-report");
    }

    private byte[] Bytes(string file) => File.ReadAllBytes(_line[file]);

    /// <summary>Lines of results, but for what the launcher's terminal adds and for times.</summary>
    private static string Scores(string output) => string.Join('\n', output.Split('\n').Where(line => !line.Contains("a trial and thread", StringComparison.Ordinal)).Select(Lines));

    private static string Lines(string output) => output.Replace("\e[?1h\e=", "", StringComparison.Ordinal).Trim();

    private double[] Parameters(string run) => ModelFile.Read(_line[$"{run}/model.h5"]).Raw;

    private void RequireClose(string one, string other)
        => Assert.All(Parameters(one).Zip(Parameters(other)), pair => Assert.Equal(pair.First, pair.Second, 1e-12 * (1 + Math.Abs(pair.First))));

    private static Process Start(int processes, params string[] arguments)
    {
        var start = new ProcessStartInfo("mpirun", ["--oversubscribe", "-n", $"{processes}", "dotnet", Path.Combine(AppContext.BaseDirectory, "ilqr-vae.dll"), .. arguments])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        };

        // In containers tests are run by root, which Open MPI asks to confirm.
        start.Environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1";
        start.Environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1";
        return Process.Start(start)!;
    }

    private static async Task<(int Code, string Output, string Error)> Launch(int processes, params string[] arguments)
    {
        using var job = Start(processes, arguments);
        var output = job.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = job.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await job.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (job.ExitCode, await output, await error);
    }
}
