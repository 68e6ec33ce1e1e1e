using System.Diagnostics;
using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Recordings;

namespace IlqrVae.Benchmarking;

/// <summary>What a MAP solve of one long trial took.</summary>
/// <param name="Bins">T.</param>
/// <param name="Solve">How the solve ended.</param>
/// <param name="Seconds">Time of the solve, from rest.</param>
/// <param name="FactorisationSeconds">Time of one linearisation and backward pass.</param>
/// <param name="WorkspaceBytes">Managed memory of the solver's workspace; the trial's observations are not in it.</param>
/// <param name="PeakBytes">The largest working set of the process so far; measure shorter trials first.</param>
public sealed record LongTrialResult(int Bins, SolveReport Solve, double Seconds, double FactorisationSeconds, long WorkspaceBytes, long PeakBytes)
{
    /// <summary>Microseconds of the solve for each bin and iteration.</summary>
    public double MicrosecondsPerBinAndIteration => Seconds * 1e6 / Bins / Math.Max(1, Solve.Iterations);

    /// <summary>Microseconds of a factorisation for each bin.</summary>
    public double FactorisationMicrosecondsPerBin => FactorisationSeconds * 1e6 / Bins;
}

/// <summary>How time and memory of inference grow with the length of a trial.</summary>
/// <typeparam name="T">float or double.</typeparam>
public static class LongTrialBenchmark<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int WarmUpBins = 200;
    private const double WarmUpSeconds = 1.5;

    /// <summary>The case whose trial is made longer and longer.</summary>
    public static BenchmarkCase Case { get; } = new("n=50 m=10 N=130 mini-GRU, Student, Poisson", 50, 10, 130, WarmUpBins, false, true, true);

    /// <summary>Brings the solver up to speed; to be called once before measuring.</summary>
    public static void WarmUp()
    {
        var model = Case.CreateModel<T>(1);
        var trial = Draw(model, WarmUpBins);
        var solver = new MapSolver<T>(model.Generative, WarmUpBins);
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed.TotalSeconds < WarmUpSeconds)
        {
            solver.Solve(trial, null, new SolverOptions());
        }
    }

    /// <summary>Solves one trial.</summary>
    /// <param name="bins">T.</param>
    public static LongTrialResult Run(int bins)
    {
        var model = Case.CreateModel<T>(1);
        var trial = Draw(model, bins);

        // What is left of the recording goes back to the system, so that the peak is the solver's.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var solver = new MapSolver<T>(model.Generative, bins);
        var clock = Stopwatch.StartNew();
        var solution = solver.Solve(trial, null, new SolverOptions());
        var seconds = clock.Elapsed.TotalSeconds;
        clock.Restart();
        solver.Workspace.Factors.Factorise(solver.Problem, solver.Workspace.Current, 0);
        var factorisation = clock.Elapsed.TotalSeconds;
        var held = GC.GetAllocatedBytesForCurrentThread() - before;
        using var process = Process.GetCurrentProcess();
        var result = new LongTrialResult(bins, solution.Report, seconds, factorisation, held, process.PeakWorkingSet64);
        GC.KeepAlive(solver);
        GC.KeepAlive(trial);
        return result;
    }

    private static PreparedTrial<T> Draw(VariationalModel<T> model, int bins)
    {
        Recording recording = (Case with { Bins = bins }).CreateRecording(model, 1, 2);
        return new PreparedTrial<T>(model.Generative, recording, recording.Trials[0]);
    }
}
