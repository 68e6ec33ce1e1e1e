using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Searching;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Fitting;

/// <summary>What a fit keeps in its run's folder while it is at work: what it tried and what it decided, so that it can be gone on with. One process has it at a time.</summary>
internal sealed class FitFolder : IDisposable
{
    private const string Beginning = "begun";

    private readonly RunFolder _run;
    private readonly bool _hasMadeRun;
    private readonly FitClock _clock;
    private readonly RunLock _lock;
    private bool _isReleased;

    private FitFolder(RunFolder run, bool hasMadeRun, FitClock clock)
    {
        (_run, _hasMadeRun, _clock) = (run, hasMadeRun, clock);
        Board = BoardOf(run);
        new RunFolder(run.Search).Create();
        _lock = RunLock.Take(new RunFolder(run.Search));
    }

    /// <summary>The run's folder.</summary>
    public string Root => _run.Root;

    /// <summary>Where claims and results are.</summary>
    public JobBoard Board { get; }

    /// <summary>Where linear dynamics is trained at length, beside what may overtake it.</summary>
    public RunFolder Linear => new(Path.Combine(_run.Search, "linear"));

    /// <summary>Whether it goes on with a fit that was begun before.</summary>
    public bool GoesOn { get; private set; }

    /// <summary>Trainings of a search that were done before.</summary>
    public int Done { get; private set; }

    /// <summary>Whether it was begun to replace a run that is in the folder.</summary>
    public bool IsReplacing { get; private set; }

    /// <summary>Begins a fit, or goes on with it.</summary>
    /// <param name="run">The run's folder.</param>
    /// <param name="text">What is tried, every line that matters.</param>
    /// <param name="isForced">Whether to begin anew, and to replace what is there.</param>
    /// <param name="clock">Takes note of the time that was taken before.</param>
    /// <exception cref="InputException">The folder holds a run, or another fit; or somebody else is at work on it.</exception>
    public static FitFolder Open(RunFolder run, string text, bool isForced, FitClock clock)
    {
        Require();
        var hasMadeRun = !Directory.Exists(run.Root);
        run.Create();
        var folder = new FitFolder(run, hasMadeRun, clock);
        try
        {
            // Another may have ended meanwhile.
            Require();
            folder.Begin(text, isForced);
            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }

        void Require()
        {
            var board = BoardOf(run);
            if (isForced || !board.IsBegun)
            {
                TrainingSession.RequireFolder(run, new TrainingRequest(run.Root, Force: isForced));
            }
            else if (!board.Holds(text))
            {
                throw new InputException(RefusalOf(run));
            }
        }
    }

    /// <summary>All that decides what comes out but the time that things take, as lines.</summary>
    /// <param name="ladder">The candidates.</param>
    /// <param name="recording">What they learn from.</param>
    /// <param name="request">How they are tried.</param>
    public static string Describe(IReadOnlyList<FitCandidate> ladder, Recording recording, FitRequest request)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {ladder.Count} models, recording {RecordingFingerprint.Of(recording).Whole}\n");
        text.Append(CultureInfo.InvariantCulture, $"seconds: {request.Seconds}\nseed: {request.Seed}\n");
        if (request.SecondsPerUpdate is { } pace)
        {
            text.Append(CultureInfo.InvariantCulture, $"seconds-per-update: {pace}\n");
        }

        foreach (var (number, candidate) in ladder.Index())
        {
            // Where the data is and how many threads there are changes nothing.
            var configuration = candidate.Configuration;
            text.Append(CultureInfo.InvariantCulture, $"# {number + 1}: {candidate.Name}\n---\n");
            text.Append(ConfigurationFile.Write(configuration with { Data = Path.GetFileName(configuration.Data), Training = configuration.Training with { Threads = 0 } }));
        }

        return text.ToString();
    }

    /// <summary>What was decided before, or what is decided now, which is kept.</summary>
    /// <param name="name">What the decision is called.</param>
    /// <param name="make">Decides.</param>
    /// <param name="write">What is kept of it.</param>
    /// <param name="read">Makes it of what was kept.</param>
    /// <returns>The decision, seconds of the fit at which it was made, and whether that was now.</returns>
    public (T Decision, double At, bool IsNew) Decide<T>(string name, Func<T> make, Func<T, JsonObject> write, Func<JsonObject, T> read)
    {
        if (Board.IsDone(name))
        {
            var (decision, at) = Board.Read(name, json => (read(json), (double)json["at"]!));
            return (decision, at, false);
        }

        var (made, now) = (make(), _clock.Elapsed);
        var written = write(made);
        written["at"] = Json.Number(now);
        Board.Write(name, written);
        return (made, now, true);
    }

    /// <summary>The fit is complete: the run is all there is to keep.</summary>
    public void Complete()
    {
        Board.Clear();
        Release();
        Remove();
    }

    /// <summary>Leaves what there is to be gone on with; where there is nothing, nothing is left behind.</summary>
    public void Dispose()
    {
        if (!_isReleased && (!Board.IsBegun || Board.Done().All(name => name is Beginning or "plan-round1")))
        {
            Complete();
            if (_hasMadeRun && !Directory.EnumerateFileSystemEntries(_run.Root).Any())
            {
                Directory.Delete(_run.Root);
            }
        }

        Release();
    }

    private static JobBoard BoardOf(RunFolder run) => new(run.Search, "fit.yaml", "a fit");

    private static string RefusalOf(RunFolder run)
        => $"{run.Root}: this folder holds a fit that was interrupted, of other settings or of another recording; go on with those, choose another folder with -o, or begin anew with --force.";

    private void Begin(string text, bool isForced)
    {
        if (isForced)
        {
            File.Delete(Board.Plan);
        }

        // Without its plan, what is there means nothing; and whoever had a job has it no more, for the folder is held by this process.
        GoesOn = Board.IsBegun;
        if (GoesOn)
        {
            Board.ClearClaims();
        }
        else
        {
            Clear();
        }

        Board.Create();
        if (!Board.IsDone(Beginning))
        {
            Board.Write(Beginning, new JsonObject { ["replaces"] = isForced });
        }

        Board.Open(text, RefusalOf(_run));
        IsReplacing = Board.Read(Beginning, json => (bool)json["replaces"]!);
        foreach (var name in Board.Done())
        {
            _clock.AtLeast(Board.Read(name, json => (double?)json["at"] ?? 0));
            Done += name.StartsWith("round", StringComparison.Ordinal) ? 1 : 0;
        }
    }

    private void Release()
    {
        if (!_isReleased)
        {
            _isReleased = true;
            _lock.Dispose();
        }
    }

    /// <summary>Removes what a fit keeps, and nothing that somebody else may have put there.</summary>
    private void Clear()
    {
        Board.Clear();
        if (Directory.Exists(Linear.Root))
        {
            Directory.Delete(Linear.Root, recursive: true);
        }
    }

    private void Remove()
    {
        try
        {
            Clear();
            File.Delete(new RunFolder(_run.Search).Lock);
            Directory.Delete(_run.Search);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What stays is in nobody's way.
        }
    }
}
