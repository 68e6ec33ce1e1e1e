using System.Globalization;
using IlqrVae.Data.Import.Arrays;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Import;

/// <summary>
/// HDF5 files of arrays of trials that are shared out already, with units to be predicted and bins after the window: those of lfads-torch (train_encod_data, train_recon_data,
/// which may have more channels and bins, and the same of valid and test) and those of nlb_tools (train_spikes_heldin, train_spikes_heldout, train_spikes_heldin_forward, and the same
/// of eval).
/// </summary>
public sealed class TensorImporter : IRecordingImporter
{
    private const string Encoded = "_encod_data";
    private const string HeldIn = "_spikes_heldin";

    private static readonly (string Stem, TrialSplit Split)[] Stems =
        [("train", TrialSplit.Train), ("valid", TrialSplit.Validation), ("val", TrialSplit.Validation), ("test", TrialSplit.Test), ("eval", TrialSplit.Test)];

    /// <inheritdoc/>
    public string Description => "a file of lfads-torch or nlb_tools (HDF5 with train_encod_data or train_spikes_heldin)";

    /// <inheritdoc/>
    public IReadOnlyList<string> Options => ["--bin-width", "--validation-every"];

    /// <inheritdoc/>
    public bool Recognises(ImportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.Archive is { } archive && !source.HasMatlabHeader && GroupOf(archive) is not null;
    }

