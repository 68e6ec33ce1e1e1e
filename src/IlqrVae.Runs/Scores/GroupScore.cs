using System.Text.Json.Nodes;
using IlqrVae.Evaluation;
using IlqrVae.Recordings;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Scores;

/// <summary>How well one channel group is explained.</summary>
/// <param name="Name">The group.</param>
/// <param name="IsHidden">Whether it was hidden, so that it is predicted and not fitted.</param>
/// <param name="IsInSample">Whether inference saw the very entries that are scored: the score then tells how closely they were followed, noise included, and not what was learned.</param>
/// <param name="R2">Values only: R2 of each column against the observations; else empty.</param>
/// <param name="BitsPerSpike">Counts only: bits per spike; else NaN.</param>
public sealed record GroupScore(string Name, bool IsHidden, bool IsInSample, IReadOnlyList<double> R2, double BitsPerSpike)
{
    /// <summary>
    /// Counts only: bits per spike over each channel's mean in the training trials, as a baseline of constant rates has them, instead of its mean in the scored
    /// trials; NaN for values and where the model's file does not know these means.
    /// </summary>
    public double BitsPerSpikeOverTrainingMeans { get; init; } = double.NaN;

    /// <summary>Of what inference did not see: the mean over channels of R2 against true rates or noise-free values; NaN where they are not known.</summary>
    public double R2OfTruth { get; init; } = double.NaN;

    /// <summary>Mean of R2 over columns.</summary>
    public double MeanR2 => R2.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();

    /// <summary>Scores every group that the recording has.</summary>
    /// <param name="result">What was found.</param>
    /// <param name="part">The bins to score.</param>
    public static IReadOnlyList<GroupScore> OfAll(InferenceResult result, ScoredPart part)
        => [.. Enumerable.Range(0, result.Description.Groups.Count)
            .Where(g => part != ScoredPart.Gap || result.Gaps.Any(gap => gap.Touches(result.Description.Groups[g].Name)))
            .Select(g => Of(result, g, part, i => result.Estimates[i].Means[g]))
            .OfType<GroupScore>()];

    /// <summary>The score as JSON.</summary>
    public JsonObject ToJson()
    {
        var json = R2.Count > 0
            ? new JsonObject { ["hidden"] = IsHidden, ["in_sample"] = IsInSample, ["r2"] = Json.Number(MeanR2), ["r2_per_column"] = Json.Numbers(R2) }
            : new JsonObject { ["hidden"] = IsHidden, ["in_sample"] = IsInSample, ["bits_per_spike"] = Json.Number(BitsPerSpike), ["bits_per_spike_over_training_means"] = Json.Number(BitsPerSpikeOverTrainingMeans) };
        if (double.IsFinite(R2OfTruth))
        {
            json["r2_of_truth"] = Json.Number(R2OfTruth);
        }

        return json;
    }

    /// <summary>A row of a table for bins that inference did not see.</summary>
    /// <param name="what">What they are.</param>
    /// <param name="how">What they were predicted from.</param>
    internal IReadOnlyList<string> ToRow(string what, string how) =>
    [
        $"{(R2.Count > 0 ? "R2" : "bits per spike")} of {Name}, {what}",
        Wording.Number(R2.Count > 0 ? MeanR2 : BitsPerSpike),
        $"{how}{(double.IsFinite(R2OfTruth) ? $"; R2 against the truth {Wording.Number(R2OfTruth)}" : "")}",
    ];

    /// <summary>Scores one group; null where the recording does not have it.</summary>
    /// <param name="result">What was found.</param>
    /// <param name="g">Index of the model's group.</param>
    /// <param name="part">The bins to score.</param>
    /// <param name="means">Of a trial's number the rates in Hz, or values, to score.</param>
    internal static GroupScore? Of(InferenceResult result, int g, ScoredPart part, Func<int, Table> means)
    {
        var group = result.Description.Groups[g];
        var index = result.Recording.IndexOfGroup(group.Name);
        if (index < 0)
        {
            return null;
        }

        var isHidden = result.Hidden.Contains(group.Name);
        var isInSample = !isHidden && part == ScoredPart.Rest;
        var observations = result.Trials.Select(trial => trial.Observations[index]).ToList();
        var evaluated = observations.Select(one => result.Unseen.Observed(part, group.Name, one)).ToList();
        var estimates = Enumerable.Range(0, observations.Count).Select(means).ToList();
        var ofTruth = part == ScoredPart.Rest ? double.NaN : Truth(result, g, part, estimates);
        if (result.Description.IsRate(g))
        {
            var expected = estimates.Select(rates => Expected(rates, result.Description.BinWidth)).ToList();
            var counts = observations.Select(one => one.ToTable()).ToList();
            var bits = Metrics.BitsPerSpike(expected, counts, evaluated);
            var constants = NullModel.ConstantRates(result.Description, g);
            return new GroupScore(group.Name, isHidden, isInSample, [], bits)
            {
                R2OfTruth = ofTruth,
                BitsPerSpikeOverTrainingMeans = constants.Length == 0 ? double.NaN : bits - Metrics.BitsPerSpike([.. counts.Select(table => Repeated(constants, table.Bins))], counts, evaluated),
            };
        }

        var truth = observations.Select(one => one.ToTable()).ToList();
        return new GroupScore(group.Name, isHidden, isInSample, Metrics.R2PerColumn(truth, estimates, evaluated), double.NaN) { R2OfTruth = ofTruth };
    }

    /// <summary>The truth is known where nothing was observed too.</summary>
    private static double Truth(InferenceResult result, int g, ScoredPart part, List<Table> estimates)
    {
        if (TruthTables.OfGroup(result.Description, result.Trials, g) is not { } known)
        {
            return double.NaN;
        }

        var name = result.Description.Groups[g].Name;
        var evaluated = known.Tables.Select(table => (bool[]?)result.Unseen.Mask(part, name, table.Bins, table.Columns)).ToList();
        return Metrics.R2PerColumn(known.Tables, [.. known.Indices.Select(i => estimates[i])], evaluated).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();
    }

    private static Table Expected(Table rates, double binWidth) => new(rates.Bins, rates.Columns, Array.ConvertAll(rates.Values, rate => rate * binWidth));

    private static Table Repeated(double[] row, int bins) => new(bins, row.Length, [.. Enumerable.Repeat(row, bins).SelectMany(one => one)]);
}
