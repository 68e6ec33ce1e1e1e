namespace IlqrVae.Data.Import.Arrays;

/// <summary>One table of bins by channels, or the other way round.</summary>
/// <param name="Name">The variable it is, or is of.</param>
/// <param name="View">The entries.</param>
/// <param name="Row">Which trial of the file it is.</param>
internal sealed record BinnedTable(string Name, ArrayView View, int Row)
{
    public int Rows => View.Shape[0];

    public int Columns => View.Shape[1];

    public long Count => View.Count;

    /// <summary>Length of the axis of bins.</summary>
    public int Bins(bool unitsFirst) => unitsFirst ? Columns : Rows;

    /// <summary>Length of the axis of units.</summary>
    public int Units(bool unitsFirst) => unitsFirst ? Rows : Columns;

    public double At(bool unitsFirst, int unit, int bin) => unitsFirst ? View[unit, bin] : View[bin, unit];

    /// <summary>Number of bins up to the last that is not NaN in all units.</summary>
    public int Used(bool unitsFirst)
    {
        var bins = Bins(unitsFirst);
        while (bins > 0 && Enumerable.Range(0, Units(unitsFirst)).All(unit => double.IsNaN(At(unitsFirst, unit, bins - 1))))
        {
            bins--;
        }

        return bins;
    }
}

/// <summary>A binned signal: a table of a session, or one a trial.</summary>
internal sealed class BinnedSignal
{
    public required string Name { get; init; }

    /// <summary>One of a session, or one a trial.</summary>
    public required IReadOnlyList<BinnedTable> Tables { get; init; }

    /// <summary>Whether every table is a trial.</summary>
    public bool AreTrials { get; init; }

    /// <summary>Whether trials were made equally long, and NaN at their ends may stand for nothing.</summary>
    public bool IsPadded { get; init; }

    /// <summary>Bins of each table, without those that only make it as long as others.</summary>
    public List<int> Lengths(bool unitsFirst) => [.. Tables.Select(table => IsPadded ? table.Used(unitsFirst) : table.Bins(unitsFirst))];

    /// <summary>Whether channels are the first axis and bins the second, or the other way round; null where that is not known yet.</summary>
    public bool? UnitsFirst { get; init; }

    /// <summary>Trials of the file, those without an entry included.</summary>
    public int Trials { get; init; } = 1;

    /// <summary>Of an array of three axes the one of trials, else -1.</summary>
    public int TrialAxis { get; init; } = -1;

    /// <summary>The records of which the tables are a field.</summary>
    public RecordNode? Records { get; init; }

    /// <summary>Trials of each condition, where the file has an axis of conditions: trial k is repeat k % Repeats of condition k / Repeats; 0 where it has none.</summary>
    public int Repeats { get; init; }

    /// <summary>Areas that units are of, side by side; none where nothing is said.</summary>
    public IReadOnlyList<(string Area, int Units)> Areas { get; init; } = [];

    public BinnedSignal Convert(Func<double, double> convert) => new()
    {
        Name = Name,
        Tables = [.. Tables.Select(table => table with { View = table.View.Convert(convert) })],
        AreTrials = AreTrials,
        IsPadded = IsPadded,
        UnitsFirst = UnitsFirst,
        Trials = Trials,
        TrialAxis = TrialAxis,
        Records = Records,
        Areas = Areas,
        Repeats = Repeats,
    };

