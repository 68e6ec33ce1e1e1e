using System.Reflection;
using IlqrVae.Control;
using IlqrVae.Data;
using IlqrVae.Reports;
using IlqrVae.Runs.Files;
using PublicApiGenerator;

namespace IlqrVae.Cli.Tests;

/// <summary>What programs of others may rely on, listed in PublicApi, a file a package: whoever changes it sees the change. Written anew with ILQR_VAE_WRITE_DOCS=1.</summary>
public sealed class PublicInterface
{
    private static readonly ApiGeneratorOptions Options = new() { IncludeAssemblyAttributes = false };

    public static TheoryData<string> Packages => ["IlqrVae", "IlqrVae.Data", "IlqrVae.Runs", "IlqrVae.Reports"];

    [Theory]
    [MemberData(nameof(Packages))]
    public void What_is_public_is_what_is_listed(string package)
    {
        var file = Path.Combine(Repository.Root, "tests", "IlqrVae.Cli.Tests", "PublicApi", $"{package}.txt");
        var found = Of(package).GeneratePublicApi(Options).ReplaceLineEndings("\n").TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable("ILQR_VAE_WRITE_DOCS") == "1")
        {
            File.WriteAllText(file, found);
        }

        var listed = File.ReadAllText(file).ReplaceLineEndings("\n");
        Assert.True(found == listed, $"""
            The public interface of {package} changed. Where that is meant, run these tests with ILQR_VAE_WRITE_DOCS=1 and say it in CHANGELOG.md.
            gone: {string.Join('\n', Lines(listed).Except(Lines(found), StringComparer.Ordinal))}
            new: {string.Join('\n', Lines(found).Except(Lines(listed), StringComparer.Ordinal))}
            """);
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.TrimEntries);

    private static Assembly Of(string package) => package switch
    {
        "IlqrVae" => typeof(SolverOptions).Assembly,
        "IlqrVae.Data" => typeof(RecordingFile).Assembly,
        "IlqrVae.Runs" => typeof(RunFolder).Assembly,
        _ => typeof(RunReport).Assembly,
    };
}
