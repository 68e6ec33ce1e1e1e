using System.Globalization;
using IlqrVae.Data.Import.Timed;

namespace IlqrVae.Data.Import.Arrays;

/// <summary>
/// Makes a session of lists of spike times: one list a unit; lists of channels and units; lists of units and trials, on one clock or each trial on its own; or one long list
/// with the unit of each spike beside it. The rest is <see cref="TimedImport"/>'s.
/// </summary>
internal sealed class SpikeTimesImport(ArrayFile file, ImportOptions options, List<string> remarks)
{
    /// <summary>The column of when the clock of a trial with a clock of its own is at zero.</summary>
    public const string ZeroColumn = "zero_time";

    // Between trials with clocks of their own, in seconds.
    private const double Pause = 1;

    private readonly string _path = file.Path;

    /// <summary>One unit's spikes in the file.</summary>
    /// <param name="Places">Its place in each list of units around it, from 0.</param>
    internal sealed record Unit(IReadOnlyList<int> Places)
    {
        /// <summary>The area that it is of; null where nothing is said.</summary>
        public string? Area { get; init; }

        /// <summary>What lists with an entry a unit are of in the Open Neurophysiology Environment: clusters, of its folder.</summary>
        public string Clusters { get; init; } = OfClusters;

        /// <summary>What they are of where there is one folder.</summary>
        public const string OfClusters = "clusters";

        /// <summary>The id that the file gives it.</summary>
        public double? Id { get; init; }

        /// <summary>Its spikes, by trial where there are trials, else under 0.</summary>
        public SortedDictionary<int, Func<double[]>> Spikes { get; } = [];
    }

    /// <summary>Spikes as they stand in the file.</summary>
    /// <param name="Units">The units.</param>
    /// <param name="Axes">What lists and axes are of.</param>
    /// <param name="Trials">Number of trials; 0 of one session.</param>
    /// <param name="Records">The records that are trials or units.</param>
    internal sealed record Plan(IReadOnlyList<Unit> Units, IReadOnlyList<ArrayAxis> Axes, int Trials, RecordNode? Records)
    {
        /// <summary>The structure or group that holds lists of spikes of single units; empty where nothing does.</summary>
        public string Owner { get; init; } = "";

        /// <summary>Numbers that the file gives to trials; null where it gives none.</summary>
        public double[]? TrialIds { get; init; }
    }

    /// <summary>Makes a recording.</summary>
    /// <param name="spikes">Where the times are.</param>
    /// <param name="source">What to call the file in the recording.</param>
    public ImportedRecording Import(Found spikes, string source)
    {
        if (options.Given().Intersect(["--units-first", "--bins-first"], StringComparer.Ordinal).FirstOrDefault() is { } refused)
        {
            throw new InputException($"{refused}: '{spikes.Name}' of {_path} holds times of spikes and no bins; leave it out, or say what its axes are with --map.");
        }

        var plan = Look(spikes);
        var clock = Clock(plan);
        var isByDomains = false;
        if (plan.Trials == 0 && SplitDomains.AreWanted(options))
        {
            // Chunks are cut within the stretches and not within trials.
            var withDomains = SplitDomains.Add(file, options.ChunkSeconds is not null && !TimedImport.IsByTrials(options) ? null : clock.Table, ArrayTimes.Seconds(options.TimeUnit) ?? 1, remarks);
            (isByDomains, clock) = (withDomains?.Find(SplitDomains.Column) is not null, clock with { Table = withDomains ?? clock.Table });
        }

        var series = Series(plan, clock);
        var (units, rows) = UnitTable(plan);
        var session = new TimedSession
        {
            Path = _path,
            Source = source,
            Units = units,
            UnitNames = rows.TrueForAll(unit => unit.Area is not null) ? NamesByArea(rows) : null,
            Spikes = new Spikes(rows, clock.Offsets),
            Observed = clock.Observed is { } observed ? [.. rows.Select(_ => observed)] : null,
            Trials = clock.Table,
            Series = series,
            Bytes = file.Bytes ?? new FileInfo(_path).Length,
        };
        var own = isByDomains ? options with { SplitColumn = SplitDomains.Column } : options;
        return TimedImport.Import(session, clock.IsOwn && options.Window is not null && options.Align is null ? own with { Align = ZeroColumn } : own, remarks);
    }

