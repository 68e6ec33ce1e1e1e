using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Priors;

namespace IlqrVae.Benchmarking.SelfTest;

/// <summary>In a linear model with Gaussian noise the Laplace evidence is the likelihood that a Kalman filter sums up, here by the book in plain loops.</summary>
internal static class KalmanChecks
{
    private const double Allowed = 1e-8;

    public static IEnumerable<SelfCheck> Run()
    {
        foreach (var one in (BenchmarkCase[])[new("", 3, 2, 5, 40, true, false, false), new("", 6, 3, 12, 200, true, false, false)])
        {
            var model = one.CreateModel<double>(3);
            var recording = one.CreateRecording(model, 1, 4);
            var trial = new PreparedTrial<double>(model.Generative, recording, recording.Trials[0]);
            var solver = new MapSolver<double>(model.Generative, one.Bins);
            var laplace = new LaplacePosterior<double>(solver);
            var found = laplace.Prepare(solver.Solve(trial, null, new SolverOptions { Tolerance = 1e-20 })) ? laplace.LogEvidence : double.NaN;
            yield return new SelfCheck("Kalman filter", $"{one.States} states, {one.Channels} channels, {one.Bins} bins: log evidence", Deviations.Relative([LogLikelihood(model.Generative, trial)], [found]), Allowed);
        }
    }

    private static double LogLikelihood(GenerativeModel<double> model, PreparedTrial<double> trial)
    {
        var (n, m) = (model.StateCount, model.InputCount);
        var readout = (GaussianLikelihood<double>)model.Likelihoods[0];
        var (a, b) = (model.Dynamics.Parameters[0].Value, model.Dynamics.Parameters[1].Value);
        var inputs = ((GaussianPrior<double>)model.InputPrior).Scale.ExactValue.ToArray();
        var mean = new double[n];
        var covariance = new double[n, n];
        for (var i = 0; i < n; i++)
        {
            covariance[i, i] = model.InitialPrior.Scale.ExactValue[i] * model.InitialPrior.Scale.ExactValue[i];
        }

        var sum = 0.0;
        for (var t = 0; t < trial.Bins; t++)
        {
            if (t > 0)
            {
                (mean, covariance) = Next();
            }

            for (var channel = 0; channel < readout.ChannelCount; channel++)
            {
                // One channel after another: their noise is independent.
                Update(channel, t);
            }
        }

        return sum;

        (double[] Mean, double[,] Covariance) Next()
        {
            var (nextMean, next) = (new double[n], new double[n, n]);
            for (var i = 0; i < n; i++)
            {
                for (var j = 0; j < n; j++)
                {
                    nextMean[i] += a[i, j] * mean[j];
                    for (var k = 0; k < n; k++)
                    {
                        for (var l = 0; l < n; l++)
                        {
                            next[i, j] += a[i, k] * covariance[k, l] * a[j, l];
                        }
                    }

                    for (var k = 0; k < m; k++)
                    {
                        next[i, j] += b[i, k] * inputs[k] * inputs[k] * b[j, k];
                    }
                }
            }

            return (nextMean, next);
        }

        void Update(int channel, int t)
        {
            var along = new double[n];
            var (variance, error) = (readout.Variance.ExactValue[channel], trial.Observations[0].Values[t, channel] - readout.Bias.ExactValue[channel]);
            for (var i = 0; i < n; i++)
            {
                for (var j = 0; j < n; j++)
                {
                    along[i] += covariance[i, j] * readout.Weights.Value[channel, j];
                }

                error -= readout.Weights.Value[channel, i] * mean[i];
            }

            for (var i = 0; i < n; i++)
            {
                variance += readout.Weights.Value[channel, i] * along[i];
            }

            sum -= 0.5 * (Math.Log(2 * Math.PI * variance) + (error * error / variance));
            for (var i = 0; i < n; i++)
            {
                mean[i] += along[i] * error / variance;
                for (var j = 0; j < n; j++)
                {
                    covariance[i, j] -= along[i] * along[j] / variance;
                }
            }
        }
    }
}
