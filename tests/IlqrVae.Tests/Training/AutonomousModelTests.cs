using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Tests.Inference;
using IlqrVae.Training;

namespace IlqrVae.Tests.Training;

/// <summary>A model without inputs of its own, driven by external inputs alone.</summary>
public sealed class AutonomousModelTests
{
    private const int States = 3;
    private const int Bins = 25;
    private const int Channels = 4;

    public static TheoryData<string, string, LearningObjective> Cases
    {
        get
        {
            var cases = new TheoryData<string, string, LearningObjective>();
            foreach (var dynamics in KindVariants.Dynamics.Keys)
            {
                cases.Add(dynamics, PriorChoice.Student, LearningObjective.Elbo);
            }

            foreach (var prior in KindVariants.Priors.Keys)
            {
                cases.Add(DynamicsChoice.LinearFree, prior, LearningObjective.Elbo);
                cases.Add(DynamicsChoice.LinearFree, prior, LearningObjective.Evidence);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_learns_what_external_inputs_do(string dynamics, string prior, LearningObjective objective)
    {
        var recording = Driven();
        var specification = new ModelSpecification { States = States, Inputs = 0, Dynamics = KindVariants.Dynamics[dynamics], Prior = KindVariants.Priors[prior] };
        var model = new VariationalModel<double>(ModelBuilder<double>.Build(specification, recording, 1), SharedPosterior<double>.Independent(States, 0, Bins, 0.3, 0.3));
        var options = new TrainingOptions { Iterations = 60, BatchSize = 0, LearningRate = 0.03, ValidationInterval = 20, Threads = 1, Objective = objective };
        var trainer = new Trainer<double>(model, recording, options);
        var records = new List<TrainingRecord>();
        Assert.Equal(TrainingEnd.Finished, trainer.Run(records.Add, null, TestContext.Current.CancellationToken));
        Assert.All(records, record => Assert.True(double.IsFinite(record.Loss)));
        Assert.Equal(0, trainer.State.Recoveries);

        // Without the external inputs there would be next to nothing to win: the initial state is soon forgotten.
        Assert.True(trainer.State.BestLoss < trainer.State.UntrainedLoss - 0.5, $"{trainer.State.UntrainedLoss} to {trainer.State.BestLoss}");

        var estimate = new TrialInference<double>(model, Bins).Infer(
            new PreparedTrial<double>(model.Generative, recording, recording.Trials[0]), options.Elbo, null, 2, new CounterRandom(1),
            new TrialAnalyses { ImportanceSamples = 3, Horizons = [1], InputEffects = true, SpreadSamples = 5 });
        Assert.True(double.IsFinite(estimate.LogEvidence));
        Assert.True(double.IsFinite(estimate.SharedBound!.Value.Bound) && double.IsFinite(estimate.LaplaceBound!.Value.Bound));
        Assert.Equal((Bins, 0), (estimate.Inputs.Bins, estimate.Inputs.Columns));
        Assert.All(estimate.InputEffects!.Values, effect => Assert.Equal(0, effect));
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

            trials.Add(new Trial { Name = $"trial {k}", Bins = Bins, Split = k < 9 ? TrialSplit.Train : TrialSplit.Validation, Observations = [Observations.FromValues(values)], External = external });
        }

        return new Recording { BinWidth = 0.02, Groups = [new ChannelGroup("values", ChannelKind.Values, Channels)], ExternalNames = ["drive"], Trials = trials };
    }
}
