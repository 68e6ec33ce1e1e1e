using IlqrVae.Control;
using IlqrVae.Inference;

namespace IlqrVae.Tests.Inference;

public sealed class ExternalInputTests
{
    /// <summary>z_{t+1} = f(z_t, u_t, x_t): the external inputs of bin t drive the step into bin t + 1.</summary>
    [Theory]
    [MemberData(nameof(DynamicsChoice.Derived), MemberType = typeof(DynamicsChoice))]
    public void A_pulse_in_one_bin_moves_the_state_of_the_next_and_none_before(string dynamics)
    {
        const int Bins = 9;
        var (_, model, trial, capacity) = RandomModels.Create<double>(new Recipe { Seed = 5, Bins = Bins, External = 2, Dynamics = dynamics, Readout = ReadoutChoice.Gaussian });
        var problem = new TrialProblem<double>(model.Generative, capacity);
        problem.Bind(trial);
        var trajectory = new Trajectory<double>(capacity, 3, 2, problem.TapeLength);
        trajectory.SetBins(Bins);
        trajectory.ClearInputs();
        trajectory.States.Row(0).Fill(0.3);
        IterativeLqr<double>.RollOut(problem, trajectory);
        var before = trajectory.States.ToArray();
        for (var pulse = 0; pulse < Bins; pulse++)
        {
            var without = trial.External[pulse, 1];
            trial.External[pulse, 1] = without + 0.5;
            IterativeLqr<double>.RollOut(problem, trajectory);
            trial.External[pulse, 1] = without;
            var after = trajectory.States.ToArray();
            for (var t = 0; t < Bins; t++)
            {
                // The last bin's external inputs drive nothing.
                Assert.Equal(t > pulse, !before.AsSpan(t * 3, 3).SequenceEqual(after.AsSpan(t * 3, 3)));
            }
        }
    }
}