    /// <summary>Finds the units, and what the lists are of; those of several areas side by side.</summary>
    public Plan Look(Found spikes)
    {
        if (spikes.Kind != ListKind.Areas)
        {
            return LookOne(spikes, "");
        }

        var plans = spikes.Items.Select(item => (item.Name, Area: SpikeAreas.AreaOf(spikes.Name, item.Name), Plan: LookOne(item, SpikeAreas.AreaOf(spikes.Name, item.Name)))).ToList();
        var first = plans[0];
        if (plans.Find(one => one.Plan.Trials != first.Plan.Trials || !one.Plan.Axes.SequenceEqual(first.Plan.Axes) || !(one.Plan.TrialIds ?? []).SequenceEqual(first.Plan.TrialIds ?? [])) is { Name: not null } odd)
        {
            throw new InputException($"{_path}: '{odd.Name}' is {ArrayMapping.Write(odd.Plan.Axes)}{Trials(odd.Plan)} where '{first.Name}' is {ArrayMapping.Write(first.Plan.Axes)}{Trials(first.Plan)}; areas are taken together only where they have the same trials.");
        }

        remarks.Add($"{_path}: units of {Messages.Names(plans.Select(one => $"{one.Area} ({one.Plan.Units.Count})"))} are taken side by side; the column '{SpikeAreas.Column}' says of which area each is.");
        return first.Plan with { Units = [.. plans.SelectMany(one => one.Plan.Units.Select(unit => unit with { Area = one.Area }))] };

        static string Trials(Plan plan) => plan.Trials == 0 ? "" : $" of {plan.Trials} trials";
    }

    private static string[] NamesByArea(List<Unit> units)
    {
        var digits = units.Select(unit => Number(unit).Length).Max();
        return [.. units.Select(unit => $"{Messages.OneLine(unit.Area!)}-{Number(unit).PadLeft(digits, '0')}")];

        static string Number(Unit unit) => (unit.Id ?? unit.Places[0]).ToString("F0", CultureInfo.InvariantCulture);
    }

    private Plan LookOne(Found spikes, string area)
    {
        var map = options.Maps.FirstOrDefault(one => one.Name == "spikes");
        var scale = ArrayTimes.Scale(file, spikes.Name, options, remarks);
        if (FlatUnits(spikes, area) is { } flat)
        {
            var (list, plan) = flat;
            remarks.Add($"{_path}: '{spikes.Name}' is taken for times of spikes, and '{list}' says of which unit each is.");
            RequireSeconds(spikes, scale, plan);
            return plan;
        }

        var axes = map is { Axes.Count: > 0 } ? map.Axes : SpikeLayout.Axes(file, spikes, scale, remarks);
        if (axes[^1] != ArrayAxis.Spike || axes.Count(axis => axis == ArrayAxis.Spike) > 1 || axes.Count(axis => axis == ArrayAxis.Trial) > 1 || axes.Contains(ArrayAxis.Bin) || axes.Contains(ArrayAxis.Condition))
        {
            throw new InputException($"--map: '{spikes.Name}' is said to be {ArrayMapping.Write(axes)}; of times of spikes name spike last, trial at most once, and besides them units.");
        }

        var units = new SortedDictionary<string, Unit>(StringComparer.Ordinal);
        var trials = 0;
        Collect(spikes, 0, [], 0);
        var isOfTrials = axes.Contains(ArrayAxis.Trial);
        var found = new Plan([.. units.Values], axes, isOfTrials ? trials : 0, spikes.Records) { Owner = spikes is { IsList: true, Records: null } && axes.SequenceEqual([ArrayAxis.Channel, ArrayAxis.Spike]) ? ArrayRoles.ObjectOf(spikes.Name) : "" };
        if (found.Units.Count == 0)
        {
            throw new InputException($"{_path}: '{spikes.Name}' holds no unit; name another {file.Noun}.");
        }

        if (!spikes.IsList && axes.Count == 1)
        {
            remarks.Add($"{_path}: '{spikes.Name}' is one list of spikes, and nothing beside it says of which unit each is: it is taken for one unit; else name a list of units, in the same file, by --map unit=NAME.");
        }

        RequireSeconds(spikes, scale, found);
        return found;

        void Collect(Found one, int level, int[] places, int trial)
        {
            if (one.IsList)
            {
                if (axes[Math.Min(level, axes.Count - 1)] is not (ArrayAxis.Trial or ArrayAxis.Channel))
                {
                    throw Unfit();
                }

                for (var i = 0; i < one.Items.Count; i++)
                {
                    Collect(one.Items[i], level + 1, axes[level] == ArrayAxis.Channel ? [.. places, i] : places, axes[level] == ArrayAxis.Trial ? i : trial);
                }

                return;
            }

            if (one.Node is not NumberNode numbers)
            {
                throw new InputException($"{_path}: '{one.Name}' holds {one.Node!.Type}, no times; name another {file.Noun}.");
            }

            if (numbers.Fault is { } fault)
            {
                throw new InputException($"{_path}: {file.Noun} '{one.Name}' {fault}.");
            }

            var own = axes.Skip(level).ToList();
            if (numbers.Count == 0)
            {
                if (own.Count == 1)
                {
                    Add(places, trial, () => []);
                }

                return;
            }

            var view = ArrayView.Of(numbers).Squeeze(least: own.Count);
            if (view.Rank != own.Count)
            {
                throw Unfit();
            }

            Split(view, own, places, trial);
        }

        void Split(ArrayView view, List<ArrayAxis> own, int[] places, int trial)
        {
            if (own.Count == 1)
            {
                Add(places, trial, () => Array.ConvertAll(Array.FindAll(view.ToArray(), time => !double.IsNaN(time)), time => time * scale));
                return;
            }

            for (var i = 0; i < view.Shape[0]; i++)
            {
                Split(view.Slice(0, i), own[1..], own[0] == ArrayAxis.Channel ? [.. places, i] : places, own[0] == ArrayAxis.Trial ? i : trial);
            }
        }

        void Add(int[] places, int trial, Func<double[]> read)
        {
            // Sorted by their places, digits padded.
            var key = string.Join(',', places.Select(place => $"{place:D9}"));
            if (!units.TryGetValue(key, out var unit))
            {
                units[key] = unit = new Unit(places);
            }

            trials = Math.Max(trials, trial + 1);
            unit.Spikes[trial] = read;
        }

        InputException Unfit() => new($"--map: {_path}: '{spikes.Name}' is {string.Concat(Enumerable.Repeat("a list of ", spikes.Depth))}arrays, which is not {ArrayMapping.Write(axes)}; name every list, from the outermost, and every axis of the arrays.");
    }

