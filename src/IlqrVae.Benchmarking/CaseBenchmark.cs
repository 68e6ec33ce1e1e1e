using System.Diagnostics;
using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models.Parameters;
using IlqrVae.Training;

namespace IlqrVae.Benchmarking;

/// <summary>How much time to spend on a case.</summary>
/// <param name="Seconds">Time for each kind of measurement.</param>
/// <param name="WarmUpSeconds">Time before, so that the compiler has optimised what is measured.</param>
/// <param name="Trials">Trials of a pass when the gradient is timed.</param>
/// <param name="EarlyPasses">Passes over them before the steady state.</param>
/// <param name="Turns">Turns of a few parameter updates timed for throughput, at the least.</param>
public sealed record BenchmarkEffort(double Seconds, double WarmUpSeconds, int Trials, int EarlyPasses, int Turns)
{
    /// <summary>For figures to report.</summary>
    public static BenchmarkEffort Full { get; } = new(3, 1.5, 32, 4, 7);

    /// <summary>For a first look.</summary>
    public static BenchmarkEffort Quick { get; } = new(0.12, 0.4, 8, 2, 1);
}

/// <summary>What was measured of one case; times are medians, in milliseconds, on one thread unless said otherwise.</summary>
public sealed record CaseResult
{
    /// <summary>The case.</summary>
    public required BenchmarkCase Case { get; init; }

    /// <summary>"double" or "single".</summary>
    public required string Precision { get; init; }

    /// <summary>
    /// One Gauss-Newton iteration of the MAP solve: linearisation, backward pass, direction, line search, adjoint sweep. The roll-out and adjoint
    /// sweep that a solve starts with are taken off.
    /// </summary>
    public required double IterationMilliseconds { get; init; }

    /// <summary>Backward passes an iteration, as the solver counts them.</summary>
    public required double FactorisationsPerIteration { get; init; }

    /// <summary>Useful operations of an iteration, in billions a second.</summary>
    public required double IterationGigaflops { get; init; }

    /// <summary>The same over the peak: the median of ratios of single solves to the mean of peaks read just before and after.</summary>
    public required double PeakFraction { get; init; }

    /// <summary>The median of those peaks.</summary>
    public required double PeakGigaflops { get; init; }

    /// <summary>The quickest iteration: what the median would be on a core of one's own.</summary>
    public required double QuickestMilliseconds { get; init; }

    /// <summary>Its useful operations over the fastest product ever seen in this process.</summary>
    public required double PeakFractionAtBest { get; init; }

    /// <summary>The linearisation and backward pass alone.</summary>
    public required double FactorisationMilliseconds { get; init; }

    /// <summary>A MAP solve from rest, to the tolerance of training.</summary>
    public required double MapMilliseconds { get; init; }

    /// <summary>Its backward passes (median).</summary>
    public required double MapFactorisations { get; init; }

    /// <summary>Its exact Hessian products (median).</summary>
    public required double MapProducts { get; init; }

    /// <summary>
    /// ELBO and exact gradient, warm-started, in the steady state of training. The derivative of the covariance factor over time is left in factors, as
    /// training needs it; multiplying it out, once a batch, is part of the throughput.
    /// </summary>
    public required double GradientMilliseconds { get; init; }

    /// <summary>Backward passes of those (median).</summary>
    public required double GradientFactorisations { get; init; }

    /// <summary>Exact Hessian products of their MAP solves (median).</summary>
    public required double NewtonProducts { get; init; }

    /// <summary>Exact Hessian products of their implicit gradients (median).</summary>
    public required double GradientProducts { get; init; }

    /// <summary>Training on one thread, everything included, with batches of <see cref="CaseBenchmark{T}.BatchSize"/>.</summary>
    public required double TrialsPerSecond { get; init; }

    /// <summary>Training on all threads.</summary>
    public required double TrialsPerSecondAllThreads { get; init; }

    /// <summary>The median of ratios of the two, each of turns taken one after the other.</summary>
    public required double ThreadGain { get; init; }

    /// <summary>How many threads that is.</summary>
    public required int Threads { get; init; }
}

