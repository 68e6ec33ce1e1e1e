using System.Globalization;
using IlqrVae.Data.Import.Timed;

namespace IlqrVae.Data.Import.Arrays;

/// <summary>Says what arrays are in a file, which axis of the spikes is which and why, and how to import it.</summary>
internal static class ArrayInspection
{
    private const int Examples = 3;
    private const int MostArrays = 200;
    private const int ChunkedSeconds = 20;
    private const int MostTried = 4;

    // More spikes in a bin are hardly spikes of one unit.
    private const int MostCounts = 256;

    // Entries of an array that is looked through.
    private const long MostEntries = 1 << 23;

    // What sorters and those who curate say of a unit, and which word says that it is well isolated.
    private static readonly string[] s_qualities = ["group", "quality", "KSLabel"];
    private const string Good = "good";

    private static readonly string[] BehaviourWords = ["vel", "cursor", "hand", "pos", "kin", "behav", "finger"];

    /// <summary>Says what is in a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="isTold">Whether to look for spikes and how to import them; else only what there is.</param>
    public static FileContents Of(ArrayFile file, bool isTold = true)
    {
        var remarks = new List<string>(file.Remarks);
        var options = new ImportOptions();
        if (isTold && ArrayRoles.Areas(file) is { Count: > 1 } areas && SpikeAreas.Pattern(areas) is { } pattern)
        {
            remarks.Add($"{file.Path}: spikes are in {Messages.Names(areas)}, and are taken side by side; --spikes names one alone.");
            options = options with { Spikes = pattern };
        }

        var (spikes, what, units) = ((Found?)null, "", (UnitContents?)null);
        List<string> proposal = [];
        try
        {
            spikes = isTold ? ArrayImport.FindSpikes(file, options, remarks) ?? OnlyCounts(file, remarks) : null;
            if (!isTold)
            {
                what = "";
            }
            else if (spikes is not null && SpikeLayout.AreTimes(file, spikes, []))
            {
                (what, units, proposal) = OfTimes(file, spikes, remarks);
            }
            else
            {
                (what, proposal) = OfBins(file, spikes, remarks);
            }
        }
        catch (InputException exception)
        {
            remarks.Add(exception.Message);
        }

        var all = ArrayPaths.All(file);
        if (all.Count > MostArrays)
        {
            remarks.Add($"{file.Path}: {all.Count - MostArrays} of {all.Count} arrays are not shown.");
        }

        return new FileContents
        {
            Format = file.Format,
            Units = units,
            Tables = [.. Records(file).Select(records => Try(() => TableOf(file, records))).OfType<TableContents>()],
            Series = [.. all.Take(MostArrays).Select(one => SeriesOf(file, one.Name, one.Example, one.Name == spikes?.Name ? what : ""))],
            Proposal = proposal,
            Remarks = [.. remarks.Distinct(StringComparer.Ordinal)],
        };

        T? Try<T>(Func<T> read)
            where T : class
        {
            try
            {
                return read();
            }
            catch (InputException exception)
            {
                remarks.Add(exception.Message);
                return null;
            }
        }
    }

    private static (string What, UnitContents Units, List<string> Proposal) OfTimes(ArrayFile file, Found spikes, List<string> remarks)
    {
        var options = new ImportOptions();
        SpikeTimesImport.Plan plan;
        try
        {
            plan = new SpikeTimesImport(file, options, remarks).Look(spikes);
        }
        catch (InputException exception) when (exception.Message.Contains("--time-unit ms", StringComparison.Ordinal))
        {
            remarks.Add(exception.Message);
            options = options with { TimeUnit = exception.Message.Contains($"Then give --time-unit {SpikeLayout.TickUnit}", StringComparison.Ordinal) ? SpikeLayout.TickUnit : "ms" };
            plan = new SpikeTimesImport(file, options, []).Look(spikes);
        }

        var reading = new SpikeTimesImport(file, options, remarks);
        var clock = reading.Clock(plan);
        var (first, last, counts) = (double.PositiveInfinity, double.NegativeInfinity, new long[plan.Units.Count]);
        for (var unit = 0; unit < counts.Length; unit++)
        {
            foreach (var times in plan.Units[unit].Spikes.Values.Select(read => read()))
            {
                counts[unit] += times.Length;
                foreach (var time in times.Where(double.IsFinite))
                {
                    (first, last) = (Math.Min(first, time), Math.Max(last, time));
                }
            }
        }

        var seconds = clock.Observed is { } observed ? observed.Sum(one => one.End - one.Start) : last - first;
        var words = plan.Axes.Count == 1 || plan.Axes.SequenceEqual([ArrayAxis.Trial, ArrayAxis.Spike]) && !spikes.IsList ? "" : ":" + ArrayMapping.Write(plan.Axes);
        List<string> proposal = ["import", file.Path, "-o", "data.h5", "--map", $"spikes={spikes.Name}{words}", "--bin-width", "0.02"];
        proposal.AddRange(options.TimeUnit is { } unitOfTime ? ["--time-unit", unitOfTime] : []);
        if (reading.UnitsOf(plan) is var table && s_qualities.Select(table.Find).FirstOrDefault(column => column is { Kind: ColumnKind.Text } && column.Texts.Contains(Good, StringComparer.Ordinal)) is { } quality)
        {
            proposal.AddRange(["--units", $"{quality.Name} == '{Good}'"]);
        }

        if (clock.Table is null && seconds > ChunkedSeconds)
        {
            proposal.AddRange(["--chunk", "4"]);
        }

        if (plan.Trials == 0 && Behaviour(file, name => Fits(() => new SpikeTimesImport(file, options with { Behaviour = [new ImportedValues("x", name)] }, []).Series(plan, clock))) is { } behaviour)
        {
            proposal.AddRange(["--behaviour", behaviour]);
        }

        return ($"times of spikes, {ArrayMapping.Write(plan.Axes)}", new UnitContents(spikes.Name, counts.Length, counts.Sum(), first, last, [.. counts.Select(count => count / seconds)], seconds, []), proposal);
    }

