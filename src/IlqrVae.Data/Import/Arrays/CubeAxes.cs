namespace IlqrVae.Data.Import.Arrays;

/// <summary>Tells which axis of an array of three is that of trials, of bins and of channels: by lengths that it shares with other things in the file, and by where NaN stand.</summary>
internal sealed class CubeAxes(ArrayFile file, ImportOptions options, List<string> remarks)
{
    private static readonly int[][] Orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [2, 0, 1], [1, 2, 0], [2, 1, 0]];

    // Entries that are looked at to tell whether trials end in NaN.
    private const long MostEntries = 1L << 28;

    /// <summary>Finds the axes.</summary>
    /// <param name="name">What the array is called.</param>
    /// <param name="cube">The array.</param>
    /// <param name="time">Times of bins.</param>
    /// <param name="known">The counts whose axes are known; null where they are not, or it is they that are looked at.</param>
    /// <param name="others">Other arrays that are imported with it.</param>
    /// <returns>The axis of trials, and whether of the others channels come first; null where that is not known.</returns>
    /// <exception cref="InputException">Nothing tells which axis is that of trials.</exception>
    public (int Trials, bool? UnitsFirst) Find(string name, ArrayView cube, BinTimeSignal? time, BinnedSignal? known, IReadOnlyList<Found> others)
    {
        if (options.UnitsFirst is { } said)
        {
            return (0, said);
        }

        var whys = new List<string>();

        // Each order says which axis is that of trials, bins, channels.
        var orders = Orders.ToList();
        if (time is { Vectors: [{ } times] })
        {
            Keep(order => cube.Shape[order[1]] == times.Length, $"'{time.Name}' has {times.Length} entries");
        }

        if (known is { AreTrials: true, UnitsFirst: { } first } && known.Lengths(first).Distinct().ToList() is [var bins])
        {
            Keep(order => cube.Shape[order[0]] == known.Trials && cube.Shape[order[1]] == bins, $"'{known.Name}' has {known.Trials} trials of {bins} bins");
        }

        foreach (var (list, node) in ArrayPaths.All(file).Where(one => ArrayRoles.IsList(one.Example)))
        {
            if (ArrayRoles.IsOfTrials(list))
            {
                Keep(order => cube.Shape[order[0]] == node.Count, $"'{list}' has {node.Count} entries");
            }
            else if (ArrayRoles.IsOfChannels(list))
            {
                Keep(order => cube.Shape[order[2]] == node.Count, $"'{list}' has {node.Count} entries");
            }
        }

        foreach (var other in others.Where(other => other.Node is NumberNode { Shape.Count: 3 }))
        {
            var lengths = other.Node!.Shape;
            Keep(order => lengths.Contains(cube.Shape[order[0]]) && lengths.Contains(cube.Shape[order[1]]) && !lengths.Contains(cube.Shape[order[2]]), $"'{other.Name}' is of {Messages.Shape(lengths)}");
        }

        if (orders.Count > 1 && cube.Count <= MostEntries)
        {
            var ends = orders.Where(order => EndsInNaN(cube.Permute(order[0], order[1], order[2]))).ToList();
            Keep(ends.Contains, "trials end in NaN");
        }

        if (orders.Select(order => order[0]).Distinct().Count() > 1)
        {
            var readings = orders.Select(order => string.Join(" x ", ((string[])["trials", "bins", "units"]).Zip(order).OrderBy(pair => pair.Second).Select(pair => pair.First)));
            throw new InputException($"{file.Path}: '{name}' of {Messages.Shape(cube.Shape)} could be {string.Join(" or ", readings)}; say which, as in --map spikes={name}:trial,bin,channel.");
        }

        var trials = orders[0][0];
        if (orders.Count == 1)
        {
            var words = string.Join(" x ", ((string[])["trials", "bins", "units"]).Zip(orders[0]).OrderBy(pair => pair.Second).Select(pair => pair.First));
            remarks.Add($"{file.Path}: '{name}' of {Messages.Shape(cube.Shape)} is taken as {words}, as {string.Join(" and ", whys)}: {cube.Shape[trials]} trials, {cube.Shape[orders[0][2]]} units, {cube.Shape[orders[0][1]]} bins.");
            return (trials, orders[0][2] < orders[0][1]);
        }

        remarks.Add($"{file.Path}: axis {trials + file.FirstIndex} of '{name}' is taken for trials, as {string.Join(" and ", whys)}.");
        return (trials, null);

        // Evidence that speaks for no order is none.
        void Keep(Predicate<int[]> fits, string why)
        {
            var kept = orders.FindAll(fits);
            if (kept.Count > 0 && kept.Count < orders.Count)
            {
                orders = kept;
                whys.Add(why);
            }
        }

    }

    /// <summary>Whether NaN stand in trials only behind some bin, in all channels alike, and in some trial they do.</summary>
    private static bool EndsInNaN(ArrayView trials)
    {
        var isAny = false;
        for (var trial = 0; trial < trials.Shape[0]; trial++)
        {
            var hasEnded = false;
            for (var bin = 0; bin < trials.Shape[1]; bin++)
            {
                var missing = 0;
                for (var channel = 0; channel < trials.Shape[2]; channel++)
                {
                    missing += double.IsNaN(trials[trial, bin, channel]) ? 1 : 0;
                }

                if ((missing > 0 || hasEnded) && missing < trials.Shape[2])
                {
                    return false;
                }

                // A trial that was not recorded at all says nothing.
                isAny |= missing > 0 && bin > 0;
                hasEnded |= missing > 0;
            }
        }

        return isAny;
    }
}
