using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;
using IlqrVae.Tests.Inference;

namespace IlqrVae.Tests.Control;

/// <summary>Trials whose records are computed again in place of being kept: the same products, the same solutions.</summary>
public sealed class LongTrialTests
{
    /// <summary>Everything is computed again from the first step on.</summary>
    private const int RecordNothing = 1;

    public static TheoryData<string, int> Cases
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var dynamics in DynamicsChoice.All)
            {
                // One bin, one step, whole segments, one bin more, and a remainder.
                foreach (var bins in (int[])[1, 2, 128, 129, 300])
                {
                    data.Add(dynamics, bins);
                }
            }

            return data;
        }
    }

    private static SolverOptions Tight => new() { Tolerance = 1e-12 };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Products_do_not_depend_on_what_is_kept(string dynamics, int bins)
    {
        var (_, model, trial, capacity) = RandomModels.Create<double>(Recipe(dynamics, bins));
        var at = new MapSolver<double>(model.Generative, capacity).Solve(trial, null, new SolverOptions { MaximumIterations = 1 }).Trajectory;

        double[] Multiply(int recordedBins, int likelihoodWindow)
        {
            var problem = new TrialProblem<double>(model.Generative, capacity, likelihoodWindow);
            problem.Bind(trial);
            var adjoint = new AdjointSweep<double>(problem, recordedBins);
            var direction = new TangentRollout<double>(problem, recordedBins);
            var product = new InputVector<double>(capacity, problem.StateCount, problem.InputCount);
            adjoint.Run(problem, at);
            direction.SetBins(bins);
            var random = new CounterRandom(9);
            FillNormal(direction.Direction, ref random);
            direction.Run(problem, at);
            new ExactHessian<double>(problem, recordedBins).Multiply(problem, at, adjoint, direction, product);
            return [.. product.Initial, .. product.Inputs.ToArray()];
        }

        var kept = Multiply(int.MaxValue, capacity);
        Assert.Equal(kept, Multiply(RecordNothing, capacity));
        Assert.All(kept.Zip(Multiply(RecordNothing, 7)), pair => Assert.Equal(pair.First, pair.Second, 1e-12 * (1 + Math.Abs(pair.First))));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Factors_with_gains_in_single_precision_stay_symmetric_and_close(string dynamics, int bins)
    {
        var (_, model, trial, capacity) = RandomModels.Create<double>(Recipe(dynamics, bins));
        var map = new MapSolver<double>(model.Generative, capacity).Solve(trial, null, new SolverOptions());
        var (problem, at) = (map.Problem, map.Trajectory);
        var random = new CounterRandom(4);
        var (left, right) = (Vector(), Vector());
        var whole = new RiccatiFactors<double>(problem);
        var compact = new RiccatiFactors<double>(problem, RecordNothing);
        Assert.True(whole.Factorise(problem, at, 0));
        Assert.True(compact.Factorise(problem, at, 0));
        Assert.Equal(whole.LogDeterminant(bins), compact.LogDeterminant(bins));

        var (ofLeft, squares) = Apply(compact, left);
        var (ofRight, _) = Apply(compact, right);
        Assert.Equal(squares, ofLeft.Dot(left), 1e-11 * squares);
        Assert.Equal(ofLeft.Dot(right), ofRight.Dot(left), 1e-11 * squares);
        var (exact, exactSquares) = Apply(whole, left);
        Assert.Equal(exactSquares, squares, 1e-5 * squares);
        exact.AddScaled(-1, ofLeft);
        Assert.InRange(Math.Sqrt(exact.Dot(exact)), 0, 1e-4 * Math.Sqrt(ofLeft.Dot(ofLeft)));

        InputVector<double> Vector()
        {
            var vector = new InputVector<double>(capacity, problem.StateCount, problem.InputCount);
            vector.SetBins(bins);
            FillNormal(vector, ref random);
            return vector;
        }

        (InputVector<double> Result, double Squares) Apply(RiccatiFactors<double> factors, InputVector<double> r)
        {
            var feedforward = Vector();
            var direction = new TangentRollout<double>(problem);
            var value = factors.SweepBack(problem, at, r, feedforward);
            factors.SweepForward(problem, at, feedforward, 0, direction);
            return (direction.Direction, value);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Solutions_gradients_and_evidence_do_not_depend_on_what_is_kept(string dynamics, int bins)
    {
        var (recipe, model, trial, capacity) = RandomModels.Create<double>(Recipe(dynamics, bins));
        var draws = new PosteriorDraws<double>(2, capacity, recipe.States, recipe.Inputs);
        draws.SetBins(bins);
        draws.Fill(1, 0, 0);

        (ElboResult Result, double[] Values, double LogEvidence) Evaluate(int recordedBins)
        {
            var solver = new MapSolver<double>(model.Generative, capacity, 64, recordedBins);
            var ofTrial = new TrialGradient<double>(model, draws.Count);
            var map = solver.Solve(trial, null, Tight);
            var result = new ElboEstimator<double>(model, capacity, 64).Evaluate(map, draws, new ElboOptions { GradientTolerance = 1e-10 }, ofTrial);
            var gradient = new ParameterGradient<double>(model.Parameters.All);
            ofTrial.AddTo(gradient);
            var posterior = new LaplacePosterior<double>(solver);
            Assert.True(posterior.Prepare(map));
            return (result, [.. model.Parameters.All.SelectMany(parameter => gradient[parameter].ToArray())], posterior.LogEvidence);
        }

        var kept = Evaluate(int.MaxValue);
        var again = Evaluate(RecordNothing);
        Assert.Equal(SolverStatus.Converged, kept.Result.Map.Status);
        Assert.Equal(SolverStatus.Converged, again.Result.Map.Status);
        Assert.Equal(kept.Result.Map.Cost, again.Result.Map.Cost, 1e-10 * Math.Abs(kept.Result.Map.Cost));
        Assert.Equal(kept.Result.Elbo, again.Result.Elbo, 1e-7 * Math.Abs(kept.Result.Elbo));
        Assert.Equal(kept.LogEvidence, again.LogEvidence, 1e-7 * Math.Abs(kept.LogEvidence));
        var scale = kept.Values.Max(Math.Abs);
        Assert.All(kept.Values.Zip(again.Values), pair => Assert.Equal(pair.First, pair.Second, 1e-6 * scale));
    }

    [Fact]
    public void Extreme_problems_end_as_well_without_records()
    {
        var (kept, again) = (0, 0);
        for (var seed = 0UL; seed < 300; seed++)
        {
            var (_, model, trial, capacity) = RandomModels.Create<double>(RandomModels.ExtremeRecipe(seed));
            kept += Converges(new MapSolver<double>(model.Generative, capacity));
            again += Converges(new MapSolver<double>(model.Generative, capacity, 2, RecordNothing));

            int Converges(MapSolver<double> solver)
            {
                var solution = solver.Solve(trial, null, new SolverOptions()).Report;
                Assert.True(!double.IsFinite(solution.InitialCost) || solution.Cost <= solution.InitialCost);
                return solution.Status == SolverStatus.Converged ? 1 : 0;
            }
        }

        Assert.InRange(again, kept - 10, 300);
    }

    [Fact]
    public void The_tape_after_a_solve_is_that_of_its_solution()
    {
        for (var seed = 0UL; seed < 200; seed++)
        {
            var (_, model, trial, capacity) = RandomModels.Create<double>(RandomModels.ExtremeRecipe(seed));
            var map = new MapSolver<double>(model.Generative, capacity).Solve(trial, null, new SolverOptions { MaximumIterations = (int)(seed % 7) });
            if (double.IsFinite(map.Cost))
            {
                var at = map.Trajectory;
                var tape = at.Tape.ToArray();
                IterativeLqr<double>.RollOut(map.Problem, at);
                Assert.Equal(at.Tape.ToArray(), tape);
            }
        }
    }

    [Fact]
    public void A_workspace_for_long_trials_gives_short_ones_the_same_bits()
    {
        var (_, model, trial, capacity) = RandomModels.Create<double>(Recipe(DynamicsChoice.MiniGru, 60));
        var own = new MapSolver<double>(model.Generative, capacity, 60, 60).Solve(trial, null, Tight);
        var large = new MapSolver<double>(model.Generative, 1000, 60, 60).Solve(trial, null, Tight);
        Assert.Equal(own.Report, large.Report);
        Assert.Equal(own.Trajectory.Inputs.ToArray(), large.Trajectory.Inputs.ToArray());
    }

    private static Recipe Recipe(string dynamics, int bins) => new()
    {
        Seed = 17,
        States = 5,
        Inputs = 3,
        Channels = 7,
        Bins = bins,
        SpareBins = 2,
        External = 1,
        Dynamics = dynamics,
        Prior = PriorChoice.Student,
        Readout = ReadoutChoice.SpikesAndValues,
        MissingShare = 0.1,
        WeightScale = 0.7,
        PriorScale = 0.3,
    };

    private static void FillNormal(InputVector<double> vector, ref CounterRandom random)
    {
        for (var i = 0; i < vector.Initial.Length; i++)
        {
            vector.Initial[i] = random.NextNormal();
        }

        for (var t = 0; t < vector.Inputs.Rows; t++)
        {
            for (var j = 0; j < vector.Inputs.Columns; j++)
            {
                vector.Inputs[t, j] = random.NextNormal();
            }
        }
    }
}
