using System.Diagnostics;

namespace IlqrVae.Cli.Tests;

/// <summary>The clone that tests are run in, and programs that are started in it.</summary>
internal static class Repository
{
    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = Find();

    /// <summary>Debug or Release: what the tests, and so all libraries, are built as.</summary>
    public static string Configuration { get; } = AppContext.BaseDirectory.Split(Path.DirectorySeparatorChar, '/').Contains("Debug", StringComparer.OrdinalIgnoreCase) ? "Debug" : "Release";

    /// <summary>Runs the .NET command line, which must succeed, and gives what it prints.</summary>
    public static string Dotnet(string folder, params string[] arguments)
    {
        var (code, output) = TryDotnet(folder, arguments);
        Assert.True(code == 0, $"dotnet {string.Join(' ', arguments)}\n{output}");
        return output;
    }

    /// <summary>Runs the .NET command line and gives its exit code and what it prints.</summary>
    public static (int Code, string Output) TryDotnet(string folder, params string[] arguments) => Run("dotnet", folder, arguments);

    /// <summary>Runs a program and gives its exit code and what it prints.</summary>
    public static (int Code, string Output) Run(string program, string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.GetAwaiter().GetResult());
    }

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "IlqrVae.slnx")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("no IlqrVae.slnx above the tests");
        }

        return folder.FullName;
    }
}
