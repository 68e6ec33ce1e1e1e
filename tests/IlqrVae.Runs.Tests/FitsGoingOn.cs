using System.Diagnostics;
using System.Globalization;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Fitting;
using IlqrVae.Runs.Sessions;
using IlqrVae.Simulation;
using IlqrVae.Training;

namespace IlqrVae.Runs.Tests;

/// <summary>Fits that are interrupted, killed, refused and shared out: by a pace that is not measured all end with the same bits.</summary>
public sealed class FitsGoingOn : IDisposable
{
    private const string KilledFolder = "ILQR_VAE_KILLED_FIT";

    /// <summary>A linear system of few trials, where linear dynamics wins the search, so that there are two last trainings.</summary>
    private static readonly Recording Data = LearningTrials.Of(
        Simulations.Linear(new LinearOptions { Trials = 6, ValidationTrials = 4, TestTrials = 0, Bins = 12, Channels = 8, Observation = ObservationKind.Spikes, Seed = 4 }), 12, 0);

    /// <summary>Time for three candidates, and little for the last trainings; a pace that no machine lacks.</summary>
    private static readonly FitRequest Request = new() { Seconds = 2100 * 0.2, Threads = 2, SecondsPerUpdate = 0.2 };

    private static readonly Lazy<Outcome> Whole = new(() =>
    {
        var folder = Directory.CreateTempSubdirectory("ilqr-vae-whole-");
        try
        {
            return Fit(new RunFolder(Path.Combine(folder.FullName, "run")), Request);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    });

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ilqr-vae-fits-");

    /// <summary>How many processes are killed; more with the environment variable, for once in a while.</summary>
    private static int Kills => int.Parse(Environment.GetEnvironmentVariable("ILQR_VAE_KILLS") ?? "4", CultureInfo.InvariantCulture);

    private RunFolder Run => new(Path.Combine(_folder.FullName, "run"));

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void What_was_interrupted_goes_on_and_ends_with_the_same_bits()
    {
        var (stops, done, spent, seconds) = (0, new List<int>(), new List<double>(), 0.0);
        while (true)
        {
            using var stop = new CancellationTokenSource();
            var count = 0;
            var request = Request with
            {
                GoesOn = (trainings, before) =>
                {
                    done.Add(trainings);
                    spent.Add(Math.Round(before, 3));
                },
            };
            try
            {
                var outcome = FitSession.Run("data.h5", Data, Run, request, null, new Immediately(progress =>
                {
                    if (++count > 230)
                    {
                        stop.Cancel();
                    }

                    // Nor is the time forgotten that a last training took before.
                    Assert.True(progress.Folder is null || spent.Count == 0 || progress.FitSeconds > spent[^1] + progress.Record.Seconds - 0.01);
                }), stop.Token);
                if (outcome.Training.End != TrainingEnd.Interrupted)
                {
                    seconds = outcome.Seconds;
                    AssertSame(Whole.Value, new Outcome(outcome, Run));
                    break;
                }
            }
            catch (OperationCanceledException)
            {
                Assert.Empty(Directory.GetFiles(Path.Combine(Run.Search, "claims")));
            }

            Assert.True(++stops < 40);
        }

        // Five trainings of the search, of which one is done each time, and then two last ones.
        Assert.Equal([1, 2, 3, 4, 5], done.Distinct());
        Assert.True(stops > 7, $"{stops} times");
        Assert.Equal(spent.Order(), spent);
        Assert.InRange(seconds, spent[^1], double.MaxValue);
    }

    [Fact]
    public void Time_is_spent_as_it_was_planned()
    {
        // 2,100 updates: 30 % for three candidates, 20 % for two, 3 % left over; of the rest a quarter for linear dynamics.
        int Sum(string round) => Whole.Value.Attempts.Select(row => row.Split(',')).Where(cells => cells[0] == round).Sum(cells => int.Parse(cells[^3], CultureInfo.InvariantCulture));
        var spent = Sum("1") + Sum("2");
        Assert.InRange(Sum("1"), 630 - 3, 630);
        Assert.InRange(Sum("2"), 420 - 2, 420);
        var last = Whole.Value.Attempts.Where(row => row.StartsWith("3,", StringComparison.Ordinal)).Select(row => int.Parse(row.Split(',')[^3], CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(2, last.Count);
        Assert.InRange(last[0], (0.25 * ((0.97 * 2100) - spent)) - 1.001, (0.25 * ((0.97 * 2100) - spent)) + 0.001);
        Assert.InRange(last[1], (0.97 * 2100) - spent - last[0] - 1.001, (0.97 * 2100) - spent - last[0] + 0.001);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Any_number_of_trainings_at_a_time_finds_the_same(int parallel)
    {
        var (most, at, threads) = (0, new Dictionary<string, int>(StringComparer.Ordinal), new HashSet<int>());
        var outcome = FitSession.Run("data.h5", Data, Run, Request with { Parallel = parallel, Threads = 4 }, null, new Immediately(progress =>
        {
            // One at a time, of several by turns.
            at[progress.Name] = progress.Record.Iteration;
            threads.Add(Environment.CurrentManagedThreadId);
            most = Math.Max(most, at.Count(one => one.Value < 200 && one.Key.StartsWith("round", StringComparison.Ordinal)));
        }), TestContext.Current.CancellationToken);
        AssertSame(Whole.Value, new Outcome(outcome, Run));
        Assert.Equal(parallel, most);
        Assert.True(threads.Count > parallel);
    }

    [Fact]
    public async Task A_fit_that_is_killed_at_any_moment_goes_on_with_the_same_bits()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "kill -9 of another system");
        var clock = Stopwatch.StartNew();
        using (var whole = Start(parallel: 1))
        {
            await whole.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, whole.ExitCode);
        }

        AssertSame(Whole.Value, new Outcome(Run));
        Assert.False(Directory.Exists(Run.Search));
        var milliseconds = (int)clock.ElapsedMilliseconds;
        Directory.Delete(Run.Root, recursive: true);
        var (random, killed, goesOn) = (new Random(2), 0, 0);
        while (killed < Kills)
        {
            goesOn += Directory.Exists(Run.Search) ? 1 : 0;
            using var fit = Start(parallel: 1 + (killed % 3));
            var said = fit.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(random.Next(milliseconds / 3, 3 * milliseconds / 4));
            try
            {
                await fit.WaitForExitAsync(limit.Token);
                Assert.True(fit.ExitCode == 0, await said);
                AssertSame(Whole.Value, new Outcome(Run));
                Directory.Delete(Run.Root, recursive: true);
            }
            catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
            {
                fit.Kill();
                await fit.WaitForExitAsync(TestContext.Current.CancellationToken);
                killed++;
                if (File.Exists(Run.Tried) && !File.Exists(Path.Combine(Run.Search, "fit.yaml")))
                {
                    // It was complete.
                    AssertSame(Whole.Value, new Outcome(Run));
                    Directory.Delete(Run.Root, recursive: true);
                }
            }
        }

        goesOn += Directory.Exists(Run.Search) ? 1 : 0;
        if (!Run.HoldsRun || Directory.Exists(Run.Search))
        {
            AssertSame(Whole.Value, Fit(Run, Request));
        }

        Assert.True(goesOn > 0, "none was gone on with");
        TestContext.Current.SendDiagnosticMessage($"{killed} killed, {goesOn} times one was gone on with");
    }

    /// <summary>What the test above starts and kills.</summary>
    [Fact(Explicit = true)]
    public void A_fit_in_a_process_of_its_own()
    {
        var words = Environment.GetEnvironmentVariable(KilledFolder)!.Split('|');
        Fit(new RunFolder(words[0]), Request with { Parallel = int.Parse(words[1], CultureInfo.InvariantCulture) });
    }

    [Fact]
    public void The_folder_of_another_fit_is_refused_and_begun_anew_when_forced()
    {
        Stop(Request, after: 450);
        var before = Contents();
        var other = Data with { Trials = [.. Data.Trials.Skip(1)] };
        foreach (var (recording, request) in new[] { (Data, Request with { Seed = 2 }), (Data, Request with { Seconds = 800 }), (Data, Request with { SecondsPerUpdate = null }), (other, Request) })
        {
            var refused = Assert.Throws<InputException>(() => FitSession.Run("data.h5", recording, Run, request, null, null, TestContext.Current.CancellationToken)).Message;
            Assert.StartsWith($"{Run.Root}: this folder holds a fit that was interrupted, of other settings or of another recording", refused, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', refused);
        }

        Assert.Equal(before, Contents());

        // Threads and where the data is make no difference.
        var done = 0;
        Stop(Request with { Threads = 1, Parallel = 2, GoesOn = (trainings, _) => done = trainings }, after: 1, data: "moved/data.h5");
        Assert.Equal(2, done);

        // Nothing of another fit is taken for its own.
        done = 0;
        Stop(Request with { Seed = 2, Force = true }, after: 450);
        var outcome = FitSession.Run("data.h5", Data, Run, Request with { Force = true, GoesOn = (trainings, _) => done = trainings }, null, null, TestContext.Current.CancellationToken);
        Assert.Equal(0, done);
        AssertSame(Whole.Value, new Outcome(outcome, Run));
    }

    [Fact]
    public void A_search_that_was_interrupted_is_in_nobodys_way()
    {
        Stop(Request, after: 250);
        var configuration = FitLadder.Of("data.h5", Data, Request)[2].Configuration;
        configuration = configuration with { Training = configuration.Training with { Iterations = 4 } };
        TrainingSession.Run(configuration, Data, Run, null, null, TestContext.Current.CancellationToken);
        var model = File.ReadAllBytes(Run.Model);

        // The fit goes on with its search, but not over a run that somebody has put there.
        Assert.Contains("this folder holds a run already", Assert.Throws<InputException>(() => Fit(Run, Request)).Message, StringComparison.Ordinal);
        Assert.Equal(model, File.ReadAllBytes(Run.Model));

        // Begun to replace it, it does not take it for its own.
        Stop(Request with { Force = true }, after: 250);
        Assert.Equal(model, File.ReadAllBytes(Run.Model));
        AssertSame(Whole.Value, Fit(Run, Request));
    }

    [Fact]
    public void A_last_training_that_was_killed_before_its_first_checkpoint_begins_again()
    {
        // Killed when its settings were written, and once more when its model was.
        using var stop = new CancellationTokenSource();
        var outcome = FitSession.Run("data.h5", Data, Run, Request, null, new Immediately(progress =>
        {
            if (progress.Folder is { } folder && folder.Root == Run.Root && progress.Record.Iteration > 300)
            {
                stop.Cancel();
            }
        }), stop.Token);
        Assert.Equal(TrainingEnd.Interrupted, outcome.Training.End);
        File.Delete(Run.Checkpoint);
        File.Delete(Run.CheckpointBefore);
        var model = File.ReadAllBytes(Run.Model);
        File.Delete(Run.Model);
        using var atOnce = new CancellationTokenSource();
        FitSession.Run("data.h5", Data, Run, Request, null, new Immediately(progress =>
        {
            Assert.Equal(1, progress.Record.Iteration);
            atOnce.Cancel();
        }), atOnce.Token);
        File.Delete(Run.Checkpoint);
        File.WriteAllBytes(Run.Model, model);
        AssertSame(Whole.Value, Fit(Run, Request));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_run_of_another_is_not_taken_for_the_last_training(bool isForced)
    {
        // As if it had been stopped after it was decided what to train at last, and before that began; the other run differs in nothing but its updates.
        using var stop = new CancellationTokenSource();
        var last = FitSession.Run("data.h5", Data, Run, Request with { Force = isForced }, null, new Immediately(progress =>
        {
            if (progress.Folder is { } folder && folder.Root == Run.Root)
            {
                stop.Cancel();
            }
        }), stop.Token);
        var (configuration, other) = (last.Chosen.Configuration, new RunFolder(Path.Combine(_folder.FullName, "other")));
        TrainingSession.Run(configuration with { Training = configuration.Training with { Iterations = 3 } }, Data, other, null, null, TestContext.Current.CancellationToken);
        foreach (var path in Directory.GetFiles(Run.Root).Where(path => path != Run.Lock))
        {
            File.Delete(path);
        }

        other.MoveTo(Run);
        if (isForced)
        {
            AssertSame(Whole.Value, Fit(Run, Request));
        }
        else
        {
            Assert.Contains("this folder holds a run already", Assert.Throws<InputException>(() => Fit(Run, Request)).Message, StringComparison.Ordinal);
            Assert.Equal(3, ModelFile.Read(Run.Model).Description.Configuration.Training.Iterations);
        }
    }

    [Fact]
    public void A_folder_that_somebody_has_called_the_same_keeps_what_it_holds()
    {
        Directory.CreateDirectory(Path.Combine(Run.Search, "own"));
        File.WriteAllText(Path.Combine(Run.Search, "own", "notes.txt"), "notes");
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => FitSession.Run("data.h5", Data, Run, Request, null, null, stop.Token));
        Fit(Run, Request with { Force = true }, isAlone: false);
        Assert.Equal([Path.Combine(Run.Search, "own", "notes.txt")], Directory.GetFiles(Run.Search, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Two_fits_at_a_time_in_one_folder_are_not_possible()
    {
        string? refused = null;
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => FitSession.Run("data.h5", Data, Run, Request, null, new Immediately(_ =>
        {
            refused ??= Assert.Throws<InputException>(() => Fit(Run, Request)).Message;
            stop.Cancel();
        }), stop.Token));
        Assert.Contains("another training is at work in this folder", refused, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plan-round1", "{\"folds\": 1}")]
    [InlineData("round1-candidate1-part1", "{")]
    public void A_damaged_result_is_named(string name, string text)
    {
        Stop(Request, after: 250);
        var path = Path.Combine(Run.Search, "results", name + ".json");
        File.WriteAllText(path, text);
        Assert.StartsWith($"{path}: this is no result of a fit", Assert.Throws<InputException>(() => Fit(Run, Request)).Message, StringComparison.Ordinal);
        File.Delete(path);
        AssertSame(Whole.Value, Fit(Run, Request));
    }

    [Fact]
    public void What_was_tried_is_kept_as_a_table_until_another_run_is_trained_there()
    {
        var outcome = FitSession.Run("data.h5", Data, Run, Request, null, null, TestContext.Current.CancellationToken);
        var rows = File.ReadAllLines(Run.Tried);
        Assert.Equal("round,candidate,folds,iterations,seconds,validation_gain,kept", rows[0]);
        Assert.Equal(outcome.Attempts.Count + 2, rows.Length);
        Assert.StartsWith($"1,\"{outcome.Attempts[0].Candidate}\",1,{outcome.Attempts[0].Iterations},", rows[1], StringComparison.Ordinal);
        Assert.StartsWith($"last,\"{outcome.Chosen.Name}\",1,{outcome.Training.Iterations},", rows[^1], StringComparison.Ordinal);
        Assert.Equal(outcome.Attempts.Select(one => one.IsKept ? "yes" : "no"), rows[1..^1].Select(row => row.Split(',')[^1]), StringComparer.Ordinal);
        var configuration = ConfigurationFile.Read(Run.Configuration);
        TrainingSession.Run(configuration with { Training = configuration.Training with { Iterations = 2 } }, Data, Run, new TrainingRequest("config.yaml", Force: true), null, TestContext.Current.CancellationToken);
        Assert.False(File.Exists(Run.Tried));
    }

    [Fact]
    public void Half_a_move_is_made_whole_by_another()
    {
        var names = new[] { "config.yaml", "origin.json", "history.csv", "history.jsonl", "log.txt", "checkpoint-before.h5", "checkpoint.h5", "model.h5" };
        for (var moved = 0; moved <= names.Length; moved++)
        {
            var (from, to) = (new RunFolder(Path.Combine(_folder.FullName, $"from{moved}")), new RunFolder(Path.Combine(_folder.FullName, $"to{moved}")));
            from.Create();
            to.Create();
            foreach (var (i, name) in names.Index())
            {
                File.WriteAllText(Path.Combine(i < moved ? to.Root : from.Root, name), "new");
                if (i >= moved)
                {
                    File.WriteAllText(Path.Combine(to.Root, name), "old");
                }
            }

            from.MoveTo(to);
            Assert.Empty(Directory.GetFiles(from.Root));
            Assert.All(Directory.GetFiles(to.Root), path => Assert.Equal("new", File.ReadAllText(path)));
            Assert.Superset(names.Where(name => name != "checkpoint-before.h5").ToHashSet(StringComparer.Ordinal), Directory.GetFiles(to.Root).Select(path => Path.GetFileName(path)).ToHashSet(StringComparer.Ordinal));
        }
    }

    [Theory]
    [InlineData(2, 32, 1)]
    [InlineData(8, 32, 1)]
    [InlineData(16, 32, 2)]
    [InlineData(64, 32, 8)]
    [InlineData(16, 10, 5)]
    [InlineData(2, 3, 1)]
    [InlineData(8, 3, 4)]
    [InlineData(1, 3, 1)]
    public void As_many_trainings_at_a_time_as_keep_threads_busy(int threads, int trials, int workers)
    {
        var recording = Data with { Trials = [.. Enumerable.Range(0, trials).Select(i => Data.Trials[0] with { Name = $"{i}", Split = TrialSplit.Train })] };
        Assert.Equal(workers, new FitRequest { Threads = threads }.WorkersFor(recording));
        Assert.Equal(3, new FitRequest { Threads = threads, Parallel = 3 }.WorkersFor(recording));
    }

    [Fact]
    public void Time_is_planned_by_what_several_trainings_at_a_time_take()
    {
        // Each takes two seconds beside another, and one alone.
        var pace = new FitPace(null, 2);
        pace.Measure(0, 2, 2, 1);
        pace.Measure(1, 4, 2, 3);
        pace.Measure(2, 3, 2, 1);
        Assert.Equal([1, 2, 0], pace.Ordered([0, 1, 2]));
        Assert.Equal(5, pace.OfAll([0, 1, 2], 1));
        Assert.Equal(9, pace.OfAll([0, 1, 2], 2));
        Assert.Equal(2, pace.OfAll([0], 1));
        Assert.Equal([1, 3, 1], Enumerable.Range(0, 3).Select(pace.Alone));

        // What a round took counts, alone in proportion.
        pace.Measure(0, 4, 2);
        Assert.Equal(2, pace.Alone(0));

        // Measured by a session with more at a time, it is not taken to be faster with fewer; with fewer, slower with more.
        pace.Measure(0, 4, 4);
        Assert.Equal(4, pace.Among(0, 2));
        pace.Measure(0, 4, 1);
        Assert.Equal(8, pace.Among(0, 2));
        Assert.Equal(4, pace.Alone(0));

        // One after the other, and where it is assumed.
        var one = new FitPace(null, 1);
        one.Measure(0, 2, 1, 2);
        one.Measure(1, 3, 1, 3);
        Assert.Equal(15, one.OfAll([0, 1], 3));
        Assert.Equal([0, 1], one.Ordered([0, 1]));
        Assert.Equal(0.5 * 6, new FitPace(0.5, 4).OfAll([0, 1, 2], 2));
    }

    private static Outcome Fit(RunFolder run, FitRequest request, bool isAlone = true)
    {
        var outcome = FitSession.Run("data.h5", Data, run, request, null, null, TestContext.Current.CancellationToken);
        Assert.Equal(isAlone, !Directory.Exists(run.Search));
        return new Outcome(outcome, run);
    }

    private static void AssertSame(Outcome expected, Outcome other)
    {
        Assert.Equal(expected.Chosen, other.Chosen);
        Assert.Equal(expected.Attempts, other.Attempts);
        Assert.Equal(expected.Raw, other.Raw);
    }

    /// <summary>Stops a fit after so many updates.</summary>
    private void Stop(FitRequest request, int after, string data = "data.h5")
    {
        using var stop = new CancellationTokenSource();
        var count = 0;
        Assert.Throws<OperationCanceledException>(() => FitSession.Run(data, Data, Run, request, null, new Immediately(_ =>
        {
            if (++count >= after)
            {
                stop.Cancel();
            }
        }), stop.Token));
    }

    private List<(string, string)> Contents()
        => [.. Directory.GetFiles(Run.Root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(path => (path, File.ReadAllText(path)))];

    private Process Start(int parallel)
    {
        var start = new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "IlqrVae.Runs.Tests"), ["-explicit", "on", "-method", $"{typeof(FitsGoingOn).FullName}.{nameof(A_fit_in_a_process_of_its_own)}"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        start.Environment[KilledFolder] = $"{Run.Root}|{parallel}";
        return Process.Start(start)!;
    }

    /// <summary>What may not differ.</summary>
    private sealed record Outcome(string Chosen, IReadOnlyList<string> Attempts, double[] Raw)
    {
        public Outcome(RunFolder run)
            : this(RowsOf(run)[^1], [.. RowsOf(run)[..^1]], ModelFile.Read(run.Model).Raw)
        {
            Assert.Equal("data.h5", Path.GetFileName(ConfigurationFile.Read(run.Configuration).Data));
            Assert.Equal(Path.GetFullPath("data.h5"), Path.GetFullPath(ConfigurationFile.Read(run.Configuration).Data));
        }

        public Outcome(FitOutcome outcome, RunFolder run)
            : this(run) => Assert.Equal(outcome.Attempts.Count, Attempts.Count);

        /// <summary>Rows of the table without the seconds.</summary>
        private static List<string> RowsOf(RunFolder run)
            => [.. File.ReadAllLines(run.Tried).Skip(1).Select(row => row.Split(',')).Select(cells => string.Join(',', cells.Where((_, i) => i != cells.Length - 3)))];
    }

    private sealed class Immediately(Action<TrainingProgress> told) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => told(value);
    }
}
