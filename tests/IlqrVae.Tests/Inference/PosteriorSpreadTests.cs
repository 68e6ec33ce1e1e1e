using IlqrVae.Control;
using IlqrVae.Evaluation;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Numerics;
using DenseMatrix = MathNet.Numerics.LinearAlgebra.Matrix<double>;

namespace IlqrVae.Tests.Inference;

/// <summary>Spreads of both posteriors: against dense covariances, and by how often their intervals hold the truth.</summary>
public sealed class PosteriorSpreadTests
{
    private static readonly ElboOptions Options = new() { Solver = new SolverOptions { Tolerance = 1e-16 } };

    private static readonly Recipe LinearGaussian = new()
    {
        Seed = 12, States = 3, Inputs = 2, Channels = 4, Bins = 8, Dynamics = DynamicsChoice.LinearStable, Prior = PriorChoice.Gaussian, Readout = ReadoutChoice.Gaussian,
    };

    /// <summary>With the model that made the data, the Laplace posterior of a linear-Gaussian model is the posterior, whose intervals keep their promise.</summary>
    [Fact]
    public void Intervals_of_the_exact_posterior_hold_the_truth_as_often_as_they_say()
    {
        const int Trials = 400;
        var (_, model, _, capacity) = RandomModels.Create<double>(LinearGaussian);
        var recording = ModelSampler.Draw(model.Generative, Trials, LinearGaussian.Bins, 0.02, 5);
        var inference = new TrialInference<double>(model, capacity);
        var means = new IntervalCoverage();
        var inputs = new IntervalCoverage();
        foreach (var trial in recording.Trials)
        {
            var estimate = Infer(inference, new PreparedTrial<double>(model.Generative, recording, trial), 2);
            var spread = estimate.LaplaceSpread!;
            for (var level = 0; level < 3; level++)
            {
                var (lower, upper) = spread.Interval(model.Generative.Likelihoods[0], 0, IntervalCoverage.HalfWidths[level]);
                means.Add(level, trial.Truth["mean"], lower, upper);
            }

            for (var t = 0; t < trial.Bins - 1; t++)
            {
                for (var j = 0; j < 2; j++)
                {
                    inputs.Add(trial.Truth["inputs"][t, j], estimate.Inputs[t, j], Math.Sqrt(spread.InputCovariances[(((t * 2) + j) * 2) + j]));
                }
            }
        }

        for (var level = 0; level < 3; level++)
        {
            // Entries of one trial hang together: count a trial as few independent ones.
            var p = IntervalCoverage.Levels[level];
            var error = 5 * Math.Sqrt(p * (1 - p) / (4 * Trials));
            Assert.InRange(means.Shares[level], p - error, p + error);
            Assert.InRange(inputs.Shares[level], p - error, p + error);
        }
    }

    [Fact]
    public void Spread_under_the_shared_covariance_is_that_of_its_inputs_carried_through_the_dynamics()
    {
        var (recipe, model, trial, capacity) = RandomModels.Create<double>(LinearGaussian);
        var inference = new TrialInference<double>(model, capacity);
        var spread = Infer(inference, trial, 20_000).SharedSpread!;
        var (m, steps) = (recipe.Inputs, recipe.Bins - 1);
        var posterior = model.Posterior;
        var (time, space) = (Covariance(posterior.Time.Value), Covariance(posterior.Space.Value));
        var (a, b) = (Dense(model.Generative.Dynamics.Parameters[0].Value), Dense(model.Generative.Dynamics.Parameters[1].Value));
        var weights = Dense(model.Generative.Likelihoods[0].Weights.Value);
        for (var t = 0; t < recipe.Bins; t++)
        {
            // z_t = A^t z_0 + sum_s A^(t-1-s) B u_s, with Cov(u_s, u_r) = (Sigma_t)_sr Sigma_s.
            var covariance = a.Power(t) * Covariance(posterior.Initial.Value) * a.Power(t).Transpose();
            for (var s = 0; s < t; s++)
            {
                for (var r = 0; r < t; r++)
                {
                    covariance += time[s, r] * (a.Power(t - 1 - s) * b * space * b.Transpose() * a.Power(t - 1 - r).Transpose());
                }
            }

            var expected = weights * covariance * weights.Transpose();
            for (var i = 0; i < recipe.Channels; i++)
            {
                var deviation = Math.Sqrt(expected[i, i]);
                Assert.InRange(spread.ActivationDeviations[0][t, i], 0.97 * deviation, 1.03 * deviation);
            }

            for (var i = 0; t < steps && i < m; i++)
            {
                for (var j = 0; j < m; j++)
                {
                    Assert.Equal(time[t, t] * space[i, j], spread.InputCovariances[(((t * m) + i) * m) + j], 1e-12);
                }
            }
        }

    }

