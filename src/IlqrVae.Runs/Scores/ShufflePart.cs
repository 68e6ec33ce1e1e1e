using System.Text.Json.Nodes;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Scores;

/// <summary>The scores of one group when predictions no longer belong to what they are compared with.</summary>
/// <param name="Group">The group.</param>
/// <param name="IsRate">Whether the scores are bits per spike, else R2.</param>
/// <param name="OtherTrial">With predictions of another trial, one a shuffle.</param>
/// <param name="PermutedBins">With predictions of the trial's own bins in another order, one a shuffle.</param>
public sealed record ShuffledScore(string Group, bool IsRate, IReadOnlyList<double> OtherTrial, IReadOnlyList<double> PermutedBins);

/// <summary>
/// What chance gives: the scores of hidden groups (of all, where none is hidden) with predictions of another trial, and with the bins of each trial in another order.
/// </summary>
/// <param name="Scores">For each group.</param>
public sealed record ShufflePart(IReadOnlyList<ShuffledScore> Scores) : IReportPart
{
    /// <summary>Number of shuffles.</summary>
    public const int Shuffles = 10;

    /// <inheritdoc/>
    public string Key => "shuffled";

    /// <summary>Shuffles and scores.</summary>
    /// <param name="result">What was found.</param>
    /// <param name="seed">Seed of the shuffles; null for the model's.</param>
    public static ShufflePart? Of(InferenceResult result, ulong? seed = null)
    {
        ArgumentNullException.ThrowIfNull(result);
        var from = seed ?? result.Description.Configuration.Seed;
        var scores = new List<ShuffledScore>();
        for (var g = 0; g < result.Description.Groups.Count; g++)
        {
            var name = result.Description.Groups[g].Name;
            if (result.Recording.IndexOfGroup(name) < 0 || (result.Hidden.Count > 0 && !result.Hidden.Contains(name)))
            {
                continue;
            }

            var (others, permuted) = (new double[Shuffles], new double[Shuffles]);
            for (var shuffle = 0; shuffle < Shuffles; shuffle++)
            {
                // The same shuffles for all groups.
                var random = new CounterRandom(from, RandomStreams.ShuffledPredictions, (ulong)shuffle);
                var other = result.Trials.Select((_, i) => OfOtherTrial(result.Trials, i, ref random)).ToList();
                var order = result.Trials.Select(trial => Permutation(trial.Bins, ref random)).ToList();
                others[shuffle] = Score(result, g, i => other[i]);
                permuted[shuffle] = Score(result, g, i => (i, order[i]));
            }

            scores.Add(new ShuffledScore(name, result.Description.IsRate(g), others, permuted));
        }

        return scores.Count == 0 ? null : new ShufflePart(scores);
    }

    /// <summary>
    /// The trial whose predictions to take, and which of its bins: any other at least as long, from its start; where none is, the trial's own, turned by at least a tenth.
    /// </summary>
    internal static (int Trial, int[] Bins) OfOtherTrial(IReadOnlyList<Trial> trials, int trial, ref CounterRandom random)
    {
        var bins = trials[trial].Bins;
        int[] longer = [.. Enumerable.Range(0, trials.Count).Where(i => i != trial && trials[i].Bins >= bins)];
        if (longer.Length > 0)
        {
            return (longer[random.NextInt32(longer.Length)], [.. Enumerable.Range(0, bins)]);
        }

        var least = bins / 10;
        var shift = bins < 2 ? 0 : Math.Max(1, least + random.NextInt32(Math.Max(1, bins - (2 * least))));
        return (trial, [.. Enumerable.Range(0, bins).Select(t => (t + shift) % bins)]);
    }

    /// <inheritdoc/>
    public JsonNode ToJson() => new JsonObject(Scores.Select(score => KeyValuePair.Create(score.Group, (JsonNode?)new JsonObject
    {
        ["score"] = score.IsRate ? "bits_per_spike" : "r2",
        ["shuffles"] = Shuffles,
        ["other_trial"] = Entry(score.OtherTrial),
        ["permuted_bins"] = Entry(score.PermutedBins),
    })));

    /// <inheritdoc/>
    public IEnumerable<IReadOnlyList<string>> ToRows() => Scores.SelectMany(score => ((string, IReadOnlyList<double>, string)[])
    [
        ("other trial", score.OtherTrial, "by predictions of another trial, or of another time"),
        ("permuted bins", score.PermutedBins, "by predictions in random order within the trial"),
    ]).Zip(Scores.SelectMany(score => Enumerable.Repeat(score, 2)), (row, score) => (IReadOnlyList<string>)
    [
        $"{(score.IsRate ? "bits per spike" : "R2")} of {score.Group}: chance, {row.Item1}",
        Wording.Number(row.Item2.Average()),
        $"{row.Item3}; mean of {Shuffles} shuffles, {Wording.Number(row.Item2.Max())} at most",
    ]);

    private static JsonObject Entry(IReadOnlyList<double> scores) => new() { ["mean"] = Json.Number(scores.Average()), ["largest"] = Json.Number(scores.Max()) };

    private static int[] Permutation(int bins, ref CounterRandom random)
    {
        int[] order = [.. Enumerable.Range(0, bins)];
        random.Shuffle(order);
        return order;
    }

    private static double Score(InferenceResult result, int g, Func<int, (int Trial, int[] Bins)> source)
    {
        var score = GroupScore.Of(result, g, ScoredPart.Rest, i =>
        {
            var (trial, bins) = source(i);
            var means = result.Estimates[trial].Means[g];
            var moved = new Table(bins.Length, means.Columns);
            for (var t = 0; t < bins.Length; t++)
            {
                means.Row(bins[t]).CopyTo(moved.Row(t));
            }

            return moved;
        })!;
        return result.Description.IsRate(g) ? score.BitsPerSpike : score.MeanR2;
    }
}
