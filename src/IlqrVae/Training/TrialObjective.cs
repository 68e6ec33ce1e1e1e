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
    /// <summary>Evaluates a trial.</summary>
    /// <param name="worker">The workspaces.</param>
    /// <param name="trial">The trial.</param>
    /// <param name="start">Its start; searched for anew where it is lost.</param>
    /// <param name="objective">What to evaluate.</param>
    /// <param name="stream">Stream of the draws.</param>
    /// <param name="key">The trial's number.</param>
    /// <param name="gradient">Receives the gradient, or null when it is not wanted.</param>
    /// <param name="keepsSolution">Whether the solution becomes the trial's next start.</param>
    public ElboResult Evaluate(
        TrainingWorker<T> worker, PreparedTrial<T> trial, WarmStart<T> start, LearningObjective objective, ulong stream, int key, TrialGradient<T>? gradient,
        bool keepsSolution = true)
    {
        if (start.IsLost)
        {
            Search(worker, trial, start);
        }

        var map = worker.Solver.Solve(trial, start, options.Elbo.Solver);
        var result = Evaluate(worker, map, objective, stream, key, gradient);
        if (keepsSolution)
        {
            start.TryCopyFrom(map);
        }

        return result;
    }

    private ElboResult Evaluate(
        TrainingWorker<T> worker, MapSolution<T> map, LearningObjective objective, ulong stream, int key, TrialGradient<T>? gradient)
    {
        if (objective == LearningObjective.Evidence)
        {
            var random = new CounterRandom(options.Seed, stream, (ulong)key);
            return worker.Evidence.Evaluate(map, options.Elbo, ref random, gradient);
        }

        worker.Draws.SetBins(map.Trial.Bins);
        worker.Draws.Fill(options.Seed, stream, (ulong)key);
        return worker.Estimator.Evaluate(map, worker.Draws, options.Elbo, gradient);
    }

    /// <summary>
    /// A better start for a trial that exploded, or whose start belongs to other parameters: by now the dynamics may be strong, where a solve from a bad
    /// start or from rest ends in a poor minimum again and again, and what that teaches would lead away from the good region.
    /// </summary>
    private void Search(TrainingWorker<T> worker, PreparedTrial<T> trial, WarmStart<T> start)
    {
        // It may have been a draw that exploded, from a good solution.
        var old = worker.Solver.Solve(trial, start, options.Elbo.Solver);
        start.TryCopyFrom(old);
        var found = worker.Search.Run(trial, options.Elbo.Solver);
        if (!(old.Cost <= found.Cost))
        {
            start.TryCopyFrom(found);
        }

        start.IsLost = false;
    }
}
