using System.Text.RegularExpressions;

namespace IlqrVae.Cli.Tests;

/// <summary>What pages say of the command line is parsed by the command line itself: commands, options, and values of options that are known beforehand.</summary>
public sealed partial class DocumentedCommands
{
    /// <summary>What stands in front of a call of the program.</summary>
    private static readonly string[] Launchers = ["mpirun ", "srun ", "docker run ", "apptainer run ", "dotnet run -c Release --project src/IlqrVae.Cli -- "];

    /// <summary>Lines that name the program and do not call it.</summary>
    private static readonly string[] Others = ["dotnet tool install ", "dotnet publish ", "docker build ", "apptainer build ", "pip install ", "ILQR_VAE_PROGRAM="];

    /// <summary>Options of other programs that pages name.</summary>
    private static readonly string[] OtherOptions = ["--build-arg", "--signal=TERM@120", "--mca", "--allow-dirty", "--platforms"];

    public static TheoryData<string> Pages => [.. DocsPage.All];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_command_is_one_of_the_program(string page)
    {
        foreach (var line in Lines(page))
        {
            if (Call(line) is not { } words)
            {
                Assert.True(!line.Contains("ilqr-vae ", StringComparison.Ordinal) || Others.Any(other => line.StartsWith(other, StringComparison.Ordinal)), $"{page}: is this a call of the program?\n{line}");
                continue;
            }

            Assert.True(Application.Fault(words) is null, $"{page}: {line}\n{Application.Fault(words)}");
        }
    }

    /// <summary>In a sentence a command may lack what it needs, and have names in capitals; it has no option and no command that is not there.</summary>
    [Theory]
    [MemberData(nameof(Pages))]
    public void Commands_in_sentences_have_only_what_there_is(string page)
    {
        foreach (var span in DocsPage.Spans(page).Where(span => Call(span) is { Length: > 0 }).Where(span => !FormatNames().IsMatch(span)))
        {
            var fault = Application.Fault(Call(span)!);
            Assert.True(fault is null || fault.Contains(" is missing", StringComparison.Ordinal) || fault.Contains(" is required", StringComparison.Ordinal), $"{page}: {span}\n{fault}");
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_option_in_a_sentence_is_one_of_a_command(string page)
    {
        if (page == "CHANGELOG.md")
        {
            // It tells of options that were.
            return;
        }

        var known = CommandLine.Commands().SelectMany(one => one.Command.Options).SelectMany(option => option.Aliases.Append(option.Name)).Concat(["--help", "--version", "--quiet", "--verbose", .. OtherOptions]).ToHashSet(StringComparer.Ordinal);
        foreach (var span in DocsPage.Spans(page).Where(span => span.StartsWith("--", StringComparison.Ordinal)))
        {
            var option = span.Split(' ')[0];
            Assert.True(known.Contains(option) || known.Contains(option.Split('=')[0]), $"{page}: no command has '{option}'");
        }
    }

    [Fact]
    public void As_many_commands_are_looked_at_as_there_are()
    {
        var lines = DocsPage.All.SelectMany(Lines).Where(line => Call(line) is not null).ToList();
        Assert.True(lines.Count >= 200, $"{lines.Count} commands");
        Assert.Equal("ilqr-vae bench; ilqr-vae bench --long", string.Join("; ", DocsPage.BlocksOf("docs/performance.md").SelectMany(block => block.Text.Split('\n')).Where(line => Call(line) is not null).Select(line => $"ilqr-vae {string.Join(' ', Call(line)!)}")));
        Assert.Equal(["train", "config.yaml", "-o", "run", "--threads", "8"], Call("srun --mpi=pmix ilqr-vae train config.yaml -o run --threads $SLURM_CPUS_PER_TASK")!);
        Assert.Equal(["evaluate", "run", "--json"], Call("ilqr-vae evaluate run --json > scores.json")!);
        Assert.Null(Call("docker build -f packaging/Dockerfile -t ilqr-vae ."));
    }

    /// <summary>The arguments of a call of the program; null of any other line.</summary>
    internal static string[]? Call(string line)
    {
        var launcher = Array.Find(Launchers, one => line.StartsWith(one, StringComparison.Ordinal));
        var start = launcher is null ? (line.StartsWith("ilqr-vae ", StringComparison.Ordinal) ? 0 : -1)
            : launcher.StartsWith("dotnet", StringComparison.Ordinal) ? launcher.Length - "ilqr-vae ".Length
            : Program().Match(line) is { Success: true } found ? found.Index + found.Length - "ilqr-vae ".Length : -1;
        if (start < 0)
        {
            return null;
        }

        // Remarks stand behind some spaces; what a shell does with the output is not the program's.
        var call = Remark().Replace(line[(start + "ilqr-vae ".Length)..], "");
        return DocsPage.Words(call.Replace("$SLURM_CPUS_PER_TASK", "8", StringComparison.Ordinal));
    }

    /// <summary>The lines of a page that are typed, or shown as if they were.</summary>
    private static IEnumerable<string> Lines(string page) => DocsPage.BlocksOf(page).Where(block => block.Kind is DocsPage.Indented or "text").SelectMany(block => block.Text.Split('\n').Select(line => line.Trim()));

    [GeneratedRegex(@"ilqr-vae(\.sif)? ", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Program();

    [GeneratedRegex(@"( {2,}| &$| > ).*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Remark();

    /// <summary>What files say of their format is no command.</summary>
    [GeneratedRegex("^ilqr-vae (sha256:|dataset|model|posterior)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FormatNames();
}
