using IlqrVae.Benchmarking;
using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Parameters;
using IlqrVae.Models.Priors;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Simulation;
using IlqrVae.Training;

namespace IlqrVae.Tests.Training;

public sealed class TrainingTests
{
    private static readonly BenchmarkCase Small = new("small", 6, 2, 12, 25, IsLinear: false, IsStudent: true, IsSpikes: true);

    [Fact]
    public void An_absurd_learning_rate_ends_with_finite_parameters_no_worse_than_the_first()
    {
        var recording = Simulations.Lorenz(LorenzOptions.Spiking with { Channels = 20, Trials = 12, ValidationTrials = 4, TestTrials = 0, Bins = 30 });
        var specification = new ModelSpecification { States = 6, Inputs = 2 };
        var generative = ModelBuilder<double>.Build(specification, recording, 1);
        var model = new VariationalModel<double>(generative, SharedPosterior<double>.Independent(6, 2, 30, 0.3, 0.3));
        var options = new TrainingOptions { Iterations = 60, BatchSize = 6, LearningRate = 30, GradientClip = 0, ValidationInterval = 5, Threads = 1 };
        var trainer = new Trainer<double>(model, recording, options);
        var losses = new List<double?>();
        var end = trainer.Run(record => losses.Add(record.ValidationLoss), null, TestContext.Current.CancellationToken);

        Assert.NotEqual(TrainingEnd.Interrupted, end);
        Assert.Equal(Math.Min(trainer.State.UntrainedLoss, losses.Where(loss => loss is not null).Min() ?? double.PositiveInfinity), trainer.State.BestLoss);

        // And these are the parameters the model has: the loss before learning is scored again, with another trainer's zeroth validation.
        var again = new Trainer<double>(model, recording, options with { Iterations = 1 });
        again.Run(null, null, TestContext.Current.CancellationToken);
        Assert.True(again.State.UntrainedLoss <= trainer.State.UntrainedLoss, $"{again.State.UntrainedLoss}, {trainer.State.UntrainedLoss}");
        Assert.All(model.Parameters.All, parameter => Assert.All(parameter.ExactValue.ToArray(), value => Assert.True(double.IsFinite(value), parameter.Name)));
    }

    [Fact]
    public void Training_that_lost_much_of_what_it_had_learned_goes_back_with_half_the_rate()
    {
        var recording = Simulations.Lorenz(LorenzOptions.Spiking with { Channels = 20, Trials = 12, ValidationTrials = 4, TestTrials = 0, Bins = 30 });
        var generative = ModelBuilder<double>.Build(new ModelSpecification { States = 6, Inputs = 2 }, recording, 1);
        var model = new VariationalModel<double>(generative, SharedPosterior<double>.Independent(6, 2, 30, 0.3, 0.3));
        var untrained = new double[model.Parameters.RawCount];
        model.Parameters.CopyRawTo(untrained);
        var options = new TrainingOptions { Iterations = 100, BatchSize = 6, Schedule = LearningRateSchedule.Constant, ValidationInterval = 20, Threads = 1 };
        var first = new Trainer<double>(model, recording, options);
        first.Run(null, null, TestContext.Current.CancellationToken);
        var state = first.State;
        var best = state.BestLoss;
        Assert.Equal(0, state.LostValidations);
        var untrainedLoss = state.UntrainedLoss;
        Assert.Equal(4, state.FirstLosses.Count);
        Assert.Equal(untrainedLoss, state.FirstLosses.Values.Sum() / recording.TrialsOf(TrialSplit.Validation).Sum(trial => trial.Bins * 20), 1e-12);
        Assert.True(untrainedLoss > best);

        // All is lost, and at this rate it stays so.
        untrained.CopyTo(state.Raw, 0);
        var second = new Trainer<double>(model, recording, options with { Iterations = 240, LearningRate = 1e-5 });
        second.Resume(state);
        var rates = new Dictionary<int, double>();
        var validations = new Dictionary<int, double>();
        second.Run(
            record =>
            {
                rates[record.Iteration] = record.LearningRate;
                validations[record.Iteration] = record.ValidationLoss ?? double.NaN;
            },
            null,
            TestContext.Current.CancellationToken);

        Assert.Equal(untrainedLoss, validations[200], 0.1 * (untrainedLoss - best));
        Assert.Equal(1e-5, rates[200], 12);
        Assert.Equal(0.5e-5, rates[201], 12);
        Assert.Equal(best, validations[220], 0.1 * (untrainedLoss - best));
        Assert.Equal(1, second.State.Recoveries);
        Assert.Equal(0, second.State.LostValidations);
    }

