using System.Globalization;
using IlqrVae.Recordings;

namespace IlqrVae.Data;

/// <summary>
/// Makes a recording of the variables of a MATLAB file: binned spike counts of one continuous session, with behaviour beside them, cut in time into
/// training, validation and test parts. A bin that a boundary between parts would cut goes to the earlier part: 15,536 bins of which 80 % are for training
/// give 12,429 and leave 3,107.
/// </summary>
public static class MatImport
{
    /// <summary>Bins that a trial needs at least; a shorter rest at the end of a part is left out.</summary>
    public const int ShortestTrial = 10;

    // Times are often written with few digits: the spacing may wobble by this share of a bin.
    private const double TimeTolerance = 0.1;

    private static readonly string[] SpikeNames =
        ["spikes", "spike_counts", "spikecounts", "binned_spikes", "binnedspikes", "counts", "spks"];

    private static readonly string[] TimeNames = ["time", "times", "t", "timestamps", "bin_times"];

    /// <summary>Reads a file and makes a recording of it: spike counts as group "spikes", then the groups of values.</summary>
    /// <param name="path">A MATLAB file of level 5 or 7.3.</param>
    /// <param name="options">What to take and how to cut it.</param>
    /// <exception cref="InputException">The file is not readable or a variable is missing or of another shape, or an option does not fit.</exception>
    public static Recording Import(string path, MatImportOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        CheckOptions(options);
        var variables = MatFile.Read(path);
        var spikes = options.SpikesVariable is { } named ? Find(path, variables, named) : Guess(variables, SpikeNames)
            ?? throw new InputException(
                $"{path}: no variable is called spikes; name the one of the spike counts, the file has: {Messages.Names(variables.Select(variable => variable.Name))}.");
        RequireMatrix(path, spikes);
        var channelsFirst = options.ChannelsFirst ?? spikes.Shape[1] >= spikes.Shape[0];
        var bins = channelsFirst ? spikes.Shape[1] : spikes.Shape[0];
        var binWidth = BinWidth(path, variables, options, bins);

        var groups = new List<ChannelGroup>();
        var data = new List<Observations>();
        Add(groups, data, Spikes(path, spikes, channelsFirst, bins, binWidth, options.MinimumRate));
        foreach (var values in options.Values)
        {
            var variable = Find(path, variables, values.Variable);
            RequireMatrix(path, variable);
            Add(groups, data, Values(path, values, variable, channelsFirst, bins));
        }

        var recording = new Recording
        {
            BinWidth = binWidth,
            Groups = groups,
            Source = Path.GetFileName(path),
            Trials = [.. Cut(path, options, bins, binWidth).Select(part => part.Take(data))],
        };
        recording.Validate(path);
        return recording;
    }

    private static void Add(List<ChannelGroup> groups, List<Observations> data, (ChannelGroup Group, Observations Observations) entry)
    {
        groups.Add(entry.Group);
        data.Add(entry.Observations);
    }

    private static void CheckOptions(MatImportOptions options)
    {
        var (train, validation) = (options.TrainFraction, options.ValidationFraction);
        if (!(train > 0) || !(validation >= 0) || !(train + validation <= 1 + 1e-9))
        {
            throw new InputException(
                $"The share for training is {train} and for validation {validation}; give a positive share for training, and shares of 1 or less together.");
        }

        if (options.BinWidth is { } width && (!(width > 0) || !double.IsFinite(width)))
        {
            throw new InputException($"The bin width is {width} s; give a positive bin width in seconds.");
        }

        if (options.ChunkSeconds is { } seconds && (!(seconds > 0) || !double.IsFinite(seconds)))
        {
            throw new InputException($"The length of a chunk is {seconds} s; give a positive length in seconds.");
        }

        if (options.ValidationEvery is < 0 or 1)
        {
            throw new InputException($"One chunk in {options.ValidationEvery} cannot be for validation; give 0 for none, or 2 or more.");
        }

        if (!(options.MinimumRate >= 0))
        {
            throw new InputException($"The lowest firing rate is {options.MinimumRate} Hz; give 0 or more.");
        }
    }

    private static MatVariable Find(string path, IReadOnlyList<MatVariable> variables, string name) =>
        variables.FirstOrDefault(variable => string.Equals(variable.Name, name, StringComparison.Ordinal))
        ?? throw new InputException(
            $"{path}: there is no variable '{Messages.OneLine(name)}'; the file has: {Messages.Names(variables.Select(variable => variable.Name))}.");

