using IlqrVae.Inference;

namespace IlqrVae.Training;

/// <summary>What training learns of one trial beside its gradient: numbers alone, small enough to be sent around.</summary>
/// <param name="Result">The objective and what it took.</param>
/// <param name="GradientNorm">Norm of the gradient per observed entry; NaN where the trial's numbers overflowed, or where no gradient was asked for.</param>
/// <param name="Weight">The sum of weights of the entries that counted: their number, where each counts once.</param>
/// <param name="Prediction">How well hidden entries were predicted, where validation asks for that.</param>
public readonly record struct TrialOutcome(ElboResult Result, double GradientNorm, double Weight, PredictionScore Prediction = default);
