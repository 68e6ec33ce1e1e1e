using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Models;
using IlqrVae.Models.Likelihoods;

namespace IlqrVae.Inference;

/// <summary>
/// Finds the MAP inputs of trials, one after the other, in a workspace of its own. It needs a generative model and nothing else. One worker has one; after
/// its construction it allocates nothing.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class MapSolver<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Allocates the workspace.</summary>
    /// <param name="model">The model.</param>
    /// <param name="capacity">The largest number of bins.</param>
    /// <param name="likelihoodWindow">Bins whose likelihood terms are kept between calls; longer trials compute them again when needed.</param>
    /// <param name="recordedBins">Bins up to which the solver keeps all its records; see <see cref="IterativeLqr{T}"/>.</param>
    public MapSolver(
        GenerativeModel<T> model,
        int capacity,
        int likelihoodWindow = LikelihoodScratch<T>.DefaultWindow,
        int recordedBins = IterativeLqr<T>.DefaultRecordedBins)
    {
        ArgumentNullException.ThrowIfNull(model);
        Model = model;
        LikelihoodWindow = likelihoodWindow;
        Problem = new TrialProblem<T>(model, capacity, likelihoodWindow);
        Workspace = new IterativeLqr<T>(Problem, recordedBins);
    }

    /// <summary>The model.</summary>
    public GenerativeModel<T> Model { get; }

    /// <summary>The largest number of bins.</summary>
    public int Capacity => Problem.Capacity;

    /// <summary>Told of iterations while they are done; null for nobody.</summary>
    public SolveActivity? Activity
    {
        get => Workspace.Activity;
        set => Workspace.Activity = value;
    }

    internal int LikelihoodWindow { get; }

    internal TrialProblem<T> Problem { get; }

    internal IterativeLqr<T> Workspace { get; }

    /// <summary>Counts what has been put into the workspace: a solution whose number it is not any more is lost.</summary>
    internal long Version { get; private set; }

    /// <summary>Finds the MAP inputs of a trial.</summary>
    /// <param name="trial">The trial.</param>
    /// <param name="start">Decision variables to start from, or null for rest.</param>
    /// <param name="options">Settings.</param>
    /// <param name="scope">What to look at; null for all of the trial.</param>
    /// <returns>The solution, valid until the next solve.</returns>
    public MapSolution<T> Solve(PreparedTrial<T> trial, WarmStart<T>? start, SolverOptions options, SolveScope? scope = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        var current = Begin(trial, scope);
        if (start is null)
        {
            current.ClearInputs();
        }
        else
        {
            start.CopyTo(current);
        }

        return new MapSolution<T>(this, trial, Workspace.Solve(options));
    }

    /// <summary>Holds a solution that was found before as if it had been found now. Takes no step.</summary>
    /// <param name="trial">The trial.</param>
    /// <param name="known">The solution.</param>
    /// <param name="scope">What it looked at.</param>
    /// <returns>The solution, valid until the next solve.</returns>
    internal MapSolution<T> Hold(PreparedTrial<T> trial, KnownSolution known, SolveScope scope)
    {
        var start = new WarmStart<T>(trial.Bins, Model.StateCount, Model.InputCount);
        if (known.Variables.Length != start.Values.Length)
        {
            throw new ArgumentException($"The solution of trial '{trial.Name}' has {known.Variables.Length} numbers in place of {start.Values.Length}.", nameof(known));
        }

        for (var i = 0; i < start.Values.Length; i++)
        {
            start.Values[i] = T.CreateTruncating(known.Variables[i]);
        }

        start.CopyTo(Begin(trial, scope));
        Workspace.Hold();
        return new MapSolution<T>(this, trial, known.Report);
    }

    /// <summary>Takes on a trial, and with that takes the workspace from whatever solution it held.</summary>
    /// <returns>The trajectory to start from; its contents are unspecified.</returns>
    internal Trajectory<T> Begin(PreparedTrial<T> trial, SolveScope? scope)
    {
        Problem.Bind(trial, scope);
        Version++;
        Workspace.Current.SetBins(Problem.Bins);
        return Workspace.Current;
    }
}
