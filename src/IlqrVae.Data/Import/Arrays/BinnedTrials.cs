using System.Globalization;
using IlqrVae.Data.Import.Timed;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Import.Arrays;

/// <summary>What is known of the trials of binned arrays, and which of their bins are taken.</summary>
internal sealed class BinnedTrials(ArrayFile file, ImportOptions options, List<string> remarks)
{
    private const string Condition = "condition";
    private const string Repeat = "repeat";

    private readonly string _path = file.Path;

    /// <summary>What is known of trials: the single fields of their records, a table that was named, or lists of as many entries as there are trials.</summary>
    public ColumnTable? TableOf(BinnedSignal reference)
    {
        if (!reference.AreTrials)
        {
            return TimedImport.IsByTrials(options) ? throw new InputException($"{_path}: '{reference.Name}' is one session in bins and has no trials; leave out the options that need them, or cut it with --chunk SECONDS.") : null;
        }

        if ((options.Maps.FirstOrDefault(map => map.Name == "trials")?.Path ?? options.Trials) is { } named)
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

        if (reference.Repeats > 0)
        {
            return OfConditions(reference);
        }

        // A list that is as long as other axes too must say by its name what it is of.
        var isClear = !reference.Tables.Any(table => table.Rows == reference.Trials || table.Columns == reference.Trials);
        var columns = ArrayTables.Lists(file.Root, reference.Trials).Where(one => isClear || ArrayRoles.IsOfTrials(one.Name)).ToList();
        return columns.Count > 0 ? ArrayTables.OfLists("the lists with an entry a trial", reference.Trials, columns) : TimedImport.IsByTrials(options)
            ? throw new InputException($"{_path}: nothing has an entry a trial of '{reference.Name}', of which there are {reference.Trials}; leave out the options that need a table of trials, or name one with --trials.")
            : null;
    }

    /// <summary>Trials of an axis of conditions and one of repeats: the numbers of both, and lists with an entry a condition.</summary>
    private ColumnTable OfConditions(BinnedSignal reference)
    {
        var (rows, conditions) = (reference.Trials, reference.Trials / reference.Repeats);
        double[] Numbers(Func<int, int> of) => [.. Enumerable.Range(0, rows).Select(row => (double)of(row) + file.FirstIndex)];
        var lists = ArrayTables.OfLists("", conditions, ArrayTables.Lists(file.Root, conditions).Where(one => conditions > 1 && ArrayRoles.IsOfTrials(one.Name) && one.Name is not (Condition or Repeat)));
        return new ColumnTable($"the trials of '{reference.Name}'", rows,
        [
            TableColumn.OfNumbers(Condition, "place", Numbers(row => row / reference.Repeats)), TableColumn.OfNumbers(Repeat, "place", Numbers(row => row % reference.Repeats)),
            .. lists.Columns.Select(column => column.At(column.Name, [.. Enumerable.Range(0, rows).Select(row => row / reference.Repeats)])),
        ]);
    }

    /// <summary>What is to be shared out: stretches, or of trials that are chosen the windows that are asked for.</summary>
    public List<(TrialPiece Piece, int Table, int First, int Row)> Pieces(BinTimeSignal? time, ColumnTable? trials, BinnedSignal reference, double binWidth, List<(int Table, int First, int Bins)> stretches)
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
        var names = isCutUp ? [] : BinnedChannels.Names("trial", [.. chosen.Select(one => reference.Tables[one.Table].Row)], Math.Max(1000, reference.Trials));
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
