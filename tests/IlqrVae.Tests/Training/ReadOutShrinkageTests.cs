using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Simulation;
using IlqrVae.Training;
using IlqrVae.Training.Hiding;

namespace IlqrVae.Tests.Training;

public sealed class ReadOutShrinkageTests
{
    private static readonly Recording Maze = LearningTrials.Of(
        Simulations.Maze(new MazeOptions { Neurons = 16, HeldOutNeurons = 4, Trials = 8, ValidationTrials = 3, TestTrials = 0, Seed = 2 }), 40, 0);

    private static readonly TrainingOptions Options = new()
    {
        Iterations = 30, BatchSize = 5, ValidationInterval = 10, ValidationScore = LearningObjective.Predictive, Threads = 1, ShrinkReadOuts = true,
        Hide = [new ChannelHiding { Of = ["spikes", "held-out"], Share = 0.3 }],
    };

    /// <summary>Information is minus the expected second derivative of the log likelihood in the row, with the bias at its best.</summary>
    [Theory]
    [InlineData("exp")]
    [InlineData("softplus")]
    public void Information_is_the_curvature_of_the_likelihood(string link)
    {
        var model = Model(link);
        var seen = Solved(model);
        using var crew = new WorkerCrew(2);
        foreach (var (likelihood, index) in model.Generative.Likelihoods.Select((one, index) => (one, index)))
        {
            var evidence = new ReadOutInformation<double>(likelihood, index, Maze.BinWidth).Evidence(seen, 2.5, new double[likelihood.ChannelCount], crew).ToList();
            foreach (var channel in new[] { 0, likelihood.ChannelCount - 1 })
            {
                Assert.Equal(likelihood.Weights.ExactValue.Slice(channel * 3, 3).ToArray(), evidence[channel].Row);
                var expected = Curvature(likelihood, index, channel, seen);
                for (var i = 0; i < 3; i++)
                {
                    for (var j = 0; j < 3; j++)
                    {
                        Assert.Equal(2.5 * expected[i, j], evidence[channel].Information[i, j], 1e-9 * (1 + Math.Abs(expected[i, i])));
                    }
                }
            }
        }
    }

    /// <summary>What the penalty in the loss of a batch amounts to over the whole training set: so many nats for each square of a weight.</summary>
    [Fact]
    public void The_penalty_is_known_as_a_precision()
    {
        var model = Model("exp");
        var penalties = new WeightPenalties<double>(model, Maze, Options with { ReadOutPenalty = 5 });
        var (spikes, velocity) = (model.Generative.Likelihoods[0].Weights, model.Generative.Likelihoods[1].Weights);
        Assert.All(penalties.PrecisionOf(spikes), precision => Assert.Equal(5 * 3, precision, 1e-9));
        var entries = Maze.TrialsOf(TrialSplit.Train).Sum(trial => trial.Observations[Maze.IndexOfGroup("spikes")].ObservedCount + trial.Observations[Maze.IndexOfGroup("velocity")].ObservedCount);
        var gradient = new ParameterGradient<double>(model.Parameters.All);
        penalties.AddGradient(velocity, entries, gradient[velocity]);
        Assert.All(penalties.PrecisionOf(velocity), (precision, row) => Assert.Equal(gradient[velocity][row, 1], precision * velocity.Value[row, 1], 1e-9));
        Assert.Equal([0, 0], new WeightPenalties<double>(model, Maze, Options).PrecisionOf(velocity));
    }

    [Fact]
    public void Channels_are_expected_to_do_as_much_as_before()
    {
        var model = Model("exp");
        var seen = Solved(model);
        using var crew = new WorkerCrew(1);
        var group = new ReadOutInformation<double>(model.Generative.Likelihoods[0], 0, Maze.BinWidth);
        var before = group.Means(seen, crew);
        group.Likelihood.Weights.Set([.. group.Likelihood.Weights.ExactValue.ToArray().Select(value => 0.3 * value)]);
        group.Likelihood.Refresh();
        Assert.Contains(before.Zip(group.Means(seen, crew)), pair => Math.Abs(pair.First.Mean - pair.Second.Mean) > 1e-3 * pair.First.Mean);
        group.KeepMeans(before, seen, crew);
        Assert.All(before.Zip(group.Means(seen, crew)), pair => Assert.Equal(pair.First.Mean, pair.Second.Mean, 1e-9 * pair.First.Mean));
    }

