using System.Globalization;
using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Runs.Files;

namespace IlqrVae.Runs.Sweeps;

/// <summary>The folder of a sweep, which any number of workers on any number of machines share.</summary>
/// <param name="Root">The folder.</param>
public sealed record SweepFolder(string Root)
{
    private const string ResultEnding = ".json";

    /// <summary>What the sweep tries, as it was begun.</summary>
    public string Plan => Path.Combine(Root, "sweep.yaml");

    /// <summary>All points with their scores, the best first.</summary>
    public string Table => Path.Combine(Root, "sweep.csv");

    /// <summary>The same on a page, with what each setting does and learning curves.</summary>
    public string Report => Path.Combine(Root, "report.html");

    private string Results => Path.Combine(Root, "results");

    private string Claims => Path.Combine(Root, "claims");

    /// <summary>The run of a training.</summary>
    public RunFolder RunOf(SweepJob job) => new(Path.Combine(Root, "runs", job.Training));

    /// <summary>Makes the folder, or checks that it holds this sweep.</summary>
    /// <param name="plan">What it tries, every line that matters.</param>
    /// <exception cref="InputException">It holds another.</exception>
    internal void Open(string plan)
    {
        if (File.Exists(Root))
        {
            throw new InputException($"{Root}: this is a file; give the name of a folder for the sweep.");
        }

        if (new RunFolder(Root).HoldsRun)
        {
            throw new InputException($"{Root}: this folder holds a run; choose another for the sweep with -o.");
        }

        foreach (var folder in (string[])[Root, Results, Claims])
        {
            new RunFolder(folder).Create();
        }

        // Of workers that begin together one writes it, and the others read it.
        using (var claim = File.Exists(Plan) ? null : SweepClaim.TryTake(Path.Combine(Claims, "plan"), SweepClaim.Patience))
        {
            if (claim is not null && !File.Exists(Plan))
            {
                AtomicFile.WriteText(Plan, plan);
            }
        }

        for (var i = 0; i < 100 && !File.Exists(Plan); i++)
        {
            Thread.Sleep(50);
        }

        if (InputFile.ReadText(Plan, 1 << 24, "a sweep") != plan)
        {
            throw new InputException($"{Root}: this folder holds a sweep of other settings, or of another configuration or recording; choose another folder with -o, or put {Plan} and what it names back.");
        }
    }

    /// <summary>Takes a job if nobody has it.</summary>
    internal SweepClaim? TryClaim(SweepJob job, TimeSpan patience) => SweepClaim.TryTake(Path.Combine(Claims, job.Name), patience);

    /// <summary>The jobs that somebody has, or had until he died.</summary>
    internal HashSet<SweepJob> Claimed() => [.. Directory.EnumerateFiles(Claims).Select(path => JobOf(Path.GetFileName(path))).OfType<SweepJob>()];

    /// <summary>Whether a job is done.</summary>
    internal bool IsDone(SweepJob job) => File.Exists(Path.Combine(Results, job.Name + ResultEnding));

    /// <summary>Keeps what came of a job.</summary>
    internal void Write(SweepResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        AtomicFile.WriteText(Path.Combine(Results, result.Job.Name + ResultEnding), Json.Format(new JsonObject
        {
            ["iterations"] = result.Iterations,
            ["best_iteration"] = result.BestIteration,
            ["validation_loss"] = Json.Number(result.ValidationLoss),
            ["seconds"] = Json.Number(result.Seconds),
        }) + "\n");
    }

    /// <summary>What has come of all jobs so far.</summary>
    /// <param name="known">What was read before, which does not change; added to.</param>
    /// <exception cref="InputException">A result is no such thing.</exception>
    internal void ReadInto(Dictionary<SweepJob, SweepResult> known)
    {
        foreach (var path in Directory.EnumerateFiles(Results, "*" + ResultEnding))
        {
            if (JobOf(Path.GetFileNameWithoutExtension(path)) is { } job && !known.ContainsKey(job))
            {
                known[job] = Read(path, job);
            }
        }
    }

    private static SweepResult Read(string path, SweepJob job)
    {
        try
        {
            var json = JsonNode.Parse(InputFile.ReadText(path, 1 << 16, "a result"))!.AsObject();
            return new SweepResult(job, (int)json["iterations"]!, (int)json["best_iteration"]!, (double?)json["validation_loss"] ?? double.NaN, (double?)json["seconds"] ?? double.NaN);
        }
        catch (Exception exception) when (exception is System.Text.Json.JsonException or InvalidOperationException or NullReferenceException or FormatException or ArgumentException)
        {
            throw new InputException($"{path}: this is no result of a sweep; remove it, and its training is looked at again.", exception);
        }
    }

    private static SweepJob? JobOf(string name)
    {
        var parts = name.Split('-');
        return parts is [var point, ['s', 'e', 'e', 'd', .. var seed], ['r', 'u', 'n', 'g', .. var rung]]
            && int.TryParse(point, NumberStyles.None, CultureInfo.InvariantCulture, out var p) && int.TryParse(seed, NumberStyles.None, CultureInfo.InvariantCulture, out var s)
            && int.TryParse(rung, NumberStyles.None, CultureInfo.InvariantCulture, out var r)
            ? new SweepJob(p, s, r)
            : null;
    }
}
