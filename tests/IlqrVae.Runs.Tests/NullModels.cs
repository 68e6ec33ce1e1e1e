using IlqrVae.Evaluation;
using IlqrVae.Recordings;
using IlqrVae.Runs.Scores;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Tests;

/// <summary>Constants that a model has to beat.</summary>
public sealed class NullModels(LearnedExample example) : IClassFixture<LearnedExample>
{
    private static readonly HashSet<string> Nothing = [];

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void It_is_the_log_likelihood_of_each_channels_mean_in_training_over_the_observed_entries(int forecast)
    {
        var recording = example.Recording;
        var (sum, entries) = (0.0, 0);
        for (var g = 0; g < 2; g++)
        {
            for (var c = 0; c < recording.Groups[g].Channels; c++)
            {
                List<double> Seen(IEnumerable<Trial> trials, int hidden) => [.. trials.SelectMany(trial => Enumerable.Range(0, trial.Bins - hidden)
                    .Where(t => trial.Observations[g].IsObserved(t, c)).Select(t => trial.Observations[g][t, c]))];
                var learned = Seen(recording.TrialsOf(TrialSplit.Train), 0);
                var mean = learned.Average();
                var variance = learned.Average(value => (value - mean) * (value - mean));
                var scored = Seen(recording.Trials, forecast);
                entries += scored.Count;
                sum += g == 0
                    ? -scored.Sum(count => Metrics.PoissonNegativeLogLikelihood(mean + (0.5 / recording.TrialsOf(TrialSplit.Train).Sum(trial => trial.Bins)), count))
                    : -0.5 * scored.Sum(value => Math.Log(2 * Math.PI * variance) + ((value - mean) * (value - mean) / variance));
            }
        }

        var found = NullModel.Of(Example.Description(recording), recording, recording.Trials, Nothing, forecast);
        Assert.Equal(entries, found.Entries);
        Assert.Equal(sum / entries, found.LogLikelihood, 1e-12);
        Assert.True(found.IsAsGoodAs(found.LogLikelihood));
        Assert.False(found.IsAsGoodAs(found.LogLikelihood + 1e-9));
        Assert.False(found.IsAsGoodAs(double.NaN));
    }

    [Fact]
    public void A_neuron_that_was_silent_in_training_is_rare_and_not_impossible()
    {
        var silent = Example.Description(Example.Recording(count: (k, t, c) => c == 0 ? 0 : 1));
        var recording = Example.Recording(count: (k, t, c) => 200);
        var hidden = new HashSet<string>(["velocity"], StringComparer.Ordinal);
        var found = NullModel.Of(silent, recording, recording.TrialsOf(TrialSplit.Test), hidden);

        // One test trial of 7 bins, one entry of channel 1 missing; 10 bins of training.
        Assert.Equal(20, found.Entries);
        var expected = (7 * Metrics.PoissonNegativeLogLikelihood(0.05, 200)) + (13 * Metrics.PoissonNegativeLogLikelihood(1.05, 200));
        Assert.Equal(-expected / 20, found.LogLikelihood, 1e-9);
    }

    [Fact]
    public void Where_nothing_was_seen_there_is_no_score_of_what_was_seen()
    {
        var found = example.Infer(new InferenceRequest
        {
            Split = "all", ElboDraws = 2, ImportanceSamples = 3, Hidden = new HashSet<string>(["spikes", "velocity"], StringComparer.Ordinal),
        });
        var report = EvaluationReport.Of(found, new EvaluationRequest { Inference = new InferenceRequest { ImportanceSamples = 3 } });
        Assert.True(double.IsNaN(report.Elbo) && double.IsNaN(report.LogEvidence) && double.IsNaN(report.Null.LogLikelihood));
        Assert.False(report.IsNoBetterThanConstant);
        var json = report.ToJson();
        Assert.Null(json["elbo"]);
        Assert.Null(json["log_evidence"]);
        Assert.Null(json["null_log_likelihood"]);
        Assert.Null(json["iwae"]!["laplace"]!["per_entry"]!["elbo"]);
        Assert.NotNull(json["iwae"]!["laplace"]!["per_trial"]!["elbo"]);
        Assert.Contains(report.ToRows(), row => row[0] == "ELBO" && row[1] == "-");
    }

    [Fact]
    public void The_score_of_what_inference_saw_says_so()
    {
        var report = EvaluationReport.Of(example.Infer(new InferenceRequest { Split = "all", Hidden = new HashSet<string>(["velocity"], StringComparer.Ordinal), ForecastBins = 1 }));
        Assert.Equal([true, false], report.Groups.Select(group => group.IsInSample));
        Assert.Contains(report.ToRows(), row => row[0] == "bits per spike of spikes, in-sample" && row[2].Contains("noise scores above 0", StringComparison.Ordinal));
        Assert.Contains(report.ToRows(), row => row[0] == "R2 of velocity");
        var json = report.ToJson();
        Assert.True(json["groups"]!["spikes"]!["in_sample"]!.GetValue<bool>());
        Assert.False(json["groups"]!["velocity"]!["in_sample"]!.GetValue<bool>());
        Assert.False(json["forecast"]!["groups"]!["spikes"]!["in_sample"]!.GetValue<bool>());
        Assert.Equal(NullModel.Of(report.Inference.Description, example.Recording, example.Recording.Trials, report.Inference.Hidden, 1).LogLikelihood, json["null_log_likelihood"]!.GetValue<double>());
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void Scores_of_estimates_that_are_not_finite_end(double bad)
    {
        var request = new InferenceRequest { Split = "all", ElboDraws = 2, Horizons = [2], InputEffects = true };
        var found = example.Infer(request);
        Table Bad(Table table, int every) => new(table.Bins, table.Columns, [.. table.Values.Select((value, i) => i % every == 0 ? bad : value)]);
        foreach (var every in (int[])[1, 7])
        {
            var spoiled = found with
            {
                Estimates =
                [
                    .. found.Estimates.Select(one => one with
                    {
                        Inputs = Bad(one.Inputs, every), States = Bad(one.States, every), Means = [.. one.Means.Select(table => Bad(table, every))], LogEvidence = bad,
                    }),
                ],
            };
            var report = EvaluationReport.Of(spoiled, new EvaluationRequest { Inference = request, EnergyAt = [1], Onsets = OnsetPart.Of(spoiled, "velocity"), Decoding = every == 1 ? null : DecodingPart.Of(spoiled, spoiled, "velocity") });
            Assert.Null(report.ToJson()["log_evidence"]);
            Assert.NotEmpty(report.ToRows());
        }
    }
}
