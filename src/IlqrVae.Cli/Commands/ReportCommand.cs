using System.CommandLine;
using System.Text.Json.Nodes;
using IlqrVae.Cli.Reports;
using IlqrVae.Reports;
using IlqrVae.Reports.Html;
using IlqrVae.Runs.Files;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae report</summary>
internal static class ReportCommand
{
    private const string Description =
        """
        Shows a run, or a dataset before anything is learned from it, on one page: an HTML file that loads nothing from anywhere.

        Of a run: what was fitted on what, scores, the learning curve, trials with their rates, inputs and behaviour, averages, latent paths to turn, dynamics, and
        whether intervals are right; on its test trials, or on validation or training trials where it has none.

        Example:
          ilqr-vae report run
          ilqr-vae report run --data other.h5 --split all -o other.html
          ilqr-vae report data.h5
        """;

    public static Command Create(Terminal terminal)
    {
        var source = new Argument<string>("RUN") { Description = "The folder of a run, its model.h5, or a dataset." };
        var output = Arguments.Output("The HTML file; by default report.html in the run's folder, or a file called like the dataset and beside it.", isRequired: false);
        var options = new ShowOptions();
        var choices = Arguments.Number<int?>("--choices", "Trials one can choose among (12).", "N");
        var baselines = new Option<bool>("--baselines") { Description = "Fit baselines beside the model too, which takes seconds to a minute or two." };
        var force = Arguments.Force("Replace a file of that name that is not the run's own report.");
        var json = Arguments.Json();
        return Arguments.Make("report", Description, [source, output, .. options.All, choices, baselines, force, json], result =>
        {
            terminal.IsJson = result.GetValue(json);
            var path = result.GetValue(source)!;
            if (result.GetValue(choices) is < 1)
            {
                throw new InputException("--choices: give a whole number from 1.");
            }

            var file = result.GetValue(output) ?? DefaultFile(path);
            Arguments.RequireFree(file, result.GetValue(force) || result.GetValue(output) is null);
            var request = options.Request(result) with { Choices = result.GetValue(choices) ?? 12, Baselines = result.GetValue(baselines) };
            var shown = Shown.Open(path, result.GetValue(options.Data), request, terminal);
            terminal.Interruptible("making the report", stage =>
            {
                HtmlReport.Write(shown is ReportSource run ? RunReport.Create(run, stage) : RecordingReport.Create(shown), file);
                return true;
            });
            terminal.WriteJson(() => new JsonObject { ["report"] = file, ["bytes"] = new FileInfo(file).Length });
            terminal.WriteLine($"report: {file}");
            return ExitCode.Done;
        });
    }

    private static string DefaultFile(string path)
        => Directory.Exists(path) ? new RunFolder(path).Report
            : File.Exists(path) ? Path.Combine(Path.GetDirectoryName(path) ?? "", $"{Path.GetFileNameWithoutExtension(path)}-report.html")
            : throw new InputException($"{path}: there is no such run or dataset.");
}
