using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Parameters;
using IlqrVae.Models.Priors;
using IlqrVae.Numerics;
using DenseMatrix = MathNet.Numerics.LinearAlgebra.Matrix<double>;
using Vector = MathNet.Numerics.LinearAlgebra.Vector<double>;

namespace IlqrVae.Tests.Inference;

/// <summary>
/// Linear dynamics, Gaussian priors and Gaussian observations, where everything is known: the MAP inputs are the smoother's means, the Laplace
/// posterior is the posterior and its evidence the likelihood that a Kalman filter sums up.
/// </summary>
public sealed class LinearGaussianTests
{
    private static readonly SolverOptions Tight = new() { Tolerance = 1e-20 };

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 24)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Map_inputs_and_states_are_the_smoothed_means(int seed)
    {
        var (recipe, model, trial, capacity) = RandomModels.Create<double>(LinearRecipe(seed));
        var map = new MapSolver<double>(model.Generative, capacity).Solve(trial, null, Tight);
        Assert.Equal(SolverStatus.Converged, map.Status);
        var smoother = new Smoother(model.Generative, trial);
        var at = map.Trajectory;
        for (var t = 0; t < trial.Bins; t++)
        {
            for (var i = 0; i < recipe.States; i++)
            {
                AssertClose(smoother.Means[t][i], at.States[t, i], 1e-8);
            }

            for (var j = 0; j < recipe.Inputs && t < trial.Bins - 1; j++)
            {
                AssertClose(smoother.Means[t][recipe.States + j], at.Inputs[t, j], 1e-8);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Laplace_evidence_is_the_likelihood_of_the_kalman_filter(int seed)
    {
        var (_, model, trial, capacity) = RandomModels.Create<double>(LinearRecipe(seed));
        var laplace = Prepare(model, trial, capacity);
        var expected = new Smoother(model.Generative, trial).LogLikelihood;
        AssertClose(expected, laplace.LogEvidence, 1e-8 * Math.Max(1, Math.Abs(expected)));
    }

    /// <summary>Fisher's identity: the mean over many draws is the derivative of what the Kalman filter sums up, to within the draws' own error.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void The_gradient_of_the_evidence_is_that_of_the_likelihood(int seed)
    {
        const int Batches = 60;
        var (_, model, trial, capacity) = RandomModels.Create<double>(LinearRecipe(seed));
        var solver = new MapSolver<double>(model.Generative, capacity);
        var estimator = new EvidenceEstimator<double>(solver);
        var options = new ElboOptions { Solver = Tight, Draws = 100 };
        var random = new CounterRandom(7, 1, 2);
        var gradient = new TrialGradient<double>(model, 1);
        var raw = new double[model.Parameters.RawCount];
        var (sum, squares) = (new double[raw.Length], new double[raw.Length]);
        for (var batch = 0; batch < Batches; batch++)
        {
            var result = estimator.Evaluate(solver.Solve(trial, null, Tight), options, ref random, gradient);
            AssertClose(new Smoother(model.Generative, trial).LogLikelihood, result.Elbo, 1e-8 * Math.Max(1, Math.Abs(result.Elbo)));
            var total = new ParameterGradient<double>(model.Parameters.All);
            gradient.AddTo(total);
            model.Parameters.PullBack(total, raw);
            for (var i = 0; i < raw.Length; i++)
            {
                sum[i] += raw[i] / Batches;
                squares[i] += raw[i] * raw[i] / Batches;
            }
        }

        var at = new double[raw.Length];
        model.Parameters.CopyRawTo(at);
        var worst = 0.0;
        for (var i = 0; i < raw.Length; i++)
        {
            var error = Math.Sqrt(Math.Max(0, squares[i] - (sum[i] * sum[i])) / Batches);
            worst = Math.Max(worst, Math.Abs(sum[i] + Slope(i)) / (error + 1e-6));
        }

        // Of some tens of parameters, the largest error in units of its own deviation.
        Assert.InRange(worst, 0, 4.5);

        double Slope(int i)
        {
            const double Step = 1e-5;
            var moved = (double[])at.Clone();
            moved[i] = at[i] + Step;
            model.SetRaw(moved);
            var above = new Smoother(model.Generative, trial).LogLikelihood;
            moved[i] = at[i] - Step;
            model.SetRaw(moved);
            var below = new Smoother(model.Generative, trial).LogLikelihood;
            model.SetRaw(at);
            return (above - below) / (2 * Step);
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Laplace_variances_are_the_smoothed_variances(int seed)
    {
        var (recipe, model, trial, capacity) = RandomModels.Create<double>(LinearRecipe(seed));
        var marginals = Prepare(model, trial, capacity).Marginals();
        var smoother = new Smoother(model.Generative, trial);
        var (n, m) = (recipe.States, recipe.Inputs);
        var weights = Dense(model.Generative.Likelihoods[0].Weights.Value);
        for (var t = 0; t < trial.Bins; t++)
        {
            var covariance = smoother.Covariances[t];
            for (var i = 0; i < n; i++)
            {
                AssertClose(covariance[i, i], marginals.States[(t * n) + i], 1e-8 * (1 + covariance[i, i]));
            }

            for (var j = 0; j < m && t < trial.Bins - 1; j++)
            {
                AssertClose(covariance[n + j, n + j], marginals.Inputs[(t * m) + j], 1e-8 * (1 + covariance[n + j, n + j]));
            }

            var ofChannels = weights * covariance.SubMatrix(0, n, 0, n) * weights.Transpose();
            for (var i = 0; i < weights.RowCount; i++)
            {
                AssertClose(ofChannels[i, i], marginals.Activations[0][(t * weights.RowCount) + i], 1e-8 * (1 + ofChannels[i, i]));
            }
        }
    }

    /// <summary>p(o, u) / q(u) = p(o) for every u, since q is the posterior.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Every_sample_weighs_the_same(int seed)
    {
        var (_, model, trial, capacity) = RandomModels.Create<double>(LinearRecipe(seed));
        var laplace = Prepare(model, trial, capacity);
        var random = new CounterRandom((ulong)seed, 3);
        for (var k = 0; k < 20; k++)
        {
            var cost = laplace.Sample(ref random, out var logDensity).Cost;
            AssertClose(laplace.LogEvidence, -cost - logDensity, 1e-8 * Math.Max(1, Math.Abs(cost)));
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Importance_weighted_bounds_of_the_posterior_are_the_likelihood_whatever_the_number_of_samples(int seed)
    {
        var (_, model, trial, capacity) = RandomModels.Create<double>(LinearRecipe(seed));
        var laplace = Prepare(model, trial, capacity);
        var expected = new Smoother(model.Generative, trial).LogLikelihood;
        foreach (var samples in (int[])[1, 2, 7, 100])
        {
            var bound = ImportanceSampler<double>.OfLaplace(laplace, samples, 5, (ulong)seed);
            var tolerance = 1e-8 * Math.Max(1, Math.Abs(expected));
            AssertClose(expected, bound.Elbo, tolerance);
            AssertClose(expected, bound.Bound, tolerance);
            Assert.InRange(bound.Gap, 0, tolerance);
            AssertClose(samples, bound.EffectiveSamples, 1e-6 * samples);
        }
    }

    private static Recipe LinearRecipe(int seed) => RandomModels.RandomRecipe(1_000_000 + (ulong)seed) with
    {
        Dynamics = seed % 2 == 0 ? DynamicsChoice.LinearFree : DynamicsChoice.LinearStable,
        Prior = PriorChoice.Gaussian,
        Readout = ReadoutChoice.Gaussian,
        Spikes = SpikeChoice.FromTheModel,
        MissingShare = seed % 3 == 0 ? 0.4 : 0,
    };

    private static LaplacePosterior<double> Prepare(VariationalModel<double> model, PreparedTrial<double> trial, int capacity)
    {
        var solver = new MapSolver<double>(model.Generative, capacity);
        var laplace = new LaplacePosterior<double>(solver);
        Assert.True(laplace.Prepare(solver.Solve(trial, null, Tight)));
        Assert.False(laplace.IsGaussNewton);
        return laplace;
    }

    private static void AssertClose(double expected, double actual, double tolerance)
        => Assert.True(Math.Abs(actual - expected) <= tolerance, $"{actual:R} where {expected:R} is expected");

    private static DenseMatrix Dense(Matrix<double> matrix)
        => DenseMatrix.Build.DenseOfRowMajor(matrix.Rows, matrix.Columns, matrix.ToArray());

    /// <summary>A Kalman filter and Rauch-Tung-Striebel smoother of the state (z_t, u_t), by the book.</summary>
    private sealed class Smoother
    {
        public Smoother(IlqrVae.Models.GenerativeModel<double> model, PreparedTrial<double> trial)
        {
            var dynamics = (LinearDynamics<double>)model.Dynamics;
            var prior = (GaussianPrior<double>)model.InputPrior;
            var readout = (GaussianLikelihood<double>)model.Likelihoods[0];
            var (n, m) = (model.StateCount, model.InputCount);
            var size = n + m;
            var transition = DenseMatrix.Build.Dense(size, size);
            transition.SetSubMatrix(0, 0, Dense(dynamics.Parameters[0].Value));
            transition.SetSubMatrix(0, n, Dense(dynamics.Parameters[1].Value));
            var noise = DenseMatrix.Build.Dense(size, size);
            var covariance = DenseMatrix.Build.Dense(size, size);
            for (var i = 0; i < n; i++)
            {
                covariance[i, i] = Math.Pow(model.InitialPrior.Scale.ExactValue[i], 2);
            }

            for (var j = 0; j < m; j++)
            {
                noise[n + j, n + j] = covariance[n + j, n + j] = Math.Pow(prior.Scale.ExactValue[j], 2);
            }

            var mean = Vector.Build.Dense(size);
            var predictedMeans = new List<Vector>();
            var predictedCovariances = new List<DenseMatrix>();
            for (var t = 0; t < trial.Bins; t++)
            {
                if (t > 0)
                {
                    mean = transition * mean;
                    if (trial.External.Rows > 0)
                    {
                        var drive = Dense(dynamics.Parameters[2].Value) * Dense(trial.External).Row(t - 1);
                        mean.SetSubVector(0, n, mean.SubVector(0, n) + drive);
                    }

                    covariance = (transition * covariance * transition.Transpose()) + noise;
                }

                predictedMeans.Add(mean);
                predictedCovariances.Add(covariance);
                Update(t);
                Means.Add(mean);
                Covariances.Add(covariance);
            }

            for (var t = trial.Bins - 2; t >= 0; t--)
            {
                var gain = predictedCovariances[t + 1].Solve(transition * Covariances[t]).Transpose();
                Means[t] += gain * (Means[t + 1] - predictedMeans[t + 1]);
                Covariances[t] += gain * (Covariances[t + 1] - predictedCovariances[t + 1]) * gain.Transpose();
            }

            void Update(int t)
            {
                var observed = trial.Observations[0];
                for (var i = 0; i < readout.ChannelCount; i++)
                {
                    if (!observed.Mask.IsEmpty && observed.Mask[t, i] == 0)
                    {
                        continue;
                    }

                    // One channel after another: their noise is independent.
                    var row = Vector.Build.Dense(size);
                    row.SetSubVector(0, n, Dense(readout.Weights.Value).Row(i));
                    var along = covariance * row;
                    var variance = (row * along) + readout.Variance.ExactValue[i];
                    var error = observed.Values[t, i] - (row * mean) - readout.Bias.ExactValue[i];
                    LogLikelihood -= 0.5 * (Math.Log(2 * Math.PI * variance) + (error * error / variance));
                    mean += along * (error / variance);
                    covariance -= along.OuterProduct(along) / variance;
                }
            }
        }

        /// <summary>Of (z_t, u_t).</summary>
        public List<Vector> Means { get; } = [];

        /// <summary>Of (z_t, u_t).</summary>
        public List<DenseMatrix> Covariances { get; } = [];

        public double LogLikelihood { get; private set; }
    }
}
