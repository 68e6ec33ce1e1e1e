using IlqrVae.Evaluation;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Scores;
using IlqrVae.Runs.Sessions;
using IlqrVae.Training;

namespace IlqrVae.Runs.Tests;

/// <summary>What scores are worth: shuffled predictions, baselines beside the model, constants, units that count.</summary>
public sealed class Controls(LearnedExample example) : IClassFixture<LearnedExample>
{
    private static readonly HashSet<string> Nothing = [];
    private static readonly HashSet<string> Velocity = ["velocity"];

    [Fact]
    public void Shuffles_are_a_function_of_the_seed_and_destroy_a_perfect_prediction()
    {
        var found = Perfect();
        var (one, two, other) = (ShufflePart.Of(found, 3)!, ShufflePart.Of(found, 3)!, ShufflePart.Of(found, 4)!);
        Assert.Equal(["velocity"], one.Scores.Select(score => score.Group), StringComparer.Ordinal);
        Assert.Equal(one.Scores[0].OtherTrial, two.Scores[0].OtherTrial);
        Assert.Equal(one.Scores[0].PermutedBins, two.Scores[0].PermutedBins);
        Assert.NotEqual(one.Scores[0].PermutedBins, other.Scores[0].PermutedBins);
        Assert.Equal(1, GroupScore.OfAll(found, ScoredPart.Rest)[1].MeanR2, 1e-12);
        Assert.All(one.Scores[0].OtherTrial.Concat(one.Scores[0].PermutedBins), r2 => Assert.True(r2 < 0.95, $"{r2}"));
        Assert.Equal(ShufflePart.Shuffles, one.Scores[0].PermutedBins.Distinct().Count());
        var json = one.ToJson()["velocity"]!;
        Assert.Equal(one.Scores[0].OtherTrial.Average(), json["other_trial"]!["mean"]!.GetValue<double>(), 1e-12);
        Assert.Equal(one.Scores[0].PermutedBins.Max(), json["permuted_bins"]!["largest"]!.GetValue<double>(), 1e-12);
        Assert.Equal(2, one.ToRows().Count());
        Assert.Equal(2, ShufflePart.Of(found with { Hidden = Nothing })!.Scores.Count);
    }

    [Fact]
    public void Shuffling_moves_whole_bins_of_the_same_trial()
    {
        // A prediction that is the same in all bins of a trial but not of all trials: bins in another order change nothing.
        var found = Perfect();
        found = found with
        {
            Estimates = [.. found.Estimates.Select((one, k) => one with { Means = [one.Means[0], Example.Table(one.Means[1].Bins, 2, (t, c) => k + c)] })],
        };
        var score = GroupScore.OfAll(found, ScoredPart.Rest)[1].MeanR2;
        var shuffled = ShufflePart.Of(found)!.Scores[0];
        Assert.All(shuffled.PermutedBins, r2 => Assert.Equal(score, r2, 1e-12));

        // Trials of 6, 9, 4 and 7 bins: the longest keeps its own, the others take another's.
        Assert.Contains(shuffled.OtherTrial, r2 => Math.Abs(r2 - score) > 1e-6);
    }

    [Fact]
    public void Bits_over_training_means_are_those_over_the_constants_of_the_null_model()
    {
        var found = example.Infer(new InferenceRequest { Split = "test", Hidden = Velocity });
        var score = GroupScore.OfAll(found, ScoredPart.Rest)[0];
        var (gain, spikes) = (0.0, 0.0);
        var seconds = example.Recording.TrialsOf(TrialSplit.Train).Sum(trial => trial.Bins);
        for (var c = 0; c < 3; c++)
        {
            var mean = example.Recording.TrialsOf(TrialSplit.Train).SelectMany(trial => Entries(trial, c)).Average(one => one.Count) + (0.5 / seconds);
            foreach (var (trial, estimate) in found.Trials.Zip(found.Estimates))
            {
                foreach (var (bin, count) in Entries(trial, c))
                {
                    gain += Metrics.PoissonNegativeLogLikelihood(mean, count) - Metrics.PoissonNegativeLogLikelihood(estimate.Means[0][bin, c] * example.Recording.BinWidth, count);
                    spikes += count;
                }
            }
        }

        Assert.Equal(gain / spikes / Math.Log(2), score.BitsPerSpikeOverTrainingMeans, 1e-9);
        Assert.NotEqual(score.BitsPerSpike, score.BitsPerSpikeOverTrainingMeans);
        Assert.Equal(score.BitsPerSpikeOverTrainingMeans, score.ToJson()["bits_per_spike_over_training_means"]!.GetValue<double>());

        static IEnumerable<(int Bin, double Count)> Entries(Trial trial, int c)
            => Enumerable.Range(0, trial.Bins).Where(t => trial.Observations[0].IsObserved(t, c)).Select(t => (t, trial.Observations[0][t, c]));
    }

