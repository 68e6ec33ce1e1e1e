using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Simulation;
using IlqrVae.Training;
using IlqrVae.Training.Hiding;

namespace IlqrVae.Tests.Training;

public sealed class PredictiveValidationTests
{
    private static readonly GroupSummary[] Summaries =
    [
        Summary("spikes", ChannelKind.Counts, 10), Summary("held-out", ChannelKind.Counts, 3), Summary("velocity", ChannelKind.Values, 2),
    ];

    [Fact]
    public void Every_neuron_is_held_out_once_and_behaviour_every_time()
    {
        var folds = new ValidationFolds(Summaries, [], 4, 7);
        Assert.Equal(4, folds.Count);
        Assert.Equal((1.0, 1.0, 0.25), (folds.Weight(0), folds.Weight(1), folds.Weight(2)));
        var times = new int[15];
        for (var fold = 0; fold < 4; fold++)
        {
            var hidden = Hidden(folds, fold, Summaries, 6);
            for (var (g, at) = (0, 0); g < 3; at += Summaries[g].Group.Channels, g++)
            {
                for (var i = 0; i < Summaries[g].Group.Channels; i++)
                {
                    times[at + i] += hidden.Of(g)[i] ? 1 : 0;
                }
            }

            // No part is without neurons, and none takes them all.
            Assert.InRange(hidden.Of(0).Count(true) / 6, 2, 3);
        }

        Assert.Equal([.. Enumerable.Repeat(1, 13), 4, 4], times);
        Assert.NotEqual(Order(folds), Order(new ValidationFolds(Summaries, [], 4, 8)));
        Assert.Equal(Order(folds), Order(new ValidationFolds(Summaries, [], 4, 7)));

        static IEnumerable<bool> Order(ValidationFolds folds) => [.. Hidden(folds, 0, Summaries, 1).Of(0)];
    }

    [Fact]
    public void Groups_of_a_run_are_hidden_every_time_and_values_alone_are_told_from_each_other()
    {
        var folds = new ValidationFolds(Summaries, ["held-out"], 4, 7);
        Assert.All(Enumerable.Range(0, 4), fold => Assert.False(Hidden(folds, fold, Summaries, 2).Of(1).Contains(false)));
        Assert.Equal(0.25, folds.Weight(1));

        GroupSummary[] values = [Summary("values", ChannelKind.Values, 3)];
        folds = new ValidationFolds(values, [], 4, 7);
        Assert.Equal(3, folds.Count);
        Assert.All(Enumerable.Range(0, 3), fold => Assert.Equal(1, Hidden(folds, fold, values, 1).Of(0).Count(true)));

        // A single channel has nothing to be told from but its past.
        GroupSummary[] one = [Summary("value", ChannelKind.Values, 1)];
        folds = new ValidationFolds(one, [], 4, 7);
        Assert.True(folds.IsForecast);
        Assert.Equal([8, 9], Enumerable.Range(0, 10).Where(t => Hidden(folds, 0, one, 10).Of(0)[t]));
        Assert.Equal(1, Hidden(folds, 0, one, 2).Of(0).Count(true));
    }

    [Fact]
    public void The_loss_is_what_a_hidden_entry_gains()
    {
        var score = new PredictionScore(12, 60, 10, 32, 40);
        Assert.Equal(-(12 - (0.5 * 40 * Math.Log(10.0 / 32))) / 100, score.Loss, 1e-12);
        Assert.Equal(0, score.Constant.Loss);
        Assert.True(score.IsBetterThanConstant);
        Assert.False(new PredictionScore(-12, 60, 17, 40, 50).IsBetterThanConstant);
        Assert.False(new PredictionScore(double.NaN, 60, 10, 40, 40).IsUsable);
        Assert.True(new PredictionScore(-1, 60, 40, 40, 40).IsUsable);
        Assert.False(new PredictionScore(-20, 60, 40, 40, 40).IsUsable);
        Assert.Equal(new PredictionScore(24, 120, 20, 64, 80), score + score);
        Assert.Equal(double.PositiveInfinity, default(PredictionScore).Loss);
    }