    /// <summary>Takes what was found for a binned signal.</summary>
    /// <param name="file">The file.</param>
    /// <param name="found">What was found.</param>
    /// <param name="axes">What its axes are said to be; empty where nothing is said.</param>
    /// <param name="cube">Told an array of three axes, which of them is that of trials, and whether channels are the first of the others.</param>
    /// <exception cref="InputException">It is no such thing.</exception>
    public static BinnedSignal Of(ArrayFile file, Found found, IReadOnlyList<ArrayAxis> axes, Func<ArrayView, (int Trials, bool? UnitsFirst)> cube)
    {
        var what = $"{file.Path}: {file.Noun} '{found.Name}'";
        if (!found.Arrays.Any())
        {
            throw new InputException($"{what} holds no numbers; name another.");
        }

        if (axes.Count > 0)
        {
            return AsSaid(file, found, axes);
        }

        if (!found.IsList)
        {
            var view = View(file, (NumberNode)found.Node!);
            view = view.Rank > 3 ? view.Squeeze(least: 2) : view;
            if (view.Rank is 0 or > 3 || (view.Rank != 3 && view.Count == 0))
            {
                throw new InputException($"{what} has shape {Messages.Shape(found.Node!.Shape)}; units x bins, or trials x bins x units, are needed.");
            }

            if (view.Count == 0)
            {
                throw new InputException($"{what} has shape {Messages.Shape(view.Shape)} and is empty.");
            }

            return view.Rank == 3 ? OfCube(found.Name, view, cube(view))
                : new BinnedSignal { Name = found.Name, Tables = [new BinnedTable(found.Name, view.Rank == 1 ? view.Widen() : view, 0)], UnitsFirst = view.Rank == 1 ? false : null };
        }

        if (found.Depth == 1 && found.Kind == ListKind.Channels && found.Arrays.All(array => array.IsVector))
        {
            return AsSaid(file, found, [ArrayAxis.Channel, ArrayAxis.Bin]);
        }

        if (found.Depth == 2 && found.Kind == ListKind.Trials && found.Arrays.All(array => array.IsVector))
        {
            return AsSaid(file, found, [ArrayAxis.Trial, ArrayAxis.Channel, ArrayAxis.Bin]);
        }

        if (found.Depth > 1)
        {
            throw new InputException($"{what} is a list of lists, {found.Items.Count} of {found.Items[0].Items.Count} and the like; say what the lists are of with --map, as in --map spikes={found.Name}:trial,unit,{(found.Arrays.All(array => array.IsVector) ? "bin" : "bin,-")}.");
        }

        // Elements without an entry are trials that were not recorded.
        List<BinnedTable> kept =
        [
            .. found.Items.Select((item, row) => (item, row)).Where(one => one.item.Node!.Count > 0 || one.item.Node.Fault is not null)
                .Select(one => new BinnedTable(one.item.Name, Table(one.item), one.row)),
        ];
        return kept.Count > 0
            ? new BinnedSignal { Name = found.Name, Tables = kept, AreTrials = true, Trials = found.Items.Count, Records = found.Records, UnitsFirst = found.Items.All(item => item.Node!.Shape.Count <= 1) ? false : null }
            : throw new InputException($"{what} has {found.Items.Count} elements, all of them empty.");

        ArrayView Table(Found item)
        {
            var view = item.Node is NumberNode numbers ? View(file, numbers) : throw new InputException($"{file.Path}: '{item.Name}' holds {item.Node!.Type}, no numbers; name another {file.Noun}.");
            view = view.Rank == 1 ? view.Widen() : view.Rank > 2 ? view.Squeeze(least: 2) : view;
            return view.Rank == 2 ? view : throw new InputException($"{file.Path}: {file.Noun} '{item.Name}' has shape {Messages.Shape(item.Node.Shape)}; units x bins, or trials x bins x units, are needed.");
        }
    }

    /// <summary>The entries of an array that can be read.</summary>
    public static ArrayView View(ArrayFile file, NumberNode node) => node.Fault is { } fault
        ? throw new InputException($"{file.Path}: {file.Noun} '{Messages.OneLine(node.Name)}' {fault}.")
        : ArrayView.Of(node);

    private static BinnedSignal OfCube(string name, ArrayView cube, (int Axis, bool? UnitsFirst) trials) => new()
    {
        Name = name,
        Tables = [.. Enumerable.Range(0, cube.Shape[trials.Axis]).Select(trial => new BinnedTable($"{name}, trial {trial}", cube.Slice(trials.Axis, trial), trial))],
        AreTrials = true,
        IsPadded = true,
        UnitsFirst = trials.UnitsFirst,
        Trials = cube.Shape[trials.Axis],
        TrialAxis = trials.Axis,
    };

