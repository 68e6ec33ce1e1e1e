using System.Text.Json.Nodes;
using IlqrVae.Runs.Searching;

namespace IlqrVae.Runs.Fitting;

/// <summary>A stage of a search: jobs that do not wait for each other.</summary>
/// <param name="folder">Where claims and results are.</param>
/// <param name="jobs">The jobs, in the order in which they are begun.</param>
/// <param name="workers">Trainings at a time.</param>
/// <param name="run">Does a job.</param>
internal sealed class FitStage(FitFolder folder, IReadOnlyList<FitJob> jobs, int workers, Func<FitJob, CancellationToken, FitResult> run)
    : JobSearch<FitJob, FitResult>(folder.Board, JobClaim.Patience)
{
    private readonly Dictionary<string, FitJob> _named = jobs.ToDictionary(job => job.Name, StringComparer.Ordinal);

    /// <inheritdoc/>
    protected override bool MayWait => false;

    /// <summary>Does what is not done yet.</summary>
    /// <returns>What came of all jobs, in their order.</returns>
    public IReadOnlyList<FitResult> All(CancellationToken interrupt)
    {
        Run(workers, interrupt);
        lock (Shared)
        {
            if (jobs.Any(job => !Results.ContainsKey(job)))
            {
                // Where a file system passes no locks on.
                throw new InputException($"{folder.Root}: another fit is at work in this folder; wait until it ends, stop it, or choose another folder with -o.");
            }

            return [.. jobs.Select(job => Results[job])];
        }
    }

    protected override string NameOf(FitJob job) => job.Name;

    protected override FitJob? JobOf(string name) => _named.TryGetValue(name, out var job) ? job : null;

    protected override JsonObject Written(FitResult result) => new()
    {
        ["iterations"] = result.Iterations,
        ["validation_loss"] = Json.Number(result.Loss),
        ["seconds"] = Json.Number(result.Seconds),
        ["workers"] = result.Workers,
        ["at"] = Json.Number(result.At),
    };

    protected override FitResult Read(FitJob job, JsonObject json)
        => new(job, (int)json["iterations"]!, (double?)json["validation_loss"] ?? double.NaN, (double)json["seconds"]!, (int)json["workers"]!, (double)json["at"]!);

    protected override (IReadOnlyList<FitJob> Open, bool IsOver) Next(IReadOnlySet<FitJob> claimed)
    {
        var open = jobs.Where(job => !Results.ContainsKey(job)).ToList();
        return (open, open.Count == 0);
    }

    protected override FitResult Do(FitJob job, CancellationToken interrupt) => run(job, interrupt);

    protected override void Tell(FitJob job, FitResult result)
    {
    }
}
