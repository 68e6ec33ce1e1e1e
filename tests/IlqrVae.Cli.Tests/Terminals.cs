using System.Text.RegularExpressions;
using IlqrVae.Data.Tests;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Cli.Tests;

/// <summary>What is shown of progress, where, and how much.</summary>
public sealed partial class Terminals
{
    private static readonly Screen Live = new() { IsLive = true, HasColours = true, IsUnicode = true, Interval = TimeSpan.FromMilliseconds(20) };

    [Theory]
    [InlineData(null, "xterm", false, true, true)]
    [InlineData("", "xterm", false, true, true)]
    [InlineData("1", "xterm", false, true, false)]
    [InlineData("0", "xterm", false, true, false)]
    [InlineData(null, "dumb", false, false, false)]
    [InlineData(null, "xterm", true, false, false)]
    [InlineData(null, null, false, true, true)]
    public void The_environment_says_what_a_screen_can_show(string? noColour, string? term, bool isRedirected, bool isLive, bool hasColours)
    {
        var screen = Screen.Of(name => name switch { "NO_COLOR" => noColour, "TERM" => term, _ => null }, isRedirected, "utf-8");
        Assert.Equal((isLive, hasColours), (screen.IsLive, screen.HasColours));
        Assert.InRange(Screen.Plain.Interval.TotalSeconds, 0.5, 2);
    }

