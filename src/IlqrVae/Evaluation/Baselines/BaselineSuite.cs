using System.Diagnostics;
using IlqrVae.Recordings;

namespace IlqrVae.Evaluation.Baselines;

/// <summary>How well a baseline predicts a hidden group.</summary>
/// <param name="Group">The group.</param>
/// <param name="Name">The baseline, in words.</param>
/// <param name="Key">The baseline, as a key.</param>
/// <param name="BitsPerSpike">Of counts, over each neuron's mean in the scored trials; NaN for values.</param>
/// <param name="BitsPerSpikeOverTrainingMeans">Of counts, over each neuron's mean in the training trials: that of the constant baseline is 0; NaN for values.</param>
/// <param name="R2">Of values, of each channel; empty for counts.</param>
/// <param name="Tuned">What was chosen by cross-validation on the training trials.</param>
/// <param name="Seconds">Wall-clock time of tuning, fitting and predicting.</param>
public sealed record BaselineScore(
    string Group, string Name, string Key, double BitsPerSpike, double BitsPerSpikeOverTrainingMeans, IReadOnlyList<double> R2, string Tuned, double Seconds)
{
    /// <summary>Mean of R2 over channels; NaN for counts.</summary>
    public double MeanR2 => R2.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();

    /// <summary>For each scored trial expected counts a bin, or values, bins x channels.</summary>
    public IReadOnlyList<Table> Predictions { get; init; } = [];
}

/// <summary>
/// What is reached without a model of dynamics: hidden groups predicted from seen ones by constants, condition averages, regressions, factor analysis and a linear state space.
/// All are tuned and fitted on the training trials alone; a missing entry of a seen group counts as its mean, a missing entry of a hidden one is left out.
/// </summary>
public static class BaselineSuite
{
    /// <summary>Fits, predicts and scores.</summary>
    /// <param name="recording">The recording, whose training trials are learned from.</param>
    /// <param name="scored">Trials to predict.</param>
    /// <param name="hidden">Names of the groups to predict.</param>
    /// <param name="seen">Names of the groups to predict from; null for all others.</param>
    /// <param name="atMost">Once so much time is spent no further baseline is begun; null for no limit.</param>
    /// <param name="leftOut">Takes the names of those that were not begun.</param>
    /// <param name="interrupt">Stops between baselines.</param>
    /// <returns>A row for each group and baseline that has something to say of it.</returns>
    /// <exception cref="InputException">There are no training trials, or a group is not there.</exception>
    public static IReadOnlyList<BaselineScore> Score(
        Recording recording, IReadOnlyList<Trial> scored, IReadOnlyCollection<string> hidden, IReadOnlyCollection<string>? seen = null,
        TimeSpan? atMost = null, ICollection<string>? leftOut = null, CancellationToken interrupt = default)
    {
        ArgumentNullException.ThrowIfNull(recording);
        ArgumentNullException.ThrowIfNull(scored);
        if (recording.TrialsOf(TrialSplit.Train).Count == 0)
        {
            throw new InputException("baselines: there are no trials with the split 'train' to learn from; mark some.");
        }

        int[] targets = [.. hidden.Select(Find).Order()];
        int[] sources = [.. (seen ?? [.. recording.Groups.Select(group => group.Name).Where(name => !hidden.Contains(name, StringComparer.Ordinal))]).Select(Find).Order()];
        var data = BaselineData.Of(recording, scored, targets, sources);
        var baselines = All();
        var (scores, whole) = (new List<BaselineScore>(), Stopwatch.StartNew());
        for (var g = 0; g < targets.Length; g++)
        {
            var constant = data.Score(g, data.Scored, SimpleBaselines.Constant(data, g).Predictions);
            foreach (var baseline in baselines)
            {
                interrupt.ThrowIfCancellationRequested();
                if (whole.Elapsed > atMost)
                {
                    leftOut?.Add(targets.Length > 1 ? $"{baseline.Name} of {data.Hidden[g].Name}" : baseline.Name);
                    continue;
                }

                var clock = Stopwatch.StartNew();
                if (baseline.Predict(data, g) is { } result)
                {
                    scores.Add(Of(data, g, baseline, result, constant, clock.Elapsed.TotalSeconds));
                }
            }
        }

        return scores;

        int Find(string name) => recording.IndexOfGroup(name) is >= 0 and var index
            ? index
            : throw new InputException($"baselines: there is no channel group '{name}'; {Spelling.DidYouMean(name, recording.Groups.Select(group => group.Name))}the recording has {string.Join(", ", recording.Groups.Select(group => $"'{group.Name}'"))}.");
    }

    // Some share what they have computed, between each other and between groups.
    private static Baseline[] All()
    {
        var (regressions, latents) = (new RegressionBaselines(), new LatentBaselines());
        return
        [
            new("constant", "constant", SimpleBaselines.Constant),
            new("condition averages (PSTH)", "psth", SimpleBaselines.OfConditions),
            new("smoothing + Poisson regression", "poisson_regression", regressions.PoissonOnSmoothed),
            new("smoothing + ridge", "smoothing_ridge", regressions.RidgeOnSmoothed),
            new("lag ridge, causal", "lag_ridge_causal", regressions.CausalLags),
            new("lag ridge, acausal", "lag_ridge_acausal", regressions.AcausalLags),
            new("lag ridge, smoothed", "lag_ridge_smoothed", regressions.SmoothedLags),
            new("factor analysis", "factor_analysis", latents.Factors),
            new("linear state space (EM)", "linear_state_space", latents.StateSpace),
        ];
    }

    private static BaselineScore Of(BaselineData data, int group, Baseline baseline, BaselineResult result, double constant, double seconds)
    {
        var isCount = data.Hidden[group].Kind == ChannelKind.Counts;
        var bits = isCount ? data.Score(group, data.Scored, result.Predictions) : double.NaN;
        IReadOnlyList<double> r2 = isCount
            ? []
            : Metrics.R2PerColumn([.. data.Scored.Select(trial => trial.Targets[group])], result.Predictions, [.. data.Scored.Select(trial => trial.TargetMasks[group])]);
        return new BaselineScore(data.Hidden[group].Name, baseline.Name, baseline.Key, bits, isCount ? bits - constant : double.NaN, r2, result.Tuned, seconds) { Predictions = result.Predictions };
    }
}