    [Fact]
    public void Training_ends_with_the_better_of_both_and_goes_on_as_if_nothing_had_been_shrunk()
    {
        var (plain, shrinking, threads) = (Train(Options with { ShrinkReadOuts = false }), Train(Options), Train(Options with { Threads = 3 }));
        Assert.Null(plain.State.Shrunk);
        var shrunk = shrinking.State.Shrunk!;
        Assert.Equal(plain.State.BestLoss, shrunk.LossBefore, 1e-4);
        Assert.NotEqual(plain.State.BestRaw, shrunk.Raw);
        Assert.Equal(shrunk.IsBetter ? shrunk.Raw : plain.State.BestRaw, shrinking.State.Kept);
        Assert.Equal(shrunk.IsBetter ? shrunk.Loss : plain.State.BestLoss, shrinking.State.KeptLoss);
        var kept = new double[shrunk.Raw.Length];
        shrinking.Model.Parameters.CopyRawTo(kept);
        Assert.Equal(shrinking.State.Kept, kept);
        Assert.Equal(shrunk.Raw, threads.State.Shrunk!.Raw);
        Assert.Equal(shrunk.Loss, threads.State.Shrunk.Loss);

        // What training would go on from is the same to the bit.
        Assert.Equal(plain.State.Raw, shrinking.State.Raw);
        Assert.Equal(plain.State.BestRaw, shrinking.State.BestRaw);
        Assert.Equal(plain.State.FirstLosses, shrinking.State.FirstLosses);
        Assert.All(plain.State.WarmStarts, pair =>
        {
            Assert.Equal(pair.Value.Values, shrinking.State.WarmStarts[pair.Key].Values);
            Assert.Equal(pair.Value.Variants.Keys, shrinking.State.WarmStarts[pair.Key].Variants.Keys);
            Assert.All(pair.Value.Variants, variant => Assert.Equal(variant.Value.Values, shrinking.State.WarmStarts[pair.Key].Of(variant.Key).Values));
        });
    }

    [Fact]
    public void Weights_of_few_channels_and_of_what_is_frozen_stay()
    {
        double[] Weights(VariationalModel<double> model, double[] raw, string group)
        {
            var weights = model.Generative.Likelihoods.First(one => one.Group == group).Weights;
            return [.. raw.AsSpan(weights.RawOffset, weights.Raw.Length)];
        }

        var (model, state) = Train(Options);
        Assert.NotEqual(Weights(model, state.BestRaw, "spikes"), Weights(model, state.Shrunk!.Raw, "spikes"));
        Assert.NotEqual(Weights(model, state.BestRaw, "held-out"), Weights(model, state.Shrunk.Raw, "held-out"));
        Assert.Equal(Weights(model, state.BestRaw, "velocity"), Weights(model, state.Shrunk.Raw, "velocity"));

        // Four channels alone are too few.
        (_, state) = Train(Options with { Freeze = ["likelihood:spikes"] });
        Assert.Null(state.Shrunk);
        (model, state) = Train(Options with { Freeze = ["likelihood:held-out"] });
        Assert.NotEqual(Weights(model, state.BestRaw, "spikes"), Weights(model, state.Shrunk!.Raw, "spikes"));
        Assert.Equal(Weights(model, state.BestRaw, "held-out"), Weights(model, state.Shrunk.Raw, "held-out"));
    }

    [Fact]
    public void Nothing_is_shrunk_without_validation_or_where_training_was_interrupted()
    {
        Assert.Null(Train(Options with { ValidationInterval = 0 }).State.Shrunk);
        using var stop = new CancellationTokenSource();
        Assert.Null(Train(Options, record => Cancel(record, stop), stop.Token).State.Shrunk);
    }

