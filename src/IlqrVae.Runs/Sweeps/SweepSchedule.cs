namespace IlqrVae.Runs.Sweeps;

/// <summary>
/// Which jobs come next. A training of a halving goes on to the next rung as soon as it is among the best of those that have reached its own; nobody waits for the others (Li et al. 2020).
/// Where nothing more can come, the best of a rung goes on even if it is alone.
/// </summary>
/// <param name="plan">What is tried.</param>
/// <param name="results">What has come of jobs.</param>
/// <param name="claimed">Jobs that somebody has begun.</param>
internal sealed class SweepSchedule(SweepPlan plan, IReadOnlyDictionary<SweepJob, SweepResult> results, IReadOnlySet<SweepJob> claimed)
{
    /// <summary>Points by their mean loss on a rung, the best first, of those that have reached it with all seeds.</summary>
    public IReadOnlyList<(int Point, double Loss)> Ranked(int rung) => [.. Enumerable.Range(1, plan.Count)
        .Where(point => Jobs(point, rung).All(results.ContainsKey))
        .Select(point => (Point: point, Loss: Jobs(point, rung).Average(job => results[job].Loss)))
        .OrderBy(one => one.Loss).ThenBy(one => one.Point)];

    /// <summary>Jobs that may be done now and are not, those of the highest rung first.</summary>
    public IReadOnlyList<SweepJob> Open()
    {
        var open = new List<SweepJob>();
        for (var rung = plan.Rungs - 1; rung >= 0; rung--)
        {
            open.AddRange((rung == 0 ? Enumerable.Range(1, plan.Count) : Promoted(rung - 1)).SelectMany(point => Jobs(point, rung)).Where(job => !results.ContainsKey(job)));
        }

        return open;
    }

    /// <summary>Whether everything is done.</summary>
    public bool IsOver => Open().Count == 0 && IsClosed(plan.Rungs - 1);

    /// <summary>Points that go on from a rung: the best, and those that have begun on the next.</summary>
    private IEnumerable<int> Promoted(int rung)
    {
        var ranked = Ranked(rung);
        var count = Math.Max(ranked.Count / plan.HalveBy, IsClosed(rung) ? 1 : 0);
        return ranked.Take(count).Select(one => one.Point).Union(Enumerable.Range(1, plan.Count).Where(point => Jobs(point, rung + 1).Any(HasBegun)));
    }

    /// <summary>Whether no more points can come to a rung, and all are through.</summary>
    private bool IsClosed(int rung) => rung == 0
        ? Enumerable.Range(1, plan.Count).All(point => Jobs(point, 0).All(results.ContainsKey))
        : IsClosed(rung - 1) && Promoted(rung - 1).All(point => Jobs(point, rung).All(results.ContainsKey));

    private bool HasBegun(SweepJob job) => results.ContainsKey(job) || claimed.Contains(job);

    private IEnumerable<SweepJob> Jobs(int point, int rung) => Enumerable.Range(1, plan.Seeds).Select(seed => new SweepJob(point, seed, rung));
}
