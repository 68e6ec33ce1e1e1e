using IlqrVae.Inference;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Training;

namespace IlqrVae.Cli.Tests;

public sealed class Checkpoints
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Every_part_of_a_state_comes_back(bool isValidated)
    {
        using var line = new CommandLine();
        var state = Fresh();
        state.Iteration = 11;
        state.Seconds = 12.5;
        state.BestLoss = isValidated ? 0.75 : double.PositiveInfinity;
        state.UntrainedLoss = isValidated ? 0.875 : double.PositiveInfinity;
        state.BestIteration = 9;
        state.ValidationsWithoutImprovement = 2;
        state.UsualGradientNorm = 0.0625;
        state.BadIterations = 3;
        state.LostValidations = 4;
        state.Recoveries = 5;
        Fill(state.Raw, 1);
        Fill(state.BestRaw, 2);
        Fill(state.Average!, 11);
        Fill(state.Optimiser.First, 3);
        Fill(state.Optimiser.Second, 4);
        state.Optimiser.Updates = 6;
        Fill(state.BestOptimiser.First, 5);
        Fill(state.BestOptimiser.Second, 6);
        state.BestOptimiser.Updates = 7;
        Fill(state.WarmStarts["a"].Values, 7);
        Fill(state.WarmStarts["b"].Values, 8);
        state.WarmStarts["b"].IsLost = true;
        Fill(state.WarmStarts["b"].Of(6).Values, 9);
        state.WarmStarts["b"].Of(6).IsLost = false;
        Fill(state.WarmStarts["b"].Of(2).Values, 10);
        if (isValidated)
        {
            state.FirstLosses["b"] = 33.5;
        }

        var origin = new CheckpointOrigin(new RunConfiguration { Data = "data.h5", Seed = 5 }, new RecordingFingerprint("channels", "trials", "values"));
        CheckpointFile.Write(line["checkpoint.h5"], state, origin);
        var madeWith = CheckpointFile.ReadOrigin(line["checkpoint.h5"]);
        Assert.Equal(origin.Recording, madeWith.Recording);
        Assert.Empty(ConfigurationFile.Differences(origin.Configuration, madeWith.Configuration));
        var read = CheckpointFile.Read(line["checkpoint.h5"], Fresh());
        Assert.Equal(state.Iteration, read.Iteration);
        Assert.Equal(state.Seconds, read.Seconds);
        Assert.Equal(state.BestLoss, read.BestLoss);
        Assert.Equal(state.UntrainedLoss, read.UntrainedLoss);
        Assert.Equal(state.BestIteration, read.BestIteration);
        Assert.Equal(state.ValidationsWithoutImprovement, read.ValidationsWithoutImprovement);
        Assert.Equal(state.UsualGradientNorm, read.UsualGradientNorm);
        Assert.Equal(state.BadIterations, read.BadIterations);
        Assert.Equal(state.LostValidations, read.LostValidations);
        Assert.Equal(state.Recoveries, read.Recoveries);
        Assert.Equal(state.Raw, read.Raw);
        Assert.Equal(state.BestRaw, read.BestRaw);
        Assert.Equal(state.Average, read.Average);
        AssertSame(state.Optimiser, read.Optimiser);
        AssertSame(state.BestOptimiser, read.BestOptimiser);
        Assert.Equal(state.FirstLosses, read.FirstLosses);
        foreach (var (name, start) in state.WarmStarts)
        {
            Assert.Equal(start.Values, read.WarmStarts[name].Values);
            Assert.Equal(start.IsLost, read.WarmStarts[name].IsLost);
            Assert.Equal(start.Variants.Keys, read.WarmStarts[name].Variants.Keys);
            Assert.All(start.Variants, variant => Assert.Equal(variant.Value.Values, read.WarmStarts[name].Of(variant.Key).Values));
            Assert.All(start.Variants, variant => Assert.Equal(variant.Value.IsLost, read.WarmStarts[name].Of(variant.Key).IsLost));
        }

        // A property that the state gains must be saved too, unless it follows from others, or is made anew at every end.
        Assert.Equal(
            17, typeof(TrainingState<double>).GetProperties().Count(property => property.Name is not (nameof(state.Reached) or nameof(state.Kept) or nameof(state.KeptLoss) or nameof(state.Shrunk))));
        Assert.Null(CheckpointFile.Read(line["checkpoint.h5"], Fresh(isAveraged: false)).Average);
    }

    public static TheoryData<string, Action<TrainingState<double>>> Impossible => new()
    {
        { "'iteration' is -5", state => state.Iteration = -5 },
        { "'best_iteration' is 3", state => state.BestIteration = 3 },
        { "'seconds' is NaN", state => state.Seconds = double.NaN },
        { "'seconds' is -1", state => state.Seconds = -1 },
        { "'best_loss' is NaN", state => state.BestLoss = double.NaN },
        { "'untrained_loss' is -Infinity", state => state.UntrainedLoss = double.NegativeInfinity },
        { "'usual_gradient_norm' is Infinity", state => state.UsualGradientNorm = double.PositiveInfinity },
        { "'bad_iterations' is -1", state => state.BadIterations = -1 },
        { "'lost_validations' is -1", state => state.LostValidations = -1 },
        { "'recoveries' is -1", state => state.Recoveries = -1 },
        { "'validations_without_improvement' is -1", state => state.ValidationsWithoutImprovement = -1 },
        { "entry 1 of '/raw' is NaN", state => state.Raw[1] = double.NaN },
        { "entry 2 of '/best_raw' is Infinity", state => state.BestRaw[2] = double.PositiveInfinity },
        { "entry 1 of '/average_raw' is NaN", state => state.Average![1] = double.NaN },
        { "entry 0 of '/optimiser/first' is NaN", state => state.Optimiser.First[0] = double.NaN },
        { "negative number", state => state.Optimiser.Second[0] = -1 },
        { "negative number", state => state.BestOptimiser.Second[2] = -1e-300 },
        { "'updates' is -1", state => state.BestOptimiser.Updates = -1 },
        { "the start of trial 'a'", state => state.WarmStarts["a"].Values[2] = double.NaN },
        { "entry 0 of '/first_losses/value' is NaN", state => state.FirstLosses["b"] = double.NaN },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void What_no_training_writes_is_refused(string mentioned, Action<TrainingState<double>> spoil)
    {
        using var line = new CommandLine();
        var state = Fresh();
        state.Iteration = 2;
        spoil(state);
        CheckpointFile.Write(line["checkpoint.h5"], state, new CheckpointOrigin(new RunConfiguration { Data = "data.h5" }, new RecordingFingerprint("", "", "")));
        var refused = Assert.Throws<InputException>(() => CheckpointFile.Read(line["checkpoint.h5"], Fresh()));
        Assert.Contains(mentioned, refused.Message, StringComparison.Ordinal);
        Assert.Contains("checkpoint.h5", refused.Message, StringComparison.Ordinal);
    }

    private static TrainingState<double> Fresh(bool isAveraged = true)
    {
        var state = new TrainingState<double> { Raw = new double[3], Average = isAveraged ? new double[3] : null, BestRaw = new double[3], Optimiser = new Adam(3), BestOptimiser = new Adam(3) };
        state.WarmStarts["a"] = new WarmStart<double>(4, 2, 1);
        state.WarmStarts["b"] = new WarmStart<double>(2, 2, 1);
        return state;
    }

    private static void Fill(double[] values, int number)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = number + (i / 8.0);
        }
    }

    private static void AssertSame(Adam expected, Adam actual)
    {
        Assert.Equal(expected.First, actual.First);
        Assert.Equal(expected.Second, actual.Second);
        Assert.Equal(expected.Updates, actual.Updates);
    }
}