    private void RequireSeconds(Found spikes, double scale, Plan plan)
    {
        if (scale == 1 && options.TimeUnit is null)
        {
            SpikeLayout.RequireSeconds(_path, spikes.Name, plan.Units.SelectMany(unit => unit.Spikes.Values).Select(read => read()));
        }
    }

    /// <summary>One list of all spikes, with a list of their units beside it, and perhaps one of their trials.</summary>
    private (string List, Plan Plan)? FlatUnits(Found spikes, string area)
    {
        if (spikes.IsList || spikes.Node is not NumberNode { IsVector: true, Fault: null } times || (options.Maps.FirstOrDefault(map => map.Name == "spikes") is { Axes.Count: > 1 }))
        {
            return null;
        }

        // Those of its own folder or group first.
        var lists = SpikeLayout.Beside(file, times).OrderBy(one => ArrayRoles.ObjectOf(one) != ArrayRoles.ObjectOf(spikes.Name)).ToList();
        if ((options.Maps.FirstOrDefault(map => map.Name == "unit")?.Path.Replace("*", area, StringComparison.Ordinal) ?? SpikeAreas.UnitsOf(file, times, spikes.Name, area) ?? (area.Length == 0 ? ArrayRoles.Units(lists) : null)) is not { } name)
        {
            return null;
        }

        var ids = ArrayPaths.Find(file, name, "--map").Node;
        if (ids is null || ids.Count != times.Count)
        {
            throw new InputException($"--map: {_path}: '{Messages.OneLine(name)}' has {ids?.Count ?? 0} entries where '{spikes.Name}' has {times.Count} spikes; name a list of the unit of each spike.");
        }

        var trialName = options.Maps.FirstOrDefault(map => map.Name == "trial")?.Path.Replace("*", area, StringComparison.Ordinal) ?? ArrayRoles.Trials(lists.Where(one => one != name));
        var trialOf = trialName is null ? null : ArrayPaths.Find(file, trialName, "--map").Node is NumberNode { Fault: null } numbers && numbers.Count == times.Count
            ? numbers.ToDoubles()
            : throw new InputException($"--map: {_path}: '{Messages.OneLine(trialName)}' must be a list of the trial of each spike, {times.Count} numbers.");
        var scale = ArrayTimes.Scale(file, spikes.Name, options, remarks);
        double[] trialNumbers = trialOf is null ? [] : [.. trialOf.Where(double.IsFinite).Distinct().Order()];
        var numbersOfUnits = ids is NumberNode { IsText: false } known ? known.ToDoubles() : null;
        var texts = numbersOfUnits is null ? ids.Texts : null;
        if (numbersOfUnits is null && texts?.Count != times.Count)
        {
            throw new InputException($"--map: {_path}: '{Messages.OneLine(name)}' holds {ids.Type}; name a list of the unit of each spike.");
        }

        // Of numbers in their order, of texts in that of their letters.
        var owner = ArrayRoles.ObjectOf(spikes.Name) is var spikesOf && spikesOf.LastIndexOf('/') is >= 0 and var slash ? spikesOf[..(slash + 1)] : "";
        var units = numbersOfUnits is null
            ? texts!.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select((_, i) => new Unit([i])).ToList()
            : [.. numbersOfUnits.Where(double.IsFinite).Distinct().Order().Select((id, i) => new Unit([i]) { Id = id, Clusters = owner + Unit.OfClusters })];
        var ofNumber = numbersOfUnits is null ? [] : units.Select((unit, i) => (unit.Id!.Value, i)).ToDictionary(pair => pair.Value, pair => pair.i);
        var ofText = texts is null ? [] : texts.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select((text, i) => (text, i)).ToDictionary(pair => pair.text, pair => pair.i, StringComparer.Ordinal);
        var collected = units.ConvertAll(_ => new SortedDictionary<int, List<double>>());
        var (entries, left) = (ArrayView.Of(times).Squeeze(least: 1), 0L);
        for (var spike = 0; spike < entries.Shape[0]; spike++)
        {
            if ((numbersOfUnits is not null && !double.IsFinite(numbersOfUnits[spike])) || (trialOf is not null && !double.IsFinite(trialOf[spike])))
            {
                left++;
                continue;
            }

            var unit = collected[numbersOfUnits is not null ? ofNumber[numbersOfUnits[spike]] : ofText[texts![spike]]];
            var trial = trialOf is null ? 0 : Array.BinarySearch(trialNumbers, trialOf[spike]);
            if (!unit.TryGetValue(trial, out var list))
            {
                unit[trial] = list = [];
            }

            list.Add(entries[spike] * scale);
        }

        if (left > 0)
        {
            remarks.Add($"{_path}: {left} spikes have no unit or no trial and are left out.");
        }

        for (var unit = 0; unit < units.Count; unit++)
        {
            foreach (var (trial, list) in collected[unit])
            {
                var own = list.ToArray();
                units[unit].Spikes[trial] = () => own;
            }
        }

        return units.Count == 0 ? throw new InputException($"--map: {_path}: '{Messages.OneLine(name)}' names no unit; name a list of the unit of each spike.")
            : (name, new Plan(units, trialOf is null ? [ArrayAxis.Spike] : [ArrayAxis.Trial, ArrayAxis.Spike], trialNumbers.Length, null) { TrialIds = trialOf is null ? null : trialNumbers });
    }

