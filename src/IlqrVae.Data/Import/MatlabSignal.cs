using System.Text.RegularExpressions;

namespace IlqrVae.Data.Import;

/// <summary>One table of bins by channels, or the other way round, in column-major order.</summary>
/// <param name="Name">The variable it is, or is of.</param>
/// <param name="Rows">Length of the first axis.</param>
/// <param name="Columns">Length of the second axis.</param>
/// <param name="Values">The entries.</param>
internal sealed record MatlabTable(string Name, int Rows, int Columns, double[] Values)
{
    /// <summary>Length of the axis of bins.</summary>
    public int Bins(bool unitsFirst) => unitsFirst ? Columns : Rows;

    /// <summary>Length of the axis of units.</summary>
    public int Units(bool unitsFirst) => unitsFirst ? Rows : Columns;

    public double At(bool unitsFirst, int unit, int bin) => unitsFirst ? Values[unit + (bin * Rows)] : Values[bin + (unit * Rows)];
}

/// <summary>
/// What a name stands for: one variable, or every element of an array of structures or cells ("trial.spikes" for trial(1).spikes, trial(2).spikes and so on), or
/// the slices of an array of three axes, of which the first is that of trials.
/// </summary>
internal sealed partial class MatlabSignal
{
    private MatlabSignal(string name, IReadOnlyList<MatlabTable> tables, bool areTrials, bool isPadded)
    {
        Name = name;
        Tables = tables;
        AreTrials = areTrials;
        IsPadded = isPadded;
    }

    /// <summary>The name, fit for a message.</summary>
    public string Name { get; }

    /// <summary>One of a session, or one a trial.</summary>
    public IReadOnlyList<MatlabTable> Tables { get; }

    /// <summary>Whether every table is a trial.</summary>
    public bool AreTrials { get; }

    /// <summary>Whether trials were made equally long, and NaN at their ends may stand for nothing.</summary>
    public bool IsPadded { get; }

    /// <summary>The same with other entries.</summary>
    public MatlabSignal Convert(Converter<double, double> convert) =>
        new(Name, [.. Tables.Select(table => table with { Values = Array.ConvertAll(table.Values, convert) })], AreTrials, IsPadded);

    /// <summary>Names without the places of elements, each once: what a user may ask for.</summary>
    public static IReadOnlyList<string> Names(IEnumerable<MatVariable> variables) =>
        [.. variables.Select(variable => PlacePattern().Replace(variable.Name, "")).Distinct(StringComparer.Ordinal)];

    /// <summary>The first name, or else field of a structure, that is one of a list, those first that can be read.</summary>
    public static string? Guess(IReadOnlyList<MatVariable> variables, string[] wanted) =>
        Guess(Names(variables.Where(variable => variable.IsReadable)), wanted) ?? Guess(Names(variables), wanted);

    /// <summary>Finds what a name stands for.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="variables">Its variables.</param>
    /// <param name="name">The name.</param>
    /// <exception cref="InputException">There is nothing of this name, or it cannot be read.</exception>
    public static MatlabSignal Find(string path, IReadOnlyList<MatVariable> variables, string name)
    {
        var found = Matches(variables, name);
        if (found.Count == 0)
        {
            throw new InputException($"{path}: there is no variable '{Messages.OneLine(name)}'; the file has: {Messages.Names(Names(variables))}.");
        }

        var what = $"{path}: variable '{Messages.OneLine(name)}'";
        if (found.Count > 1 && found.Select(variable => PlacePattern().Count(variable.Name)).Max() - PlacePattern().Count(name) > 1)
        {
            throw new InputException($"{what} is spread over arrays within arrays; name one of the inner ones, such as '{Messages.OneLine(found[0].Name)}'.");
        }

        if (found is [{ Shape.Count: 3 } cube])
        {
            return OfCube(what, name, cube);
        }

        // Elements without an entry are trials that were not recorded.
        List<MatVariable> kept = found.Count == 1 ? [.. found] : [.. found.Where(variable => !variable.IsReadable || variable.Values.Length > 0)];
        if (kept.Find(variable => variable.Shape.Count != 2 || variable.Values.Length == 0) is { } odd)
        {
            throw new InputException($"{path}: variable '{Messages.OneLine(odd.Name)}' has shape {Messages.Shape(odd.Shape)}; units x bins, or trials x bins x units, are needed.");
        }

        return kept.Count > 0
            ? new MatlabSignal(Messages.OneLine(name), [.. kept.Select(variable => new MatlabTable(Messages.OneLine(variable.Name), variable.Shape[0], variable.Shape[1], variable.Values))], found.Count > 1, isPadded: false)
            : throw new InputException($"{what} has {found.Count} elements, all of them empty.");
    }

    private static MatlabSignal OfCube(string what, string name, MatVariable cube)
    {
        var (trials, rows, columns) = (cube.Shape[0], cube.Shape[1], cube.Shape[2]);
        if (cube.Values.Length == 0)
        {
            throw new InputException($"{what} has shape {Messages.Shape(cube.Shape)} and is empty.");
        }

        var tables = new List<MatlabTable>();
        for (var trial = 0; trial < trials; trial++)
        {
            var slice = new double[rows * columns];
            for (var i = 0; i < slice.Length; i++)
            {
                slice[i] = cube.Values[trial + (trials * i)];
            }

            tables.Add(new MatlabTable($"{Messages.OneLine(name)}({trial + 1},:,:)", rows, columns, slice));
        }

        return new MatlabSignal(Messages.OneLine(name), tables, areTrials: true, isPadded: true);
    }

    private static string? Guess(IReadOnlyList<string> names, string[] wanted) =>
        wanted.Select(one => names.FirstOrDefault(name => string.Equals(name, one, StringComparison.OrdinalIgnoreCase)))
            .Concat(wanted.Select(one => names.FirstOrDefault(name => name.EndsWith('.' + one, StringComparison.OrdinalIgnoreCase))))
            .FirstOrDefault(name => name is not null);

    private static List<MatVariable> Matches(IReadOnlyList<MatVariable> variables, string name)
    {
        var exact = variables.Where(variable => string.Equals(variable.Name, name, StringComparison.Ordinal) || string.Equals(variable.Subscripted, name, StringComparison.Ordinal)).ToList();
        if (exact.Count > 0)
        {
            return exact[..1];
        }

        // A place left out stands for every place.
        var segments = name.Split('.').Select(segment => Regex.Escape(segment) + (PlacePattern().IsMatch(segment) ? "" : Place + "*"));
        var pattern = new Regex($"^{string.Join("\\.", segments)}$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, TimeSpan.FromSeconds(10));
        return [.. variables.Where(variable => pattern.IsMatch(variable.Name) || pattern.IsMatch(variable.Subscripted))];
    }

    private const string Place = @"(?:\(\d+\)|\{\d+\}|\(\d+(,\d+)+\)|\{\d+(,\d+)+\})";

    [GeneratedRegex(Place, RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 10_000)]
    private static partial Regex PlacePattern();
}
