using System.Globalization;
using IlqrVae.Data;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Searching;
using IlqrVae.Runs.Sessions;
using IlqrVae.Runs.Sweeps;
using IlqrVae.Simulation;

namespace IlqrVae.Runs.Tests;

/// <summary>Sweeps over settings: what is tried, in which order, by whom, and that every training is what 'train' would have made.</summary>
public sealed class Sweeps : IDisposable
{
    private static readonly Recording Data = Simulations.Linear(new LinearOptions { States = 3, Inputs = 2, Channels = 5, Trials = 6, ValidationTrials = 3, TestTrials = 0, Bins = 12, Seed = 4 });

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ilqr-vae-sweeps-");

    public Sweeps()
    {
        RecordingFile.Write(this["data.h5"], Data);
        File.WriteAllText(this["config.yaml"], "data: data.h5\nseed: 7\nmodel: {states: 3, inputs: 2, dynamics: {kind: linear}}\ntraining: {iterations: 18, validation-interval: 1, validation-score: elbo, values-weight: 1, hide: [], checkpoint-interval: 3}\n");
    }

    private string this[string name] => Path.Combine(_folder.FullName, name);

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_grid_has_every_combination_once()
    {
        var plan = SweepFile.Parse("config: c.yaml\nkeys: {model.states: [2, 3], model.dynamics.kind: [linear, mini-gru, rnn], training.hide: [[], [{kind: entries, share: 0.2}]]}", "sweep.yaml");
        var points = plan.Points();
        Assert.Equal((SweepSearch.Grid, 12, 1), (plan.Search, points.Count, plan.Rungs));
        Assert.Equal(12, points.Select(Told).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal([("model.states", "2"), ("model.dynamics.kind", "linear"), ("training.hide", "[]")], points[0].Settings);
        Assert.Equal("[{'kind': 'entries', 'share': '0.2'}]", points[1].Settings[2].Value);
        Assert.Equal("3", points[11].Settings[0].Value);
    }

    [Fact]
    public void Random_points_fill_ranges_evenly_and_more_of_them_begin_with_the_same()
    {
        const string text = "config: c.yaml\nsearch: random\npoints: 200\nkeys: {training.learning-rate: {from: 0.001, to: 0.1, scale: log}, model.states: {from: 2, to: 5, whole: true}, training.batch: [8, 16]}";
        var points = SweepFile.Parse(text, "sweep.yaml").Points();
        double[] Values(int key) => [.. points.Select(point => double.Parse(point.Settings[key].Value, CultureInfo.InvariantCulture))];
        var rates = Values(0);
        Assert.All(rates, rate => Assert.InRange(rate, 0.001, 0.1));

        // A half of what is even on a logarithmic scale is below the geometric mean; of random numbers there would be ±14.
        Assert.InRange(rates.Count(rate => rate < 0.01), 97, 103);
        Assert.All([2.0, 3.0, 4.0, 5.0], states => Assert.InRange(Values(1).Count(value => value == states), 47, 53));
        Assert.InRange(Values(2).Count(value => value == 8), 97, 103);
        Assert.InRange(points.Count(point => double.Parse(point.Settings[0].Value, CultureInfo.InvariantCulture) < 0.01 && point.Settings[2].Value == "8"), 44, 56);
        Assert.Equal(SweepFile.Parse(text.Replace("200", "20", StringComparison.Ordinal), "sweep.yaml").Points().Select(Told), points.Take(20).Select(Told), StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("keys: {model.states: [1]}", "'config' is missing")]
    [InlineData("config: c.yaml", "there are no 'keys'")]
    [InlineData("config: c.yaml\nkeys: {}", "there are no 'keys'")]
    [InlineData("config: c.yaml\nkeys: {model.states: 3}", "give the values of 'model.states' as a list")]
    [InlineData("config: c.yaml\nkeys: {data: [a.h5, b.h5]}", "'data' cannot vary")]
    [InlineData("config: c.yaml\nseeds: 2\nkeys: {seed: [1, 2]}", "leave out 'seeds'")]
    [InlineData("config: c.yaml\nserch: grid\nkeys: {model.states: [1]}", "line 2: there is no key 'serch' in a sweep; did you mean 'search'?")]
    [InlineData("config: c.yaml\nsearch: rnadom\nkeys: {model.states: [1]}", "'search' is 'rnadom'; did you mean 'random'?")]
    [InlineData("config: c.yaml\nsearch: random\nkeys: {model.states: [1]}", "'points' is missing")]
    [InlineData("config: c.yaml\nsearch: grid\npoints: 3\nkeys: {model.states: [1]}", "a grid has all its points")]
    [InlineData("config: c.yaml\nsearch: grid\nkeys: {model.states: {from: 1, to: 3}}", "of which a grid has no end")]
    [InlineData("config: c.yaml\nrungs: 3\nkeys: {model.states: [1]}", "'rungs' is of 'search: halving'")]
    [InlineData("config: c.yaml\nsearch: halving\npoints: 3\nrungs: 1\nkeys: {model.states: [1]}", "'rungs' is '1'; give a whole number from 2")]
    [InlineData("config: c.yaml\nsearch: halving\npoints: 3\nkeys: {training.iterations: [10, 20]}", "'keys.training.iterations' cannot vary")]
    [InlineData("config: c.yaml\npoints: 2\nkeys: {model.states: {from: 3, to: 1}}", "give a larger end")]
    [InlineData("config: c.yaml\npoints: 2\nkeys: {model.states: {from: 0, to: 1, scale: log}}", "no logarithm begins")]
    [InlineData("config: c.yaml\npoints: 2\nkeys: {model.states: {from: 0.5, to: 1, whole: true}}", "whole numbers")]
    [InlineData("config: c.yaml\npoints: 2\nkeys: {model.states: {from: 1, to: 2, scale: lg}}", "give linear or log")]
    [InlineData("config: c.yaml\npoints: 2\nkeys: {model.states: {from: 1, til: 2}}", "there is no key 'til' in a range")]
    [InlineData("config: c.yaml\npoints: 2\nkeys: {model.states: {from: 1}}", "'to' of the range of 'model.states' is no number")]
    [InlineData("config: c.yaml\npoints: 0\nkeys: {model.states: [1]}", "'points' is '0'")]
    [InlineData("config: c.yaml\nkeys: {model.states: [1", "not valid YAML")]
    [InlineData("[]", "there are no keys")]
    public void What_makes_no_sense_is_refused(string text, string why)
    {
        var exception = Assert.Throws<InputException>(() => SweepFile.Parse(text, "sweep.yaml"));
        Assert.StartsWith("sweep.yaml", exception.Message, StringComparison.Ordinal);
        Assert.Contains(why, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
    }

    [Fact]
    public void Rungs_end_with_a_validation_and_the_last_with_the_training()
    {
        var plan = Plan("search: halving\npoints: 9\nrungs: 3\nhalve-by: 3");
        Assert.Equal([100, 350, 1000], Enumerable.Range(0, 3).Select(rung => plan.IterationsAt(rung, 1000, 50)));
        Assert.Equal([50, 50, 100], Enumerable.Range(0, 3).Select(rung => plan.IterationsAt(rung, 100, 50)));
    }

    [Fact]
    public void The_best_go_on_as_soon_as_they_are_known_to_be()
    {
        var plan = Plan("search: halving\npoints: 9\nrungs: 3\nhalve-by: 3\nseeds: 2");
        var results = new Dictionary<SweepJob, SweepResult>();
        HashSet<SweepJob> claimed = [];
        var schedule = new SweepSchedule(plan, results, claimed);
        Assert.Equal(18, schedule.Open().Count);
        void Done(int point, int rung, params double[] losses)
        {
            for (var seed = 1; seed <= losses.Length; seed++)
            {
                results[new SweepJob(point, seed, rung)] = new SweepResult(new SweepJob(point, seed, rung), 1, 1, losses[seed - 1], 1);
            }
        }

        // The mean of the seeds counts, and a point counts once all of its seeds are there.
        Done(1, 0, 1, 5);
        Done(2, 0, 2, 2);
        Done(3, 0, 0);
        Assert.DoesNotContain(schedule.Open(), job => job.Rung == 1);
        Done(3, 0, 9, 9);
        Assert.Equal([new SweepJob(2, 1, 1), new SweepJob(2, 2, 1)], schedule.Open().Take(2));
        Assert.Equal(2, schedule.Ranked(0)[0].Point);

        // One that has begun goes on although others have come to be better; and what overflowed is worse than any.
        claimed.Add(new SweepJob(2, 1, 1));
        Done(4, 0, 1, 1);
        Done(5, 0, double.NaN, 0);
        Assert.Equal([2, 4], schedule.Open().Where(job => job.Rung == 1).Select(job => job.Point).Distinct().Order());
        Assert.Equal(5, schedule.Ranked(0)[^1].Point);
        for (var point = 6; point <= 9; point++)
        {
            Done(point, 0, point, point);
        }

        Assert.Equal([1, 2, 4], schedule.Open().Where(job => job.Rung == 1).Select(job => job.Point).Distinct().Order());
        Assert.All(schedule.Open(), job => Assert.Equal(1, job.Rung));
        Assert.False(schedule.IsOver);

        // The last rung is reached by one, even if fewer than three were there before it.
        Done(1, 1, 1, 1);
        Done(2, 1, 3, 3);
        Assert.DoesNotContain(schedule.Open(), job => job.Rung == 2);
        Done(4, 1, 2, 2);
        Assert.Equal([new SweepJob(1, 1, 2), new SweepJob(1, 2, 2)], schedule.Open());
        Done(1, 2, 1, 1);
        Assert.True(schedule.IsOver);
    }

    [Fact]
    public void A_sweep_of_two_points_still_trains_one_to_its_end()
    {
        var plan = Plan("search: halving\npoints: 2\nrungs: 3\nhalve-by: 3");
        var results = new Dictionary<SweepJob, SweepResult>();
        var schedule = new SweepSchedule(plan, results, new HashSet<SweepJob>());
        for (var i = 0; i < 4; i++)
        {
            var job = schedule.Open()[0];
            results[job] = new SweepResult(job, 1, 1, job.Point, 1);
        }

        Assert.True(schedule.IsOver);
        Assert.Contains(new SweepJob(1, 1, 2), results.Keys);
    }

    [Fact]
    public void A_job_is_taken_by_one()
    {
        var path = this["claim"];
        using (var first = JobClaim.TryTake(path, TimeSpan.FromMinutes(3)))
        {
            Assert.NotNull(first);
            Assert.Null(JobClaim.TryTake(path, TimeSpan.Zero));
        }

        Assert.False(File.Exists(path));
        var taken = 0;
        Parallel.For(0, 64, _ =>
        {
            if (JobClaim.TryTake(path, TimeSpan.FromMinutes(3)) is not null)
            {
                Interlocked.Increment(ref taken);
            }
        });
        Assert.Equal(1, taken);
    }

    [Fact]
    public void The_job_of_a_worker_that_died_can_be_taken_by_one()
    {
        var path = this["claim"];

        // Of this machine: nobody holds the lock, and there is no such process.
        File.WriteAllText(path, $"{Environment.MachineName}\n{int.MaxValue}\n");
        var taken = new JobClaim?[16];
        Parallel.For(0, taken.Length, i => taken[i] = JobClaim.TryTake(path, TimeSpan.FromMinutes(3)));
        Assert.Single(taken, one => one is not null);
        Assert.Equal([path], Directory.GetFiles(_folder.FullName, "claim*"));
        taken.First(one => one is not null)!.Dispose();

        // Of this machine, on a file system without locks: the process tells, or that it does not write any more.
        File.WriteAllText(path, $"{Environment.MachineName}\n{Environment.ProcessId}\n");
        Assert.Null(JobClaim.TryTake(path, TimeSpan.FromMinutes(3)));
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow - TimeSpan.FromMinutes(4));
        JobClaim.TryTake(path, TimeSpan.FromMinutes(3))!.Dispose();

        // Of another, where locks may be its own affair: after a while without a sign of life.
        File.WriteAllText(path, "elsewhere\n1\n");
        Assert.Null(JobClaim.TryTake(path, TimeSpan.FromMinutes(3)));
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow - TimeSpan.FromMinutes(4));
        using var late = JobClaim.TryTake(path, TimeSpan.FromMinutes(3));
        Assert.NotNull(late);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Every_training_is_what_train_would_have_made(int parallel)
    {
        var plan = Plan("seeds: 2", "training.learning-rate: [0.02, 0.1], model.inputs: [1, 2]");
        var outcome = Run(plan, "sweep", parallel);
        Assert.True(outcome.IsOver);
        Assert.Equal(4, outcome.Ranked.Count);
        Assert.Equal(outcome.Ranked.Select(one => one.Loss).Order(), outcome.Ranked.Select(one => one.Loss));
        Assert.Equal([7UL, 8UL], outcome.Ranked[0].Results.Select(one => ConfigurationFile.Read(new SweepFolder(this["sweep"]).RunOf(one.Job).Configuration).Seed));
        Assert.All(outcome.Ranked, one => Assert.True(one.Deviation > 0));
        foreach (var one in outcome.Ranked)
        {
            var configuration = ConfigurationFile.Read(this["config.yaml"], one.Point.Settings.Select(setting => $"{setting.Key}={setting.Value}"));
            var alone = TrainingSession.Run(configuration with { Seed = 8 }, Data, new RunFolder(this[$"alone-{one.Point.Number}"]), null, null, TestContext.Current.CancellationToken);
            Assert.Equal(alone.ValidationLoss, one.Results[1].ValidationLoss);
            Assert.Equal(ModelFile.Read(this[$"alone-{one.Point.Number}/model.h5"]).Raw, ModelFile.Read(new SweepFolder(this["sweep"]).RunOf(one.Results[1].Job).Model).Raw);
        }

        var rows = File.ReadAllLines(new SweepFolder(this["sweep"]).Table);
        Assert.Equal("point,training.learning-rate,model.inputs,rung,iterations,validation_loss,deviation,seconds,run", rows[0]);
        Assert.Equal(5, rows.Length);
        Assert.StartsWith($"{outcome.Ranked[0].Point.Number},", rows[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Of_several_starts_the_best_after_a_ninth_goes_on_as_train_would_have_with_its_seed()
    {
        var outcome = Run(Plan("search: halving", "seed: [11, 12, 13]"), "sweep", 1);
        Assert.True(outcome.IsOver);
        Assert.Equal(["(seed, 11)", "(seed, 12)", "(seed, 13)"], outcome.Ranked.Select(one => Told(one.Point)).Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.Equal([2, 0, 0], outcome.Ranked.Select(one => one.Rung));
        Assert.Equal([18, 2, 2], outcome.Ranked.Select(one => one.Results[0].Iterations));
        var best = outcome.Ranked[0].Point.Settings[0].Value;
        var alone = TrainingSession.Run(ConfigurationFile.Read(this["config.yaml"], [$"seed={best}"]), Data, new RunFolder(this["alone"]), null, null, TestContext.Current.CancellationToken);
        Assert.Equal(alone.ValidationLoss, outcome.Ranked[0].Loss);
        Assert.Equal(ModelFile.Read(this["alone/model.h5"]).Raw, ModelFile.Read(outcome.Ranked[0].Run.Model).Raw);
        Assert.True(outcome.Ranked[1].Loss <= outcome.Ranked[2].Loss);
    }

    [Fact]
    public void What_was_interrupted_goes_on_and_ends_with_the_same_bits()
    {
        var plan = Plan("search: halving\npoints: 4\nrungs: 2\nhalve-by: 2", "training.learning-rate: {from: 0.01, to: 0.2, scale: log}");
        var whole = Run(plan, "whole", 1);
        Assert.Equal([1, 1, 0, 0], whole.Ranked.Select(one => one.Rung));
        Assert.Equal([18, 18, 9, 9], whole.Ranked.Select(one => one.Results[0].Iterations));

        // Stopped after every second job, and within a training.
        var stops = 0;
        while (stops < 20)
        {
            using var stop = new CancellationTokenSource();
            var count = 0;
            try
            {
                SweepSession.Run(plan, "sweep.yaml", new SweepFolder(this["parts"]), new SweepRequest(), RecordingFile.Read, null,
                    new Immediately(progress =>
                    {
                        count += progress.Iteration > 0 ? 1 : 0;
                        if (count > 12)
                        {
                            stop.Cancel();
                        }
                    }), stop.Token);
                break;
            }
            catch (OperationCanceledException)
            {
                stops++;
                Assert.Empty(Directory.GetFiles(this["parts/claims"]));
            }
        }

        Assert.InRange(stops, 2, 19);
        var parts = Run(plan, "parts", 1);
        Assert.Equal(whole.Ranked.Select(one => (one.Point.Number, one.Rung, one.Loss)), parts.Ranked.Select(one => (one.Point.Number, one.Rung, one.Loss)));
        Assert.Equal(ModelFile.Read(whole.Ranked[0].Run.Model).Raw, ModelFile.Read(parts.Ranked[0].Run.Model).Raw);

        // A training that went on by rungs is one that never stopped.
        var best = whole.Ranked[0];
        TrainingSession.Run(ConfigurationFile.Read(this["config.yaml"], best.Point.Settings.Select(one => $"{one.Key}={one.Value}")), Data, new RunFolder(this["alone"]), null, null, TestContext.Current.CancellationToken);
        Assert.Equal(ModelFile.Read(this["alone/model.h5"]).Raw, ModelFile.Read(best.Run.Model).Raw);
    }

    [Fact]
    public async Task Workers_share_what_there_is()
    {
        var plan = Plan("search: halving\npoints: 6\nrungs: 2\nhalve-by: 3", "training.learning-rate: {from: 0.01, to: 0.2, scale: log}");
        var told = new System.Collections.Concurrent.ConcurrentBag<SweepJob>();
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(
            () => SweepSession.Run(plan, "sweep.yaml", new SweepFolder(this["sweep"]), new SweepRequest { Threads = 1 }, RecordingFile.Read, (_, result) => told.Add(result.Job), null, TestContext.Current.CancellationToken),
            TestContext.Current.CancellationToken)));
        Assert.Equal(told.Count, told.Distinct().Count());
        Assert.InRange(told.Count, 8, 12);
        Assert.All(outcomes, outcome => Assert.True(outcome.IsOver));
        Assert.Single(outcomes.Select(outcome => outcome.Ranked[0].Point.Number).Distinct());
        Assert.Empty(Directory.GetFiles(this["sweep/claims"]));
    }

    [Fact]
    public void How_far_a_sweep_is_is_told_by_iterations()
    {
        var shares = new List<double>();
        SweepSession.Run(
            Plan("search: halving\npoints: 4\nrungs: 2\nhalve-by: 2", "training.learning-rate: {from: 0.01, to: 0.2, scale: log}"), "sweep.yaml", new SweepFolder(this["sweep"]), new SweepRequest(),
            RecordingFile.Read, null, new Immediately(progress => shares.Add(progress.Share)), TestContext.Current.CancellationToken);
        Assert.Equal(shares.Order(), shares);
        Assert.Equal(1, shares[^1]);

        // The last of two that go on has a quarter of the iterations before it in the second rung: 4 x 9 + 9 of 4 x 9 + 2 x 9.
        Assert.Contains(45 / 54.0, shares);
    }

    [Theory]
    [InlineData("training.validation-score: [elbo, evidence]", "validation would measure something else at point 2")]
    [InlineData("training.chunk: [0, 6]", "validation would measure something else at point 2")]
    [InlineData("training.validation-interval: [0]", "there is nothing to choose by")]
    [InlineData("model.stats: [1]", "there is no key 'stats' in 'model'; did you mean 'states'?")]
    [InlineData("model.states: [3, many]", "'model.states' is 'many'")]
    [InlineData("model.dynamics.kind: [linear, gru]", "'gru'")]
    public void What_does_not_fit_is_told_before_anything_is_written(string keys, string why)
    {
        var exception = Assert.Throws<InputException>(() => Run(Plan("", keys), "sweep", 1));
        Assert.Contains(why, exception.Message, StringComparison.Ordinal);
        Assert.StartsWith("sweep.yaml: ", exception.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(this["sweep"]));
    }

    [Fact]
    public void The_folder_of_another_sweep_is_refused()
    {
        Run(Plan("", "model.states: [2]"), "sweep", 1);
        var before = File.ReadAllText(this["sweep/sweep.yaml"]);
        foreach (var (top, keys) in new[] { ("", "model.states: [3]"), ("seeds: 2", "model.states: [2]") })
        {
            Assert.Contains("a sweep of other settings", Assert.Throws<InputException>(() => Run(Plan(top, keys), "sweep", 1)).Message, StringComparison.Ordinal);
        }

        File.AppendAllText(this["config.yaml"], "precision: single\n");
        Assert.Contains("a sweep of other settings", Assert.Throws<InputException>(() => Run(Plan("", "model.states: [2]"), "sweep", 1)).Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(this["sweep/sweep.yaml"]));
        Assert.Contains("holds a run", Assert.Throws<InputException>(() => Run(Plan("", "model.states: [2]"), "sweep/runs/0001-seed1", 1)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{\"iterations\": \"many\"}")]
    [InlineData("{\"iterations\": 1, \"iterations\": 2}")]
    public void A_result_that_is_none_is_refused_by_name(string text)
    {
        var plan = Plan("", "model.states: [2]");
        Run(plan, "sweep", 1);
        var path = this["sweep/results/0001-seed1-rung0.json"];
        File.WriteAllText(path, text);
        Assert.StartsWith($"{path}: this is no result", Assert.Throws<InputException>(() => Run(plan, "sweep", 1)).Message, StringComparison.Ordinal);

        // What it says then is true: the training goes on from its end, with what it had.
        File.Delete(path);
        Assert.True(Run(plan, "sweep", 1).IsOver);
        Assert.Contains("\"best_iteration\"", File.ReadAllText(path), StringComparison.Ordinal);
    }

    [Fact]
    public void A_worker_killed_between_two_checkpoints_loses_only_the_last()
    {
        var plan = Plan("", "model.states: [2]");
        Run(plan, "sweep", 1);
        File.Delete(this["sweep/results/0001-seed1-rung0.json"]);
        var run = new RunFolder(this["sweep/runs/0001-seed1"]);
        File.Move(run.Checkpoint, run.CheckpointBefore, overwrite: true);
        Assert.True(Run(plan, "sweep", 1).IsOver);
        Assert.Contains("resumed at", File.ReadAllText(run.Log), StringComparison.Ordinal);
    }

    private SweepOutcome Run(SweepPlan plan, string folder, int parallel) => SweepSession.Run(
        plan, "sweep.yaml", new SweepFolder(this[folder]), new SweepRequest { Parallel = parallel, Threads = parallel }, RecordingFile.Read, null, null, TestContext.Current.CancellationToken);

    private SweepPlan Plan(string top, string keys = "model.states: [1, 2, 3, 4, 5, 6, 7, 8, 9]") => SweepFile.Parse($"config: {this["config.yaml"]}\n{top}\nkeys: {{{keys}}}", "sweep.yaml");

    private static string Told(SweepPoint point) => string.Join(' ', point.Settings);

    private sealed class Immediately(Action<SweepProgress> told) : IProgress<SweepProgress>
    {
        public void Report(SweepProgress value) => told(value);
    }
}