    /// <summary>What is known of units.</summary>
    public ColumnTable UnitsOf(Plan plan) => UnitTable(plan).Table;

    /// <summary>The table of units, and the units that are its rows.</summary>
    private (ColumnTable Table, List<Unit> Rows) UnitTable(Plan plan)
    {
        var rows = plan.Units.ToList();
        var levels = rows[0].Places.Count;
        if (levels > 1)
        {
            // A place of a table of channels by units that is empty is no unit.
            var kept = rows.Where(unit => unit.Spikes.Values.Any(read => read().Length > 0)).ToList();
            if (kept.Count < rows.Count && kept.Count > 0)
            {
                remarks.Add($"{_path}: {rows.Count - kept.Count} of {rows.Count} places for units hold no spike and are left out.");
                rows = kept;
            }
        }

        var columns = new List<TableColumn>();
        if (rows.TrueForAll(unit => unit.Id is not null))
        {
            columns.Add(TableColumn.OfNumbers(TimedSession.IdColumn, "number", [.. rows.Select(unit => unit.Id!.Value)]));
        }

        for (var level = 0; level < levels; level++)
        {
            columns.Add(TableColumn.OfNumbers(levels == 1 ? "index" : level == levels - 1 ? "unit" : level == 0 ? "channel" : $"level_{level}", "place", [.. rows.Select(unit => (double)unit.Places[level] + file.FirstIndex)]));
        }

        if (plan.Records is { } records && levels == 1 && plan.Axes[0] == ArrayAxis.Channel && records.Records.Count == rows.Count)
        {
            columns.AddRange(ArrayTables.OfRecords(file, records).Columns.Where(column => columns.TrueForAll(one => one.Name != column.Name)));
        }

        var areAreas = rows.TrueForAll(unit => unit.Area is not null);
        if (areAreas)
        {
            columns.Add(TableColumn.OfTexts(SpikeAreas.Column, "text", [.. rows.Select(unit => unit.Area!)]));
        }

        // Lists with an entry a unit, or a channel.
        var length = levels == 0 || areAreas ? -1 : plan.Units.Max(unit => unit.Places[0]) + 1;
        foreach (var (name, node) in length > 1 ? ArrayTables.Lists(file.Root, length).Where(one => ArrayRoles.IsOfChannels(one.Name) && ArrayRoles.ObjectOf(one.Name) != rows[0].Clusters) : [])
        {
            var column = ArrayTables.OfLists("", length, [(name, node)]).Columns[0];
            columns.Add(column.At(name, rows.ConvertAll(unit => unit.Places[0])));
        }

        // spikes.UID and spikes.region of buzcode: lists beside the times in their own structure.
        var ofOwner = length > 1 && plan.Owner is { Length: > 0 } owner && ArrayPaths.Find(file, owner).Node is RecordNode { Records.Count: 1 } record
            ? ArrayTables.OfLists("", length, ArrayTables.Lists(record, length).Where(one => one.Node.Texts is not null || one.Node is NumberNode)).Columns.Select(column => column.At(column.Name, rows.ConvertAll(unit => unit.Places[0]))) : [];
        foreach (var column in ofOwner.Concat(OfClusters(rows)).Concat(OfTables(rows)))
        {
            if (columns.TrueForAll(one => one.Name != column.Name))
            {
                columns.Add(column);
            }
        }

        return (new ColumnTable($"the units of {Path.GetFileName(_path)}", rows.Count, columns), rows);
    }

