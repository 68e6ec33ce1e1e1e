using System.Text.Json.Nodes;
using IlqrVae.Benchmarking;
using IlqrVae.Cli.Commands;

namespace IlqrVae.Cli.Tests;

/// <summary>That the bench command measures and reports, on a case small enough for a test; what it measures is nobody's business here.</summary>
public sealed class Benchmarks
{
    private static readonly BenchmarkEffort Effort = new(0.01, 0.01, 2, 1, 1);

    private static readonly BenchmarkCase[] Cases =
    [
        new("spikes", 3, 2, 4, 12, false, true, true),
        new("values", 2, 1, 3, 12, true, false, false),
    ];

    [Fact]
    public void Bench_prints_one_object_with_everything()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var terminal = new Terminal(output, error, Screen.Plain with { Interval = Timeout.InfiniteTimeSpan }, CancellationToken.None) { IsJson = true, Command = "bench" };
        Assert.Equal(ExitCode.Done, BenchCommand.Run(Effort, 0.02, Cases, Cases.Take(1), true, terminal));
        var report = JsonNode.Parse(output.ToString())!;
        JsonPage.Check("bench", report.AsObject());
        Assert.NotEmpty(report["machine"]!["processor"]!.GetValue<string>());
        Assert.Equal(Environment.ProcessorCount, report["machine"]!["cores"]!.GetValue<int>());
        Assert.True(report["peak_gflops"]!["double"]!.GetValue<double>() > 0);
        Assert.True(report["peak_gflops"]!["single"]!.GetValue<double>() > 0);
        var cases = report["cases"]!.AsArray();
        Assert.Equal("double double single", string.Join(" ", cases.Select(one => one!["precision"]!.GetValue<string>())));
        foreach (var one in cases)
        {
            // A Gauss-Newton iteration is one factorisation.
            Assert.Equal(1, one!["factorisations_per_iteration"]!.GetValue<double>());
            foreach (var key in (string[])["iteration_ms", "iteration_gflops", "peak_fraction", "quickest_iteration_ms", "peak_fraction_at_best", "factorisation_ms", "map_ms", "map_factorisations", "gradient_ms", "gradient_factorisations", "trials_per_second", "trials_per_second_all_threads", "thread_gain"])
            {
                Assert.True(one[key]!.GetValue<double>() > 0, key);
            }
        }
    }

    [Fact]
    public void Bench_prints_tables()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var terminal = new Terminal(output, error, Screen.Plain with { Interval = Timeout.InfiniteTimeSpan }, CancellationToken.None);
        Assert.Equal(ExitCode.Done, BenchCommand.Run(Effort, 0.02, Cases.Take(1), [], true, terminal));
        Assert.Contains("GFLOP/s", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("trials a second", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Interrupting_stops_measuring()
    {
        using var terminal = new Terminal(TextWriter.Null, TextWriter.Null, Screen.Plain, new CancellationToken(canceled: true));
        Assert.Throws<OperationCanceledException>(() => BenchCommand.Run(Effort, 0.02, Cases, [], true, terminal));
    }

    [Fact]
    public void Longer_trials_take_proportionally_more_memory()
    {
        var few = LongTrialBenchmark<double>.Run(100);
        var many = LongTrialBenchmark<double>.Run(400);
        Assert.True(few.Solve.Iterations > 0 && many.Solve.Iterations > 0);
        Assert.InRange((double)many.WorkspaceBytes / few.WorkspaceBytes, 2, 4.5);
    }
}
