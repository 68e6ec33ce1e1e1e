using System.Globalization;
using IlqrVae.Data.Import.Arrays;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Import;

/// <summary>One file of arrays of trials, shared out already, being read.</summary>
/// <param name="archive">The file.</param>
/// <param name="group">The group with the arrays; empty for the root.</param>
/// <param name="options">What was asked for.</param>
internal sealed class TensorReading(Hdf5ArchiveReader archive, string group, ImportOptions options)
{
    private readonly string _path = archive.Path;

    /// <summary>What has to be told of the file.</summary>
    public List<string> Remarks { get; } = [];

    /// <summary>Reads it.</summary>
    /// <exception cref="InputException">Its parts contradict each other.</exception>
    public ImportedRecording Import()
    {
        var reader = new TensorPartReader(archive, group, Remarks);
        var parts = TensorPartReader.Stems.Where(stem => reader.Has(stem.Stem)).Select(stem => reader.Read(stem.Stem, stem.Split)).ToList();
        var first = parts[0];
        foreach (var part in parts.Where(part => part.HeldIn.Channels != first.HeldIn.Channels))
        {
            throw new InputException($"{_path}: '{part.Stem}' has {part.HeldIn.Channels} units where '{first.Stem}' has {first.HeldIn.Channels}; give all parts the same.");
        }

        var heldOut = parts.Max(part => part.HeldOut.Channels);
        var (behaviour, inputs) = (parts.Max(part => part.Behaviour?.Shape[2] ?? 0), parts.Max(part => part.Inputs?.Shape[2] ?? 0));
        foreach (var part in parts)
        {
            Agree(part.Stem, "held-out units", part.HeldOut.Channels, heldOut, mayLack: true);
            Agree(part.Stem, "channels of behaviour", part.Behaviour?.Shape[2] ?? 0, behaviour, mayLack: true);
            Agree(part.Stem, "external inputs", part.Inputs?.Shape[2] ?? 0, inputs, mayLack: false);
        }

        var bins = parts.Max(part => part.Bins);
        if (parts.Select(part => part.Inputs).OfType<ArrayView>().FirstOrDefault(given => given.Shape[1] != bins) is { } odd)
        {
            throw new InputException($"{_path}: '{odd.Name}' has {odd.Shape[1]} bins where trials have {bins}; give the inputs of every bin.");
        }

        var (width, scale) = Width(parts);
        var areCounts = parts.TrueForAll(part => part.All().All(LfadsImporter.IsCountOrMissing));
        if (!areCounts && heldOut > 0)
        {
            throw new InputException($"{_path}: the arrays hold numbers that are no counts; with held-out units they must be counts.");
        }

        Tell(parts, heldOut, bins);
        var kind = areCounts ? ChannelKind.Counts : ChannelKind.Values;
        var digits = $"{Math.Max(first.HeldIn.Channels, heldOut) - 1}".Length;
        List<ChannelGroup> groups = [new ChannelGroup(areCounts ? "spikes" : "data", kind, first.HeldIn.Channels)];
        if (heldOut > 0)
        {
            groups.Add(new ChannelGroup(HeldOutChannels.GroupName, ChannelKind.Counts, heldOut, "", [.. Enumerable.Range(0, heldOut).Select(unit => $"held-out-{unit.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0')}")]));
        }

        if (behaviour > 0)
        {
            groups.Add(new ChannelGroup("behavior", ChannelKind.Values, behaviour));
        }

        var trials = parts.SelectMany(part => Enumerable.Range(0, part.Trials).Select(trial => Make(part, trial, bins, kind, heldOut, behaviour, inputs, scale))).ToList();
        var every = options.ValidationEvery ?? ImportOptions.DefaultValidationEvery;
        if (every > 0 && !parts.Exists(part => part.Split == TrialSplit.Validation))
        {
            var training = Enumerable.Range(0, trials.Count).Where(i => trials[i].Split == TrialSplit.Train).ToList();
            for (var i = every / 2; i < training.Count; i += every)
            {
                trials[training[i]] = trials[training[i]] with { Split = TrialSplit.Validation };
            }
        }

        var recording = new Recording
        {
            BinWidth = width,
            Groups = groups,
            ExternalNames = [.. Enumerable.Range(0, inputs).Select(input => $"input-{input}")],
            Source = Path.GetFileName(_path),
            Trials = trials,
        };
        recording.Validate(_path);
        return new ImportedRecording(recording, Remarks);
    }

    private void Agree(string stem, string what, int here, int others, bool mayLack)
    {
        if (here != others && !(mayLack && here == 0))
        {
            throw new InputException($"{_path}: '{stem}' has {here} {what} where other parts have {others}; give all parts the same.");
        }
    }

