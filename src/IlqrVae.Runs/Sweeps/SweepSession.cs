using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Searching;
using IlqrVae.Runs.Sessions;
using IlqrVae.Training;

namespace IlqrVae.Runs.Sweeps;

/// <summary>How to work on a sweep.</summary>
public sealed record SweepRequest
{
    /// <summary>Trainings at a time.</summary>
    public int Parallel { get; init; } = 1;

    /// <summary>Threads of all of them together; 0 means one a core.</summary>
    public int Threads { get; init; }

    /// <summary>Time without a sign of life after which a worker on another machine is taken for dead.</summary>
    public TimeSpan Patience { get; init; } = JobClaim.Patience;
}

/// <summary>How far a sweep is.</summary>
/// <param name="Done">Trainings, or parts of them up to a rung, that are done by anybody.</param>
/// <param name="Planned">Those there will be, about; of a halving as many as rungs let through.</param>
/// <param name="Training">A training that goes on here; empty for none.</param>
/// <param name="Iteration">Its iteration.</param>
/// <param name="Iterations">Its iterations in all.</param>
/// <param name="Share">The share of all iterations that is done, about, from 0 to 1.</param>
public readonly record struct SweepProgress(int Done, int Planned, string Training, int Iteration, int Iterations, double Share);

/// <summary>A point and what it reached.</summary>
/// <param name="Point">The point.</param>
/// <param name="Rung">The highest rung it reached with all seeds.</param>
/// <param name="Results">What came of its seeds there.</param>
/// <param name="Run">The run of its best seed.</param>
public sealed record RankedPoint(SweepPoint Point, int Rung, IReadOnlyList<SweepResult> Results, RunFolder Run)
{
    /// <summary>The mean validation loss of its seeds; infinite where one overflowed.</summary>
    public double Loss => Results.Average(one => one.Loss);

    /// <summary>The standard deviation of the seeds' losses; NaN with one.</summary>
    public double Deviation => Results.Count < 2 ? double.NaN : Math.Sqrt(Results.Sum(one => (one.Loss - Loss) * (one.Loss - Loss)) / (Results.Count - 1));
}

/// <summary>What a sweep found.</summary>
/// <param name="Plan">What was tried.</param>
/// <param name="Ranked">Points by the rung they reached and by their loss, the best first.</param>
/// <param name="Score">What validation measured.</param>
/// <param name="IsOver">Whether all is done; else other workers are at it.</param>
public sealed record SweepOutcome(SweepPlan Plan, IReadOnlyList<RankedPoint> Ranked, LearningObjective Score, bool IsOver);

/// <summary>
/// Works on a sweep until there is nothing left to do: takes a job that nobody has, trains, writes what came of it. Any number of workers do so, here and elsewhere; they know of each other by
/// the folder alone. Chosen is by validation only.
/// </summary>
public static class SweepSession
{
    /// <summary>Works.</summary>
    /// <param name="plan">What to try.</param>
    /// <param name="where">What to call its file in messages.</param>
    /// <param name="folder">The sweep's folder.</param>
    /// <param name="request">How.</param>
    /// <param name="read">Reads the recording.</param>
    /// <param name="told">Told of every job done here; null for nobody.</param>
    /// <param name="progress">Told how far it is; null for nobody.</param>
    /// <param name="interrupt">Stops the trainings here, with their state saved.</param>
    /// <exception cref="InputException">The plan does not fit the configuration or the recording, or the folder holds another sweep.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted; the same call goes on.</exception>
    public static SweepOutcome Run(
        SweepPlan plan, string where, SweepFolder folder, SweepRequest request, Func<string, Recording> read,
        Action<SweepPoint, SweepResult>? told = null, IProgress<SweepProgress>? progress = null, CancellationToken interrupt = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(read);
        var points = plan.Points();
        var threads = Math.Max(1, (request.Threads > 0 ? request.Threads : Environment.ProcessorCount) / request.Parallel);
        var configurations = points.Select(point => ConfigurationOf(plan, point, where)).ToList();
        var recording = read(configurations[0].Data);
        var score = RequireComparable(plan, points, configurations, recording, where);
        folder.Open(Described(plan, points, configurations, recording));

        var work = new Work(plan, points, configurations, folder, recording, threads, request.Patience, told, progress);
        work.Run(request.Parallel, interrupt);
        var (ranked, isOver) = work.Ranked();
        if (isOver)
        {
            WriteTable(folder.Table, plan, ranked);
        }

        return new SweepOutcome(plan, ranked, score, isOver);
    }

    private static RunConfiguration ConfigurationOf(SweepPlan plan, SweepPoint point, string where)
    {
        try
        {
            return ConfigurationFile.Read(plan.Configuration, point.Settings.Select(one => $"{one.Key}={one.Value}"));
        }
        catch (InputException exception) when (exception.Message.StartsWith("--set ", StringComparison.Ordinal))
        {
            throw new InputException($"{where}: keys: {exception.Message["--set ".Length..]}", exception);
        }
    }