    private static (string What, List<string> Proposal) OfBins(ArrayFile file, Found? spikes, List<string> remarks)
    {
        var options = new ImportOptions();
        if (spikes is not { } found)
        {
            remarks.Add($"{file.Path}: nothing is called spikes; say what is, as in --map spikes=NAME or --map spikes=NAME:bin,channel.");
            return ("", OfValues(file, remarks));
        }

        var plan = new BinnedImport(file, options, remarks).Look(found);
        var axes = Axes(plan.Spikes!, found, plan.UnitsFirst);
        List<string> proposal = ["import", file.Path, "-o", "data.h5", "--map", file.RowsAreBins && found.IsList ? $"spikes={found.Name}" : $"spikes={found.Name}:{ArrayMapping.Write(axes)}"];
        var width = 0.01;
        if (plan.Time is null && new BinnedStretches(file, options, remarks).Width() is null)
        {
            remarks.Add($"{file.Path}: nothing tells the width of bins; {width.ToString(CultureInfo.InvariantCulture)} s in the command stands for it.");
            proposal.AddRange(["--bin-width", width.ToString(CultureInfo.InvariantCulture)]);
            options = options with { BinWidth = width };
        }
        else if (Fault(() => new BinnedStretches(file, options, remarks).Of(plan.Time, plan.Lengths)) is { } fault)
        {
            // Times that seem to be in milliseconds.
            remarks.Add(fault);
            proposal.AddRange(["--time-unit", "ms"]);
            options = options with { TimeUnit = "ms" };
        }

        if (!plan.Reference.AreTrials && plan.Reference.Tables[0].Bins(plan.UnitsFirst) > 2000)
        {
            proposal.AddRange(["--chunk", "4"]);
        }

        if (Behaviour(file, name => name != found.Name && Fits(() => new BinnedImport(file, options with { Values = [new ImportedValues("x", name)] }, []).Import(found))) is { } behaviour)
        {
            proposal.AddRange(["--values", $"{ArrayRoles.Last(behaviour).TrimEnd('*', '_')}={behaviour}"]);
        }

        return ($"counts, {ArrayMapping.Write(axes)}", proposal);
    }

    /// <summary>The only array of the file that holds counts, or rates of counts; null where there are none or several.</summary>
    private static Found? OnlyCounts(ArrayFile file, List<string> remarks)
    {
        var names = ArrayPaths.All(file).Where(one => one.Example is NumberNode { Fault: null, IsText: false, IsVector: false, Count: <= MostEntries } array && AreCounts(array)).Select(one => one.Name).ToList();
        if (names.Count != 1)
        {
            return null;
        }

        remarks.Add($"{file.Path}: nothing is called spikes; '{Messages.OneLine(names[0])}' is the only array of counts.");
        return ArrayPaths.Find(file, names[0]);

        static bool AreCounts(NumberNode array)
        {
            // Rates are counts times the number of bins a second.
            var values = Array.FindAll(array.ToDoubles(), value => !double.IsNaN(value));
            var least = values.Where(value => value > 0).DefaultIfEmpty(0).Min();
            return least > 0 && Array.TrueForAll(values, value => value >= 0 && value / least < MostCounts && Math.Abs((value / least) - Math.Round(value / least)) < 1e-6);
        }
    }

    /// <summary>A command that imports the first array that makes a recording of values; empty where none does.</summary>
    private static List<string> OfValues(ArrayFile file, List<string> remarks)
    {
        var names = ArrayPaths.All(file).Where(one => one.Example is NumberNode { Fault: null, IsText: false, IsVector: false }).Select(one => one.Name).Take(MostTried).ToList();
        ImportOptions Options(string name) => new() { Values = [new ImportedValues("x", name)] };
        if (names.Find(name => Fits(() => new BinnedImport(file, Options(name), []).Import(null))) is not { } found)
        {
            return [];
        }

        new BinnedImport(file, Options(found), remarks).Look(null);
        return ["import", file.Path, "-o", "data.h5", "--values", $"{ArrayRoles.Last(found)}={found}"];
    }

