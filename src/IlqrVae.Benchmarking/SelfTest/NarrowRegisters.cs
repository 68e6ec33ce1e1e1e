using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using IlqrVae.Numerics;

namespace IlqrVae.Benchmarking.SelfTest;

/// <summary>Inference in processes of their own that the runtime's switches keep from the processor's widest registers, against this one.</summary>
internal static class NarrowRegisters
{
    private const double Allowed = 1e-9;

    private static readonly (string Name, string[] Switches)[] s_narrower =
    [
        ("no 512-bit registers", ["DOTNET_EnableAVX512", "DOTNET_EnableAVX512F"]),
        ("no 256-bit registers", ["DOTNET_EnableAVX2", "DOTNET_EnableAVX512", "DOTNET_EnableAVX512F"]),
        ("no vector instructions", ["DOTNET_EnableHWIntrinsic"]),
    ];

    /// <summary>What such a process prints: how wide its registers are, and what it finds.</summary>
    public static string Values() => new JsonObject
    {
        ["vector_bits"] = MachineDescription.Current().VectorBits,
        ["values"] = new JsonArray([.. FixtureChecks.Values().Select(value => (JsonNode)value.ToString("R", System.Globalization.CultureInfo.InvariantCulture))]),
    }.ToJsonString();

    /// <summary>Runs one process for each width below this one's.</summary>
    /// <param name="program">The assembly of the program, or the program that has it inside; empty for none.</param>
    /// <param name="arguments">Arguments and a variable of the environment by which it prints <see cref="Values"/>.</param>
    public static IEnumerable<SelfCheck> Run(string program, (string Argument, string Variable) arguments)
    {
        if (program.Length == 0)
        {
            yield break;
        }

        var (expected, seen) = (FixtureChecks.Values(), new HashSet<int> { MachineDescription.Current().VectorBits });
        foreach (var (name, switches) in s_narrower.Where(one => RuntimeInformation.ProcessArchitecture == Architecture.X64 || !IsOfAvx(one.Switches)))
        {
            var (bits, values) = Ask(program, arguments, switches);
            if (bits is null)
            {
                yield return new SelfCheck("narrower registers", $"{name}: a process of its own, which did not answer", double.NaN, Allowed);
            }
            else if (seen.Add(bits.Value))
            {
                yield return new SelfCheck("narrower registers", $"{name} ({bits} bits): all exact values, against this process", Deviations.OfEach(expected, values), Allowed);
            }
        }
    }

    /// <summary>Whether switches are of registers that only processors of the x64 kind have.</summary>
    private static bool IsOfAvx(string[] switches) => Array.Exists(switches, one => one.Contains("AVX", StringComparison.Ordinal));

    private static (int? Bits, double[] Values) Ask(string program, (string Argument, string Variable) arguments, string[] switches)
    {
        // A program that is one file is started as it is.
        var start = new ProcessStartInfo(IsAssembly(program) ? Host() : program, IsAssembly(program) ? [program, arguments.Argument] : [arguments.Argument]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[arguments.Variable] = "1";
        foreach (var one in switches)
        {
            start.Environment[one] = "0";
        }

        try
        {
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            var answer = JsonNode.Parse(process.StandardOutput.ReadToEnd())!;
            process.WaitForExit();
            error.GetAwaiter().GetResult();
            return (answer["vector_bits"]!.GetValue<int>(), [.. answer["values"]!.AsArray().Select(value => double.Parse(value!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture))]);
        }
        catch (Exception exception) when (exception is System.ComponentModel.Win32Exception or JsonException or NullReferenceException)
        {
            return (null, []);
        }
    }

    private static bool IsAssembly(string program) => string.Equals(Path.GetExtension(program), ".dll", StringComparison.OrdinalIgnoreCase);

    /// <summary>The program that runs assemblies: that of the runtime at work.</summary>
    private static string Host()
    {
        var host = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
        return File.Exists(host) ? host : "dotnet";
    }
}