    /// <summary>clusters.label and the like of ALF: an entry a unit by its id, those without spikes included; of several folders what all have.</summary>
    private List<TableColumn> OfClusters(List<Unit> rows)
    {
        var parts = new List<List<TableColumn>>();
        foreach (var own in rows.GroupBy(unit => unit.Clusters, StringComparer.Ordinal))
        {
            if (!own.All(unit => unit.Id is >= 0 and < int.MaxValue && unit.Id == Math.Floor(unit.Id.Value)))
            {
                return [];
            }

            var ids = own.Select(unit => (int)unit.Id!.Value).ToList();
            parts.Add([.. file.Root.Fields.Zip(file.Root.Records[0])
                .Where(one => ArrayRoles.ObjectOf(one.First) == own.Key && ArrayRoles.IsList(one.Second) && one.Second.Fault is null && one.Second.Count > ids.Max())
                .Select(one => ArrayTables.OfLists("", (int)one.Second.Count, [(one.First, one.Second)]).Columns[0].At(ArrayRoles.Last(one.First), ids))]);
        }

        return [.. parts[0].Where(column => parts.TrueForAll(part => part.Exists(one => one.Name == column.Name && one.Kind == column.Kind)))
            .Select(column => column.Then(parts.Skip(1).Select(part => part.Find(one => one.Name == column.Name)!)))];
    }

    /// <summary>Tables of clusters beside the spikes, as phy and ALF have them: by the ids in their column of ids, or where they have none by their rows.</summary>
    private List<TableColumn> OfTables(List<Unit> rows)
    {
        if (!rows.TrueForAll(unit => unit.Id is not null))
        {
            return [];
        }

        var parts = rows.GroupBy(unit => unit.Clusters, StringComparer.Ordinal).Select(own => (Ids: own.Select(unit => unit.Id!.Value).ToList(), Columns: OfTables(own.Key, [.. own.Select(unit => unit.Id!.Value)]))).ToList();
        var names = parts.SelectMany(part => part.Columns.Select(column => column.Name)).Distinct(StringComparer.Ordinal).ToList();

        // A column that only some folders have is missing in the others.
        return [.. names.Select(name => parts.ConvertAll(part => (part.Ids, Column: part.Columns.Find(column => column.Name == name)))).Select(each => each.Find(one => one.Column is not null).Column! is var known && each.TrueForAll(one => one.Column is null || one.Column.Kind == known.Kind)
            ? Joined(known, each) : null).OfType<TableColumn>()];

        static TableColumn Joined(TableColumn known, List<(List<double> Ids, TableColumn? Column)> each)
        {
            var all = each.ConvertAll(one => one.Column ?? (known.Kind == ColumnKind.Text ? TableColumn.OfTexts(known.Name, known.Type, [.. one.Ids.Select(_ => "")]) : TableColumn.OfNumbers(known.Name, known.Type, [.. one.Ids.Select(_ => double.NaN)])));
            return all[0].Then(all.Skip(1));
        }
    }

    private List<TableColumn> OfTables(string clusters, double[] ids)
    {
        var prefix = clusters[..^Unit.OfClusters.Length];
        var columns = new List<TableColumn>();
        foreach (var (_, table) in file.Root.Fields.Zip(file.Root.Records[0]).Where(one => one.First.StartsWith(prefix, StringComparison.Ordinal) && one.First[prefix.Length..] is var name && !name.Contains('/', StringComparison.Ordinal) && name.StartsWith("cluster", StringComparison.OrdinalIgnoreCase))
            .Select(one => (one.First, one.Second as RecordNode)).Where(one => one.Item2 is { Records.Count: 1 }))
        {
            var fields = table!.Fields.Zip(table.Records[0]).ToList();
            var rows = (int)fields[0].Second.Count;
            var own = (ArrayRoles.Units(table.Fields) ?? table.Fields.FirstOrDefault(name => name == TimedSession.IdColumn)) is { } units && fields.Find(one => one.First == units).Second is NumberNode { IsText: false, Fault: null } found ? (Name: units, Ids: found.ToDoubles()) : (Name: "", Ids: [.. Enumerable.Range(0, rows).Select(row => (double)row)]);
            var rowOf = new Dictionary<double, int>();
            for (var row = 0; row < own.Ids.Length; row++)
            {
                rowOf.TryAdd(own.Ids[row], row);
            }

            columns.AddRange(ArrayTables.OfLists("", rows, fields.Where(one => one.First != own.Name)).Columns.Where(column => columns.TrueForAll(one => one.Name != column.Name)).Select(Of));

            // A unit of which the table says nothing has no text and no number.
            TableColumn Of(TableColumn column) => column.Kind == ColumnKind.Text
                ? TableColumn.OfTexts(column.Name, column.Type, [.. ids.Select(id => rowOf.TryGetValue(id, out var row) ? column.Texts[row] : "")])
                : column.Kind == ColumnKind.Truth && ids.All(rowOf.ContainsKey) ? column.At(column.Name, [.. ids.Select(id => rowOf[id])])
                : TableColumn.OfNumbers(column.Name, column.Type, [.. ids.Select(id => rowOf.TryGetValue(id, out var row) ? column.Numbers[row] : double.NaN)]);
        }

        return columns;
    }

