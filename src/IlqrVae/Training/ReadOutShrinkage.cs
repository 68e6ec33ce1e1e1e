using System.Numerics;
using IlqrVae.Inference;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Recordings;

namespace IlqrVae.Training;

/// <summary>
/// Shrinks the read-outs of a trained model under a prior learned from all channels of a kind; see <see cref="ReadOutPrior"/>. Few spikes say little of many weights:
/// the sum over states of what each weight is wrong by is most of what is wrong with a channel that fires or follows little.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
/// <param name="model">The model.</param>
/// <param name="recording">The recording.</param>
/// <param name="trials">The training trials.</param>
/// <param name="options">Settings.</param>
/// <param name="workers">The workspaces of the threads.</param>
internal sealed class ReadOutShrinkage<T>(VariationalModel<T> model, Recording recording, TrialShelf<T> trials, TrainingOptions options, TrainingWorker<T>[] workers)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>The fewest channels that a prior is learned from.</summary>
    private const int FewestChannels = 8;

    /// <summary>Bins after which no further trial is looked at: information grows with what was recorded, and is taken to be alike in what was not looked at.</summary>
    private const int MostBins = 20_000;

    /// <summary>Entries after which no further trial is looked at, which bounds memory.</summary>
    private const long MostEntries = 4_000_000;

    private readonly TrialObjective<T> _objective = new(options);
    private readonly WeightPenalties<T> _penalties = new(model, recording, options);

    /// <summary>Shrinks the read-outs of the model as it is. The starts of trials are read and stay as they are.</summary>
    /// <param name="state">The state of training.</param>
    /// <param name="crew">The threads; the result does not depend on their number.</param>
    /// <returns>False where there was nothing to shrink; the model is as it was then.</returns>
    public bool Apply(TrainingState<T> state, WorkerCrew crew)
    {
        var families = Families();
        if (families.Count == 0)
        {
            return false;
        }

        var seen = Look(state, crew);
        if (seen.Count == 0)
        {
            return false;
        }

        var isChanged = false;
        foreach (var family in families)
        {
            isChanged |= Shrink(family, seen, crew);
        }

        return isChanged;
    }

    /// <summary>Likelihoods whose read-outs mean the same: those of one kind and link, recorded and learned, with channels enough together.</summary>
    private List<int[]> Families()
    {
        var frozen = FrozenParts.Of(model, options.Freeze);
        var likelihoods = model.Generative.Likelihoods;
        return [.. Enumerable.Range(0, likelihoods.Count)
            .Where(g => recording.IndexOfGroup(likelihoods[g].Group) >= 0 && !frozen.Contains(likelihoods[g].Weights))
            .GroupBy(g => (likelihoods[g].Kind, Link: (likelihoods[g] as CountLikelihood<T>)?.Link.Name))
            .Select(family => family.ToArray())
            .Where(family => family.Sum(g => likelihoods[g].ChannelCount) >= FewestChannels)];
    }

    /// <summary>The states of training trials, evenly spread over the recording. Those that cannot be solved are left out.</summary>
    private List<SeenTrial<T>> Look(TrainingState<T> state, WorkerCrew crew)
    {
        var bins = Enumerable.Range(0, trials.Count).Average(trials.BinsOf);
        var channels = model.Generative.Likelihoods.Sum(likelihood => likelihood.ChannelCount);
        var count = (int)Math.Clamp(Math.Min(MostBins, MostEntries / channels) / bins, 1, trials.Count);
        var found = new SeenTrial<T>?[count];
        crew.ForEach(count, (thread, i) =>
        {
            var trial = trials[(int)((long)i * trials.Count / count)];
            var map = _objective.Solve(workers[thread], trial, state.WarmStarts[trial.Name], selection: null);
            found[i] = map.IsUsable ? new SeenTrial<T>(trial, map.Trajectory.States, model.Generative.Likelihoods[0].StateCount) : null;
        });
        return [.. found.OfType<SeenTrial<T>>()];
    }

    private bool Shrink(int[] family, List<SeenTrial<T>> seen, WorkerCrew crew)
    {
        var groups = family.Select(g => new ReadOutInformation<T>(model.Generative.Likelihoods[g], g, recording.BinWidth)).ToList();
        var evidence = new List<ReadOutEvidence>();
        var share = (double)seen.Sum(trial => trial.Trial.Bins) / Enumerable.Range(0, trials.Count).Sum(trials.BinsOf);
        foreach (var group in groups)
        {
            evidence.AddRange(group.Evidence(seen, 1 / share, _penalties.PrecisionOf(group.Likelihood.Weights), crew));
        }

        if (ReadOutPrior.Shrink(evidence, crew) is not { } rows)
        {
            return false;
        }

        var first = 0;
        foreach (var group in groups)
        {
            var before = group.Means(seen, crew);
            group.Likelihood.Weights.Set([.. rows.Skip(first).Take(group.Likelihood.ChannelCount).SelectMany(row => row)]);
            first += group.Likelihood.ChannelCount;
            group.KeepMeans(before, seen, crew);
        }

        return true;
    }
}
