using IlqrVae.Recordings;

namespace IlqrVae.Evaluation.Baselines;

/// <summary>What a baseline makes of a hidden group.</summary>
/// <param name="Predictions">For each scored trial expected counts a bin, or values, bins x channels.</param>
/// <param name="Tuned">What was chosen on the training trials, in words.</param>
internal sealed record BaselineResult(IReadOnlyList<Table> Predictions, string Tuned);

/// <summary>A way to predict hidden groups from seen channels without a model of dynamics, tuned and fitted on the training trials alone.</summary>
/// <param name="Name">What it is called in tables.</param>
/// <param name="Key">What it is called in JSON.</param>
/// <param name="Predict">Predicts a hidden group in all scored trials; null where it has nothing to say.</param>
internal sealed record Baseline(string Name, string Key, Func<BaselineData, int, BaselineResult?> Predict);
