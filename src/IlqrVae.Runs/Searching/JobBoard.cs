using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Runs.Files;

namespace IlqrVae.Runs.Searching;

/// <summary>
/// The folder by which workers of a search know of each other: what is searched, as it was begun; a claim for every job that somebody is at; and what came of those that are done, a file each, which
/// never changes.
/// </summary>
/// <param name="root">The folder.</param>
/// <param name="plan">The name of the file that says what is searched.</param>
/// <param name="what">What the search is called in messages: "a sweep".</param>
internal sealed class JobBoard(string root, string plan, string what)
{
    private const string ResultEnding = ".json";
    private const long LargestPlan = 1 << 24;
    private const long LargestResult = 1 << 16;

    /// <summary>The file that says what is searched.</summary>
    public string Plan { get; } = Path.Combine(root, plan);

    private string Results { get; } = Path.Combine(root, "results");

    private string Claims { get; } = Path.Combine(root, "claims");

    /// <summary>Whether a search was begun here.</summary>
    public bool IsBegun => File.Exists(Plan);

    /// <summary>Whether it is this search that was begun here.</summary>
    /// <param name="text">What is searched, every line that matters.</param>
    public bool Holds(string text) => InputFile.ReadText(Plan, LargestPlan, what) == text;

    /// <summary>Makes the folder.</summary>
    /// <exception cref="InputException">It cannot be made.</exception>
    public void Create()
    {
        foreach (var folder in (string[])[root, Results, Claims])
        {
            new RunFolder(folder).Create();
        }
    }

    /// <summary>Makes the folder, or checks that it holds this search.</summary>
    /// <param name="text">What is searched, every line that matters.</param>
    /// <param name="refusal">What to say where it holds another.</param>
    /// <exception cref="InputException">It holds another.</exception>
    public void Open(string text, string refusal)
    {
        Create();

        // Of workers that begin together one writes it, and the others read it.
        using (var claim = IsBegun ? null : TryClaim("plan", JobClaim.Patience))
        {
            if (claim is not null && !IsBegun)
            {
                AtomicFile.WriteText(Plan, text);
            }
        }

        for (var i = 0; i < 100 && !IsBegun; i++)
        {
            Thread.Sleep(50);
        }

        if (!Holds(text))
        {
            throw new InputException(refusal);
        }
    }

    /// <summary>Gives back all jobs, where nobody can be at one.</summary>
    public void ClearClaims() => Remove(Claims);

    /// <summary>Removes all of it.</summary>
    public void Clear()
    {
        // Without its plan the rest means nothing.
        File.Delete(Plan);
        Remove(Claims);
        Remove(Results);
    }

    /// <summary>Takes a job if nobody has it.</summary>
    public JobClaim? TryClaim(string job, TimeSpan patience) => JobClaim.TryTake(Path.Combine(Claims, job), patience);

    /// <summary>The jobs that somebody has, or had until he died, and other files there.</summary>
    public IEnumerable<string> Claimed() => Directory.EnumerateFiles(Claims).Select(path => Path.GetFileName(path));

    /// <summary>The jobs that are done.</summary>
    public IEnumerable<string> Done() => Directory.EnumerateFiles(Results, "*" + ResultEnding).Select(path => Path.GetFileNameWithoutExtension(path));

    /// <summary>Whether a job is done.</summary>
    public bool IsDone(string job) => File.Exists(PathOf(job));

    /// <summary>Keeps what came of a job.</summary>
    public void Write(string job, JsonObject result) => AtomicFile.WriteText(PathOf(job), Json.Format(result) + "\n");

    /// <summary>What came of a job.</summary>
    /// <param name="job">The job.</param>
    /// <param name="read">Makes it of what was written.</param>
    /// <exception cref="InputException">The file is no such thing.</exception>
    public T Read<T>(string job, Func<JsonObject, T> read)
    {
        try
        {
            return read(JsonNode.Parse(InputFile.ReadText(PathOf(job), LargestResult, "a result"))!.AsObject());
        }
        catch (Exception exception) when (exception is System.Text.Json.JsonException or InvalidOperationException or NullReferenceException or FormatException or ArgumentException)
        {
            throw new InputException($"{PathOf(job)}: this is no result of {what}; remove it, and its training is looked at again.", exception);
        }
    }

    private static void Remove(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private string PathOf(string job) => Path.Combine(Results, job + ResultEnding);
}