    /// <summary>What the axes of a binned signal are, those of lists first.</summary>
    private static List<ArrayAxis> Axes(BinnedSignal signal, Found found, bool unitsFirst)
    {
        List<ArrayAxis> table = unitsFirst ? [ArrayAxis.Channel, ArrayAxis.Bin] : [ArrayAxis.Bin, ArrayAxis.Channel];
        if (signal.TrialAxis >= 0)
        {
            table.Insert(signal.TrialAxis, ArrayAxis.Trial);
            return table;
        }

        if (!found.IsList)
        {
            return found.Node!.Shape.Count == 1 ? [ArrayAxis.Bin] : table;
        }

        return found.Kind == ListKind.Channels && found.Depth == 1 && !signal.AreTrials ? [ArrayAxis.Channel, ArrayAxis.Bin]
            : found.Depth == 2 ? [ArrayAxis.Trial, ArrayAxis.Channel, ArrayAxis.Bin] : [ArrayAxis.Trial, .. table];
    }

    /// <summary>The array that most seems to be behaviour and can be imported with the spikes.</summary>
    private static string? Behaviour(ArrayFile file, Predicate<string> fits)
    {
        var names = ArrayPaths.All(file).Where(one => one.Example is NumberNode { Fault: null, IsText: false, Count: > 1 } && !ArrayRoles.IsTime(one.Name)).Select(one => one.Name).ToList();
        if (file.RowsAreBins)
        {
            // Columns of one thing, as vel_x and vel_y, go together.
            var stems = names.Where(name => name.LastIndexOf('_') > 0).GroupBy(name => name[..(name.LastIndexOf('_') + 1)], StringComparer.Ordinal).Where(group => group.Count() > 1).Select(group => $"{group.Key}*");
            names.InsertRange(0, stems);
        }

        return BehaviourWords.SelectMany(word => names.Where(name => ArrayRoles.Last(name).Contains(word, StringComparison.OrdinalIgnoreCase))).Distinct(StringComparer.Ordinal).Take(4).FirstOrDefault(name => fits(name));
    }

    private static bool Fits(Action read) => Fault(read) is null;

    /// <summary>Why something cannot be read; null where it can.</summary>
    private static string? Fault(Action read)
    {
        try
        {
            read();
            return null;
        }
        catch (InputException exception)
        {
            return exception.Message;
        }
    }

    /// <summary>Arrays of structures at the root or one below.</summary>
    private static IEnumerable<RecordNode> Records(ArrayFile file) =>
        file.Root.Records[0].SelectMany(node => node is RecordNode { Records.Count: 1 } group ? group.Records[0] : [node]).OfType<RecordNode>().Where(records => records.Records.Count > 1);

    private static TableContents TableOf(ArrayFile file, RecordNode records)
    {
        var table = ArrayTables.OfRecords(file, records);
        return new TableContents(
            records.Name,
            table.Rows,
            [
                .. table.Columns.Select(column => new ColumnContents(
                    Messages.OneLine(column.Name), column.Type, ColumnSummary.Of(column), column.Kind == ColumnKind.Other ? [] : [.. Enumerable.Range(0, Math.Min(Examples, table.Rows)).Select(row => ColumnSummary.Cut(column.Cell(row)))])),
            ]);
    }

    private static SeriesContents SeriesOf(ArrayFile file, string name, ArrayNode example, string what)
    {
        var found = Fits(() => ArrayPaths.Find(file, name)) ? ArrayPaths.Find(file, name) : null;
        var lists = new List<int>();
        for (var one = found; one is { IsList: true, Items.Count: > 0 }; one = one.Items[0])
        {
            lists.Add(one.Items.Count);
        }

        var (rate, first, last) = (double.NaN, double.NaN, double.NaN);
        if (example is NumberNode { Fault: null, IsText: false, IsVector: true, Count: > 1 and <= MostEntries } times && lists.Count == 0 && ArrayRoles.IsTime(name))
        {
            var scale = ArrayRoles.IsInMilliseconds(name) ? 1e-3 : 1;
            var seconds = Array.ConvertAll(times.ToDoubles(), time => time * scale);
            double[] steps = [.. seconds.Skip(1).Zip(seconds, (next, one) => next - one).Where(step => step > 0).Order()];
            (rate, first, last) = (steps.Length > 0 ? 1 / steps[steps.Length / 2] : double.NaN, seconds[0], seconds[^1]);
        }

        var note = example.Fault is { } fault ? fault.Split([',', ';'], 2)[0]
            : example is NumberNode { Count: 1, IsText: false } number && lists.Count == 0 ? ColumnSummary.Number(number.ToDoubles()[0])
            : example.Count <= 64 && example.Texts is { Count: > 0 } texts ? ColumnSummary.Cut(string.Join(", ", texts.Take(Examples)))
            : lists.Count > 0 ? $"lists of {string.Join(" x ", lists)}, the first as shown" : "";
        return new SeriesContents(Messages.OneLine(name), what, example.Shape, example.Type, "", rate, first, last, note);
    }
}
