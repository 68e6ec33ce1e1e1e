namespace IlqrVae.Cli.Tests;

/// <summary>Programs of one file in examples/, run as their readers do.</summary>
[Collection("dotnet")]
public sealed class ExamplePrograms
{
    [Fact]
    public void The_first_fit_runs()
        => Assert.Matches(@"log evidence -?\d+\.\d+ nats", Repository.Dotnet(Repository.Root, "run", "-c", Repository.Configuration, "-p:RunAnalyzers=false", Path.Combine("examples", "first-fit.cs")));
}