    /// <summary>Takes the axes as they were said to be.</summary>
    private static BinnedSignal AsSaid(ArrayFile file, Found found, IReadOnlyList<ArrayAxis> axes)
    {
        var depth = found.Depth;
        var arrays = found.Arrays.Where(array => array.Count > 0 || array.Fault is not null).ToList();
        if (axes.Count(axis => axis == ArrayAxis.Bin) != 1 || axes.Count(axis => axis == ArrayAxis.Trial) > 1 || axes.Count(axis => axis == ArrayAxis.Channel) > 1 || axes.Count(axis => axis == ArrayAxis.Condition) > 1 || axes.Contains(ArrayAxis.Spike))
        {
            throw new InputException($"--map: '{found.Name}' is said to be {ArrayMapping.Write(axes)}; of counts and values name bin once, and trial, channel and condition at most once each.");
        }

        // By condition and trial.
        var parts = new SortedDictionary<(int Condition, int Trial), List<ArrayView>>();
        Collect(found, 0, (0, 0));
        if (parts.Count == 0)
        {
            throw new InputException($"{file.Path}: {file.Noun} '{found.Name}' has no entries; name another.");
        }

        var isOfConditions = axes.Contains(ArrayAxis.Condition);
        var isOfTrials = axes.Contains(ArrayAxis.Trial) || isOfConditions;
        var repeats = parts.Keys.Max(key => key.Trial) + 1;
        return new BinnedSignal
        {
            Name = found.Name,
            Tables = [.. parts.Select(part => new BinnedTable(
                isOfConditions ? $"{found.Name}, condition {part.Key.Condition}, trial {part.Key.Trial}" : isOfTrials ? $"{found.Name}, trial {part.Key.Trial}" : found.Name,
                Joined(part.Value), (part.Key.Condition * repeats) + part.Key.Trial))],
            AreTrials = isOfTrials,
            IsPadded = isOfTrials && depth == 0,
            UnitsFirst = false,
            Trials = isOfConditions ? (parts.Keys.Last().Condition + 1) * repeats : parts.Keys.Last().Trial + 1,
            Repeats = isOfConditions ? repeats : 0,
            Records = axes[0] == ArrayAxis.Trial ? found.Records : null,
        };

        void Collect(Found one, int level, (int Condition, int Trial) trial)
        {
            if (one.IsList)
            {
                if (level >= axes.Count || axes[level] is not (ArrayAxis.Trial or ArrayAxis.Channel or ArrayAxis.Condition))
                {
                    throw Unfit(file, found, axes, arrays);
                }

                for (var i = 0; i < one.Items.Count; i++)
                {
                    Collect(one.Items[i], level + 1, axes[level] switch { ArrayAxis.Trial => (trial.Condition, i), ArrayAxis.Condition => (i, trial.Trial), _ => trial });
                }

                return;
            }

            if (one.Node is not NumberNode numbers)
            {
                throw new InputException($"{file.Path}: '{one.Name}' holds {one.Node!.Type}, no numbers; name another {file.Noun}.");
            }

            if (numbers.Count == 0 && numbers.Fault is null)
            {
                return;
            }

            var own = axes.Skip(level).ToList();
            var view = View(file, numbers);
            if (own.Count != view.Rank)
            {
                view = view.Squeeze(least: own.Count);
            }

            if (own.Count != view.Rank || own.Where((axis, i) => axis == ArrayAxis.None && view.Shape[i] != 1).Any())
            {
                throw Unfit(file, found, axes, arrays);
            }

            var (trialAxis, binAxis, channelAxis) = (own.IndexOf(ArrayAxis.Trial), own.IndexOf(ArrayAxis.Bin), own.IndexOf(ArrayAxis.Channel));
            var conditionAxis = own.IndexOf(ArrayAxis.Condition);
            for (var (all, n) = (conditionAxis < 0 ? 1 : view.Shape[conditionAxis], 0); n < all * (trialAxis < 0 ? 1 : view.Shape[trialAxis]); n++)
            {
                var (condition, i) = (n % all, n / all);

                // Other axes are cut off where they stand, from the last one on, so that those in front keep their numbers.
                var part = view;
                var (bin, channel) = (binAxis, channelAxis);
                for (var axis = own.Count - 1; axis >= 0; axis--)
                {
                    if (own[axis] is ArrayAxis.Trial or ArrayAxis.None or ArrayAxis.Condition)
                    {
                        part = part.Slice(axis, own[axis] switch { ArrayAxis.Trial => i, ArrayAxis.Condition => condition, _ => 0 });
                        (bin, channel) = (bin > axis ? bin - 1 : bin, channel > axis ? channel - 1 : channel);
                    }
                }

                part = channel < 0 ? part.Widen() : part.Permute(bin, channel);
                var key = (conditionAxis < 0 ? trial.Condition : condition, trialAxis < 0 ? trial.Trial : i);
                if (!parts.TryGetValue(key, out var list))
                {
                    parts[key] = list = [];
                }

                list.Add(part);
            }
        }

        ArrayView Joined(List<ArrayView> views)
        {
            if (views.Count == 1)
            {
                return views[0];
            }

            if (views.Exists(view => view.Shape[0] != views[0].Shape[0] || view.Shape[1] != 1))
            {
                throw new InputException($"{file.Path}: the channels of '{found.Name}' differ in length, {views[0].Shape[0]} and {views.Find(view => view.Shape[0] != views[0].Shape[0])?.Shape[0] ?? views[0].Shape[0]} bins; these may be times of spikes: --map spikes={found.Name}:unit,spike.");
            }

            return ArrayView.Beside(found.Name, [.. views.Select(view => view.Slice(1, 0))]);
        }
    }

    private static InputException Unfit(ArrayFile file, Found found, IReadOnlyList<ArrayAxis> axes, List<NumberNode> arrays) => new(
        $"--map: {file.Path}: '{found.Name}' is {(found.Depth > 0 ? $"{string.Concat(Enumerable.Repeat("a list of ", found.Depth))}arrays of {Messages.Shape(arrays[0].Shape)}" : $"of {Messages.Shape(arrays[0].Shape)}")}, which is not {ArrayMapping.Write(axes)}; name every axis of it, those of lists first, and - one of length 1.");
}
