using System.Diagnostics;
using System.Text.Json.Nodes;
using IlqrVae.Benchmarking.SelfTest;
using IlqrVae.Cli.Commands;
using IlqrVae.Numerics;

namespace IlqrVae.Cli.Tests;

public sealed class SelfTests
{
    [Fact]
    public void Every_check_passes_here_and_each_kind_is_there()
    {
        using var line = new CommandLine();
        var json = JsonNode.Parse(line.Must("selftest", "--json"))!;
        JsonPage.Check("selftest", json.AsObject());
        var checks = json["checks"]!.AsArray();
        Assert.True(json["passed"]!.GetValue<bool>());
        Assert.Equal(
            ["exact values", "gradient against differences", "Kalman filter", "registers against single numbers", .. MachineDescription.Current().VectorBits > 0 ? (string[])["narrower registers"] : [], "random numbers", "threads", "single precision"],
            checks.Select(check => check!["kind"]!.GetValue<string>()).Distinct(StringComparer.Ordinal),
            StringComparer.Ordinal);

        // On the processors that have them, registers of 256 and 128 bits and none.
        Assert.SkipUnless(MachineDescription.Current() is { Architecture: "x64", VectorBits: 512 }, "narrower registers are switched off where there are wide ones");
        Assert.Equal(3, checks.Count(check => check!["kind"]!.GetValue<string>() == "narrower registers"));
    }

    [Theory]
    [InlineData("/usr/share/dotnet/dotnet", "/opt/tool/ilqr-vae.dll", "/opt/tool/ilqr-vae.dll")]
    [InlineData("/opt/own-runtime/ilqr-vae", "/opt/own-runtime/ilqr-vae.dll", "/opt/own-runtime/ilqr-vae")]
    [InlineData("/opt/ilqr-vae-linux-x64", "", "/opt/ilqr-vae-linux-x64")]
    [InlineData("/tests/IlqrVae.Cli.Tests", "/tests/ilqr-vae.dll", "/tests/ilqr-vae.dll")]
    [InlineData(null, "/opt/tool/ilqr-vae.dll", "/opt/tool/ilqr-vae.dll")]
    public void A_second_process_is_of_the_same_program_and_runtime(string? process, string assembly, string program) => Assert.Equal(program, SelfTestCommand.ProgramFor(process, assembly));

    [Fact]
    public void Blocks_for_small_caches_compute_the_same()
    {
        var (code, output) = Run("8k,16k,16k");
        Assert.True(code == 0, output);
        (code, output) = Run("8k,16k");
        Assert.Equal(ExitCode.WrongInput, code);
        Assert.Contains("ILQR_VAE_CACHES is '8k,16k'; give the sizes of three caches", output, StringComparison.Ordinal);

        static (int Code, string Output) Run(string caches)
        {
            var start = new ProcessStartInfo("dotnet", [typeof(SelfTestCommand).Assembly.Location, "selftest", "-q"]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment["ILQR_VAE_CACHES"] = caches;
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output + error.GetAwaiter().GetResult());
        }
    }

    [Theory]
    [InlineData(2e-9)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_failed_check_is_told_and_ends_in_code_1(double deviation)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var terminal = new Terminal(output, error, Screen.Plain, CancellationToken.None);
        var failure = Assert.Throws<FailedRunException>(() => SelfTestCommand.Report([new SelfCheck("a", "good", 1e-9, 1e-9), new SelfCheck("a", "bad", deviation, 1e-9)], terminal));
        Assert.Contains("1 of 2 checks failed", failure.Message, StringComparison.Ordinal);
        Assert.Single(output.ToString().Split('\n'), text => text.Contains("bad", StringComparison.Ordinal) && text.Contains("FAILED", StringComparison.Ordinal));
        Assert.Single(output.ToString().Split('\n'), text => text.Contains("good", StringComparison.Ordinal) && text.Contains("passed", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_not_a_number_is_not_lost_among_numbers()
    {
        Assert.Equal(double.NaN, Deviations.Worst([double.NaN, 1]));
        Assert.Equal(double.NaN, Deviations.Worst([1, double.NaN, 0]));
        Assert.Equal(double.NaN, Deviations.Largest([1, 2, 3], [double.NaN, 2, 4]));
        Assert.Equal(double.NaN, Deviations.OfEach([1, 2], [double.NaN, 2]));
        Assert.Equal(3, Deviations.Largest([1, 2, 3], [1, 5, 2]));
    }

    [Fact]
    public void A_program_that_is_one_file_starts_itself()
    {
        Assert.SkipWhen(MachineDescription.Current().VectorBits == 0, "there is nothing narrower");
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the program beside the assembly is called as on Linux");
        var program = Path.ChangeExtension(typeof(SelfTestCommand).Assembly.Location, null);
        var checks = SelfChecks.Run(program, ("selftest", "ILQR_VAE_SELFTEST_VALUES")).Where(check => check.Kind == "narrower registers").ToList();
        Assert.NotEmpty(checks);
        Assert.All(checks, check => Assert.True(check.IsPassed, $"{check.Name}: {check.Deviation}"));
    }

    [Fact]
    public void Without_processes_of_its_own_it_can_be_run_by_any_program()
        => Assert.All(SelfChecks.Run("", ("", "")), check => Assert.True(check.IsPassed, $"{check.Name}: {check.Deviation}"));
}
