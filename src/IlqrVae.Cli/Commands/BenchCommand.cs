using System.CommandLine;
using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;
using IlqrVae.Benchmarking;
using IlqrVae.Numerics;
using IlqrVae.Runs;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae bench</summary>
internal static class BenchCommand
{
    private const string Description =
        """
        Measures how fast this machine solves, differentiates and trains, against the fastest matrix product it can run.

        Measure on an idle machine; nothing is written. What the figures mean, and how to get more speed: docs/performance.md.

        Example:
          ilqr-vae bench --quick
          ilqr-vae bench --json > bench.json
        """;

    private static readonly int[] LongBins = [100, 1_000, 10_000, 100_000];

    public static Command Create(Terminal terminal)
    {
        var quick = new Option<bool>("--quick") { Description = "A first look in under twenty seconds; else up to three minutes." };
        var isLong = new Option<bool>("--long")
        {
            Description = "Measure instead how time and memory of one trial grow with its length, up to 100,000 bins (10,000 with --quick).",
        };
        var precision = new Option<string?>("--precision") { Description = "Precision of --long (double).", HelpName = "double|single" };
        precision.AcceptOnlyFromAmong("double", "single");
        var json = Arguments.Json();
        return Arguments.Make("bench", Description, [quick, isLong, precision, json], result =>
        {
            terminal.IsJson = result.GetValue(json);
            var isQuick = result.GetValue(quick);
            if (result.GetValue(isLong))
            {
                var bins = isQuick ? LongBins[..^1] : LongBins;
                return result.GetValue(precision) == "single" ? RunLong<float>(bins, terminal) : RunLong<double>(bins, terminal);
            }

            if (result.GetValue(precision) is not null)
            {
                throw new InputException("--precision: this applies to --long only; the other measurements are of both precisions.");
            }

            return Run(isQuick ? BenchmarkEffort.Quick : BenchmarkEffort.Full, isQuick ? 0.4 : 2, BenchmarkCase.Standard, BenchmarkCase.Standard.Take(2), isQuick, terminal);
        });
    }

    /// <summary>Measures cases and reports.</summary>
    /// <param name="effort">Time to spend on a case.</param>
    /// <param name="peakSeconds">Time to spend on finding each peak.</param>
    /// <param name="inDouble">Cases in double precision.</param>
    /// <param name="inSingle">Cases in single precision.</param>
    /// <param name="isQuick">What the report says of the effort.</param>
    /// <param name="terminal">Where to write.</param>
    internal static int Run(
        BenchmarkEffort effort, double peakSeconds, IEnumerable<BenchmarkCase> inDouble, IEnumerable<BenchmarkCase> inSingle, bool isQuick, Terminal terminal)
    {
        var threads = Environment.ProcessorCount;
        var machine = MachineDescription.Current();
        terminal.WriteLine($"{machine.Processor}, {machine.Cores} {(machine.Cores == 1 ? "core" : "cores")}, {machine.Architecture}, {machine.VectorBits}-bit vectors, caches of {CacheSizes.Current}; {machine.Runtime}; {machine.OperatingSystem}");
        terminal.Begin("measuring the peak");
        var peakOfDouble = new MachinePeak<double>(peakSeconds);
        var peakOfSingle = new MachinePeak<float>(peakSeconds);
        var gain = threads == 1 ? 1 : peakOfDouble.ReadScaling(threads, peakSeconds);

        List<CaseResult> results = [];
        void Measure<T>(IEnumerable<BenchmarkCase> cases, MachinePeak<T> peak)
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            foreach (var one in cases)
            {
                terminal.Begin($"measuring {one.Name}, {(typeof(T) == typeof(float) ? "single" : "double")} precision");
                results.Add(CaseBenchmark<T>.Run(one, peak, effort, threads, terminal.Interrupt));
            }
        }

        Measure(inDouble, peakOfDouble);
        Measure(inSingle, peakOfSingle);

        terminal.End();

