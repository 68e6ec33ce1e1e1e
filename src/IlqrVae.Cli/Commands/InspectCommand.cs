using System.CommandLine;
using IlqrVae.Cli.Reports;

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
        """;

    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "The file, or the folder of a run or of .npy files." };
        var json = Arguments.Json();
        return Arguments.Make("inspect", Description, [file, json], result =>
        {
            terminal.IsJson = result.GetValue(json);
            Inspection.Report(result.GetValue(file)!, terminal);
            return ExitCode.Done;
        });
    }
}
