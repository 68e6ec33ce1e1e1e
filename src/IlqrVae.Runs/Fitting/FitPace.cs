namespace IlqrVae.Runs.Fitting;

/// <summary>Seconds that updates of candidates take, as they were measured where several trainings share the machine, and alone.</summary>
/// <param name="assumed">Seconds that any update is taken to cost, however many trainings there are at a time; null to go by what was measured.</param>
/// <param name="workers">Trainings at a time.</param>
internal sealed class FitPace(double? assumed, int workers)
{
    private readonly Dictionary<int, (double Seconds, int Workers)> _beside = [];
    private readonly Dictionary<int, double> _shares = [];

    /// <summary>Trainings at a time, where there are so many.</summary>
    /// <param name="trainings">How many there are.</param>
    public int Workers(int trainings) => Math.Min(workers, trainings);

    /// <summary>Takes note of what a few updates took: beside others, and alone with all threads.</summary>
    public void Measure(int candidate, double seconds, int among, double alone)
    {
        _beside[candidate] = (Math.Max(1e-6, seconds), among);
        _shares[candidate] = Math.Max(1e-6, alone) / Math.Max(1e-6, seconds);
    }

    /// <summary>Takes note of what updates of a round took, validation included.</summary>
    public void Measure(int candidate, double seconds, int among) => _beside[candidate] = (Math.Max(1e-6, seconds), among);

    /// <summary>Seconds an update of a candidate that is trained alone, with all threads.</summary>
    public double Alone(int candidate) => assumed ?? (_beside[candidate].Seconds * (_beside[candidate].Workers > 1 ? _shares[candidate] : 1));

    /// <summary>Seconds an update of a candidate among so many.</summary>
    public double Among(int candidate, int trainings) => assumed ?? (_beside[candidate].Seconds * Math.Max(1, (double)trainings / _beside[candidate].Workers));

    /// <summary>Seconds in which candidates do an update of each of several trainings: a worker that has none takes the next of <see cref="Ordered"/>.</summary>
    /// <param name="candidates">The candidates.</param>
    /// <param name="parts">Trainings of each.</param>
    public double OfAll(IReadOnlyList<int> candidates, int parts)
    {
        if (assumed is { } pace)
        {
            return pace * candidates.Count * parts;
        }

        var at = Workers(candidates.Count * parts);
        var busy = new double[at];
        foreach (var candidate in Ordered(candidates).SelectMany(candidate => Enumerable.Repeat(candidate, parts)))
        {
            busy[Array.IndexOf(busy, busy.Min())] += Among(candidate, at);
        }

        return busy.Max();
    }

    /// <summary>Candidates in the order in which they are trained: where there are several at a time the slowest first, so that nobody waits for it in the end.</summary>
    public IReadOnlyList<int> Ordered(IReadOnlyList<int> candidates) => workers == 1 || assumed is not null ? candidates : [.. candidates.OrderByDescending(candidate => _beside[candidate].Seconds)];
}
