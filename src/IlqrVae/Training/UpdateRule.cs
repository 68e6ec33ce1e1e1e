using System.Numerics;
using System.Numerics.Tensors;
using IlqrVae.Inference;
using IlqrVae.Models.Parameters;
using IlqrVae.Recordings;

namespace IlqrVae.Training;

/// <summary>
/// From the gradient of a batch to new parameters: the penalties of weights, derivatives with respect to raw numbers per observed entry, the
/// bound on their norm, <see cref="Adam"/>, and the average. Threads share out blocks of parameters; results do not depend on their number.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class UpdateRule<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly VariationalModel<T> _model;
    private readonly TrainingOptions _options;
    private readonly double[] _gradient;
    private readonly WeightPenalties<T> _penalties;
    private readonly double[] _squares;
    private readonly bool[] _isFrozen;

    /// <summary>Allocates the workspace.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">Settings.</param>
    /// <param name="recording">The recording that is learned from.</param>
    public UpdateRule(VariationalModel<T> model, TrainingOptions options, Recording recording)
    {
        _model = model;
        _options = options;
        _gradient = new double[model.Parameters.RawCount];
        _penalties = new WeightPenalties<T>(model, recording, options);
        _squares = new double[model.Parameters.Blocks.Count];
        var frozen = FrozenParts.Of(model, options.Freeze);
        _isFrozen = [.. model.Parameters.Blocks.Select(block => frozen.Contains(block.Parameter))];
    }

    /// <summary>The gradient of the penalised loss per observed entry with respect to the raw numbers, as the last update moved against it; zero for what is frozen.</summary>
    public ReadOnlySpan<double> Gradient => _gradient;

    /// <summary>One update. Where the gradient is not finite, nothing moves.</summary>
    /// <param name="sum">The gradient of the batch's loss with respect to the values; the penalty is added to it.</param>
    /// <param name="entries">Observed entries of the batch, by their weights.</param>
    /// <param name="state">The state, whose raw numbers and optimiser change; and with them the model.</param>
    /// <param name="crew">The threads.</param>
    /// <returns>The norm of the gradient before it was clipped, and the learning rate.</returns>
    public (double Norm, double Rate) Apply(ParameterGradient<T> sum, double entries, TrainingState<T> state, WorkerCrew crew)
    {
        var blocks = _model.Parameters.Blocks;
        crew.ForEach(blocks.Count, (_, b) => _squares[b] = _isFrozen[b] ? 0 : PullBack(blocks[b], sum, entries));
        var norm = Math.Sqrt(_squares.Sum());
        var rate = _options.RateAt(state.Iteration) * Math.Pow(0.5, state.Recoveries);
        if (double.IsFinite(norm))
        {
            Move(state, rate, _options.GradientClip > 0 && norm > _options.GradientClip ? _options.GradientClip / norm : 1, crew);
        }

        return (norm, rate);
    }

    /// <summary>Adds the penalties to a block of the sum and turns it into derivatives with respect to raw numbers per entry.</summary>
    /// <returns>The sum of their squares.</returns>
    private double PullBack(ParameterBlock<T> block, ParameterGradient<T> sum, double entries)
    {
        _penalties.AddGradient(block.Parameter, entries, sum[block.Parameter]);
        block.PullBack(sum, _gradient);
        var squares = 0.0;
        for (var i = 0; i < block.RangeCount; i++)
        {
            var (start, length) = block.Range(i);
            squares += DivideAndSumSquares(_gradient.AsSpan(start, length), entries);
        }

        return squares;
    }

    private void Move(TrainingState<T> state, double rate, double scale, WorkerCrew crew)
    {
        var blocks = _model.Parameters.Blocks;
        var averageStep = _options.AverageStepAt(state.Iteration);
        state.Optimiser.Updates++;
        crew.ForEach(blocks.Count, (_, b) =>
        {
            if (_isFrozen[b])
            {
                return;
            }

            var block = blocks[b];
            for (var i = 0; i < block.RangeCount; i++)
            {
                var (start, length) = block.Range(i);
                var gradient = _gradient.AsSpan(start, length);
                if (scale != 1)
                {
                    TensorPrimitives.Multiply(gradient, scale, gradient);
                }

                state.Optimiser.Move(start, state.Raw.AsSpan(start, length), gradient, rate);
                if (state.Average is { } average)
                {
                    MoveTowards(average.AsSpan(start, length), state.Raw.AsSpan(start, length), averageStep);
                }
            }

            block.SetRaw(state.Raw);
        });
        _model.Generative.Refresh();
    }

    /// <summary>Moves part of the way; what is there already stays to the bit.</summary>
    private static void MoveTowards(Span<double> values, ReadOnlySpan<double> goal, double step)
    {
        var i = 0;
        for (; i + Vector<double>.Count <= values.Length; i += Vector<double>.Count)
        {
            var x = new Vector<double>(values[i..]);
            (x + (step * (new Vector<double>(goal[i..]) - x))).CopyTo(values[i..]);
        }

        for (; i < values.Length; i++)
        {
            values[i] += step * (goal[i] - values[i]);
        }
    }

    /// <summary>Divides in place. Which lane sums which number depends on its index alone, not on where it happens to be in memory.</summary>
    private static double DivideAndSumSquares(Span<double> values, double divisor)
    {
        var d = new Vector<double>(divisor);
        var squares = Vector<double>.Zero;
        var i = 0;
        for (; i + Vector<double>.Count <= values.Length; i += Vector<double>.Count)
        {
            var x = new Vector<double>(values[i..]) / d;
            x.CopyTo(values[i..]);
            squares += x * x;
        }

        var sum = Vector.Sum(squares);
        for (; i < values.Length; i++)
        {
            values[i] /= divisor;
            sum += values[i] * values[i];
        }

        return sum;
    }
}