    [Fact]
    public void A_bar_is_written_over_and_cleared_before_anything_else()
    {
        var shown = Shown(Live, terminal =>
        {
            terminal.Begin("working").Set(3, 4, () => "3 of 4 trials");
            Wait();
            terminal.Remark("a remark");
            terminal.End();
        });
        Assert.Contains("\u001b[", shown, StringComparison.Ordinal);
        Assert.Contains("working 75 %  3 of 4 trials", shown, StringComparison.Ordinal);
        Assert.Contains("\u2588", shown, StringComparison.Ordinal);
        Assert.EndsWith(" \ra remark" + Environment.NewLine, shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Without_colours_there_are_no_escape_codes(bool isLive)
    {
        var shown = Shown(Live with { HasColours = false, IsLive = isLive }, terminal =>
        {
            terminal.Begin("working").Set(3, 4);
            Wait();
            terminal.End(isKept: true);
        });
        Assert.DoesNotContain('\u001b', shown);
        Assert.Equal(isLive, shown.Contains('\r', StringComparison.Ordinal));
        Assert.Contains("working 75 %", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(80)]
    [InlineData(40)]
    [InlineData(12)]
    [InlineData(1)]
    public void A_line_is_never_longer_than_the_screen(int width)
    {
        var shown = Shown(Live with { HasColours = false, Width = () => width }, terminal =>
        {
            terminal.Begin("inferring with some long name").Set(5, 9, () => "5 of 9 trials, 1234 iterations, 5678 samples");
            Wait();
            terminal.End();
        });
        Assert.All(shown.Split('\r', '\n'), line => Assert.True(line.Length < width || line.Length == 0, line));
    }

    [Fact]
    public void Work_that_says_nothing_of_itself_is_shown_every_few_moments()
    {
        var shown = Shown(Live with { IsLive = false }, terminal => terminal.During("importing", () =>
        {
            Wait();
            return 1;
        }));
        Assert.True(shown.Split('\n').Count(line => line.StartsWith("importing", StringComparison.Ordinal)) >= 2, shown);
    }

    [Fact]
    public void Nothing_is_shown_of_work_that_has_ended()
    {
        var shown = Shown(Live with { IsLive = false }, terminal =>
        {
            terminal.During("importing", () => 1);
            Wait();
        });
        Assert.Empty(shown);
    }

    [Fact]
    public void The_iterations_of_a_solve_that_goes_on_are_shown()
    {
        var activity = new Control.SolveActivity();
        var shown = Shown(Live with { IsLive = false }, terminal =>
        {
            terminal.OfInference().Report(new InferenceProgress(0, 1, activity));
            activity.AddIteration();
            activity.AddIteration();
            Wait();
        });
        Assert.Contains("inferring 0 %  0 of 1 trials, 2 iterations", shown, StringComparison.Ordinal);
    }

    /// <summary>
    /// With no time between lines every work that is shown is said once, however short. What takes long on large recordings, reading and writing included, is in one of these, so that nothing
    /// is silent for longer than the time between lines.
    /// </summary>
    [Fact]
    public void Whatever_may_take_long_is_shown()
    {
        using var line = new CommandLine { Interval = TimeSpan.Zero, WithReport = true };
        line.Write("config.yaml", "data: data.h5\nmodel: {states: 4, inputs: 2}\ntraining: {iterations: 3}\n");
        line.Write("sweep.yaml", "config: config.yaml\nkeys: {model.states: [2, 3]}\n");
        NeuralLatentsSessions.Write(line["session.nwb"], "mc_maze");
        foreach (var (command, expected) in new[]
        {
            ("simulate maze -o @/data.h5 --trials 12 --validation-trials 4 --test-trials 4 --channels 12 --bins 60", "simulating 100 %, summing up, writing"),
            ("config new @/data.h5", "reading data.h5"),
            ("config check @/config.yaml", "reading data.h5"),
            ("train @/config.yaml -o @/run", "inferring 100 %, making the report 100 %, reading data.h5, training 100 %"),
            ("fit @/data.h5 -o @/fit --minutes 0.01", "comparing with baselines, fitting, inferring 100 %, making the report 100 %, reading data.h5"),
            ("sweep @/sweep.yaml", "making the report, reading data.h5, sweeping 100 %"),
            ("infer @/run --data @/data.h5 -o @/posterior.h5", "inferring 100 %, reading data.h5, writing"),
            ("evaluate @/run --data @/data.h5 --hide velocity --baselines --iwae 5 --onsets velocity --figures @/figures", "comparing with baselines, drawing, inferring 100 %, reading data.h5, scoring"),
            ("calibrate @/run --data @/data.h5", "calibrating, inferring 100 %, reading data.h5"),
            ("compare @/run @/fit --data @/data.h5 --report @/compared.html", "inferring with fit 100 %, inferring with run 100 %, making the report, reading data.h5, scoring"),
            ("report @/run -o @/page.html", "inferring 100 %, making the report 100 %, reading data.h5"),
            ("report @/data.h5", "looking at data.h5, making the report, reading data.h5"),
            ("plot @/run rates -o @/rates.svg", "drawing, inferring 100 %, reading data.h5, writing"),
            ("inspect @/data.h5", "looking at data.h5, reading data.h5, summing up"),
            ("import @/session.nwb -o @/timed.h5 --bin-width 0.02 --align move_onset_time --window=-0.1..0.2", "importing 100 %, summing up, writing"),
            ("import @/session.nwb -o @/maze.h5 --nlb mc_maze --bin 20", "importing, summing up, writing"),
            ("export @/data.h5 -o @/data.npz", "exporting"),
            ("join @/data.h5 -o @/joined.h5", "joining, summing up, writing"),
            ("nlb predict @/run --data @/data.h5 -o @/submission.h5", "inferring 100 %, reading data.h5, writing"),
            ("nlb target @/data.h5 -o @/target.h5", "making the target, reading data.h5, writing"),
            ("nlb score @/submission.h5 --target @/target.h5", "scoring"),
            ("demo sparse -o @/demo --iterations 3", "drawing, inferring 100 %, making the report, scoring, simulating, training 100 %, writing"),
        })
        {
            var told = line.Run(command.Split(' '));
            Assert.True(told.ExitCode == 0, $"{command}\n{told.Error}");
            Assert.True(expected == Stages(told.Error), $"{command}\n{expected} is not\n{Stages(told.Error)}\nof\n{told.Error}");
        }

        // A line is a stage where it ends with the time it took; a clock may say one before it is over too.
        static string Stages(string error)
        {
            var lines = error.Split('\n').Where(row => Took().IsMatch(row)).Select(row => Took().Replace(row, "").Split("  ")[0])
                .Select(name => name.StartsWith("fitting", StringComparison.Ordinal) ? "fitting" : name).ToHashSet(StringComparer.Ordinal);
            return string.Join(", ", lines.Where(name => name.EndsWith(" 100 %", StringComparison.Ordinal) || !(Share().IsMatch(name) || lines.Contains($"{name} 100 %"))).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Work_within_work_is_shown_and_then_the_work_around_it_again()
    {
        var shown = Shown(Live with { IsLive = false }, terminal => terminal.During("reporting", () =>
        {
            Wait();
            var progress = terminal.OfInference();
            progress.Report(new InferenceProgress(0, 2, null));
            Wait();
            progress.Report(new InferenceProgress(2, 2, null));
            Wait();
            terminal.During("reading", () => Wait());
            Wait();
        }));
        var names = shown.Split('\n').Select(row => row.Split(' ')[0].Trim()).Where(name => name.Length > 0).ToList();
        Assert.Equal(["reporting", "inferring", "reporting", "reading", "reporting"], names.Where((name, i) => i == 0 || name != names[i - 1]), StringComparer.Ordinal);
        Assert.All(names.GroupBy(name => name, StringComparer.Ordinal), group => Assert.True(group.Count() >= 2, shown));
    }

    [Fact]
    public void Work_that_is_left_behind_says_nothing_any_more()
    {
        using var interrupt = new CancellationTokenSource();
        using var error = new StringWriter();
        using var terminal = new Terminal(TextWriter.Null, error, Live with { IsLive = false }, interrupt.Token);
        using var isLeft = new ManualResetEventSlim();
        using var hasEnded = new ManualResetEventSlim();
        Assert.Throws<TaskCanceledException>(() => terminal.Interruptible("outside", () =>
        {
            terminal.During("inside", () =>
            {
                interrupt.Cancel();
                isLeft.Wait(TestContext.Current.CancellationToken);
            });
            hasEnded.Set();
            return 1;
        }));
        terminal.Begin("after");
        isLeft.Set();
        hasEnded.Wait(TestContext.Current.CancellationToken);
        Wait();
        Assert.Contains("after", error.ToString(), StringComparison.Ordinal);
        terminal.End();
    }

    [Fact]
    public void Quiet_leaves_errors_and_results_and_verbose_adds_details()
    {
        using var line = new CommandLine { Interval = TimeSpan.FromMilliseconds(5) };
        line.Must("simulate", "linear", "-o", "@/data.h5", "--trials", "4", "--validation-trials", "2", "--bins", "12", "--channels", "5");
        line.Write("config.yaml", "data: data.h5\nmodel: {states: 3, inputs: 2}\ntraining: {iterations: 4, validation-interval: 2}\n");
        var quiet = line.Run("train", "@/config.yaml", "-o", "@/run", "--quiet");
        Assert.Equal((0, ""), (quiet.ExitCode, quiet.Error));
        Assert.Contains("trained 4 iterations", quiet.Output, StringComparison.Ordinal);
        Assert.Equal("", line.Run("-q", "evaluate", "@/run", "--data", "@/data.h5").Error);
        Assert.Contains("none.h5", line.Run("evaluate", "@/run", "--data", "@/none.h5", "-q").Error, StringComparison.Ordinal);
        Assert.Contains("--resume", line.Run("train", "@/config.yaml", "-o", "@/run", "--force", "-q", "--stop-after", "1").Error, StringComparison.Ordinal);

        var usual = line.Run("train", "@/config.yaml", "-o", "@/run", "--force").Error;
        var verbose = line.Run("train", "@/config.yaml", "-o", "@/run", "--force", "--verbose").Error;
        Assert.DoesNotContain("model.states: 3", usual, StringComparison.Ordinal);
        Assert.Contains("model.states: 3", verbose, StringComparison.Ordinal);
        Assert.Contains("iteration 2: validation", verbose, StringComparison.Ordinal);
        Assert.Contains("factorisations", verbose, StringComparison.Ordinal);
        Assert.Contains("Hessian products", line.Run("infer", "@/run", "--data", "@/data.h5", "-o", "@/p.h5", "--verbose").Error, StringComparison.Ordinal);
        Assert.Contains("solves since iteration 0, on average of a trial: ", File.ReadAllText(line["run/log.txt"]), StringComparison.Ordinal);
        Assert.Contains("contradict", line.Run("inspect", "@/data.h5", "--verbose", "--quiet").Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Simulations_tell_the_share_that_is_done(bool isMaze)
    {
        var told = new System.Collections.Concurrent.ConcurrentBag<double>();
        var progress = new Told(told.Add);
        _ = isMaze
            ? Simulation.Simulations.Maze(new Simulation.MazeOptions { Trials = 3, ValidationTrials = 0, TestTrials = 0, Conditions = 2, Neurons = 8, Progress = progress })
            : Simulation.Simulations.Linear(new Simulation.LinearOptions { Trials = 3, ValidationTrials = 0, TestTrials = 0, Bins = 5, Progress = progress });
        Assert.Equal([1 / 6.0, 2 / 6.0, 0.5, 4 / 6.0, 5 / 6.0, 1], told.Order().Select(share => Math.Round(share * 6) / 6));
    }

    [Fact]
    public void All_passes_of_a_calibration_are_one_bar()
    {
        using var line = new CommandLine();
        line.Must("simulate", "linear", "-o", "@/data.h5", "--trials", "4", "--validation-trials", "2", "--bins", "12", "--channels", "5");
        line.Write("config.yaml", "data: data.h5\nmodel: {states: 3, inputs: 2}\ntraining: {iterations: 2}\n");
        line.Must("train", "@/config.yaml", "-o", "@/run");
        var told = new List<InferenceProgress>();
        CalibrationSession.Run(line["run"], line["data.h5"], Data.RecordingFile.Read(line["data.h5"]), new CalibrationRequest { ForecastBins = 2, Threads = 1 }, new Told<InferenceProgress>(told.Add), TestContext.Current.CancellationToken);
        Assert.Equal((told[^1].Trials, 0), (told[^1].Done, told[0].Done));
        Assert.True(told[^1].Trials >= 6 && told[^1].Trials % 2 == 0, $"{told[^1].Trials}");
        Assert.All(told.Zip(told.Skip(1)), pair => Assert.InRange(pair.Second.Done - pair.First.Done, 0, 1));
    }

    [Fact]
    public void Results_have_no_escape_codes()
    {
        using var line = new CommandLine { Screen = Live, Interval = TimeSpan.FromMilliseconds(5) };
        Assert.DoesNotContain('\u001b', line.Must("simulate", "linear", "-o", "@/data.h5", "--trials", "4", "--bins", "12", "--channels", "5"));
        Assert.DoesNotContain('\u001b', line.Must("inspect", "@/data.h5", "--json"));
    }

    /// <summary>Names out of files do nothing to the terminal that shows them: no title, no clipboard, no cursor.</summary>
    [Fact]
    public void Names_have_no_escape_codes()
    {
        const string Hostile = "\u001b]0;title\u0007\u001b[2J\u009b31m\b";
        using var line = new CommandLine();
        line.Must("simulate", "lorenz", "-o", "@/whole.h5", "--observation", "spikes", "--channels", "4", "--trials", "6", "--validation-trials", "2", "--test-trials", "2", "--bins", "12");
        var whole = Data.RecordingFile.Read(line["whole.h5"]);
        Data.RecordingFile.Write(line["data.h5"], whole with
        {
            Source = Hostile,
            Groups = [whole.Groups[0] with { ChannelNames = [.. Enumerable.Range(0, 4).Select(i => $"{Hostile}{i}")] }],
            Trials = [.. whole.Trials.Select(trial => trial with { Labels = new Dictionary<string, Recordings.TrialLabel>(StringComparer.Ordinal) { ["condition"] = Recordings.TrialLabel.Of(Hostile) } })],
        });
        line.Write("config.yaml", "data: data.h5\nmodel: {states: 2, inputs: 1}\ntraining: {iterations: 2}\n");
        var shown = new System.Text.StringBuilder();
        foreach (var command in (string[][])[["inspect", "@/data.h5"], ["train", "@/config.yaml", "-o", "@/run"], ["evaluate", "@/run", "--data", "@/data.h5"], ["infer", "@/run", "--data", "@/data.h5", "-o", "@/posterior.h5"], ["inspect", "@/run"], ["infer", "@/run", "--data", "@/whole.h5", "-o", "@/other.h5"], ["inspect", "@/posterior.h5"]])
        {
            var outcome = line.Run(command);
            shown.Append(outcome.Output).Append(outcome.Error);
        }

        shown.Append(File.ReadAllText(line["run/log.txt"]));
        Assert.Contains("title", shown.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(shown.ToString(), character => char.IsControl(character) && character is not ('\n' or '\r' or '\t'));
    }

    private static string Shown(Screen screen, Action<Terminal> work)
    {
        using var error = new StringWriter();
        using (var terminal = new Terminal(TextWriter.Null, error, screen, CancellationToken.None))
        {
            work(terminal);
        }

        return error.ToString();
    }

    private class Told<T>(Action<T> hear) : IProgress<T>
    {
        public void Report(T value) => hear(value);
    }

    private sealed class Told(Action<double> hear) : Told<double>(hear);

    [GeneratedRegex(@"  [0-9][0-9.]* (ms|s|min)( [0-9]+ s)?\s*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Took();

    [GeneratedRegex(" [0-9]+ %$", RegexOptions.None, 1000)]
    private static partial Regex Share();

    private static void Wait() => Thread.Sleep(400);
}
