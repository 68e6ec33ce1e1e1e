using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models.Parameters;

namespace IlqrVae.Benchmarking.SelfTest;

/// <summary>What inference finds in small models, against the exact values of a dense computation.</summary>
internal static class FixtureChecks
{
    public const double Vectors = 1e-6;
    public const double Numbers = 1e-9;

    private static readonly ElboOptions s_options = new()
    {
        Solver = new SolverOptions { Tolerance = 1e-18 },
        PriorTerm = PriorTerm.Sampled,
        GradientTolerance = 1e-11,
    };

    public static IEnumerable<SelfCheck> Run()
    {
        foreach (var name in Fixture.Names)
        {
            var fixture = Fixture.Load(name);
            var found = Find(fixture);
            var words = name.Replace('_', ' ');
            yield return new SelfCheck("exact values", $"{words}: inputs of the MAP solution", Deviations.Largest(fixture.Expected("u"), found.Inputs), Vectors);
            yield return new SelfCheck("exact values", $"{words}: ELBO", Deviations.Relative([fixture.ExpectedNumber("elbo")], [found.Elbo]), Numbers);
            yield return new SelfCheck("exact values", $"{words}: gradient", Deviations.Worst(fixture.Parameters.Select(one => OfGradient(fixture, found, one.Key, one.Value))), Vectors);
            yield return new SelfCheck("exact values", $"{words}: posterior variances", Deviations.Relative(fixture.Expected("laplace_variance"), found.Variances), Vectors);
        }
    }

    /// <summary>All that is found in the models, to be compared with what another process finds.</summary>
    public static double[] Values() => [.. Fixture.Names.Select(Fixture.Load).Select(Find).SelectMany(found => (double[])[.. found.Inputs, found.Elbo, .. found.Gradient, .. found.Variances])];

    private static double OfGradient(Fixture fixture, Found found, string name, Parameter<double> parameter)
        => Deviations.Relative(fixture.ExpectedGradient(name), [.. found.Gradient.AsSpan(parameter.RawOffset, parameter.Raw.Length).ToArray().Select(slope => -slope)]);

    private static Found Find(Fixture fixture)
    {
        var solver = new MapSolver<double>(fixture.Model.Generative, fixture.Bins);
        var map = solver.Solve(fixture.Trial, null, s_options.Solver);
        var inputs = map.Trajectory.Inputs.ToArray();
        var estimator = new ElboEstimator<double>(fixture.Model, fixture.Bins);
        var ofTrial = new TrialGradient<double>(fixture.Model, fixture.Draws.Count);
        var result = estimator.Evaluate(map, fixture.Draws, s_options, ofTrial);
        var gradient = new ParameterGradient<double>(fixture.Model.Parameters.All);
        ofTrial.AddTo(gradient);
        var raw = new double[fixture.Model.Parameters.RawCount];
        fixture.Model.Parameters.PullBack(gradient, raw);
        var laplace = new LaplacePosterior<double>(solver);
        var marginals = laplace.Prepare(solver.Solve(fixture.Trial, null, s_options.Solver)) ? laplace.Marginals() : null;
        return new Found(inputs, result.Elbo, raw, marginals is null ? [] : [.. marginals.InitialState, .. marginals.Inputs]);
    }

    private sealed record Found(double[] Inputs, double Elbo, double[] Gradient, double[] Variances);
}
