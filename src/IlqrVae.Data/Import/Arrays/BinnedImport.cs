using IlqrVae.Data.Import.Timed;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Import.Arrays;

/// <summary>
/// Makes a recording of binned arrays: counts, with real values beside them or values alone, of one continuous session that is cut in time, or of trials that stand in an
/// array of structures, in a list, or along an axis of an array. No format is known here.
/// </summary>
internal sealed class BinnedImport(ArrayFile file, ImportOptions options, List<string> remarks)
{
    private static readonly string[] NotTaken = ["--session-grid"];

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

        /// <summary>Bins of each table, without those that only make it as long as others.</summary>
        public List<int> Lengths => Reference.Lengths(UnitsFirst);
    }

    /// <summary>Finds what is to be imported, and which axis is which.</summary>
    /// <param name="spikes">Where the counts are; null where there are none.</param>
    public Plan Look(Found? spikes)
    {
        var wanted = Wanted().ToList();
        var time = FindTime();
        var mapOfSpikes = Map("spikes");
        var founds = wanted.ConvertAll(one => ArrayPaths.Find(file, one.Wanted.Variable, "--values"));
        BinnedSignal? known = null;
        (int, bool?) Cube(string name, ArrayView view) => new CubeAxes(file, options, remarks).Find(name, view, time, known, [.. founds.Prepend(spikes).OfType<Found>().Where(found => !found.IsList && found.Name != name)]);
        BinnedSignal? One(Found? found, ArrayMapping? map) => found is null ? null : BinnedSignal.Of(file, found, map?.Axes ?? [], view => Cube(found.Name, view));
        var areas = spikes is { Kind: ListKind.Areas } several ? several.Items.Select(area => One(area, mapOfSpikes)!).ToList() : [];
        var counts = areas.Count > 0 ? areas[0] : One(spikes, mapOfSpikes);
        known = counts;
        var values = wanted.Zip(founds, (one, found) => (one.Wanted, Signal: One(found, one.Map)!)).ToList();
        var heldOut = One(Map("held-out") is { } held ? ArrayPaths.Find(file, held.Path, "--map") : null, Map("held-out"));
        var inputs = One(Map("inputs") is { } given ? ArrayPaths.Find(file, given.Path, "--map") : null, Map("inputs"));
        var reference = counts ?? (values.Count > 0 ? values[0].Signal : throw new InputException(
            $"{_path}: no {file.Noun} is called spikes; name the one of the spike counts with --spikes, or those of real values with --values; the file has: {Messages.Names(ArrayPaths.Names(file))}."));
        foreach (var signal in areas.Skip(1).Concat(values.Select(one => one.Signal)).Append(heldOut).Append(inputs).OfType<BinnedSignal>().Where(signal => signal.AreTrials != reference.AreTrials || signal.Trials != reference.Trials || signal.Tables.Count != reference.Tables.Count))
        {
            throw new InputException($"{_path}: '{signal.Name}' has {Trials(signal)} where '{reference.Name}' has {Trials(reference)}; give both alike.");
        }

        var unitsFirst = new BinnedAxes(file, options, remarks).UnitsFirst(reference, [.. areas.Skip(1), .. values.Select(one => one.Signal)], time is { } some && FitsAtAll(some, reference) ? some : null);
        if (areas.Count > 0)
        {
            counts = reference = SpikeAreas.Join(file, spikes!.Name, areas, unitsFirst);
            unitsFirst = false;
            remarks.Add($"{_path}: units of {Messages.Names(counts.Areas.Select(area => $"{area.Area} ({area.Units})"))} are taken side by side; the column '{SpikeAreas.Column}' says of which area each is.");
        }

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
                Areas = signal.Areas,
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
        var lengths = plan.Lengths;
        var (binWidth, stretches) = new BinnedStretches(file, options, remarks).Of(plan.Time, lengths);
        var counting = new BinnedCounts(file, options, remarks);
        var counts = plan.Spikes is { } signal ? counting.Of(signal, binWidth) : null;
        var (kept, hold) = (new List<int>(), Array.Empty<int>());
        var groups = new List<ChannelGroup>();
        var takes = new List<Func<int, int, int, Observations>>();
        if (counts is not null)
        {
            var units = BinnedUnits.Table(file, counts, SameUnits(counts, _ => unitsFirst), unitsFirst);
            kept = AddCounts("spikes", counts, unitsFirst, lengths, binWidth, groups, takes, options.Units is { } expression ? Chosen(units, expression) : null);
            if (options.HeldOutUnits is { } heldOut)
            {
                var holds = RowFilter.Rows("--held-out-units", heldOut, units, _path);
                hold = [.. Enumerable.Range(0, kept.Count).Where(channel => holds[kept[channel]])];
                if (hold.Length == 0 || hold.Length == kept.Count)
                {
                    throw new InputException($"--held-out-units: {_path}: {hold.Length} of {kept.Count} units are such that {Messages.OneLine(heldOut)}; some must be held out and some stay.");
                }
            }
        }
        else if (options.Units is not null || options.HeldOutUnits is not null)
        {
            throw new InputException($"{_path}: there are no units to choose from; leave out --units and --held-out-units.");
        }

        if (plan.HeldOut is { } held)
        {
            held = counting.Of(held, binWidth)!;
            AddCounts(HeldOutChannels.GroupName, held, Orientation(held, reference, unitsFirst, lengths)[0], lengths, binWidth, groups, takes);
        }

        if (options.LagSeconds is not null && plan.Values.Count == 0)
        {
            throw new InputException($"--lag: {_path}: no values are imported that could be read later; name some with --values, or leave it out.");
        }

        foreach (var (wanted, stored) in plan.Values)
        {
            // Signals of another rate, with times of their own, are brought to the bins first.
            var resampled = new BinnedResampling(file, options, remarks).Of(wanted.Group, stored, [.. reference.Tables.Select(table => table.Bins(unitsFirst))], plan.Time, binWidth, stretches);
            if (resampled is null && options.LagSeconds is not null)
            {
                throw new InputException($"--lag: '{stored.Name}' of {_path} has the bins of the counts and no times of its own; shift it before, or leave --lag out.");
            }

            var values = resampled ?? stored;
            AddValues(wanted, values, unitsFirst, reference, lengths, groups, takes);
        }

        if (groups.Count == 0)
        {
            throw new InputException($"{_path}: there is nothing to import; name groups of real values with --values.");
        }

        var inputs = plan.Inputs is { } given ? (Signal: given, First: Orientation(given, reference, unitsFirst, lengths)) : default;
        var trials = plan.Trials ?? new BinnedTrials(file, options, remarks).TableOf(reference);
        var pieces = new BinnedTrials(file, options, remarks).Pieces(plan.Time, trials, reference, binWidth, stretches);
        var cuts = reference.AreTrials ? SessionCut.OfTrials(_path, options, [.. pieces.Select(one => one.Piece)], binWidth) : SessionCut.OfSession(_path, options, [.. pieces.Select(one => one.Piece.Bins)], binWidth);
        var conditions = TrialColumns.Conditions(_path, options, trials, [.. pieces.Select(one => one.Row)], remarks);
        var recording = new Recording
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
                        External = inputs.Signal is null ? null : BinnedChannels.TakeTable(inputs.Signal.Tables[piece.Table], inputs.First[piece.Table], first, cut.Bins),
                        Labels = Labels(trials, piece.Row, piece.Table, first),
                        Truth = TrialColumns.Truth(conditions?[cut.Stretch], cut.Bins),
                    };
                }),
            ],
        };
        return hold.Length > 0 ? HeldOutChannels.Split(recording, hold) : recording;

        // Columns of trials may be events, which are told from where a trial begins: by a number of a bin, or by a time.
        Dictionary<string, TrialLabel> Labels(ColumnTable? columns, int row, int table, int first)
        {
            var labels = TrialColumns.Labels(columns, columns is null ? -1 : row);
            if (labels.Count > 0)
            {
                labels["first_bin_number"] = new TrialLabel(first + file.FirstIndex);
                labels["first_bin_time"] = new TrialLabel((plan.Time?.Of(table) is [var start, ..] ? start : 0) + (first * binWidth));
            }

            return labels;
        }
    }

    /// <summary>Which units are as --units asks.</summary>
    private bool[] Chosen(ColumnTable units, string expression)
    {
        var holds = RowFilter.Rows("--units", expression, units, _path);
        remarks.Add($"{_path}: {holds.Count(one => one)} of {units.Rows} units are as --units asks.");
        return holds.Contains(true) ? holds : throw new InputException($"--units: {_path} has no unit for which {Messages.OneLine(expression)}; choose others.");
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

    private List<int> AddCounts(
        string name, BinnedSignal spikes, bool unitsFirst, List<int> lengths, double binWidth, List<ChannelGroup> groups, List<Func<int, int, int, Observations>> takes, bool[]? isChosen = null)
    {
        var units = SameUnits(spikes, _ => unitsFirst);
        var kept = new List<int>();
        foreach (var unit in Enumerable.Range(0, units).Where(unit => isChosen is null || isChosen[unit]))
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

        groups.Add(new ChannelGroup(name, ChannelKind.Counts, kept.Count, "", spikes.Areas.Count > 0 ? BinnedChannels.NamesByArea(spikes.Areas, kept) : BinnedChannels.Names("unit", kept, units)));
        takes.Add((table, first, bins) => BinnedChannels.Take(ChannelKind.Counts, spikes.Tables[table], unitsFirst, kept, first, bins));
        return kept;
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

        groups.Add(new ChannelGroup(wanted.Group, ChannelKind.Values, rows.Count, wanted.Unit, BinnedChannels.Names(signal.Name, rows, channels)));
        takes.Add((table, first, bins) => BinnedChannels.Take(ChannelKind.Values, signal.Tables[table], orientations[table], rows, first, bins));
    }

    /// <summary>Whether channels are the first axis of each table, told by the axis that has as many bins as the reference.</summary>
    private List<bool> Orientation(BinnedSignal signal, BinnedSignal reference, bool unitsFirst, List<int> lengths) => [.. signal.Tables.Select((table, k) =>
    {
        // Of trials made equally long, those of the values are as long as those of the counts.
        var bins = signal.IsPadded || reference.IsPadded ? reference.Tables[k].Bins(unitsFirst) : lengths[k];
        var fault = new InputException($"{_path}: {file.Noun} '{table.Name}' is {table.Rows} x {table.Columns}; one axis must have {bins} bins, as '{reference.Tables[k].Name}' has, or a list of its own times must stand beside it ({ArrayRoles.Last(signal.Name)}_times).");
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
}
