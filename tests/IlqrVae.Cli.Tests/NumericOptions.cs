namespace IlqrVae.Cli.Tests;

/// <summary>A comma is no part of a number, in no option of no command: it must not be taken for a sign between thousands.</summary>
public sealed class NumericOptions
{
    /// <summary>What each command needs besides.</summary>
    private static readonly Dictionary<string, string[]> Needed = new(StringComparer.Ordinal)
    {
        ["demo"] = ["sparse"],
        ["simulate"] = ["linear", "-o", "@/x.h5"],
        ["import"] = ["@/in.mat", "-o", "@/x.h5"],
        ["train"] = ["@/config.yaml"],
        ["fit"] = ["@/data.h5"],
        ["sweep"] = ["@/sweep.yaml"],
        ["calibrate"] = ["@/run", "--data", "@/data.h5"],
        ["compare"] = ["@/run"],
        ["infer"] = ["@/run", "--data", "@/data.h5", "-o", "@/x.h5"],
        ["evaluate"] = ["@/run", "--data", "@/data.h5"],
        ["report"] = ["@/run"],
        ["plot"] = ["@/run", "rates", "-o", "@/x.svg"],
        ["nlb predict"] = ["@/run", "--data", "@/data.h5", "-o", "@/x.h5"],
        ["nlb target"] = ["@/data.h5", "-o", "@/x.h5"],
    };

    public static TheoryData<string, string, bool> All
    {
        get
        {
            var options = new TheoryData<string, string, bool>();
            foreach (var (name, command) in CommandLine.Commands())
            {
                foreach (var option in command.Options)
                {
                    var type = Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType;
                    if (type.IsPrimitive && type != typeof(bool))
                    {
                        options.Add(name, option.Name, type == typeof(double));
                    }
                }
            }

            return options;
        }
    }

    [Fact]
    public void There_are_as_many_as_there_were()
        => Assert.True(All.Count >= 50, $"{All.Count} numeric options");

    [Theory]
    [MemberData(nameof(All))]
    public void Commas_are_refused(string command, string option, bool isReal)
    {
        using var line = new CommandLine();
        foreach (var (text, instead) in isReal
            ? [("0,01", "write 0.01"), ("1,000", "write 1.000 or 1000"), ("1,234,567.5", "write 1234567.5"), ("NaN", "not a number"), ("1e999", "not a number"), ("0x10", "not a number"), ("1 000", "not a number")]
            : ((string, string)[])[("1,000", "write 1000"), ("0,5", "not a whole number"), ("1.5", "not a whole number"), ("1e3", "not a whole number"), ("99999999999999999999", "too large"), ("(5)", "not a whole number")])
        {
            foreach (var given in (string[][])[[option, text], [$"{option}={text}"]])
            {
                var outcome = line.Run([.. command.Split(' '), .. Needed[command], .. given]);
                Assert.True(outcome.ExitCode == 2, outcome.ToString());
                Assert.Contains($"{option}: '{text}' is ", outcome.Error, StringComparison.Ordinal);
                Assert.Contains(instead, outcome.Error, StringComparison.Ordinal);
                Assert.Single(outcome.Error.Trim().Split('\n'));
            }
        }

        Assert.Empty(line.Files());
    }

    [Theory]
    [InlineData("0.01", "10 ms")]
    [InlineData("1e-2", "10 ms")]
    [InlineData(".01", "10 ms")]
    public void Points_and_exponents_are_read(string text, string width)
    {
        using var line = new CommandLine();
        Assert.Contains(width, line.Must("simulate", "linear", "-o", "@/x.h5", "--bin-width", text, "--trials", "2", "--bins", "5"), StringComparison.Ordinal);
    }
}
