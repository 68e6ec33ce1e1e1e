using System.Diagnostics;
using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models.Parameters;
using IlqrVae.Training;

namespace IlqrVae.Benchmarking;

/// <summary>What was measured of one case; times are medians, in milliseconds, on one thread unless said otherwise.</summary>
/// <param name="Case">The case.</param>
/// <param name="Precision">"double" or "single".</param>
/// <param name="IterationMilliseconds">One Gauss-Newton iteration of the MAP solve: linearisation, backward pass, direction, roll-out, adjoint sweep.</param>
/// <param name="IterationGigaflops">Its useful operations, in billions a second.</param>
/// <param name="PeakFraction">The same over the measured peak.</param>
/// <param name="FactorisationMilliseconds">The linearisation and backward pass alone.</param>
/// <param name="MapMilliseconds">A MAP solve from rest.</param>
/// <param name="MapFactorisations">Backward passes of that solve.</param>
/// <param name="MapProducts">Exact Hessian products of that solve.</param>
/// <param name="GradientMilliseconds">ELBO and exact gradient, warm-started, in the steady state of training.</param>
/// <param name="GradientFactorisations">Median backward passes of those.</param>
/// <param name="NewtonProducts">Mean exact Hessian products of their MAP solves.</param>
/// <param name="GradientProducts">Mean exact Hessian products of their implicit gradients.</param>
/// <param name="TrialsPerSecond">Training on one thread, everything included.</param>
/// <param name="TrialsPerSecondAllThreads">Training on all threads.</param>
/// <param name="Threads">How many that is.</param>
public sealed record CaseResult(
    string Case,
    string Precision,
    double IterationMilliseconds,
    double IterationGigaflops,
    double PeakFraction,
    double FactorisationMilliseconds,
    double MapMilliseconds,
    int MapFactorisations,
    int MapProducts,
    double GradientMilliseconds,
    double GradientFactorisations,
    double NewtonProducts,
    double GradientProducts,
    double TrialsPerSecond,
    double TrialsPerSecondAllThreads,
    int Threads);

