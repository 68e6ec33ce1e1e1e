using IlqrVae.Benchmarking.SelfTest;
using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models.Parameters;

namespace IlqrVae.Tests.Inference;

/// <summary>Everything the inference computes, against a dense computation of the same quantities.</summary>
public sealed class FixtureTests
{
    private static readonly ElboOptions Options = new()
    {
        Solver = new SolverOptions { Tolerance = 1e-18 },
        PriorTerm = PriorTerm.Sampled,
        GradientTolerance = 1e-11,
    };

    public static TheoryData<string> Names => [.. Fixture.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Map_inputs_and_states_and_objective_match(string name)
    {
        var fixture = Fixture.Load(name);
        var solution = new MapSolver<double>(fixture.Model.Generative, fixture.Bins).Solve(fixture.Trial, null, Options.Solver);

        Assert.Equal(SolverStatus.Converged, solution.Status);
        var at = solution.Trajectory;
        AssertClose(fixture.Expected("u_init"), at.States.RowRange(0, 1).ToArray(), 1e-6);
        AssertClose(fixture.Expected("u"), at.Inputs.ToArray(), 1e-6);
        AssertClose(fixture.Expected("z"), at.States.ToArray(), 1e-6);
        AssertRelative(fixture.ExpectedNumber("objective"), solution.Cost, 1e-9);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Elbo_and_every_gradient_match(string name)
    {
        var fixture = Fixture.Load(name);
        var estimator = new ElboEstimator<double>(fixture.Model, fixture.Bins);
        var trialGradient = new TrialGradient<double>(fixture.Model, fixture.Draws.Count);
        var map = new MapSolver<double>(fixture.Model.Generative, fixture.Bins).Solve(fixture.Trial, null, Options.Solver);
        var result = estimator.Evaluate(map, fixture.Draws, Options, trialGradient);
        var gradient = new ParameterGradient<double>(fixture.Model.Parameters.All);
        trialGradient.AddTo(gradient);

        AssertRelative(fixture.ExpectedNumber("elbo"), result.Elbo, 1e-9);
        Assert.False(result.FellBack);

        // The loss is -ELBO.
        var toInputs = estimator.LossGradient;
        AssertVector(fixture.Expected("elbo_gradient_wrt_inputs"), [.. Concatenate(toInputs).Select(x => -x)], 1e-6);
        AssertVector(fixture.Expected("hessian_solve"), Concatenate(map.Workspace.ConjugateGradients.Solution), 1e-6);
        var raw = new double[fixture.Model.Parameters.RawCount];
        fixture.Model.Parameters.PullBack(gradient, raw);
        foreach (var (parameterName, parameter) in fixture.Parameters)
        {
            var expected = fixture.ExpectedGradient(parameterName);
            var actual = raw.AsSpan(parameter.RawOffset, parameter.Raw.Length).ToArray().Select(x => -x).ToArray();
            AssertVector(expected, actual, 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Laplace_variances_match(string name)
    {
        var fixture = Fixture.Load(name);
        var solver = new MapSolver<double>(fixture.Model.Generative, fixture.Bins);
        var laplace = new LaplacePosterior<double>(solver);
        Assert.True(laplace.Prepare(solver.Solve(fixture.Trial, null, Options.Solver)));
        Assert.False(laplace.IsGaussNewton);

        var marginals = laplace.Marginals();
        AssertVector(fixture.Expected("laplace_variance"), [.. marginals.InitialState, .. marginals.Inputs], 1e-6);
        AssertVector(marginals.InitialState, marginals.States[..fixture.States], 1e-12);
    }

    private static double[] Concatenate(InputVector<double> vector) => [.. vector.Initial.ToArray(), .. vector.Inputs.ToArray()];

    private static void AssertRelative(double expected, double actual, double tolerance)
        => Assert.True(Math.Abs(actual - expected) <= tolerance * Math.Abs(expected), $"{actual:R} where {expected:R} is expected");

    private static void AssertClose(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(actual[i] - expected[i]) <= tolerance, $"entry {i}: {actual[i]:R} where {expected[i]:R} is expected");
        }
    }

    /// <summary>Relative to the norm of the vector.</summary>
    private static void AssertVector(double[] expected, double[] actual, double tolerance)
        => AssertClose(expected, actual, tolerance * Math.Sqrt(expected.Sum(x => x * x)));
}