    /// <summary>Checks that all points fit the recording, and that validation measures the same of all.</summary>
    private static LearningObjective RequireComparable(SweepPlan plan, IReadOnlyList<SweepPoint> points, List<RunConfiguration> configurations, Recording recording, string where)
    {
        static string Measured(RunConfiguration one) => string.Join(
            "; ", one.Training.ScoreOfValidation, one.Training.ValuesWeight, string.Join(",", one.Training.ValidationHides), one.Training.ValidationFolds, one.Training.Chunk, one.Training.ValidationShare);

        // Few points differ in how the recording is cut.
        var cuts = new Dictionary<(int Chunk, double Share), Recording>();
        string? first = null;
        var score = LearningObjective.Predictive;
        foreach (var (point, configuration) in points.Zip(configurations))
        {
            RunConfiguration completed;
            try
            {
                var cut = (configuration.Training.Chunk, configuration.Training.ValidationShare);
                if (!cuts.TryGetValue(cut, out var trials))
                {
                    cuts[cut] = trials = LearningTrials.Of(recording, cut.Chunk, cut.ValidationShare);
                }

                completed = configuration.CompletedFor(trials);
                if (trials.TrialsOf(TrialSplit.Validation).Count == 0 || completed.Training.ValidationInterval == 0)
                {
                    throw new InputException("there is nothing to choose by: no trials have the split 'validation'; mark some, or set 'training.validation-share' (and a 'training.validation-interval' above 0).");
                }
            }
            catch (InputException exception)
            {
                throw new InputException($"{where}: point {point.Number} ({Told(point)}): {exception.Message}", exception);
            }

            first ??= Measured(completed);
            score = completed.Training.ScoreOfValidation;
            if (Measured(completed) != first)
            {
                throw new InputException(
                    $"{where}: validation would measure something else at point {point.Number} ({Told(point)}) than at point 1, so that scores could not be compared; set training.validation-score, values-weight, chunk and what else is of validation in {plan.Configuration}, the same for all.");
            }
        }

        return score;
    }

    /// <summary>All that decides what comes out, so that workers with other files do not work in the same folder.</summary>
    private static string Described(SweepPlan plan, IReadOnlyList<SweepPoint> points, List<RunConfiguration> configurations, Recording recording)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {points.Count} points, {plan.Seeds} seeds, recording {RecordingFingerprint.Of(recording).Whole}\n");
        text.Append(CultureInfo.InvariantCulture, $"search: {plan.Search.ToString().ToLowerInvariant()}\nseeds: {plan.Seeds}\n");
        if (plan.Search == SweepSearch.Halving)
        {
            text.Append(CultureInfo.InvariantCulture, $"halve-by: {plan.HalveBy}\nrungs: {plan.HalvingRungs}\n");
        }

        foreach (var point in points)
        {
            text.Append(CultureInfo.InvariantCulture, $"# {point.Number:D4}: {Told(point)}\n");
        }

