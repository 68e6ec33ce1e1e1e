using System.Reflection;
using IlqrVae.Benchmarking;
using IlqrVae.Data;
using IlqrVae.Runs.Files;

namespace IlqrVae.Cli.Tests;

/// <summary>Which assemblies may know which others.</summary>
public sealed class ArchitectureTests
{
    private static readonly string[] OfPeople = ["ilqr-vae", "IlqrVae.Reports", "ScottPlot", "SkiaSharp", "System.CommandLine", "Spectre.Console", "IlqrVae.Benchmarking"];

    [Fact]
    public void Reading_and_writing_files_knows_nothing_of_runs_or_the_command_line()
        => Assert.Empty(Known(typeof(RecordingFile).Assembly, [.. OfPeople, "YamlDotNet", "IlqrVae.Runs"]));

    [Fact]
    public void Runs_know_nothing_of_the_command_line()
        => Assert.Empty(Known(typeof(RunFolder).Assembly, OfPeople));

    [Fact]
    public void Benchmarks_know_the_library_alone()
        => Assert.Empty(Known(typeof(BenchmarkCase).Assembly, [.. OfPeople, "IlqrVae.Data", "IlqrVae.Runs"]));

    [Fact]
    public void Reports_know_nothing_of_the_command_line()
        => Assert.Empty(Known(typeof(IlqrVae.Reports.RunReport).Assembly, ["ilqr-vae", "System.CommandLine", "Spectre.Console", "IlqrVae.Benchmarking", "Plotly.Blazor"]));

    private static IEnumerable<string?> Known(Assembly assembly, string[] forbidden)
        => assembly.GetReferencedAssemblies().Select(one => one.Name).Where(name => forbidden.Any(other => string.Equals(other, name, StringComparison.Ordinal)));
}
