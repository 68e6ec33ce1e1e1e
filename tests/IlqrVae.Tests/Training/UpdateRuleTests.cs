using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Simulation;
using IlqrVae.Tests.Inference;
using IlqrVae.Training;
using IlqrVae.Training.Processes;

namespace IlqrVae.Tests.Training;

public sealed class UpdateRuleTests
{
    private const int States = 3;
    private const int Bins = 10;
    private readonly Recording _recording = RecordingOf(ObservationKind.Gaussian);

    [Theory]
    [InlineData(0.5)]
    [InlineData(2)]
    [InlineData(0)]
    public void A_gradient_longer_than_the_bound_is_shortened_to_it_and_no_other(double clip)
    {
        var model = Model(DynamicsChoice.Rnn);
        var entries = 4;
        var (gradient, norm) = Apply(new TrainingOptions { GradientClip = clip }, out var state);

        // The bias of the recurrent network is free, so that its derivative goes over unchanged but for the number of entries.
        Assert.Equal(1.25, norm, 1e-12);
        Assert.Equal(clip == 0.5 ? 0.5 : 1.25, Math.Sqrt(gradient.Sum(x => x * x)), 1e-12);
        Assert.Equal(gradient.Sum(x => x * x), gradient[model.Parameters["dynamics.b"].RawOffset] * gradient[model.Parameters["dynamics.b"].RawOffset], 1e-12);
        Assert.Equal(1, state.Optimiser.Updates);
        Assert.Equal(0.1 * gradient[model.Parameters["dynamics.b"].RawOffset], state.Optimiser.First[model.Parameters["dynamics.b"].RawOffset], 1e-12);

        (double[] Gradient, double Norm) Apply(TrainingOptions options, out TrainingState<double> state)
        {
            var rule = new UpdateRule<double>(model, options, _recording);
            var sum = new ParameterGradient<double>(model.Parameters.All);
            sum[model.Parameters["dynamics.b"]][0, 0] = -1.25 * entries;
            state = StateOf(model);
            using var crew = new WorkerCrew(1);
            var (norm, _) = rule.Apply(sum, entries, state, crew);
            return (rule.Gradient.ToArray(), norm);
        }
    }

    [Fact]
    public void The_rate_follows_the_schedule_and_halves_with_every_recovery()
    {
        var model = Model(DynamicsChoice.Rnn);
        var options = new TrainingOptions { LearningRate = 0.08, Schedule = LearningRateSchedule.InverseSquareRoot, ScheduleIterations = 25, RecurrentPenalty = 1 };
        var state = StateOf(model);
        state.Iteration = 100;
        state.Recoveries = 2;
        using var crew = new WorkerCrew(1);
        var before = (double[])state.Raw.Clone();
        var (_, rate) = new UpdateRule<double>(model, options, _recording).Apply(new ParameterGradient<double>(model.Parameters.All), 1, state, crew);
        Assert.Equal(0.08 / 3 / 4, rate, 1e-15);

        // Adam's first step is the rate, against the sign of the gradient.
        var weights = model.Parameters["dynamics.A"];
        for (var i = 0; i < States * States; i++)
        {
            Assert.Equal(before[weights.RawOffset + i] - (rate * Math.Sign(before[weights.RawOffset + i])), state.Raw[weights.RawOffset + i], 1e-6);
            Assert.Equal(state.Raw[weights.RawOffset + i], weights.Raw[i]);
        }
    }

    [Fact]
    public void A_gradient_that_is_not_finite_moves_nothing()
    {
        foreach (var bad in (double[])[double.NaN, double.PositiveInfinity])
        {
            var model = Model(DynamicsChoice.Rnn);
            var state = StateOf(model);
            var before = (double[])state.Raw.Clone();
            var sum = new ParameterGradient<double>(model.Parameters.All);
            sum[model.Parameters["dynamics.b"]][0, 1] = bad;
            using var crew = new WorkerCrew(1);
            var (norm, _) = new UpdateRule<double>(model, new TrainingOptions(), _recording).Apply(sum, 1, state, crew);
            Assert.False(double.IsFinite(norm));
            Assert.Equal(before, state.Raw);
            Assert.Equal(0, state.Optimiser.Updates);
            Assert.All(state.Optimiser.First, first => Assert.Equal(0, first));
        }
    }

