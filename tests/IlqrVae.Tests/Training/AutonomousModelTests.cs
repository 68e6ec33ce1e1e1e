using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Parameters;
using IlqrVae.Models.Priors;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Training;

namespace IlqrVae.Tests.Training;

/// <summary>A model without inputs of its own, driven by external inputs alone.</summary>
public sealed class AutonomousModelTests
{
    private const int Bins = 25;
    private const int Channels = 4;

    [Theory]
    [InlineData(LearningObjective.Elbo, PriorKind.Gaussian)]
    [InlineData(LearningObjective.Elbo, PriorKind.Student)]
    [InlineData(LearningObjective.Evidence, PriorKind.Gaussian)]
    public void It_learns_what_external_inputs_do(LearningObjective objective, PriorKind prior)
    {
        var recording = Driven();
        var model = Autonomous(recording, prior);
        var options = new TrainingOptions { Iterations = 150, BatchSize = 0, LearningRate = 0.03, ValidationInterval = 25, Threads = 1, Objective = objective };
        var trainer = new Trainer<double>(model, recording, options);
        var records = new List<TrainingRecord>();
        Assert.Equal(TrainingEnd.Finished, trainer.Run(records.Add, null, TestContext.Current.CancellationToken));
        Assert.All(records, record => Assert.True(double.IsFinite(record.Loss)));
        Assert.Equal(0, trainer.State.Recoveries);

        // Of the spread of the values, standard deviation one, noise of a tenth is left: about log 10 nats an entry to be won.
        Assert.True(trainer.State.BestLoss < trainer.State.UntrainedLoss - 1, $"{trainer.State.UntrainedLoss} to {trainer.State.BestLoss}");

        var estimate = new TrialInference<double>(model, Bins).Infer(
            new PreparedTrial<double>(model.Generative, recording, recording.Trials[0]), options.Elbo, null, 2, new CounterRandom(1),
            new TrialAnalyses { ImportanceSamples = 3, Horizons = [1], InputEffects = true, SpreadSamples = 5 });
        Assert.True(double.IsFinite(estimate.LogEvidence));
        Assert.True(double.IsFinite(estimate.SharedBound!.Value.Bound) && double.IsFinite(estimate.LaplaceBound!.Value.Bound));
        Assert.Equal((Bins, 0), (estimate.Inputs.Bins, estimate.Inputs.Columns));
        Assert.All(estimate.InputEffects!.Values, effect => Assert.Equal(0, effect));
    }

    private static VariationalModel<double> Autonomous(Recording recording, PriorKind prior)
    {
        const int States = 2;
        var random = new CounterRandom(3);
        InputPrior<double> inputs = prior == PriorKind.Gaussian
            ? new GaussianPrior<double>(new Parameter<double>("prior.scale", 1, 0, Constraint.Positive, []))
            : new StudentPrior<double>(new Parameter<double>("prior.scale", 1, 0, Constraint.Positive, []), new Parameter<double>("prior.degrees-of-freedom", 1, 1, Constraint.AboveTwo, [10]));
        var generative = new GenerativeModel<double>(
            new LinearDynamics<double>(
                new Parameter<double>("dynamics.A", States, States, Constraint.Free, [0.8, 0, 0, 0.8]),
                new Parameter<double>("dynamics.B", States, 0, Constraint.Free, []),
                new Parameter<double>("dynamics.E", States, 1, Constraint.Free, Random(States, 0.3))),
            new GaussianPrior<double>(new Parameter<double>("initial.scale", 1, States, Constraint.Positive, [1, 1])),
            inputs,
            [
                new GaussianLikelihood<double>(
                    "values",
                    new Parameter<double>("C", Channels, States, Constraint.Free, Random(Channels * States, 0.3)),
                    new Parameter<double>("d", 1, Channels, Constraint.Free, new double[Channels]),
                    new Parameter<double>("variance", 1, Channels, Constraint.Positive, [1, 1, 1, 1])),
            ]);
        return new VariationalModel<double>(generative, SharedPosterior<double>.Independent(States, 0, Bins, 0.3, 0.3));

        double[] Random(int count, double deviation) => [.. Enumerable.Range(0, count).Select(_ => deviation * random.NextNormal())];
    }

    /// <summary>A leaky integrator of the external input, read out by every channel.</summary>
    private static Recording Driven()
    {
        var random = new CounterRandom(21);
        var trials = new List<Trial>();
        for (var k = 0; k < 12; k++)
        {
            var external = new Table(Bins, 1);
            var values = new Table(Bins, Channels);
            var state = random.NextNormal();
            for (var t = 0; t < Bins; t++)
            {
                external[t, 0] = random.NextNormal();
                for (var i = 0; i < Channels; i++)
                {
                    values[t, i] = ((i % 2 == 0 ? 1 : -1) * state) + (0.1 * random.NextNormal());
                }

                state = (0.8 * state) + (0.6 * external[t, 0]);
            }

            trials.Add(new Trial { Name = $"trial {k}", Bins = Bins, Split = k < 9 ? TrialSplit.Train : TrialSplit.Validation, Observations = [new(values)], External = external });
        }

        return new Recording { BinWidth = 0.02, Groups = [new ChannelGroup("values", ChannelKind.Values, Channels)], ExternalNames = ["drive"], Trials = trials };
    }
}
