using IlqrVae.Evaluation;
using IlqrVae.Inference;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Tests.Inference;

/// <summary>What is to be expected of observations, against what is drawn of just that.</summary>
public sealed class PredictiveDistributionTests
{
    private const int Draws = 20_000;
    private static readonly double[] Centre = [1.2, 2.5, 3.6];
    private static readonly double[] Deviation = [0.9, 0.4, 0.15];

    public static TheoryData<string> Kinds => ["poisson", "negative-binomial", "gaussian"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Scores_of_what_is_drawn_are_standard_normal(string kind)
    {
        var likelihood = Make(kind);
        var predictive = new PredictiveDistribution<double>(likelihood);
        var random = new CounterRandom(3);
        double[] activations = new double[3], means = new double[3], slopes = new double[3], observed = new double[3];
        double[] mean = new double[3], spread = new double[3], noise = new double[3], below = new double[3], at = new double[3];
        var places = new int[20];
        var coverage = new IntervalCoverage();
        for (var draw = 0; draw < Draws; draw++)
        {
            for (var i = 0; i < 3; i++)
            {
                activations[i] = Centre[i] + (Deviation[i] * random.NextNormal());
            }

            likelihood.Mean(activations, means, slopes);
            likelihood.Sample(ref random, means, observed);
            if (predictive.IsOfCounts)
            {
                predictive.Probabilities(Centre, Deviation, 1, observed, below, at);
            }
            else
            {
                predictive.Moments(Centre, Deviation, mean, spread, noise);
            }

            for (var i = 0; i < 3; i++)
            {
                var score = predictive.IsOfCounts
                    ? PredictiveDistribution<double>.Score(below[i], at[i], random.NextDouble())
                    : (observed[i] - mean[i]) / Math.Sqrt((spread[i] * spread[i]) + noise[i]);
                coverage.AddScore(score);
                places[Math.Min(19, (int)(20 * NormalDistribution.Cumulative(score)))]++;
            }
        }

        for (var level = 0; level < 3; level++)
        {
            var p = IntervalCoverage.Levels[level];
            var error = 4.5 * Math.Sqrt(p * (1 - p) / (3 * Draws));
            Assert.InRange(coverage.Shares[level], p - error, p + error);
        }

        // Uniform places: chi squared with 19 degrees of freedom exceeds 52 once in ten thousand.
        Assert.True(places.Sum(count => Math.Pow(count - (3 * Draws / 20.0), 2) / (3 * Draws / 20.0)) < 52);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Intervals_hold_what_is_drawn(string kind)
    {
        var likelihood = Make(kind);
        var predictive = new PredictiveDistribution<double>(likelihood);
        double[] lower = new double[3], upper = new double[3], below = new double[3], at = new double[3];
        foreach (var width in IntervalCoverage.HalfWidths)
        {
            predictive.Interval(Centre, Deviation, 1, 1, width, lower, upper);
            var (from, to) = (NormalDistribution.Cumulative(-width), NormalDistribution.Cumulative(width));
            if (!predictive.IsOfCounts)
            {
                for (var i = 0; i < 3; i++)
                {
                    Assert.Equal(2 * width * Math.Sqrt((Deviation[i] * Deviation[i]) + 0.09), upper[i] - lower[i], 1e-9);
                    Assert.Equal(Centre[i], 0.5 * (lower[i] + upper[i]), 1e-9);
                }

                continue;
            }

            // The first count that is not below the probability: it is not, and the one before it is.
            foreach (var (ends, probability) in ((double[], double)[])[(lower, from), (upper, to)])
            {
                predictive.Probabilities(Centre, Deviation, 1, ends, below, at);
                for (var i = 0; i < 3; i++)
                {
                    Assert.True(below[i] + at[i] >= probability);
                    Assert.True(below[i] < probability);
                }
            }
        }

        // Scales reach what they are for.
        double[] wider = new double[3], end = new double[3];
        predictive.Interval(Centre, Deviation, 2, 1, 1.96, end, wider);
        predictive.Interval(Centre, Deviation, 1, 1, 1.96, lower, upper);
        Assert.True(wider[0] > upper[0]);
        predictive.Interval(Centre, Deviation, 1, 2, 1.96, end, wider);
        Assert.Equal(!predictive.IsOfCounts, wider[0] > upper[0]);
    }

    [Fact]
    public void Where_numbers_overflowed_there_is_no_end()
    {
        var predictive = new PredictiveDistribution<double>(Make("poisson"));
        double[] lower = new double[3], upper = new double[3];
        predictive.Interval([1, double.NaN, 900], Deviation, 1, 1, 1.96, lower, upper);
        Assert.InRange(upper[0], 1, 100);
    }

    /// <summary>A kind that says nothing of its noise is measured.</summary>
    [Fact]
    public void A_kind_that_says_nothing_of_its_noise_is_measured_on_samples()
    {
        var known = Make("negative-binomial");
        var unknown = new Unknown(known);
        double[] mean = [30, 70, 400];
        double[] observed = [0, 1, 9];
        double[] expected = new double[3], measured = new double[3], below = new double[3], at = new double[3], belowOf = new double[3], atOf = new double[3];
        known.NoiseVariance(mean, expected);
        unknown.NoiseVariance(mean, measured);
        known.Probabilities(mean, observed, below, at);
        unknown.Probabilities(mean, observed, belowOf, atOf);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(1, measured[i] / expected[i], 0.35);
            Assert.Equal(below[i], belowOf[i], 0.08);
            Assert.Equal(at[i], atOf[i], 0.08);
        }
    }

    [Fact]
    public void The_noise_of_counts_has_the_variance_of_what_is_drawn()
    {
        var likelihood = Make("negative-binomial");
        double[] mean = [30, 70, 400];
        double[] variance = new double[3], sample = new double[3], sum = new double[3], squares = new double[3];
        likelihood.NoiseVariance(mean, variance);
        var random = new CounterRandom(8);
        for (var draw = 0; draw < Draws; draw++)
        {
            likelihood.Sample(ref random, mean, sample);
            for (var i = 0; i < 3; i++)
            {
                sum[i] += sample[i];
                squares[i] += sample[i] * sample[i];
            }
        }

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(1, ((squares[i] / Draws) - Math.Pow(sum[i] / Draws, 2)) / variance[i], 0.06);
        }
    }

