using System.Numerics;
using IlqrVae.Inference;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Training;

/// <summary>
/// Penalties quadratic in weights, in nats per observed entry: of recurrent weights, for every entry the same, and Gaussian priors over read-outs, shared out over
/// the entries of the training trials. See <see cref="TrainingOptions.RecurrentPenalty"/> and
/// <see cref="TrainingOptions.ReadOutPenalty"/>.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class WeightPenalties<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Factors of the rows of penalised parameters, half of which times the squares of the row is the penalty.</summary>
    private readonly Dictionary<Parameter<T>, double[]> _factors = [];

    /// <summary>Observed entries of the training trials.</summary>
    private readonly double _entries;

    /// <summary>Looks up what is penalised and in which units.</summary>
    /// <param name="model">The model.</param>
    /// <param name="recording">The recording, whose training trials tell the units of values and how many entries there are.</param>
    /// <param name="options">The penalties.</param>
    public WeightPenalties(VariationalModel<T> model, Recording recording, TrainingOptions options)
    {
        if (options.RecurrentPenalty > 0)
        {
            foreach (var weights in model.Generative.Dynamics.RecurrentWeights)
            {
                var factor = 2 * options.RecurrentPenalty / ((double)weights.Rows * weights.Columns);
                _factors[weights] = [.. Enumerable.Repeat(factor, weights.Rows)];
            }
        }

        if (options.ReadOutPenalty is { } penalty and > 0)
        {
            _entries = AddReadOuts(model, recording, penalty);
        }
    }

    /// <summary>Precision of the Gaussian prior over each row of a parameter, in nats of the whole training set; zero where there is none.</summary>
    /// <param name="parameter">The parameter.</param>
    public double[] PrecisionOf(Parameter<T> parameter) => [.. Enumerable.Range(0, parameter.Rows).Select(row => _factors.TryGetValue(parameter, out var factors) ? factors[row] * _entries : 0)];

    /// <summary>Adds the derivative of the penalties with respect to the values of a parameter.</summary>
    /// <param name="parameter">The parameter; one without penalty is left alone.</param>
    /// <param name="entries">Observed entries of the batch, by their weights.</param>
    /// <param name="gradient">The parameter's part of the gradient of the batch's loss.</param>
    public void AddGradient(Parameter<T> parameter, double entries, Matrix<T> gradient)
    {
        if (!_factors.TryGetValue(parameter, out var factors))
        {
            return;
        }

        for (var row = 0; row < parameter.Rows; row++)
        {
            RowOperations.AddScaled(T.CreateChecked(factors[row] * entries), parameter.Value.RowRange(row, 1), gradient.RowRange(row, 1));
        }
    }

    private double AddReadOuts(VariationalModel<T> model, Recording recording, double penalty)
    {
        var explained = model.Generative.Likelihoods.Select(likelihood => (Likelihood: likelihood, Index: recording.IndexOfGroup(likelihood.Group))).Where(one => one.Index >= 0).ToList();
        var entries = recording.TrialsOf(TrialSplit.Train).Sum(trial => explained.Sum(one => (double)trial.Observations[one.Index].ObservedCount));
        foreach (var (likelihood, index) in explained)
        {
            // Counts vary on the scale of the logarithm of their rate, values in units of their own deviation.
            var units = likelihood.Draws == ChannelKind.Counts ? Enumerable.Repeat(1.0, likelihood.ChannelCount) : ChannelStatistics.Of(recording, index).Variance;
            _factors[likelihood.Weights] = [.. units.Select(variance => penalty * likelihood.StateCount / (entries * variance))];
        }

        return entries;
    }
}
