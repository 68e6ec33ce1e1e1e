using System.Globalization;
using IlqrVae.Data.Import.Timed;

namespace IlqrVae.Data.Import.Arrays;

/// <summary>Brings values that have a clock of their own to the bins of counts.</summary>
internal sealed class BinnedResampling(ArrayFile file, ImportOptions options, List<string> remarks)
{
    /// <summary>Values in the bins of the counts; null where they are as long as the counts, or nothing tells their times.</summary>
    /// <param name="group">What the group of values is called.</param>
    /// <param name="signal">The values.</param>
    /// <param name="bins">Bins of each table of the counts.</param>
    /// <param name="time">Times of these bins; null where they start at zero.</param>
    /// <param name="width">Of a bin, in seconds.</param>
    /// <param name="stretches">The stretches of bins without a pause.</param>
    public BinnedSignal? Of(string group, BinnedSignal signal, IReadOnlyList<int> bins, BinTimeSignal? time, double width, IReadOnlyList<(int Table, int First, int Bins)> stretches)
    {
        if (signal.Tables.Select((table, k) => signal.UnitsFirst is { } known ? table.Bins(known) == bins[k] : table.Rows == bins[k] || table.Columns == bins[k]).All(fits => fits)
            || new SeriesTimes(file, options, remarks) is var finder && finder.Find(signal) is not { } times)
        {
            return null;
        }

        var pieces = finder.Pieces(signal, times, $"--map {group}={signal.Name}:bin,channel");
        var channels = pieces[0].Values.Shape[1];
        if (pieces.Exists(piece => piece.Values.Shape[1] != channels))
        {
            throw new InputException($"{file.Path}: '{signal.Name}' has not as many channels in every trial; give every trial the same.");
        }

        if (pieces.Find(piece => piece.Times.Zip(piece.Times.Skip(1), (one, next) => next - one).Any(step => step < 0)).Times is not null)
        {
            throw new InputException($"{file.Path}: the times of '{signal.Name}', '{times.Name}', go back; sort the samples by time.");
        }

        // Whether times are of the starts of bins or of their middles, only a name can say.
        var areMiddles = time is not null && time.Name.Contains("cent", StringComparison.OrdinalIgnoreCase);
        var resampled = bins.Select(length => new double[(long)length * channels]).ToArray();
        Array.ForEach(resampled, values => Array.Fill(values, double.NaN));
        var known = 0L;
        foreach (var table in stretches.GroupBy(one => one.Table))
        {
            var own = table.ToList();
            TimeGrid[] grids = [.. own.Select(one => new TimeGrid(Nanoseconds.Of((time?.Of(one.Table)[one.First] ?? one.First * width) - (areMiddles ? width / 2 : 0)), one.Bins, width))];
            var values = Resampling.ToBins(file.Path, new ArraySeries(signal.Name, "", [(pieces[table.Key].Times, pieces[table.Key].Values)]), grids, options.LagSeconds ?? 0, remarks);
            for (var i = 0; i < own.Count; i++)
            {
                values[i].CopyTo(resampled[table.Key].AsSpan(own[i].First * channels));
                known += values[i].Count(value => !double.IsNaN(value));
            }
        }

        var all = stretches.Sum(one => (double)one.Bins) * channels;
        if (known == 0)
        {
            throw new InputException(FormattableString.Invariant(
                $"{file.Path}: no bin lies within the times of '{signal.Name}', '{times.Name}', which last from {pieces[0].Times[0]:G8} s to {pieces[0].Times[^1]:G8} s; bins {(time is null ? "start at 0 s, as nothing tells their times" : $"have the times of '{time.Name}'")}. Are both on one clock, and in seconds?"));
        }

        remarks.Add($"{file.Path}: '{signal.Name}' has samples of its own and is brought to the bins, which {(time is null ? "are taken to start at 0 s" : $"{(areMiddles ? "have their middles" : "start")} at '{time.Name}'")}.");
        if (known < all)
        {
            remarks.Add(string.Create(CultureInfo.InvariantCulture, $"{file.Path}: {100 * (all - known) / all:0.##} % of '{group}' is missing in '{signal.Name}', or lies beyond its samples."));
        }

        return new BinnedSignal
        {
            Name = signal.Name,
            Tables = [.. resampled.Select((values, k) => new BinnedTable(signal.Tables[k].Name, ArrayView.Of(signal.Name, values, bins[k], channels), signal.Tables[k].Row))],
            AreTrials = signal.AreTrials,
            UnitsFirst = false,
            Trials = signal.Trials,
            Repeats = signal.Repeats,
        };
    }
}
