using System.CommandLine;
using IlqrVae.Cli.Reports;
using IlqrVae.Reports;
using IlqrVae.Reports.Html;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae inspect</summary>
internal static class InspectCommand
{
    private const string Description =
        """
        Says what is in a file: a dataset, a model or a run's folder, a posterior file, or a file to import (NWB, MATLAB, NumPy, text, HDF5): its units and
        their rates, tables with their columns, series and arrays, pauses, which axis is which and why, and a command that imports it.

        Example:
          ilqr-vae inspect data.h5
          ilqr-vae inspect session.nwb
          ilqr-vae inspect run --json
          ilqr-vae inspect data.h5 --figures data.html
        """;

    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "The file, or the folder of a run or of .npy files." };
        var figures = new Option<string?>("--figures") { Description = "An HTML file to show a dataset in, as 'ilqr-vae report' does.", HelpName = "FILE" };
        var force = Arguments.Force("Replace a file of that name.");
        var json = Arguments.Json();
        return Arguments.Make("inspect", Description, [file, figures, force, json], result =>
        {
            terminal.IsJson = result.GetValue(json);
            if (result.GetValue(figures) is { } page)
            {
                Arguments.RequireFree(page, result.GetValue(force));
                var shown = Shown.Open(result.GetValue(file)!, null, new ReportRequest(), terminal);
                terminal.During("making the report", () => HtmlReport.Write(shown is ReportSource run ? RunReport.Create(run) : RecordingReport.Create(shown), page));
            }

            Inspection.Report(result.GetValue(file)!, terminal);
            return ExitCode.Done;
        });
    }
}
