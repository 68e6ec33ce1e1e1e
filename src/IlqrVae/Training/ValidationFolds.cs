using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Training.Hiding;

namespace IlqrVae.Training;

/// <summary>
/// What validation by prediction hides. Channels are divided at random into parts, of which each is held out once and told from the others (co-smoothing), so that
/// every neuron is predicted in turn. Behaviour, and the groups a run names, are hidden every time. Where there is nothing to tell channels from, the last
/// fifth of every trial is forecast instead. The same for every trial and every validation.
/// </summary>
internal sealed class ValidationFolds
{
    /// <summary>The share of a trial that is forecast.</summary>
    private const double ForecastShare = 0.2;

    private readonly int[]?[] _foldOf;

    /// <summary>Divides channels.</summary>
    /// <param name="groups">The groups that the model explains.</param>
    /// <param name="alwaysHidden">Names of groups that are hidden every time.</param>
    /// <param name="folds">Number of parts.</param>
    /// <param name="seed">The run's seed.</param>
    public ValidationFolds(IReadOnlyList<GroupSummary> groups, IReadOnlyList<string> alwaysHidden, int folds, ulong seed)
    {
        // Values are behaviour where there are counts to tell them from.
        var hasCounts = groups.Any(summary => summary.Group.Kind == ChannelKind.Counts && !alwaysHidden.Contains(summary.Group.Name, StringComparer.Ordinal));
        bool IsFolded(GroupSummary summary) => !alwaysHidden.Contains(summary.Group.Name, StringComparer.Ordinal) && (summary.Group.Kind == ChannelKind.Counts || !hasCounts);
        var channels = groups.Where(IsFolded).Sum(summary => summary.Group.Channels);
        IsForecast = channels < 2;
        Count = IsForecast ? 1 : Math.Min(folds, channels);
        _foldOf = [.. groups.Select((summary, g) => IsForecast || !IsFolded(summary) ? null : Deal(summary.Group.Channels, g, seed))];
    }

    /// <summary>Number of parts.</summary>
    public int Count { get; }

    /// <summary>Whether ends of trials are forecast.</summary>
    public bool IsForecast { get; }

    /// <summary>Marks what one part hides of a trial.</summary>
    /// <param name="fold">The part.</param>
    /// <param name="entries">The trial's entries, of which nothing is hidden yet.</param>
    public void Mark(int fold, HiddenEntries entries)
    {
        for (var g = 0; g < entries.GroupCount; g++)
        {
            if (_foldOf[g] is not { } folds)
            {
                if (!IsForecast)
                {
                    entries.HideAll(g);
                }

                continue;
            }

            for (var i = 0; i < folds.Length; i++)
            {
                if (folds[i] == fold)
                {
                    entries.HideChannel(g, i);
                }
            }
        }

        if (IsForecast)
        {
            var count = Math.Min(entries.Bins - 1, Math.Max(1, (int)(ForecastShare * entries.Bins)));
            entries.HideBins(new EndHiding(), entries.Bins - count, count);
        }
    }

    /// <summary>The weight of a hidden entry of a group, such that every channel counts once over all parts.</summary>
    /// <param name="group">The group.</param>
    public double Weight(int group) => _foldOf[group] is null ? 1.0 / Count : 1;

    private int[] Deal(int channels, int group, ulong seed)
    {
        var order = Enumerable.Range(0, channels).ToArray();
        var random = new CounterRandom(seed, RandomStreams.ValidationFolds, (ulong)group);
        random.Shuffle(order);
        var folds = new int[channels];
        for (var i = 0; i < channels; i++)
        {
            folds[order[i]] = (i + group) % Count;
        }

        return folds;
    }
}
