using System.Globalization;

namespace IlqrVae.Recordings;

/// <summary>
/// The trials of a recording as a training takes them: long ones cut into chunks, and some set aside for validation where none is marked for it. Test trials
/// stay as they are.
/// </summary>
public static class LearningTrials
{
    /// <summary>A chunk is no shorter than this: what is left of a trial is spread over its chunks.</summary>
    private const int ShortestChunk = 2;

    /// <summary>Cuts and shares out. Numbers of the recording are copied where trials are cut.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="longestChunk">The most bins of a training or validation trial; 0 to leave trials whole.</param>
    /// <param name="validationShare">The share of training trials to set aside where none is for validation; 0 for none.</param>
    public static Recording Of(Recording recording, int longestChunk, double validationShare)
    {
        ArgumentNullException.ThrowIfNull(recording);
        var names = recording.Trials.Select(trial => trial.Name).ToHashSet(StringComparer.Ordinal);
        List<Trial> trials =
        [
            .. recording.Trials.SelectMany(
                trial => longestChunk > 0 && trial.Split != TrialSplit.Test && trial.Bins > longestChunk ? Cut(trial, longestChunk, names) : [trial]),
        ];
        if (validationShare > 0 && trials.TrueForAll(trial => trial.Split != TrialSplit.Validation))
        {
            SetAside(trials, validationShare);
        }

        return recording with { Trials = trials };
    }

    /// <summary>Chunks of equal length, but for a bin.</summary>
    private static IEnumerable<Trial> Cut(Trial trial, int longest, HashSet<string> names)
    {
        var count = (trial.Bins + longest - 1) / longest;
        count = Math.Clamp(count, 1, Math.Max(1, trial.Bins / ShortestChunk));
        for (var i = 0; i < count; i++)
        {
            var first = (int)((long)i * trial.Bins / count);
            var bins = (int)((long)(i + 1) * trial.Bins / count) - first;
            var name = string.Create(CultureInfo.InvariantCulture, $"{trial.Name} from bin {first}");
            while (!names.Add(name))
            {
                name += "'";
            }

            yield return trial with
            {
                Name = name,
                Bins = bins,
                Observations = [.. trial.Observations.Select(observations => observations.SelectBins(first, bins))],
                External = trial.External is { } external ? Rows(external, first, bins) : null,
                Truth = trial.Truth.ToDictionary(pair => pair.Key, pair => Rows(pair.Value, first, bins), StringComparer.Ordinal),
            };
        }
    }

    /// <summary>Evenly spaced, beginning half a space from the start, so that slow changes of a session are in both parts.</summary>
    private static void SetAside(List<Trial> trials, double share)
    {
        var training = Enumerable.Range(0, trials.Count).Where(i => trials[i].Split == TrialSplit.Train).ToList();
        var count = training.Count < 2 ? 0 : Math.Clamp((int)Math.Round(share * training.Count), 1, training.Count - 1);
        for (var i = 0; i < count; i++)
        {
            var place = training[(int)((i + 0.5) * training.Count / count)];
            trials[place] = trials[place] with { Split = TrialSplit.Validation };
        }
    }

    private static Table Rows(Table table, int first, int bins)
        => new(bins, table.Columns, table.Values.AsSpan(first * table.Columns, bins * table.Columns).ToArray());
}
