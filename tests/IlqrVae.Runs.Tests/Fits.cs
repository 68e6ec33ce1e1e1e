using IlqrVae.Data;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Fitting;
using IlqrVae.Runs.Sessions;
using IlqrVae.Simulation;
using IlqrVae.Training;
using IlqrVae.Training.Hiding;

namespace IlqrVae.Runs.Tests;

public sealed class Fits : IDisposable
{
    private static readonly Recording Maze = LearningTrials.Of(
        Simulations.Maze(new MazeOptions { Neurons = 12, HeldOutNeurons = 3, Trials = 12, ValidationTrials = 4, TestTrials = 2, Seed = 3 }), 30, 0);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ilqr-vae-runs-");

    private string this[string name] => Path.Combine(_folder.FullName, name);

    /// <summary>Five trials of ten bins to learn from and three to validate on.</summary>
    private static Recording FewChunks { get; } = MakeFewChunks();

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_fit_is_an_ordinary_run_that_predicts_better_than_constants()
    {
        RecordingFile.Write(this["data.h5"], Maze);
        var told = new List<FitAttempt>();
        var outcome = FitSession.Run(this["data.h5"], Maze, new RunFolder(this["run"]), new FitRequest { Seconds = 0.5, Seed = 5, Threads = 2 }, told.Add, null, TestContext.Current.CancellationToken);

        // So little time is enough for one candidate alone, the fastest, and for the fewest updates.
        Assert.Equal(told, outcome.Attempts);
        Assert.Equal(TrainingEnd.Finished, outcome.Training.End);
        Assert.Equal(120, outcome.Training.Iterations);
        Assert.False(outcome.Training.IsNoBetterThanConstant);
        var configuration = ConfigurationFile.Read(new RunFolder(this["run"]).Configuration);
        Assert.Equal((5UL, LearningObjective.Predictive), (configuration.Seed, configuration.Training.ScoreOfValidation));
        Assert.Equal(Path.GetFullPath(this["data.h5"]), Path.GetFullPath(configuration.Data));
        var found = InferenceSession.Run(this["run"], this["data.h5"], Maze, new InferenceRequest { Split = "test", Hidden = new HashSet<string>(StringComparer.Ordinal) { "velocity" } }, null, TestContext.Current.CancellationToken);
        Assert.Equal(2, found.Estimates.Count);

        // A run that is there is not replaced unasked, and the same configuration gives the same model.
        Assert.Throws<InputException>(() => FitSession.Run(this["data.h5"], Maze, new RunFolder(this["run"]), new FitRequest { Seconds = 0.5 }, null, null, TestContext.Current.CancellationToken));
        TrainingSession.Run(configuration, Maze, new RunFolder(this["again"]), null, null, TestContext.Current.CancellationToken);
        Assert.Equal(ModelFile.Read(new RunFolder(this["run"]).Model).Raw, ModelFile.Read(new RunFolder(this["again"]).Model).Raw);
    }

    [Fact]
    public void With_time_candidates_are_thinned_out_by_what_they_predict()
    {
        // By a pace that is not measured: 300 seconds for 3 candidates of 200 updates of 0.47 seconds, then 200 for one; the last training has what the clock leaves.
        var recording = FewChunks;
        var outcome = FitSession.Run(
            "data.h5", recording, new RunFolder(this["run"]), new FitRequest { Seconds = 1000, Threads = 2, SecondsPerUpdate = 0.47 }, null, null, TestContext.Current.CancellationToken);
        var first = outcome.Attempts.Where(attempt => attempt.Round == 1).ToList();
        Assert.Equal(3, first.Count);
        Assert.Single(first.Select(attempt => attempt.Iterations).Distinct());
        Assert.All(first, attempt => Assert.Equal(1, attempt.Folds));
        foreach (var round in outcome.Attempts.GroupBy(attempt => attempt.Round))
        {
            // The best goes on, and with it one that learns more slowly than linear dynamics.
            Assert.True(round.MaxBy(attempt => attempt.Gain)!.IsKept);
            Assert.Contains(round, attempt => attempt.IsKept && (round.Key == 2 || !attempt.Candidate.Contains("linear", StringComparison.Ordinal)));
        }

        Assert.InRange(first.Count(attempt => attempt.IsKept), 1, 2);
        var last = outcome.Attempts.GroupBy(attempt => attempt.Round).Last();
        Assert.Equal(outcome.Chosen.Name, last.Single(attempt => attempt.IsKept).Candidate);
        Assert.InRange(outcome.Training.Iterations, 120, 2064);
    }

