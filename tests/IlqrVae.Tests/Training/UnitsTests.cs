using CsCheck;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Priors;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Training;

namespace IlqrVae.Tests.Training;

/// <summary>The unit that values and external inputs come in does not matter to what is learned.</summary>
public sealed class UnitsTests
{
    private const int Channels = 3;
    private const int Bins = 20;
    private const int Trials = 6;

    [Fact]
    public void The_same_data_in_another_unit_train_to_the_same_losses()
    {
        var expected = Train(1, 1);
        Assert.True(expected.Last < expected.First - 0.1, "nothing was learned");
        Gen.Select(Gen.Double[-6, 6], Gen.Double[-6, 6]).Sample(
            (ofValues, ofInputs) =>
            {
                var (values, inputs) = (Math.Pow(10, ofValues), Math.Pow(10, ofInputs));
                var found = Train(values, inputs);

                // Densities of values in another unit: log p falls by the logarithm of the factor.
                Assert.Equal(expected.First, found.First - Math.Log(values), 1e-6);
                Assert.Equal(expected.Last, found.Last - Math.Log(values), 1e-4);
            },
            iter: 12);
    }

    /// <summary>Loss per value before learning and after.</summary>
    private static (double First, double Last) Train(double values, double inputs)
    {
        var recording = Record(values, inputs);
        recording.Validate("units");
        var specification = new ModelSpecification { States = 3, Inputs = 2, Dynamics = new RnnSpecification(), Prior = new GaussianPriorSpecification() };
        var model = new VariationalModel<double>(ModelBuilder<double>.Build(specification, recording, 1), SharedPosterior<double>.Independent(3, 2, Bins, 0.3, 0.3));
        var trainer = new Trainer<double>(model, recording, new TrainingOptions { Iterations = 30, BatchSize = 0, LearningRate = 0.03, ValidationInterval = 0, Threads = 1 });
        var losses = new List<double>();
        Assert.Equal(TrainingEnd.Finished, trainer.Run(record => losses.Add(record.Loss), _ => { }, TestContext.Current.CancellationToken));
        return (losses[0], losses[^1]);
    }

    /// <summary>Channels of different sizes that follow a leaky state, pushed by known inputs of different sizes, around means far from zero.</summary>
    private static Recording Record(double values, double inputs) => new()
    {
        BinWidth = 0.01,
        Groups = [new ChannelGroup("position", ChannelKind.Values, Channels)],
        ExternalNames = ["cue", "go"],
        Trials = [.. Enumerable.Range(0, Trials).Select(k =>
        {
            var random = new CounterRandom(7, (ulong)k);
            var (external, table) = (new Table(Bins, 2), new Table(Bins, Channels));
            var state = 0.0;
            for (var t = 0; t < Bins; t++)
            {
                var (cue, go) = (random.NextNormal(), 30 * random.NextNormal());
                (external[t, 0], external[t, 1]) = (cue * inputs, go * inputs);
                for (var c = 0; c < Channels; c++)
                {
                    table[t, c] = values * Math.Pow(10, c - 1) * (5 + state + (0.3 * random.NextNormal()));
                }

                state = (0.8 * state) + (0.5 * cue) + (0.02 * go) + (0.3 * random.NextNormal());
            }

            return new Trial { Name = $"trial-{k}", Bins = Bins, Observations = [Observations.FromValues(table)], External = external };
        })],
    };
}
