using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Tests.Inference;

namespace IlqrVae.Tests.Control;

public sealed class SolverPartsTests
{
    [Fact]
    public void Regularisation_rises_ever_faster_to_a_limit_and_falls_to_nothing()
    {
        var regularisation = new Regularisation();
        regularisation.Reset();
        Assert.True(regularisation.IsOff);
        Assert.False(regularisation.Lower());
        double[] expected = [1e-2, 8e-2, 1.28, 40.96];
        foreach (var mu in expected)
        {
            Assert.True(regularisation.TryRaise());
            Assert.Equal(mu, regularisation.Value, 1e-12);
        }

        Assert.True(regularisation.Lower());
        Assert.Equal(8.192, regularisation.Value, 1e-12);

        // After a fall the rise begins anew; after a drop it goes on as steeply.
        Assert.True(regularisation.TryRaise());
        Assert.Equal(4 * 8.192, regularisation.Value, 1e-12);
        regularisation.Drop();
        Assert.True(regularisation.IsOff);
        regularisation.TryRaise();
        regularisation.TryRaise();
        Assert.Equal(0.16, regularisation.Value, 1e-12);

        var raises = 0;
        while (regularisation.TryRaise())
        {
            Assert.InRange(++raises, 1, 20);
        }

        Assert.Equal(1e14, regularisation.Value);
        regularisation.Reset();
        regularisation.TryRaise();
        regularisation.TryRaise();
        Assert.Equal(0.08, regularisation.Value, 1e-12);
        regularisation.Lower();
        regularisation.Lower();
        Assert.True(regularisation.IsOff);
    }

    [Fact]
    public void A_solve_ends_below_its_tolerance_in_an_honest_metric_or_where_rounding_hides_the_rest()
    {
        var (factors, regularisation) = (new FactorReuse(), new Regularisation());
        regularisation.Reset();
        factors.Renew();
        Assert.True(Converged(1e-6));
        Assert.False(Converged(1.1e-6));

        // Regularised factors understate the decrement.
        regularisation.TryRaise();
        regularisation.TryRaise();
        regularisation.TryRaise();
        Assert.True(Converged(1e-6 / 2.281));
        Assert.False(Converged(1e-6 / 2.279));
        Assert.True(Ending.HidesRegularisation(1e-8 / 2.281, 1e-8, factors, regularisation));
        Assert.False(Ending.HidesRegularisation(1e-8 / 2.279, 1e-8, factors, regularisation));
        regularisation.Reset();
        Assert.False(Ending.HidesRegularisation(1e-9, 1e-8, factors, regularisation));

        // Earlier ones may too, by ten and by what the conjugate gradients have found.
        factors.Age(1, 1, new ConjugateGradientResult(ConjugateGradientStatus.Converged, 3, 0), 0.5, isRegularised: false, isPlain: false);
        Assert.True(factors.AreUsable);
        Assert.True(Converged(0.49e-7));
        Assert.False(Converged(0.51e-7));

        // Above the tolerance, but beyond what can be seen: over when fresh factors see no more progress.
        factors.Renew();
        Assert.True(Ending.HasConverged(1e-3, 1.9e-3, 1e-3, 1e-6, factors, regularisation));
        Assert.False(Ending.HasConverged(1e-3, 2.1e-3, 1e-3, 1e-6, factors, regularisation));
        Assert.False(Ending.HasConverged(1.1e-3, 1e-3, 1e-3, 1e-6, factors, regularisation));
        Assert.Equal(50 * 1e-7 * 101, Ending.Visible(-100, 1e-7), 1e-15);

        bool Converged(double decrement) => Ending.HasConverged(decrement, double.PositiveInfinity, 0, 1e-6, factors, regularisation);
    }

    [Theory]
    [InlineData(1, 1, 5, 0.5, false, false, true)]
    [InlineData(0.5, 1, 5, 0.5, false, false, false)]
    [InlineData(1, 1, 20, 0.5, false, false, true)]
    [InlineData(1, 1, 21, 0.5, false, false, false)]
    [InlineData(1, 1, 5, 0.09, false, false, false)]
    [InlineData(1, 1, 5, 0.5, true, false, false)]
    [InlineData(1, 0.8, 0, 1, false, false, true)]
    [InlineData(1, 0.6, 0, 1, false, false, false)]
    [InlineData(1, 1.4, 0, 1, false, false, false)]
    [InlineData(1, 1, 0, 1, false, true, false)]
    public void Factors_serve_on_after_full_steps_that_bore_them_out(
        double step, double achieved, int products, double quotient, bool isRegularised, bool isPlain, bool serve)
    {
        var factors = new FactorReuse();
        factors.Renew();
        factors.Age(step, achieved, new ConjugateGradientResult(ConjugateGradientStatus.Converged, products, 0), quotient, isRegularised, isPlain);
        Assert.Equal(serve, factors.AreUsable);
        Assert.False(factors.AreFresh);
    }

    [Fact]
    public void Factors_serve_six_more_iterates_at_most()
    {
        var factors = new FactorReuse();
        factors.Renew();
        for (var age = 1; age <= 7; age++)
        {
            factors.Age(1, 1, new ConjugateGradientResult(ConjugateGradientStatus.Converged, 4, 0), 0.9, isRegularised: false, isPlain: false);
            Assert.Equal(age <= 6, factors.AreUsable);
        }

        factors.Renew();
        Assert.True(factors.AreUsable && factors.AreFresh);
        factors.Discard();
        Assert.False(factors.AreUsable);
    }

    [Fact]
    public void Gauss_newton_steps_are_given_up_for_the_rest_of_a_solve_once_one_is_short()
    {
        var (_, model, trial, capacity) = RandomModels.Create<double>(new Recipe { Seed = 2 });
        var problem = new TrialProblem<double>(model.Generative, capacity);
        problem.Bind(trial);
        var current = new Trajectory<double>(capacity, problem.StateCount, problem.InputCount, problem.TapeLength);
        var (adjoint, factors, gradients) = (new AdjointSweep<double>(problem), new RiccatiFactors<double>(problem), new ConjugateGradients<double>(problem));
        var direction = new DescentDirection<double>(
            problem, adjoint, factors, new ExactHessian<double>(problem), gradients, new LineSearch<double>(problem, factors, current));
        for (var solve = 0; solve < 2; solve++)
        {
            direction.Begin();
            Assert.True(direction.Judge(0.1, isNewton: false));
            Assert.False(direction.Judge(0.01, isNewton: true));
            Assert.True(direction.Judge(0.09, isNewton: false));
            Assert.False(direction.Judge(1, isNewton: false));
        }
    }
}
