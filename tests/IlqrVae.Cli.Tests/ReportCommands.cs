using System.Text.Json.Nodes;

namespace IlqrVae.Cli.Tests;

/// <summary>What a run looks like: report, plot, and reports at the end of learning.</summary>
public sealed class ReportCommands(ReportCommands.SmallRun run) : IClassFixture<ReportCommands.SmallRun>
{
    /// <summary>A run that ended with its report, as for users.</summary>
    public sealed class SmallRun : IDisposable
    {
        public SmallRun()
        {
            Line.Must("simulate", "maze", "-o", "@/data.h5", "--channels", "12", "--held-out", "3", "--trials", "10", "--validation-trials", "3", "--test-trials", "6", "--bins", "70", "--conditions", "3");
            Line.Write("config.yaml", "data: data.h5\nmodel: {states: 4, inputs: 2}\ntraining: {iterations: 4, validation-interval: 2}\n");
            Told = Line.Must("train", "@/config.yaml", "-o", "@/run");
        }

        internal CommandLine Line { get; } = new() { WithReport = true };

        public string Told { get; }

        public void Dispose() => Line.Dispose();
    }

    [Fact]
    public void Training_ends_with_a_report()
    {
        Assert.Contains($"report: {run.Line["run/report.html"]}", run.Told, StringComparison.Ordinal);
        var page = File.ReadAllText(run.Line["run/report.html"]);
        Assert.Contains("What was learned of data.h5", page, StringComparison.Ordinal);
        using var line = run.Line.CopyOfRun();
        File.Delete(line["run/report.html"]);
        Assert.DoesNotContain("report:", line.Must("train", "@/run", "--resume", "--iterations", "5", "--data", "@/data.h5"), StringComparison.Ordinal);
        Assert.False(File.Exists(line["run/report.html"]));
    }

    [Fact]
    public void A_run_and_a_dataset_have_reports()
    {
        using var line = run.Line.CopyOfRun();
        var told = JsonNode.Parse(line.Must("report", "@/run", "--data", "@/data.h5", "--choices", "2", "--json"))!;
        Assert.Equal(line["run/report.html"], told["report"]!.GetValue<string>());
        Assert.Equal(2, File.ReadAllText(line["run/report.html"]).Split("<option>").Length - 1);
        line.Must("report", "@/data.h5");
        Assert.Contains("What data.h5 holds", File.ReadAllText(line["data-report.html"]), StringComparison.Ordinal);
        line.Must("inspect", "@/data.h5", "--figures", "@/page.html");
        Assert.Contains("What data.h5 holds", File.ReadAllText(line["page.html"]), StringComparison.Ordinal);
        Refused(line, "exists already", "report", "@/run", "--data", "@/data.h5", "-o", "@/page.html");
        Refused(line, "belongs to the run", "report", "@/run", "--data", "@/data.h5", "-o", "@/run/model.h5", "--force");
        Refused(line, "--choices", "report", "@/run", "--data", "@/data.h5", "--choices", "0");
        Refused(line, "no such run", "report", "@/nothing");
        Refused(line, "a dataset itself", "report", "@/data.h5", "--data", "@/data.h5");
    }

    [Fact]
    public void A_run_knows_where_its_data_are()
    {
        run.Line.Must("plot", "@/run", "rates", "-o", "@/known.csv", "--force");
        using var line = run.Line.CopyOfRun();
        File.Delete(line["data.h5"]);
        Refused(line, "say where it is with --data", "plot", "@/run", "rates", "-o", "@/rates.svg");
    }

    [Theory]
    [InlineData("svg", "<svg")]
    [InlineData("pdf", "%PDF")]
    [InlineData("png", "PNG")]
    [InlineData("csv", "panel,mark,kind")]
    public void A_picture_is_what_its_name_ends_with(string ending, string begin)
    {
        using var line = run.Line.CopyOfRun();
        line.Must("plot", "@/run", "inputs,rates", "--data", "@/data.h5", "-o", $"@/x.{ending}", "--width", "page", "--columns", "2", "--csv");
        Assert.Contains(begin, File.ReadAllText(line[$"x.{ending}"])[..400], StringComparison.Ordinal);
        Assert.True(File.Exists(line["x.csv"]));
        Refused(line, "exists already", "plot", "@/run", "inputs", "--data", "@/data.h5", "-o", $"@/x.{ending}");
    }

    [Fact]
    public void A_picture_is_of_the_trial_that_was_named_and_as_wide_as_asked()
    {
        using var line = run.Line.CopyOfRun();
        string Title(params string[] more) => JsonNode.Parse(line.Must([.. new[] { "plot", "@/data.h5", "raster", "-o", "@/x.svg", "--force", "--json" }, .. more]))!["panels"]![0]!["title"]!.GetValue<string>();
        Assert.Contains("test-0002", Title("--trial", "test-0002"), StringComparison.Ordinal);
        Assert.Contains("width=\"89mm\"", File.ReadAllText(line["x.svg"]), StringComparison.Ordinal);
        Title("--width", "page");
        Assert.Contains("width=\"183mm\"", File.ReadAllText(line["x.svg"]), StringComparison.Ordinal);
        Refused(line, "there is no trial 'none'", "plot", "@/data.h5", "raster", "-o", "@/y.svg", "--trial", "none");
        Refused(line, "there is no picture 'rastr'", "plot", "@/data.h5", "rastr", "-o", "@/y.svg");
        Refused(line, "it takes a run", "plot", "@/data.h5", "rates", "-o", "@/y.svg");
        Refused(line, ".svg", "plot", "@/data.h5", "raster", "-o", "@/y.jpg");
        Refused(line, "--columns", "plot", "@/data.h5", "raster", "-o", "@/y.svg", "--columns", "0");
        Assert.False(File.Exists(line["y.svg"]));
    }

    private static void Refused(CommandLine line, string mentioned, params string[] arguments)
    {
        var outcome = line.Run(arguments);
        Assert.True(outcome.ExitCode == 2, outcome.ToString());
        Assert.Contains(mentioned, outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.Trim().Split('\n'));
    }
}
