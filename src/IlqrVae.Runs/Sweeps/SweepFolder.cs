using IlqrVae.Runs.Files;
using IlqrVae.Runs.Searching;

namespace IlqrVae.Runs.Sweeps;

/// <summary>The folder of a sweep, which any number of workers on any number of machines share.</summary>
/// <param name="Root">The folder.</param>
public sealed record SweepFolder(string Root)
{
    /// <summary>What the sweep tries, as it was begun.</summary>
    public string Plan => Board.Plan;

    /// <summary>All points with their scores, the best first.</summary>
    public string Table => Path.Combine(Root, "sweep.csv");

    /// <summary>The same on a page, with what each setting does and learning curves.</summary>
    public string Report => Path.Combine(Root, "report.html");

    /// <summary>Where claims and results are.</summary>
    internal JobBoard Board => new(Root, "sweep.yaml", "a sweep");

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

        Board.Open(plan, $"{Root}: this folder holds a sweep of other settings, or of another configuration or recording; choose another folder with -o, or put {Plan} and what it names back.");
    }
}
