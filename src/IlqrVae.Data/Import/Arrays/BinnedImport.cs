using System.Globalization;
using IlqrVae.Data.Import.Timed;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Import.Arrays;

/// <summary>
/// Makes a recording of binned arrays: counts, with real values beside them or values alone, of one continuous session that is cut in time, or of trials that stand in an
/// array of structures, in a list, or along an axis of an array. No format is known here.
/// </summary>
internal sealed class BinnedImport(ArrayFile file, ImportOptions options, List<string> remarks)
{
    // Where nothing else tells them apart, the axis of bins is so many times longer than that of units.
    private const int ClearlyLonger = 4;

    // Counts that went through arithmetic are off by rounding.
    private const double CountTolerance = 1e-6;

    // Rates in Hz of counts in bins of no more than this are multiples of so much that counts themselves are hardly ever.
    private const double LongestRateBin = 0.2;

    private static readonly string[] NotTaken = ["--lag", "--session-grid", "--units", "--held-out-units"];

    private readonly string _path = file.Path;

    /// <summary>What is to be imported, once it is found which axis is which.</summary>
    /// <param name="Spikes">Counts; null where there are none.</param>
    /// <param name="HeldOut">Counts of units to hold out.</param>
    /// <param name="Values">Real values.</param>
    /// <param name="Inputs">External inputs.</param>
    /// <param name="Time">Times of bins.</param>
    /// <param name="UnitsFirst">Whether channels are the first axis of the counts.</param>
    internal sealed record Plan(BinnedSignal? Spikes, BinnedSignal? HeldOut, IReadOnlyList<(ImportedValues Wanted, BinnedSignal Signal)> Values, BinnedSignal? Inputs, BinTimeSignal? Time, bool UnitsFirst)
    {
        /// <summary>What is known of trials that a list tells apart, an entry a bin; null where there is none.</summary>
        public ColumnTable? Trials { get; init; }

        /// <summary>What the others must be as long as.</summary>
        public BinnedSignal Reference => Spikes ?? Values[0].Signal;
    }

    /// <summary>Finds what is to be imported, and which axis is which.</summary>
    /// <param name="spikes">Where the counts are; null where there are none.</param>
    public Plan Look(Found? spikes)
    {
        var wanted = Wanted().ToList();
        var time = FindTime();
        var mapOfSpikes = Map("spikes");
        var founds = wanted.ConvertAll(one => ArrayPaths.Find(file, one.Wanted.Variable, "--values"));
        (int, bool?) Cube(string name, ArrayView view) => new CubeAxes(file, options, remarks).Find(name, view, time, [.. founds.Prepend(spikes).OfType<Found>().Where(found => !found.IsList && found.Name != name)]);
        BinnedSignal? One(Found? found, ArrayMapping? map) => found is null ? null : BinnedSignal.Of(file, found, map?.Axes ?? [], view => Cube(found.Name, view));
        var counts = One(spikes, mapOfSpikes);
        var values = wanted.Zip(founds, (one, found) => (one.Wanted, Signal: One(found, one.Map)!)).ToList();
        var heldOut = One(Map("held-out") is { } held ? ArrayPaths.Find(file, held.Path, "--map") : null, Map("held-out"));
        var inputs = One(Map("inputs") is { } given ? ArrayPaths.Find(file, given.Path, "--map") : null, Map("inputs"));
        var reference = counts ?? (values.Count > 0 ? values[0].Signal : throw new InputException(
            $"{_path}: no {file.Noun} is called spikes; name the one of the spike counts with --spikes, or those of real values with --values; the file has: {Messages.Names(ArrayPaths.Names(file))}."));
        foreach (var signal in values.Select(one => one.Signal).Append(heldOut).Append(inputs).OfType<BinnedSignal>().Where(signal => signal.AreTrials != reference.AreTrials || signal.Trials != reference.Trials || signal.Tables.Count != reference.Tables.Count))
        {
            throw new InputException($"{_path}: '{signal.Name}' has {Trials(signal)} where '{reference.Name}' has {Trials(reference)}; give both alike.");
        }

        var unitsFirst = UnitsFirst(reference, [.. values.Select(one => one.Signal)], time is { } some && FitsAtAll(some, reference) ? some : null);
        var plan = new Plan(counts, heldOut, values, inputs, time is null || (options.BinWidth is not null && !time.IsNamed && !time.Fits(reference, unitsFirst)) ? null : time, unitsFirst);
        if (plan.Time is { Vectors: [var times] } && reference.Tables.Select(table => table.Bins(unitsFirst)).Distinct().ToList() is [var bins] && times.Length != bins)
        {
            throw new InputException($"{_path}: {file.Noun} '{plan.Time.Name}' has {times.Length} times where '{reference.Name}' has {bins} bins; name another {file.Noun}, or give the bin width in seconds.");
        }

        return reference.AreTrials ? plan : Split(plan);
    }