    private static Likelihood<double> Make(string kind)
    {
        var weights = new Parameter<double>("C", 3, 1, Constraint.Free, [1, 1, 1]);
        var bias = new Parameter<double>("d", 1, 3, Constraint.Free, [0, 0, 0]);
        return kind switch
        {
            "poisson" => new PoissonLikelihood<double>("spikes", weights, bias, Link.Exponential, 0.1),
            "gaussian" => new GaussianLikelihood<double>("values", weights, bias, new Parameter<double>("v", 1, 3, Constraint.Positive, [0.09, 0.09, 0.09])),
            _ => new NegativeBinomialLikelihood<double>("spikes", weights, bias, new Parameter<double>("alpha", 1, 3, Constraint.Positive, [0.8, 0.3, 0.05]), Link.Exponential, 0.1),
        };
    }

    /// <summary>Another kind in all but what it says of its noise.</summary>
    private sealed class Unknown(Likelihood<double> other) : Likelihood<double>("unknown", other.Weights, other.Bias)
    {
        public override string Kind => "unknown";

        public override ChannelKind Draws => other.Draws;

        public override bool MeansAreRates => other.MeansAreRates;

        public override IReadOnlyList<Parameter<double>> Parameters => other.Parameters;

        public override void Mean(ReadOnlySpan<double> activations, Span<double> mean, Span<double> slope) => other.Mean(activations, mean, slope);

        public override void Sample(ref CounterRandom random, ReadOnlySpan<double> mean, Span<double> sample) => other.Sample(ref random, mean, sample);

        protected override double Constant(ObservationMatrix<double> observed) => throw new NotSupportedException();

        protected override void Losses(LikelihoodScratch<double> scratch, Matrix<double> activations, Matrix<double> observed, Matrix<double> losses) => throw new NotSupportedException();

        protected override void Derivatives(
            LikelihoodScratch<double> scratch, Matrix<double> activations, Matrix<double> observed, Matrix<double> first, Matrix<double> fisher, Matrix<double> exact)
            => throw new NotSupportedException();

        protected override void AccumulateChannelGradient(LikelihoodScratch<double> scratch, int start, int count, ParameterGradient<double> gradient) => throw new NotSupportedException();

        protected override void AccumulateChannelGradientTangent(LikelihoodScratch<double> scratch, int start, int count, ParameterGradient<double> gradient)
            => throw new NotSupportedException();
    }
}
