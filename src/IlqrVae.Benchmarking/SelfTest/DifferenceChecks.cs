using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;

namespace IlqrVae.Benchmarking.SelfTest;

/// <summary>The exact gradient of the ELBO against differences of it, for which the inputs are solved for anew on either side.</summary>
internal static class DifferenceChecks
{
    private const double Step = 4e-3;
    private const double Allowed = 1e-8;

    private static readonly ElboOptions s_options = new()
    {
        Solver = new SolverOptions { Tolerance = 1e-22 },
        GradientTolerance = 1e-12,
        MaximumGradientSteps = 200,
    };

    public static IEnumerable<SelfCheck> Run()
        => Fixture.Names.Select(name => new SelfCheck("gradient against differences", $"{name.Replace('_', ' ')}: gradient in random directions", Deviation(Fixture.Load(name)), Allowed));

    private static double Deviation(Fixture fixture)
    {
        var model = fixture.Model;
        var solver = new MapSolver<double>(model.Generative, fixture.Bins);
        var estimator = new ElboEstimator<double>(model, fixture.Bins);
        var start = new WarmStart<double>(fixture.Bins, fixture.States, fixture.Inputs);
        var again = new WarmStart<double>(fixture.Bins, fixture.States, fixture.Inputs);
        start.CopyFrom(solver.Solve(fixture.Trial, null, s_options.Solver).Trajectory);
        var ofTrial = new TrialGradient<double>(model, fixture.Draws.Count);
        estimator.Evaluate(Solved(), fixture.Draws, s_options, ofTrial);
        var gradient = new ParameterGradient<double>(model.Parameters.All);
        ofTrial.AddTo(gradient);
        var exact = new double[model.Parameters.RawCount];
        model.Parameters.PullBack(gradient, exact);
        var raw = new double[exact.Length];
        model.Parameters.CopyRawTo(raw);
        var random = new CounterRandom(9, RandomStreams.Benchmarks);
        var worst = 0.0;
        for (var k = 0; k < 3; k++)
        {
            var direction = new double[raw.Length];
            random.FillNormal(direction);
            var norm = Deviations.Norm(direction);
            var slope = ((45 * Across(Step)) - (9 * Across(2 * Step)) + Across(3 * Step)) / (60 * Step);
            var deviation = Math.Abs(direction.Zip(exact, (d, g) => d / norm * g).Sum() + slope) / Deviations.Norm(exact);
            worst = Math.Max(worst, deviation);

            double Across(double length) => ElboAt(length) - ElboAt(-length);

            double ElboAt(double length)
            {
                model.SetRaw([.. raw.Zip(direction, (at, d) => at + (length * d / norm))]);
                var elbo = estimator.Evaluate(Solved(), fixture.Draws, s_options, null).Elbo;
                model.SetRaw(raw);
                return elbo;
            }
        }

        return worst;

        // One more solve from where the first ended takes steps with fresh factors, to the last digits.
        MapSolution<double> Solved()
        {
            again.CopyFrom(solver.Solve(fixture.Trial, start, s_options.Solver).Trajectory);
            return solver.Solve(fixture.Trial, again, s_options.Solver);
        }
    }
}
