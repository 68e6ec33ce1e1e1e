using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Models.Priors;
using IlqrVae.Recordings;
using IlqrVae.Simulation;
using IlqrVae.Training;
using IlqrVae.Training.Processes;

namespace IlqrVae.Tests.Training;

public sealed class ValidationScoreTests
{
    private const int States = 3;
    private const int Inputs = 2;
    private const int Bins = 15;

    [Theory]
    [InlineData(LearningObjective.Elbo)]
    [InlineData(LearningObjective.Evidence)]
    public void Hidden_groups_take_no_part_in_validation_and_all_of_their_part_in_learning(LearningObjective score)
    {
        var recording = TwoGroups();
        var alone = new Recording { BinWidth = recording.BinWidth, Groups = [recording.Groups[0]], Trials = [.. recording.Trials.Select(First)] };
        var options = new TrainingOptions { Iterations = 1, BatchSize = 0, ValidationInterval = 1, Threads = 1, ValidationScore = score };
        var all = Run(recording, options, out _);
        var hidden = Run(recording, options with { ValidationHides = ["second"] }, out _);

        // Learning is the same; validation before it is what a model of the first group alone gives.
        Assert.Equal(all.State.Raw, hidden.State.Raw);
        Assert.NotEqual(all.State.UntrainedLoss, hidden.State.UntrainedLoss);
        var parts = BuildGenerative(recording);
        var first = new VariationalModel<double>(
            new GenerativeModel<double>(parts.Dynamics, parts.InitialPrior, parts.InputPrior, [parts.Likelihoods[0]]), SharedPosterior<double>.Independent(States, Inputs, Bins, 0.3, 0.3));
        var expected = new Trainer<double>(first, alone, options);
        expected.Run(null, null, TestContext.Current.CancellationToken);
        Assert.Equal(expected.State.UntrainedLoss, hidden.State.UntrainedLoss, 1e-9);
    }

    [Fact]
    public void Only_trials_that_exploded_are_held_at_their_first_loss()
    {
        var recording = TwoGroups();
        var model = Build(recording);
        var options = new TrainingOptions { ValidationInterval = 1, Elbo = new() { Solver = new() { Tolerance = 1e-14 } } };
        var trials = new TrainingTrials<double>(model, recording, options);
        var score = new ValidationScore<double>(trials.Validation, options, [new(0, model, Bins, 1)], new SharedWork<double>(new OneProcess()));
        using var crew = new WorkerCrew(1);
        var state = new Trainer<double>(model, recording, options).State;
        var untrained = score.Loss(state, crew);
        Assert.Equal(untrained, score.Loss(state, crew), 1e-9);
        Assert.Equal(3, state.FirstLosses.Count);
        var sum = state.FirstLosses.Values.Sum();
        var name = trials.Validation[1].Name;
        state.FirstLosses[name] -= 12;
        var entries = trials.Validation.Sum(trial => trial.ObservedCount);
        Assert.Equal((sum - 12) / entries, score.Loss(state, crew), 1e-9);
        Assert.True(state.WarmStarts[name].IsLost);
        state.FirstLosses[name] += 24;
        Assert.Equal(sum / entries, score.Loss(state, crew), 1e-9);

        // A trial that could not be scored before learning takes no part.
        var loss = state.FirstLosses[name] - 12;
        state.FirstLosses.Remove(name);
        Assert.Equal((sum - loss) / (entries - trials.Validation[1].ObservedCount), score.Loss(state, crew), 1e-9);
    }

    private static Trainer<double> Run(Recording recording, TrainingOptions options, out VariationalModel<double> untrained)
    {
        var trainer = new Trainer<double>(Build(recording), recording, options);
        trainer.Run(null, null, TestContext.Current.CancellationToken);
        untrained = Build(recording);
        return trainer;
    }

    private static VariationalModel<double> Build(Recording recording) => new(
        BuildGenerative(recording), SharedPosterior<double>.Independent(States, Inputs, Bins, 0.3, 0.3));

    private static GenerativeModel<double> BuildGenerative(Recording recording)
        => ModelBuilder<double>.Build(new ModelSpecification { States = States, Inputs = Inputs, Prior = new GaussianPriorSpecification() }, recording, 1);

    private static Recording TwoGroups()
    {
        var whole = Simulations.Linear(new LinearOptions { InputProcess = InputKind.None, Channels = 5, Trials = 4, ValidationTrials = 3, Bins = Bins });
        return new Recording
        {
            BinWidth = whole.BinWidth,
            Groups = [new ChannelGroup("first", ChannelKind.Values, 3), new ChannelGroup("second", ChannelKind.Values, 2)],
            Trials = [.. whole.Trials.Select(trial => new Trial
            {
                Name = trial.Name,
                Bins = trial.Bins,
                Split = trial.Split,
                Observations = [trial.Observations[0].SelectChannels([0, 1, 2]), trial.Observations[0].SelectChannels([3, 4])],
            })],
        };
    }

    private static Trial First(Trial trial) => new() { Name = trial.Name, Bins = trial.Bins, Split = trial.Split, Observations = [trial.Observations[0]] };
}
