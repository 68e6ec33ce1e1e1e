using System.IO.Compression;
using System.Xml.Linq;

namespace IlqrVae.Cli.Tests;

/// <summary>The packages of what was built, made once for the tests below.</summary>
public sealed class PackedSources : IDisposable
{
    public PackedSources()
    {
        Said = Repository.Dotnet(Repository.Root, "pack", "IlqrVae.slnx", "-c", Repository.Configuration, "--no-build", "-o", Path.Combine(Folder, "packages"), "-v", "minimal", "-p:Version=9.8.7-test.1", "-p:RunAnalyzers=false");
        var global = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

        // Ours come from the folder above, those of others from where they were restored to build this: no feed is asked.
        File.WriteAllText(Path.Combine(Folder, "NuGet.config"), $"""
            <configuration>
              <packageSources><clear /><add key="made" value="{Path.Combine(Folder, "packages")}" /></packageSources>
              <fallbackPackageFolders><clear /><add key="restored" value="{global}" /></fallbackPackageFolders>
              <config><add key="globalPackagesFolder" value="{Path.Combine(Folder, "restored")}" /></config>
            </configuration>
            """);
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("ilqr-vae-packages-").FullName;

    public string Said { get; }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}

/// <summary>The NuGet packages: what is in them, the tool installed and a program that uses the libraries, from a folder alone.</summary>
[Collection("dotnet")]
public sealed class NuGetPackages(PackedSources packed) : IClassFixture<PackedSources>
{
    private const string Version = "9.8.7-test.1";

    private static readonly string[] Libraries = ["IlqrVae", "IlqrVae.Data", "IlqrVae.Runs", "IlqrVae.Reports"];

    private string Packages => Path.Combine(packed.Folder, "packages");

    [Fact]
    public void There_are_four_libraries_and_the_tool_and_nothing_to_warn_of()
    {
        Assert.DoesNotContain("warning", packed.Said, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(
            Libraries.Append("ilqr-vae").Select(name => $"{name}.{Version}.nupkg").Order(StringComparer.Ordinal),
            Directory.GetFiles(Packages, "*.nupkg").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Packages_say_what_they_are_and_bring_documentation_and_symbols()
    {
        foreach (var name in Libraries.Append("ilqr-vae"))
        {
            using var package = ZipFile.OpenRead(Path.Combine(Packages, $"{name}.{Version}.nupkg"));
            using var stream = package.GetEntry($"{name}.nuspec")!.Open();
            var metadata = XDocument.Load(stream).Root!.Elements().First();
            string Said(string key) => metadata.Elements().First(one => one.Name.LocalName == key).Value;
            Assert.Equal("MIT", Said("license"));
            Assert.Equal(("README.md", "icon.png"), (Said("readme"), Said("icon")));
            Assert.NotEmpty(Said("description"));
            Assert.Contains("### Added", Said("releaseNotes"), StringComparison.Ordinal);
            Assert.NotNull(package.GetEntry("README.md"));
            Assert.NotNull(package.GetEntry("icon.png"));
            if (name != "ilqr-vae")
            {
                Assert.NotNull(package.GetEntry($"lib/net10.0/{name}.xml"));
                using var symbols = ZipFile.OpenRead(Path.Combine(Packages, $"{name}.{Version}.snupkg"));
                Assert.NotNull(symbols.GetEntry($"lib/net10.0/{name}.pdb"));

                // Another of ours is wanted in the version it was packed with.
                Assert.All(
                    metadata.Descendants().Where(one => one.Name.LocalName == "dependency" && one.Attribute("id")!.Value.StartsWith("IlqrVae", StringComparison.Ordinal)),
                    one => Assert.Equal(Version, one.Attribute("version")!.Value));
            }
        }
    }

    [Fact]
    public void The_tool_is_installed_and_runs()
    {
        var tools = Path.Combine(packed.Folder, "tools");
        Repository.Dotnet(packed.Folder, "tool", "install", "ilqr-vae", "--tool-path", tools, "--version", Version, "--configfile", Path.Combine(packed.Folder, "NuGet.config"));
        var (code, output) = Repository.Run(Path.Combine(tools, "ilqr-vae"), packed.Folder, "--version");
        Assert.Equal(0, code);
        Assert.Contains("framework-dependent; .NET 10", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_that_references_the_packages_trains_a_model()
    {
        var folder = Directory.CreateDirectory(Path.Combine(packed.Folder, "program")).FullName;
        File.WriteAllText(Path.Combine(folder, "program.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <UseAppHost>false</UseAppHost>
                <NuGetAudit>false</NuGetAudit>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
              </PropertyGroup>
              <ItemGroup><PackageReference Include="IlqrVae.Runs" Version="{Version}" /></ItemGroup>
            </Project>
            """);
        var example = File.ReadAllLines(Path.Combine(Repository.Root, "examples", "first-fit.cs")).Where(line => !line.StartsWith("#:", StringComparison.Ordinal));
        File.WriteAllText(Path.Combine(folder, "Program.cs"), string.Join('\n', example).Replace("Iterations = 60", "Iterations = 3", StringComparison.Ordinal));
        var (code, output) = Repository.TryDotnet(folder, "restore", "-v", "quiet");
        Assert.SkipWhen(code != 0 && output.Contains("NU1101", StringComparison.Ordinal) && !output.Contains("NU1101: Unable to find package IlqrVae", StringComparison.Ordinal), "packages of others are not where they were restored to.");
        Assert.True(code == 0, output);
        Assert.Matches(@"log evidence -?\d+\.\d+ nats", Repository.Dotnet(folder, "run", "--no-restore"));
    }
}
