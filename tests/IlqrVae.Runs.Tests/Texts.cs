using System.Diagnostics;
using System.Globalization;
using IlqrVae.Runs.Configuration;

namespace IlqrVae.Runs.Tests;

/// <summary>Configurations as people type them, and paths as shells read them.</summary>
public sealed class Texts
{
    public static TheoryData<int, string> Typos => new()
    {
        { 3, "data: d.h5\nmodel:\n  likelihoods: [{group: spikes}, {group: velocity}\ntraining:\n  iterations: 3\n" },
        { 4, "data: d.h5\nmodel:\n  likelihoods: [{group: spikes}, {group: velocity}\n  inputs: 3\n" },
        { 3, "data: d.h5\nmodel: {states: 2\ntraining: {iterations: 2}\n" },
        { 2, "data: d.h5\nmodel: {states: 2]\n" },
        { 1, "data: \"d.h5\n" },
        { 4, "data: d.h5\ntraining:\n  : 0.3\n  iterations: 3\n" },
        { 2, "data: d.h5\n  training: {iterations: 2}\n" },
    };

    [Theory]
    [MemberData(nameof(Typos))]
    public void A_typo_is_refused_with_its_line(int line, string text)
    {
        var refused = Assert.Throws<InputException>(() => ConfigurationFile.Parse(text, "config.yaml"));
        Assert.StartsWith("config.yaml, line ", refused.Message, StringComparison.Ordinal);
        var found = int.Parse(refused.Message["config.yaml, line ".Length..].Split(':')[0], CultureInfo.InvariantCulture);
        Assert.InRange(found, line - 1, line);
        Assert.Contains("not valid YAML", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    public void Endless_nesting_is_refused(string open)
    {
        var refused = Assert.Throws<InputException>(() => ConfigurationFile.Parse("data: d.h5\nmodel:\n  " + string.Concat(Enumerable.Repeat(open, 60_000)), "config.yaml"));
        Assert.Contains("line 3: brackets or sections are nested more than", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data: d.h5\n? &a [*a]\n: 1\n", "'*a' stands for what it is in")]
    [InlineData("data: d.h5\nmodel: &a {states: *a}\n", "'*a' stands for what it is in")]
    [InlineData("data: &a d.h5\nmodel: &a [1, {b: [*a]}]\n", "'*a' stands for what it is in")]
    [InlineData("data: d.h5\nmodel: {b: *c}\n", "not valid YAML")]
    public void What_stands_for_itself_is_refused(string text, string why)
    {
        var refused = Assert.Throws<InputException>(() => ConfigurationFile.Parse(text, "config.yaml"));
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(60_000, "[*a{0}]", "nested more than")]
    [InlineData(30, "[*a{0}, *a{0}]", "more than 200000 keys and values")]
    [InlineData(30, "{{b: *a{0}, c: *a{0}}}", "more than 200000 keys and values")]
    public void Few_words_that_stand_for_very_many_are_refused(int times, string one, string why)
    {
        var lines = string.Concat(Enumerable.Range(0, times).Select(i => string.Create(CultureInfo.InvariantCulture, $"? &a{i + 1} {string.Format(CultureInfo.InvariantCulture, one, i)}\n: 1\n")));
        var clock = Stopwatch.StartNew();
        var refused = Assert.Throws<InputException>(() => ConfigurationFile.Parse("data: &a0 d.h5\n" + lines, "config.yaml"));
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 5);
    }

    [Fact]
    public void A_word_may_stand_for_another()
        => Assert.Equal(7, ConfigurationFile.Parse("data: d.h5\nseed: &n 7\nmodel: {states: *n}\ntraining: &t {iterations: *n}\n", "config.yaml").Training.Iterations);

    [Fact]
    public void Whatever_is_typed_is_read_or_refused()
    {
        var text = ConfigurationFile.Write(new RunConfiguration { Data = "d.h5" }) + "  likelihoods: [{group: spikes, gain: true}, {group: velocity}]\n";
        const string Typed = "{}[]:,-#&*!|>'\"%@`? \n\t\0ä0a";
        var random = new Random(1);
        for (var k = 0; k < 3000; k++)
        {
            var letters = text.ToList();
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                var at = random.Next(letters.Count);
                if (random.Next(2) == 0)
                {
                    letters.RemoveRange(at, Math.Min(random.Next(1, 20), letters.Count - at));
                }
                else
                {
                    letters.Insert(at, Typed[random.Next(Typed.Length)]);
                }

                letters.Add('\n');
            }

            try
            {
                ConfigurationFile.Parse(string.Concat(letters), "config.yaml");
            }
            catch (InputException exception)
            {
                Assert.DoesNotContain('\n', exception.Message);
            }
        }
    }

    [Theory]
    [InlineData("run", "run")]
    [InlineData("/data/Läufe/run-1.a_b", "/data/Läufe/run-1.a_b")]
    [InlineData("my run", "'my run'")]
    [InlineData("a$(rm)`b`;c&d", "'a$(rm)`b`;c&d'")]
    [InlineData("it's", "'it'\\''s'")]
    [InlineData("", "''")]
    [InlineData("-o", "./-o")]
    public void Paths_are_quoted_where_a_shell_needs_it(string path, string word)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "quotes of another shell");
        Assert.Equal(word, Wording.Quoted(path));

        // As the shell itself reads it.
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"printf %s {Wording.Quoted(path)}"]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        Assert.Equal(path == "-o" ? "./-o" : path, shell.StandardOutput.ReadToEnd());
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void Numbers_that_are_not_finite_have_words(double value)
    {
        Assert.Equal("-", Wording.Number(value));
        Assert.Equal("-", Wording.Duration(value));
        Assert.Null(Json.Number(value));
    }

    [Theory]
    [InlineData(-0.0004, "0.###", "0")]
    [InlineData(-0.0004, "0.000", "0.000")]
    [InlineData(-0.0006, "0.000", "-0.001")]
    [InlineData(-10, "0", "-10")]
    [InlineData(0.0004, "0.00", "0.00")]
    public void What_rounds_to_zero_has_no_sign(double value, string format, string text) => Assert.Equal(text, Wording.Number(value, format));
}
