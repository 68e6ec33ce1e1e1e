using System.Numerics;
using IlqrVae.Inference;
using IlqrVae.Numerics;

namespace IlqrVae.Training;

/// <summary>
/// The objective of single trials, each solved from the start that training keeps of it. What is drawn is a function of the seed, a stream and the
/// trial's key, so that results do not depend on which worker computes them.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
/// <param name="options">Settings.</param>
internal sealed class TrialObjective<T>(TrainingOptions options)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly CountedObservations? _counted = options is { Hide: not { Count: > 0 }, ValuesWeight: null or 1 } ? null
        : (options.Objective == LearningObjective.Predictive ? CountedObservations.Hidden : CountedObservations.All with { HiddenWeight = options.HiddenWeight })
            with { ValuesWeight = options.ValuesWeight ?? 1 };

    /// <summary>Evaluates a trial at one of its turns in learning.</summary>
    /// <param name="worker">The workspaces.</param>
    /// <param name="trial">The trial.</param>
    /// <param name="start">Its start, with its variants.</param>
    /// <param name="update">The update, from 1, which decides what is hidden and drawn.</param>
    /// <param name="key">The trial's number.</param>
    /// <param name="gradient">Receives the gradient.</param>
    /// <param name="keepsSolution">Whether the solution becomes the trial's next start.</param>
    public ElboResult Learn(
        TrainingWorker<T> worker, PreparedTrial<T> trial, WarmStart<T> start, int update, int key, TrialGradient<T> gradient, bool keepsSolution)
    {
        ObservationSelection? selection = null;
        if (options.Hide is { Count: > 0 } rules)
        {
            var hidden = worker.Hidden;
            hidden.Begin(trial.Bins);
            var random = new CounterRandom(options.Seed, RandomStreams.Hiding(update), (ulong)key);
            for (var i = 0; i < rules.Count; i++)
            {
                rules[i].Draw(ref random, hidden);
            }

            selection = hidden.Selection();
            start = start.Of(hidden.HiddenGroups());
        }

        var map = Solve(worker, trial, start, selection);
        var result = Evaluate(worker, map, options.Objective, RandomStreams.Training(update), key, gradient, _counted);
        if (keepsSolution)
        {
            start.TryCopyFrom(map);
        }

        return result;
    }

    /// <summary>Evaluates a trial as it is, by one of the objectives.</summary>
    /// <param name="worker">The workspaces.</param>
    /// <param name="trial">The trial.</param>
    /// <param name="start">Its start, which its solution replaces.</param>
    /// <param name="objective">What to evaluate.</param>
    /// <param name="stream">Stream of the draws.</param>
    /// <param name="key">The trial's number.</param>
    public ElboResult Score(TrainingWorker<T> worker, PreparedTrial<T> trial, WarmStart<T> start, LearningObjective objective, ulong stream, int key)
    {
        var map = Solve(worker, trial, start, null);
        var result = Evaluate(worker, map, objective, stream, key, null, null);
        start.TryCopyFrom(map);
        return result;
    }

    /// <summary>Solves a trial from its start, which is searched for anew where it is lost.</summary>
    /// <param name="worker">The workspaces.</param>
    /// <param name="trial">The trial.</param>
    /// <param name="start">Its start.</param>
    /// <param name="selection">What is hidden of it; null for nothing.</param>
    public MapSolution<T> Solve(TrainingWorker<T> worker, PreparedTrial<T> trial, WarmStart<T> start, ObservationSelection? selection)
    {
        if (start.IsLost)
        {
            Search(worker, trial, start, selection);
        }

        return worker.Solver.Solve(trial, start, options.Elbo.Solver, selection is null ? null : new SolveScope { Selection = selection });
    }

    private ElboResult Evaluate(
        TrainingWorker<T> worker, MapSolution<T> map, LearningObjective objective, ulong stream, int key, TrialGradient<T>? gradient, CountedObservations? counted)
    {
        if (objective == LearningObjective.Evidence)
        {
            var random = new CounterRandom(options.Seed, stream, (ulong)key);
            return worker.Evidence.Evaluate(map, options.Elbo, ref random, gradient);
        }

        worker.Draws.SetBins(map.Trial.Bins);
        worker.Draws.Fill(options.Seed, stream, (ulong)key);
        return worker.Estimator.Evaluate(map, worker.Draws, options.Elbo, gradient, counted);
    }

    /// <summary>
    /// A better start for a trial that exploded, or whose start belongs to other parameters: by now the dynamics may be strong, where a solve from a bad
    /// start or from rest ends in a poor minimum again and again, and what that teaches would lead away from the good region.
    /// </summary>
    private void Search(TrainingWorker<T> worker, PreparedTrial<T> trial, WarmStart<T> start, ObservationSelection? selection)
    {
        // It may have been a draw that exploded, from a good solution.
        var old = worker.Solver.Solve(trial, start, options.Elbo.Solver, new SolveScope { Selection = selection });
        start.TryCopyFrom(old);
        var found = worker.Search.Run(trial, options.Elbo.Solver, selection);
        if (!(old.Cost <= found.Cost))
        {
            start.TryCopyFrom(found);
        }

        start.IsLost = false;
    }
}
