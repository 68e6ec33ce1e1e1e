using IlqrVae.Data.Import.Timed;

namespace IlqrVae.Data.Import.Arrays;

/// <summary>
/// What stretches of a session are for, as brainsets says it: groups train_domain, valid_domain and test_domain of starts and ends. Trials that lie in one wholly are for it; where there are
/// no trials, each stretch is one.
/// </summary>
internal static class SplitDomains
{
    /// <summary>The column of trials that says it.</summary>
    public const string Column = "domain";

    private static readonly (string Name, string Word)[] Names = [("train_domain", "train"), ("valid_domain", "validation"), ("val_domain", "validation"), ("validation_domain", "validation"), ("test_domain", "test")];

    /// <summary>The table of trials with what each is for; what was given where the file says nothing.</summary>
    /// <param name="file">The file.</param>
    /// <param name="trials">The trials; null where there are none.</param>
    /// <param name="scale">Seconds a tick of the file's times.</param>
    /// <param name="remarks">Told what was found.</param>
    public static ColumnTable? Add(ArrayFile file, ColumnTable? trials, double scale, List<string> remarks)
    {
        var stretches = Names.SelectMany(one => Read(file, one.Name, scale).Select(span => (span.Start, span.End, one.Word))).OrderBy(one => one.Start).ToList();
        if (stretches.Count == 0 || trials?.Find(Column) is not null)
        {
            return trials;
        }

        if (trials is null)
        {
            remarks.Add($"{file.Path}: {stretches.Count} stretches of its domains for training, validation and testing are taken for a trial each; cut them with --chunk.");
            return new ColumnTable("the stretches of its domains", stretches.Count,
            [
                TableColumn.OfNumbers(TimedSession.StartColumn, "seconds", [.. stretches.Select(one => one.Start)]), TableColumn.OfNumbers(TimedSession.StopColumn, "seconds", [.. stretches.Select(one => one.End)]),
                TableColumn.OfTexts(Column, "text", [.. stretches.Select(one => one.Word)]),
            ]);
        }

        var (starts, stops) = (trials.Find(TimedSession.StartColumn)!.Numbers, trials.Find(TimedSession.StopColumn)!.Numbers);
        string[] words = [.. Enumerable.Range(0, trials.Rows).Select(row => stretches.Find(one => Nanoseconds.CanHold(starts[row]) && Nanoseconds.CanHold(stops[row])
            && Nanoseconds.Of(one.Start) <= Nanoseconds.Of(starts[row]) && Nanoseconds.Of(stops[row]) <= Nanoseconds.Of(one.End)).Word ?? "")];
        remarks.Add($"{file.Path}: its domains say what trials are for: {words.Count(word => word == "train")} for training, {words.Count(word => word == "validation")} for validation, {words.Count(word => word == "test")} for testing, {words.Count(word => word.Length == 0)} in none.");
        return trials with { Columns = [.. trials.Columns, TableColumn.OfTexts(Column, "text", words)] };
    }

    /// <summary>Whether the options leave it to the file what trials are for.</summary>
    public static bool AreWanted(ImportOptions options) => options is
    {
        SplitColumn: null, SplitSeed: null, SplitBlockSeconds: null, TrainFraction: null, ValidationFraction: null, ValidationEvery: null,
    };

    private static IEnumerable<(double Start, double End)> Read(ArrayFile file, string name, double scale)
    {
        if (file.Root.Fields.ToList().IndexOf(name) is not (>= 0 and var field) || file.Root.Records[0][field] is not RecordNode { Records.Count: 1 } group
            || Numbers(group, ArrayRoles.Start(group.Fields)) is not { } starts || Numbers(group, ArrayRoles.Stop(group.Fields)) is not { } ends)
        {
            return [];
        }

        return starts.Length == ends.Length ? starts.Zip(ends, (start, end) => (start * scale, end * scale)).Where(one => one.Item2 > one.Item1)
            : throw new InputException($"{file.Path}: '{name}' has {starts.Length} starts and {ends.Length} ends; make the file again.");
    }

    private static double[]? Numbers(RecordNode group, string? name) => name is not null && group.Records[0][group.Fields.ToList().IndexOf(name)] is NumberNode { Fault: null, IsVector: true } numbers ? numbers.ToDoubles() : null;
}
