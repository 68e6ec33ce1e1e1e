using System.Numerics;
using IlqrVae.Inference;
using IlqrVae.Numerics;
using IlqrVae.Training.Processes;

namespace IlqrVae.Training;

/// <summary>
/// The loss of the validation trials. None counts as worse than before learning: one whose sample explodes is not explained at all, and says nothing of
/// the others.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class ValidationScore<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly TrainingOptions _options;
    private readonly TrialShelf<T> _trials;
    private readonly TrialObjective<T> _objective;
    private readonly PredictiveValidation<T>? _prediction;
    private readonly TrainingWorker<T>[] _workers;
    private readonly SharedWork<T> _shared;
    private readonly TrialOutcome[] _outcomes;
    private readonly int[] _owners;
    private readonly WarmStart<T>[] _starts;

    /// <summary>Prepares scoring.</summary>
    /// <param name="trials">The validation trials.</param>
    /// <param name="options">Settings.</param>
    /// <param name="workers">The workspaces of the threads.</param>
    /// <param name="shared">What is worked out here, and what completes it.</param>
    /// <param name="prediction">What scores by prediction; null where another score is asked for.</param>
    public ValidationScore(
        TrialShelf<T> trials, TrainingOptions options, TrainingWorker<T>[] workers, SharedWork<T> shared, PredictiveValidation<T>? prediction = null)
    {
        _options = options;
        _trials = trials;
        _objective = new TrialObjective<T>(options);
        _prediction = prediction;
        _workers = workers;
        _shared = shared;
        _outcomes = new TrialOutcome[trials.Count];
        _owners = new int[trials.Count];
        _starts = new WarmStart<T>[trials.Count];
        shared.Deal(Enumerable.Range(0, trials.Count).Select(trials.BinsOf).ToArray(), _owners);
    }

    /// <summary>Whether there is anything to validate.</summary>
    public bool IsEmpty => _trials.Count == 0;

    /// <summary>Scores the model as it is.</summary>
    /// <param name="state">The state, whose starts change, and whose first losses are set by the first call.</param>
    /// <param name="crew">The threads.</param>
    /// <returns>Minus the score in nats per observed entry; infinite where no trial can be scored.</returns>
    public double Loss(TrainingState<T> state, WorkerCrew crew)
    {
        if (_prediction is not null)
        {
            return PredictionLoss(_prediction, state, crew);
        }

        crew.ForEach(_trials.Count, (number, i) =>
        {
            if (_shared.IsOwn(_owners[i]))
            {
                var trial = _trials[i];
                var result = _objective.Score(
                    _workers[number], trial, state.WarmStarts[trial.Name], _options.ScoreOfValidation, RandomStreams.Validation, i);
                _outcomes[i] = new TrialOutcome(result, double.NaN, trial.ObservedCount);
            }
        });
        Complete(state);
        if (state.FirstLosses.Count == 0)
        {
            for (var i = 0; i < _trials.Count; i++)
            {
                if (double.IsFinite(_outcomes[i].Result.Elbo))
                {
                    state.FirstLosses[_trials.NameOf(i)] = -_outcomes[i].Result.Elbo;
                }
            }
        }

        var (loss, entries) = (0.0, 0.0);
        for (var i = 0; i < _trials.Count; i++)
        {
            var first = state.FirstLosses.GetValueOrDefault(_trials.NameOf(i), double.NaN);
            var hasExploded = !(-_outcomes[i].Result.Elbo <= first);
            state.WarmStarts[_trials.NameOf(i)].IsLost = hasExploded;
            if (double.IsFinite(first))
            {
                loss += hasExploded ? first : -_outcomes[i].Result.Elbo;
                entries += _outcomes[i].Weight;
            }
        }

        return state.FirstLosses.Count == 0 ? double.PositiveInfinity : loss / Math.Max(1, entries);
    }

    /// <summary>Minus the nats that a hidden entry gains over constants; a trial that is predicted worse than by constants counts as much as these.</summary>
    private double PredictionLoss(PredictiveValidation<T> prediction, TrainingState<T> state, WorkerCrew crew)
    {
        crew.ForEach(_trials.Count, (number, i) =>
        {
            if (_shared.IsOwn(_owners[i]))
            {
                var score = prediction.Score(_workers[number], _trials[i], state.WarmStarts[_trials.NameOf(i)], out var last);
                _outcomes[i] = new TrialOutcome(last, double.NaN, score.Entries, score);
            }
        });
        Complete(state);
        var sum = default(PredictionScore);
        for (var i = 0; i < _trials.Count; i++)
        {
            var score = _outcomes[i].Prediction;
            if (!score.IsUsable)
            {
                state.WarmStarts[_trials.NameOf(i)].Lose();
            }

            sum += score.IsBetterThanConstant ? score : score.Constant;
        }

        return sum.Loss;
    }

    /// <summary>Outcomes and starts of trials that other processes have worked out.</summary>
    private void Complete(TrainingState<T> state)
    {
        for (var i = 0; i < _trials.Count; i++)
        {
            _starts[i] = state.WarmStarts[_trials.NameOf(i)];
        }

        _shared.Gather(_owners, _outcomes);
        _shared.Share(_owners, _starts);
    }
}
