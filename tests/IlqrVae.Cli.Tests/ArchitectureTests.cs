using IlqrVae.Data;

namespace IlqrVae.Cli.Tests;

/// <summary>Which assemblies may know which others.</summary>
public sealed class ArchitectureTests
{
    [Fact]
    public void Reading_and_writing_files_knows_nothing_of_the_command_line()
        => Assert.DoesNotContain(
            typeof(RecordingFile).Assembly.GetReferencedAssemblies(),
            assembly => assembly.Name is "ilqr-vae" or "ScottPlot" or "System.CommandLine" or "Spectre.Console" or "YamlDotNet");
}
