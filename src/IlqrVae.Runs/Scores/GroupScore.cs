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
    /// <summary>Mean of R2 over columns.</summary>
    public double MeanR2 => R2.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();

    /// <summary>Scores every group that the recording has.</summary>
    /// <param name="result">What was found.</param>
    /// <param name="ofForecast">Whether to score the bins at the end of trials that inference did not see, or all others.</param>
    public static IReadOnlyList<GroupScore> OfAll(InferenceResult result, bool ofForecast)
        => [.. Enumerable.Range(0, result.Description.Groups.Count).Select(g => Of(result, g, ofForecast)).OfType<GroupScore>()];

    /// <summary>The score as JSON.</summary>
    public JsonObject ToJson() => R2.Count > 0
        ? new JsonObject { ["hidden"] = IsHidden, ["in_sample"] = IsInSample, ["r2"] = Json.Number(MeanR2), ["r2_per_column"] = Json.Numbers(R2) }
        : new JsonObject { ["hidden"] = IsHidden, ["in_sample"] = IsInSample, ["bits_per_spike"] = Json.Number(BitsPerSpike) };

    private static GroupScore? Of(InferenceResult result, int g, bool ofForecast)
    {
        var group = result.Description.Groups[g];
        var index = result.Recording.IndexOfGroup(group.Name);
        if (index < 0)
        {
            return null;
        }

        var isHidden = result.Hidden.Contains(group.Name);
        var isInSample = !isHidden && !ofForecast;
        var observations = result.Trials.Select(trial => trial.Observations[index]).ToList();
        var evaluated = observations.Select(one => Evaluated(one, result.ForecastBins, ofForecast)).ToList();
        if (result.Description.IsRate(g))
        {
            var expected = result.Estimates.Select(estimate => Expected(estimate.Means[g], result.Description.BinWidth)).ToList();
            return new GroupScore(group.Name, isHidden, isInSample, [], Metrics.BitsPerSpike(expected, [.. observations.Select(one => one.ToTable())], evaluated));
        }

        var r2 = new double[group.Channels];
        for (var c = 0; c < r2.Length; c++)
        {
            var truth = new List<double>();
            var estimate = new List<double>();
            for (var t = 0; t < observations.Count; t++)
            {
                for (var bin = 0; bin < observations[t].Bins; bin++)
                {
                    if (evaluated[t]?[(bin * group.Channels) + c] != false)
                    {
                        truth.Add(observations[t][bin, c]);
                        estimate.Add(result.Estimates[t].Means[g][bin, c]);
                    }
                }
            }

            r2[c] = truth.Count == 0 ? double.NaN : Metrics.R2(Column(truth), Column(estimate));
        }

        return new GroupScore(group.Name, isHidden, isInSample, r2, double.NaN);
    }

    /// <summary>The observed entries of the bins to score; null for all.</summary>
    private static bool[]? Evaluated(Observations observations, int forecast, bool ofForecast)
    {
        if (forecast == 0)
        {
            return observations.ToMask();
        }

        return observations.Hide((bin, _) => bin >= observations.Bins - forecast != ofForecast).ToMask();
    }

    private static Table Expected(Table rates, double binWidth) => new(rates.Bins, rates.Columns, Array.ConvertAll(rates.Values, rate => rate * binWidth));

    private static Table Column(List<double> values) => new(values.Count, 1, [.. values]);
}