/// <summary>Measures one case.</summary>
/// <typeparam name="T">float or double.</typeparam>
public static class CaseBenchmark<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int Trials = 32;
    private const double LearningRate = 2e-3;

    /// <summary>Measures a case.</summary>
    /// <param name="benchmark">The case.</param>
    /// <param name="peak">The machine's peak in this precision, from <see cref="MachinePeak"/>.</param>
    /// <param name="quick">A tenth of the time, for a first look.</param>
    public static CaseResult Run(BenchmarkCase benchmark, double peak, bool quick)
    {
        var seconds = quick ? 0.2 : 1.5;
        var model = benchmark.CreateModel<T>(1);
        var recording = benchmark.CreateRecording(model, Trials, 2);
        var trials = recording.Trials.Select(trial => new PreparedTrial<T>(model.Generative, recording, trial)).ToArray();
        var estimator = new ElboEstimator<T>(model, benchmark.Bins);

        // Plain iLQR to a tight tolerance, so that every trial takes the same few iterations; the start, which is a roll-out, is taken off.
        var plain = new SolverOptions { MaximumConjugateGradientSteps = 0, Tolerance = 1e-9, MaximumIterations = 4 };
        var iterations = 0;
        var solve = Median(seconds, i =>
        {
            var solution = estimator.SolveMap(trials[i % Trials], null, plain);
            iterations = Math.Max(1, solution.Iterations);
            return iterations;
        });
        var factorise = Median(seconds / 2, _ =>
        {
            estimator.Solver.Factors.Factorise(estimator.Problem, estimator.Solver.Current, 0);
            return 1;
        });
        var solver = new SolverOptions { Tolerance = 1e-4 };
        Solution map = default;
        var cold = Median(seconds, i =>
        {
            map = estimator.SolveMap(trials[i % Trials], null, solver);
            return 1;
        });
        var steady = SteadyState(model, trials, estimator, solver, quick ? 3 : 12);
        var one = Throughput(benchmark, 1, quick);
        var threads = Environment.ProcessorCount;
        var all = threads == 1 ? one : Throughput(benchmark, threads, quick);
        var flops = benchmark.FlopsPerBin * (benchmark.Bins - 1);
        return new CaseResult(
            benchmark.Name,
            typeof(T) == typeof(float) ? "single" : "double",
            solve * 1e3,
            flops / solve / 1e9,
            flops / solve / 1e9 / peak,
            factorise * 1e3,
            cold * 1e3,
            map.Factorisations,
            map.ConjugateGradientSteps,
            steady.Seconds * 1e3,
            steady.Factorisations,
            steady.NewtonProducts,
            steady.GradientProducts,
            one,
            all,
            threads);
    }

    /// <summary>The median time of an action over the number of units it says it did.</summary>
    private static double Median(double seconds, Func<int, int> action)
    {
        for (var i = 0; i < 3; i++)
        {
            action(i);
        }

        var times = new List<double>();
        var clock = Stopwatch.StartNew();
        while (times.Count < 5 || clock.Elapsed.TotalSeconds < seconds)
        {
            var start = Stopwatch.GetTimestamp();
            var units = action(times.Count);
            times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds / units);
        }

        times.Sort();
        return times[times.Count / 2];
    }

    /// <summary>Passes over the trials with an Adam update after each, as training does; the first passes, from rest, are not counted.</summary>
    private static (double Seconds, double Factorisations, double NewtonProducts, double GradientProducts) SteadyState(
        VariationalModel<T> model, PreparedTrial<T>[] trials, ElboEstimator<T> estimator, SolverOptions solver, int passes)
    {
        var options = new TrainingOptions().Elbo with { Solver = solver };
        var starts = trials.Select(trial => new WarmStart<T>(trial.Bins, model.Generative.StateCount, model.Generative.InputCount)).ToArray();
        var draws = new PosteriorDraws<T>(1, trials[0].Bins, model.Generative.StateCount, model.Generative.InputCount);
        var gradient = new ParameterGradient<T>(model.Parameters.All);
        var total = new ParameterGradient<T>(model.Parameters.All);
        var raw = new double[model.Parameters.RawCount];
        var rawGradient = new double[raw.Length];
        model.Parameters.CopyRawTo(raw);
        var optimiser = new Adam(raw.Length);
        var times = new List<double>();
        var results = new List<ElboResult>();
        for (var pass = 0; pass < passes + 4; pass++)
        {
            total.Clear();
            for (var i = 0; i < trials.Length; i++)
            {
                draws.Fill(1, (ulong)pass, (ulong)i);
                var start = Stopwatch.GetTimestamp();
                var result = estimator.Evaluate(trials[i], starts[i], draws, options, gradient);
                var elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
                starts[i].CopyFrom(estimator.Solver.Current);
                total.AddScaled(1, gradient);
                if (pass >= 4)
                {
                    times.Add(elapsed);
                    results.Add(result);
                }
            }

            model.Parameters.PullBack(total, rawGradient);
            optimiser.Update(raw, rawGradient, LearningRate);
            model.SetRaw(raw);
        }

        times.Sort();
        var factorisations = results.Select(result => (double)result.Map.Factorisations).Order().ToArray();
        return (
            times[times.Count / 2],
            factorisations[factorisations.Length / 2],
            results.Average(result => result.Map.ConjugateGradientSteps),
            results.Average(result => result.GradientSteps));
    }

    private static double Throughput(BenchmarkCase benchmark, int threads, bool quick)
    {
        var model = benchmark.CreateModel<T>(1);
        var recording = benchmark.CreateRecording(model, Trials, 2);
        var options = new TrainingOptions
        {
            Iterations = quick ? 8 : 20,
            BatchSize = Trials,
            LearningRate = LearningRate,
            Threads = threads,
            ValidationInterval = 0,
        };
        var rates = new List<double>();
        new Trainer<T>(model, recording, options).Run(record => rates.Add(record.TrialsPerSecond), null, CancellationToken.None);
        var counted = rates.Skip(rates.Count / 4).Order().ToArray();
        return counted[counted.Length / 2];
    }
}