        // The peaks again, after all that: the best of both readings counts.
        peakOfDouble.Read(0.1 * peakSeconds);
        peakOfSingle.Read(0.1 * peakSeconds);
        terminal.WriteJson(() => new JsonObject
        {
            ["machine"] = Describe(machine),
            ["quick"] = isQuick,
            ["batch"] = CaseBenchmark<double>.BatchSize,
            ["peak_gflops"] = new JsonObject { ["double"] = Json.Number(peakOfDouble.Best), ["single"] = Json.Number(peakOfSingle.Best) },
            ["peak_thread_gain"] = Json.Number(gain),
            ["threads"] = threads,
            ["cases"] = new JsonArray([.. results.Select(Describe)]),
        });
        WriteTables(peakOfDouble.Best, peakOfSingle.Best, gain, threads, results, terminal);
        return ExitCode.Done;
    }

    private static JsonObject Describe(MachineDescription machine) => new()
    {
        ["processor"] = machine.Processor,
        ["cores"] = machine.Cores,
        ["architecture"] = machine.Architecture,
        ["vector_bits"] = machine.VectorBits,
        ["caches"] = new JsonArray(CacheSizes.Current.First, CacheSizes.Current.Second, CacheSizes.Current.Third),
        ["runtime"] = machine.Runtime,
        ["operating_system"] = machine.OperatingSystem,
    };

    private static JsonObject Describe(CaseResult one) => new()
    {
        ["case"] = one.Case.Name,
        ["precision"] = one.Precision,
        ["states"] = one.Case.States,
        ["inputs"] = one.Case.Inputs,
        ["channels"] = one.Case.Channels,
        ["bins"] = one.Case.Bins,
        ["iteration_ms"] = Json.Number(one.IterationMilliseconds),
        ["factorisations_per_iteration"] = Json.Number(one.FactorisationsPerIteration),
        ["iteration_gflops"] = Json.Number(one.IterationGigaflops),
        ["peak_gflops"] = Json.Number(one.PeakGigaflops),
        ["peak_fraction"] = Json.Number(one.PeakFraction),
        ["quickest_iteration_ms"] = Json.Number(one.QuickestMilliseconds),
        ["peak_fraction_at_best"] = Json.Number(one.PeakFractionAtBest),
        ["factorisation_ms"] = Json.Number(one.FactorisationMilliseconds),
        ["map_ms"] = Json.Number(one.MapMilliseconds),
        ["map_factorisations"] = Json.Number(one.MapFactorisations),
        ["map_products"] = Json.Number(one.MapProducts),
        ["gradient_ms"] = Json.Number(one.GradientMilliseconds),
        ["gradient_factorisations"] = Json.Number(one.GradientFactorisations),
        ["newton_products"] = Json.Number(one.NewtonProducts),
        ["gradient_products"] = Json.Number(one.GradientProducts),
        ["trials_per_second"] = Json.Number(one.TrialsPerSecond),
        ["trials_per_second_all_threads"] = Json.Number(one.TrialsPerSecondAllThreads),
        ["thread_gain"] = Json.Number(one.ThreadGain),
    };

    private static void WriteTables(double peakOfDouble, double peakOfSingle, double gain, int threads, List<CaseResult> results, Terminal terminal)
    {
        terminal.WriteLine($"peak of one core: {Count(peakOfDouble)} GFLOP/s double, {Count(peakOfSingle)} single; {threads} threads together reach {Wording.Number(gain, "0.00")} times one");
        terminal.WriteLine();
        terminal.WriteLine("MAP inference of a trial on one thread, from rest");
        terminal.WriteTable(
            ["case", "precision", "iteration ms", "GFLOP/s", "of peak", "quickest ms", "of peak", "factorisation ms", "solve ms", "factorisations", "products"],
            results.Select(one => (IReadOnlyList<string>)
            [
                one.Case.Name, one.Precision, Number(one.IterationMilliseconds), Number(one.IterationGigaflops), Count(100 * one.PeakFraction) + " %",
                Number(one.QuickestMilliseconds), Count(100 * one.PeakFractionAtBest) + " %", Number(one.FactorisationMilliseconds), Number(one.MapMilliseconds), Count(one.MapFactorisations), Count(one.MapProducts),
            ]));
        terminal.WriteLine();
        terminal.WriteLine("training: ELBO and exact gradient of a trial, and trials a second with everything included");
        terminal.WriteTable(
            ["case", "precision", "gradient ms", "factorisations", "Newton products", "gradient products", "1 thread", $"{threads} threads", "gain"],
            results.Select(one => (IReadOnlyList<string>)
            [
                one.Case.Name, one.Precision, Number(one.GradientMilliseconds), Count(one.GradientFactorisations), Count(one.NewtonProducts),
                Count(one.GradientProducts), Number(one.TrialsPerSecond), Number(one.TrialsPerSecondAllThreads), Wording.Number(one.ThreadGain, "0.00"),
            ]));
    }

    private static int RunLong<T>(IEnumerable<int> lengths, Terminal terminal)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        LongTrialBenchmark<T>.WarmUp();
        List<LongTrialResult> results = [];
        foreach (var bins in lengths)
        {
            terminal.Interrupt.ThrowIfCancellationRequested();
            terminal.Begin($"solving a trial of {bins} bins");
            results.Add(LongTrialBenchmark<T>.Run(bins));
        }

        terminal.End();
        var precision = typeof(T) == typeof(float) ? "single" : "double";
        terminal.WriteJson(() => new JsonObject
        {
            ["machine"] = Describe(MachineDescription.Current()),
            ["case"] = LongTrialBenchmark<T>.Case.Name,
            ["precision"] = precision,
            ["lengths"] = new JsonArray([.. results.Select(one => new JsonObject
            {
                ["bins"] = one.Bins,
                ["status"] = one.Solve.Status.ToString(),
                ["seconds"] = Json.Number(one.Seconds),
                ["iterations"] = one.Solve.Iterations,
                ["factorisations"] = one.Solve.Factorisations,
                ["products"] = one.Solve.ConjugateGradientSteps,
                ["us_per_bin_and_iteration"] = Json.Number(one.MicrosecondsPerBinAndIteration),
                ["factorisation_us_per_bin"] = Json.Number(one.FactorisationMicrosecondsPerBin),
                ["workspace_bytes"] = one.WorkspaceBytes,
                ["peak_bytes"] = one.PeakBytes,
            })]),
        });
        terminal.WriteLine($"MAP solve of one trial, {LongTrialBenchmark<T>.Case.Name}, {precision} precision, one thread");
        terminal.WriteTable(
            ["bins", "seconds", "iterations", "factorisations", "products", "us per bin and iteration", "factorisation us per bin", "workspace MB", "peak MB"],
            results.Select(one => (IReadOnlyList<string>)
            [
                one.Bins.ToString("#,0", CultureInfo.InvariantCulture), Number(one.Seconds), Count(one.Solve.Iterations), Count(one.Solve.Factorisations),
                Count(one.Solve.ConjugateGradientSteps), Number(one.MicrosecondsPerBinAndIteration), Number(one.FactorisationMicrosecondsPerBin),
                Count(one.WorkspaceBytes / 1e6), Count(one.PeakBytes / 1e6),
            ]));
        return ExitCode.Done;
    }

    private static string Count(double value) => Wording.Number(value, "0");

    /// <summary>Three significant digits.</summary>
    private static string Number(double value) => Wording.Number(value, value >= 100 ? "0" : value >= 10 ? "0.0" : value >= 1 ? "0.00" : "0.000");
}