    private static void Cancel(TrainingRecord record, CancellationTokenSource stop)
    {
        if (record.Iteration == 20)
        {
            stop.Cancel();
        }
    }

    /// <summary>Second differences of the expected loss around the model, whose observations are its own means; the bias taken off by the Schur complement.</summary>
    private static double[,] Curvature(Likelihood<double> likelihood, int index, int channel, List<SeenTrial<double>> seen)
    {
        var sums = new double[4, 4];
        foreach (var trial in seen.Where(one => one.Trial.Observations[index].ObservedCount > 0))
        {
            var row = Matrix<double>.Allocate(3, likelihood.ChannelCount);
            var variance = new double[likelihood.ChannelCount];
            for (var t = 0; t < trial.Trial.Bins; t++)
            {
                if (!trial.Trial.Observations[index].Mask.IsEmpty && trial.Trial.Observations[index].Mask[t, channel] == 0)
                {
                    continue;
                }

                likelihood.Activate(trial.States.RowRange(t, 1), row.RowRange(0, 1));
                likelihood.Mean(row.Row(0), row.Row(1), row.Row(2));
                likelihood.NoiseVariance(row.Row(1), variance);
                var (a, unit) = (row[0, channel], likelihood.MeansAreRates ? Maze.BinWidth : 1);

                // The slope of the mean by a difference of means.
                const double Step = 1e-5;
                double MeanAt(double activation)
                {
                    row.Row(0).Fill(activation);
                    likelihood.Mean(row.Row(0), row.Row(1), row.Row(2));
                    return unit * row[1, channel];
                }

                var slope = (MeanAt(a + Step) - MeanAt(a - Step)) / (2 * Step);
                double[] x = [.. trial.States.Row(t), 1];
                for (var i = 0; i < 4; i++)
                {
                    for (var j = 0; j < 4; j++)
                    {
                        sums[i, j] += slope * slope / variance[channel] * x[i] * x[j];
                    }
                }
            }
        }

        var curvature = new double[3, 3];
        for (var i = 0; i < 3; i++)
        {
            for (var j = 0; j < 3; j++)
            {
                curvature[i, j] = sums[i, j] - (sums[i, 3] * sums[3, j] / sums[3, 3]);
            }
        }

        return curvature;
    }

    private static VariationalModel<double> Model(string link)
    {
        var specification = new ModelSpecification
        {
            States = 3, Inputs = 2,
            Likelihoods = [new PoissonSpecification { Group = "spikes", Link = link == "exp" ? Link.Exponential : Link.Softplus }, new GaussianSpecification { Group = "velocity" }],
        };
        var model = ModelBuilder<double>.Build(specification, Maze, 3);
        return new VariationalModel<double>(model, SharedPosterior<double>.Independent(3, 2, Maze.Trials.Max(trial => trial.Bins), 0.3, 0.3));
    }

    private static List<SeenTrial<double>> Solved(VariationalModel<double> model)
    {
        var solver = new MapSolver<double>(model.Generative, Maze.Trials.Max(trial => trial.Bins));
        return [.. Maze.Trials.Take(4).Select(trial =>
        {
            var map = solver.Solve(new PreparedTrial<double>(model.Generative, Maze, trial), null, new());
            return new SeenTrial<double>(map.Trial, map.Trajectory.States, 3);
        })];
    }

    private static (VariationalModel<double> Model, TrainingState<double> State) Train(TrainingOptions options, Action<TrainingRecord>? told = null, CancellationToken? stop = null)
    {
        var bins = Maze.Trials.Max(trial => trial.Bins);
        var model = new VariationalModel<double>(ModelBuilder<double>.Build(new ModelSpecification { States = 6, Inputs = 2 }, Maze, 3), SharedPosterior<double>.Independent(6, 2, bins, 0.3, 0.3));
        var trainer = new Trainer<double>(model, Maze, options);
        trainer.Run(told, null, stop ?? TestContext.Current.CancellationToken);
        return (model, trainer.State);
    }
}