        text.Append("# the configuration of point 1\n").Append(ConfigurationFile.Write(configurations[0] with { Data = Path.GetFileName(configurations[0].Data), StartFrom = Path.GetFileName(configurations[0].StartFrom), Extensions = [] }));
        return text.ToString();
    }

    private static string Told(SweepPoint point) => string.Join(", ", point.Settings.Select(one => $"{one.Key}={one.Value}"));

    private static void WriteTable(string path, SweepPlan plan, IReadOnlyList<RankedPoint> ranked) => SearchTable.Write(
        path, ["point", .. plan.Keys.Select(key => key.Path), "rung", "iterations", "validation_loss", "deviation", "seconds", "run"],
        ranked.Select(one => (string[])
        [
            $"{one.Point.Number}", .. one.Point.Settings.Select(setting => setting.Value), $"{one.Rung}", $"{one.Results[0].Iterations}", SearchTable.Number(one.Loss), SearchTable.Number(one.Deviation),
            SearchTable.Seconds(one.Results.Sum(result => result.Seconds)), Path.GetFileName(one.Run.Root),
        ]));

    /// <summary>What the workers of this process share.</summary>
    private sealed class Work(
        SweepPlan plan, IReadOnlyList<SweepPoint> points, List<RunConfiguration> configurations, SweepFolder folder, Recording recording, int threads, TimeSpan patience,
        Action<SweepPoint, SweepResult>? told, IProgress<SweepProgress>? progress) : JobSearch<SweepJob, SweepResult>(folder.Board, patience)
    {
        private readonly int _planned = (int)Planned(plan, _ => 1);
        private readonly double _plannedIterations = Planned(plan, rung => configurations.Average(
            one => End(plan, one, rung) - (rung > 0 ? End(plan, one, rung - 1) : 0)));

        private readonly Dictionary<(int Point, int Seed), int> _reached = [];

        /// <inheritdoc/>
        /// <remarks>What others do may make work for this one where trainings go on from rung to rung; else there is none left.</remarks>
        protected override bool MayWait => plan.Rungs > 1;

        public (IReadOnlyList<RankedPoint> Ranked, bool IsOver) Ranked()
        {
            lock (Shared)
            {
                var schedule = new SweepSchedule(plan, Results, Look());
                var ranked = new List<RankedPoint>();
                var known = new HashSet<int>();
                for (var rung = plan.Rungs - 1; rung >= 0; rung--)
                {
                    foreach (var (number, _) in schedule.Ranked(rung).Where(one => known.Add(one.Point)))
                    {
                        var results = Enumerable.Range(1, plan.Seeds).Select(seed => Results[new SweepJob(number, seed, rung)]).ToList();
                        ranked.Add(new RankedPoint(points[number - 1], rung, results, folder.RunOf(results.MinBy(one => one.Loss)!.Job)));
                    }
                }

                return (ranked, schedule.IsOver);
            }
        }

        protected override string NameOf(SweepJob job) => job.Name;

        protected override SweepJob? JobOf(string name) => SweepJob.Of(name);

        protected override JsonObject Written(SweepResult result) => new()
        {
            ["iterations"] = result.Iterations,
            ["best_iteration"] = result.BestIteration,
            ["validation_loss"] = Json.Number(result.ValidationLoss),
            ["seconds"] = Json.Number(result.Seconds),
        };

        protected override SweepResult Read(SweepJob job, JsonObject json)
            => new(job, (int)json["iterations"]!, (int)json["best_iteration"]!, (double?)json["validation_loss"] ?? double.NaN, (double?)json["seconds"] ?? double.NaN);

        protected override (IReadOnlyList<SweepJob> Open, bool IsOver) Next(IReadOnlySet<SweepJob> claimed)
        {
            var schedule = new SweepSchedule(plan, Results, claimed);
            return (schedule.Open(), schedule.IsOver);
        }

        protected override SweepResult Do(SweepJob job, CancellationToken interrupt)
        {
            var given = configurations[job.Point - 1];
            var configuration = given with { Seed = given.Seed + (ulong)(job.Seed - 1), Training = given.Training with { Threads = threads } };
            var run = folder.RunOf(job);
            var end = End(plan, configuration, job.Rung);
            var outcome = TrainingSession.Run(
                configuration, recording, run,
                new TrainingRequest(run.Root, Resume: run.HoldsCheckpoint, Force: true) { StopAt = end < configuration.Training.Iterations ? end : null },
                progress is null ? null : new Watcher(this, job), interrupt);
            if (outcome.End == TrainingEnd.Interrupted)
            {
                interrupt.ThrowIfCancellationRequested();
            }

            return new SweepResult(job, outcome.Iterations, outcome.BestIteration, outcome.End == TrainingEnd.Diverged ? double.NaN : outcome.ValidationLoss, outcome.Seconds);
        }

        protected override void Learn(SweepJob job, SweepResult result) => Reach(job, result.Iterations);

        protected override void Tell(SweepJob job, SweepResult result)
        {
            told?.Invoke(points[job.Point - 1], result);
            progress?.Report(new SweepProgress(Results.Count, _planned, "", 0, 0, Share));
        }

        /// <summary>A sum over all trainings that each rung lets through, about.</summary>
        private static double Planned(SweepPlan plan, Func<int, double> of)
        {
            var (total, count) = (0.0, plan.Count);
            for (var rung = 0; rung < plan.Rungs; rung++)
            {
                total += count * plan.Seeds * of(rung);
                count = Math.Max(1, count / plan.HalveBy);
            }

            return total;
        }

        /// <summary>Updates after which a training of a configuration has reached a rung.</summary>
        private static int End(SweepPlan plan, RunConfiguration configuration, int rung)
            => plan.IterationsAt(rung, configuration.Training.Iterations, configuration.Training.ValidationInterval);

        private double Share => Math.Min(1, _reached.Values.Sum(reached => (double)reached) / _plannedIterations);

        private void Reach(SweepJob job, int iterations)
            => _reached[(job.Point, job.Seed)] = Math.Max(iterations, _reached.GetValueOrDefault((job.Point, job.Seed)));

        /// <summary>Tells of a training that goes on.</summary>
        private sealed class Watcher(Work work, SweepJob job) : IProgress<TrainingProgress>
        {
            public void Report(TrainingProgress value)
            {
                SweepProgress progress;
                lock (work.Shared)
                {
                    work.Reach(job, value.Record.Iteration);
                    progress = new SweepProgress(work.Results.Count, work._planned, job.Training, value.Record.Iteration, value.Iterations, work.Share);
                }

                work.Report(progress);
            }
        }

        private void Report(SweepProgress value) => progress!.Report(value);
    }
}