    [Fact]
    public void The_average_of_the_last_updates_is_validated_and_kept_and_learning_goes_on_beside_it()
    {
        var recording = Simulations.Lorenz(LorenzOptions.Spiking with { Channels = 20, Trials = 12, ValidationTrials = 4, TestTrials = 0, Bins = 30 });
        var options = new TrainingOptions { Iterations = 9, BatchSize = 6, LearningRate = 0.05, Schedule = LearningRateSchedule.Constant, ValidationInterval = 3, Threads = 1 };
        var (plain, path, plainLosses, _) = Train(options, 0);
        var (averaged, samePath, losses, model) = Train(options with { Averaging = 0.5, Threads = 2 }, 0);
        Assert.Equal(path, samePath);
        Assert.Null(plain.Average);

        // The first step goes all the way; later ones 1 / (1 + k / 2), which leaves out most of the first half.
        double[] weights = [.. Enumerable.Range(0, path.Count).Select(k => 1 / (1 + (0.5 * k)))];
        var expected = new double[path[0].Length];
        for (var k = 0; k < path.Count; k++)
        {
            for (var i = 0; i < expected.Length; i++)
            {
                expected[i] = ((1 - weights[k]) * expected[i]) + (weights[k] * path[k][i]);
            }
        }

        Assert.All(expected.Zip(averaged.Average!), pair => Assert.Equal(pair.First, pair.Second, 1e-13));
        Assert.NotEqual(plainLosses, losses);
        Assert.Equal(averaged.BestLoss, losses.Min());
        Assert.Equal(9, averaged.BestIteration);
        Assert.Equal(averaged.Average, averaged.BestRaw);
        var kept = new double[model.Parameters.RawCount];
        model.Parameters.CopyRawTo(kept);
        Assert.Equal(averaged.Average, kept);

        // Where nothing is validated, too.
        var (unvalidated, _, _, last) = Train(options with { Averaging = 0.5, ValidationInterval = 0 }, 0);
        Assert.Equal(averaged.Average, unvalidated.Average);
        last.Parameters.CopyRawTo(kept);
        Assert.Equal(averaged.Average, kept);

        // What is frozen stays to the bit, and so does a run that is taken up again.
        var (frozen, _, _, frozenModel) = Train(options with { Averaging = 0.3, Freeze = ["dynamics"] }, 0);
        var start = ModelBuilder<double>.Build(new ModelSpecification { States = 6, Inputs = 2 }, recording, 1).Dynamics.Parameters;
        Assert.All(start.Zip(frozenModel.Generative.Dynamics.Parameters), pair => Assert.Equal(pair.First.Raw, pair.Second.Raw));
        Assert.NotEqual(frozen.Raw, frozen.Average);
        Assert.Equal(averaged.Average, Train(options with { Averaging = 0.5 }, 4).State.Average);
        Assert.Throws<InputException>(() => new Trainer<double>(Model(), recording, options).Resume(averaged));

        VariationalModel<double> Model() => new(ModelBuilder<double>.Build(new ModelSpecification { States = 6, Inputs = 2 }, recording, 1), SharedPosterior<double>.Independent(6, 2, 30, 0.3, 0.3));

        (TrainingState<double> State, List<double[]> Path, List<double> Losses, VariationalModel<double> Model) Train(TrainingOptions how, int interruptAfter)
        {
            var trained = Model();
            var passed = new List<double[]>();
            var validations = new List<double>();
            var trainer = new Trainer<double>(trained, recording, how with { Iterations = interruptAfter > 0 ? interruptAfter : how.Iterations });
            Run();
            if (interruptAfter > 0)
            {
                var state = trainer.State;
                trained = Model();
                trainer = new Trainer<double>(trained, recording, how);
                trainer.Resume(state);
                Run();
            }

            return (trainer.State, passed, validations, trained);

            void Run() => trainer.Run(
                record =>
                {
                    passed.Add((double[])trainer.State.Raw.Clone());
                    if (record.ValidationLoss is { } loss)
                    {
                        validations.Add(loss);
                    }
                },
                null, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public void The_same_bits_whatever_the_number_of_threads_and_of_gradients_kept_in_memory()
    {
        var recording = Simulations.Lorenz(LorenzOptions.Spiking with { Channels = 20, Trials = 14, ValidationTrials = 2, TestTrials = 0, Bins = 30 });
        var whole = Train(1, long.MaxValue);
        Assert.Equal(whole, Train(1, 1));
        Assert.Equal(whole, Train(3, 1));
        Assert.Equal(whole, Train(2, long.MaxValue));

        double[] Train(int threads, long gradientBytes)
        {
            var generative = ModelBuilder<double>.Build(new ModelSpecification { States = 6, Inputs = 2 }, recording, 1);
            var model = new VariationalModel<double>(generative, SharedPosterior<double>.Independent(6, 2, 30, 0.3, 0.3));
            var trainer = new Trainer<double>(
                model, recording, new TrainingOptions { Iterations = 6, BatchSize = 7, ValidationInterval = 3, Threads = threads, GradientBytes = gradientBytes });
            trainer.Run(null, null, TestContext.Current.CancellationToken);
            return [.. trainer.State.Raw, trainer.State.UsualGradientNorm, trainer.State.BestLoss];
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_same_bits_whatever_the_number_of_threads_with_long_trials_of_different_lengths(bool isStudent)
    {
        var longest = new BenchmarkCase("long", 3, 2, 5, 400, IsLinear: true, isStudent, IsSpikes: false);
        var alone = Train(1);
        Assert.All(alone, number => Assert.True(double.IsFinite(number)));
        Assert.Equal(alone, Train(2));
        Assert.Equal(alone, Train(3));
        Assert.Equal(alone, Train(5));

        double[] Train(int threads)
        {
            var model = longest.CreateModel<double>(1);
            var whole = longest.CreateRecording(model, 7, 2);
            var recording = new Recording
            {
                BinWidth = whole.BinWidth,
                Groups = whole.Groups,
                Trials = [.. whole.Trials.Select((trial, i) => Cut(trial, longest.Bins - (60 * (i % 3))))],
            };
            var trainer = new Trainer<double>(model, recording, new TrainingOptions
            {
                Iterations = 4,
                BatchSize = 7,
                ValidationInterval = 0,
                Threads = threads,
                RecurrentPenalty = 0.1,
                GradientClip = 0.1,
                Elbo = new ElboOptions { GradientTolerance = 1e-4 },
            });
            trainer.Run(null, null, TestContext.Current.CancellationToken);
            return [.. trainer.State.Raw, .. trainer.State.Optimiser.Second, trainer.State.UsualGradientNorm];
        }

        static Trial Cut(Trial trial, int bins) => trial with
        {
            Bins = bins,
            Observations = [.. trial.Observations.Select(one => one.SelectBins(0, bins))],
            Truth = new Dictionary<string, Table>(StringComparer.Ordinal),
        };
    }

    [Fact]
    public void Learning_raises_the_elbo_of_held_out_trials()
    {
        var recording = Simulations.Lorenz(LorenzOptions.Spiking with { Channels = 20, Trials = 16, ValidationTrials = 6, TestTrials = 0, Bins = 40 });
        var generative = ModelBuilder<double>.Build(new ModelSpecification { States = 6, Inputs = 2 }, recording, 1);
        var model = new VariationalModel<double>(generative, SharedPosterior<double>.Independent(6, 2, 40, 0.3, 0.3));
        var losses = new List<double>();
        new Trainer<double>(model, recording, new TrainingOptions { Iterations = 60, BatchSize = 8, ValidationInterval = 20, Threads = 2 }).Run(
            record => losses.AddRange(record.ValidationLoss is { } loss ? [loss] : []), null, TestContext.Current.CancellationToken);
        Assert.True(losses[^1] < losses[0], $"{losses[0]} to {losses[^1]}");
    }

    [Theory]
    [InlineData(LearningObjective.Elbo)]
    [InlineData(LearningObjective.Evidence)]
    public void The_best_validation_loss_is_what_inference_finds_with_the_parameters_kept(LearningObjective score)
    {
        var recording = Simulations.Linear(new LinearOptions { InputProcess = InputKind.None, Channels = 4, Trials = 8, ValidationTrials = 3, Bins = 20 });
        var generative = ModelBuilder<double>.Build(new ModelSpecification { States = 3, Inputs = 2, Dynamics = new LinearSpecification(), Prior = new GaussianPriorSpecification() }, recording, 1);
        var model = new VariationalModel<double>(generative, SharedPosterior<double>.Independent(3, 2, 20, 0.3, 0.3));
        var options = new TrainingOptions { Iterations = 12, BatchSize = 8, ValidationInterval = 4, Threads = 2, ValidationScore = score };
        var trainer = new Trainer<double>(model, recording, options);
        trainer.Run(null, null, TestContext.Current.CancellationToken);

        var inference = new TrialInference<double>(model, 20);
        var draws = new PosteriorDraws<double>(1, 20, 3, 2);
        var expected = 0.0;
        var trials = recording.TrialsOf(TrialSplit.Validation);
        for (var i = 0; i < trials.Count; i++)
        {
            draws.Fill(options.Seed, RandomStreams.Validation, (ulong)i);
            var estimate = inference.Infer(new PreparedTrial<double>(model.Generative, recording, trials[i]), options.Elbo, draws, 0, default);
            expected -= score == LearningObjective.Elbo ? estimate.Elbo!.Value.Elbo : estimate.LogEvidence;
        }

        Assert.Equal(12, trainer.State.BestIteration);
        Assert.Equal(expected / (3 * 20 * 4), trainer.State.BestLoss, 1e-9);
    }

    [Fact]
    public void The_gradient_in_single_precision_agrees_with_that_in_double()
    {
        var exact = Gradient<double>();
        var rounded = Gradient<float>();
        var difference = Math.Sqrt(exact.Zip(rounded, (a, b) => (a - b) * (a - b)).Sum());
        Assert.InRange(difference / Math.Sqrt(exact.Sum(x => x * x)), 0, 1e-3);

        static double[] Gradient<T>()
            where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
        {
            // The same data in both precisions: drawn in double.
            var recording = Small.CreateRecording(Small.CreateModel<double>(1), 1, 2);
            var model = Small.CreateModel<T>(1);
            var trial = new PreparedTrial<T>(model.Generative, recording, recording.Trials[0]);
            var draws = new PosteriorDraws<T>(2, Small.Bins, Small.States, Small.Inputs);
            draws.Fill(1, 2, 3);
            var trialGradient = new TrialGradient<T>(model, draws.Count);
            var map = new MapSolver<T>(model.Generative, Small.Bins).Solve(trial, null, new SolverOptions { Tolerance = 1e-7 });
            new ElboEstimator<T>(model, Small.Bins).Evaluate(map, draws, new ElboOptions { GradientTolerance = 1e-5 }, trialGradient);
            var gradient = new ParameterGradient<T>(model.Parameters.All);
            trialGradient.AddTo(gradient);
            var raw = new double[model.Parameters.RawCount];
            model.Parameters.PullBack(gradient, raw);
            return raw;
        }
    }
}