    /// <summary>The score against one worked out with recordings in which the same entries are marked missing.</summary>
    [Fact]
    public void A_trial_is_scored_by_what_inference_did_not_see()
    {
        var recording = Simulations.Maze(new MazeOptions { Neurons = 12, HeldOutNeurons = 3, Trials = 6, ValidationTrials = 2, TestTrials = 0, Seed = 4 });
        recording = LearningTrials.Of(recording, 40, 0);
        var generative = ModelBuilder<double>.Build(new ModelSpecification { States = 4, Inputs = 2 }, recording, 5);
        var bins = recording.Trials.Max(trial => trial.Bins);
        var model = new VariationalModel<double>(generative, SharedPosterior<double>.Independent(4, 2, bins, 0.3, 0.3));
        var options = new TrainingOptions { Elbo = new() { Solver = new() { Tolerance = 1e-16 } }, ValidationFolds = 3, ValidationHides = ["held-out"], Seed = 6 };
        var validation = new PredictiveValidation<double>(generative, recording, options);
        var worker = new TrainingWorker<double>(0, model, bins, 1);
        var trial = recording.TrialsOf(TrialSplit.Validation)[1];
        var prepared = new PreparedTrial<double>(generative, recording, trial);
        var score = validation.Score(worker, prepared, new WarmStart<double>(trial.Bins, 4, 2), out _);

        var (gain, counts, squares, constant, values) = (0.0, 0.0, 0.0, 0.0, 0.0);
        var summaries = recording.Groups.Select((group, g) => (group, Statistics: ChannelStatistics.Of(recording, g))).Select(pair => new GroupSummary(pair.group, pair.Statistics.Mean, pair.Statistics.Variance)).ToArray();
        var folds = new ValidationFolds([.. generative.Likelihoods.Select(likelihood => summaries.First(one => one.Group.Name == likelihood.Group))], ["held-out"], 3, 6);
        for (var fold = 0; fold < folds.Count; fold++)
        {
            var hidden = Hidden(folds, fold, [.. generative.Likelihoods.Select(likelihood => summaries.First(one => one.Group.Name == likelihood.Group))], trial.Bins);
            var masks = generative.Likelihoods.Select((likelihood, g) => (likelihood.Group, Mask: hidden.Of(g).ToArray())).ToDictionary(pair => pair.Group, pair => pair.Mask, StringComparer.Ordinal);
            var part = recording with
            {
                Trials = [trial with { Observations = [.. recording.Groups.Select((group, g) => trial.Observations[g].Hide((t, i) => masks[group.Name][(t * group.Channels) + i]))] }],
            };
            var map = new MapSolver<double>(generative, bins).Solve(new PreparedTrial<double>(generative, part, part.Trials[0]), null, options.Elbo.Solver);
            for (var g = 0; g < generative.Likelihoods.Count; g++)
            {
                var likelihood = generative.Likelihoods[g];
                var r = recording.IndexOfGroup(likelihood.Group);
                var activations = Matrix<double>.Allocate(trial.Bins, likelihood.ChannelCount);
                likelihood.Activate(map.Trajectory.States, activations);
                for (var t = 0; t < trial.Bins; t++)
                {
                    for (var i = 0; i < likelihood.ChannelCount; i++)
                    {
                        if (!masks[likelihood.Group][(t * likelihood.ChannelCount) + i])
                        {
                            continue;
                        }

                        var weight = likelihood.Group is "held-out" or "velocity" ? 1.0 / 3 : 1;
                        var (y, a) = (trial.Observations[r][t, i], activations[t, i]);
                        if (likelihood is GaussianLikelihood<double>)
                        {
                            squares += weight * Math.Pow(y - a, 2) / summaries[r].Variance[i];
                            constant += weight * Math.Pow(y - summaries[r].Mean[i], 2) / summaries[r].Variance[i];
                            values += weight;
                        }
                        else
                        {
                            var (mean, rate) = (summaries[r].Mean[i], Math.Exp(a) * recording.BinWidth);
                            gain += weight * ((y * Math.Log(rate)) - rate - ((y * Math.Log(mean)) - mean));
                            counts += weight;
                        }
                    }
                }
            }
        }

        Assert.Equal(counts, score.Counts, 1e-9);
        Assert.Equal(values, score.Values, 1e-9);
        Assert.Equal(gain, score.Gain, 1e-6 * Math.Abs(gain));
        Assert.Equal(squares, score.SquaredError, 1e-6 * squares);
        Assert.Equal(constant, score.ConstantError, 1e-9 * constant);
    }

    private static HiddenEntries Hidden(ValidationFolds folds, int fold, GroupSummary[] groups, int bins)
    {
        var hidden = new HiddenEntries(groups.Select(summary => (summary.Group.Name, summary.Group.Channels)), bins);
        hidden.Begin(bins);
        folds.Mark(fold, hidden);
        return hidden;
    }

    private static GroupSummary Summary(string name, ChannelKind kind, int channels)
        => new(new ChannelGroup(name, kind, channels), [.. Enumerable.Repeat(0.5, channels)], [.. Enumerable.Repeat(1.0, channels)]);
}
