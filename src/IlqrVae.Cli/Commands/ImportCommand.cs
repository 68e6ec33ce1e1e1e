using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using IlqrVae.Cli.Reports;
using IlqrVae.Data;
using IlqrVae.Recordings;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae import</summary>
internal static partial class ImportCommand
{
    private const string Description =
        """
        Turns a recording in another format into a dataset and prints a summary of it.

        The dataset is an HDF5 file (docs/dataset-format.md). The format of the recording is told by the content: MATLAB files of level 5 and 7.3 with
        the binned spike counts of one session, HDF5 files in the layout of the LFADS tutorials, and datasets of this program.

        Example:
          ilqr-vae import session.mat -o data.h5 --spikes spikes --values velocity=handVel[0,1]:m/s --chunk 4 --minimum-rate 1
          ilqr-vae import lfads.h5 -o data.h5
        """;

    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "The file to import." };
        var output = Arguments.Output("The dataset file to write.", isRequired: true);
        var spikes = new Option<string?>("--spikes") { Description = "MATLAB: variable of the spike counts, channels by bins or bins by channels.", HelpName = "VAR" };
        var values = new Option<string[]>("--values")
        {
            Description = "MATLAB: a group of real values from the rows of a variable, with its unit; may be given several times.",
            HelpName = "NAME=VAR[rows][:unit]",
        };
        var time = new Option<string?>("--time") { Description = "MATLAB: variable of the bins' times in seconds.", HelpName = "VAR" };
        var binWidth = Arguments.Number<double?>("--bin-width", "Width of a bin in seconds, where the file does not tell.", "S");
        var minimumRate = Arguments.Number<double?>("--minimum-rate", "MATLAB: leave out units that fire less, in Hz.", "HZ");
        var train = Arguments.Number<double?>("--train-fraction", "MATLAB: share of the session, from its start, for training (0.8); the rest is for testing.", "SHARE");
        var validation = Arguments.Number<double?>("--validation-fraction", "MATLAB: share after the training part for validation.", "SHARE");
        var chunk = Arguments.Number<double?>("--chunk", "MATLAB: cut the training part into chunks of this length in seconds.", "S");
        var every = Arguments.Number<int?>("--validation-every", "MATLAB: one training chunk in so many is for validation (8); 0 for none.", "N");
        var chunkTest = new Option<bool>("--chunk-test") { Description = "MATLAB: cut the test part into chunks too." };
        var heldOut = Arguments.Number<int?>("--held-out", $"Put so many channels of the first group of counts, evenly spaced, into a group '{HeldOutChannels.GroupName}' of their own, to be predicted from the others.", "N");
        var force = Arguments.Force("Replace a file of that name.");
        var json = Arguments.Json();
        return Arguments.Make(
            "import", Description, [file, output, spikes, values, time, binWidth, minimumRate, train, validation, chunk, every, chunkTest, heldOut, force, json], result =>
        {
            terminal.IsJson = result.GetValue(json);
            var defaults = new MatImportOptions();
            var mat = defaults with
            {
                SpikesVariable = result.GetValue(spikes),
                Values = [.. (result.GetValue(values) ?? []).Select(ParseValues)],
                TimeVariable = result.GetValue(time),
                BinWidth = result.GetValue(binWidth),
                MinimumRate = result.GetValue(minimumRate) ?? defaults.MinimumRate,
                TrainFraction = result.GetValue(train) ?? defaults.TrainFraction,
                ValidationFraction = result.GetValue(validation) ?? defaults.ValidationFraction,
                ChunkSeconds = result.GetValue(chunk),
                ValidationEvery = result.GetValue(every) ?? defaults.ValidationEvery,
                ChunkTest = result.GetValue(chunkTest),
            };
            var destination = result.GetValue(output)!;
            Arguments.RequireOther(destination, result.GetValue(file)!, "the file to import");
            Arguments.RequireFree(destination, result.GetValue(force));
            var recording = terminal.Interruptible(() => RecordingImport.Import(
                result.GetValue(file)!, new RecordingImportOptions { Mat = mat, Lfads = new LfadsImportOptions { BinWidth = result.GetValue(binWidth) } }));
            if (result.GetValue(heldOut) is { } count)
            {
                recording = HeldOut(recording, count);
            }

            RecordingFile.Write(destination, recording);
            Inspection.Report(destination, recording, terminal);
            return ExitCode.Done;
        });
    }

    private static Recording HeldOut(Recording recording, int count)
    {
        try
        {
            return HeldOutChannels.Split(recording, count);
        }
        catch (InputException exception)
        {
            throw new InputException($"--held-out: {exception.Message}", exception);
        }
    }

    /// <summary>Reads "velocity=handVel[0,1]:m/s".</summary>
    internal static MatValues ParseValues(string text)
    {
        var match = ValuesPattern().Match(text);
        return match.Success
            ? new MatValues(
                match.Groups["name"].Value,
                match.Groups["variable"].Value,
                match.Groups["unit"].Value,
                match.Groups["rows"].Success
                    ? [.. match.Groups["rows"].Value.Split(',').Select(row => int.Parse(row.Trim(), CultureInfo.InvariantCulture))]
                    : null)
            : throw new InputException($"--values: '{text}' is not of the form NAME=VAR[rows][:unit]; write for example velocity=handVel[0,1]:m/s.");
    }

    [GeneratedRegex(@"^(?<name>[^=/]+)=(?<variable>[^\[\]:]+)(\[(?<rows>\s*\d{1,6}\s*(,\s*\d{1,6}\s*)*)\])?(:(?<unit>.+))?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ValuesPattern();
}
