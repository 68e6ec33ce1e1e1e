using System.Numerics;
using IlqrVae.Models.Parameters;

namespace IlqrVae.Inference;

/// <summary>
/// The derivative of one trial's loss with respect to the values of a model's parameters. The part of L_t, with the square of the trial's steps by far
/// the largest of long trials, is kept as the product of draws that it is; <see cref="AddTo"/> multiplies it out.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class TrialGradient<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly VariationalModel<T> _model;
    private readonly TimeFactorGradients<T> _sum;

    /// <summary>Allocates a zero gradient.</summary>
    /// <param name="model">The model.</param>
    /// <param name="draws">Number of draws that it is estimated from.</param>
    public TrialGradient(VariationalModel<T> model, int draws)
    {
        _model = model;
        _sum = new TimeFactorGradients<T>(1, draws, model.Generative.InputCount, model.Posterior.Capacity);
        Others = new ParameterGradient<T>(model.Parameters.All, without: model.Posterior.Time);
        Time = _sum[0];
    }

    /// <summary>One whose parts belong to a batch.</summary>
    /// <param name="model">The model.</param>
    /// <param name="others">Derivatives with respect to all but L_t.</param>
    /// <param name="sum">Derivatives of the batch with respect to L_t.</param>
    /// <param name="trial">The trial's place among these.</param>
    internal TrialGradient(VariationalModel<T> model, ParameterGradient<T> others, TimeFactorGradients<T> sum, int trial)
    {
        _model = model;
        _sum = sum;
        Others = others;
        Time = sum[trial];
    }

    /// <summary>Derivatives with respect to all parameters but L_t, whose block is empty.</summary>
    public ParameterGradient<T> Others { get; }

    /// <summary>The derivative with respect to L_t.</summary>
    internal TimeFactorGradient<T> Time { get; }

    /// <summary>Adds this gradient to one with a block for every parameter.</summary>
    /// <param name="total">The sum.</param>
    /// <exception cref="InvalidOperationException">The gradient is part of a batch, which is added as a whole.</exception>
    public void AddTo(ParameterGradient<T> total)
    {
        if (_sum[0] != Time)
        {
            throw new InvalidOperationException("The gradients of a batch are added together.");
        }

        var factor = _model.Posterior.Time;
        total.AddScaled(1, Others);
        _sum.AddRows(1, factor.Value, 0, factor.Rows, total[factor]);
    }

    /// <summary>Sets everything to zero.</summary>
    /// <param name="steps">Steps of the trial.</param>
    internal void Clear(int steps)
    {
        Others.Clear();
        Time.Clear(steps);
    }

    /// <summary>The Euclidean norm over all parameters; not finite where an element is not.</summary>
    /// <param name="time">The worker's workspace.</param>
    internal double Norm(TimeFactorNorm<T> time) => Math.Sqrt(Others.SumOfSquares() + time.SumOfSquares(Time, _model.Posterior.Time.Value));
}