    [Fact]
    public void Linear_dynamics_that_wins_the_search_is_trained_beside_what_learns_more_slowly()
    {
        // A linear system of few trials: in few updates nothing else comes near. By a pace that is not measured, time for three candidates, and little for the last trainings.
        var recording = LearningTrials.Of(
            Simulations.Linear(new LinearOptions { Trials = 6, ValidationTrials = 4, TestTrials = 0, Bins = 12, Channels = 8, Observation = ObservationKind.Spikes, Seed = 4 }), 12, 0);
        var request = new FitRequest { Seconds = 2100 * 0.002, Threads = 2, SecondsPerUpdate = 0.002 };
        var outcome = FitSession.Run("data.h5", recording, new RunFolder(this["run"]), request, null, null, TestContext.Current.CancellationToken);
        static bool IsLinear(FitAttempt attempt) => attempt.Candidate.Contains("linear", StringComparison.Ordinal);
        Assert.True(IsLinear(outcome.Attempts.Last(attempt => attempt is { Round: < 3, IsKept: true })), "another model won the search; choose other data for this test");
        var last = outcome.Attempts.Where(attempt => attempt.Round == 3).ToList();
        Assert.Equal([true, false], last.Select(IsLinear));
        Assert.Equal(last.MaxBy(attempt => attempt.Gain), last.Single(attempt => attempt.IsKept));
        Assert.Equal(outcome.Chosen.Name, last.Single(attempt => attempt.IsKept).Candidate);

        // The run is that of the better one, complete and alone.
        Assert.Equal(-outcome.Training.ValidationLoss, last.Max(attempt => attempt.Gain));
        var kept = ModelFile.Read(new RunFolder(this["run"]).Model);
        Assert.Equal(outcome.Chosen.Configuration.Model.Dynamics.GetType(), kept.Description.Configuration.Model.Dynamics.GetType());
        Assert.Equal(outcome.Chosen.Configuration.Model.States, ConfigurationFile.Read(new RunFolder(this["run"]).Configuration).Model.States);
        Assert.Equal(outcome.Training.Iterations, (int)HistoryFile.Read(new RunFolder(this["run"]).History)["iteration"][^1]);
        Assert.Equal(outcome.Training.BestIteration, kept.Summary.Iteration);
        Assert.Equal(this["run"], Path.GetFullPath(Assert.Single(Directory.GetDirectories(this["."]))));
    }

    [Fact]
    public void With_more_time_every_candidate_is_trained_with_other_trials_left_out()
    {
        // 300 seconds for every candidate of the ladder and 700 updates each: two folds of 350.
        var request = new FitRequest { Seconds = 1000, Threads = 2 };
        var ladder = FitLadder.Of("data.h5", FewChunks, request).Count;
        using var interrupt = new CancellationTokenSource();
        var attempts = new List<FitAttempt>();
        Assert.Throws<OperationCanceledException>(() => FitSession.Run(
            "data.h5", FewChunks, new RunFolder(this["run"]), request with { SecondsPerUpdate = 300.0 / (ladder * 705) },
            attempt =>
            {
                attempts.Add(attempt);
                interrupt.Cancel();
            },
            null, interrupt.Token));
        Assert.Equal(ladder, attempts.Count);
        Assert.All(attempts, attempt => Assert.Equal((1, 2), (attempt.Round, attempt.Folds)));
        Assert.All(attempts, attempt => Assert.InRange(attempt.Iterations, 300, 352));
        Assert.Equal((ladder + 2) / 3, attempts.Count(attempt => attempt.IsKept));
    }

    [Fact]
    public void A_last_training_that_is_slower_than_planned_stops_in_time_and_can_be_resumed()
    {
        // Too slow for more than one candidate, but still planned by a pace that no machine has.
        RecordingFile.Write(this["data.h5"], Maze);
        var request = new FitRequest { Seconds = 1.5, Threads = 2, SecondsPerUpdate = 0.0013 };
        var outcome = FitSession.Run(this["data.h5"], Maze, new RunFolder(this["run"]), request, null, null, TestContext.Current.CancellationToken);
        Assert.True(outcome.IsOutOfTime);
        Assert.Equal(TrainingEnd.Interrupted, outcome.Training.End);
        Assert.Empty(outcome.Attempts);
        Assert.InRange(outcome.Chosen.Configuration.Training.Iterations, 1000, 1120);
        Assert.InRange(outcome.Training.Iterations, 120, 999);
        Assert.False(outcome.Training.IsNoBetterThanConstant);
        var resumed = TrainingSession.Run(
            ConfigurationFile.Read(new RunFolder(this["run"]).Configuration), Maze, new RunFolder(this["run"]), new TrainingRequest("config.yaml", Resume: true, StopAfter: 1), null, TestContext.Current.CancellationToken);
        Assert.Equal(outcome.Training.Iterations + 1, resumed.Iterations);
    }