    /// <summary>When trials are.</summary>
    /// <param name="Table">The table of trials; null where there is none.</param>
    /// <param name="Offsets">What is added to the times of each trial; empty for nothing.</param>
    /// <param name="Observed">When something was recorded; null where it is not told.</param>
    /// <param name="IsOwn">Whether each trial has a clock of its own.</param>
    internal sealed record TrialClock(ColumnTable? Table, double[] Offsets, IReadOnlyList<(double Start, double End)>? Observed, bool IsOwn);

    /// <summary>Finds when trials are: on the clock of the session, or one after the other where each has a clock of its own.</summary>
    public TrialClock Clock(Plan plan)
    {
        var table = TrialTable(plan);
        var (start, stop) = table is null ? (null, null) : (ArrayRoles.Start(NumbersOf(table)), ArrayRoles.Stop(NumbersOf(table)));
        if (plan.Trials == 0)
        {
            return table is null ? new TrialClock(null, [], null, IsOwn: false)
                : start is null ? throw new InputException($"--trials: {_path}: no column of {table.Name} says when trials start; its columns are {Messages.Names(table.Columns.Select(column => column.Name))}.")
                : new TrialClock(WithTimes(table, Times(table, start), stop is null ? NextStarts(Times(table, start)) : Times(table, stop), [], start, stop), [], null, IsOwn: false);
        }

        var ranges = new (double First, double Last)[plan.Trials];
        Array.Fill(ranges, (double.PositiveInfinity, double.NegativeInfinity));
        foreach (var (trial, read) in plan.Units.SelectMany(unit => unit.Spikes))
        {
            foreach (var time in read().Where(Nanoseconds.CanHold))
            {
                ranges[trial] = (Math.Min(ranges[trial].First, time), Math.Max(ranges[trial].Last, time));
            }
        }

        var known = ranges.Where(range => range.First <= range.Last).ToList();
        if (known.Count == 0)
        {
            throw new InputException($"{_path}: no trial has a spike; name another {file.Noun}.");
        }

        table ??= new ColumnTable("the trials", plan.Trials, plan.TrialIds is { } ids ? [TableColumn.OfNumbers(TimedSession.IdColumn, "number", ids)] : []);
        var isOneClock = known.Count > 1 && known.Skip(1).Zip(known, (next, one) => next.First >= one.Last).All(follows => follows);
        if (isOneClock)
        {
            var (starts, stops) = start is not null && stop is not null ? (Times(table, start), Times(table, stop)) : (Array.ConvertAll(ranges, range => range.First), Array.ConvertAll(ranges, range => range.Last));
            remarks.Add($"{_path}: trials follow each other on one clock{(start is not null && stop is not null ? "" : "; they are taken from their first to their last spike, as nothing says when they start and end")}.");
            return new TrialClock(WithTimes(table, starts, stops, [], start, stop), [], null, IsOwn: false);
        }

        // Clocks of their own: put one after the other, far enough apart.
        var width = options.BinWidth ?? TimedImport.DefaultBinWidth;
        var from = Math.Min(0, Math.Floor((known.Min(range => range.First) / width) + 1e-9) * width);
        var until = known.Max(range => range.Last);
        until = from + ((Math.Floor(((until - from) / width) + 1e-9) + 1) * width);
        double[] lasting = [.. Enumerable.Repeat(until, plan.Trials)];
        if (start is not null && stop is not null && Times(table, start).Zip(Times(table, stop), (one, other) => other - one).ToArray() is var told && Array.TrueForAll(told, seconds => seconds > 0))
        {
            lasting = told;
            remarks.Add($"{_path}: trials have clocks of their own and last from '{start}' to '{stop}'.");
        }
        else
        {
            remarks.Add(FormattableString.Invariant($"{_path}: trials have clocks of their own; each is taken from {from:G6} s to {until:G6} s, the last spike of all; say otherwise with --window=FROM..TO."));
        }

        var step = Math.Ceiling(lasting.Max() - from) + Pause + Math.Ceiling(Math.Max(0, options.LagSeconds ?? 0));
        double[] offsets = [.. Enumerable.Range(0, plan.Trials).Select(trial => (trial * step) - from)];
        return new TrialClock(
            WithTimes(table, [.. offsets.Select(offset => offset + from)], [.. offsets.Zip(lasting, (offset, until) => offset + until)], offsets, start, stop),
            offsets, [.. offsets.Zip(lasting, (offset, until) => (offset + from, offset + until))], IsOwn: true);
    }

    private static double[] NextStarts(double[] starts) => [.. starts.Skip(1).Append(double.NaN)];

    private static IEnumerable<string> NumbersOf(ColumnTable table) => table.Columns.Where(column => column.Kind == ColumnKind.Number).Select(column => column.Name);

    private double[] Times(ColumnTable table, string name)
    {
        var scale = ArrayTimes.Scale(file, name, options, remarks);
        return Array.ConvertAll(table.Find(name)!.Numbers, time => time * scale);
    }

