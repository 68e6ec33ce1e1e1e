using System.CommandLine;
using System.Text.Json.Nodes;
using IlqrVae.Data.Export;
using IlqrVae.Runs.Files;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae export</summary>
internal static class ExportCommand
{
    private const string Description =
        """
        Writes a dataset, a posterior or a run's model in another format: NumPy (.npz), MATLAB (.mat), NWB (.nwb), or the layout of lfads-torch.

        The extension tells the format, or --format; a model is written as .npz or .mat. 'import' reads exported datasets again: .npz with the same bits, .nwb with the same counts and values.
        docs/exports.md says how each looks, with a few lines of Python and MATLAB.

        Example:
          ilqr-vae export data.h5 -o data.npz
          ilqr-vae export posterior.h5 -o posterior.mat
          ilqr-vae export posterior.h5 -o session.nwb
          ilqr-vae export posterior.h5 -o lfads_output_run.h5 --format lfads
          ilqr-vae export run -o model.npz
        """;

    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "The dataset or posterior file, or a run's folder." };
        var output = Arguments.Output("The file to write.", isRequired: true);
        var format = Arguments.Format();
        var force = Arguments.Force("Replace a file of that name.");
        var json = Arguments.Json();
        return Arguments.Make("export", Description, [file, output, format, force, json], result =>
        {
            terminal.IsJson = result.GetValue(json);
            var (source, destination) = (result.GetValue(file)!, result.GetValue(output)!);
            source = Directory.Exists(source) ? RunFolder.ModelOf(source) : source;
            var kind = ExportFile.FormatOf(destination, result.GetValue(format));
            Arguments.RequireOther(destination, source, "the file to export");
            Arguments.RequireFree(destination, result.GetValue(force));
            var tree = terminal.Interruptible("exporting", () =>
            {
                var read = ArrayTree.Read(source);
                ExportFile.Write(destination, kind, read);
                return read;
            });
            terminal.WriteJson(() => new JsonObject
            {
                ["file"] = destination,
                ["format"] = ExportFile.Words[(int)kind],
                ["kind"] = tree.Kind,
                ["bytes"] = new FileInfo(destination).Length,
            });
            terminal.WriteLine($"{tree.Kind}: {destination}");
            return ExitCode.Done;
        });
    }
}
