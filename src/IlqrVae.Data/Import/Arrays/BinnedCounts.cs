namespace IlqrVae.Data.Import.Arrays;

/// <summary>Takes what may be counts for such: they are whole, off by rounding, or rates in Hz that are whole multiples of one count a bin.</summary>
internal sealed class BinnedCounts(ArrayFile file, ImportOptions options, List<string> remarks)
{
    // Counts that went through arithmetic are off by rounding.
    private const double Tolerance = 1e-6;

    // Rates in Hz of counts in bins of no more than this are multiples of so much that counts themselves are hardly ever.
    private const double LongestRateBin = 0.2;

    /// <summary>Counts as whole numbers; null where a variable that was not asked for does not hold any and values are to be imported.</summary>
    /// <param name="spikes">The signal; NaN where nothing was recorded.</param>
    /// <param name="binWidth">Width of a bin in seconds.</param>
    /// <exception cref="InputException">An entry is no count.</exception>
    public BinnedSignal? Of(BinnedSignal spikes, double binWidth)
    {
        var odd = OddEntry(spikes, 1);
        var areRates = (odd is not null || binWidth <= LongestRateBin) && spikes.Tables.Any(table => table.View.Find(value => value > 0) is not null) && OddEntry(spikes, binWidth) is null;
        odd = areRates ? null : odd;
        if (odd is { } entry)
        {
            var what = $"{file.Path}: {file.Noun} '{entry.Table.Name}' has the value {entry.Value} at row {entry.Row}, column {entry.Column} (from 0), which is no count";
            if (options.Spikes is null && !options.Maps.Any(map => map.Name == "spikes") && options.Values.Count > 0)
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
            remarks.Add($"{file.Path}: '{spikes.Name}' holds whole multiples of {1 / binWidth:G6}, that is rates in Hz: they are multiplied by the bin width to be counts.");
        }
        else if (rounded > 0)
        {
            remarks.Add($"{file.Path}: {rounded} entries of '{spikes.Name}' are within {Tolerance} of whole numbers and were rounded.");
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

        bool IsOdd(double value) => value * perCount is var count && !double.IsNaN(count) && !(count is >= -Tolerance and <= int.MaxValue && Math.Abs(count - Math.Round(count)) <= Tolerance);

        return null;
    }
}
