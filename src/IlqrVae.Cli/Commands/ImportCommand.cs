using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using IlqrVae.Cli.Reports;
using IlqrVae.Data;
using IlqrVae.Data.Import;
using IlqrVae.Data.Import.NeuralLatents;
using IlqrVae.Recordings;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae import</summary>
internal static partial class ImportCommand
{
    private const string Description =
        """
        Turns a recording in another format into a dataset and prints a summary of it.

        The dataset is an HDF5 file (docs/dataset-format.md). The format of the recording is told by the content: NWB 2 files with spike times and time series
        (docs/nwb.md); MATLAB files of level 5 and 7.3 (docs/matlab.md), NumPy's .npy and .npz, tables in text and HDF5 files of any layout (docs/arrays.md) with
        binned counts, real values or times of spikes, of one session or of trials; HDF5 files of LFADS, lfads-torch and nlb_tools; and datasets of this program.
        Several NWB files of one session, with the same units, become one dataset, their trials one after another; datasets of sessions are joined by 'ilqr-vae join'.
        'ilqr-vae inspect FILE' says what a file holds, and how to import it. "Arrays" below are all of these but NWB, LFADS and datasets.
        --nlb takes files of the Neural Latents Benchmark as the benchmark itself takes them (docs/nlb.md), and no option but --bin and --phase.
        An option that the format does not take is refused. What was decided on the way, such as which axis is time, is told on the error stream.

        Example:
          ilqr-vae import session.nwb -o data.h5 --bin-width 0.01 --align move_onset_time --window=-0.25..0.45 --behaviour processing/behavior/hand_vel --lag 0.1
          ilqr-vae import session.nwb -o data.h5 --where "split == 'train' and reward > 0" --units "quality == 'good'" --minimum-rate 0.5
          ilqr-vae import session.mat -o data.h5 --spikes spikes --values velocity=handVel[0,1]:m/s --chunk 4 --minimum-rate 1
          ilqr-vae import trials.mat -o data.h5 --spikes trial.spikes --values hand=trial.handPos:mm --bin-width 0.001
          ilqr-vae import counts.npz -o data.h5 --map spikes=counts:trial,bin,channel --bin-width 0.01
          ilqr-vae import alf/ -o data.h5 --align goCue_times --window=-0.5..1 --behaviour wheel.position
          ilqr-vae import lfads.h5 -o data.h5
          ilqr-vae import sub-Jenkins/*.nwb -o mc_maze.h5 --nlb mc_maze --bin 5
        """;

