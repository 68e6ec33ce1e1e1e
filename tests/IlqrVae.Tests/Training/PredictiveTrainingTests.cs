using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Recordings;
using IlqrVae.Simulation;
using IlqrVae.Training;
using IlqrVae.Training.Hiding;

namespace IlqrVae.Tests.Training;

public sealed class PredictiveTrainingTests
{
    private static readonly IReadOnlyList<HidingRule> Rules =
        [new GroupHiding { Of = ["velocity"], Probability = 0.5 }, new ChannelHiding { Of = ["spikes", "held-out"], Share = 0.3 }, new EntryHiding { Of = ["spikes"], Share = 0.1 }];

    private static readonly Recording Maze = LearningTrials.Of(
        Simulations.Maze(new MazeOptions { Neurons = 16, HeldOutNeurons = 4, Trials = 8, ValidationTrials = 3, TestTrials = 0, Seed = 2 }), 40, 0);

    [Theory]
    [InlineData(LearningObjective.Predictive)]
    [InlineData(LearningObjective.Elbo)]
    public void The_same_bits_come_of_any_number_of_threads(LearningObjective objective)
    {
        var options = new TrainingOptions
        {
            Iterations = 6, BatchSize = 5, ValidationInterval = 3, Objective = objective, ValidationScore = LearningObjective.Predictive, Hide = Rules, HiddenWeight = 3, Threads = 1,
        };
        var one = Train(options);
        var three = Train(options with { Threads = 3 });
        Assert.Equal(one.State.Raw, three.State.Raw);
        Assert.Equal(one.State.BestLoss, three.State.BestLoss);
        Assert.All(one.State.WarmStarts, pair => Assert.Equal(pair.Value.Variants.Keys, three.State.WarmStarts[pair.Key].Variants.Keys));

        // What is hidden, how much it counts and what is learned all make a difference.
        Assert.NotEqual(one.State.Raw, Train(options with { Hide = [Rules[1]] }).State.Raw);
        Assert.NotEqual(one.State.Raw, Train(options with { Objective = objective == LearningObjective.Elbo ? LearningObjective.Predictive : LearningObjective.Elbo }).State.Raw);
        if (objective == LearningObjective.Elbo)
        {
            Assert.NotEqual(one.State.Raw, Train(options with { HiddenWeight = 1 }).State.Raw);
        }

        Assert.NotEqual(one.State.Raw, Train(options with { ValuesWeight = 0.5 }).State.Raw);
        Assert.Equal(one.State.Raw, Train(options with { ValuesWeight = 1 }).State.Raw);

        // With nothing hidden, too.
        Assert.NotEqual(Train(options with { Objective = LearningObjective.Elbo, Hide = null }).State.Raw, Train(options with { Objective = LearningObjective.Elbo, Hide = null, ValuesWeight = 0.5 }).State.Raw);
    }

    [Theory]
    [InlineData("velocity", 0.3)]
    [InlineData("spikes", 1)]
    public void The_weight_of_values_is_that_of_values_alone(string hidden, double expected)
    {
        var bins = Maze.Trials.Max(trial => trial.Bins);
        var model = new VariationalModel<double>(ModelBuilder<double>.Build(new ModelSpecification { States = 6, Inputs = 2 }, Maze, 3), SharedPosterior<double>.Independent(6, 2, bins, 0.3, 0.3));
        var trial = new PreparedTrial<double>(model.Generative, Maze, Maze.Trials[0]);
        var map = new MapSolver<double>(model.Generative, bins).Solve(
            trial, null, new(), new SolveScope { Selection = new ObservationSelection { HiddenGroups = new HashSet<string>(StringComparer.Ordinal) { hidden } } });
        var draws = new PosteriorDraws<double>(1, bins, 6, 2);
        draws.SetBins(trial.Bins);
        draws.Fill(1, 0, 0);
        double Elbo(double weight) => new ElboEstimator<double>(model, bins).Evaluate(map, draws, new ElboOptions(), null, CountedObservations.Hidden with { ValuesWeight = weight }).Elbo;
        Assert.Equal(expected, Elbo(0.3) / Elbo(1), 1e-12);
    }

