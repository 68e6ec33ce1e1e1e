using System.Security.Cryptography;

namespace IlqrVae.Cli.Tests;

/// <summary>What a command line did.</summary>
/// <param name="ExitCode">The exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record Outcome(int ExitCode, string Output, string Error);

/// <summary>A folder of a test's own in which command lines run, removed with what is in it.</summary>
internal sealed class CommandLine : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ilqr-vae-cli-");

    /// <summary>Every command that does something, by its name with those it belongs to: "fit", "nlb score".</summary>
    public static IEnumerable<(string Name, System.CommandLine.Command Command)> Commands()
    {
        return Below("", Application.Create(new Terminal(TextWriter.Null, TextWriter.Null, Screen.Plain, CancellationToken.None)));

        static IEnumerable<(string Name, System.CommandLine.Command Command)> Below(string path, System.CommandLine.Command command) => command.Subcommands.SelectMany(
            one => one.Subcommands.Count == 0 ? [(path + one.Name, one)] : Below($"{path}{one.Name} ", one));
    }

    public string this[string name] => Path.Combine(_folder.FullName, name);

    /// <summary>What the error stream shows; nothing of progress unless <see cref="Interval"/> is set, so that tests do not depend on a clock.</summary>
    public Screen Screen { get; init; } = Screen.Plain;

    public TimeSpan Interval { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Whether learning ends with a report, as it does for users.</summary>
    public bool WithReport { get; init; }

    public string Folder => _folder.FullName;

    /// <summary>Runs a command line; "@/" in front of an argument, or behind "=", stands for the folder. Reports, which take time, are left out but where <see cref="WithReport"/> is set.</summary>
    public Outcome Run(params string[] arguments) => Run(CancellationToken.None, arguments);

    public Outcome Run(CancellationToken interrupt, params string[] arguments)
    {
        if (!WithReport && arguments.Length > 1 && arguments[0] is "train" or "fit" or "demo" && !arguments.Contains("--help", StringComparer.Ordinal))
        {
            arguments = [.. arguments, "--no-report"];
        }

        using var output = new StringWriter();
        using var error = new StringWriter();
        using var terminal = new Terminal(output, error, Screen with { Interval = Interval }, interrupt);
        var code = Application.Run(
            [.. arguments.Select(argument => argument.Replace("@/", _folder.FullName + Path.DirectorySeparatorChar, StringComparison.Ordinal))],
            terminal);
        return new Outcome(code, output.ToString(), error.ToString());
    }

    /// <summary>Runs a command line that must succeed.</summary>
    public string Must(params string[] arguments)
    {
        var outcome = Run(arguments);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        return outcome.Output;
    }

    public void Write(string name, string text) => File.WriteAllText(this[name], text);

    /// <summary>A folder of its own with copies of "data.h5" and of what is in "run", for tests that change them.</summary>
    public CommandLine CopyOfRun()
    {
        var copy = new CommandLine();
        Directory.CreateDirectory(copy["run"]);
        foreach (var file in Directory.GetFiles(this["run"]).Where(file => Path.GetFileName(file) != ".lock"))
        {
            File.Copy(file, Path.Combine(copy["run"], Path.GetFileName(file)));
        }

        File.Copy(this["data.h5"], copy["data.h5"]);
        return copy;
    }

    /// <summary>Everything in the folder, for telling whether a command left something behind.</summary>
    public string[] Files() => [.. Directory.GetFileSystemEntries(_folder.FullName, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    /// <summary>The same with what the files hold.</summary>
    public string[] Contents() => [.. Files().Select(path => Directory.Exists(path) || Path.GetFileName(path) == ".lock" ? path : $"{path} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)))}")];

    public void Dispose() => _folder.Delete(recursive: true);
}