    public static Command Create(Terminal terminal)
    {
        var files = new Argument<string[]>("FILE") { Description = "The file to import; several NWB files of one session, several .npy files or a folder of them, or with --nlb the files of the set.", Arity = ArgumentArity.OneOrMore };
        var output = Arguments.Output("The dataset file to write.", isRequired: true);
        var spikes = new Option<string?>("--spikes") { Description = "Variable of the spikes, counts or times; trial.spikes stands for trial(1).spikes, trial(2).spikes and so on. NWB: a series of counts, samples x units, by its path.", HelpName = "VAR" };
        var values = new Option<string[]>("--values")
        {
            Description = "A group of real values from the rows of a variable or the channels of a series, with its unit; may be given several times, and without spikes.",
            HelpName = "NAME=VAR[rows][:unit]",
        };
        var time = new Option<string?>("--time") { Description = "Arrays: variable of the bins' times in seconds.", HelpName = "VAR" };
        var binWidth = Arguments.Number<double?>("--bin-width", "Width of a bin in seconds, where the file does not tell; of spike times 0.01 where nothing is given.", "S");
        var minimumRate = Arguments.Number<double?>("--minimum-rate", "Leave out units that fire less, in Hz.", "HZ");
        var train = Arguments.Number<double?>("--train-fraction", "Share of the session or of its trials, from the start, for training (0.8); the rest is for testing.", "SHARE");
        var validation = Arguments.Number<double?>("--validation-fraction", "Share after the training part for validation.", "SHARE");
        var chunk = Arguments.Number<double?>("--chunk", "Cut the training part, or its trials, into chunks of this length in seconds; of spike times the session in time, unless an option of trials is given.", "S");
        var every = Arguments.Number<int?>("--validation-every", "One training chunk or trial in so many is for validation (8); 0 for none.", "N");
        var chunkTest = new Option<bool>("--chunk-test") { Description = "Cut the test part into chunks too." };
        var unitsFirst = new Option<bool>("--units-first") { Description = "Arrays: the first axis of counts (after that of trials) is units, the next is bins." };
        var binsFirst = new Option<bool>("--bins-first") { Description = "Arrays: the first axis of counts (after that of trials) is bins, the next is units." };
        var overlap = Arguments.Number<double?>("--chunk-overlap", "Seconds by which one chunk reaches into the next; what chunks of two splits would share is cut off the one to learn from.", "S");
        var splitBlocks = Arguments.Number<double?>("--split-blocks", "Share out blocks of time of this length in seconds, spread over the session, in place of one stretch each.", "S");
        var splitSeed = Arguments.Number<ulong?>("--split-seed", "Share out trials, or chunks, at random by this seed, in place of their order.", "N");
        var behaviour = new Option<string[]>("--behaviour", "--behavior")
        {
            Description = "A series, by its path in the file or the end of it, brought to the bins: by means where it is sampled faster, by lines where it is sampled slower; may be given several times.",
            HelpName = "[NAME=]PATH[channels]",
        };
        var lag = Arguments.Number<double?>("--lag", "Read series so many seconds later than spikes.", "S");
        var mask = new Option<string?>("--mask") { Description = "NWB: a series that is 0 where nothing is to be taken: the session is cut there, and such bins of trials are missing.", HelpName = "PATH" };
        var valueMask = new Option<string?>("--mask-values") { Description = "NWB: a series that is 0 where series of --behaviour are to be missing; spikes stay.", HelpName = "PATH" };
        var trials = new Option<string?>("--trials") { Description = "Table of trials or other intervals to cut by (trials), from start_time to stop_time or by a window.", HelpName = "TABLE" };
        var align = new Option<string?>("--align") { Description = "Column of the trials with the time that a window is about (start_time).", HelpName = "COLUMN" };
        var window = new Option<string?>("--window") { Description = "From when to when about that time, in seconds; write --window=-0.25..0.45.", HelpName = "FROM..TO" };
        var sessionGrid = new Option<bool>("--session-grid") { Description = "Bins of all trials lie on multiples of the bin width from time 0, not each trial's own." };
        var where = new Option<string?>("--where") { Description = "Take trials for which this holds of their columns, as in \"split == 'train' and reward > 0\"; there are == != < <= > >= in, not in, and, or, not.", HelpName = "EXPRESSION" };
        var units = new Option<string?>("--units") { Description = "Take units for which this holds of their columns.", HelpName = "EXPRESSION" };
        var heldOutUnits = new Option<string?>("--held-out-units") { Description = $"Put units for which this holds of their columns into a group '{HeldOutChannels.GroupName}' of their own.", HelpName = "EXPRESSION" };
        var condition = new Option<string[]>("--condition") { Description = "Columns of the trials whose values together are a trial's condition, over which 'evaluate' averages.", HelpName = "COLUMN", AllowMultipleArgumentsPerToken = true };
        var splitColumn = new Option<string?>("--split-column") { Description = "Column of the trials that says train, validation (val) or test; others are left out.", HelpName = "COLUMN" };
        var map = new Option<string[]>("--map")
        {
            Description = "Arrays: what an array is for: spikes, time, trials, unit, trial, inputs, held-out, or the name of a group of values; and, of lists and arrays from the outside in, what the axes are: trial, bin, channel (or unit), spike (times of spikes), - (of length 1). May be given several times.",
            HelpName = "NAME=PATH[:axes]",
        };
        var timeUnit = new Option<string?>("--time-unit") { Description = "Arrays: the unit of times in the file: s, ms, us, or ticks a second as 30000Hz.", HelpName = "UNIT" };
        var heldOutSeed = Arguments.Number<ulong?>("--held-out-seed", "Choose the channels of --held-out at random by this seed, in place of evenly spaced ones.", "N");
        var heldOut = Arguments.Number<int?>("--held-out", $"Put so many channels of the first group of counts, evenly spaced, into a group '{HeldOutChannels.GroupName}' of their own, to be predicted from the others.", "N");
        var nlb = new Option<string?>("--nlb") { Description = "NWB: a set of the Neural Latents Benchmark, cut as the benchmark cuts it.", HelpName = "SET" };
        var bin = Arguments.Number<double?>("--bin", $"With --nlb: width of a bin in ms, {NeuralLatentsSet.NarrowBin} or {NeuralLatentsSet.WideBin} ({NeuralLatentsSet.NarrowBin}).", "MS");
        var phase = Arguments.Phase("With --nlb: which trials are evaluated, those of validation (val) or of test; in the test phase the trials of training and validation are those to learn from.");
        var force = Arguments.Force("Replace a file of that name.");
        var json = Arguments.Json();
        return Arguments.Make(
            "import", Description, [files, output, map, spikes, values, time, timeUnit, binWidth, minimumRate, train, validation, chunk, every, overlap, chunkTest, unitsFirst, binsFirst, behaviour, lag, mask, valueMask, trials, align, window, sessionGrid, where, units, condition, splitColumn, splitBlocks, splitSeed, heldOut, heldOutSeed, heldOutUnits, nlb, bin, phase, force, json], result =>
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
                ChunkOverlapSeconds = result.GetValue(overlap),
                SplitBlockSeconds = result.GetValue(splitBlocks),
                SplitSeed = result.GetValue(splitSeed),
                Behaviour = [.. (result.GetValue(behaviour) ?? []).Select(ParseBehaviour)],
                LagSeconds = result.GetValue(lag),
                Mask = result.GetValue(mask),
                ValueMask = result.GetValue(valueMask),
                Trials = result.GetValue(trials),
                Align = result.GetValue(align),
                Window = result.GetValue(window) is { } text ? ParseWindow(text) : null,
                OnSessionGrid = result.GetValue(sessionGrid),
                Where = result.GetValue(where),
                Units = result.GetValue(units),
                HeldOutUnits = result.GetValue(heldOutUnits),
                Conditions = Arguments.NamesInOrder(result.GetValue(condition)),
                SplitColumn = result.GetValue(splitColumn),
                Maps = [.. (result.GetValue(map) ?? []).Select(ArrayMapping.Parse)],
                TimeUnit = result.GetValue(timeUnit),
                UnitsFirst = result.GetValue(unitsFirst) ? true : result.GetValue(binsFirst) ? false : null,
            };
            if (result.GetValue(heldOutSeed) is not null && result.GetValue(heldOut) is null)
            {
                throw new InputException("--held-out-seed chooses channels at random; say how many with --held-out.");
            }

            var (destination, sources) = (result.GetValue(output)!, result.GetValue(files)!);
            Array.ForEach(sources, source => Arguments.RequireOther(destination, source, "the file to import"));
            Arguments.RequireFree(destination, result.GetValue(force));
            var (recording, remarks) = terminal.Interruptible("importing", stage => result.GetValue(nlb) is { } set
                ? Benchmark(sources, set, result.GetValue(bin), result.GetValue(phase), options, result.GetValue(heldOut) is not null)
                : RecordingImporters.Import(WithoutSet(sources, result.GetValue(bin) is not null ? "--bin" : result.GetValue(phase) is not null ? "--phase" : null), options with { Progress = stage }));
            if (result.GetValue(heldOut) is { } count)
            {
                recording = HeldOut(recording, count, result.GetValue(heldOutSeed));
            }

            terminal.During("writing", () => RecordingFile.Write(destination, recording));
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

    private static string[] WithoutSet(string[] files, string? given) => given is null
        ? files
        : throw new InputException($"{given} is for sets of the Neural Latents Benchmark; name one with --nlb{(given == "--bin" ? ", or give the width of a bin in seconds with --bin-width" : "")}.");

    private static ImportedRecording Benchmark(string[] files, string set, double? bin, string? phase, ImportOptions options, bool isHeldOut)
    {
        var refused = options.Given().Concat(isHeldOut ? ["--held-out"] : []).ToList();
        return refused.Count == 0
            ? NeuralLatentsImport.Import(files, NeuralLatentsImport.RequireSet(set), bin ?? NeuralLatentsSet.NarrowBin, Arguments.IsTest(phase))
            : throw new InputException($"{string.Join(", ", refused)}: --nlb {set} says all that itself; leave {(refused.Count == 1 ? "it" : "them")} out, or leave out --nlb.");
    }

    private static Recording HeldOut(Recording recording, int count, ulong? seed)
    {
        try
        {
            return seed is { } drawn
                ? HeldOutChannels.Split(recording, RandomChannels.Draw(count, HeldOutChannels.GroupOf(recording, count).Channels, drawn))
                : HeldOutChannels.Split(recording, count);
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
                Rows(match))
            : throw new InputException($"--values: '{text}' is not of the form NAME=VAR[rows][:unit]; write for example velocity=handVel[0,1]:m/s.");
    }

    /// <summary>Reads "hand=processing/behavior/hand_vel[0,1]"; without a name the group is called as the last part of the path.</summary>
    internal static ImportedValues ParseBehaviour(string text)
    {
        var match = BehaviourPattern().Match(text);
        if (!match.Success)
        {
            throw new InputException($"--behaviour: '{text}' is not of the form [NAME=]PATH[channels]; write for example processing/behavior/hand_vel or hand=processing/behavior/hand_vel[0,1].");
        }

        var path = match.Groups["path"].Value.TrimEnd('/');
        return new ImportedValues(
            match.Groups["name"].Success ? match.Groups["name"].Value : path[(path.LastIndexOf('/') + 1)..],
            path,
            "",
            Rows(match));
    }

    /// <summary>The numbers in brackets; null where there are none.</summary>
    private static IReadOnlyList<int>? Rows(Match match)
        => match.Groups["rows"].Success ? [.. match.Groups["rows"].Value.Split(',').Select(row => int.Parse(row.Trim(), CultureInfo.InvariantCulture))] : null;

    /// <summary>Reads "-0.25..0.45", in seconds.</summary>
    internal static (double From, double To) ParseWindow(string text)
    {
        var ends = text.Contains("..", StringComparison.Ordinal) ? text.Split("..") : text.Split(',');
        return ends.Length == 2 && Second(ends[0]) is { } from && Second(ends[1]) is { } to
            ? (from, to)
            : throw new InputException($"--window: '{text}' is not of the form FROM..TO in seconds, with decimal points; write for example --window=-0.25..0.45.");

        static double? Second(string end) => double.TryParse(end.Trim(), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var second) ? second : null;
    }

    [GeneratedRegex(@"^((?<name>[^=/\[\]]+)=)?(?<path>[^\[\]=]*[^\[\]=/][/]?)(\[(?<rows>\s*\d{1,6}\s*(,\s*\d{1,6}\s*)*)\])?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex BehaviourPattern();

    [GeneratedRegex(@"^(?<name>[^=/]+)=(?<variable>[^\[\]:]+)(\[(?<rows>\s*\d{1,6}\s*(,\s*\d{1,6}\s*)*)\])?(:(?<unit>.+))?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ValuesPattern();
}
