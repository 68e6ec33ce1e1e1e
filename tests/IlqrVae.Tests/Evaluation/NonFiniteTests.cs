using System.Numerics;
using IlqrVae.Evaluation;
using IlqrVae.Recordings;

namespace IlqrVae.Tests.Evaluation;

/// <summary>A number that is not finite ends every score, and as NaN or a refusal: it never hangs, and is never left out of what it would have spoilt.</summary>
public sealed class NonFiniteTests
{
    public static TheoryData<double> Bad => [double.NaN, double.PositiveInfinity, double.NegativeInfinity];

    private static readonly double[] Good = [1, 4, 2, 8, 5, 7, 3, 9, 6, 0, 2, 1];

    [Theory]
    [MemberData(nameof(Bad))]
    public void Scores_are_undefined(double bad) => Everywhere(bad, (good, spoilt) =>
    {
        foreach (var (truth, estimate) in new[] { (good, spoilt), (spoilt, good), (spoilt, spoilt) })
        {
            Assert.Contains(double.NaN, Metrics.R2PerColumn(truth, estimate));
            Assert.Contains(Metrics.R2PerColumn(truth, estimate), double.IsFinite);
            Assert.Equal(double.NaN, Metrics.R2(truth, estimate));
            Assert.Equal(double.NaN, Metrics.R2VarianceWeighted(truth, estimate));
            Assert.Equal(double.NaN, Metrics.KStepR2([truth], [estimate], 0));
            Assert.Equal(double.NaN, Metrics.BitsPerSpike([truth], [estimate]));
            Assert.Equal(double.NaN, Metrics.ExpectedBitsPerSpike([truth], [estimate]));
            Assert.Equal(double.NaN, ConditionMeans.R2([truth, good], [estimate, good], [1, 2]));
            Assert.Contains(MarginalComparison.Of(truth, estimate), one => double.IsNaN(one.Distance) && double.IsNaN(one.Mean) && double.IsNaN(one.ShareInRange));
            Assert.Contains(MarginalComparison.Of(truth, estimate), one => double.IsFinite(one.Distance));
        }
    });

    [Theory]
    [MemberData(nameof(Bad))]
    public void Regressions_refuse(double bad) => Everywhere(bad, (good, spoilt) =>
    {
        foreach (var (x, y) in new[] { (good, spoilt), (spoilt, good) })
        {
            Assert.Throws<ArgumentException>(() => RidgeRegression.Fit(x, y, 1));
            Assert.Throws<ArgumentException>(() => RidgeRegression.Fit(x, y, 0));
            Assert.Throws<ArgumentException>(() => RidgeRegression.FitCrossValidated(x, y));
            var exception = Assert.Throws<ArgumentException>(() => RidgeRegression.LeastSquares(x, y));
            Assert.Contains($" is {bad};", exception.Message, StringComparison.Ordinal);
            Assert.Throws<ArgumentException>(() => LinearAlignment.Fit([x], [y]));
            Assert.Throws<ArgumentException>(() => BaselineDecoder.Fit(BaselineFeatures.Causal(2), [x], [y]));
        }

        Assert.ThrowsAny<ArgumentException>(() => RidgeRegression.Fit(good, good, bad));
        Assert.ThrowsAny<ArgumentException>(() => RidgeRegression.FitCrossValidated(good, good, [1, bad]));
        Assert.ThrowsAny<ArgumentException>(() => BaselineDecoder.Fit(new BaselineFeatures(0, 1, bad), [good], [good]));
        Assert.Contains(RidgeRegression.Fit(good, good, 1).Apply(spoilt).Values, x => !double.IsFinite(x));
        Assert.Contains(RidgeRegression.Fit(good, good, 1).Apply(spoilt).Values, double.IsFinite);
    });

