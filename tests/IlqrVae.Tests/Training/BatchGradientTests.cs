using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Simulation;
using IlqrVae.Training;
using IlqrVae.Training.Processes;

namespace IlqrVae.Tests.Training;

public sealed class BatchGradientTests
{
    private const int States = 4;
    private const int Bins = 12;

    private readonly Recording _recording = Simulations.Lorenz(LorenzOptions.Spiking with { Channels = 10, Trials = 5, ValidationTrials = 1, TestTrials = 0, Bins = Bins });
    private readonly VariationalModel<double> _model;
    private readonly TrainingOptions _options = new() { Threads = 1, Elbo = new() { Solver = new() { Tolerance = 1e-12 }, GradientTolerance = 1e-10 } };

    public BatchGradientTests() => _model = new(
        ModelBuilder<double>.Build(new ModelSpecification { States = States, Inputs = 2 }, _recording, 1), SharedPosterior<double>.Independent(States, 2, Bins, 0.3, 0.3));

    /// <summary>Every trial bounded at ten times what is usual, L_t with the others, and summed.</summary>
    [Theory]
    [InlineData(1e9, 0)]
    [InlineData(1e-3, 3)]
    public void The_sum_is_that_of_the_trials_each_bounded_by_itself(double usual, int bounded)
    {
        int[] batch = [3, 0, 4];
        var state = State(usual);
        using var crew = new WorkerCrew(1);
        var gradient = Gradient(out var trials);
        var outcome = gradient.Compute(batch, state, crew);
        Assert.Equal(bounded, outcome.Bounded);
        Assert.Equal(3 * Bins * 10, outcome.Entries);

        var expected = new double[_model.Parameters.RawCount];
        var raw = new double[expected.Length];
        for (var i = 0; i < batch.Length; i++)
        {
            var draws = new PosteriorDraws<double>(1, Bins, States, 2);
            draws.Fill(_options.Seed, RandomStreams.Training(state.Iteration + 1), (ulong)batch[i]);
            var one = new TrialGradient<double>(_model, 1);
            var map = new MapSolver<double>(_model.Generative, Bins).Solve(trials.Training[batch[i]], null, _options.Elbo.Solver);
            Assert.Equal(new ElboEstimator<double>(_model, Bins).Evaluate(map, draws, _options.Elbo, one), outcome.Trials[i].Result);
            var total = new ParameterGradient<double>(_model.Parameters.All);
            one.AddTo(total);
            var norm = Math.Sqrt(total.SumOfSquares()) / (Bins * 10);
            Assert.Equal(norm, outcome.Trials[i].GradientNorm, 1e-9 * norm);
            var weight = Math.Min(1, 10 * usual / norm);
            _model.Parameters.PullBack(total, raw);
            for (var j = 0; j < raw.Length; j++)
            {
                expected[j] += weight * raw[j];
            }

            // One that was bounded is searched for anew; of the others the solution is the next start.
            var start = state.WarmStarts[trials.Training[batch[i]].Name];
            Assert.Equal(bounded > 0, start.IsLost);
            Assert.Equal(map.Trajectory.Inputs[0, 0], start.Values[States], 1e-12);
        }

        _model.Parameters.PullBack(gradient.Sum, raw);
        var scale = expected.Max(Math.Abs);
        Assert.All(expected.Zip(raw), pair => Assert.Equal(pair.First, pair.Second, 1e-10 * scale));
        Assert.All(trials.Training.Where((_, i) => !batch.Contains(i)), trial => Assert.False(state.WarmStarts[trial.Name].IsLost));
    }

    [Fact]
    public void What_is_usual_is_the_median_of_the_first_batch_and_then_follows_slowly()
    {
        var state = State(0);
        using var crew = new WorkerCrew(1);
        var outcome = Gradient(out _).Compute([0, 1, 2], state, crew);
        var median = outcome.Trials.Select(trial => trial.GradientNorm).Order().ElementAt(1);
        Assert.Equal(median, state.UsualGradientNorm, 1e-12 * median);

        // The same batch against a usual norm half as large: a twentieth of the way, in logarithms.
        state.UsualGradientNorm = median / 2;
        Gradient(out _).Compute([0, 1, 2], state, crew);
        Assert.Equal(median / 2 * Math.Pow(2, 0.05), state.UsualGradientNorm, 1e-6 * median);
    }

    [Fact]
    public void A_trial_whose_numbers_overflow_is_left_out()
    {
        var state = State(1e9);
        using var crew = new WorkerCrew(1);
        var gradient = Gradient(out var trials);
        gradient.Compute([1, 2], state, crew);
        var expected = Raw(gradient.Sum);

        // An infinite value overflows the cost whatever the inputs; the others' sum is as without it.
        trials.Training[0].Observations[0].Values[3, 2] = double.NaN;
        var outcome = gradient.Compute([1, 0, 2], state, crew);
        Assert.Equal(1, outcome.Bounded);
        Assert.True(double.IsNaN(outcome.Trials[1].GradientNorm));
        Assert.True(state.WarmStarts[trials.Training[0].Name].IsLost);
        var scale = expected.Max(Math.Abs);
        Assert.All(expected.Zip(Raw(gradient.Sum)), pair => Assert.Equal(pair.First, pair.Second, 1e-6 * scale));
    }

    /// <summary>The minimum is better than what a search finds with no iterations in its last solves, and that is better than a start far away.</summary>
    [Fact]
    public void A_lost_start_is_searched_for_and_the_better_of_both_is_kept()
    {
        var few = _options with { Elbo = _options.Elbo with { Solver = new() { MaximumIterations = 0 } } };
        var trials = new TrainingTrials<double>(_model, _recording, few);
        var trial = trials.Training[0];
        var solver = new MapSolver<double>(_model.Generative, Bins);
        var best = solver.Solve(trial, null, _options.Elbo.Solver);
        var found = new MapSearch<double>(new MapSolver<double>(_model.Generative, Bins)).Run(trial, few.Elbo.Solver);
        Assert.True(found.Cost > best.Cost + 1e-6, $"{found.Cost} {best.Cost}");
        var start = new WarmStart<double>(Bins, States, 2);
        start.CopyFrom(best.Trajectory);
        Assert.Equal(best.Cost, InitialCostAfterLoss(start), 1e-9);

        start.Values.AsSpan().Fill(5);
        Assert.True(solver.Solve(trial, start, few.Elbo.Solver).Cost > found.Cost + 1);
        Assert.Equal(found.Cost, InitialCostAfterLoss(start), 1e-9);

        double InitialCostAfterLoss(WarmStart<double> start)
        {
            start.IsLost = true;
            var worker = new TrainingWorker<double>(0, _model, Bins, 1);
            var result = new TrialObjective<double>(few).Score(worker, trial, start, LearningObjective.Elbo, 1, 0);
            Assert.False(start.IsLost);
            return result.Map.InitialCost;
        }
    }

    private BatchGradient<double> Gradient(out TrainingTrials<double> trials)
    {
        trials = new TrainingTrials<double>(_model, _recording, _options);
        return new BatchGradient<double>(_model, trials, 3, _options, [new(0, _model, Bins, 1)], new SharedWork<double>(new OneProcess()));
    }

    private TrainingState<double> State(double usual)
    {
        var state = new Trainer<double>(_model, _recording, _options).State;
        state.UsualGradientNorm = usual;
        return state;
    }

    private double[] Raw(ParameterGradient<double> gradient)
    {
        var raw = new double[_model.Parameters.RawCount];
        _model.Parameters.PullBack(gradient, raw);
        return raw;
    }
}