    /// <summary>The table with the columns that <see cref="TimedImport"/> needs, and the one to align to on the clock of the session.</summary>
    private ColumnTable WithTimes(ColumnTable table, double[] starts, double[] stops, double[] offsets, string? start, string? stop)
    {
        if (start is not null && (start, stop) != (TimedSession.StartColumn, TimedSession.StopColumn) && offsets.Length == 0)
        {
            remarks.Add(stop is null ? $"{_path}: trials start at '{start}' and end where the next starts." : $"{_path}: trials last from '{start}' to '{stop}'.");
        }

        var columns = table.Columns.Where(column => column.Name is not (TimedSession.StartColumn or TimedSession.StopColumn or ZeroColumn)).Select(column =>
            column.Kind == ColumnKind.Number && column.Name == options.Align && ArrayTimes.Scale(file, column.Name, options, remarks) is var scale
                ? TableColumn.OfNumbers(column.Name, column.Type, [.. column.Numbers.Select((time, row) => (time * scale) + (offsets.Length > 0 ? offsets[row] : 0))])
                : column);
        return table with
        {
            Columns =
            [
                TableColumn.OfNumbers(TimedSession.StartColumn, "seconds", starts), TableColumn.OfNumbers(TimedSession.StopColumn, "seconds", stops),
                .. offsets.Length > 0 ? (IEnumerable<TableColumn>)[TableColumn.OfNumbers(ZeroColumn, "seconds", offsets)] : [], .. columns,
            ],
        };
    }

    /// <summary>What is known of trials; null where nothing is and nothing is asked for.</summary>
    private ColumnTable? TrialTable(Plan plan)
    {
        if ((options.Maps.FirstOrDefault(map => map.Name == "trials")?.Path ?? options.Trials) is { } named)
        {
            var found = ArrayPaths.Find(file, named, "--trials");
            return found.Node is NumberNode { Fault: null, Shape: [> 0, 2] } ? OfIntervals(found.Name)
                : found.Node is RecordNode { Records.Count: > 1 } records ? ArrayTables.OfRecords(file, records)
                : found.Node is RecordNode { Records.Count: 1 } single && single.Records[0].Where(ArrayRoles.IsList).Select(node => (int)node.Count).DefaultIfEmpty(0).Max() is > 0 and var rows
                    ? ArrayTables.OfLists($"'{found.Name}'", rows, ArrayTables.Lists(single, rows))
                    : throw new InputException($"--trials: {_path}: '{found.Name}' is no table of trials; name structures, a group of lists with an entry a trial, or an array of starts and ends.");
        }

        if (plan.Trials > 0)
        {
            if (plan.Records is { } own && plan.Axes[0] == ArrayAxis.Trial && own.Records.Count == plan.Trials)
            {
                return ArrayTables.OfRecords(file, own);
            }

            var lists = ArrayTables.Lists(file.Root, plan.Trials).Where(one => plan.Trials != plan.Units.Count || ArrayRoles.IsOfTrials(one.Name)).ToList();
            return lists.Count > 0 ? ArrayTables.OfLists("the lists with an entry a trial", plan.Trials, lists) : null;
        }

        if (ArrayRoles.Intervals(file) is { } intervals)
        {
            return OfIntervals(intervals);
        }

        // Structures of trials, or lists of their starts and ends, beside the spikes of a session.
        for (var field = 0; field < file.Root.Fields.Count; field++)
        {
            if (file.Root.Records[0][field] is RecordNode { Records.Count: > 1 } records && Found.KindOf(file.Root.Fields[field]) == ListKind.Trials && ArrayRoles.Start(records.Fields) is not null)
            {
                return ArrayTables.OfRecords(file, records);
            }

            if (file.Root.Records[0][field] is RecordNode { Records.Count: 1 } group && (Found.KindOf(file.Root.Fields[field]) == ListKind.Trials || Found.KindOf(ArrayRoles.ObjectOf(file.Root.Fields[field])) == ListKind.Trials) && ArrayRoles.Start(group.Fields) is { } first)
            {
                var rows = (int)group.Records[0][group.Fields.ToList().IndexOf(first)].Count;
                return ArrayTables.OfLists($"'{file.Root.Fields[field]}'", rows, ArrayTables.Lists(group, rows));
            }
        }

        if (ArrayRoles.Start(file.Root.Fields.Where(ArrayRoles.IsOfTrials)) is { } starts && file.Root.Records[0][file.Root.Fields.ToList().IndexOf(starts)] is { Count: > 1 } column)
        {
            return ArrayTables.OfLists("the lists with an entry a trial", (int)column.Count, ArrayTables.Lists(file.Root, (int)column.Count));
        }

        return null;
    }

