using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace IlqrVae.Cli;

/// <summary>What --version says: the version with its commit, and on a second line what kind of build runs on what.</summary>
internal sealed class VersionText(Terminal terminal) : SynchronousCommandLineAction
{
    public override bool Terminating => true;

    public static string Text
    {
        get
        {
            var assembly = typeof(VersionText).Assembly;
            var version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
            var build = assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(one => one.Key == "Build")?.Value ?? "framework-dependent";
            var bits = Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0;
            return $"{version}\n{build}; {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}, {(bits == 0 ? "no vectors" : $"vectors of {bits} bits")}";
        }
    }

    public override int Invoke(ParseResult parseResult)
    {
        terminal.Output.WriteLine(Text);
        return ExitCode.Done;
    }
}
