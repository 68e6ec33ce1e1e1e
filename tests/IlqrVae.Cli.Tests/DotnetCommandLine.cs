namespace IlqrVae.Cli.Tests;

/// <summary>Tests that call the .NET command line, one after another: two builds of the same folders would get in each other's way.</summary>
[CollectionDefinition("dotnet")]
public sealed class DotnetCommandLine;
