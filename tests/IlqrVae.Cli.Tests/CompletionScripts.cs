using System.Diagnostics;

namespace IlqrVae.Cli.Tests;

/// <summary>`completions`: what shells complete, asked of the shells themselves where they are installed.</summary>
public sealed class CompletionScripts : IDisposable
{
    private readonly CommandLine _line = new();

    public void Dispose() => _line.Dispose();

    public static TheoryData<string, string> Completed => new()
    {
        { "tra", "train" },
        { "", "train" },
        { "--ver", "--verbose" },
        { "train --it", "--iterations" },
        { "train x --set training.itera", "training.iterations=" },
        { "evaluate x --split va", "validation" },
        { "evaluate x --split test --hid", "--hide" },
        { "--quiet ev", "evaluate" },
        { "nlb ", "score" },
        { "nlb score --ta", "--target" },
        { "config ch", "check" },
        { "simulate lor", "lorenz" },
        { "simulate linear --input-process spa", "sparse" },
        { "completions ", "fish" },
        { "infer x --format n", "npz" },
        { "infer x --data fi", "file.h5" },
        { "infer x -o fi", "file.h5" },
        { "inspect fi", "file.h5" },
    };

    public static TheoryData<string, string> NotCompleted => new()
    {
        { "evaluate x --split ", "file.h5" },
        { "evaluate x --split ", "--hide" },
        { "nlb score --", "--force" },
        { "train x --threads ", "file.h5" },
        { "evaluate train --", "--resume" },
        { "train --", "--posterior" },
    };

    [Theory]
    [MemberData(nameof(Completed))]
    public void Bash_completes(string line, string word) => Assert.Contains(word, Bash(line), StringComparer.Ordinal);

    [Theory]
    [MemberData(nameof(NotCompleted))]
    public void Bash_completes_nothing_else(string line, string word) => Assert.DoesNotContain(word, Bash(line), StringComparer.Ordinal);

    [Fact]
    public void Bash_completes_behind_an_equals_sign() => Assert.Equal("test", Assert.Single(Bash("evaluate x --split = te")));

    [Theory]
    [MemberData(nameof(Completed))]
    public void Zsh_completes(string line, string word) => Assert.Contains(word.EndsWith(".h5", StringComparison.Ordinal) ? "FILES" : word, Zsh(line), StringComparer.Ordinal);

    [Theory]
    [MemberData(nameof(NotCompleted))]
    public void Zsh_completes_nothing_else(string line, string word) => Assert.DoesNotContain(word.EndsWith(".h5", StringComparison.Ordinal) ? "FILES" : word, Zsh(line), StringComparer.Ordinal);

    [Theory]
    [MemberData(nameof(Completed))]
    public void Fish_completes(string line, string word) => Assert.Contains(word, Fish(line), StringComparer.Ordinal);

    [Theory]
    [MemberData(nameof(NotCompleted))]
    public void Fish_completes_nothing_else(string line, string word) => Assert.DoesNotContain(word, Fish(line), StringComparer.Ordinal);

    [Fact]
    public void Scripts_of_all_shells_know_every_command_and_option()
    {
        foreach (var shell in (string[])["bash", "zsh", "fish", "powershell"])
        {
            var script = _line.Must("completions", shell);
            foreach (var (name, command) in CommandLine.Commands())
            {
                Assert.Contains(name.Split(' ')[^1], script, StringComparison.Ordinal);
                Assert.All(command.Options, option => Assert.Contains(shell == "fish" ? $"-l {option.Name[2..]}" : option.Name, script, StringComparison.Ordinal));
            }
        }

        Assert.Contains("did you mean 'bash'?", _line.Run("completions", "bsh").Error, StringComparison.Ordinal);
    }

    /// <summary>The words of the line, the last of which is being typed.</summary>
    private static string Words(string line) => string.Join(' ', line.Split(' ').Prepend("ilqr-vae").Select(word => $"'{word}'"));

    private List<string> Bash(string line) => Shell("bash", $"source ./script; COMP_WORDS=({Words(line)}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _ilqr_vae; printf '%s\\n' \"${{COMPREPLY[@]}}\"");

    /// <summary>zsh adds completions by functions of its own, which print here; those are filtered by what was typed.</summary>
    private List<string> Zsh(string line)
    {
        var typed = line.Split(' ')[^1];
        return [.. Shell("zsh", $"compadd() {{ while [[ $1 != -- ]]; do shift; done; shift; print -l -- \"$@\"; }}; compset() {{ :; }}; _files() {{ print FILES; }}; source ./script; words=({Words(line)}); CURRENT=${{#words}}; _ilqr_vae")
            .Where(word => word == "FILES" || word.StartsWith(typed, StringComparison.Ordinal))];
    }

    private List<string> Fish(string line) => [.. Shell("fish", $"source ./script; complete -C 'ilqr-vae {line}'").Select(found => found.Split('\t')[0])];

    private List<string> Shell(string shell, string commands)
    {
        var start = new ProcessStartInfo(shell) { WorkingDirectory = _line.Folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])(shell == "bash" ? ["--norc", "-c", commands] : shell == "zsh" ? ["-f", "-c", commands] : ["--no-config", "-c", commands]))
        {
            start.ArgumentList.Add(argument);
        }

        _line.Write("file.h5", "");
        _line.Write("script", _line.Must("completions", shell));
        try
        {
            using var process = Process.Start(start)!;
            var (output, error) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEnd());
            process.WaitForExit();
            Assert.Empty(error);
            return [.. output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip($"{shell} is not installed");
            throw;
        }
    }
}
