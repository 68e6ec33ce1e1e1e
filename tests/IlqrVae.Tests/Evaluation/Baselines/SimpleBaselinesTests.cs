using System.Globalization;
using IlqrVae.Evaluation;
using IlqrVae.Evaluation.Baselines;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Tests.Evaluation.Baselines;

/// <summary>Constants and condition averages, against what they are by definition.</summary>
public sealed class SimpleBaselinesTests
{
    private const int Bins = 30;

    [Fact]
    public void Constants_are_the_means_of_training_trials_and_half_a_count()
    {
        var recording = Flat();
        var prediction = Of(recording, "constant").Predictions[0];
        var training = recording.TrialsOf(TrialSplit.Train);
        for (var c = 0; c < 3; c++)
        {
            var counts = training.Sum(trial => Enumerable.Range(0, Bins).Sum(t => trial.Observations[1][t, c]));
            Assert.Equal((counts + 0.5) / (training.Count * Bins), prediction[Bins - 1, c], 1e-12);
        }

        Assert.Equal(0.5 / (training.Count * Bins), prediction[0, 2], 1e-12);
    }

    [Fact]
    public void Averages_are_those_of_the_condition_and_one_trial_at_the_mean_smoothed_as_other_trials_ask()
    {
        // Neurons whose rates do not change: any average of training trials is noise, which those it is made of would have kept, and others do not.
        var recording = Flat();
        var score = Of(recording, "psth");
        var deviation = double.Parse(score.Tuned.Split("over ")[1].Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.InRange(deviation, 4, 64);
        Assert.StartsWith("2 conditions", score.Tuned, StringComparison.Ordinal);
        var means = Of(recording, "constant").Predictions[0].Row(0).ToArray();
        var tests = recording.TrialsOf(TrialSplit.Test);
        for (var k = 0; k < tests.Count; k++)
        {
            var members = recording.TrialsOf(TrialSplit.Train).Where(trial => trial.Truth["condition"][0, 0] == tests[k].Truth["condition"][0, 0]).ToList();
            var average = new Table(Bins, 3);
            for (var t = 0; t < Bins; t++)
            {
                for (var c = 0; c < 3; c++)
                {
                    average[t, c] = (members.Sum(trial => trial.Observations[1][t, c]) + means[c]) / (members.Count + 1);
                }
            }

            var expected = GaussianSmoothing.Smooth(average, deviation);
            Assert.All(expected.Values.Zip(score.Predictions[k].Values), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
        }
    }

    private static BaselineScore Of(Recording recording, string key) => BaselineSuite.Score(recording, recording.TrialsOf(TrialSplit.Test), ["held-out"]).Single(score => score.Key == key);

    /// <summary>Held-out neurons of two rates by condition, the last of which is silent.</summary>
    private static Recording Flat()
    {
        var trials = new List<Trial>();
        for (var k = 0; k < 14; k++)
        {
            var random = new CounterRandom(4, 6, (ulong)k);
            var (spikes, held) = (new Table(Bins, 4), new Table(Bins, 3));
            for (var t = 0; t < Bins; t++)
            {
                for (var c = 0; c < 4; c++)
                {
                    spikes[t, c] = random.NextPoisson(0.6);
                    held[t, Math.Min(c, 2)] = c < 2 ? random.NextPoisson(k % 2 == c ? 0.4 : 1.2) : 0;
                }
            }

            trials.Add(new Trial
            {
                Name = $"{k}",
                Bins = Bins,
                Split = k < 11 ? TrialSplit.Train : TrialSplit.Test,
                Observations = [Observations.FromCounts(spikes), Observations.FromCounts(held)],
                Truth = new Dictionary<string, Table>(StringComparer.Ordinal) { ["condition"] = new Table(Bins, 1, [.. Enumerable.Repeat((double)(k % 2), Bins)]) },
            });
        }

        return new Recording { BinWidth = 0.02, Groups = [new("spikes", ChannelKind.Counts, 4), new("held-out", ChannelKind.Counts, 3)], Trials = trials };
    }
}