    [Fact]
    public void Baselines_are_rows_and_json_beside_the_model()
    {
        var found = example.Infer(new InferenceRequest { Split = "test", Hidden = Velocity });
        var report = EvaluationReport.Of(found, new EvaluationRequest { Baselines = BaselinePart.Of(found, interrupt: TestContext.Current.CancellationToken), Shuffle = true });
        var json = report.ToJson();
        Assert.NotNull(json["baselines"]!["velocity"]!["constant"]!["r2"]);
        Assert.NotNull(json["shuffled"]!["velocity"]!["other_trial"]!["mean"]);
        Assert.Contains(report.ToRows(), row => row[0] == "R2 of velocity: constant");
        Assert.Null(EvaluationReport.Of(found).ToJson()["baselines"]);
        Assert.Null(EvaluationReport.Of(found).ToJson()["shuffled"]);
        Assert.Throws<InputException>(() => BaselinePart.Of(found with { Hidden = Nothing }, interrupt: TestContext.Current.CancellationToken));
        Assert.Throws<InputException>(() => BaselinePart.Of(found with { ForecastBins = 2 }, interrupt: TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Units_that_say_nothing_are_left_out_of_condition_averages()
    {
        // Of three units, one is silent and one is the same in all averages; the estimate of the third is right.
        var found = example.Infer(new InferenceRequest { Split = "all", Hidden = Velocity });
        var recording = Example.Recording(count: (k, t, c) => c == 0 ? 0 : c == 1 ? 2 : 1 + (k % 2));
        Assert.Equal(2, ConditionMeansOf(1).LeftOut);
        Assert.Equal(1, ConditionMeansOf(1).Units);
        Assert.Equal(1, ConditionMeansOf(1).OfSpikes, 1e-9);
        Assert.True(ConditionMeansOf(2).OfSpikes < 0.9);

        (string Group, int Conditions, int Units, int LeftOut, double OfSpikes, double OfTruth) ConditionMeansOf(double factor)
        {
            var result = found with
            {
                Recording = recording,
                Trials = recording.Trials,
                Estimates = [.. found.Estimates.Select((one, k) => one with { Means = [Example.Table(one.Means[0].Bins, 3, (t, c) => c == 2 ? factor * (1 + (k % 2)) / recording.BinWidth : 1e4 * t), one.Means[1]] })],
            };
            var part = ConditionPart.Of(result)!;
            Assert.Equal(2, part.ToJson()["spikes"]!["units_left_out"]!.GetValue<int>());
            Assert.Contains("2 left out", Assert.Single(part.ToRows())[2], StringComparison.Ordinal);
            return Assert.Single(part.Scores);
        }
    }

    [Fact]
    public void Patience_without_validation_trials_is_remarked_upon()
    {
        var configuration = new RunConfiguration { Data = "data.h5", Model = new Models.ModelSpecification { States = 2, Inputs = 1 }, Training = new TrainingOptions { Patience = 3 } };
        Assert.Empty(TrainingSession.RemarksOf(configuration, example.Recording));
        var without = example.Recording with { Trials = example.Recording.TrialsOf(TrialSplit.Train) };
        Assert.Contains("training.patience", Assert.Single(TrainingSession.RemarksOf(configuration, without)), StringComparison.Ordinal);
        Assert.Empty(TrainingSession.RemarksOf(configuration with { Training = new TrainingOptions() }, without));
    }

    private InferenceResult Perfect()
    {
        var found = example.Infer(new InferenceRequest { Split = "all", Hidden = Velocity });
        return found with { Estimates = [.. found.Estimates.Zip(found.Trials, (one, trial) => one with { Means = [one.Means[0], trial.Observations[1].ToTable()] })] };
    }
}
