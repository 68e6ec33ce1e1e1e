using System.Globalization;

namespace IlqrVae.Data.Import.Arrays;

/// <summary>How wide bins are, and where they follow one another without a pause.</summary>
internal sealed class BinnedStretches(ArrayFile file, ImportOptions options, List<string> remarks)
{
    /// <summary>The bin width, and for each stretch its table, first bin and number of bins; trials without a bin are left out.</summary>
    /// <param name="time">Times of bins; null where there are none.</param>
    /// <param name="lengths">Bins of each table.</param>
    /// <exception cref="InputException">The width is not known, or not the same everywhere.</exception>
    public (double BinWidth, List<(int Table, int First, int Bins)> Stretches) Of(BinTimeSignal? time, List<int> lengths)
    {
        if (lengths.Contains(0))
        {
            remarks.Add($"{file.Path}: {lengths.Count(length => length == 0)} of {lengths.Count} trials have no bin and are left out.");
        }

        List<(int Table, int First, int Bins)> whole = [.. lengths.Select((bins, table) => (table, 0, bins)).Where(one => one.bins > 0)];
        if (time is null)
        {
            return options.BinWidth is { } given ? (given, whole)
                : Width() is { } told ? (told, whole)
                : throw new InputException($"{file.Path}: no {file.Noun} is called time; give the bin width in seconds or name the {file.Noun} of the times.");
        }

        var stretches = new List<(int Table, int First, int Bins)>();
        var width = double.NaN;
        foreach (var (table, _, bins) in whole)
        {
            var what = $"{file.Path}: {file.Noun} '{time.NameOf(table)}'";
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

        width = BinTimes.Agree($"{file.Path}: {file.Noun} '{Messages.OneLine(name)}'", width * ArrayTimes.Scale(file, name, options, remarks), given: null, remarks);
        remarks.Add(string.Create(CultureInfo.InvariantCulture, $"{file.Path}: bins are {width * 1000:G6} ms wide, as '{Messages.OneLine(name)}' says."));
        return width;
    }
}