    /// <inheritdoc/>
    public ImportedRecording Import(ImportSource source, ImportOptions options)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        var archive = source.Archive!;
        return new Reading(archive, GroupOf(archive)!, options).Import();
    }

    /// <inheritdoc/>
    public FileContents? Inspect(ImportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var archive = source.Archive!;
        var group = GroupOf(archive)!;
        var contents = ArrayInspection.Of(Hdf5Arrays.Open(archive), isTold: false);
        var reading = new Reading(archive, group, new ImportOptions());
        var isTold = true;
        try
        {
            reading.Import();
        }
        catch (InputException exception)
        {
            isTold = !exception.Message.Contains("bin width", StringComparison.Ordinal);
            reading.Remarks.Add(exception.Message);
        }

        return contents with
        {
            Format = archive.ContainsTable($"{group}/train{Encoded}") || archive.ContainsTable($"{group}/valid{Encoded}") || archive.ContainsTable($"{group}/test{Encoded}") ? "lfads-torch, trials x bins x channels" : "nlb_tools, trials x bins x channels",
            Remarks = [.. contents.Remarks, .. reading.Remarks],
            Proposal = ["import", source.Path, "-o", "data.h5", .. isTold ? [] : (IEnumerable<string>)["--bin-width", "0.005"]],
        };
    }

    /// <summary>The group with the arrays: the root, or the only group that has some; null where there is none.</summary>
    private static string? GroupOf(Hdf5ArchiveReader archive)
    {
        if (archive.HasAttribute("/", "format"))
        {
            return null;
        }

        if (Has(""))
        {
            return "";
        }

        var groups = archive.Children("/").Where(name => archive.IsGroup(name) && Has(name)).ToList();
        return groups.Count == 1 ? groups[0] : null;

        bool Has(string group) => Array.Exists(Stems, stem => archive.ContainsTable($"{group}/{stem.Stem}{Encoded}") || archive.ContainsTable($"{group}/{stem.Stem}{HeldIn}"));
    }

    /// <summary>One file being read.</summary>
    private sealed class Reading(Hdf5ArchiveReader archive, string group, ImportOptions options)
    {
        private readonly string _path = archive.Path;

        public List<string> Remarks { get; } = [];

        public ImportedRecording Import()
        {
            var parts = Stems.Where(stem => Table(stem.Stem + Encoded) is not null || Table(stem.Stem + HeldIn) is not null).Select(stem => ReadPart(stem.Stem, stem.Split)).ToList();
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
        private (double Width, double? RateScale) Width(List<Part> parts)
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

        private void Tell(List<Part> parts, int heldOut, int bins)
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

        private static Trial Make(Part part, int trial, int bins, ChannelKind kind, int heldOut, int behaviour, int inputs, double? scale)
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

        private Part ReadPart(string stem, TrialSplit split)
        {
            Block heldIn, heldOut;
            int window;
            if (Read(stem + Encoded) is { } encoded)
            {
                window = encoded.Shape[1];
                var recon = Read($"{stem}_recon_data") ?? encoded;
                var (units, all) = (encoded.Shape[2], recon.Shape[2]);
                if (recon.Shape[0] != encoded.Shape[0] || recon.Shape[1] < window || all < units)
                {
                    throw new InputException($"{_path}: '{stem}_recon_data' of {Messages.Shape(recon.Shape)} must have as many trials as '{stem}{Encoded}' of {Messages.Shape(encoded.Shape)}, and at least as many bins and channels.");
                }

                RequireSame(stem, encoded, recon);
                heldIn = new Block(encoded, recon, 0, units);
                heldOut = new Block(recon, null, units, all - units);
            }
            else
            {
                var seen = Read(stem + HeldIn)!;
                window = seen.Shape[1];
                var hidden = Read($"{stem}_spikes_heldout", seen.Shape[0], window);
                var (forward, hiddenForward) = (Read($"{stem}{HeldIn}_forward", seen.Shape[0]), Read($"{stem}_spikes_heldout_forward", seen.Shape[0]));
                heldIn = new Block(seen, forward, 0, seen.Shape[2]) { IsBehind = true };
                heldOut = hidden is null ? new Block(seen, null, 0, 0) : new Block(hidden, hiddenForward, 0, hidden.Shape[2]) { IsBehind = true };
                foreach (var (one, of) in new[] { (forward, seen), (hiddenForward, hidden) })
                {
                    if (one is not null && of is not null && one.Shape[2] != of.Shape[2])
                    {
                        throw new InputException($"{_path}: '{one.Name}' has {one.Shape[2]} units where '{of.Name}' has {of.Shape[2]}; write them of the same units.");
                    }
                }
            }

            var trials = heldIn.First.Shape[0];
            var bins = Math.Max(heldIn.Bins, heldOut.Bins);
            var inputs = Read($"{stem}_ext_input", trials);
            return new Part(stem, split, trials, window, bins, heldIn, heldOut)
            {
                Behaviour = Read($"{stem}_behavior", trials),
                Inputs = inputs,
                Rates = Read($"{stem}_truth", trials),
                Conditions = ConditionsOf(stem, trials),
                Labels = [.. LabelsOf(stem, trials)],
            };
        }

        /// <summary>What inference sees must be what is to be reconstructed, where it is the same bins and units.</summary>
        private void RequireSame(string stem, ArrayView encoded, ArrayView recon)
        {
            var different = 0L;
            for (var trial = 0; trial < encoded.Shape[0] && !ReferenceEquals(encoded, recon); trial++)
            {
                for (var bin = 0; bin < encoded.Shape[1]; bin++)
                {
                    for (var unit = 0; unit < encoded.Shape[2]; unit++)
                    {
                        different += encoded[trial, bin, unit].Equals(recon[trial, bin, unit]) ? 0 : 1;
                    }
                }
            }

            if (different > 0)
            {
                Remarks.Add($"{_path}: {different} entries of '{stem}{Encoded}' differ from those of '{stem}_recon_data'; the former are taken.");
            }
        }

        /// <summary>The condition of each trial, by the lists of trials of each condition.</summary>
        private double[]? ConditionsOf(string stem, int trials)
        {
            var path = $"{group}/{stem}_cond_idx";
            if (!archive.ContainsTable(path))
            {
                return null;
            }

            int[][] lists;
            if (archive.ShapeOf(path) is [var length] && StoredNumbers.IsWhole(archive.TypeOf(path)))
            {
                var numbers = archive.ReadInts(path, length).Values;
                if (length != trials)
                {
                    Remarks.Add($"{_path}: '{Hdf5ArchiveReader.Rooted(path)}' has {length} entries for {trials} trials and is left out.");
                    return null;
                }

                return Array.ConvertAll(numbers, number => (double)number);
            }

            lists = archive.ReadLists(path);
            var conditions = Enumerable.Repeat(-1.0, trials).ToArray();
            for (var condition = 0; condition < lists.Length; condition++)
            {
                foreach (var trial in lists[condition])
                {
                    conditions[trial >= 0 && trial < trials ? trial : throw new InputException($"{_path}: '{Hdf5ArchiveReader.Rooted(path)}' names trial {trial} of {trials}; correct it.")] = condition;
                }
            }

            if (Array.IndexOf(conditions, -1) >= 0)
            {
                Remarks.Add($"{_path}: {conditions.Count(condition => condition < 0)} trials of '{stem}' are in no list of '{Hdf5ArchiveReader.Rooted(path)}'; conditions of this part are left out.");
                return null;
            }

            return conditions;
        }

        private IEnumerable<(string Name, double[] Values)> LabelsOf(string stem, int trials)
        {
            foreach (var name in (string[])["decode_mask", "jitter"])
            {
                if (Table($"{stem}_{name}") is not { } path)
                {
                    continue;
                }

                var (shape, values) = archive.ReadDoubles(path);
                if (shape.Count is not (1 or 2) || shape[0] != trials)
                {
                    Remarks.Add($"{_path}: '{Hdf5ArchiveReader.Rooted(path)}' of {Messages.Shape(shape)} is not one a trial and is left out.");
                    continue;
                }

                var columns = shape.Count == 1 ? 1 : shape[1];
                for (var column = 0; column < columns; column++)
                {
                    yield return (columns == 1 ? name : $"{name}_{column}", [.. Enumerable.Range(0, trials).Select(trial => values[(trial * columns) + column])]);
                }
            }
        }

        private string? Table(string name) => archive.ContainsTable($"{group}/{name}") ? $"{group}/{name}" : null;

        /// <summary>An array of trials x bins x channels, each of which may have to be so long; null where there is none.</summary>
        private ArrayView? Read(string name, int trials = -1, int bins = -1)
        {
            if (Table(name) is not { } path)
            {
                return null;
            }

            var (shape, stored) = archive.ReadStored(path, trials, bins, -1);
            return shape.Contains(0)
                ? throw new InputException($"{_path}: '{Hdf5ArchiveReader.Rooted(path)}' of shape {Messages.Shape(shape)} is empty; give trials x bins x channels.")
                : ArrayView.Of(new NumberNode(null, name, null, [.. shape], "", isColumnMajor: false, () => stored));
        }
    }

    /// <summary>Counts of some units in the window and in the bins after it.</summary>
    /// <param name="First">Those of the window.</param>
    /// <param name="Second">Those of the bins behind; null where there are none.</param>
    /// <param name="Channel">The first unit in the arrays.</param>
    /// <param name="Channels">Number of units.</param>
    private sealed record Block(ArrayView First, ArrayView? Second, int Channel, int Channels)
    {
        /// <summary>Whether the second array begins behind the first, and not with it.</summary>
        public bool IsBehind { get; init; }

        /// <summary>Bins of the window and those behind it.</summary>
        public int Bins => Second is null ? First.Shape[1] : IsBehind ? First.Shape[1] + Second.Shape[1] : Second.Shape[1];

        /// <summary>A count; NaN where there is none.</summary>
        public double At(int trial, int bin, int unit) =>
            bin < First.Shape[1] ? First[trial, bin, Channel + unit]
            : Second is null || bin >= Bins ? double.NaN
            : Second[trial, IsBehind ? bin - First.Shape[1] : bin, Channel + unit];
    }

    private sealed record Part(string Stem, TrialSplit Split, int Trials, int Window, int Bins, Block HeldIn, Block HeldOut)
    {
        public ArrayView? Behaviour { get; init; }

        public ArrayView? Inputs { get; init; }

        public ArrayView? Rates { get; init; }

        public double[]? Conditions { get; init; }

        public required IReadOnlyList<(string Name, double[] Values)> Labels { get; init; }

        /// <summary>Every count there is.</summary>
        public IEnumerable<double> All()
        {
            foreach (var block in (Block[])[HeldIn, HeldOut])
            {
                for (var trial = 0; trial < Trials; trial++)
                {
                    for (var bin = 0; bin < block.Bins; bin++)
                    {
                        for (var unit = 0; unit < block.Channels; unit++)
                        {
                            yield return block.At(trial, bin, unit);
                        }
                    }
                }
            }
        }

        public void AddRates(LfadsRates rates)
        {
            if (Rates is null)
            {
                return;
            }

            for (var trial = 0; trial < Trials; trial++)
            {
                for (var bin = 0; bin < Math.Min(Bins, Rates.Shape[1]); bin++)
                {
                    for (var unit = 0; unit < Math.Min(HeldIn.Channels + HeldOut.Channels, Rates.Shape[2]); unit++)
                    {
                        rates.Add(unit < HeldIn.Channels ? HeldIn.At(trial, bin, unit) : HeldOut.At(trial, bin, unit - HeldIn.Channels), Rates[trial, bin, unit]);
                    }
                }
            }
        }
    }
}
