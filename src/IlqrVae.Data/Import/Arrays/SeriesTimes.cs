namespace IlqrVae.Data.Import.Arrays;

/// <summary>Finds the times of a signal that has a clock of its own, among lists of times by their lengths and names, or by a number of samples a second.</summary>
internal sealed class SeriesTimes(ArrayFile file, ImportOptions options, List<string> remarks)
{
    private static readonly string[] RateNames = ["rate", "fs", "hz", "samplingrate", "samplerate", "samplingfrequency", "srate", "freq", "framerate"];

    private readonly List<string> _candidates = [.. ArrayPaths.All(file).Where(one => (ArrayRoles.IsTime(one.Name) || one.Name.EndsWith("_t", StringComparison.OrdinalIgnoreCase)) && one.Example is NumberNode { Fault: null, IsVector: true, Count: > 1 } && ArrayPaths.Find(file, one.Name).Depth <= 1).Select(one => one.Name)];

    /// <summary>Lists that could be times.</summary>
    public IReadOnlyList<string> Candidates => _candidates;

    /// <summary>The times of a signal: those called like it, those of the same object, or the only ones that are as long; null where nothing tells them.</summary>
    /// <param name="signal">The signal.</param>
    /// <exception cref="InputException">Several could be its times.</exception>
    public BinTimeSignal? Find(BinnedSignal signal)
    {
        var stem = ArrayRoles.Last(signal.Name).TrimEnd('s');
        var fitting = _candidates.FindAll(name => BinTimeSignal.Of(file, ArrayPaths.Find(file, name), options, [], isNamed: false) is var times
            && (times.Vectors.Count == 1 || times.Vectors.Count == signal.Tables.Count) && signal.Tables.Select((table, k) => times.Of(k).Length is var length && (length == table.Rows || length == table.Columns)).All(fits => fits));
        var called = fitting.FindAll(name => ArrayRoles.Last(name).StartsWith(stem, StringComparison.OrdinalIgnoreCase));
        var ofObject = fitting.FindAll(name => ArrayRoles.ObjectOf(name) is { Length: > 0 } owner && owner == ArrayRoles.ObjectOf(signal.Name));
        var chosen = called.Count == 1 ? called : ofObject.Count == 1 ? ofObject : fitting;
        if (chosen.Count > 1)
        {
            throw new InputException($"--behaviour: {file.Path}: the times of '{signal.Name}' could be {Messages.Names(chosen)}; say which with --time, or keep one of them in the file.");
        }

        if (chosen.Count == 0)
        {
            return Rate(signal, stem);
        }

        var found = BinTimeSignal.Of(file, ArrayPaths.Find(file, chosen[0]), options, remarks, isNamed: false);
        remarks.Add($"{file.Path}: '{chosen[0]}' is taken for the times of '{signal.Name}', as it has {found.Vectors[0].Length} entries.");
        return found;
    }

    /// <summary>Each table of a signal with its times, samples x channels.</summary>
    /// <param name="signal">The signal.</param>
    /// <param name="times">Its times.</param>
    /// <param name="map">What to write where the axes are not clear.</param>
    public List<(double[] Times, ArrayView Values, int Row)> Pieces(BinnedSignal signal, BinTimeSignal times, string map) => [.. signal.Tables.Select((table, k) =>
    {
        var own = times.Of(k);
        var isFirst = signal.UnitsFirst ?? (table.Columns == own.Length && table.Rows == own.Length
            ? throw new InputException($"--behaviour: {file.Path}: both axes of '{table.Name}' are as long as '{times.Name}'; say which is which, as in {map}.")
            : table.Columns == own.Length);
        return table.Bins(isFirst) == own.Length
            ? (own, isFirst ? table.View.Permute(1, 0) : table.View, table.Row)
            : throw new InputException($"--behaviour: {file.Path}: '{table.Name}' is {table.Rows} x {table.Columns}, where '{times.Name}' has {own.Length} times; name its times with --time.");
    })];

    /// <summary>Times by a number of samples a second that is called like the signal: vel_rate, or rate beside vel.</summary>
    private BinTimeSignal? Rate(BinnedSignal signal, string stem)
    {
        var names = ArrayPaths.All(file).Where(one => one.Example is NumberNode { Count: 1, Fault: null, IsText: false } && IsRate(one.Name)).Select(one => one.Name).ToList();
        if (names.Count != 1 || ArrayPaths.Find(file, names[0]).Arrays.Select(array => array.ToDoubles()[0]).Distinct().ToList() is not [> 0 and var rate] || !double.IsFinite(rate))
        {
            return null;
        }

        remarks.Add(FormattableString.Invariant($"{file.Path}: '{signal.Name}' has {rate:G6} samples a second from the start of {(signal.AreTrials ? "each trial" : "the session")} on, as '{names[0]}' says."));

        // Time is the longer axis where nothing is said.
        return BinTimeSignal.Of(names[0], [.. signal.Tables.Select(table => Enumerable.Range(0, signal.UnitsFirst is { } known ? table.Bins(known) : Math.Max(table.Rows, table.Columns)).Select(sample => sample / rate).ToArray())]);

        bool IsRate(string name)
        {
            var last = ArrayRoles.Last(name).Replace("_", "", StringComparison.Ordinal);
            var plain = stem.Replace("_", "", StringComparison.Ordinal);
            return RateNames.Contains(last, StringComparer.OrdinalIgnoreCase) && ArrayRoles.ObjectOf(name) is { Length: > 0 } owner && owner == ArrayRoles.ObjectOf(signal.Name)
                || (last.StartsWith(plain, StringComparison.OrdinalIgnoreCase) && RateNames.Contains(last[plain.Length..].TrimStart('s'), StringComparer.OrdinalIgnoreCase));
        }
    }
}
