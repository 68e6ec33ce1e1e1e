using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models.Parameters;

namespace IlqrVae.Tests.Inference;

/// <summary>Trials longer than what a likelihood keeps: computing terms again gives what keeping them does.</summary>
public sealed class LikelihoodWindowTests
{
    public static TheoryData<string, int> Cases
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var readout in ReadoutChoice.All)
            {
                data.Add(readout, 1);
                data.Add(readout, 7);
                data.Add(readout, 80);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Solutions_and_gradients_do_not_depend_on_the_window(string readout, int window)
    {
        var (recipe, model, trial, capacity) = RandomModels.Create<double>(new Recipe
        {
            Seed = 31,
            Bins = 150,
            SpareBins = 3,
            Dynamics = DynamicsChoice.MiniGru,
            Prior = PriorChoice.Student,
            Readout = readout,
            MissingShare = 0.2,
            PriorScale = 0.3,
        });
        var draws = new PosteriorDraws<double>(2, capacity, recipe.States, recipe.Inputs);
        draws.SetBins(trial.Bins);
        draws.Fill(1, 0, 0);

        (ElboResult Result, double[] Values, double LogEvidence) Evaluate(MapSolver<double> solver, ElboEstimator<double> estimator)
        {
            var trialGradient = new TrialGradient<double>(model, draws.Count);
            var map = solver.Solve(trial, null, new SolverOptions { Tolerance = 1e-12 });
            var result = estimator.Evaluate(map, draws, new ElboOptions { GradientTolerance = 1e-10 }, trialGradient);
            var gradient = new ParameterGradient<double>(model.Parameters.All);
            trialGradient.AddTo(gradient);
            var posterior = new LaplacePosterior<double>(solver);
            Assert.True(posterior.Prepare(map));
            return (result, [.. model.Parameters.All.SelectMany(parameter => gradient[parameter].ToArray())], posterior.LogEvidence);
        }

        var whole = Evaluate(new MapSolver<double>(model.Generative, capacity), new ElboEstimator<double>(model, capacity));
        var cut = Evaluate(new MapSolver<double>(model.Generative, capacity, window), new ElboEstimator<double>(model, capacity, window));
        Assert.Equal(SolverStatus.Converged, whole.Result.Map.Status);
        Assert.False(whole.Result.FellBack);
        Assert.Equal(whole.Result.Elbo, cut.Result.Elbo, 1e-9 * Math.Abs(whole.Result.Elbo));
        Assert.Equal(whole.LogEvidence, cut.LogEvidence, 1e-9 * Math.Abs(whole.LogEvidence));
        var scale = whole.Values.Max(Math.Abs);
        Assert.All(whole.Values.Zip(cut.Values), pair => Assert.Equal(pair.First, pair.Second, 1e-8 * scale));
    }
}
