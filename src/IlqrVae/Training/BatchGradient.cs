using System.Numerics;
using System.Runtime.CompilerServices;
using IlqrVae.Inference;
using IlqrVae.Models.Parameters;
using IlqrVae.Training.Processes;

namespace IlqrVae.Training;

/// <summary>
/// The gradient of the loss of a batch: trials are shared out to threads, each trial's gradient is bounded by <see cref="GradientGuard"/>, and the sum is
/// taken in the order of the batch, by blocks of parameters that threads share out, so that it does not depend on their number.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class BatchGradient<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly VariationalModel<T> _model;
    private readonly TrainingOptions _options;
    private readonly TrialShelf<T> _trials;
    private readonly TrialObjective<T> _objective;
    private readonly TrainingWorker<T>[] _workers;
    private readonly SharedWork<T> _shared;
    private readonly TrialGradient<T>[] _gradients;
    private readonly TimeFactorGradients<T> _timeGradients;
    private readonly int _groupSize;
    private readonly TrialOutcome[] _outcomes;
    private readonly double[] _norms;
    private readonly double[] _weights;
    private readonly int[] _owners;
    private readonly WarmStart<T>[] _starts;
    private readonly int[] _owned;
    private readonly int[] _order;
    private readonly int[] _lengths;

    /// <summary>Allocates the workspace.</summary>
    /// <param name="model">The model.</param>
    /// <param name="trials">The trials that batches are made of, and the longest there is.</param>
    /// <param name="batchSize">The largest number of trials in a batch.</param>
    /// <param name="options">Settings.</param>
    /// <param name="workers">The workspaces of the threads.</param>
    /// <param name="shared">What is worked out here, and what completes it.</param>
    public BatchGradient(
        VariationalModel<T> model, TrainingTrials<T> trials, int batchSize, TrainingOptions options, TrainingWorker<T>[] workers, SharedWork<T> shared)
    {
        _model = model;
        _options = options;
        _trials = trials.Training;
        _objective = new TrialObjective<T>(options);
        _workers = workers;
        _shared = shared;
        _outcomes = new TrialOutcome[batchSize];
        _norms = new double[batchSize];
        _weights = new double[batchSize];
        _owners = new int[batchSize];
        _starts = new WarmStart<T>[batchSize];
        _owned = new int[batchSize];
        _order = new int[batchSize];
        _lengths = new int[batchSize];
        var time = model.Posterior.Time;
        var draws = options.Elbo.Draws;
        var bytes = Unsafe.SizeOf<T>() * model.Parameters.All.Where(parameter => parameter != time).Sum(parameter => (long)parameter.Rows * parameter.Columns);
        _groupSize = (int)Math.Min(batchSize, Math.Max(2L * workers.Length, options.GradientBytes / bytes));
        ParameterGradient<T>[] group = [.. Enumerable.Range(0, _groupSize).Select(_ => new ParameterGradient<T>(model.Parameters.All, without: time))];
        _timeGradients = new TimeFactorGradients<T>(batchSize, draws, model.Generative.InputCount, trials.Longest);
        _gradients = [.. Enumerable.Range(0, batchSize).Select(i => new TrialGradient<T>(model, group[i % _groupSize], _timeGradients, i))];
        Sum = new ParameterGradient<T>(model.Parameters.All);
    }

    /// <summary>The sum over the last batch's trials of the gradient of the loss, in nats, with respect to the constrained values.</summary>
    public ParameterGradient<T> Sum { get; }

    /// <summary>Computes a batch.</summary>
    /// <param name="batch">Its trials.</param>
    /// <param name="state">The state, whose starts and usual norm change.</param>
    /// <param name="crew">The threads.</param>
    public BatchOutcome Compute(int[] batch, TrainingState<T> state, WorkerCrew crew)
    {
        var owners = _owners.AsSpan(0, batch.Length);
        for (var i = 0; i < batch.Length; i++)
        {
            _starts[i] = state.WarmStarts[_trials.NameOf(batch[i])];
            _lengths[i] = _trials.BinsOf(batch[i]);
        }

        _shared.Deal(_lengths.AsSpan(0, batch.Length), owners);
        var owned = 0;
        for (var i = 0; i < batch.Length; i++)
        {
            if (_shared.IsOwn(owners[i]))
            {
                _owned[owned++] = i;
            }
        }

        var outcomes = _outcomes.AsSpan(0, batch.Length);
        var usual = state.UsualGradientNorm;
        var fits = owned <= _groupSize;
        if (fits)
        {
            Differentiate(batch, 0, owned, state, crew, keeps: true);
        }
        else if (usual == 0)
        {
            // What is usual is first told by a whole batch; if its gradients cannot be kept, they are worked out twice, the first time for their norms.
            Differentiate(batch, 0, owned, state, crew, keeps: false);
        }

        if (usual == 0)
        {
            _shared.Gather(owners, outcomes);
            usual = GradientGuard.Median(Norms(outcomes));
        }

        for (var first = 0; first < owned || first == 0; first += _groupSize)
        {
            var count = Math.Min(_groupSize, owned - first);
            if (!fits)
            {
                Differentiate(batch, first, count, state, crew, keeps: true);
            }

            Weigh(first, count, usual);
            Add(first, count, owned, crew);
        }

        _shared.Gather(owners, outcomes);
        _shared.Share(owners, _starts.AsSpan(0, batch.Length));
        _shared.Sum(_model.Parameters.All, Sum);
        var norms = Norms(outcomes);
        var bounded = 0;
        foreach (var norm in norms)
        {
            bounded += GradientGuard.Weight(norm, usual) < 1 ? 1 : 0;
        }

        state.UsualGradientNorm = GradientGuard.Adapt(usual, norms);
        return new BatchOutcome(outcomes.ToArray(), bounded);
    }

    private ReadOnlySpan<double> Norms(ReadOnlySpan<TrialOutcome> outcomes)
    {
        for (var i = 0; i < outcomes.Length; i++)
        {
            _norms[i] = outcomes[i].GradientNorm;
        }

        return _norms.AsSpan(0, outcomes.Length);
    }

    /// <summary>The gradients of some owned trials, and what comes with them; or, where they are not kept, the norms alone.</summary>
    private void Differentiate(int[] batch, int first, int count, TrainingState<T> state, WorkerCrew crew, bool keeps)
    {
        // With short trials last, threads finish close together.
        for (var i = 0; i < count; i++)
        {
            _order[i] = first + i;
            _lengths[i] = -_trials.BinsOf(batch[_owned[first + i]]);
        }

        _lengths.AsSpan(0, count).Sort(_order.AsSpan(0, count));
        crew.ForEach(count, (number, i) =>
        {
            var worker = _workers[number];
            var position = _owned[_order[i]];
            var trial = _trials[batch[position]];
            var gradient = _gradients[keeps ? _order[i] : worker.Index];
            var result = _objective.Learn(worker, trial, _starts[position], state.Iteration + 1, batch[position], gradient, keeps);
            var norm = double.IsFinite(result.Elbo) ? gradient.Norm(worker.TimeNorm) / Math.Max(1, result.Weight) : double.NaN;
            _outcomes[position] = new TrialOutcome(result, norm, result.Weight);
        });
    }

    /// <summary>Bounds the gradients of a group of owned trials against what is usual. A trial that was bounded is searched for anew at its next turn.</summary>
    private void Weigh(int first, int count, double usual)
    {
        for (var i = first; i < first + count; i++)
        {
            _weights[i] = GradientGuard.Weight(_outcomes[_owned[i]].GradientNorm, usual);
            if (_weights[i] < 1)
            {
                _gradients[i].Time.Scale(_weights[i]);
                _starts[_owned[i]].Lose();
            }
        }
    }

    /// <summary>Adds the gradients of a group to the sum; after the last one, what does not come in groups.</summary>
    private void Add(int first, int count, int owned, WorkerCrew crew)
    {
        var blocks = _model.Parameters.Blocks;
        crew.ForEach(blocks.Count, (_, b) =>
        {
            var block = blocks[b];
            if (first == 0)
            {
                block.Clear(Sum);
            }

            if (block.Parameter != _model.Posterior.Time)
            {
                for (var i = first; i < first + count; i++)
                {
                    if (_weights[i] > 0)
                    {
                        block.AddScaled(_weights[i], _gradients[i].Others, Sum);
                    }
                }
            }
            else if (first + count == owned)
            {
                _timeGradients.AddRows(owned, block.Parameter.Value, block.FirstRow, block.Rows, Sum[block.Parameter]);
            }
        });
    }
}

/// <summary>What a batch gave beside its gradient.</summary>
/// <param name="Trials">Of each trial, in the order of the batch.</param>
/// <param name="Bounded">Trials whose gradient was bounded or left out.</param>
internal sealed record BatchOutcome(IReadOnlyList<TrialOutcome> Trials, int Bounded)
{
    /// <summary>The sum of weights of the batch's entries, at least 1: their number, where each counts once.</summary>
    public double Entries => Math.Max(1, Trials.Sum(trial => trial.Weight));
}
