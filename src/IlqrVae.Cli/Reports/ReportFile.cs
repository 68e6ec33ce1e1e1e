using System.CommandLine;
using IlqrVae.Reports;
using IlqrVae.Reports.Html;
using IlqrVae.Runs;
using IlqrVae.Runs.Files;

namespace IlqrVae.Cli.Reports;

/// <summary>The report that a run has of itself.</summary>
internal static class ReportFile
{
    /// <summary>The option that leaves it out.</summary>
    public static Option<bool> None() => new("--no-report") { Description = "Leave out the report at the end, for which held-out trials are inferred; 'ilqr-vae report' makes it later." };

    /// <summary>Makes the report of a run after the work that was asked for. What stands in its way is told, and is no reason for that work to fail.</summary>
    /// <param name="open">Opens what it is of.</param>
    /// <param name="run">The run's folder.</param>
    /// <param name="terminal">Where it is told.</param>
    /// <param name="isLeftOut">Whether no report is wanted.</param>
    /// <param name="followers">Those who followed the training, who are shown what has come of it.</param>
    /// <returns>The file; null where there is none.</returns>
    public static string? Add(Func<ReportSource> open, string run, Terminal terminal, bool isLeftOut, Followers followers)
    {
        var path = new RunFolder(run).Report;
        if (isLeftOut)
        {
            followers.Finish(open, null);
            return null;
        }

        try
        {
            var (source, report) = terminal.Interruptible("making the report", stage =>
            {
                var source = open();
                var report = RunReport.Create(source, stage);
                HtmlReport.Write(report, path);
                return (source, report);
            });
            followers.Finish(() => source, report);
            return path;
        }
        catch (Exception exception) when (exception is InputException or OperationCanceledException)
        {
            terminal.Remark($"no report was written{(exception is InputException ? $": {exception.Message}" : "")}; make it with: ilqr-vae report {Wording.Quoted(run)}");
            return null;
        }
    }
}
