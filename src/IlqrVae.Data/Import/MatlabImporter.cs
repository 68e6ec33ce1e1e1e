using System.Globalization;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Import;

/// <summary>
/// MATLAB files: binned spike counts, with real values beside them or real values alone, of one continuous session that is cut in time, or of trials in an array
/// of structures, a cell array or an array of trials x bins x units.
/// </summary>
public sealed class MatlabImporter : IRecordingImporter
{
    // Where nothing else tells them apart, the axis of bins is so many times longer than that of units.
    private const int ClearlyLonger = 4;

    // Counts that went through arithmetic are off by rounding.
    private const double CountTolerance = 1e-6;

    // Rates in Hz of counts in bins of no more than this are multiples of so much that counts themselves are hardly ever.
    private const double LongestRateBin = 0.2;

    private static readonly string[] SpikeNames =
        ["spikes", "spike_counts", "spikecounts", "binned_spikes", "binnedspikes", "counts", "spks"];

    private static readonly string[] TimeNames = ["time", "times", "t", "timestamps", "bin_times"];

    /// <inheritdoc/>
    public string Description => "a MATLAB file (.mat of level 5 or 7.3)";

    /// <inheritdoc/>
    public IReadOnlyList<string> Options =>
    [
        "--spikes", "--values", "--time", "--bin-width", "--minimum-rate", "--train-fraction", "--validation-fraction", "--chunk", "--validation-every",
        "--chunk-overlap", "--chunk-test", "--split-blocks", "--split-seed", "--units-first", "--bins-first",
    ];

    /// <inheritdoc/>
    public bool Recognises(ImportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.HasMatlabHeader
            || (source.Path.EndsWith(".mat", StringComparison.OrdinalIgnoreCase) && (source.Archive is not null || MatFile.IsHeader(source.Header)));
    }

