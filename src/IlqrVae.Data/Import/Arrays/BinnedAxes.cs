namespace IlqrVae.Data.Import.Arrays;

/// <summary>Tells which axis of binned tables is that of units and which that of bins: by lengths that they share with other things in the file, and by where NaN stand.</summary>
internal sealed class BinnedAxes(ArrayFile file, ImportOptions options, List<string> remarks)
{
    // Where nothing else tells them apart, the axis of bins is so many times longer than that of units.
    private const int ClearlyLonger = 4;

    /// <summary>Whether units are the first axis; how that was told is remarked on.</summary>
    /// <param name="reference">What the others must be as long as.</param>
    /// <param name="values">Other signals of the same bins.</param>
    /// <param name="time">Times of bins; null where there are none.</param>
    /// <exception cref="InputException">Nothing tells them apart.</exception>
    public bool UnitsFirst(BinnedSignal reference, List<BinnedSignal> values, BinTimeSignal? time)
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
        var shape = $"{file.Path}: '{reference.Name}' of {(reference.IsPadded ? $"{reference.Tables.Count} x " : "")}{table.Rows} x {table.Columns}";
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
                    $"{file.Path}: {file.Noun} '{time.Name}' has {time.Vectors[0].Length} times where '{table.Name}' is {table.Rows} x {table.Columns}; name another {file.Noun}, or give the bin width in seconds.");
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
    private static long Padding(BinnedSignal signal, bool unitsFirst) => signal.Tables.Sum(table => (long)table.Bins(unitsFirst) - table.Used(unitsFirst));
}
