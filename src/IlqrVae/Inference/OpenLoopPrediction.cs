using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Models;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Inference;

/// <summary>What was predicted a number of steps ahead, from every bin of a trial that has as many bins after it.</summary>
/// <param name="Steps">Number of steps ahead, k.</param>
/// <param name="States">(T - k) x n: row t is the state predicted at bin t for bin t + k.</param>
/// <param name="Means">For each likelihood (T - k) x N: the rates in Hz, or values, at those states.</param>
public sealed record TrialPrediction(int Steps, Table States, IReadOnlyList<Table> Means);

/// <summary>
/// Predictions by the learned dynamics alone: from the state of bin t on a trajectory, which its inputs up to the step into bin t have led to, all
/// later inputs are zero; autoregressive inputs go on without innovations. Known external inputs stay as they are.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class OpenLoopPrediction<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly GenerativeModel<T> _model;
    private readonly Matrix<T> _states;
    private readonly Matrix<T> _noInput;
    private readonly Matrix<T> _noEffect;
    private readonly Matrix<T> _tape;

    /// <summary>Allocates the workspace.</summary>
    /// <param name="model">The model.</param>
    public OpenLoopPrediction(GenerativeModel<T> model)
    {
        ArgumentNullException.ThrowIfNull(model);
        _model = model;
        _states = Matrix<T>.Allocate(2, model.StateCount);
        _noInput = Matrix<T>.Allocate(1, model.InputCount);
        _noEffect = Matrix<T>.Allocate(1, model.InputCount);
        _tape = Matrix<T>.Allocate(1, model.Dynamics.TapeLength);
    }

    /// <summary>Predicts from the states along the MAP inputs. Allocates the result.</summary>
    /// <param name="map">The trial's solution.</param>
    /// <param name="horizons">Numbers of steps ahead, each at least 1. One that the trial has no bins for gives tables without rows.</param>
    /// <returns>One prediction a horizon, in their order.</returns>
    public IReadOnlyList<TrialPrediction> Predict(MapSolution<T> map, IReadOnlyList<int> horizons) => Predict(map.Problem, map.Trajectory, horizons);

    /// <summary>What the MAP inputs of each step do to the state: z_{t+1} - f(z_t, 0). Allocates the result.</summary>
    /// <param name="map">The trial's solution.</param>
    /// <returns>T x n; row t is the effect in the step from bin t to t + 1, so the last row is zero.</returns>
    public Table InputEffects(MapSolution<T> map) => InputEffects(map.Problem, map.Trajectory);

    /// <summary>Predicts from the states of any trajectory. Allocates the result.</summary>
    /// <param name="problem">The problem, bound to the trial.</param>
    /// <param name="from">The trajectory to start from.</param>
    /// <param name="horizons">Numbers of steps ahead, each at least 1. One that the trial has no bins for gives tables without rows.</param>
    /// <returns>One prediction a horizon, in their order.</returns>
    public IReadOnlyList<TrialPrediction> Predict(TrialProblem<T> problem, Trajectory<T> from, IReadOnlyList<int> horizons)
    {
        ArgumentNullException.ThrowIfNull(problem);
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(horizons);
        var predicted = horizons.Select(k => Matrix<T>.Allocate(Math.Max(0, from.Bins - k), _model.StateCount)).ToArray();
        var furthest = horizons.Count == 0 ? 0 : horizons.Max();
        for (var t = 0; t < from.Bins; t++)
        {
            from.States.Row(t).CopyTo(_states.Row(0));
            for (var step = 1; step <= furthest && t + step < from.Bins; step++)
            {
                var (now, next) = ((step - 1) % 2, step % 2);
                problem.Step(t + step - 1, _states.RowPointer(now), _noInput.Pointer, _states.RowPointer(next), _tape.Pointer);
                for (var h = 0; h < predicted.Length; h++)
                {
                    if (horizons[h] == step)
                    {
                        _states.Row(next).CopyTo(predicted[h].Row(t));
                    }
                }
            }
        }

        GC.KeepAlive(this);
        return [.. horizons.Select((k, h) => new TrialPrediction(k, new Table(predicted[h].Rows, _model.SystemStateCount, predicted[h].ColumnRange(0, _model.SystemStateCount).ToArray()), Means(predicted[h])))];
    }

    /// <summary>What the inputs of each step do to the state: z_{t+1} - f(z_t, 0). Allocates the result.</summary>
    /// <param name="problem">The problem, bound to the trial.</param>
    /// <param name="trajectory">The trajectory.</param>
    /// <returns>T x n; row t is the effect in the step from bin t to t + 1, so the last row is zero.</returns>
    public Table InputEffects(TrialProblem<T> problem, Trajectory<T> trajectory)
    {
        ArgumentNullException.ThrowIfNull(problem);
        ArgumentNullException.ThrowIfNull(trajectory);
        var effects = new Table(trajectory.Bins, _model.SystemStateCount);
        for (var t = 0; t < trajectory.Bins - 1; t++)
        {
            _model.Autoregression?.Silence(trajectory.States.RowPointer(t), _noEffect.Pointer);
            problem.Step(t, trajectory.States.RowPointer(t), _noEffect.Pointer, _states.RowPointer(0), _tape.Pointer);
            for (var i = 0; i < effects.Columns; i++)
            {
                effects[t, i] = double.CreateChecked(trajectory.States[t + 1, i] - _states[0, i]);
            }
        }

        GC.KeepAlive(trajectory);
        GC.KeepAlive(this);
        return effects;
    }

    private List<Table> Means(Matrix<T> states)
    {
        var tables = new List<Table>();
        foreach (var likelihood in _model.Likelihoods)
        {
            var activations = Matrix<T>.Allocate(states.Rows, likelihood.ChannelCount);
            var mean = Matrix<T>.Allocate(states.Rows, likelihood.ChannelCount);
            var slope = new T[likelihood.ChannelCount];
            likelihood.Activate(states, activations);
            for (var t = 0; t < states.Rows; t++)
            {
                likelihood.Mean(activations.Row(t), mean.Row(t), slope);
            }

            tables.Add(new Table(states.Rows, likelihood.ChannelCount, mean.ToArray()));
        }

        return tables;
    }
}