    /// <summary>Trials from an array of starts and ends, trials x 2, and the lists beside it: those of its own object, as trials.choice is of trials, or those of as many entries.</summary>
    private ColumnTable OfIntervals(string name)
    {
        var node = (NumberNode)ArrayPaths.Find(file, name).Node!;
        var (view, rows, owner) = (ArrayView.Of(node), node.Shape[0], ArrayRoles.ObjectOf(name));
        double[] Column(int column) => [.. Enumerable.Range(0, rows).Select(row => view[row, column])];
        var lists = ArrayTables.Lists(file.Root, rows).Where(one => owner.Length == 0 || string.Equals(ArrayRoles.ObjectOf(one.Name), owner, StringComparison.Ordinal))
            .Select(one => (owner.Length == 0 ? one.Name : ArrayRoles.Last(one.Name), one.Node)).Where(one => one.Item1 is not (TimedSession.StartColumn or TimedSession.StopColumn));

        // Tables of trials in text are of the same trials where they have as many rows.
        var tables = owner.Length == 0 ? [] : file.Root.Fields.Zip(file.Root.Records[0]).Where(one => (one.First == owner || ArrayRoles.ObjectOf(one.First) == owner) && one.Second is RecordNode { Records.Count: 1 })
            .SelectMany(one => ArrayTables.Lists((RecordNode)one.Second, rows)).Where(one => one.Name is not (TimedSession.StartColumn or TimedSession.StopColumn)).ToList();
        var table = ArrayTables.OfLists($"'{Messages.OneLine(name)}'", rows, lists.Concat(tables).DistinctBy(one => one.Item1, StringComparer.Ordinal));
        return table with { Columns = [TableColumn.OfNumbers(TimedSession.StartColumn, node.Type, Column(0)), TableColumn.OfNumbers(TimedSession.StopColumn, node.Type, Column(1)), .. table.Columns] };
    }

    /// <summary>The series that are asked for, with their times.</summary>
    public List<(ImportedValues Wanted, ITimedSeries Series)> Series(Plan plan, TrialClock clock)
    {
        var wanted = options.Values.Concat(options.Behaviour).Select(one => (Wanted: one, Axes: options.Maps.FirstOrDefault(map => map.Name == one.Group && map.Path == one.Variable)?.Axes ?? []))
            .Concat(options.Maps.Where(map => !ArrayImport.Roles.Contains(map.Name, StringComparer.Ordinal) && !options.Values.Concat(options.Behaviour).Any(one => one.Group == map.Name)).Select(map => (Wanted: new ImportedValues(map.Name, map.Path), map.Axes)))
            .ToList();
        if (wanted.Select(one => one.Wanted.Group).Append("spikes").GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new InputException($"--behaviour: two groups are called '{twice.Key}'; name them as in --behaviour hand=PATH.");
        }

        return wanted.ConvertAll(one => (one.Wanted, (ITimedSeries)SeriesOf(one.Wanted, one.Axes, plan, clock)));
    }

    private ArraySeries SeriesOf(ImportedValues wanted, IReadOnlyList<ArrayAxis> axes, Plan plan, TrialClock clock)
    {
        var found = ArrayPaths.Find(file, wanted.Variable, "--behaviour");
        var signal = BinnedSignal.Of(file, found, axes, view => (axes.Count > 0 ? 0 : throw new InputException($"--behaviour: {_path}: '{found.Name}' has shape {Messages.Shape(view.Shape)}; say what its axes are, as in --map {wanted.Group}={found.Name}:trial,bin,channel.")!, null));
        if (signal.AreTrials && (plan.Trials == 0 || signal.Trials != plan.Trials))
        {
            throw new InputException($"--behaviour: {_path}: '{found.Name}' has {signal.Trials} trials where the spikes have {(plan.Trials == 0 ? "none" : $"{plan.Trials}")}; name another {file.Noun}.");
        }

        var seriesTimes = new SeriesTimes(file, options, remarks);
        var named = (options.Maps.FirstOrDefault(map => map.Name == "time")?.Path ?? options.Time) is { } name ? BinTimeSignal.Of(file, ArrayPaths.Find(file, name, "--time"), options, remarks, isNamed: true) : null;
        var times = named ?? seriesTimes.Find(signal) ?? throw new InputException($"--behaviour: {_path}: nothing tells the times of '{found.Name}'; name the {file.Noun} of its times with --time{(seriesTimes.Candidates is { Count: > 0 } some ? $": {Messages.Names(some)}" : "")}.");
        var pieces = seriesTimes.Pieces(signal, times, $"--map {wanted.Group}={found.Name}:bin,channel")
            .ConvertAll(piece => clock.Offsets.Length > 0 && signal.AreTrials && clock.Offsets[piece.Row] is not 0 and var offset ? (Array.ConvertAll(piece.Times, time => time + offset), piece.Values) : (piece.Times, piece.Values));
        if (pieces.Exists(piece => piece.Item2.Shape[1] != pieces[0].Item2.Shape[1]))
        {
            throw new InputException($"--behaviour: {_path}: '{found.Name}' has not as many channels in every trial; give every trial the same.");
        }

        return new ArraySeries(found.Name, wanted.Unit, pieces);
    }

    /// <summary>Spikes on the clock of the session.</summary>
    private sealed class Spikes(IReadOnlyList<Unit> units, double[] offsets) : ISpikeTimes
    {
        public void Read(int unit, TakeTimes take)
        {
            foreach (var (trial, read) in units[unit].Spikes)
            {
                var times = read();
                var offset = offsets.Length > 0 ? offsets[trial] : 0;
                take(offset == 0 ? times : Array.ConvertAll(times, time => time + offset));
            }
        }
    }
}
