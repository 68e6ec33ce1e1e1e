using IlqrVae.Inference;
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
        Fill(state.Optimiser.First, 3);
        Fill(state.Optimiser.Second, 4);
        state.Optimiser.Updates = 6;
        Fill(state.BestOptimiser.First, 5);
        Fill(state.BestOptimiser.Second, 6);
        state.BestOptimiser.Updates = 7;
        Fill(state.WarmStarts["a"].Values, 7);
        Fill(state.WarmStarts["b"].Values, 8);
        state.WarmStarts["b"].IsLost = true;
        if (isValidated)
        {
            state.FirstLosses["b"] = 33.5;
        }

        CheckpointFile.Write(line["checkpoint.h5"], state);
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
        AssertSame(state.Optimiser, read.Optimiser);
        AssertSame(state.BestOptimiser, read.BestOptimiser);
        Assert.Equal(state.FirstLosses, read.FirstLosses);
        foreach (var (name, start) in state.WarmStarts)
        {
            Assert.Equal(start.Values, read.WarmStarts[name].Values);
            Assert.Equal(start.IsLost, read.WarmStarts[name].IsLost);
        }

        // A property that the state gains must be saved too.
        Assert.Equal(16, typeof(TrainingState<double>).GetProperties().Length);
    }

    private static TrainingState<double> Fresh()
    {
        var state = new TrainingState<double> { Raw = new double[3], BestRaw = new double[3], Optimiser = new Adam(3), BestOptimiser = new Adam(3) };
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