/// <summary>Measures one case.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class CaseBenchmark<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Trials of a batch when throughput is measured.</summary>
    public const int BatchSize = 32;

    private const int MostIterations = 4;
    private const int Rounds = 5;

    /// <summary>Solves of a round, at the least.</summary>
    private const int FewestPairs = 3;

    /// <summary>The first reading of the peak in a round.</summary>
    private const double ReadingSeconds = 0.001;

    /// <summary>Updates before the other trainer's turn.</summary>
    private const int UpdatesInTurn = 3;
    private const double LearningRate = 2e-3;
    private static readonly SolverOptions Solver = new() { Tolerance = 1e-4 };

    private readonly BenchmarkCase _case;
    private readonly MachinePeak<T> _peak;
    private readonly BenchmarkEffort _effort;
    private readonly CancellationToken _interrupt;
    private readonly VariationalModel<T> _model;
    private readonly PreparedTrial<T>[] _trials;
    private readonly MapSolver<T> _solver;

    private CaseBenchmark(BenchmarkCase benchmark, MachinePeak<T> peak, BenchmarkEffort effort, CancellationToken interrupt)
    {
        _case = benchmark;
        _peak = peak;
        _effort = effort;
        _interrupt = interrupt;
        _model = benchmark.CreateModel<T>(1);
        var recording = benchmark.CreateRecording(_model, BatchSize, 2);
        _trials = [.. recording.Trials.Select(trial => new PreparedTrial<T>(_model.Generative, recording, trial))];
        _solver = new MapSolver<T>(_model.Generative, benchmark.Bins);
    }

    /// <summary>Measures a case.</summary>
    /// <param name="benchmark">The case.</param>
    /// <param name="peak">The meter of the machine's peak.</param>
    /// <param name="effort">Time to spend.</param>
    /// <param name="threads">"All" threads.</param>
    /// <param name="interrupt">Stops measuring.</param>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public static CaseResult Run(BenchmarkCase benchmark, MachinePeak<T> peak, BenchmarkEffort effort, int threads, CancellationToken interrupt)
    {
        ArgumentNullException.ThrowIfNull(benchmark);
        ArgumentNullException.ThrowIfNull(peak);
        ArgumentNullException.ThrowIfNull(effort);
        var run = new CaseBenchmark<T>(benchmark, peak, effort, interrupt);
        run.WarmUp();
        var iteration = run.MeasureIteration();
        var map = run.MeasureMap();
        var gradient = run.MeasureGradient();
        var throughput = run.MeasureThroughput(threads);
        return new CaseResult
        {
            Case = benchmark,
            Precision = typeof(T) == typeof(float) ? "single" : "double",
            IterationMilliseconds = iteration.Seconds * 1e3,
            FactorisationsPerIteration = iteration.Factorisations,
            IterationGigaflops = run.OperationsPerIteration / iteration.Seconds / 1e9,
            PeakFraction = iteration.Share,
            PeakGigaflops = iteration.Peak,
            QuickestMilliseconds = iteration.Quickest * 1e3,
            PeakFractionAtBest = run.OperationsPerIteration / iteration.Quickest / 1e9 / peak.Best,
            FactorisationMilliseconds = iteration.FactorisationSeconds * 1e3,
            MapMilliseconds = map.Seconds * 1e3,
            MapFactorisations = map.Factorisations,
            MapProducts = map.Products,
            GradientMilliseconds = gradient.Seconds * 1e3,
            GradientFactorisations = gradient.Factorisations,
            NewtonProducts = gradient.NewtonProducts,
            GradientProducts = gradient.GradientProducts,
            TrialsPerSecond = throughput.One,
            TrialsPerSecondAllThreads = throughput.All,
            ThreadGain = throughput.Gain,
            Threads = threads,
        };
    }

    private double OperationsPerIteration => _case.FlopsPerBin * (_case.Bins - 1);

    /// <summary>Goes through everything that is measured, for as long as the compiler needs to notice and optimise it.</summary>
    private void WarmUp()
    {
        var clock = Stopwatch.StartNew();
        var state = new Steady(this);
        var plain = Plain(MostIterations);
        for (var i = 0; i < 3 || clock.Elapsed.TotalSeconds < _effort.WarmUpSeconds; i++)
        {
            _interrupt.ThrowIfCancellationRequested();
            _solver.Solve(_trials[i % BatchSize], null, plain);
            state.Evaluate(i % BatchSize);
        }
    }

    /// <summary>
    /// Solves by Gauss-Newton steps alone, stopped after as many iterations as every trial takes, less solves of no iteration. The peak is read before and after each solve, for about as
    /// long as a tenth of it: another thread of the same core comes and goes in milliseconds, and takes up to half of both.
    /// </summary>
    private (double Seconds, double Quickest, double FactorisationSeconds, double Factorisations, double Share, double Peak) MeasureIteration()
    {
        var count = MostIterations;
        while (count > 1 && !_trials.All(trial => _solver.Solve(trial, null, Plain(count)) .Report is { } report
            && report.Iterations == count && report.Factorisations == count))
        {
            count--;
        }

        var factorisations = _trials.Average(trial => (double)_solver.Solve(trial, null, Plain(count)).Report.Factorisations) / count;
        var solve = Plain(count);
        var start = Plain(0);
        List<double> seconds = [], factorisationSeconds = [], shares = [], peaks = [];
        double quickestStart = double.PositiveInfinity, quickestSolve = double.PositiveInfinity;
        for (var round = 0; round < Rounds; round++)
        {
            var starts = Times(0.1 * _effort.Seconds / Rounds, i => _solver.Solve(_trials[i % BatchSize], null, start));
            var starting = Median(starts);
            quickestStart = Math.Min(quickestStart, starts.Min());
            var clock = Stopwatch.StartNew();
            var before = _peak.ReadNow(ReadingSeconds);
            for (var i = 0; i < FewestPairs || clock.Elapsed.TotalSeconds < _effort.Seconds / Rounds; i++)
            {
                _interrupt.ThrowIfCancellationRequested();
                var solving = Seconds(() => _solver.Solve(_trials[i % BatchSize], null, solve));
                var after = _peak.ReadNow(solving / 10);
                quickestSolve = Math.Min(quickestSolve, solving);
                var iteration = Math.Max(1e-12, (solving - starting) / count);
                seconds.Add(iteration);
                peaks.Add((before + after) / 2);
                shares.Add(OperationsPerIteration / iteration / 1e9 / peaks[^1]);
                before = after;
            }

            factorisationSeconds.Add(MedianSeconds(
                0.3 * _effort.Seconds / Rounds, _ => _solver.Workspace.Factors.Factorise(_solver.Problem, _solver.Workspace.Current, 0)));
        }

        return (Median(seconds), Math.Max(1e-12, (quickestSolve - quickestStart) / count), Median(factorisationSeconds), factorisations, Median(shares), Median(peaks));
    }

    private (double Seconds, double Factorisations, double Products) MeasureMap()
    {
        List<double> factorisations = [], products = [];
        var seconds = MedianSeconds(_effort.Seconds, i =>
        {
            var report = _solver.Solve(_trials[i % BatchSize], null, Solver).Report;
            factorisations.Add(report.Factorisations);
            products.Add(report.ConjugateGradientSteps);
        });
        return (seconds, Median(factorisations), Median(products));
    }

    /// <summary>Passes over trials with an update after each, as training does; the first ones, from rest, are not counted.</summary>
    private (double Seconds, double Factorisations, double NewtonProducts, double GradientProducts) MeasureGradient()
    {
        var state = new Steady(this);
        var results = new List<ElboResult>();
        var times = new List<double>();
        var clock = new Stopwatch();
        for (var pass = 0; pass < _effort.EarlyPasses + 2 || clock.Elapsed.TotalSeconds < 2 * _effort.Seconds; pass++)
        {
            for (var i = 0; i < _effort.Trials; i++)
            {
                _interrupt.ThrowIfCancellationRequested();
                var (result, seconds) = state.Evaluate(i);
                if (pass >= _effort.EarlyPasses)
                {
                    times.Add(seconds);
                    results.Add(result);
                }
            }

            state.Update();
            if (pass == _effort.EarlyPasses - 1)
            {
                clock.Start();
            }
        }

        return (
            Median(times),
            Median(results.Select(result => (double)result.Map.Factorisations)),
            Median(results.Select(result => (double)result.Map.ConjugateGradientSteps)),
            Median(results.Select(result => (double)result.GradientSteps)));
    }

    /// <summary>Trains the same model twice, a few updates each in turn: on one thread, and on all.</summary>
    private (double One, double All, double Gain) MeasureThroughput(int threads)
    {
        var one = CreateTrainer(1);
        var all = threads == 1 ? null : CreateTrainer(threads);
        List<double> ones = [], alls = [], gains = [];
        var clock = new Stopwatch();
        var early = 1 + (_effort.EarlyPasses / UpdatesInTurn);
        for (var turn = 0; turn < _effort.Turns + early || clock.Elapsed.TotalSeconds < 2 * _effort.Seconds; turn++)
        {
            _interrupt.ThrowIfCancellationRequested();
            if (turn == early)
            {
                clock.Start();
            }

            var alone = Update(one);
            var together = all is null ? alone : Update(all);
            if (turn >= early)
            {
                ones.Add(alone);
                alls.Add(together);
                gains.Add(together / alone);
            }
        }

        return (Median(ones), Median(alls), Median(gains));
    }

    private Trainer<T> CreateTrainer(int threads)
    {
        var model = _case.CreateModel<T>(1);
        return new Trainer<T>(model, _case.CreateRecording(model, BatchSize, 2), new TrainingOptions
        {
            Iterations = int.MaxValue,
            BatchSize = BatchSize,
            LearningRate = LearningRate,
            Schedule = LearningRateSchedule.Constant,
            Threads = threads,
            ValidationInterval = 0,
            CheckpointInterval = 0,
        });
    }

    /// <summary>
    /// A turn of a trainer. Its first update is not counted: the threads, which stay for thousands of updates of a real run, start with it, and the
    /// caches hold what is the other trainer's.
    /// </summary>
    /// <returns>Trials a second.</returns>
    private static double Update(Trainer<T> trainer)
    {
        using var stop = new CancellationTokenSource();
        var rates = new List<double>();
        trainer.Run(
            record =>
            {
                rates.Add(record.TrialsPerSecond);
                if (rates.Count == UpdatesInTurn)
                {
                    stop.Cancel();
                }
            },
            null,
            stop.Token);
        return rates.Skip(1).Average();
    }

    private static SolverOptions Plain(int iterations) => new() { MaximumConjugateGradientSteps = 0, Tolerance = 0, MaximumIterations = iterations };

    /// <summary>The median time of an action.</summary>
    private double MedianSeconds(double seconds, Action<int> action) => Median(Times(seconds, action));

    private List<double> Times(double seconds, Action<int> action)
    {
        var times = new List<double>();
        var clock = Stopwatch.StartNew();
        while (times.Count < 3 || clock.Elapsed.TotalSeconds < seconds)
        {
            _interrupt.ThrowIfCancellationRequested();
            times.Add(Seconds(() => action(times.Count)));
        }

        return times;
    }

    private static double Seconds(Action action)
    {
        var start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    /// <summary>Training without a trainer: a model of its own, the starts of its trials, and an update whenever one is asked for.</summary>
    private sealed class Steady
    {
        private readonly CaseBenchmark<T> _owner;
        private readonly VariationalModel<T> _model;
        private readonly MapSolver<T> _solver;
        private readonly ElboEstimator<T> _estimator;
        private readonly ElboOptions _options = new TrainingOptions().Elbo with { Solver = Solver };
        private readonly WarmStart<T>[] _starts;
        private readonly PosteriorDraws<T> _draws;
        private readonly TrialGradient<T> _gradient;
        private readonly ParameterGradient<T> _total;
        private readonly double[] _raw;
        private readonly double[] _rawGradient;
        private readonly Adam _optimiser;
        private ulong _pass;

        public Steady(CaseBenchmark<T> owner)
        {
            _owner = owner;
            _model = owner._case.CreateModel<T>(1);
            var generative = _model.Generative;
            _solver = new MapSolver<T>(generative, owner._case.Bins);
            _estimator = new ElboEstimator<T>(_model, owner._case.Bins);
            _starts = [.. owner._trials.Select(trial => new WarmStart<T>(trial.Bins, generative.StateCount, generative.InputCount))];
            _draws = new PosteriorDraws<T>(1, owner._case.Bins, generative.StateCount, generative.InputCount);
            _gradient = new TrialGradient<T>(_model, 1);
            _total = new ParameterGradient<T>(_model.Parameters.All);
            _raw = new double[_model.Parameters.RawCount];
            _rawGradient = new double[_raw.Length];
            _model.Parameters.CopyRawTo(_raw);
            _optimiser = new Adam(_raw.Length);
        }

        public (ElboResult Result, double Seconds) Evaluate(int trial)
        {
            _draws.Fill(1, _pass, (ulong)trial);
            var start = Stopwatch.GetTimestamp();
            var map = _solver.Solve(_owner._trials[trial], _starts[trial], _options.Solver);
            var result = _estimator.Evaluate(map, _draws, _options, _gradient);
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            _starts[trial].CopyFrom(map.Trajectory);
            _gradient.AddTo(_total);
            return (result, seconds);
        }

        public void Update()
        {
            _model.Parameters.PullBack(_total, _rawGradient);
            _optimiser.Update(_raw, _rawGradient, LearningRate);
            _model.SetRaw(_raw);
            _total.Clear();
            _pass++;
        }
    }
}