    /// <summary>Validation counts values by the same weight: what is left of the score without them is that of the counts.</summary>
    [Fact]
    public void Validation_counts_values_by_their_weight()
    {
        double Loss(double weight, IReadOnlyList<HidingRule> rules)
            => Train(new TrainingOptions { Iterations = 4, BatchSize = 5, ValidationInterval = 4, LearningRate = 1e-9, Hide = rules, ValuesWeight = weight }).State.UntrainedLoss;
        var (all, less, counts) = (Loss(1, Rules), Loss(1e-9, Rules), Loss(1e-9, [Rules[1]]));
        Assert.NotEqual(all, less);
        Assert.Equal(counts, less, 1e-7);
    }

    [Fact]
    public void What_is_hidden_is_learned_and_validation_tells()
    {
        var options = new TrainingOptions
        {
            Iterations = 100, BatchSize = 0, ValidationInterval = 20, Objective = LearningObjective.Predictive, ValidationScore = LearningObjective.Predictive,
            Hide = [new GroupHiding { Of = ["velocity", "held-out"] }], Threads = 2, LearningRate = 0.03,
        };
        var losses = new List<double>();
        var state = Train(options, record => losses.Add(record.Loss)).State;

        // Untrained, a model predicts what is constant.
        Assert.Equal(0, state.UntrainedLoss, 0.005);
        Assert.True(state.BestLoss < state.UntrainedLoss - 0.01, $"{state.BestLoss} {state.UntrainedLoss}");
        Assert.True(losses.TakeLast(10).Average() < losses.Take(3).Average() - 0.05, $"{losses[0]} {losses[^1]}");

        // A trial of which other groups are hidden has a start of its own.
        Assert.Contains(state.WarmStarts.Values, start => start.Variants.Keys.SequenceEqual([6]));
    }

    [Fact]
    public void Impossible_settings_are_refused()
    {
        void Refused(TrainingOptions options, string words) => Assert.Contains(words, Assert.Throws<InputException>(options.Validate).Message, StringComparison.Ordinal);
        Refused(new TrainingOptions { Objective = LearningObjective.Predictive }, "nothing is");
        Refused(new TrainingOptions { Objective = LearningObjective.Evidence, Hide = Rules }, "'evidence' does not look");
        Refused(new TrainingOptions { Hide = [new GroupHiding()] }, "names no group");
        Refused(new TrainingOptions { Hide = [new ChannelHiding { Share = 1 }] }, "'share' is 1");
        Refused(new TrainingOptions { Hide = [new EndHiding { Bins = 0 }] }, "'bins' is 0");
        Refused(new TrainingOptions { Hide = [new EntryHiding { Probability = 0 }] }, "'probability' is 0");
        Refused(new TrainingOptions { HiddenWeight = 0 }, "hidden-weight");
        Refused(new TrainingOptions { ValuesWeight = double.NaN }, "values-weight");
        Refused(new TrainingOptions { Objective = LearningObjective.Evidence, ValuesWeight = 0.5 }, "drop 'values-weight'");
        Refused(new TrainingOptions { ReadOutPenalty = -1 }, "read-out-penalty");
        Refused(new TrainingOptions { ValidationFolds = 1 }, "validation-folds");
        Refused(new TrainingOptions { Chunk = -1 }, "chunk");
        Refused(new TrainingOptions { ValidationShare = 1 }, "validation-share");
    }

    private static Trainer<double> Train(TrainingOptions options, Action<TrainingRecord>? onRecord = null)
    {
        var generative = ModelBuilder<double>.Build(new ModelSpecification { States = 6, Inputs = 2 }, Maze, 3);
        var trainer = new Trainer<double>(new VariationalModel<double>(generative, SharedPosterior<double>.Independent(6, 2, Maze.Trials.Max(trial => trial.Bins), 0.3, 0.3)), Maze, options);
        trainer.Run(onRecord, null, TestContext.Current.CancellationToken);
        return trainer;
    }
}