    [Fact]
    public void Input_covariances_of_the_laplace_posterior_are_those_of_its_samples_and_have_the_marginal_variances()
    {
        const int Count = 20_000;
        var (recipe, model, trial, capacity) = RandomModels.Create<double>(LinearGaussian);
        var estimate = Infer(new TrialInference<double>(model, capacity), trial, 2);
        var m = recipe.Inputs;
        var covariances = estimate.LaplaceSpread!.InputCovariances;
        var solver = new MapSolver<double>(model.Generative, capacity);
        var laplace = new LaplacePosterior<double>(solver);
        Assert.True(laplace.Prepare(solver.Solve(trial, null, Options.Solver)));
        var marginals = laplace.Marginals();
        Assert.Null(marginals.InputCovariances);
        var sums = new double[covariances.Count];
        var random = new CounterRandom(3);
        for (var k = 0; k < Count; k++)
        {
            var sample = laplace.Sample(ref random, out _);
            for (var i = 0; i < sums.Length; i++)
            {
                var (t, row, column) = (i / m / m, i / m % m, i % m);
                sums[i] += (sample.Inputs[t, row] - estimate.Inputs[t, row]) * (sample.Inputs[t, column] - estimate.Inputs[t, column]) / Count;
            }
        }

        for (var i = 0; i < sums.Length; i++)
        {
            var (t, row, column) = (i / m / m, i / m % m, i % m);
            var scale = Math.Sqrt(marginals.Inputs[(t * m) + row] * marginals.Inputs[(t * m) + column]);
            Assert.InRange(covariances[i] - sums[i], -5 * scale * Math.Sqrt(2.0 / Count), 5 * scale * Math.Sqrt(2.0 / Count));
            if (row == column)
            {
                Assert.Equal(marginals.Inputs[(t * m) + row], covariances[i], 1e-10);
            }
        }
    }

    [Fact]
    public void Intervals_of_rates_are_those_of_log_rates()
    {
        var (_, model, trial, capacity) = RandomModels.Create<double>(LinearGaussian with { Readout = ReadoutChoice.PoissonExp });
        var spread = Infer(new TrialInference<double>(model, capacity), trial, 2).LaplaceSpread!;
        var (lower, upper) = spread.Interval(model.Generative.Likelihoods[0], 0, 1.5);
        for (var i = 0; i < lower.Values.Length; i++)
        {
            var (centre, deviation) = (spread.Activations[0].Values[i], spread.ActivationDeviations[0].Values[i]);
            Assert.Equal(Math.Exp(centre - (1.5 * deviation)), lower.Values[i], 1e-9 * lower.Values[i]);
            Assert.Equal(Math.Exp(centre + (1.5 * deviation)), upper.Values[i], 1e-9 * upper.Values[i]);
        }
    }

    [Fact]
    public void Nothing_is_analysed_that_was_not_asked_for()
    {
        var (_, model, trial, capacity) = RandomModels.Create<double>(LinearGaussian);
        var estimate = new TrialInference<double>(model, capacity).Infer(trial, Options, null, 0, default, new TrialAnalyses());
        Assert.Null(estimate.LaplaceSpread);
        Assert.Null(estimate.SharedSpread);
        Assert.Null(estimate.LaplaceBound);
        Assert.Null(estimate.SharedBound);
        Assert.Empty(estimate.Predictions);
    }

    private static TrialEstimate Infer(TrialInference<double> inference, PreparedTrial<double> trial, int samples)
        => inference.Infer(trial, Options, null, 0, default, new TrialAnalyses { SpreadSamples = samples, Seed = 4 });

    private static DenseMatrix Covariance(Matrix<double> factor) => Dense(factor) * Dense(factor).Transpose();

    private static DenseMatrix Dense(Matrix<double> matrix) => DenseMatrix.Build.Dense(matrix.Rows, matrix.Columns, (i, j) => matrix[i, j]);
}
