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
