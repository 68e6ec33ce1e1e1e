using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using IlqrVae.Cli.Reports;
using IlqrVae.Data;
using IlqrVae.Data.Import;
using IlqrVae.Recordings;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae import</summary>
internal static partial class ImportCommand
{
    private const string Description =
        """
        Turns a recording in another format into a dataset and prints a summary of it.

        The dataset is an HDF5 file (docs/dataset-format.md). The format of the recording is told by the content: MATLAB files of level 5 and 7.3 with
        binned spike counts or real values of one session or of trials, HDF5 files in the layout of the LFADS tutorials, and datasets of this program.
        An option that the format does not take is refused. What was decided on the way, such as which axis is time, is told on the error stream.

        Example:
          ilqr-vae import session.mat -o data.h5 --spikes spikes --values velocity=handVel[0,1]:m/s --chunk 4 --minimum-rate 1
          ilqr-vae import trials.mat -o data.h5 --spikes trial.spikes --values hand=trial.handPos:mm --bin-width 0.001
          ilqr-vae import lfads.h5 -o data.h5
        """;

    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "The file to import." };
        var output = Arguments.Output("The dataset file to write.", isRequired: true);
        var spikes = new Option<string?>("--spikes") { Description = "MATLAB: variable of the spike counts, units by bins or bins by units; trial.spikes stands for trial(1).spikes, trial(2).spikes and so on.", HelpName = "VAR" };
        var values = new Option<string[]>("--values")
        {
            Description = "MATLAB: a group of real values from the rows of a variable, with its unit; may be given several times, and without spikes.",
            HelpName = "NAME=VAR[rows][:unit]",
        };
        var time = new Option<string?>("--time") { Description = "MATLAB: variable of the bins' times in seconds.", HelpName = "VAR" };
        var binWidth = Arguments.Number<double?>("--bin-width", "Width of a bin in seconds, where the file does not tell.", "S");
        var minimumRate = Arguments.Number<double?>("--minimum-rate", "MATLAB: leave out units that fire less, in Hz.", "HZ");
        var train = Arguments.Number<double?>("--train-fraction", "MATLAB: share of the session or of its trials, from the start, for training (0.8); the rest is for testing.", "SHARE");
        var validation = Arguments.Number<double?>("--validation-fraction", "MATLAB: share after the training part for validation.", "SHARE");
        var chunk = Arguments.Number<double?>("--chunk", "MATLAB: cut the training part, or its trials, into chunks of this length in seconds.", "S");
        var every = Arguments.Number<int?>("--validation-every", "MATLAB: one training chunk or trial in so many is for validation (8); 0 for none.", "N");
        var chunkTest = new Option<bool>("--chunk-test") { Description = "MATLAB: cut the test part into chunks too." };
        var unitsFirst = new Option<bool>("--units-first") { Description = "MATLAB: the first axis of counts (after that of trials) is units, the next is bins." };
        var binsFirst = new Option<bool>("--bins-first") { Description = "MATLAB: the first axis of counts (after that of trials) is bins, the next is units." };
        var heldOut = Arguments.Number<int?>("--held-out", $"Put so many channels of the first group of counts, evenly spaced, into a group '{HeldOutChannels.GroupName}' of their own, to be predicted from the others.", "N");
        var force = Arguments.Force("Replace a file of that name.");
        var json = Arguments.Json();
        return Arguments.Make(
            "import", Description, [file, output, spikes, values, time, binWidth, minimumRate, train, validation, chunk, every, chunkTest, unitsFirst, binsFirst, heldOut, force, json], result =>
        {
            terminal.IsJson = result.GetValue(json);
            if (result.GetValue(unitsFirst) && result.GetValue(binsFirst))
            {
                throw new InputException("--units-first and --bins-first contradict each other; give one of them.");
            }

            var options = new ImportOptions
            {
                Spikes = result.GetValue(spikes),
                Values = [.. (result.GetValue(values) ?? []).Select(ParseValues)],
                Time = result.GetValue(time),
                BinWidth = result.GetValue(binWidth),
                MinimumRate = result.GetValue(minimumRate),
                TrainFraction = result.GetValue(train),
                ValidationFraction = result.GetValue(validation),
                ChunkSeconds = result.GetValue(chunk),
                ValidationEvery = result.GetValue(every),
                ChunkTest = result.GetValue(chunkTest),
                UnitsFirst = result.GetValue(unitsFirst) ? true : result.GetValue(binsFirst) ? false : null,
            };
            var destination = result.GetValue(output)!;
            Arguments.RequireOther(destination, result.GetValue(file)!, "the file to import");
            Arguments.RequireFree(destination, result.GetValue(force));
            var (recording, remarks) = terminal.Interruptible(() => RecordingImporters.Import(result.GetValue(file)!, options));
            if (result.GetValue(heldOut) is { } count)
            {
                recording = HeldOut(recording, count);
            }

            RecordingFile.Write(destination, recording);
            foreach (var remark in remarks)
            {
                terminal.Remark(remark);
            }

            if (recording.Trials.FirstOrDefault(trial => trial.Split != TrialSplit.Test && trial.Bins > TrainingSession.LongestTrial) is { } longest)
            {
                terminal.Remark(
                    $"{destination}: trial '{longest.Name}' has {longest.Bins} bins, too many to learn from (at most {TrainingSession.LongestTrial}); cut it with --chunk SECONDS before you train.");
            }

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
    internal static ImportedValues ParseValues(string text)
    {
        var match = ValuesPattern().Match(text);
        return match.Success
            ? new ImportedValues(
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