    [Fact]
    public void An_interrupted_search_leaves_nothing_behind()
    {
        using var interrupt = new CancellationTokenSource();
        interrupt.Cancel();
        Assert.Throws<OperationCanceledException>(() => FitSession.Run("data.h5", Maze, new RunFolder(this["run"]), new FitRequest(), null, null, interrupt.Token));
        Assert.False(Directory.Exists(this["run"]));
    }

    [Fact]
    public void What_is_tried_follows_what_was_recorded()
    {
        var candidates = FitLadder.Of("data.h5", Maze, new FitRequest { Predict = ["held-out"], Seed = 9, Threads = 3 });
        Assert.Equal(candidates.Count, candidates.Select(one => one.Name).Distinct(StringComparer.Ordinal).Count());
        Assert.All(candidates, one =>
        {
            one.Configuration.CompletedFor(Maze).Training.Validate();
            Assert.Equal((9UL, 3, 0, 0.0), (one.Configuration.Seed, one.Configuration.Training.Threads, one.Configuration.Training.Chunk, one.Configuration.Training.ValidationShare));
            Assert.Equal(["held-out"], one.Configuration.Training.ValidationHides);
        });
        Assert.Equal(["velocity"], candidates[0].Configuration.Training.Hide!.OfType<GroupHiding>().Single().Of);
        Assert.Equal(["spikes", "held-out"], candidates[0].Configuration.Training.Hide!.OfType<ChannelHiding>().Single().Of);
        Assert.Contains("'velocities'", Assert.Throws<InputException>(() => FitLadder.Of("data.h5", Maze, new FitRequest { Predict = ["velocities"] })).Message, StringComparison.Ordinal);

        // One long trial and nothing marked for validation: it is cut, and chunks are set aside.
        var whole = Simulations.Lorenz(new LorenzOptions { Bins = 600, Trials = 1, ValidationTrials = 0, TestTrials = 0, Seed = 1 });
        var training = FitLadder.Of("data.h5", whole, new FitRequest())[0].Configuration.Training;
        Assert.Equal((128, 0.2), (training.Chunk, training.ValidationShare));
        Assert.Empty(training.Hide!.OfType<GroupHiding>());
        Assert.Single(LearningTrials.Of(whole, training.Chunk, training.ValidationShare).TrialsOf(TrialSplit.Validation));
    }

    [Fact]
    public void Few_validation_trials_are_made_more_by_leaving_out_others_in_turn()
    {
        Recording Of(int training, int validation, int test = 3) => Maze with
        {
            Trials = [.. Enumerable.Range(0, training + validation + test).Select(i => Maze.Trials[0] with { Name = $"{i}", Split = i < training ? TrialSplit.Train : i < training + validation ? TrialSplit.Validation : TrialSplit.Test })],
        };
        Assert.Equal(8, SearchFolds.Wanted(Of(17, 3)));
        Assert.Equal(3, SearchFolds.Wanted(Of(90, 10)));
        Assert.Equal(1, SearchFolds.Wanted(Of(20, 32)));
        Assert.Equal(2, SearchFolds.Wanted(Of(120, 31)));
        Assert.Equal(1, SearchFolds.Wanted(Of(20, 0)));
        Assert.Equal(1, SearchFolds.Wanted(Of(5, 2)));
        var marked = Of(17, 3);
        Assert.Same(marked, Assert.Single(SearchFolds.Of(marked, 1)));
        var folds = SearchFolds.Of(marked, 8);
        Assert.Equal(8, folds.Count);
        Assert.All(folds, fold => Assert.Equal(marked.TrialsOf(TrialSplit.Test).Select(trial => trial.Name), fold.TrialsOf(TrialSplit.Test).Select(trial => trial.Name), StringComparer.Ordinal));
        Assert.All(folds, fold => Assert.InRange(fold.TrialsOf(TrialSplit.Validation).Count, 2, 3));

        // Each of the others is left out once.
        Assert.Equal(
            Enumerable.Range(0, 20).Select(i => $"{i}").Order(StringComparer.Ordinal), folds.SelectMany(fold => fold.TrialsOf(TrialSplit.Validation)).Select(trial => trial.Name).Order(StringComparer.Ordinal));
    }

    private static Recording MakeFewChunks()
    {
        var cut = LearningTrials.Of(Simulations.Maze(new MazeOptions { Neurons = 6, HeldOutNeurons = 2, Trials = 4, ValidationTrials = 2, TestTrials = 0, Seed = 3 }), 10, 0);
        return cut with { Trials = [.. cut.TrialsOf(TrialSplit.Train).Take(5), .. cut.TrialsOf(TrialSplit.Validation).Take(3)] };
    }
}
