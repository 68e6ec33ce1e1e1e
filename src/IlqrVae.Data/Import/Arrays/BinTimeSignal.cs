namespace IlqrVae.Data.Import.Arrays;

/// <summary>Times of bins in seconds, of all trials or of each.</summary>
internal sealed class BinTimeSignal
{
    private BinTimeSignal(string name, IReadOnlyList<string> names, IReadOnlyList<double[]> vectors, bool isNamed, bool isDoubtful)
    {
        (Name, Names, Vectors, IsNamed, IsDoubtful) = (name, names, vectors, isNamed, isDoubtful);
    }

    public string Name { get; }

    /// <summary>One for all, or one a trial.</summary>
    public IReadOnlyList<double[]> Vectors { get; }

    /// <summary>Whether the user named it.</summary>
    public bool IsNamed { get; }

    /// <summary>Whether it may be something else that merely has such a name: the bin width is known.</summary>
    public bool IsDoubtful { get; }

    private IReadOnlyList<string> Names { get; }

    /// <summary>Takes what was found for times.</summary>
    /// <exception cref="InputException">It is no list of numbers, or several.</exception>
    public static BinTimeSignal Of(ArrayFile file, Found found, ImportOptions options, List<string> remarks, bool isNamed)
    {
        var scale = ArrayTimes.Scale(file, found.Name, options, remarks);
        if (found.Depth > 1)
        {
            throw new InputException($"{file.Path}: {file.Noun} '{found.Name}' is a list of lists, where a time a bin is needed; name another {file.Noun}.");
        }

        var items = (found.IsList ? found.Items : [found]).Where(item => item.Node is not NumberNode { Count: 0, Fault: null }).ToList();
        var vectors = items.ConvertAll(item =>
        {
            var numbers = item.Node as NumberNode ?? throw new InputException($"{file.Path}: {file.Noun} '{item.Name}' holds {item.Node?.Type ?? "a list"}, no times; name another {file.Noun}.");
            var view = BinnedSignal.View(file, numbers);
            return scale == 1 ? view.ToArray() : Array.ConvertAll(view.ToArray(), time => time * scale);
        });
        return vectors.Count > 0
            ? new BinTimeSignal(found.Name, [.. items.Select(item => item.Name)], vectors, isNamed, options.BinWidth is not null)
            : throw new InputException($"{file.Path}: {file.Noun} '{found.Name}' is empty, where a time a bin is needed; name another {file.Noun}.");
    }

    /// <summary>Times that follow from something else, one list a trial.</summary>
    /// <param name="name">What they follow from.</param>
    /// <param name="vectors">The times.</param>
    public static BinTimeSignal Of(string name, IReadOnlyList<double[]> vectors) => new(name, [.. vectors.Select(_ => name)], vectors, isNamed: false, isDoubtful: false);

    public double[] Of(int table) => Vectors[Vectors.Count == 1 ? 0 : table];

    public string NameOf(int table) => Names[Names.Count == 1 ? 0 : table];

    /// <summary>Times of a session cut into trials.</summary>
    public BinTimeSignal Cut(IReadOnlyList<int> starts, IReadOnlyList<int> lengths) =>
        new(Name, [Names[0]], [.. starts.Zip(lengths, (start, length) => Vectors[0].AsSpan(start, Math.Max(0, Math.Min(length, Vectors[0].Length - start))).ToArray())], IsNamed, IsDoubtful);

    /// <summary>Whether there are as many times as bins.</summary>
    public bool Fits(BinnedSignal signal, bool unitsFirst) =>
        (Vectors.Count == 1 || Vectors.Count == signal.Tables.Count)
        && signal.Tables.Select((table, k) => Of(k).Length == table.Bins(unitsFirst)).All(one => one);
}
