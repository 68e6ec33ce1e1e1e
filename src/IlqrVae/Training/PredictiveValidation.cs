using System.Numerics;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Recordings;

namespace IlqrVae.Training;

/// <summary>
/// Scores how well a model predicts what it does not see of validation trials; see <see cref="ValidationFolds"/> for what that is. Rates and values are
/// those of the MAP inputs.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class PredictiveValidation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly GenerativeModel<T> _model;
    private readonly TrialObjective<T> _objective;
    private readonly GroupSummary[] _groups;
    private readonly double _binWidth;
    private readonly ValidationFolds _folds;
    private readonly double _valuesWeight;

    /// <summary>Prepares scoring.</summary>
    /// <param name="model">The model.</param>
    /// <param name="recording">The recording, of whose training trials the constants are.</param>
    /// <param name="options">Settings.</param>
    public PredictiveValidation(GenerativeModel<T> model, Recording recording, TrainingOptions options)
    {
        _model = model;
        _objective = new TrialObjective<T>(options);
        _binWidth = recording.BinWidth;
        _valuesWeight = options.ValuesWeight ?? 1;
        var known = RecordingSummary.Of(recording).Groups;
        _groups = [.. model.Likelihoods.Select(likelihood => known.FirstOrDefault(summary => summary.Group.Name == likelihood.Group)
            ?? RecordingSummary.OfUnknown(recording.BinWidth, [new ChannelGroup(likelihood.Group, likelihood.Draws, likelihood.ChannelCount)], []).Groups[0])];
        _folds = new ValidationFolds(_groups, options.ValidationHides, options.ValidationFolds, options.Seed);
    }

    /// <summary>Scores a trial.</summary>
    /// <param name="worker">The workspaces.</param>
    /// <param name="trial">The trial, with nothing hidden.</param>
    /// <param name="start">Its start, of which each part has a variant of its own: none has ever seen what it hides.</param>
    /// <param name="last">How the last solve went.</param>
    /// <returns>The score; not finite where numbers overflow.</returns>
    public PredictionScore Score(TrainingWorker<T> worker, PreparedTrial<T> trial, WarmStart<T> start, out ElboResult last)
    {
        var score = default(PredictionScore);
        last = default;
        for (var fold = 0; fold < _folds.Count; fold++)
        {
            worker.Hidden.Begin(trial.Bins);
            _folds.Mark(fold, worker.Hidden);
            var own = start.Of(fold + 1);
            var map = _objective.Solve(worker, trial, own, worker.Hidden.Selection());
            own.TryCopyFrom(map);
            score += Hidden(worker, map);
            last = new ElboResult(double.NaN, double.NaN, double.NaN, map.Report, 0, false);
        }

        return score;
    }

    private PredictionScore Hidden(TrainingWorker<T> worker, MapSolution<T> map)
    {
        var (gain, counts, squares, constant, values) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (var g = 0; g < _groups.Length; g++)
        {
            var hidden = worker.Hidden.Of(g);
            var observed = map.Trial.Observations[g];
            if (!hidden.Contains(true) || observed.ObservedCount == 0)
            {
                continue;
            }

            var (likelihood, summary) = (_model.Likelihoods[g], _groups[g]);
            var weight = _folds.Weight(g) * (likelihood.Draws == ChannelKind.Counts ? 1 : _valuesWeight);
            var means = worker.Means(g);
            var channels = likelihood.ChannelCount;
            for (var t = 0; t < map.Trial.Bins; t++)
            {
                likelihood.Activate(map.Trajectory.States.RowRange(t, 1), means.RowRange(0, 1));
                likelihood.Mean(means.Row(0), means.Row(1), means.Row(2));
                for (var i = 0; i < channels; i++)
                {
                    // A channel that never varied has no constant model to be compared with.
                    if (!hidden[(t * channels) + i] || (!observed.Mask.IsEmpty && observed.Mask[t, i] == T.Zero) || (likelihood.MeansAreRates && summary.Mean[i] <= 0))
                    {
                        continue;
                    }

                    var (y, mean) = (double.CreateChecked(observed.Values[t, i]), double.CreateChecked(means[1, i]));
                    if (likelihood.MeansAreRates)
                    {
                        var expected = Math.Max(mean * _binWidth, double.Epsilon);
                        gain += weight * ((y > 0 ? y * Math.Log(expected / summary.Mean[i]) : 0) - (expected - summary.Mean[i]));
                        counts += weight;
                    }
                    else
                    {
                        squares += weight * (y - mean) * (y - mean) / summary.Variance[i];
                        constant += weight * (y - summary.Mean[i]) * (y - summary.Mean[i]) / summary.Variance[i];
                        values += weight;
                    }
                }
            }
        }

        return new PredictionScore(gain, counts, squares, constant, values);
    }
}
