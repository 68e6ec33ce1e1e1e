using System.Globalization;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Import.Timed;

/// <summary>What the columns of a table of trials or units are good for: names, splits, conditions, labels.</summary>
internal static class TrialColumns
{
    /// <summary>What each trial is for by the column that says so; null where none is named.</summary>
    public static TrialSplit?[]? Splits(string path, ImportOptions options, ColumnTable trials)
    {
        if (options.SplitColumn is not { } name)
        {
            return null;
        }

        var column = trials.Require(path, "--split-column", name);
        if (column.Kind != ColumnKind.Text)
        {
            throw new InputException($"--split-column: column '{name}' of {path} holds {column.Type}; it must say train, validation (or val) or test.");
        }

        TrialSplit?[] splits = Array.ConvertAll(column.Texts, word => word.Trim().ToUpperInvariant() switch
        {
            "TRAIN" or "TRAINING" => TrialSplit.Train,
            "VAL" or "VALID" or "VALIDATION" => TrialSplit.Validation,
            "TEST" or "TESTING" => TrialSplit.Test,
            _ => (TrialSplit?)null,
        });
        return Array.Exists(splits, split => split is not null)
            ? splits
            : throw new InputException($"--split-column: column '{name}' of {path} says {Messages.Names(column.Texts.Distinct(StringComparer.Ordinal))}; it must say train, validation (or val) or test.");
    }

    /// <summary>Names by the table's ids, or by the rows where an id is there twice or is no whole number.</summary>
    public static string[] Names(string path, string stem, ColumnTable table, int[] rows, List<string> remarks)
    {
        var ids = table.Find(TimedSession.IdColumn) is { Kind: ColumnKind.Number } column && column.Numbers.All(id => id == Math.Floor(id) && Math.Abs(id) < 1e15) ? column.Numbers : null;
        if (ids is not null && ids.Distinct().Count() < ids.Length)
        {
            var remark = $"{path}: ids of {table.Name} are not unique; rows, counted from 0, are taken for names.";
            if (!remarks.Contains(remark, StringComparer.Ordinal))
            {
                remarks.Add(remark);
            }

            ids = null;
        }

        var digits = Math.Max(3, ids is null ? $"{Math.Max(0, table.Rows - 1)}".Length : ids.Length == 0 ? 0 : ids.Max(id => id.ToString("F0", CultureInfo.InvariantCulture).Length));
        return Array.ConvertAll(rows, row => $"{stem}-{(ids is null ? row : ids[row]).ToString("F0", CultureInfo.InvariantCulture).PadLeft(digits, '0')}");
    }

    /// <summary>The number of each row's condition, counted in the order of their words; null where none are asked for.</summary>
    public static double[]? Conditions(string path, ImportOptions options, ColumnTable? trials, IReadOnlyList<int> rows, List<string> remarks) =>
        Conditions(path, options, [.. rows.Select(row => (path, trials, row))], remarks);

    /// <summary>The same of rows of several files, whose conditions are counted together.</summary>
    public static double[]? Conditions(string path, ImportOptions options, IReadOnlyList<(string Path, ColumnTable? Trials, int Row)> rows, List<string> remarks)
    {
        if (options.Conditions.Count == 0)
        {
            return null;
        }

        var tables = rows.Select(one => one.Trials!).Distinct().ToDictionary(trials => trials, trials => Columns(rows.First(one => one.Trials == trials).Path, trials));
        var keys = rows.Select(one => string.Join(", ", tables[one.Trials!].Select(column => column.Cell(one.Row)))).ToList();
        var numbers = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var key in keys.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            numbers[key] = numbers.Count;
        }

        remarks.Add($"{path}: {(numbers.Count == 1 ? "there is one condition" : $"there are {numbers.Count} conditions")}: {Messages.Names(numbers.Keys.Select(key => $"({key})"))}.");
        return [.. keys.Select(key => numbers[key])];

        List<TableColumn> Columns(string file, ColumnTable trials)
        {
            var columns = options.Conditions.Select(name => trials.Require(file, "--condition", name)).ToList();
            return columns.Find(column => column.Kind == ColumnKind.Other) is { } odd
                ? throw new InputException($"--condition: column '{odd.Name}' of {file} holds {odd.Type}; name a column of numbers, texts, or of true and false.")
                : columns;
        }
    }

    /// <summary>A trial's condition, as truth of every bin.</summary>
    public static Dictionary<string, Table> Truth(double? condition, int bins)
    {
        var truth = new Dictionary<string, Table>(StringComparer.Ordinal);
        if (condition is { } number)
        {
            var table = new Table(bins, 1);
            Array.Fill(table.Values, number);
            truth["condition"] = table;
        }

        return truth;
    }

    /// <summary>What the columns say of a row; nothing of a negative one.</summary>
    public static Dictionary<string, TrialLabel> Labels(ColumnTable? trials, int row) => row < 0 ? new(StringComparer.Ordinal) : trials!.Labels(row);
}
