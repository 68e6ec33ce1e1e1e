using System.Text.RegularExpressions;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Sweeps;

namespace IlqrVae.Cli.Tests;

/// <summary>
/// The commands of every page, run in their order on small files, with few iterations. A page has a folder of its own, new below each heading; what it does not make itself is taken from
/// <see cref="PageFiles"/>.
/// </summary>
public sealed partial class DocumentedPages(PageFiles files) : IClassFixture<PageFiles>
{
    /// <summary>Pages whose commands are run by other tests.</summary>
    private static readonly Dictionary<string, Type> Elsewhere = new(StringComparer.Ordinal)
    {
        ["docs/data.md"] = typeof(DataPage),
        ["docs/flexible-inference.md"] = typeof(FlexibleInferencePage),
    };

    /// <summary>Pages whose sections go on where the one before ended.</summary>
    private static readonly string[] Flowing = ["docs/sessions.md", "docs/sweeps.md"];

    /// <summary>How lines begin that are not run, and why.</summary>
    private static readonly Dictionary<string, string> NotRun = new(StringComparer.Ordinal)
    {
        ["ilqr-vae config trust my-dynamics.dll"] = "it writes into the user's folder of settings; ForeignCode runs it with one of its own",
        ["dotnet build -c Release"] = "it builds what runs this",
        ["dotnet test -c Release"] = "it would run this again",
        ["dotnet tool restore"] = "it asks a feed",
        ["dotnet docfx docfx.json"] = "it needs the tool that the line above restores",
        ["dotnet pack -c Release -o artifacts"] = "NuGetPackages packs",
        ["dotnet tool install --global"] = "NuGetPackages installs the tool in a folder of its own",
        ["dotnet publish src/IlqrVae.Cli -r linux-x64"] = "it takes minutes; release/release.cs does it and runs what comes out",
        ["dotnet run release/release.cs"] = "it takes minutes",
        ["dotnet run -c Release examples/first-fit.cs"] = "ExamplePrograms runs it",
        ["dotnet run -c Release --project src/IlqrVae.Cli -- demo"] = "it takes half a minute; others run it with fewer iterations",
        ["dotnet publish tests/IlqrVae.Tests"] = "there need be no other processor's runtime",
        ["qemu-aarch64 "] = "there need be no emulator",
        ["ILQR_VAE_MUTATIONS="] = "it takes hours; HostileFiles does it with fewer copies",
        ["docker "] = "there need be no Docker",
        ["apptainer "] = "there need be no Apptainer",
        ["pip install "] = "wheels are made by a release",
        ["ILQR_VAE_PROGRAM="] = "Packages runs the tests of the Python package",
        ["#SBATCH "] = "there is no Slurm; the script as a whole is checked by bash",
        ["#!/bin/bash"] = "as above",
        ["module load "] = "as above",
        ["ssh -L "] = "there is no server",
        ["tensorboard --logdir "] = "there need be no TensorBoard; Following reads what it would",
        ["watch: http"] = "it is what the program tells",
        ["# yaml-language-server"] = "it is a line of a configuration",
        ["ilqr-vae bench"] = "it takes minutes; Benchmarks measures small cases",
        ["ilqr-vae selftest"] = "SelfTests runs it",
        ["ilqr-vae train config.yaml -o soak"] = "it does not end",
        ["while sleep 10;"] = "it does not end",
        ["n^2 N + 3 n^3"] = "it is a formula",
    };

    /// <summary>Options that set how large something is, and what they are here.</summary>
    private static readonly Dictionary<string, string> Small = new(StringComparer.Ordinal)
    {
        ["simulate --trials"] = "16",
        ["simulate --validation-trials"] = "4",
        ["simulate --test-trials"] = "4",
        ["simulate --channels"] = "16",
        ["fit --minutes"] = "0.01",
        ["--threads"] = "1",
    };

    /// <summary>Options whose value is a file or folder that is written.</summary>
    private static readonly HashSet<string> Outputs = new(["-o", "--report", "--tensorboard"], StringComparer.Ordinal);

