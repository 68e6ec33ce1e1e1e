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
    /// <returns>The file; null where there is none.</returns>
    public static string? Add(Func<ReportSource> open, string run, Terminal terminal)
    {
        var path = new RunFolder(run).Report;
        try
        {
            HtmlReport.Write(terminal.Interruptible("making the report", () => RunReport.Create(open())), path);
            return path;
        }
        catch (Exception exception) when (exception is InputException or OperationCanceledException)
        {
            terminal.Remark($"no report was written{(exception is InputException ? $": {exception.Message}" : "")}; make it with: ilqr-vae report {Wording.Quoted(run)}");
            return null;
        }
    }
}