    /// <summary>The first variable, or else field of a structure, that has the first name of a list that any has.</summary>
    private static MatVariable? Guess(IReadOnlyList<MatVariable> variables, string[] names) =>
        names.Select(name => variables.FirstOrDefault(variable => variable.IsReadable && string.Equals(variable.Name, name, StringComparison.OrdinalIgnoreCase)))
            .Concat(names.Select(name => variables.FirstOrDefault(
                variable => variable.IsReadable && variable.Name.EndsWith('.' + name, StringComparison.OrdinalIgnoreCase))))
            .FirstOrDefault(variable => variable is not null);

    private static void RequireMatrix(string path, MatVariable variable)
    {
        if (variable.Shape.Count != 2 || variable.Values.Length == 0)
        {
            throw new InputException(
                $"{path}: variable '{Messages.OneLine(variable.Name)}' has shape {Messages.Shape(variable.Shape)}; channels x bins of one continuous session are needed.");
        }
    }

    private static double BinWidth(string path, IReadOnlyList<MatVariable> variables, MatImportOptions options, int bins)
    {
        var time = options.TimeVariable is { } name ? Find(path, variables, name) : options.BinWidth is null ? Guess(variables, TimeNames) : null;
        if (time is null)
        {
            return options.BinWidth ?? throw new InputException($"{path}: no variable is called time; give the bin width in seconds or name the variable of the times.");
        }

        var times = time.Values;
        var what = $"{path}: variable '{Messages.OneLine(time.Name)}'";
        if (times.Length != bins || bins < 2)
        {
            throw new InputException($"{what} has {times.Length} times for {bins} bins; give the bin width in seconds or name another variable.");
        }

        var width = double.Parse(((times[^1] - times[0]) / (bins - 1)).ToString("G12", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        if (!(width > 0) || !double.IsFinite(width))
        {
            throw new InputException($"{what} does not rise from its first to its last entry; give the bin width in seconds or name another variable.");
        }

        for (var bin = 0; bin < bins; bin++)
        {
            if (!(Math.Abs(times[bin] - times[0] - (bin * width)) <= TimeTolerance * width))
            {
                throw new InputException(
                    $"{what} is not evenly spaced: entry {bin} is {times[bin]} where {times[0] + (bin * width):G8} is due; bins must be of one width, so bin anew or give the bin width.");
            }
        }

        return options.BinWidth is { } given && Math.Abs(given - width) > 0.01 * width
            ? throw new InputException($"{what} is spaced by {width} s where the bin width is given as {given} s; correct one of them.")
            : options.BinWidth ?? width;
    }

    private static (ChannelGroup Group, Observations Observations) Spikes(
        string path, MatVariable variable, bool channelsFirst, int bins, double binWidth, double minimumRate)
    {
        var source = variable.Values;
        var channels = source.Length / bins;
        var kept = new List<int>();
        for (var channel = 0; channel < channels; channel++)
        {
            var (spikes, observed) = (0.0, 0);
            for (var bin = 0; bin < bins; bin++)
            {
                var count = source[Index(channelsFirst, channels, bins, channel, bin)];
                spikes += double.IsNaN(count) ? 0 : count;
                observed += double.IsNaN(count) ? 0 : 1;
            }

            // A rate of just the minimum stays, whatever the last digit of the bin width.
            if (spikes >= minimumRate * observed * binWidth * (1 - 1e-12))
            {
                kept.Add(channel);
            }
        }

        if (kept.Count == 0)
        {
            throw new InputException($"{path}: none of the {channels} units of '{Messages.OneLine(variable.Name)}' fires at {minimumRate} Hz or more; lower the minimum rate.");
        }

        var names = Names("unit", kept, channels);
        return (new ChannelGroup("spikes", ChannelKind.Counts, kept.Count, "", names), Take($"{path}: variable '{Messages.OneLine(variable.Name)}'", ChannelKind.Counts, source, channelsFirst, channels, bins, kept));
    }

    private static (ChannelGroup Group, Observations Observations) Values(
        string path, MatValues values, MatVariable variable, bool channelsFirst, int bins)
    {
        var source = variable.Values;
        var isFirst = variable.Shape[1] == bins && (channelsFirst || variable.Shape[0] != bins);
        if (!isFirst && variable.Shape[0] != bins)
        {
            throw new InputException(
                $"{path}: variable '{Messages.OneLine(variable.Name)}' has shape {Messages.Shape(variable.Shape)}; one axis must have {bins} bins as the spikes have.");
        }

        var channels = source.Length / bins;
        var rows = values.Rows?.ToList() ?? [.. Enumerable.Range(0, channels)];
        if (rows.Count == 0 || rows.Exists(row => row < 0 || row >= channels))
        {
            throw new InputException(
                $"{path}: rows {Messages.Names(rows.Select(row => $"{row}"))} are asked of variable '{Messages.OneLine(variable.Name)}', which has rows 0 to {channels - 1}; correct the rows.");
        }

        var names = Names(variable.Name, rows, channels);
        return (new ChannelGroup(values.Group, ChannelKind.Values, rows.Count, values.Unit, names), Take($"{path}: variable '{Messages.OneLine(variable.Name)}'", ChannelKind.Values, source, isFirst, channels, bins, rows));
    }

    /// <summary>Names of channels, which keep their number in the file, counted from 0.</summary>
    private static string[] Names(string stem, List<int> rows, int channels)
    {
        var digits = $"{channels - 1}".Length;
        return [.. rows.Select(row => $"{stem}-{row.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0')}")];
    }

    private static Observations Take(string what, ChannelKind kind, double[] source, bool channelsFirst, int channels, int bins, List<int> rows)
    {
        var table = new Table(bins, rows.Count);
        bool[]? observed = null;
        for (var bin = 0; bin < bins; bin++)
        {
            for (var column = 0; column < rows.Count; column++)
            {
                var value = source[Index(channelsFirst, channels, bins, rows[column], bin)];
                if (double.IsNaN(value))
                {
                    if (observed is null)
                    {
                        observed = new bool[table.Values.Length];
                        Array.Fill(observed, value: true);
                    }

                    observed[(bin * rows.Count) + column] = false;
                    value = 0;
                }

                table[bin, column] = value;
            }
        }

        try
        {
            return Observations.Of(kind, table, observed);
        }
        catch (InputException exception)
        {
            throw new InputException($"{what}: {exception.Message}", exception);
        }
    }

    private static int Index(bool channelsFirst, int channels, int bins, int channel, int bin) =>
        channelsFirst ? channel + (bin * channels) : bin + (channel * bins);

    private static List<SessionPart> Cut(string path, MatImportOptions options, int bins, double binWidth)
    {
        var trainEnd = Boundary(options.TrainFraction, bins);
        var validationEnd = Boundary(options.TrainFraction + options.ValidationFraction, bins);
        var chunk = options.ChunkSeconds is { } seconds ? Math.Round(seconds / binWidth) : bins;
        if (!(chunk >= ShortestTrial) && options.ChunkSeconds is not null)
        {
            throw new InputException($"{path}: chunks of {options.ChunkSeconds} s have {chunk} bins of {binWidth} s; make them {ShortestTrial} bins or longer.");
        }

        var length = (int)Math.Min(chunk, bins);
        var isCut = options.ChunkSeconds is not null;
        var parts = new List<SessionPart>();
        AddPart(parts, 0, trainEnd, length, isCut ? "chunk" : "train", isCut, TrialSplit.Train);
        if (isCut && options.ValidationFraction == 0 && options.ValidationEvery > 0)
        {
            var middle = options.ValidationEvery / 2;
            for (var i = middle; i < parts.Count; i += options.ValidationEvery)
            {
                parts[i] = parts[i] with { Split = TrialSplit.Validation };
            }
        }

        AddPart(parts, trainEnd, validationEnd, length, isCut ? "chunk" : "validation", isCut, TrialSplit.Validation);
        AddPart(parts, validationEnd, bins, options.ChunkTest ? length : bins, "test", isCut && options.ChunkTest, TrialSplit.Test);
        if (options.ValidationFraction > 0 && validationEnd - trainEnd < ShortestTrial)
        {
            throw new InputException(
                $"{path}: the validation part of {validationEnd - trainEnd} bins is shorter than a trial of {ShortestTrial}; give it a larger share, or none.");
        }

        return parts.Exists(part => part.Split == TrialSplit.Train)
            ? parts
            : throw new InputException($"{path}: the training part of {trainEnd} bins is shorter than a trial of {ShortestTrial}; give it a larger share.");
    }

    private static int Boundary(double fraction, int bins) => (int)Math.Min(bins, Math.Ceiling((fraction * bins) - 1e-6));

    private static void AddPart(List<SessionPart> parts, int start, int end, int length, string stem, bool isNumbered, TrialSplit split)
    {
        var number = parts.Count(part => part.Name.StartsWith(stem + "-", StringComparison.Ordinal));
        for (var first = start; end - first >= ShortestTrial; first += length)
        {
            var name = isNumbered ? string.Create(CultureInfo.InvariantCulture, $"{stem}-{number++:D3}") : stem;
            parts.Add(new SessionPart(name, first, Math.Min(length, end - first), split));
        }
    }

    private sealed record SessionPart(string Name, int First, int Bins, TrialSplit Split)
    {
        public Trial Take(List<Observations> session) => new()
        {
            Name = Name,
            Bins = Bins,
            Split = Split,
            Observations = [.. session.Select(one => one.SelectBins(First, Bins))],
        };
    }
}
