using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using IlqrVae.Benchmarking.SelfTest;
using IlqrVae.Numerics;
using IlqrVae.Runs;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae selftest</summary>
internal static class SelfTestCommand
{
    private const string Name = "selftest";

    /// <summary>By this a process that the command starts knows that it is to print values alone.</summary>
    private const string Variable = "ILQR_VAE_SELFTEST_VALUES";

    private const string Description =
        """
        Checks in under a minute that this machine computes what it should, and prints how far each number is from what is known.

        Small models against the exact values of a dense computation; gradients against differences; a Kalman filter; products by
        registers of every width against single numbers; training by several threads against one, bit by bit; single precision
        against double. Exit code 0 where all is well, 1 where something is not. Nothing is written.

        Example:
          ilqr-vae selftest
          ilqr-vae selftest --json > selftest.json
        """;

    public static Command Create(Terminal terminal)
    {
        var json = Arguments.Json();
        return Arguments.Make(Name, Description, [json], result =>
        {
            if (Environment.GetEnvironmentVariable(Variable) is not null)
            {
                terminal.WriteLine(SelfChecks.Values());
                return ExitCode.Done;
            }

            terminal.IsJson = result.GetValue(json);

            return Report(SelfChecks.Run(ProgramFor(Environment.ProcessPath, typeof(SelfTestCommand).Assembly.Location), (Name, Variable)), terminal);
        });
    }

    /// <summary>What runs this program once more: the process's own file, where that is this program, which may have brought a runtime that no other knows; else its assembly.</summary>
    /// <param name="process">The file of the process; null where it is not known.</param>
    /// <param name="assembly">The file of the program's assembly; empty where it is inside the process's file.</param>
    internal static string ProgramFor(string? process, string assembly)
        => assembly.Length == 0 || string.Equals(Path.GetFileNameWithoutExtension(process), Path.GetFileNameWithoutExtension(assembly), StringComparison.OrdinalIgnoreCase) ? process ?? "" : assembly;

    /// <summary>Runs checks and reports on them.</summary>
    /// <param name="run">The checks.</param>
    /// <param name="terminal">Where to write.</param>
    internal static int Report(IEnumerable<SelfCheck> run, Terminal terminal)
    {
        var machine = MachineDescription.Current();
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        terminal.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{machine.Processor}, {machine.Cores} {(machine.Cores == 1 ? "core" : "cores")}, {machine.Architecture}, {machine.VectorBits}-bit vectors, {memory / 1e9:0.0} GB of memory; {machine.Runtime}; {machine.OperatingSystem}"));
        var checks = new List<SelfCheck>();
        var stage = terminal.Begin("checking");
        foreach (var check in run)
        {
            terminal.Interrupt.ThrowIfCancellationRequested();
            checks.Add(check);
            stage.Set(checks.Count, 0, () => check.Kind);
        }

        terminal.End();
        var failed = checks.Count(check => !check.IsPassed);
        terminal.WriteJson(() => new JsonObject
        {
            ["passed"] = failed == 0,
            ["machine"] = new JsonObject
            {
                ["processor"] = machine.Processor,
                ["cores"] = machine.Cores,
                ["architecture"] = machine.Architecture,
                ["vector_bits"] = machine.VectorBits,
                ["memory_bytes"] = memory,
                ["runtime"] = machine.Runtime,
                ["operating_system"] = machine.OperatingSystem,
            },
            ["checks"] = new JsonArray([.. checks.Select(check => (JsonNode)new JsonObject
            {
                ["kind"] = check.Kind,
                ["name"] = check.Name,
                ["deviation"] = Json.Number(check.Deviation),
                ["allowed"] = check.Allowed,
                ["passed"] = check.IsPassed,
            })]),
        });
        terminal.WriteTable(["", "check", "deviation", "allowed", ""], checks.Select(check => (IReadOnlyList<string>)[check.Kind, check.Name, Exponent(check.Deviation), Exponent(check.Allowed), check.IsPassed ? "passed" : "FAILED"]));
        if (failed > 0)
        {
            throw new FailedRunException($"{failed} of {checks.Count} checks failed: numbers of this machine cannot be trusted. Please report the table with the line above it.");
        }

        terminal.WriteLine($"all {checks.Count} checks passed");
        return ExitCode.Done;
    }

    private static string Exponent(double value) => value == 0 ? "0" : Wording.Number(value, "0.0e-0");
}
