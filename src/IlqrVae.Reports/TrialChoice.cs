using IlqrVae.Recordings;
using IlqrVae.Runs.Scores;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Reports;

/// <summary>Which trials tell most: the one that the model explains best, the median one and the worst, and the median of every condition.</summary>
internal static class TrialChoice
{
    /// <summary>The trial of a request, or the one that is shown where none was named.</summary>
    /// <param name="source">The recording or run.</param>
    /// <param name="name">What was asked for; null for nothing.</param>
    /// <returns>Its number.</returns>
    public static int Of(RecordingSource source, string? name)
        => name is not null ? Naming.Trial(source.Trials, name)
            : source is ReportSource run ? Median(run.Gains) ?? 0
            : Longest(source.Trials);

    /// <summary>The trials one can choose among, with what each is.</summary>
    /// <param name="source">The run.</param>
    /// <param name="most">How many at most.</param>
    public static IReadOnlyList<(int Trial, string Words)> Telling(ReportSource source, int most)
    {
        var found = new List<(int Trial, string Words)>();
        var gains = source.Gains;
        var known = Enumerable.Range(0, gains.Count).Where(i => double.IsFinite(gains[i])).ToList();
        var conditions = Conditions.Of(source.Trials);
        if (known.Count > 0)
        {
            Add(known.MaxBy(i => gains[i]), "explained best");
            Add(Median(gains)!.Value, "median");
            Add(known.MinBy(i => gains[i]), "explained worst");
        }

        // Evenly over conditions where there are more than places, since they may stand in an order, such as angles.
        var room = Math.Min(conditions?.Names.Count ?? 0, most - found.Count);
        foreach (var k in Enumerable.Range(0, Math.Max(0, room)).Select(place => (int)((long)place * conditions!.Names.Count / room)))
        {
            var members = Enumerable.Range(0, gains.Count).Where(i => conditions!.OfTrial[i] == k).ToList();
            Add(Median([.. Enumerable.Range(0, gains.Count).Select(i => members.Contains(i) ? gains[i] : double.NaN)]) ?? members.DefaultIfEmpty(-1).First(), $"{conditions!.Name} {conditions.Names[k]}");
        }

        // Then evenly over the recording.
        for (var k = 0; k < most && found.Count < Math.Min(most, source.Trials.Count); k++)
        {
            Add((int)((long)k * source.Trials.Count / most), "");
        }

        return [.. found.Take(most).OrderBy(one => one.Trial)];

        void Add(int trial, string words)
        {
            if (trial < 0 || found.Count >= most)
            {
                return;
            }

            var at = found.FindIndex(one => one.Trial == trial);
            if (at < 0)
            {
                found.Add((trial, words));
            }
            else if (words.Length > 0)
            {
                found[at] = (trial, found[at].Words.Length > 0 ? $"{found[at].Words}, {words}" : words);
            }
        }
    }

    /// <summary>How much better than each channel being constant each trial is explained, in nats per observed entry; NaN where nothing was observed or numbers overflowed.</summary>
    internal static IReadOnlyList<double> GainsOf(InferenceResult found)
        => [.. found.Trials.Select((trial, i) =>
        {
            var entries = found.Estimates[i].ObservedCount;
            return entries == 0
                ? double.NaN
                : (found.Estimates[i].LogEvidence / entries) - NullModel.Of(found.Description, found.Recording, [trial], found.Hidden, found.ForecastBins, found.Gaps).LogLikelihood;
        })];

    private static int? Median(IReadOnlyList<double> gains)
    {
        var known = Enumerable.Range(0, gains.Count).Where(i => double.IsFinite(gains[i])).OrderBy(i => gains[i]).ThenBy(i => i).ToList();
        return known.Count == 0 ? null : known[known.Count / 2];
    }

    private static int Longest(IReadOnlyList<Trial> trials) => Enumerable.Range(0, trials.Count).MaxBy(i => trials[i].Bins);
}