    /// <inheritdoc/>
    public ImportedRecording Import(ImportSource source, ImportOptions options)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        return new Reading(source.Path, options, MatFile.Read(source.Path)).Import();
    }

    /// <summary>One file being read.</summary>
    private sealed class Reading(string path, ImportOptions options, IReadOnlyList<MatVariable> variables)
    {
        private readonly List<string> _remarks = [];

        public ImportedRecording Import()
        {
            var spikes = FindSpikes();
            var values = options.Values.Select(one => MatlabSignal.Find(path, variables, one.Variable)).ToList();
            var reference = spikes ?? (values.Count > 0
                ? values[0]
                : throw new InputException(
                    $"{path}: no variable is called spikes; name the one of the spike counts with --spikes, or those of real values with --values; the file has: {Messages.Names(MatlabSignal.Names(variables))}."));
            foreach (var signal in values.Where(signal => signal.AreTrials != reference.AreTrials || signal.Tables.Count != reference.Tables.Count))
            {
                throw new InputException($"{path}: '{signal.Name}' has {Trials(signal)} where '{reference.Name}' has {Trials(reference)}; give both alike.");
            }

            var time = FindTime(reference);
            var unitsFirst = UnitsFirst(reference, values, time);
            var lengths = reference.Tables.Select(table => Length(reference, table, unitsFirst)).ToList();
            var (binWidth, stretches) = Stretches(time, lengths);
            if (spikes is not null)
            {
                spikes = ToCounts(spikes, binWidth);
            }

            var groups = new List<ChannelGroup>();
            var takes = new List<Func<int, int, int, Observations>>();
            if (spikes is not null)
            {
                AddSpikes(spikes, unitsFirst, lengths, binWidth, groups, takes);
            }

            foreach (var (one, signal) in options.Values.Zip(values))
            {
                AddValues(one, signal, unitsFirst, reference, lengths, groups, takes);
            }

            if (groups.Count == 0)
            {
                throw new InputException($"{path}: there is nothing to import; name groups of real values with --values.");
            }

            var bins = stretches.Select(stretch => stretch.Bins).ToList();
            var cuts = reference.AreTrials ? SessionCut.OfTrials(path, options, bins, binWidth) : SessionCut.OfSession(path, options, bins, binWidth);
            var recording = new Recording
            {
                BinWidth = binWidth,
                Groups = groups,
                Source = Path.GetFileName(path),
                Trials =
                [
                    .. cuts.Select(cut => new Trial
                    {
                        Name = cut.Name,
                        Bins = cut.Bins,
                        Split = cut.Split,
                        Observations = [.. takes.Select(take => take(stretches[cut.Stretch].Table, stretches[cut.Stretch].First + cut.First, cut.Bins))],
                    }),
                ],
            };
            recording.Validate(path);
            return new ImportedRecording(recording, _remarks);
        }

        private static string Trials(MatlabSignal signal) => signal.AreTrials ? $"{signal.Tables.Count} trials" : "one session";

        /// <summary>The counts; null where there are none and values are to be imported.</summary>
        private MatlabSignal? FindSpikes()
        {
            if (options.Spikes is { } named)
            {
                return MatlabSignal.Find(path, variables, named);
            }

            if (MatlabSignal.Guess(variables, SpikeNames) is not { } name)
            {
                return null;
            }

            // Who takes the variable as values has said what it is.
            return options.Values.Any(one => string.Equals(one.Variable, name, StringComparison.Ordinal)) ? null : MatlabSignal.Find(path, variables, name);
        }

        /// <summary>The times of the bins; null where there are none, or those that were found are not asked for and do not fit.</summary>
        private MatlabSignal? FindTime(MatlabSignal reference)
        {
            if (options.Time is { } named)
            {
                return MatlabSignal.Find(path, variables, named);
            }

            if (MatlabSignal.Guess(variables, TimeNames) is not { } name)
            {
                return null;
            }

            if (options.BinWidth is null)
            {
                return MatlabSignal.Find(path, variables, name);
            }

            // The bin width is known: a variable that merely is called so may be something else, or not be readable.
            var isReadable = variables.Any(variable => variable.IsReadable && variable.Shape.Count == 2 && MatlabSignal.Names([variable])[0] == name && variable.Values.Length > 0);
            var time = isReadable ? MatlabSignal.Find(path, variables, name) : null;
            return time is not null && (Fits(time, reference, unitsFirst: true) || Fits(time, reference, unitsFirst: false)) ? time : null;
        }

        private static bool Fits(MatlabSignal time, MatlabSignal reference, bool unitsFirst) =>
            (time.Tables.Count == 1 || time.Tables.Count == reference.Tables.Count)
            && reference.Tables.Select((table, k) => time.Tables[time.Tables.Count == 1 ? 0 : k].Values.Length == table.Bins(unitsFirst)).All(one => one);

        /// <summary>Which axis is that of units, and how it was told.</summary>
        private bool UnitsFirst(MatlabSignal reference, List<MatlabSignal> values, MatlabSignal? time)
        {
            if (options.UnitsFirst is { } said)
            {
                return said;
            }

            var (rows, columns) = (reference.Tables.Select(one => one.Rows).Distinct().Count(), reference.Tables.Select(one => one.Columns).Distinct().Count());
            var table = reference.Tables[0];
            var shape = $"{path}: '{reference.Name}' of {(reference.IsPadded ? $"{reference.Tables.Count} x " : "")}{table.Rows} x {table.Columns}";
            if (time is not null)
            {
                var (first, last) = (Fits(time, reference, unitsFirst: true), Fits(time, reference, unitsFirst: false));
                if (first != last)
                {
                    return Tell(first, $"'{time.Name}' has as many entries");
                }

                if (!first)
                {
                    throw new InputException(
                        $"{path}: variable '{time.Name}' has {time.Tables[0].Values.Length} times where '{table.Name}' is {table.Rows} x {table.Columns}; name another variable, or give the bin width in seconds.");
                }
            }

            foreach (var signal in values.Where(signal => signal != reference))
            {
                bool Shares(bool unitsFirst) => reference.Tables.Zip(signal.Tables).All(pair =>
                    pair.First.Bins(unitsFirst) == pair.Second.Rows || pair.First.Bins(unitsFirst) == pair.Second.Columns);
                var (first, last) = (Shares(unitsFirst: true), Shares(unitsFirst: false));
                if (first != last)
                {
                    return Tell(first, $"'{signal.Name}' is as long");
                }
            }

            if (rows == 1 != (columns == 1))
            {
                return Tell(rows == 1, "trials differ in length");
            }

            if (reference.IsPadded && (Padding(reference, unitsFirst: true), Padding(reference, unitsFirst: false)) is var (padded, paddedOther) && padded > 0 != paddedOther > 0)
            {
                return Tell(padded > 0, "trials end in NaN");
            }

            return table.Columns >= ClearlyLonger * table.Rows || table.Rows >= ClearlyLonger * table.Columns
                ? Tell(table.Columns > table.Rows, "that axis is much longer")
                : throw new InputException($"{shape} could be units x bins or bins x units; give --units-first or --bins-first.");

            bool Tell(bool unitsFirst, string why)
            {
                var (units, bins) = (table.Units(unitsFirst), table.Bins(unitsFirst));
                var trials = reference.AreTrials ? $"{reference.Tables.Count} trials, " : "";
                _remarks.Add($"{shape} is taken as {(reference.IsPadded ? "trials x " : "")}{(unitsFirst ? "units x bins" : "bins x units")}, as {why}: {trials}{units} units, {(rows == 1 && columns == 1 ? $"{bins} bins" : "bins that differ")}.");
                return unitsFirst;
            }
        }

        /// <summary>How many bins of NaN stand at the ends of trials.</summary>
        private static long Padding(MatlabSignal signal, bool unitsFirst) => signal.Tables.Sum(table => (long)table.Bins(unitsFirst) - Used(table, unitsFirst));

        private static int Used(MatlabTable table, bool unitsFirst)
        {
            var bins = table.Bins(unitsFirst);
            while (bins > 0 && Enumerable.Range(0, table.Units(unitsFirst)).All(unit => double.IsNaN(table.At(unitsFirst, unit, bins - 1))))
            {
                bins--;
            }

            return bins;
        }

        private static int Length(MatlabSignal signal, MatlabTable table, bool unitsFirst) => signal.IsPadded ? Used(table, unitsFirst) : table.Bins(unitsFirst);

        /// <summary>The bin width, and for each stretch its table, first bin and number of bins; trials without a bin are left out.</summary>
        private (double BinWidth, List<(int Table, int First, int Bins)> Stretches) Stretches(MatlabSignal? time, List<int> lengths)
        {
            if (lengths.Contains(0))
            {
                _remarks.Add($"{path}: {lengths.Count(length => length == 0)} of {lengths.Count} trials have no bin and are left out.");
            }

            List<(int Table, int First, int Bins)> whole = [.. lengths.Select((bins, table) => (table, 0, bins)).Where(one => one.bins > 0)];
            if (time is null)
            {
                return options.BinWidth is { } given
                    ? (given, whole)
                    : throw new InputException($"{path}: no variable is called time; give the bin width in seconds or name the variable of the times.");
            }

            var stretches = new List<(int Table, int First, int Bins)>();
            var width = double.NaN;
            foreach (var (table, _, bins) in whole)
            {
                var one = time.Tables[time.Tables.Count == 1 ? 0 : table];
                var what = $"{path}: variable '{one.Name}'";
                if (one.Values.Length < bins)
                {
                    throw new InputException($"{what} has {one.Values.Length} times for {bins} bins; give the bin width in seconds or name another variable.");
                }

                if (bins < 2 && (options.BinWidth ?? width) is var known && double.IsFinite(known))
                {
                    (width, stretches) = (known, [.. stretches, (table, 0, bins)]);
                    continue;
                }

                var times = BinTimes.Of(what, one.Values[..bins], options.BinWidth, _remarks);
                if (Math.Abs(times.BinWidth - width) > 0.01 * width)
                {
                    throw new InputException($"{what} makes bins of {times.BinWidth:G6} s where the trials before have {width:G6} s; give all trials bins of one width.");
                }

                width = double.IsNaN(width) ? times.BinWidth : width;
                stretches.AddRange(times.Stretches.Select(stretch => (table, stretch.First, stretch.Bins)));
            }

            return (width, stretches);
        }

        /// <summary>Counts as whole numbers; null where a variable that was not asked for does not hold any and values are to be imported.</summary>
        private MatlabSignal? ToCounts(MatlabSignal spikes, double binWidth)
        {
            var odd = OddEntry(spikes, 1);
            var areRates = (odd is not null || binWidth <= LongestRateBin) && OddEntry(spikes, binWidth) is null && spikes.Tables.Any(table => table.Values.Any(value => value > 0));
            odd = areRates ? null : odd;
            if (odd is { } entry)
            {
                var what = $"{path}: variable '{entry.Table.Name}' has the value {entry.Value} at row {entry.Row}, column {entry.Column} (from 0), which is no count";
                if (options.Spikes is null && options.Values.Count > 0)
                {
                    _remarks.Add($"{what}: it is left out, and only --values are imported.");
                    return null;
                }

                var times = spikes.AreTrials && spikes.Tables.All(table => table.Rows == 1 || table.Columns == 1) && spikes.Tables.Select(table => table.Values.Length).Distinct().Count() > 1;
                throw new InputException(times
                    ? $"{what}; these seem to be the times of spikes, which are not binned here: bin them first."
                    : $"{what}; counts are whole and not negative. If it holds real values, import it as such: --values 'NAME={spikes.Name}'.");
            }

            var rounded = spikes.Tables.Sum(table => table.Values.Count(value => value != Math.Round(value) && !double.IsNaN(value)));
            if (areRates)
            {
                _remarks.Add($"{path}: '{spikes.Name}' holds whole multiples of {1 / binWidth:G6}, that is rates in Hz: they are multiplied by the bin width to be counts.");
            }
            else if (rounded > 0)
            {
                _remarks.Add($"{path}: {rounded} entries of '{spikes.Name}' are within {CountTolerance} of whole numbers and were rounded.");
            }

            return areRates || rounded > 0 ? spikes.Convert(value => Math.Round(areRates ? value * binWidth : value)) : spikes;
        }

        /// <summary>The first entry that is no count, NaN left aside.</summary>
        private static (MatlabTable Table, double Value, int Row, int Column)? OddEntry(MatlabSignal spikes, double perCount)
        {
            foreach (var table in spikes.Tables)
            {
                for (var i = 0; i < table.Values.Length; i++)
                {
                    var count = table.Values[i] * perCount;
                    if (!double.IsNaN(count) && !(count is >= -CountTolerance and <= int.MaxValue && Math.Abs(count - Math.Round(count)) <= CountTolerance))
                    {
                        return (table, table.Values[i], i % table.Rows, i / table.Rows);
                    }
                }
            }

            return null;
        }

        private void AddSpikes(
            MatlabSignal spikes, bool unitsFirst, List<int> lengths, double binWidth, List<ChannelGroup> groups, List<Func<int, int, int, Observations>> takes)
        {
            var units = SameUnits(spikes, _ => unitsFirst);
            var kept = new List<int>();
            for (var unit = 0; unit < units; unit++)
            {
                var (sum, observed) = (0.0, 0L);
                for (var k = 0; k < lengths.Count; k++)
                {
                    for (var bin = 0; bin < lengths[k]; bin++)
                    {
                        var count = spikes.Tables[k].At(unitsFirst, unit, bin);
                        (sum, observed) = double.IsNaN(count) ? (sum, observed) : (sum + count, observed + 1);
                    }
                }

                // A rate of just the minimum stays, whatever the last digit of the bin width.
                if (sum >= (options.MinimumRate ?? 0) * observed * binWidth * (1 - 1e-12))
                {
                    kept.Add(unit);
                }
            }

            if (kept.Count == 0)
            {
                throw new InputException($"{path}: none of the {units} units of '{spikes.Name}' fires at {options.MinimumRate} Hz or more; lower the minimum rate.");
            }

            groups.Add(new ChannelGroup("spikes", ChannelKind.Counts, kept.Count, "", Names("unit", kept, units)));
            takes.Add((table, first, bins) => Take(ChannelKind.Counts, spikes.Tables[table], unitsFirst, kept, first, bins));
        }

        private void AddValues(
            ImportedValues wanted, MatlabSignal signal, bool unitsFirst, MatlabSignal reference, List<int> lengths, List<ChannelGroup> groups, List<Func<int, int, int, Observations>> takes)
        {
            var orientations = signal.Tables.Select((table, k) =>
            {
                // Of trials made equally long, those of the values are as long as those of the counts.
                var bins = signal.IsPadded || reference.IsPadded ? reference.Tables[k].Bins(unitsFirst) : lengths[k];
                var isFirst = table.Columns == bins && (unitsFirst || table.Rows != bins);
                return isFirst || table.Rows == bins
                    ? isFirst
                    : throw new InputException($"{path}: variable '{table.Name}' is {table.Rows} x {table.Columns}; one axis must have {bins} bins, as '{reference.Tables[k].Name}' has.");
            }).ToList();
            var channels = SameUnits(signal, k => orientations[k]);
            var rows = wanted.Rows?.ToList() ?? [.. Enumerable.Range(0, channels)];
            if (rows.Count == 0 || rows.Exists(row => row < 0 || row >= channels))
            {
                throw new InputException(
                    $"{path}: rows {Messages.Names(rows.Select(row => $"{row}"))} are asked of variable '{signal.Name}', which has rows 0 to {channels - 1}; correct the rows.");
            }

            groups.Add(new ChannelGroup(wanted.Group, ChannelKind.Values, rows.Count, wanted.Unit, Names(signal.Name, rows, channels)));
            takes.Add((table, first, bins) => Take(ChannelKind.Values, signal.Tables[table], orientations[table], rows, first, bins));
        }

        /// <summary>The number of units or channels, which all trials share.</summary>
        private int SameUnits(MatlabSignal signal, Func<int, bool> unitsFirst)
        {
            var units = signal.Tables[0].Units(unitsFirst(0));
            for (var k = 1; k < signal.Tables.Count; k++)
            {
                if (signal.Tables[k].Units(unitsFirst(k)) is var other && other != units)
                {
                    throw new InputException($"{path}: '{signal.Tables[k].Name}' has {other} channels where '{signal.Tables[0].Name}' has {units}; give every trial the same.");
                }
            }

            return units;
        }

        /// <summary>Names of channels, which keep their number in the file, counted from 0.</summary>
        private static string[] Names(string stem, List<int> rows, int channels)
        {
            var digits = $"{channels - 1}".Length;
            return [.. rows.Select(row => $"{stem}-{row.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0')}")];
        }

        private static Observations Take(ChannelKind kind, MatlabTable source, bool unitsFirst, List<int> rows, int first, int bins)
        {
            var table = new Table(bins, rows.Count);
            bool[]? observed = null;
            for (var bin = 0; bin < bins; bin++)
            {
                for (var column = 0; column < rows.Count; column++)
                {
                    var value = source.At(unitsFirst, rows[column], first + bin);
                    table[bin, column] = value;
                    if (double.IsNaN(value))
                    {
                        observed ??= [.. Enumerable.Repeat(element: true, table.Values.Length)];
                        observed[(bin * rows.Count) + column] = false;
                    }
                }
            }

            return Observations.Of(kind, table, observed);
        }
    }
}
