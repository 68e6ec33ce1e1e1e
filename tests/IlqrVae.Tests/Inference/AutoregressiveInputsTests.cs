using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models.Dynamics;

namespace IlqrVae.Tests.Inference;

/// <summary>Inputs that go on from bin to bin, against their recursion and that of a linear system written out.</summary>
public sealed class AutoregressiveInputsTests
{
    [Fact]
    public void Inputs_go_on_by_their_coefficients_and_move_the_system_in_the_bin_they_are_of()
    {
        const int States = 3, Inputs = 2, Bins = 9;
        var (_, model, trial, capacity) = RandomModels.Create<double>(new Recipe { Seed = 11, States = States, Inputs = Inputs, Bins = Bins, Prior = "gaussian+autoregressive" });
        var generative = model.Generative;
        var autoregression = Assert.IsType<AutoregressiveInputs<double>>(generative.Dynamics);
        var solution = new MapSolver<double>(generative, capacity).Solve(trial, null, new SolverOptions());
        var map = solution.Trajectory;
        var inputs = autoregression.InputsAlong(map.States);
        var effects = new OpenLoopPrediction<double>(generative).InputEffects(solution);
        var coefficient = autoregression.Coefficient.ExactValue;
        var a = autoregression.System.Parameters.Single(one => one.Name == "dynamics.A").ExactValue.ToArray();
        var b = autoregression.System.Parameters.Single(one => one.Name == "dynamics.B").ExactValue.ToArray();
        Assert.Equal((Bins, Inputs), (inputs.Bins, inputs.Columns));
        Assert.Equal((Bins, States), (effects.Bins, effects.Columns));
        Assert.Equal([0, 0], inputs.Row(Bins - 1).ToArray());
        Assert.NotEqual(0, inputs[0, 0]);
        for (var t = 0; t < Bins - 1; t++)
        {
            for (var j = 0; j < Inputs; j++)
            {
                // Before the first bin the inputs are those of the initial state.
                var before = t == 0 ? map.States[0, States + j] : inputs[t - 1, j];
                Assert.Equal((coefficient[j] * before) + map.Inputs[t, j], inputs[t, j], 1e-13);
            }

            for (var i = 0; i < States; i++)
            {
                var moved = Enumerable.Range(0, Inputs).Sum(j => b[(i * Inputs) + j] * inputs[t, j]);
                var kept = Enumerable.Range(0, States).Sum(j => a[(i * States) + j] * map.States[t, j]);
                Assert.Equal(moved, effects[t, i], 1e-12);
                Assert.Equal(kept + moved, map.States[t + 1, i], 1e-12);
            }
        }
    }
}