    /// <summary>Options whose value is a file or folder that is read.</summary>
    private static readonly HashSet<string> Inputs = new(["--data", "--target", "--from", "--like", "--posterior"], StringComparer.Ordinal);

    public static TheoryData<string> Pages => [.. DocsPage.All.Where(page => !page.StartsWith("experiments/", StringComparison.Ordinal) && !Elsewhere.ContainsKey(page))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void The_commands_of_a_page_run(string page)
    {
        CommandLine? line = null;
        try
        {
            var (section, made) = ("", new HashSet<string>(StringComparer.Ordinal));
            foreach (var (kind, text, heading) in DocsPage.BlocksOf(page))
            {
                if (line is null || (section != heading && !Flowing.Contains(page, StringComparer.Ordinal)))
                {
                    line?.Dispose();
                    (line, section) = (new CommandLine(), heading);
                    made.Clear();
                }

                if (kind == "yaml" || (kind == DocsPage.Indented && Yaml().IsMatch(text)))
                {
                    Configure(page, line, text, made);
                }
                else if (kind == DocsPage.Indented)
                {
                    foreach (var command in text.Split('\n').Select(one => one.Trim()))
                    {
                        Run(page, line, command, made);
                    }
                }
                else
                {
                    Assert.True(kind is "python" or "matlab" or "csharp" or "text", $"{page}: there is no test for blocks of '{kind}'");
                }
            }
        }
        finally
        {
            line?.Dispose();
        }
    }

    [Fact]
    public void Every_page_is_run_here_or_elsewhere_and_what_is_not_run_is_there()
    {
        Assert.All(Elsewhere.Keys, page => Assert.Contains(page, DocsPage.All, StringComparer.Ordinal));
        var lines = DocsPage.All.SelectMany(DocsPage.BlocksOf).Where(block => block.Kind == DocsPage.Indented).SelectMany(block => block.Text.Split('\n')).Select(line => line.Trim()).ToList();
        Assert.All(NotRun.Keys, start => Assert.Contains(lines, line => line.StartsWith(start, StringComparison.Ordinal)));
    }

    /// <summary>Scripts and lines are at least what a shell can read.</summary>
    [Fact]
    public void A_shell_can_read_what_is_to_be_typed()
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "there is no bash here.");
        using var line = new CommandLine();
        foreach (var (page, text) in DocsPage.All.SelectMany(page => DocsPage.BlocksOf(page).Where(block => block.Kind == DocsPage.Indented && !Yaml().IsMatch(block.Text)).Select(block => (page, block.Text))))
        {
            line.Write("script", text + "\n");
            var (code, output) = Repository.Run("/bin/bash", line.Folder, "-n", line["script"]);
            Assert.True(code == 0, $"{page}\n{text}\n{output}");
        }
    }

    /// <summary>Keeps a configuration, or what a sweep is to try, under the name in its first line, and has the program read it.</summary>
    private void Configure(string page, CommandLine line, string text, HashSet<string> made)
    {
        var name = NameOfYaml().Match(text) is { Success: true } named ? named.Groups["name"].Value : "config.yaml";
        if (text.Contains("extensions: [my-dynamics.dll]", StringComparison.Ordinal))
        {
            // The page's own class is compiled into the tests.
            text = text.Replace("my-dynamics.dll", $"\"{typeof(IlqrVae.Tests.Examples.VanDerPol).Assembly.Location}\"", StringComparison.Ordinal);
        }

        line.Write(name, Points().Replace(text, "points: 4"));
        made.Add(name);
        foreach (Match one in FilesInYaml().Matches(text))
        {
            Take(page, line, one.Groups["file"].Value);
        }

        if (text.Contains("config: ", StringComparison.Ordinal))
        {
            Assert.NotEmpty(SweepFile.Read(line[name]).Keys);
        }
        else
        {
            Assert.NotEmpty(ConfigurationFile.Read(line[name]).Data);
            line.Must("config", "check", $"@/{name}");
        }
    }

    private void Run(string page, CommandLine line, string command, HashSet<string> made)
    {
        if (command.Length == 0 || NotRun.Keys.Any(start => command.StartsWith(start, StringComparison.Ordinal)))
        {
            return;
        }

        if (Echo().Match(command) is { Success: true } echo)
        {
            line.Write(echo.Groups["file"].Value, echo.Groups["text"].Value + "\n");
            made.Add(echo.Groups["file"].Value);
            return;
        }

        if (command.StartsWith("mkdir ", StringComparison.Ordinal))
        {
            Directory.CreateDirectory(line[command["mkdir ".Length..]]);
            return;
        }

        var words = DocumentedCommands.Call(command);
        Assert.True(words is not null, $"{page}: no test knows what to do with\n{command}");
        words = [.. words!.SelectMany((word, i) => Smaller(words!, i))];

        // What is written must not be there; but several imports of a page stand for each other, and what others made makes way.
        var written = Enumerable.Range(1, words.Length - 1).Where(i => Outputs.Contains(words[i - 1])).Select(i => words[i]).ToList();
        foreach (var file in written.Where(file => !made.Contains(file) || words[0] == "import"))
        {
            Remove(line[file]);
        }

        var options = Array.FindIndex(words, word => word.StartsWith('-')) is >= 0 and var at ? at : words.Length;
        string[] arguments = [.. words.SelectMany((word, i) => i > 0 && Outputs.Contains(words[i - 1]) ? [$"@/{word}"] : i > 0 && (i < options || Inputs.Contains(words[i - 1])) ? Matching(page, line, word) : [word])];
        if (words[0] == "train" && !words.Contains("--resume", StringComparer.Ordinal) && !words.Contains("--like", StringComparer.Ordinal))
        {
            arguments = [.. arguments, "--set", "training.iterations=3"];
        }
        else if (words[0] == "simulate")
        {
            arguments = [.. arguments, .. Small.Keys.Where(key => key.StartsWith("simulate ", StringComparison.Ordinal)).Select(key => key.Split(' ')[1]).Where(option => !words.Contains(option, StringComparer.Ordinal)).SelectMany(option => (string[])[option, Small[$"simulate {option}"]])];
        }

        var outcome = line.Run(arguments);
        Assert.True(outcome.ExitCode == 0, $"{page}: {command}\n{string.Join(' ', arguments)}\n{outcome.Error}");
        made.UnionWith(written);
    }

    private static IEnumerable<string> Smaller(string[] words, int i)
    {
        if (words[i] == "GROUPS")
        {
            return ["velocity"];
        }

        // Reaches of the tests last half a second.
        return words[i] == "--window=-0.25..0.75" ? ["--window=-0.1..0.4"]
            : i > 0 && (Small.TryGetValue($"{words[0]} {words[i - 1]}", out var small) || Small.TryGetValue(words[i - 1], out small)) ? [small] : [words[i]];
    }

    /// <summary>The files that a word names, which are fetched; the word itself where there are none.</summary>
    private IEnumerable<string> Matching(string page, CommandLine line, string word)
    {
        Take(page, line, word);
        if (word.EndsWith("*.nwb", StringComparison.Ordinal))
        {
            return Directory.GetFiles(line[Path.GetDirectoryName(word)!], "*.nwb").Order(StringComparer.Ordinal);
        }

        return [Path.Exists(line[word]) ? line[word] : word];
    }

    /// <summary>Fetches a file or folder that a page names and has not made.</summary>
    private void Take(string page, CommandLine line, string name)
    {
        if (!Path.Exists(line[name]))
        {
            files.CopyTo(line, page, name);
        }
    }

    private static void Remove(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
        else if (File.Exists(path))
        {
            File.Delete(path);
        }
    }

    /// <summary>A configuration or a sweep.</summary>
    [GeneratedRegex("^(data|config|model): *", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex Yaml();

    [GeneratedRegex(@"^# (?<name>\S+\.yaml)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NameOfYaml();

    [GeneratedRegex(@"^(data|config): (?<file>\S+)", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex FilesInYaml();

    [GeneratedRegex("^points: [0-9]+", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex Points();

    [GeneratedRegex("^echo \"(?<text>[^\"]*)\" > (?<file>\\S+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Echo();
}
