using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;

namespace IlqrVae.Tests.Inference;

/// <summary>The exact gradient of the ELBO against differences of it that solve for the MAP inputs anew on either side.</summary>
public sealed class ExactGradientTests
{
    private const double Step = 4e-3;

    /// <summary>
    /// Every kind of dynamics and of read-out with every prior, and each with several of the other, in trials with and without gaps, external inputs and
    /// spare bins.
    /// </summary>
    public static TheoryData<string, string, string> Combinations
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            var (dynamics, readouts) = (DynamicsChoice.All, ReadoutChoice.All);
            foreach (var prior in PriorChoice.All)
            {
                var pairs = Enumerable.Range(0, 2 * dynamics.Count).Select(i => (Dynamics: dynamics[i / 2], Readout: readouts[((5 * i) + i / 2) % readouts.Count]))
                    .Concat(Enumerable.Range(0, 2 * readouts.Count).Select(i => (Dynamics: dynamics[((7 * i) + 3) % dynamics.Count], Readout: readouts[i / 2])));
                foreach (var pair in pairs.Distinct())
                {
                    data.Add(pair.Dynamics, prior, pair.Readout);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public void The_gradient_matches_differences_of_the_elbo(string dynamics, string prior, string readout)
        => AssertGradientMatches(RecipeOf(dynamics, prior, readout));

    /// <summary>What inference did not see is predicted, alone or beside the rest, from what it saw.</summary>
    [Theory]
    [MemberData(nameof(Combinations))]
    public void The_gradient_matches_where_a_part_is_hidden_from_inference(string dynamics, string prior, string readout)
    {
        var recipe = RecipeOf(dynamics, prior, readout) with { Seed = 5000 + RecipeOf(dynamics, prior, readout).Seed };
        var number = (int)(recipe.Seed % 4);
        CountedObservations counted = number switch
        {
            0 => CountedObservations.Hidden,
            1 => CountedObservations.All with { HiddenWeight = 3, ValuesWeight = 0.3 },
            2 => new CountedObservations { VisibleWeight = 0.4, HiddenWeight = 1.7, CountsDivergence = false },
            _ => CountedObservations.All,
        };
        var random = new CounterRandom(recipe.Seed, 5);
        var entries = new Dictionary<string, bool[]>(StringComparer.Ordinal);
        foreach (var likelihood in RandomModels.Create<double>(recipe).Model.Generative.Likelihoods)
        {
            var hidden = new bool[recipe.Bins * likelihood.ChannelCount];
            for (var i = 0; i < hidden.Length; i++)
            {
                hidden[i] = i % likelihood.ChannelCount == 0 || random.NextInt32(4) == 0;
            }

            entries[likelihood.Group] = hidden;
        }

        AssertGradientMatches(recipe, (PriorTerm)(recipe.Seed / 4 % 2), new ObservationSelection { HiddenEntries = entries }, counted);
    }

    private static Recipe RecipeOf(string dynamics, string prior, string readout)
    {
        var variant = (DynamicsChoice.All.ToList().IndexOf(dynamics) * 14) + (PriorChoice.All.ToList().IndexOf(prior) * 7) + ReadoutChoice.All.ToList().IndexOf(readout);
        return new Recipe
        {
            Seed = 1000 + (ulong)variant,
            States = 2 + (variant % 3),
            Inputs = 1 + (variant % 2),
            Channels = 3 + (variant % 3),
            Bins = 3 + (variant % 5),
            SpareBins = variant % 2,
            External = variant % 3 == 0 ? 2 : 0,
            MissingShare = variant % 5 < 2 ? 0.3 : 0,
            Dynamics = dynamics,
            Prior = prior,
            Readout = readout,
            WeightScale = 0.6,
            PriorScale = 0.6,
            ReadoutScale = 0.7,
            NoiseScale = 0.7,
        };
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_gradient_matches_in_trials_of_one_and_two_bins(int bins)
    {
        foreach (var dynamics in DynamicsChoice.All)
        {
            AssertGradientMatches(new Recipe
            {
                Seed = 77 + (ulong)dynamics.Length,
                Bins = bins,
                SpareBins = 2,
                Dynamics = dynamics,
                Prior = PriorChoice.Student,
                Readout = ReadoutChoice.SpikesAndValues,
                WeightScale = 0.6,
                PriorScale = 0.6,
            });
        }
    }

    [Theory]
    [MemberData(nameof(DynamicsChoice.Derived), MemberType = typeof(DynamicsChoice))]
    public void The_gradient_matches_in_autonomous_models_which_have_an_initial_state_and_no_inputs(string dynamics)
    {
        foreach (var prior in PriorChoice.All)
        {
            AssertGradientMatches(new Recipe
            {
                Seed = 90 + (ulong)dynamics.Length,
                Inputs = 0,
                Bins = 5,
                SpareBins = 1,
                External = 1,
                Dynamics = dynamics,
                Prior = prior,
                Readout = ReadoutChoice.SpikesAndValues,
                WeightScale = 0.6,
                PriorScale = 0.6,
            });
        }
    }

    [Fact]
    public void The_gradient_matches_where_everything_is_missing()
        => AssertGradientMatches(new Recipe
        {
            Seed = 5,
            MissingShare = 1,
            Dynamics = DynamicsChoice.MiniGru,
            Prior = PriorChoice.Student,
            Readout = ReadoutChoice.SpikesAndValues,
        });

    private static void AssertGradientMatches(Recipe recipe)
    {
        foreach (var priorTerm in Enum.GetValues<PriorTerm>())
        {
            AssertGradientMatches(recipe, priorTerm);
        }
    }

    private static void AssertGradientMatches(Recipe recipe, PriorTerm priorTerm, ObservationSelection? selection = null, CountedObservations? counted = null)
    {
        var scope = new SolveScope { Selection = selection };

        var options = new ElboOptions
        {
            Solver = new SolverOptions { Tolerance = 1e-22 },
            PriorTerm = priorTerm,
            GradientTolerance = 1e-12,
            MaximumGradientSteps = 200,
        };
        var (_, model, trial, capacity) = RandomModels.Create<double>(recipe);
        var solver = new MapSolver<double>(model.Generative, capacity);
        var estimator = new ElboEstimator<double>(model, capacity);
        var draws = new PosteriorDraws<double>(2, capacity, model.Generative.StateCount, model.Generative.InputCount);
        draws.SetBins(trial.Bins);
        draws.Fill(recipe.Seed, 0, 0);
        var parameters = model.Parameters;
        var trialGradient = new TrialGradient<double>(model, draws.Count);
        var start = new WarmStart<double>(trial.Bins, model.Generative.StateCount, model.Generative.InputCount);
        start.CopyFrom(solver.Solve(trial, null, options.Solver, scope).Trajectory);

        // From a start whose cost is the solution's but for rounding a solve takes no step, since it never returns a cost above its start's: begin further away.
        foreach (ref var value in start.Values.AsSpan())
        {
            value *= 0.9;
        }

        var again = new WarmStart<double>(trial.Bins, model.Generative.StateCount, model.Generative.InputCount);
        var map = Polished();
        var result = estimator.Evaluate(map, draws, options, trialGradient, counted);
        var gradient = new ParameterGradient<double>(parameters.All);
        trialGradient.AddTo(gradient);
        Assert.Equal(SolverStatus.Converged, result.Map.Status);
        Assert.False(result.FellBack, "the Hessian at the MAP inputs is not positive definite; draw a calmer model");
        var exact = new double[parameters.RawCount];
        parameters.PullBack(gradient, exact);

        var raw = new double[parameters.RawCount];
        parameters.CopyRawTo(raw);
        var random = new CounterRandom(recipe.Seed, 9);
        foreach (var parameter in parameters.All.Where(parameter => parameter.Raw.Length > 0))
        {
            var block = exact.AsSpan(parameter.RawOffset, parameter.Raw.Length).ToArray();
            var allowed = (1e-5 * Norm(block)) + (1e-13 * Math.Max(1, Math.Abs(result.Elbo)) / Step);
            for (var k = 0; k < 3; k++)
            {
                var direction = k < 2 ? RandomDirection(block.Length, ref random) : Coordinate(block.Length, ref random);
                var expected = -Slope(direction, parameter);
                var actual = direction.Zip(block, (d, g) => d * g).Sum();
                Assert.True(
                    Math.Abs(actual - expected) <= allowed,
                    $"{parameter.Name}: slope {actual:R} where differences give {expected:R} ({Math.Abs(actual - expected) / Norm(block):G2} of |gradient| = {Norm(block):G3})");
            }
        }

        // A solve ends where rounding hides what is left; from there one more takes steps with fresh factors, to the last digits.
        MapSolution<double> Polished()
        {
            again.CopyFrom(solver.Solve(trial, start, options.Solver, scope).Trajectory);
            return solver.Solve(trial, again, options.Solver, scope);
        }

        // Sixth-order central differences.
        double Slope(double[] direction, Parameter<double> parameter)
        {
            double ElboAt(double length)
            {
                var moved = raw.ToArray();
                for (var i = 0; i < direction.Length; i++)
                {
                    moved[parameter.RawOffset + i] += length * direction[i];
                }

                model.SetRaw(moved);
                var there = estimator.Evaluate(Polished(), draws, options, null, counted);
                Assert.Equal(SolverStatus.Converged, there.Map.Status);
                return there.Elbo;
            }

            double Across(double length) => ElboAt(length) - ElboAt(-length);
            var slope = ((45 * Across(Step)) - (9 * Across(2 * Step)) + Across(3 * Step)) / (60 * Step);
            model.SetRaw(raw);
            return slope;
        }
    }

    private static double Norm(double[] vector) => Math.Sqrt(vector.Sum(x => x * x));

    private static double[] RandomDirection(int length, ref CounterRandom random)
    {
        var direction = new double[length];
        random.FillNormal(direction);
        var norm = Norm(direction);
        return [.. direction.Select(x => x / norm)];
    }

    private static double[] Coordinate(int length, ref CounterRandom random)
    {
        var direction = new double[length];
        direction[random.NextInt32(length)] = 1;
        return direction;
    }
}