    /// <summary>The width of bins by the option, by the name of a set of the benchmark, or by true rates.</summary>
    private (double Width, double? RateScale) Width(List<TensorPart> parts)
    {
        var rates = new LfadsRates();
        foreach (var part in parts)
        {
            part.AddRates(rates);
        }

        var given = options.BinWidth;
        if (given is null && NeuralLatentsSet.OfGroup(group) is not null)
        {
            given = (group.EndsWith(NeuralLatentsSet.WideSuffix, StringComparison.Ordinal) ? NeuralLatentsSet.WideBin : NeuralLatentsSet.NarrowBin) / 1000.0;
            Remarks.Add(string.Create(CultureInfo.InvariantCulture, $"{_path}: bins are {given * 1000:G4} ms wide, as the group '{group}' of the Neural Latents Benchmark says."));
        }

        return rates.BinWidth(archive, given, Remarks);
    }

    private void Tell(List<TensorPart> parts, int heldOut, int bins)
    {
        var window = parts.Max(part => part.Window);
        if (heldOut > 0)
        {
            Remarks.Add($"{_path}: {heldOut} units are to be predicted from {parts[0].HeldIn.Channels} others; they are the group '{HeldOutChannels.GroupName}'.");
        }

        if (bins > window)
        {
            Remarks.Add($"{_path}: the last {bins - window} of {bins} bins are those after the window, which prediction does not see: --forward-bins {bins - window}.");
        }
    }

    private static Trial Make(TensorPart part, int trial, int bins, ChannelKind kind, int heldOut, int behaviour, int inputs, double? scale)
    {
        var observations = new List<Observations> { Observe(kind, bins, part.HeldIn.Channels, (bin, channel) => part.HeldIn.At(trial, bin, channel)) };
        if (heldOut > 0)
        {
            observations.Add(part.HeldOut.Channels == 0 ? Observations.Missing(bins, heldOut) : Observe(ChannelKind.Counts, bins, heldOut, (bin, channel) => part.HeldOut.At(trial, bin, channel)));
        }

        if (behaviour > 0)
        {
            observations.Add(part.Behaviour is not { } values ? Observations.Missing(bins, behaviour, ChannelKind.Values)
                : Observe(ChannelKind.Values, bins, behaviour, (bin, channel) => bin < values.Shape[1] ? values[trial, bin, channel] : double.NaN));
        }

        var truth = new Dictionary<string, Table>(StringComparer.Ordinal);
        if (part.Rates is { } rates && scale is { } factor)
        {
            // Of bins and units beyond those of the true rates nothing is known: they are left out as a whole.
            var units = part.HeldIn.Channels;
            if (rates.Shape[1] == bins && rates.Shape[2] >= units)
            {
                truth["rates"] = Filled(bins, units, (bin, unit) => rates[trial, bin, unit] * factor);
                if (heldOut > 0 && rates.Shape[2] == units + heldOut)
                {
                    truth[$"rates.{HeldOutChannels.GroupName}"] = Filled(bins, heldOut, (bin, unit) => rates[trial, bin, units + unit] * factor);
                }
            }
        }

        if (part.Conditions is { } conditions)
        {
            truth["condition"] = Filled(bins, 1, (_, _) => conditions[trial]);
        }

        return new Trial
        {
            Name = string.Create(CultureInfo.InvariantCulture, $"{part.Stem}-{trial:D3}"),
            Bins = bins,
            Split = part.Split,
            Observations = observations,
            External = inputs == 0 ? null : Filled(bins, inputs, (bin, input) => part.Inputs![trial, bin, input]),
            Truth = truth,
            Labels = part.Labels.ToDictionary(label => label.Name, label => new TrialLabel(label.Values[trial]), StringComparer.Ordinal),
        };
    }

    private static Table Filled(int bins, int columns, Func<int, int, double> entry)
    {
        var table = new Table(bins, columns);
        for (var bin = 0; bin < bins; bin++)
        {
            for (var column = 0; column < columns; column++)
            {
                table[bin, column] = entry(bin, column);
            }
        }

        return table;
    }

    /// <summary>Takes NaN for missing.</summary>
    private static Observations Observe(ChannelKind kind, int bins, int channels, Func<int, int, double> entry)
    {
        var table = Filled(bins, channels, entry);
        return Observations.Of(kind, table, Array.Exists(table.Values, double.IsNaN) ? Array.ConvertAll(table.Values, value => !double.IsNaN(value)) : null);
    }
}
