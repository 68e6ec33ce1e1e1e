using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Models.Parameters;
using IlqrVae.Recordings;
using IlqrVae.Tests.Recordings;

namespace IlqrVae.Tests.Inference;

/// <summary>A trial of a session in the model of all sessions is the same trial in a model of that session alone.</summary>
public sealed class SessionModelTests
{
    private static readonly ModelSpecification Specification = new() { States = 3, Inputs = 2 };

    [Fact]
    public void Elbo_and_gradient_are_those_of_the_session_alone()
    {
        var (alone, joined) = (JoinedSessions.Of([new("a", JoinedSessionsTests.Draw(1, 4))], ["behaviour"]), Both());
        var (one, all) = (Model(alone), Model(joined));
        CopyCommon(one, all);
        for (var k = 0; k < alone.Trials.Count; k++)
        {
            var (elbo, gradient) = Evaluate(one, alone, k);
            var (elboOfAll, gradientOfAll) = Evaluate(all, joined, k);
            Assert.Equal(elbo, elboOfAll, 1e-9 * Math.Abs(elbo));
            foreach (var parameter in all.Parameters.All.Where(parameter => parameter != all.Posterior.Time))
            {
                var found = gradientOfAll[parameter].ToArray();
                if (!one.Parameters.Contains(parameter.Name))
                {
                    Assert.All(found, value => Assert.Equal(0, value));
                    continue;
                }

                var expected = gradient[one.Parameters[parameter.Name]].ToArray();
                var size = expected.Max(Math.Abs);
                Assert.True(size > 0, parameter.Name);
                Assert.All(expected.Zip(found), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 1e-6 * size));
            }
        }
    }

    [Fact]
    public void Readouts_of_other_sessions_are_not_even_looked_at()
    {
        var joined = Both();
        var (one, other) = (Model(joined), Model(joined));
        var weights = other.Parameters["likelihood.spikes@b.C"];
        Array.Fill(weights.Raw, double.NaN);
        weights.Refresh();
        other.Generative.Refresh();
        Assert.Equal(Evaluate(one, joined, 0).Elbo, Evaluate(other, joined, 0).Elbo);
        Assert.False(double.IsFinite(Evaluate(other, joined, joined.Trials.Count - 1).Elbo));
    }

    private static Recording Both() => JoinedSessions.Of([new("a", JoinedSessionsTests.Draw(1, 4)), new("b", JoinedSessionsTests.Draw(2, 6))], ["behaviour"]);

    private static VariationalModel<double> Model(Recording recording)
        => new(ModelBuilder<double>.Build(Specification, recording, 1), SharedPosterior<double>.Independent(3, 2, 9, 0.3, 0.3));

    private static void CopyCommon(VariationalModel<double> from, VariationalModel<double> to)
    {
        foreach (var parameter in from.Parameters.All)
        {
            to.Parameters[parameter.Name].Set(parameter.ExactValue);
        }

        to.Generative.Refresh();
    }

    private static (double Elbo, ParameterGradient<double> Gradient) Evaluate(VariationalModel<double> model, Recording recording, int trial)
    {
        var prepared = new PreparedTrial<double>(model.Generative, recording, recording.Trials[trial]);
        var draws = new PosteriorDraws<double>(2, 9, 3, 2);
        draws.Fill(1, 2, 3);
        var gradient = new TrialGradient<double>(model, draws.Count);
        var map = new MapSolver<double>(model.Generative, 9).Solve(prepared, null, new SolverOptions { Tolerance = 1e-12 });
        var result = new ElboEstimator<double>(model, 9).Evaluate(map, draws, new ElboOptions { GradientTolerance = 1e-10 }, gradient);
        return (result.Elbo, gradient.Others);
    }
}
