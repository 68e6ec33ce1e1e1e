using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using IlqrVae.Models.Dynamics;
using IlqrVae.Recordings;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Fitting;

/// <summary>
/// Thins out candidates round by round. What is tried in a round is decided once and kept; who goes on is a function of what came of it.
/// </summary>
/// <remarks>
/// A round begins its trainings anew, although those before it have come some way: the learning rate follows a cosine to the last update, and the end of a round is not that of the next. A candidate
/// that is compared near the end of its schedule shows more of what it will be, and one that went on from there would be no training of so many updates.
/// </remarks>
/// <param name="ladder">The candidates.</param>
/// <param name="trials">What they learn from.</param>
/// <param name="request">How.</param>
/// <param name="folder">What is kept.</param>
/// <param name="clock">The time of the fit.</param>
/// <param name="pace">What updates take.</param>
/// <param name="attempted">Told of every candidate that was tried; null for nobody.</param>
/// <param name="progress">Told of every iteration, one at a time; null for nobody.</param>
/// <param name="interrupt">Stops it.</param>
internal sealed class FitSearch(
    IReadOnlyList<FitCandidate> ladder, Recording trials, FitRequest request, FitFolder folder, FitClock clock, FitPace pace, Action<FitAttempt>? attempted,
    IProgress<TrainingProgress>? progress, CancellationToken interrupt)
{
    /// <summary>Shares of the time for the first and the second round; the rest is for the last training.</summary>
    public static IReadOnlyList<double> Shares { get; } = [0.3, 0.2];

    /// <summary>Updates whose time tells the pace of a candidate; the first are slower than the others.</summary>
    private const int Probe = 12;
    private const int ProbeWarmUp = 4;

    /// <summary>
    /// Updates below which candidates cannot be told apart: then there are fewer of them. After 120 a larger model may not have begun on behaviour that it decodes best after 600.
    /// </summary>
    private const int FewestIterations = 200;
    private const int MostIterations = 8000;

    /// <summary>Updates that a training of each of several folds should have.</summary>
    private const int FewestOfFolds = 300;

    /// <summary>One candidate of so many goes on to the next round.</summary>
    private const int KeptOf = 3;

    /// <summary>Updates that the last training should have: larger models need them, and show after few what they could become, not what they will be.</summary>
    private const int FewestLastIterations = 600;

    /// <summary>Validations of a candidate in a round.</summary>
    private const int Validations = 4;

    private readonly Lock _lock = new();

    /// <summary>Candidates of the last round there was, the best first; none where one alone was affordable.</summary>
    public IReadOnlyList<int> Ordered { get; private set; } = [];

    /// <summary>Searches.</summary>
    /// <param name="lastSeconds">Seconds there will be for the last training.</param>
    /// <returns>The candidate that was chosen.</returns>
    public int Choose(double lastSeconds)
    {
        IReadOnlyList<int> candidates = [.. Enumerable.Range(0, ladder.Count)];
        var probes = Measure(candidates);
        for (var round = 1; round <= Shares.Count && candidates.Count > 1; round++)
        {
            var start = round == 1 ? 0 : clock.Elapsed;
            var (plan, _, _) = folder.Decide(
                $"plan-round{round}", () => Plan(candidates, Shares[round - 1] * request.Seconds, start, round == 1 ? probes : null, lastSeconds), one => one.Write(), RoundPlan.Read);
            candidates = plan.Candidates;
            if (candidates.Count > 1)
            {
                candidates = Compare(round, plan);
            }
        }

        return candidates[0];
    }

    /// <summary>Whether a candidate's dynamics is linear, which is learned fastest.</summary>
    public bool IsLinear(int candidate) => ladder[candidate].Configuration.Model.Dynamics is LinearSpecification;

    /// <summary>Takes the pace of all candidates: so many at a time as there will be, and each alone.</summary>
    /// <returns>Seconds of the fit at which the pace of each was known.</returns>
    private double[] Measure(IReadOnlyList<int> candidates)
    {
        if (request.SecondsPerUpdate is not null)
        {
            return new double[candidates.Count];
        }

        var workers = pace.Workers(candidates.Count);
        var beside = new FitStage(folder, [.. candidates.Select(candidate => new FitJob(0, candidate, 0))], workers, (job, stop) => Timed(job, workers, stop)).All(interrupt);
        var alone = beside.All(one => one.Workers == 1) ? beside : new FitStage(folder, [.. candidates.Select(candidate => new FitJob(0, candidate, 1))], 1, (job, stop) => Timed(job, 1, stop)).All(interrupt);
        foreach (var (candidate, (one, other)) in candidates.Zip(beside.Zip(alone)))
        {
            pace.Measure(candidate, one.Seconds / one.Iterations, one.Workers, other.Seconds / other.Iterations);
        }

        return [.. beside.Zip(alone, (one, other) => Math.Max(one.At, other.At))];
    }

    private FitResult Timed(FitJob job, int workers, CancellationToken stop)
    {
        var (warm, last) = (0.0, 0.0);
        FitTrainings.TrainerOf(FitTrainings.WithIterations(ladder[job.Candidate], trials, Probe, 0), trials, Threads(workers)).Run(
            record =>
            {
                warm = record.Iteration == ProbeWarmUp ? record.Seconds : warm;
                last = record.Seconds;
            },
            null, stop);
        stop.ThrowIfCancellationRequested();
        return new FitResult(job, Probe - ProbeWarmUp, double.NaN, last - warm, workers, clock.Elapsed);
    }

    /// <summary>
    /// The first candidates that can be told apart in the time of the round, all trained by as many updates, and trained at length in that of the last training; the
    /// fastest, where none can.
    /// </summary>
    private RoundPlan Plan(IReadOnlyList<int> candidates, double seconds, double start, double[]? probes, double lastSeconds)
    {
        var taken = new List<int>();
        foreach (var candidate in candidates)
        {
            if (FewestLastIterations * pace.Alone(candidate) > lastSeconds)
            {
                continue;
            }

            if (taken.Count == 0 || (probes?[candidate] ?? 0) + (FewestIterations * pace.OfAll([.. taken, candidate], 1)) <= seconds)
            {
                taken.Add(candidate);
            }
        }

        if (taken.Count < 2)
        {
            return new RoundPlan([taken.Count > 0 ? taken[0] : candidates.MinBy(pace.Alone)], 1, 0);
        }

        var left = request.SecondsPerUpdate is null ? start + seconds - clock.Elapsed : seconds;
        var folds = Enumerable.Range(1, SearchFolds.Wanted(trials)).LastOrDefault(count => left / pace.OfAll(taken, count) >= FewestOfFolds, 1);
        return new RoundPlan(taken, folds, (int)Math.Clamp(left / pace.OfAll(taken, folds), FewestIterations, MostIterations));
    }

    /// <summary>Trains the candidates of a round.</summary>
    /// <returns>Those that go on.</returns>
    private List<int> Compare(int round, RoundPlan plan)
    {
        var folds = SearchFolds.Of(trials, plan.Folds);
        FitJob[] jobs = [.. pace.Ordered(plan.Candidates).SelectMany(candidate => folds.Select((_, part) => new FitJob(round, candidate, part)))];
        var workers = pace.Workers(jobs.Length);
        var results = new FitStage(folder, jobs, workers, (job, stop) => Train(job, folds, plan.Iterations, workers, stop)).All(interrupt).ToLookup(result => result.Job.Candidate);
        var found = plan.Candidates.Select(candidate => (Candidate: candidate, Attempt: Attempt(round, candidate, [.. results[candidate]]))).ToList();
        clock.Spend(results.SelectMany(one => one).Sum(result => result.Iterations));

        // What is not a number comes last.
        Ordered = [.. found.OrderByDescending(one => double.IsFinite(one.Attempt.Gain) ? one.Attempt.Gain : double.NegativeInfinity).Select(one => one.Candidate)];
        List<int> best = [.. Ordered.Take(round == Shares.Count ? 1 : (Ordered.Count + KeptOf - 1) / KeptOf)];
        if (round < Shares.Count && best.TrueForAll(IsLinear) && Ordered.FirstOrDefault(one => !IsLinear(one), -1) is >= 0 and var slower)
        {
            // Linear dynamics is learned fastest, and may be overtaken.
            best.Add(slower);
        }

        foreach (var (candidate, attempt) in found)
        {
            attempted?.Invoke(attempt with { IsKept = best.Contains(candidate) });
        }

        return best;
    }

    private FitResult Train(FitJob job, IReadOnlyList<Recording> folds, int iterations, int workers, CancellationToken stop)
    {
        var (watch, candidate, fold) = (Stopwatch.StartNew(), ladder[job.Candidate], folds[job.Part]);
        var name = string.Create(CultureInfo.InvariantCulture, $"round {job.Round}, {candidate.Name}{(folds.Count > 1 ? $", part {job.Part + 1} of {folds.Count}" : "")}");
        var configuration = FitTrainings.WithIterations(candidate, fold, iterations, iterations / Validations);
        var trainer = FitTrainings.TrainerOf(configuration, fold, Threads(workers));
        trainer.Run(
            record =>
            {
                if (progress is not null)
                {
                    lock (_lock)
                    {
                        progress.Report(new TrainingProgress(record, iterations, trainer.State.BestLoss, double.NaN, TrainingSession.LearnedBy(configuration.Training)) { Configuration = configuration, Name = name, FitSeconds = clock.Elapsed });
                    }
                }
            },
            null, stop);
        stop.ThrowIfCancellationRequested();
        var loss = trainer.State.BestLoss;
        return new FitResult(job, trainer.State.Iteration, double.IsFinite(loss) ? loss : double.NaN, watch.Elapsed.TotalSeconds, workers, clock.Elapsed);
    }

    private FitAttempt Attempt(int round, int candidate, IReadOnlyList<FitResult> results)
    {
        var (gain, updates, seconds) = (0.0, 0, 0.0);
        foreach (var result in results)
        {
            gain -= result.Loss / results.Count;
            updates += result.Iterations;
            seconds += result.Seconds;
        }

        pace.Measure(candidate, seconds / updates, results.Max(result => result.Workers));
        return new FitAttempt(round, ladder[candidate].Name, updates / results.Count, seconds, gain, false) { Folds = results.Count };
    }

    private int Threads(int workers) => Math.Max(1, request.AllThreads / workers);

    /// <summary>What is tried in a round: one candidate alone is not.</summary>
    private sealed record RoundPlan(IReadOnlyList<int> Candidates, int Folds, int Iterations)
    {
        public JsonObject Write() => new()
        {
            ["candidates"] = new JsonArray([.. Candidates.Select(candidate => (JsonNode)JsonValue.Create(candidate + 1))]),
            ["folds"] = Folds,
            ["iterations"] = Iterations,
        };

        public static RoundPlan Read(JsonObject json) => new([.. json["candidates"]!.AsArray().Select(candidate => (int)candidate! - 1)], (int)json["folds"]!, (int)json["iterations"]!);
    }
}
