using IlqrVae.Benchmarking.SelfTest;
using IlqrVae.Benchmarking;
using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Models.Dynamics.Custom;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Parameters;
using IlqrVae.Models.Priors;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Tests.Inference;

public sealed class MapSearchTests
{
    private static readonly SolverOptions Tight = new() { Tolerance = 1e-16 };

    public static TheoryData<string> Names => [.. Fixture.Names];

    [Fact]
    public void A_quarter_of_a_gaussian_prior_is_the_prior_of_inputs_twice_as_large()
    {
        var weighted = Fixture.Load("linear_gaussian");
        var solver = new MapSolver<double>(weighted.Model.Generative, weighted.Bins);
        solver.Solve(weighted.Trial, null, Tight, new SolveScope { InputPriorWeight = 0.25 });

        var scaled = Fixture.Load("linear_gaussian");
        var scale = scaled.Parameters["log_s"];
        scale.Set([.. scale.ExactValue.ToArray().Select(s => 2 * s)]);
        var other = new MapSolver<double>(scaled.Model.Generative, scaled.Bins);
        other.Solve(scaled.Trial, null, Tight);

        foreach (var (a, b) in solver.Workspace.Current.Inputs.ToArray().Zip(other.Workspace.Current.Inputs.ToArray()))
        {
            Assert.Equal(b, a, 8);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Problems_with_one_minimum_end_there(string name)
    {
        var fixture = Fixture.Load(name);
        var solver = new MapSolver<double>(fixture.Model.Generative, fixture.Bins);
        var solution = new MapSearch<double>(solver).Run(fixture.Trial, Tight);
        Assert.Equal(SolverStatus.Converged, solution.Status);
        Assert.Equal(fixture.ExpectedNumber("objective"), solution.Cost, 1e-8);
        Assert.True(solution.IsCurrent);
        Assert.Equal(solution.Cost, solver.Problem.Cost(solution.Trajectory), 1e-12);
    }

    [Fact]
    public void It_never_ends_above_the_solve_from_rest()
    {
        var benchmark = new BenchmarkCase("small", 8, 2, 20, 60, IsLinear: false, IsStudent: true, IsSpikes: true);
        var model = benchmark.CreateModel<double>(5);
        var recording = benchmark.CreateRecording(model, 8, 6);
        var solver = new MapSolver<double>(model.Generative, benchmark.Bins);
        var search = new MapSearch<double>(solver);
        foreach (var trial in recording.Trials.Select(trial => new PreparedTrial<double>(model.Generative, recording, trial)))
        {
            var rest = solver.Solve(trial, null, new SolverOptions());
            var better = search.Run(trial, new SolverOptions());
            Assert.True(better.Cost <= rest.Cost + 1e-6, $"{better.Report} {rest.Report}");
            Assert.Equal(better.Cost, better.Trajectory.Cost);
        }
    }

    /// <summary>Chaotic dynamics, three seconds of sparse spikes, hardly any inputs: the hardest case, whose best minimum is near the truth.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void In_chaos_it_does_as_well_as_a_solve_from_the_truth(bool isFolded)
    {
        const int Bins = 300;
        var n = isFolded ? 5 : 3;
        var random = new CounterRandom(3, 0);
        var weights = new double[20 * n];
        foreach (ref var weight in weights.AsSpan())
        {
            weight = 0.6 * random.NextNormal();
        }

        double[] offsets = [.. Enumerable.Repeat(1.5, 20)];
        if (isFolded)
        {
            // The state that folds is not seen itself, and what is seen of it is gentle.
            for (var i = 0; i < 20; i++)
            {
                weights[(i * n) + 3] = 0;
                weights[(i * n) + 4] *= 0.3;
            }
        }

        var likelihood = new PoissonLikelihood<double>(
            "spikes",
            new Parameter<double>("C", 20, n, Constraint.Free, weights),
            new Parameter<double>("d", 1, 20, Constraint.Free, offsets),
            Link.Exponential,
            0.01);
        var model = new GenerativeModel<double>(
            new CustomDynamics<double, LorenzDefinition>(new LorenzDefinition(isFolded)),
            new GaussianPrior<double>(new Parameter<double>("initial", 1, n, Constraint.Positive, isFolded ? [2, 2, 3, 3, 1] : [2, 2, 3])),
            new GaussianPrior<double>(new Parameter<double>("inputs", 1, 3, Constraint.Positive, [1e-3, 1e-3, 1e-3])),
            [likelihood]);
        var solver = new MapSolver<double>(model, Bins);
        var search = new MapSearch<double>(solver);
        var (poor, trials) = (0, 6);
        for (var k = 0; k < trials; k++)
        {
            var (trial, truth) = Simulate(likelihood, Bins, ref random);
            var recording = new Recording { BinWidth = 0.01, Groups = [new ChannelGroup("spikes", ChannelKind.Counts, 20, "")], Trials = [trial] };
            var prepared = new PreparedTrial<double>(model, recording, trial);
            var options = new SolverOptions { MaximumIterations = 300 };
            var fromTruth = solver.Solve(prepared, truth, options);
            poor += solver.Solve(prepared, null, options).Cost > fromTruth.Cost + 10 ? 1 : 0;
            var found = search.Run(prepared, options);
            Assert.True(found.Cost < fromTruth.Cost + 1, $"trial {k}: {found.Cost}, from the truth {fromTruth.Cost}");
        }

        Assert.True(poor >= 2, $"solves from rest fail in {poor} of {trials}: the case is not hard");
    }

    private static unsafe (Trial Trial, WarmStart<double> Truth) Simulate(PoissonLikelihood<double> likelihood, int bins, ref CounterRandom random)
    {
        var n = likelihood.StateCount;
        var truth = new WarmStart<double>(bins, n, 3);
        var states = Matrix<double>.Allocate(bins, n);
        double[] state = [random.NextNormal(), random.NextNormal(), 2.5];
        for (var t = -500; t < bins; t++)
        {
            if (t >= 0)
            {
                state.CopyTo(states.Row(t));
                if (n == 5)
                {
                    // Several crests away from zero.
                    const double A = 4.75;
                    states[t, 3] = A;
                    states[t, 4] = t == 0 ? 0 : A + (2 * Math.Sin(8 * A));
                }
            }

            var (x, y, z) = (state[0], state[1], state[2]);
            state = [x + (0.1 * (y - x)), y + (0.01 * ((x * (28 - (10 * z))) - y)), z + (0.01 * ((10 * x * y) - (8.0 / 3 * z)))];
        }

        states.Row(0).CopyTo(truth.Values);
        var activations = Matrix<double>.Allocate(bins, 20);
        likelihood.Activate(states, activations);
        var counts = new double[bins * 20];
        Span<double> mean = stackalloc double[20];
        Span<double> slope = stackalloc double[20];
        for (var t = 0; t < bins; t++)
        {
            likelihood.Mean(activations.Row(t), mean, slope);
            likelihood.Sample(ref random, mean, counts.AsSpan(t * 20, 20));
        }

        return (new Trial { Name = "lorenz", Bins = bins, Observations = [Observations.FromCounts(new Table(bins, 20, counts))] }, truth);
    }
}
