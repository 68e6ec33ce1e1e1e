using IlqrVae.Benchmarking;
using IlqrVae.Control;
using IlqrVae.Inference;

namespace IlqrVae.Tests.Inference;

public sealed class AnnealedSolveTests
{
    private static readonly SolverOptions Tight = new() { Tolerance = 1e-16 };

    public static TheoryData<string> Names => Fixture.Names;

    [Fact]
    public void A_quarter_of_a_gaussian_prior_is_the_prior_of_inputs_twice_as_large()
    {
        var weighted = Fixture.Load("linear_gaussian");
        var estimator = new ElboEstimator<double>(weighted.Model, weighted.Bins);
        estimator.Problem.InputPriorWeight = 0.25;
        estimator.SolveMap(weighted.Trial, null, Tight);

        var scaled = Fixture.Load("linear_gaussian");
        var scale = scaled.Parameters["log_s"];
        scale.Set([.. scale.ExactValue.ToArray().Select(s => 2 * s)]);
        var other = new ElboEstimator<double>(scaled.Model, scaled.Bins);
        other.SolveMap(scaled.Trial, null, Tight);

        foreach (var (a, b) in estimator.Solver.Current.Inputs.ToArray().Zip(other.Solver.Current.Inputs.ToArray()))
        {
            Assert.Equal(b, a, 8);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Problems_with_one_minimum_end_there(string name)
    {
        var fixture = Fixture.Load(name);
        var estimator = new ElboEstimator<double>(fixture.Model, fixture.Bins);
        var solution = new AnnealedSolve<double>(estimator).Run(fixture.Trial, Tight);
        Assert.Equal(SolverStatus.Converged, solution.Status);
        Assert.Equal(fixture.ExpectedNumber("objective"), solution.Cost, 1e-8);
        Assert.Equal(1, estimator.Problem.InputPriorWeight);
    }

    [Fact]
    public void It_never_ends_above_the_solve_from_rest()
    {
        var benchmark = new BenchmarkCase("small", 8, 2, 20, 60, IsLinear: false, IsStudent: true, IsSpikes: true);
        var model = benchmark.CreateModel<double>(5);
        var recording = benchmark.CreateRecording(model, 8, 6);
        var estimator = new ElboEstimator<double>(model, benchmark.Bins);
        var annealed = new AnnealedSolve<double>(estimator);
        foreach (var trial in recording.Trials.Select(trial => new PreparedTrial<double>(model.Generative, recording, trial)))
        {
            var rest = estimator.SolveMap(trial, null, new SolverOptions());
            var better = annealed.Run(trial, new SolverOptions());
            Assert.True(better.Cost <= rest.Cost + 1e-6, $"{better} {rest}");
            Assert.Equal(better.Cost, estimator.Solver.Current.Cost);
        }
    }
}
