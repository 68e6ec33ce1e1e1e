using System.Diagnostics;

namespace IlqrVae.Data.Tests;

/// <summary>Programs of others that read files of ours; a test that needs one is skipped where it is absent.</summary>
internal static class Readers
{
    private static readonly string[] s_pythons = ["/usr/bin/python3", "python3"];

    /// <summary>Runs a script of Python, which must find these packages, and gives what it prints.</summary>
    public static string Python(string packages, string script, params string[] arguments)
    {
        var python = s_pythons.FirstOrDefault(one => Run(one, ["-c", $"import {packages}"]) is { Code: 0 });
        Assert.SkipWhen(python is null, $"there is no Python with {packages} here.");
        var (code, output, error) = Run(python!, ["-W", "ignore", "-c", script, .. arguments])!.Value;
        Assert.True(code == 0, error);
        return output.Trim();
    }

    /// <summary>Runs lines of Octave, which reads MATLAB's files as MATLAB does, and gives what they print.</summary>
    public static string Octave(string lines)
    {
        var found = Run("octave-cli", ["--quiet", "--no-init-file", "--eval", lines]) ?? Run("octave", ["--quiet", "--no-gui", "--no-init-file", "--eval", lines]);
        Assert.SkipWhen(found is null, "there is no GNU Octave here.");
        Assert.True(found!.Value.Code == 0, found.Value.Error);
        return found.Value.Output.Trim();
    }

    private static (int Code, string Output, string Error)? Run(string program, string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, error.GetAwaiter().GetResult());
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