    /// <summary>Cuts a session into trials where a list says of which trial each bin is.</summary>
    private Plan Split(Plan plan)
    {
        var bins = plan.Reference.Tables[0].Bins(plan.UnitsFirst);
        var columns = ArrayTables.Lists(file.Root, bins).ToList();
        if ((Map("trial")?.Path ?? (file.RowsAreBins ? ArrayRoles.Trials(columns.Select(one => one.Name)) : null)) is not { } name)
        {
            return plan;
        }

        var found = ArrayPaths.Find(file, name, "--map").Node;
        if (found is null || found.Count != bins)
        {
            throw new InputException($"--map: {_path}: '{Messages.OneLine(name)}' has {found?.Count ?? 0} entries where '{plan.Reference.Name}' has {bins} bins; name a list of the trial of each bin.");
        }

        var column = ArrayTables.OfLists("", bins, [(name, found)]).Columns[0];
        var starts = Enumerable.Range(0, bins).Where(bin => bin == 0 || column.Cell(bin) != column.Cell(bin - 1)).ToList();
        if (starts.Select(column.Cell).GroupBy(cell => cell, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new InputException($"{_path}: trial {Messages.OneLine(twice.Key)} of '{Messages.OneLine(name)}' stands in several places; sort the rows by trial.");
        }

        remarks.Add($"{_path}: '{Messages.OneLine(name)}' is taken for the trial of each bin: {starts.Count} trials.");
        var lengths = starts.Skip(1).Append(bins).Zip(starts, (end, start) => end - start).ToList();
        BinnedSignal Cut(BinnedSignal signal)
        {
            var isFirst = Orientation(signal, plan.Reference, plan.UnitsFirst, [bins])[0];
            var view = isFirst ? signal.Tables[0].View.Permute(1, 0) : signal.Tables[0].View;
            return new BinnedSignal
            {
                Name = signal.Name,
                Tables = [.. starts.Select((start, trial) => new BinnedTable($"{signal.Name}, trial {column.Cell(start)}", view.Rows(start, lengths[trial]), trial))],
                AreTrials = true,
                UnitsFirst = false,
                Trials = starts.Count,
            };
        }

        // What is the same in all bins of a trial is said of the trial.
        var known = ArrayTables.OfLists("", bins, columns).Columns
            .Where(one => one.Kind != ColumnKind.Other && Enumerable.Range(0, starts.Count).All(trial => Enumerable.Range(starts[trial], lengths[trial]).All(bin => one.Cell(bin) == one.Cell(starts[trial]))))
            .Select(one => one.Kind switch
            {
                ColumnKind.Text => TableColumn.OfTexts(one.Name, one.Type, [.. starts.Select(start => one.Texts[start])]),
                ColumnKind.Truth => TableColumn.OfTruth(one.Name, starts.Select(start => one.Numbers[start] != 0)),
                _ => TableColumn.OfNumbers(one.Name, one.Type, [.. starts.Select(start => one.Numbers[start])]),
            });
        return new Plan(
            plan.Spikes is null ? null : Cut(plan.Spikes), plan.HeldOut is null ? null : Cut(plan.HeldOut), [.. plan.Values.Select(one => (one.Wanted, Cut(one.Signal)))],
            plan.Inputs is null ? null : Cut(plan.Inputs), plan.Time?.Cut(starts, lengths), UnitsFirst: false)
        {
            Trials = new ColumnTable($"the trials of '{Messages.OneLine(name)}'", starts.Count, [.. known]),
        };
    }

    /// <summary>Makes the recording.</summary>
    /// <param name="spikes">Where the counts are; null where there are none.</param>
    public Recording Import(Found? spikes)
    {
        if (options.Given().Intersect(NotTaken, StringComparer.Ordinal).ToList() is { Count: > 0 } refused)
        {
            throw new InputException($"{string.Join(", ", refused)}: {_path} holds binned arrays, of which this is not taken; leave {(refused.Count == 1 ? "it" : "them")} out.");
        }

        var plan = Look(spikes);
        var (reference, unitsFirst) = (plan.Reference, plan.UnitsFirst);
        var lengths = reference.Tables.Select(table => Length(reference, table, unitsFirst)).ToList();
        var (binWidth, stretches) = Stretches(plan.Time, lengths);
        var counts = plan.Spikes is { } signal ? ToCounts(signal, binWidth) : null;
        var groups = new List<ChannelGroup>();
        var takes = new List<Func<int, int, int, Observations>>();
        if (counts is not null)
        {
            AddCounts("spikes", counts, unitsFirst, lengths, binWidth, groups, takes);
        }

        if (plan.HeldOut is { } held)
        {
            held = ToCounts(held, binWidth)!;
            AddCounts(HeldOutChannels.GroupName, held, Orientation(held, reference, unitsFirst, lengths)[0], lengths, binWidth, groups, takes);
        }

        foreach (var (wanted, values) in plan.Values)
        {
            AddValues(wanted, values, unitsFirst, reference, lengths, groups, takes);
        }

        if (groups.Count == 0)
        {
            throw new InputException($"{_path}: there is nothing to import; name groups of real values with --values.");
        }

        var inputs = plan.Inputs is { } given ? (Signal: given, First: Orientation(given, reference, unitsFirst, lengths)) : default;
        var trials = plan.Trials ?? TrialTable(reference);
        var pieces = Pieces(plan.Time, trials, reference, binWidth, stretches);
        var cuts = reference.AreTrials ? SessionCut.OfTrials(_path, options, [.. pieces.Select(one => one.Piece)], binWidth) : SessionCut.OfSession(_path, options, [.. pieces.Select(one => one.Piece.Bins)], binWidth);
        var conditions = TrialColumns.Conditions(_path, options, trials, [.. pieces.Select(one => one.Row)], remarks);
        return new Recording
        {
            BinWidth = binWidth,
            Groups = groups,
            ExternalNames = inputs.Signal is null ? [] : [.. Enumerable.Range(0, inputs.Signal.Tables[0].Units(inputs.First[0])).Select(input => $"input-{input}")],
            Source = Path.GetFileName(_path),
            Trials =
            [
                .. cuts.Select(cut =>
                {
                    var piece = pieces[cut.Stretch];
                    var first = piece.First + cut.First;
                    return new Trial
                    {
                        Name = cut.Name,
                        Bins = cut.Bins,
                        Split = cut.Split,
                        Observations = [.. takes.Select(take => take(piece.Table, first, cut.Bins))],
                        External = inputs.Signal is null ? null : TakeTable(inputs.Signal.Tables[piece.Table], inputs.First[piece.Table], first, cut.Bins),
                        Labels = TrialColumns.Labels(trials, trials is null ? -1 : piece.Row),
                        Truth = TrialColumns.Truth(conditions?[cut.Stretch], cut.Bins),
                    };
                }),
            ],
        };
    }

    private static string Trials(BinnedSignal signal) => signal.AreTrials ? $"{signal.Trials} trials" : "one session";

    private static bool FitsAtAll(BinTimeSignal time, BinnedSignal reference) => time.IsNamed || time.Fits(reference, unitsFirst: true) || time.Fits(reference, unitsFirst: false) || !time.IsDoubtful;

    private ArrayMapping? Map(string name) => options.Maps.FirstOrDefault(map => string.Equals(map.Name, name, StringComparison.Ordinal));

    /// <summary>Groups of values, with what is said of their axes.</summary>
    private IEnumerable<(ImportedValues Wanted, ArrayMapping? Map)> Wanted()
    {
        foreach (var one in options.Values.Concat(options.Behaviour))
        {
            yield return (one, options.Maps.FirstOrDefault(map => map.Name == one.Group && map.Path == one.Variable));
        }

        foreach (var map in options.Maps.Where(map => !ArrayImport.Roles.Contains(map.Name, StringComparer.Ordinal) && !options.Values.Concat(options.Behaviour).Any(one => one.Group == map.Name)))
        {
            yield return (new ImportedValues(map.Name, map.Path), map);
        }
    }

    /// <summary>The times of the bins; null where there are none, or those that were found are not asked for and cannot be read.</summary>
    private BinTimeSignal? FindTime()
    {
        if ((Map("time")?.Path ?? options.Time) is { } named)
        {
            return BinTimeSignal.Of(file, ArrayPaths.Find(file, named, "--time"), options, remarks, isNamed: true);
        }

        if (ArrayRoles.Time(file) is not { } name)
        {
            return null;
        }

        var found = ArrayPaths.Find(file, name);

        // Where the bin width is known, a variable that merely is called so may be something else, or not be readable.
        return options.BinWidth is not null && found.Arrays.Any(array => array.Fault is not null || !array.IsVector || array.Count == 0) ? null : BinTimeSignal.Of(file, found, options, remarks, isNamed: false);
    }

    /// <summary>Which axis is that of units, and how it was told.</summary>
    private bool UnitsFirst(BinnedSignal reference, List<BinnedSignal> values, BinTimeSignal? time)
    {
        if (reference.UnitsFirst is { } known)
        {
            return known;
        }

        if (options.UnitsFirst is { } said)
        {
            return said;
        }

        var (rows, columns) = (reference.Tables.Select(one => one.Rows).Distinct().Count(), reference.Tables.Select(one => one.Columns).Distinct().Count());
        var table = reference.Tables[0];
        var shape = $"{_path}: '{reference.Name}' of {(reference.IsPadded ? $"{reference.Tables.Count} x " : "")}{table.Rows} x {table.Columns}";
        if (file.RowsAreBins)
        {
            return Tell(unitsFirst: false, "a row of such a file is a bin");
        }

        if (time is not null)
        {
            var (first, last) = (time.Fits(reference, unitsFirst: true), time.Fits(reference, unitsFirst: false));
            if (first != last)
            {
                return Tell(first, $"'{time.Name}' has as many entries");
            }

            if (!first)
            {
                throw new InputException(
                    $"{_path}: {file.Noun} '{time.Name}' has {time.Vectors[0].Length} times where '{table.Name}' is {table.Rows} x {table.Columns}; name another {file.Noun}, or give the bin width in seconds.");
            }
        }

        foreach (var signal in values.Where(signal => signal != reference))
        {
            bool Shares(bool unitsFirst) => reference.Tables.Zip(signal.Tables).All(pair =>
                signal.UnitsFirst is { } own ? pair.First.Bins(unitsFirst) == pair.Second.Bins(own) : pair.First.Bins(unitsFirst) == pair.Second.Rows || pair.First.Bins(unitsFirst) == pair.Second.Columns);
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
            remarks.Add($"{shape} is taken as {(reference.IsPadded ? "trials x " : "")}{(unitsFirst ? "units x bins" : "bins x units")}, as {why}: {trials}{units} units, {(rows == 1 && columns == 1 ? $"{bins} bins" : "bins that differ")}.");
            return unitsFirst;
        }
    }

    /// <summary>How many bins of NaN stand at the ends of trials.</summary>
    private static long Padding(BinnedSignal signal, bool unitsFirst) => signal.Tables.Sum(table => (long)table.Bins(unitsFirst) - Used(table, unitsFirst));

    private static int Used(BinnedTable table, bool unitsFirst)
    {
        var bins = table.Bins(unitsFirst);
        while (bins > 0 && Enumerable.Range(0, table.Units(unitsFirst)).All(unit => double.IsNaN(table.At(unitsFirst, unit, bins - 1))))
        {
            bins--;
        }

        return bins;
    }

    private static int Length(BinnedSignal signal, BinnedTable table, bool unitsFirst) => signal.IsPadded ? Used(table, unitsFirst) : table.Bins(unitsFirst);

    /// <summary>The same of what was found.</summary>
    public (double BinWidth, List<(int Table, int First, int Bins)> Stretches) Stretches(Plan plan) =>
        Stretches(plan.Time, [.. plan.Reference.Tables.Select(table => Length(plan.Reference, table, plan.UnitsFirst))]);

    /// <summary>The bin width, and for each stretch its table, first bin and number of bins; trials without a bin are left out.</summary>
    private (double BinWidth, List<(int Table, int First, int Bins)> Stretches) Stretches(BinTimeSignal? time, List<int> lengths)
    {
        if (lengths.Contains(0))
        {
            remarks.Add($"{_path}: {lengths.Count(length => length == 0)} of {lengths.Count} trials have no bin and are left out.");
        }

        List<(int Table, int First, int Bins)> whole = [.. lengths.Select((bins, table) => (table, 0, bins)).Where(one => one.bins > 0)];
        if (time is null)
        {
            return options.BinWidth is { } given ? (given, whole)
                : Width() is { } told ? (told, whole)
                : throw new InputException($"{_path}: no {file.Noun} is called time; give the bin width in seconds or name the {file.Noun} of the times.");
        }

        var stretches = new List<(int Table, int First, int Bins)>();
        var width = double.NaN;
        foreach (var (table, _, bins) in whole)
        {
            var what = $"{_path}: {file.Noun} '{time.NameOf(table)}'";
            var times = time.Of(table);
            if (times.Length < bins)
            {
                throw new InputException($"{what} has {times.Length} times for {bins} bins; give the bin width in seconds or name another {file.Noun}.");
            }

            if (bins < 2 && (options.BinWidth ?? width) is var known && double.IsFinite(known))
            {
                (width, stretches) = (known, [.. stretches, (table, 0, bins)]);
                continue;
            }

            var found = BinTimes.Of(what, times[..bins], options.BinWidth, remarks);
            if (Math.Abs(found.BinWidth - width) > 0.01 * width)
            {
                throw new InputException($"{what} makes bins of {found.BinWidth:G6} s where the trials before have {width:G6} s; give all trials bins of one width.");
            }

            width = double.IsNaN(width) ? found.BinWidth : width;
            stretches.AddRange(found.Stretches.Select(stretch => (table, stretch.First, stretch.Bins)));
        }

        return (width, stretches);
    }

    /// <summary>The bin width by a number of the file that is called so.</summary>
    public double? Width()
    {
        if (ArrayRoles.Width(file) is not { } name)
        {
            return null;
        }

        var numbers = ArrayPaths.Find(file, name).Arrays.Where(array => array is { Count: 1, Fault: null }).Select(array => array.ToDoubles()[0]).Distinct().ToList();
        if (numbers is not [> 0 and var width] || !double.IsFinite(width))
        {
            return null;
        }

        width = BinTimes.Agree($"{_path}: {file.Noun} '{Messages.OneLine(name)}'", width * ArrayTimes.Scale(file, name, options, remarks), given: null, remarks);
        remarks.Add(string.Create(CultureInfo.InvariantCulture, $"{_path}: bins are {width * 1000:G6} ms wide, as '{Messages.OneLine(name)}' says."));
        return width;
    }

    /// <summary>Counts as whole numbers; null where a variable that was not asked for does not hold any and values are to be imported.</summary>
    private BinnedSignal? ToCounts(BinnedSignal spikes, double binWidth)
    {
        var odd = OddEntry(spikes, 1);
        var areRates = (odd is not null || binWidth <= LongestRateBin) && spikes.Tables.Any(table => table.View.Find(value => value > 0) is not null) && OddEntry(spikes, binWidth) is null;
        odd = areRates ? null : odd;
        if (odd is { } entry)
        {
            var what = $"{_path}: {file.Noun} '{entry.Table.Name}' has the value {entry.Value} at row {entry.Row}, column {entry.Column} (from 0), which is no count";
            if (options.Spikes is null && Map("spikes") is null && options.Values.Count > 0)
            {
                remarks.Add($"{what}: it is left out, and only --values are imported.");
                return null;
            }

            throw new InputException($"{what}; counts are whole and not negative. If it holds real values, import it as such: --values 'NAME={spikes.Name}'.");
        }

        var rounded = 0L;
        foreach (var table in spikes.Tables.Where(table => !table.View.AreCounts))
        {
            table.View.Find(value =>
            {
                rounded += value != Math.Round(value) && !double.IsNaN(value) ? 1 : 0;
                return false;
            });
        }

        if (areRates)
        {
            remarks.Add($"{_path}: '{spikes.Name}' holds whole multiples of {1 / binWidth:G6}, that is rates in Hz: they are multiplied by the bin width to be counts.");
        }
        else if (rounded > 0)
        {
            remarks.Add($"{_path}: {rounded} entries of '{spikes.Name}' are within {CountTolerance} of whole numbers and were rounded.");
        }

        return areRates || rounded > 0 ? spikes.Convert(value => Math.Round(areRates ? value * binWidth : value)) : spikes;
    }

    /// <summary>The first entry that is no count, NaN left aside.</summary>
    private static (BinnedTable Table, double Value, int Row, int Column)? OddEntry(BinnedSignal spikes, double perCount)
    {
        foreach (var table in spikes.Tables.Where(table => perCount != 1 || !table.View.AreCounts))
        {
            if (table.View.Find(IsOdd) is var (row, column))
            {
                return (table, table.View[row, column], row, column);
            }
        }

        bool IsOdd(double value) => value * perCount is var count && !double.IsNaN(count) && !(count is >= -CountTolerance and <= int.MaxValue && Math.Abs(count - Math.Round(count)) <= CountTolerance);

        return null;
    }

    private void AddCounts(
        string name, BinnedSignal spikes, bool unitsFirst, List<int> lengths, double binWidth, List<ChannelGroup> groups, List<Func<int, int, int, Observations>> takes)
    {
        var units = SameUnits(spikes, _ => unitsFirst);
        var kept = new List<int>();
        for (var unit = 0; unit < units; unit++)
        {
            var (sum, observed) = (0.0, 0L);
            for (var k = 0; k < lengths.Count; k++)
            {
                for (var bin = 0; bin < Math.Min(lengths[k], spikes.Tables[k].Bins(unitsFirst)); bin++)
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
            throw new InputException($"{_path}: none of the {units} units of '{spikes.Name}' fires at {options.MinimumRate} Hz or more; lower the minimum rate.");
        }

        groups.Add(new ChannelGroup(name, ChannelKind.Counts, kept.Count, "", Names("unit", kept, units)));
        takes.Add((table, first, bins) => Take(ChannelKind.Counts, spikes.Tables[table], unitsFirst, kept, first, bins));
    }

    private void AddValues(
        ImportedValues wanted, BinnedSignal signal, bool unitsFirst, BinnedSignal reference, List<int> lengths, List<ChannelGroup> groups, List<Func<int, int, int, Observations>> takes)
    {
        var orientations = Orientation(signal, reference, unitsFirst, lengths);
        var channels = SameUnits(signal, k => orientations[k]);
        var rows = wanted.Rows?.ToList() ?? [.. Enumerable.Range(0, channels)];
        if (rows.Count == 0 || rows.Exists(row => row < 0 || row >= channels))
        {
            throw new InputException(
                $"{_path}: rows {Messages.Names(rows.Select(row => $"{row}"))} are asked of {file.Noun} '{signal.Name}', which has rows 0 to {channels - 1}; correct the rows.");
        }

        groups.Add(new ChannelGroup(wanted.Group, ChannelKind.Values, rows.Count, wanted.Unit, Names(signal.Name, rows, channels)));
        takes.Add((table, first, bins) => Take(ChannelKind.Values, signal.Tables[table], orientations[table], rows, first, bins));
    }

    /// <summary>Whether channels are the first axis of each table, told by the axis that has as many bins as the reference.</summary>
    private List<bool> Orientation(BinnedSignal signal, BinnedSignal reference, bool unitsFirst, List<int> lengths) => [.. signal.Tables.Select((table, k) =>
    {
        // Of trials made equally long, those of the values are as long as those of the counts.
        var bins = signal.IsPadded || reference.IsPadded ? reference.Tables[k].Bins(unitsFirst) : lengths[k];
        var fault = new InputException($"{_path}: {file.Noun} '{table.Name}' is {table.Rows} x {table.Columns}; one axis must have {bins} bins, as '{reference.Tables[k].Name}' has.");
        if (signal.UnitsFirst is { } known)
        {
            return table.Bins(known) == bins || table.Bins(known) == lengths[k] ? known : throw fault;
        }

        var isFirst = table.Columns == bins && (unitsFirst || table.Rows != bins);
        return isFirst || table.Rows == bins ? isFirst : throw fault;
    })];

    /// <summary>The number of units or channels, which all trials share.</summary>
    private int SameUnits(BinnedSignal signal, Func<int, bool> unitsFirst)
    {
        var units = signal.Tables[0].Units(unitsFirst(0));
        for (var k = 1; k < signal.Tables.Count; k++)
        {
            if (signal.Tables[k].Units(unitsFirst(k)) is var other && other != units)
            {
                throw new InputException($"{_path}: '{signal.Tables[k].Name}' has {other} channels where '{signal.Tables[0].Name}' has {units}; give every trial the same.");
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

    private static Observations Take(ChannelKind kind, BinnedTable source, bool unitsFirst, List<int> rows, int first, int bins)
    {
        var (largest, isAll) = (0.0, true);
        for (var bin = 0; bin < bins; bin++)
        {
            foreach (var row in rows)
            {
                var value = At(bin, row);
                isAll &= !double.IsNaN(value);
                largest = Math.Max(largest, value);
            }
        }

        if (kind == ChannelKind.Values)
        {
            return Observations.FromValues(new Table(bins, rows.Count, Filled(value => value)), Mask());
        }

        // Counts are many and small.
        return largest <= byte.MaxValue ? Observations.FromCounts<byte>(bins, rows.Count, Filled(value => double.IsNaN(value) ? (byte)0 : (byte)value), Mask())
            : Observations.FromCounts<int>(bins, rows.Count, Filled(value => double.IsNaN(value) ? 0 : (int)value), Mask());

        double At(int bin, int row) => first + bin < source.Bins(unitsFirst) ? source.At(unitsFirst, row, first + bin) : double.NaN;

        T[] Filled<T>(Func<double, T> convert)
        {
            var entries = new T[(long)bins * rows.Count];
            for (var (bin, i) = (0, 0); bin < bins; bin++)
            {
                foreach (var row in rows)
                {
                    entries[i++] = convert(At(bin, row));
                }
            }

            return entries;
        }

        bool[]? Mask() => isAll ? null : Filled(value => !double.IsNaN(value));
    }

    private static Table TakeTable(BinnedTable source, bool unitsFirst, int first, int bins)
    {
        var table = new Table(bins, source.Units(unitsFirst));
        for (var bin = 0; bin < bins; bin++)
        {
            for (var column = 0; column < table.Columns; column++)
            {
                table[bin, column] = source.At(unitsFirst, column, first + bin);
            }
        }

        return table;
    }

    /// <summary>What is known of trials: the single fields of their records, a table that was named, or lists of as many entries as there are trials.</summary>
    private ColumnTable? TrialTable(BinnedSignal reference)
    {
        if (!reference.AreTrials)
        {
            return TimedImport.IsByTrials(options) ? throw new InputException($"{_path}: '{reference.Name}' is one session in bins and has no trials; leave out the options that need them, or cut it with --chunk SECONDS.") : null;
        }

        if ((Map("trials")?.Path ?? options.Trials) is { } named)
        {
            var found = ArrayPaths.Find(file, named, "--trials");
            var table = found.Node is RecordNode { Records.Count: > 1 } records ? ArrayTables.OfRecords(file, records)
                : found.Node is RecordNode { Records.Count: 1 } lists ? ArrayTables.OfLists($"'{found.Name}'", reference.Trials, ArrayTables.Lists(lists, reference.Trials))
                : throw new InputException($"--trials: {_path}: '{found.Name}' is no table of trials; name structures, or a group of lists with an entry a trial.");
            return table.Rows == reference.Trials ? table : throw new InputException($"--trials: {_path}: '{found.Name}' has {table.Rows} rows where '{reference.Name}' has {reference.Trials} trials; name another.");
        }

        if (reference.Records is { } own)
        {
            return ArrayTables.OfRecords(file, own);
        }

        // A list that is as long as other axes too must say by its name what it is of.
        var isClear = !reference.Tables.Any(table => table.Rows == reference.Trials || table.Columns == reference.Trials);
        var columns = ArrayTables.Lists(file.Root, reference.Trials).Where(one => isClear || ArrayRoles.IsOfTrials(one.Name)).ToList();
        return columns.Count > 0 ? ArrayTables.OfLists("the lists with an entry a trial", reference.Trials, columns) : TimedImport.IsByTrials(options)
            ? throw new InputException($"{_path}: nothing has an entry a trial of '{reference.Name}', of which there are {reference.Trials}; leave out the options that need a table of trials, or name one with --trials.")
            : null;
    }

    /// <summary>What is to be shared out: stretches, or of trials that are chosen the windows that are asked for.</summary>
    private List<(TrialPiece Piece, int Table, int First, int Row)> Pieces(BinTimeSignal? time, ColumnTable? trials, BinnedSignal reference, double binWidth, List<(int Table, int First, int Bins)> stretches)
    {
        if (trials is null)
        {
            var digits = Math.Max(3, $"{stretches.Count - 1}".Length);
            var start = 0L;
            var all = new List<(TrialPiece, int, int, int)>();
            foreach (var (table, first, bins) in stretches)
            {
                all.Add((new TrialPiece($"trial-{all.Count.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0')}", bins, start * binWidth), table, first, reference.Tables[table].Row));
                start += bins;
            }

            return all;
        }

        var chosen = stretches;
        if (options.Where is { } expression)
        {
            var holds = RowFilter.Rows("--where", expression, trials, _path);
            chosen = [.. stretches.Where(one => holds[reference.Tables[one.Table].Row])];
            remarks.Add($"{_path}: {chosen.Select(one => one.Table).Distinct().Count()} of {reference.Tables.Count} trials are as --where asks.");
            if (chosen.Count == 0)
            {
                throw new InputException($"--where: {_path} has no trial for which {Messages.OneLine(expression)}; choose others.");
            }
        }

        if (TrialColumns.Splits(_path, options, trials) is not { } splits)
        {
            splits = new TrialSplit?[trials.Rows];
        }
        else
        {
            chosen = [.. Left(chosen, [.. chosen.Where(one => splits[reference.Tables[one.Table].Row] is not null)], $"'{options.SplitColumn}' is none of train, validation and test")];
        }

        chosen = options.Window is null && options.Align is null ? chosen : Windows(time, trials, reference, binWidth, chosen);
        var pieces = new List<(TrialPiece, int, int, int)>();
        var before = 0L;
        var isCutUp = chosen.Select(one => one.Table).Distinct().Count() < chosen.Count;
        var names = isCutUp ? [] : Names("trial", [.. chosen.Select(one => reference.Tables[one.Table].Row)], Math.Max(1000, reference.Trials));
        foreach (var (table, first, bins) in chosen)
        {
            var row = reference.Tables[table].Row;
            pieces.Add((new TrialPiece(isCutUp ? $"trial-{pieces.Count:D3}" : names[pieces.Count], bins, before * binWidth, splits[row]), table, first, row));
            before += bins;
        }

        return pieces.Count > 0 ? pieces : throw new InputException($"{_path}: no trial remains; {Messages.OneLine(remarks[^1][(_path.Length + 2)..])}");

        List<(int Table, int First, int Bins)> Left(List<(int Table, int First, int Bins)> all, List<(int Table, int First, int Bins)> kept, string why)
        {
            var gone = all.Select(one => reference.Tables[one.Table].Row).Except(kept.Select(one => reference.Tables[one.Table].Row)).ToList();
            if (gone.Count > 0)
            {
                remarks.Add($"{_path}: {gone.Count} {(gone.Count == 1 ? "trial is" : "trials are")} left out (trial {gone[0]}, from 0{(gone.Count > 1 ? ", the first" : "")}): {why}.");
            }

            return kept;
        }

        List<(int Table, int First, int Bins)> Windows(BinTimeSignal? times, ColumnTable table, BinnedSignal signal, double width, List<(int Table, int First, int Bins)> all)
        {
            if (options.Window is not { } window)
            {
                throw new InputException("--align says what trials are aligned to; say from when to when about it, as in --window=-0.25..0.45.");
            }

            var (shift, bins) = (Math.Round(window.From / width), Math.Floor(((window.To - window.From) / width) + 1e-6));
            if (!(bins >= 1 && bins <= int.MaxValue && Math.Abs(shift) <= int.MaxValue))
            {
                throw new InputException($"The window from {window.From} s to {window.To} s has no whole bin of {width} s, or too many; give another.");
            }

            var events = options.Align is { } column ? Events(column, table, times, signal, width) : [.. Enumerable.Repeat(0.0, table.Rows)];
            var kept = new List<(int Table, int First, int Bins)>();
            foreach (var group in all.GroupBy(one => one.Table))
            {
                var first = Math.Floor(events[signal.Tables[group.Key].Row] + 1e-6) + shift;
                if (double.IsFinite(first) && group.Any(one => one.First <= first && first + bins <= one.First + one.Bins))
                {
                    kept.Add((group.Key, (int)first, (int)bins));
                }
            }

            return Left(all, kept, options.Align is null ? "the window reaches beyond them" : $"'{options.Align}' is missing, or the window reaches beyond them");
        }
    }

    /// <summary>In which bin of each trial an event lies, from 0, with fractions.</summary>
    private double[] Events(string name, ColumnTable trials, BinTimeSignal? time, BinnedSignal reference, double binWidth)
    {
        var numbers = trials.RequireNumbers(_path, "--align", name);
        if (ArrayRoles.IsBinNumber(name))
        {
            remarks.Add($"{_path}: '{name}' is taken for numbers of bins, counted from {file.FirstIndex}, as its name says.");
            return Array.ConvertAll(numbers, number => number - file.FirstIndex);
        }

        var scale = ArrayTimes.Scale(file, name, options, remarks);
        var tables = reference.Tables.Select((table, k) => (table.Row, k)).ToDictionary(one => one.Row, one => one.k);
        if (time is null)
        {
            remarks.Add($"{_path}: '{name}' is taken for times in seconds from the start of each trial.");
        }

        return [.. numbers.Select((number, row) => time is null ? number * scale / binWidth : tables.TryGetValue(row, out var k) && time.Of(k) is [var first, ..] ? ((number * scale) - first) / binWidth : double.NaN)];
    }
}
