using IlqrVae.Control;
using IlqrVae.Inference;

namespace IlqrVae.Tests.Inference;

/// <summary>Predictions against roll-outs one at a time.</summary>
public sealed class OpenLoopPredictionTests
{
    [Theory]
    [InlineData(DynamicsChoice.LinearFree, 0)]
    [InlineData(DynamicsChoice.MiniGru, 2)]
    public void Predictions_are_roll_outs_without_inputs(string dynamics, int external)
    {
        var (recipe, model, trial, capacity) = RandomModels.Create<double>(new Recipe
        {
            Seed = 6, States = 3, Inputs = 2, Bins = 9, External = external, Dynamics = dynamics, Readout = ReadoutChoice.SpikesAndValues,
        });
        var solver = new MapSolver<double>(model.Generative, capacity);
        var solution = solver.Solve(trial, null, new SolverOptions());
        var map = solution.Trajectory;
        var openLoop = new OpenLoopPrediction<double>(model.Generative);
        var predictions = openLoop.Predict(solution, [4, 1, 20]);

        // What inputs do is what a prediction of one step lacks.
        var effects = openLoop.InputEffects(solution);
        Assert.Equal([0, 0, 0], effects.Row(recipe.Bins - 1).ToArray());
        for (var t = 0; t < recipe.Bins - 1; t++)
        {
            for (var i = 0; i < recipe.States; i++)
            {
                Assert.Equal(map.States[t + 1, i] - predictions[1].States[t, i], effects[t, i], 1e-15);
            }
        }

        Assert.Equal([4, 1, 20], predictions.Select(one => one.Steps));
        Assert.Equal([5, 8, 0], predictions.Select(one => one.States.Bins));
        var naive = new Trajectory<double>(recipe.Bins, recipe.States, recipe.Inputs, solver.Problem.TapeLength);
        foreach (var prediction in predictions.Take(2))
        {
            for (var t = 0; t < prediction.States.Bins; t++)
            {
                // All of the trial again, with the MAP inputs up to the step into bin t and none after.
                naive.ClearInputs();
                map.States.Row(0).CopyTo(naive.States.Row(0));
                for (var s = 0; s < t; s++)
                {
                    map.Inputs.Row(s).CopyTo(naive.Inputs.Row(s));
                }

                IterativeLqr<double>.RollOut(solver.Problem, naive);
                var expected = naive.States.Row(t + prediction.Steps).ToArray();
                Assert.Equal(expected, prediction.States.Row(t).ToArray(), (a, b) => Math.Abs(a - b) < 1e-12);

                var likelihood = model.Generative.Likelihoods[1];
                var mean = Enumerable.Range(0, likelihood.ChannelCount).Select(i =>
                    likelihood.Bias.ExactValue[i] + expected.Select((z, j) => likelihood.Weights.ExactValue[(i * recipe.States) + j] * z).Sum()).ToArray();
                Assert.Equal(mean, prediction.Means[1].Row(t).ToArray(), (a, b) => Math.Abs(a - b) < 1e-10);
            }
        }
    }

    [Fact]
    public void A_trial_that_follows_autonomous_dynamics_is_predicted_exactly()
    {
        var (_, model, trial, capacity) = RandomModels.Create<double>(new Recipe
        {
            Seed = 2, States = 4, Inputs = 1, Bins = 12, Dynamics = DynamicsChoice.MiniGru, Readout = ReadoutChoice.Gaussian,
        });
        var solver = new MapSolver<double>(model.Generative, capacity);
        solver.Problem.Bind(trial);
        var free = solver.Workspace.Current;
        free.SetBins(12);
        free.ClearInputs();
        free.States.Row(0).Fill(0.7);
        IterativeLqr<double>.RollOut(solver.Problem, free);
        var prediction = new OpenLoopPrediction<double>(model.Generative).Predict(solver.Problem, free, [5])[0];
        for (var t = 0; t < 7; t++)
        {
            Assert.Equal(free.States.Row(t + 5).ToArray(), prediction.States.Row(t).ToArray(), (a, b) => Math.Abs(a - b) < 1e-14);
        }
    }
}
