namespace IlqrVae.Training;

/// <summary>
/// How well entries that inference did not see are predicted, beside each channel being constant at its mean over the training trials. Scores of trials add.
/// </summary>
/// <param name="Gain">Nats by which counts are likelier than under constant rates.</param>
/// <param name="Counts">Weight of these entries.</param>
/// <param name="SquaredError">Squared errors of values, each channel in units of its variance over the training trials.</param>
/// <param name="ConstantError">The same of constants.</param>
/// <param name="Values">Weight of these entries.</param>
public readonly record struct PredictionScore(double Gain, double Counts, double SquaredError, double ConstantError, double Values)
{
    /// <summary>Weight of all entries.</summary>
    public double Entries => Counts + Values;

    /// <summary>
    /// Minus the nats gained by a hidden entry: of counts as they are, of values -log(squared error / that of constants) / 2, what Gaussian noise of the
    /// one size gains over noise of the other. So it does not matter which noise a model has learned for them, nor how sharp it believes itself to be.
    /// </summary>
    public double Loss => Entries > 0
        ? -(Gain - (ConstantError > 0 ? 0.5 * Values * Math.Log(Math.Max(SquaredError / ConstantError, double.Epsilon)) : 0)) / Entries
        : double.PositiveInfinity;

    /// <summary>Whether its numbers can be used and the trial as a whole is predicted better than by constants.</summary>
    public bool IsBetterThanConstant => Advantage > 0;

    /// <summary>Whether its numbers can be used and the trial is not predicted far worse than by constants, as where inference has lost its way.</summary>
    public bool IsUsable => Advantage > -0.1 * Entries;

    private double Advantage => Gain + (0.5 * (ConstantError - SquaredError));

    /// <summary>What constants would score on as many entries.</summary>
    public PredictionScore Constant => new(0, Counts, ConstantError, ConstantError, Values);

    /// <summary>The score of both together.</summary>
    /// <param name="one">A score.</param>
    /// <param name="other">Another.</param>
    public static PredictionScore operator +(PredictionScore one, PredictionScore other)
        => new(one.Gain + other.Gain, one.Counts + other.Counts, one.SquaredError + other.SquaredError, one.ConstantError + other.ConstantError, one.Values + other.Values);
}