    [Theory]
    [InlineData(DynamicsChoice.Rnn, ObservationKind.Gaussian)]
    [InlineData(DynamicsChoice.LinearStable, ObservationKind.Spikes)]
    [InlineData(DynamicsChoice.MiniGru, ObservationKind.Gaussian)]
    [InlineData(DynamicsChoice.MiniGru, ObservationKind.Spikes)]
    public void The_gradient_is_that_of_the_penalised_loss_by_differences(string dynamics, ObservationKind observation)
    {
        const double Penalty = 3;
        const double ReadOutPenalty = 40;
        var recording = RecordingOf(observation);
        var model = Model(dynamics, recording);
        var options = new TrainingOptions
        {
            RecurrentPenalty = Penalty, ReadOutPenalty = ReadOutPenalty, GradientClip = 0, ValidationInterval = 0, Elbo = new() { Solver = new() { Tolerance = 1e-14 }, GradientTolerance = 1e-12 },
        };
        var trials = new TrainingTrials<double>(model, recording, options);
        TrainingWorker<double>[] workers = [new(0, model, Bins, 1)];
        var batch = new BatchGradient<double>(model, trials, 3, options, workers, new SharedWork<double>(new OneProcess()));
        var rule = new UpdateRule<double>(model, options, recording);
        var state = StateOf(model);
        foreach (var trial in trials.All)
        {
            state.WarmStarts[trial.Name] = new WarmStart<double>(Bins, States, 2);
        }

        // Weights large enough for the penalty to matter.
        var recurrent = model.Generative.Dynamics.RecurrentWeights;
        var raw = (double[])state.Raw.Clone();
        using var crew = new WorkerCrew(1);
        var outcome = batch.Compute([2, 0, 1], state, crew);
        Assert.Equal(0, outcome.Bounded);
        rule.Apply(batch.Sum, outcome.Entries, state, crew);
        var gradient = rule.Gradient.ToArray();
        var readOut = model.Generative.Likelihoods[0].Weights;
        foreach (var parameter in recurrent.Append(readOut))
        {
            for (var i = 0; i < parameter.Raw.Length; i += 2)
            {
                const double Step = 1e-5;
                var at = parameter.RawOffset + i;
                var difference = (Loss(at, Step) - Loss(at, -Step)) / (2 * Step);
                Assert.Equal(difference, gradient[at], 1e-6);
            }
        }

        double Loss(int at, double step)
        {
            var moved = (double[])raw.Clone();
            moved[at] += step;
            model.SetRaw(moved);
            var solver = new MapSolver<double>(model.Generative, Bins);
            var estimator = new ElboEstimator<double>(model, Bins);
            var draws = new PosteriorDraws<double>(1, Bins, States, 2);
            var loss = 0.0;
            for (var i = 0; i < 3; i++)
            {
                draws.Fill(options.Seed, RandomStreams.Training(1), (ulong)i);
                loss -= estimator.Evaluate(solver.Solve(trials.Training[i], null, options.Elbo.Solver), draws, options.Elbo, null).Elbo;
            }

            var penalty = recurrent.Sum(parameter => Penalty * parameter.ExactValue.ToArray().Average(x => x * x));

            // The prior of a read-out counts once for all that was recorded, in units in which channels vary.
            var weights = readOut.ExactValue.ToArray();
            for (var channel = 0; channel < readOut.Rows; channel++)
            {
                var unit = observation == ObservationKind.Spikes ? 1 : ChannelStatistics.Of(recording, 0).Variance[channel];
                penalty += ReadOutPenalty * States / 2.0 * weights.AsSpan(channel * States, States).ToArray().Sum(x => x * x) / unit / (3 * Bins * 4);
            }

            return (loss / (3 * Bins * 4)) + penalty;
        }
    }

    private static Recording RecordingOf(ObservationKind observation)
        => Simulations.Linear(new LinearOptions { InputProcess = InputKind.None, Observation = observation, Channels = 4, Trials = 3, ValidationTrials = 1, Bins = Bins });

    private VariationalModel<double> Model(string dynamics, Recording? recording = null)
    {
        var specification = new ModelSpecification { States = States, Inputs = 2, Dynamics = KindVariants.Dynamics[dynamics] };
        return new(ModelBuilder<double>.Build(specification, recording ?? _recording, 1), SharedPosterior<double>.Independent(States, 2, Bins, 0.3, 0.3));
    }

    private static TrainingState<double> StateOf(VariationalModel<double> model)
    {
        var count = model.Parameters.RawCount;
        var state = new TrainingState<double> { Raw = new double[count], BestRaw = new double[count], Optimiser = new Adam(count), BestOptimiser = new Adam(count) };
        model.Parameters.CopyRawTo(state.Raw);
        return state;
    }
}
