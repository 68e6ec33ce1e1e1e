using IlqrVae.Recordings;
using IlqrVae.Runs.Scores;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Tests;

/// <summary>Scores of groups and of decoding against sums over the very entries they are of, in trials of unequal lengths with entries missing.</summary>
public sealed class GroupScores(LearnedExample example) : IClassFixture<LearnedExample>
{
    private const int Spikes = 0;
    private const int Velocity = 1;

    [Theory]
    [InlineData(0, false)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    public void Every_observed_entry_of_the_bins_to_score_counts_alike(int forecast, bool ofForecast)
    {
        var part = ofForecast ? ScoredPart.Forecast : ScoredPart.Rest;
        var recording = Masked(example.Recording);

        // The last bin before and in the forecast is far off, so that it is missed where it is left out.
        var found = With(recording, (trial, g, t, c) => (g == Spikes ? 100 : 1) * (1 + t + c + (t == trial.Bins - 1 || t == trial.Bins - 3 ? 3 : 0.5))) with { ForecastBins = forecast };
        var scores = GroupScore.OfAll(found, part);
        for (var c = 0; c < 2; c++)
        {
            var entries = Entries(found, Velocity, c, forecast, ofForecast);
            var mean = entries.Average(one => one.Truth);
            var expected = 1 - (entries.Sum(one => Math.Pow(one.Truth - one.Estimate, 2)) / entries.Sum(one => Math.Pow(one.Truth - mean, 2)));
            Assert.Equal(expected, scores[Velocity].R2[c], 1e-10);
        }

        Assert.Equal(scores[Velocity].R2.Average(), scores[Velocity].MeanR2, 1e-12);
        var (gain, spikes) = (0.0, 0.0);
        for (var c = 0; c < 3; c++)
        {
            var entries = Entries(found, Spikes, c, forecast, ofForecast);
            var mean = entries.Average(one => one.Truth);
            gain += entries.Sum(one => (one.Truth == 0 ? 0 : one.Truth * Math.Log(one.Estimate * recording.BinWidth / mean)) - (one.Estimate * recording.BinWidth) + mean);
            spikes += entries.Sum(one => one.Truth);
        }

        Assert.Equal(gain / spikes / Math.Log(2), scores[Spikes].BitsPerSpike, 1e-10);
        Assert.Equal([!ofForecast, !ofForecast], scores.Select(score => score.IsInSample));
    }

    [Fact]
    public void Decoding_learns_and_scores_where_the_whole_group_was_observed()
    {
        // Rates whose combination is the velocity; where one channel is missing, the other one is garbage.
        double Rate(int bin, int channel) => 100 * (2 + Math.Sin((1 + channel) * (bin + 1)));
        var recording = example.Recording with
        {
            Trials =
            [
                .. example.Recording.Trials.Select((trial, k) => trial with
                {
                    Observations =
                    [
                        trial.Observations[Spikes],
                        Observations.FromValues(
                            Example.Table(trial.Bins, 2, (t, c) => t == 1 ? -50 : (c == 0 ? 3 * Rate(t, 0) : Rate(t, 1) - Rate(t, 2)) / 100),
                            [.. Enumerable.Range(0, trial.Bins * 2).Select(i => i != 2 + (k % 2))]),
                    ],
                    Truth = new Dictionary<string, Table>(StringComparer.Ordinal),
                }),
            ],
        };
        var found = With(recording, (_, g, t, c) => g == Spikes ? Rate(t, c) : 0);
        var training = Part(found, TrialSplit.Train);
        var test = Part(found, TrialSplit.Test);
        Assert.Equal([6, 4], training.Trials.Select(trial => trial.Bins));
        var part = DecodingPart.Of(test, training, "velocity");
        Assert.All(part.R2, r2 => Assert.InRange(r2, 0.999, 1));
        Assert.Empty(part.R2FromTruth);

        // An error in the last bin of the test trial alone costs what it costs.
        var spoilt = With(recording, (trial, g, t, c) => g == Spikes ? Rate(t == trial.Bins - 1 ? t + 1 : t, c) : 0);
        Assert.All(DecodingPart.Of(Part(spoilt, TrialSplit.Test), training, "velocity").R2, r2 => Assert.True(r2 < 0.98, $"{r2}"));
    }

    private static Recording Masked(Recording recording) => recording with
    {
        Trials =
        [
            .. recording.Trials.Select((trial, k) => trial with
            {
                Observations = [trial.Observations[Spikes], k == 1 ? trial.Observations[Velocity].Hide((bin, channel) => channel == 1 && bin is 0 or 8) : trial.Observations[Velocity]],
            }),
        ],
    };

    private InferenceResult With(Recording recording, Func<Trial, int, int, int, double> mean)
    {
        var found = example.Infer(new InferenceRequest { Split = "all" });
        return found with
        {
            Recording = recording,
            Trials = recording.Trials,
            Estimates =
            [
                .. found.Estimates.Zip(recording.Trials, (estimate, trial) => estimate with
                {
                    Means = [Example.Table(trial.Bins, 3, (t, c) => mean(trial, Spikes, t, c)), Example.Table(trial.Bins, 2, (t, c) => mean(trial, Velocity, t, c))],
                }),
            ],
        };
    }

    private static InferenceResult Part(InferenceResult found, TrialSplit split)
    {
        var kept = Enumerable.Range(0, found.Trials.Count).Where(i => found.Trials[i].Split == split).ToList();
        return found with { Trials = [.. kept.Select(i => found.Trials[i])], Estimates = [.. kept.Select(i => found.Estimates[i])] };
    }

    private static List<(double Truth, double Estimate)> Entries(InferenceResult found, int g, int c, int forecast, bool ofForecast)
        => [.. found.Trials.Zip(found.Estimates).SelectMany(pair => Enumerable.Range(0, pair.First.Bins)
            .Where(t => (t >= pair.First.Bins - forecast == ofForecast) && pair.First.Observations[g].IsObserved(t, c))
            .Select(t => (pair.First.Observations[g][t, c], pair.Second.Means[g][t, c])))];
}