    [Theory]
    [InlineData(1e170)]
    [InlineData(1e300)]
    public void Numbers_whose_squares_overflow_have_no_regression(double large)
    {
        var (x, y) = (Table(), Table());
        x[3, 1] = large;
        Assert.All(RidgeRegression.Fit(x, y, 1).Weights.ToArray(), weight => Assert.Equal(double.NaN, weight));
        Assert.True(double.IsNaN(RidgeRegression.LeastSquares(x, y).Weights[0]) || Metrics.R2(y, RidgeRegression.LeastSquares(x, y).Apply(x)) <= 1);
        _ = RidgeRegression.FitCrossValidated(x, y);
        Assert.Null(Spectrum.TransitionOf([x, y], null));
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void Eigenvalues_are_undefined(double bad)
    {
        for (var i = 0; i < 9; i++)
        {
            double[] matrix = [0.5, 0.1, 0, 0.2, 0.3, 0, 0.1, 0.4, 0.6];
            matrix[i] = bad;
            Assert.Equal(3, Spectrum.Eigenvalues(matrix, 3).Count);
            Assert.All(Spectrum.Eigenvalues(matrix, 3), value => Assert.True(double.IsNaN(value.Real)));
        }

        Assert.Equal(double.NaN, Spectrum.LargestMatchedDistance([1, new Complex(0, bad)], [1]));
        Assert.Equal(double.NaN, Spectrum.LargestMatchedDistance([1], [1, bad]));
        Everywhere(bad, (good, spoilt) =>
        {
            Assert.Null(Spectrum.TransitionOf([good, spoilt], null));
            Assert.Null(Spectrum.TransitionOf([good, good], [good, spoilt]));
        });
    }

    [Fact]
    public void Eigenvalues_of_huge_matrices_are_scaled()
    {
        var values = Spectrum.Eigenvalues([0, -1e300, 1e300, 0], 2);
        Assert.Equal((0, 1e300), (values[0].Real, values[0].Imaginary));
        Assert.All(Spectrum.Eigenvalues([double.MaxValue, 1, 1, -double.MaxValue], 2), value => Assert.Equal(double.MaxValue, value.Magnitude));
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void Averages_keep_what_is_bad_in_its_bins(double bad)
    {
        var spoilt = Table();
        spoilt[2, 0] = bad;
        var smooth = GaussianSmoothing.Smooth(spoilt, 0.25);
        Assert.Equal([1, 2, 3], Enumerable.Range(0, 6).Where(t => !double.IsFinite(smooth[t, 0])));
        Assert.ThrowsAny<ArgumentException>(() => GaussianSmoothing.Smooth(spoilt, bad));
        Assert.Throws<ArgumentException>(() => ConditionMeans.Of([spoilt, spoilt], [1, bad]));
        Assert.Equal(double.NaN, EventAverage.Of([spoilt], [[2]], 0, 0).Mean[0, 0]);
        Assert.Equal(2, EventAverage.Of([Table()], [[2]], 1, 0).Mean[0, 0], 1e-12);
        Assert.Empty(EventAverage.Rises([0, 0, 1], double.NaN, 1));
        Assert.Equal([3], EventAverage.Rises([0, bad, 0, 1], 0.5, 1).Except([1]));
        var energy = InputEnergy.Of([[1.0, bad]], [spoilt], [1, 1], [1, 1]);
        Assert.Equal((double.NaN, double.NaN), (energy.InitialShare, energy.ShareNear([[0]], 1).Energy));
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void What_is_not_finite_is_not_covered(double bad)
    {
        var coverage = new IntervalCoverage();
        coverage.Add(bad, 0, 1);
        coverage.Add(0, bad, 1);
        coverage.Add(0, 0, bad);
        coverage.Add(bad, 0, bad);
        Table one = new(1, 1, [0]), other = new(1, 1, [bad]);
        coverage.Add(0, other, one, one);
        coverage.Add(0, one, new Table(1, 1, [-1]), other);
        coverage.Add(0, one, other, new Table(1, 1, [1]));
        Assert.Equal((7, 0.0), (coverage.Entries, coverage.Shares[0]));
        coverage.Add(0, 0, 1);
        Assert.Equal(0.125, coverage.Shares[0]);
    }

    private static Table Table() => new(6, 2, [.. Good]);

    private static void Everywhere(double bad, Action<Table, Table> check)
    {
        for (var i = 0; i < Good.Length; i += 5)
        {
            var spoilt = Table();
            spoilt.Values[i] = bad;
            check(Table(), spoilt);
        }
    }
}
