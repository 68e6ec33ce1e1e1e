using System.Numerics;
using IlqrVae.Inference;
using IlqrVae.Numerics;

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
    private readonly PreparedTrial<T>[] _trials;
    private readonly TrialObjective<T> _objective;
    private readonly TrainingWorker<T>[] _workers;
    private readonly IGradientReduction<T> _reduction;
    private readonly TrialOutcome[] _outcomes;
    private readonly int[] _numbers;

    /// <summary>Prepares scoring.</summary>
    /// <param name="trials">The validation trials.</param>
    /// <param name="options">Settings.</param>
    /// <param name="workers">The workspaces of the threads.</param>
    /// <param name="reduction">Which trials are worked out here.</param>
    public ValidationScore(PreparedTrial<T>[] trials, TrainingOptions options, TrainingWorker<T>[] workers, IGradientReduction<T> reduction)
    {
        _options = options;
        _trials = trials;
        _objective = new TrialObjective<T>(options);
        _workers = workers;
        _reduction = reduction;
        _outcomes = new TrialOutcome[trials.Length];
        _numbers = [.. Enumerable.Range(0, trials.Length)];
    }

    /// <summary>Whether there is anything to validate.</summary>
    public bool IsEmpty => _trials.Length == 0;

    /// <summary>Scores the model as it is.</summary>
    /// <param name="state">The state, whose starts change, and whose first losses are set by the first call.</param>
    /// <param name="crew">The threads.</param>
    /// <returns>Minus the score in nats per observed entry; infinite where no trial can be scored.</returns>
    public double Loss(TrainingState<T> state, WorkerCrew crew)
    {
        crew.ForEach(_trials.Length, (number, i) =>
        {
            if (_reduction.Owns(i))
            {
                var trial = _trials[i];
                var result = _objective.Evaluate(
                    _workers[number], trial, state.WarmStarts[trial.Name], _options.ScoreOfValidation, RandomStreams.Validation, i, gradient: null);
                _outcomes[i] = new TrialOutcome(result, double.NaN, trial.ObservedCount);
            }
        });
        _reduction.Gather(_numbers, _outcomes);
        if (state.FirstLosses.Count == 0)
        {
            foreach (var (trial, outcome) in _trials.Zip(_outcomes).Where(pair => double.IsFinite(pair.Second.Result.Elbo)))
            {
                state.FirstLosses[trial.Name] = -outcome.Result.Elbo;
            }
        }

        var (loss, entries) = (0.0, 0L);
        for (var i = 0; i < _trials.Length; i++)
        {
            var first = state.FirstLosses.GetValueOrDefault(_trials[i].Name, double.NaN);
            var hasExploded = !(-_outcomes[i].Result.Elbo <= first);
            state.WarmStarts[_trials[i].Name].IsLost = hasExploded;
            if (double.IsFinite(first))
            {
                loss += hasExploded ? first : -_outcomes[i].Result.Elbo;
                entries += _outcomes[i].ObservedCount;
            }
        }

        return state.FirstLosses.Count == 0 ? double.PositiveInfinity : loss / Math.Max(1, entries);
    }
}
