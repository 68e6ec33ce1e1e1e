using System.Numerics.Tensors;
using IlqrVae.Recordings;

namespace IlqrVae.Evaluation.NeuralLatents;

/// <summary>
/// R2 of behaviour decoded from rates by ridge regression as the Neural Latents Benchmark has it: fitted on the training trials, with the penalty of
/// <see cref="RidgeRegression.DefaultAlphas"/> that is best in five folds of their bins, the smallest of equals.
/// </summary>
/// <param name="R2">The mean over outputs.</param>
/// <param name="R2PerOutput">R2 of each output over the evaluated bins; one that does not vary scores 0, or 1 where it is met exactly.</param>
/// <param name="Penalty">The penalty that was chosen.</param>
/// <param name="CrossValidatedR2">For each penalty the mean over folds of the mean over outputs.</param>
/// <param name="TrainingBins">Bins it was fitted on.</param>
/// <param name="EvaluatedBins">Bins it was scored on.</param>
public sealed record BehaviourDecoding(
    double R2, IReadOnlyList<double> R2PerOutput, double Penalty, IReadOnlyList<double> CrossValidatedR2, int TrainingBins, int EvaluatedBins)
{
    private const int Folds = 5;

    /// <summary>Decodes. Rates are read several times over, a trial at a time; behaviour is held in memory.</summary>
    /// <param name="trainingRates">Trials x bins x neurons.</param>
    /// <param name="trainingBehaviour">Trials x bins x outputs; bins whose first output is NaN are left out.</param>
    /// <param name="evaluatedRates">Trials x bins x neurons.</param>
    /// <param name="evaluatedBehaviour">Trials x bins x outputs.</param>
    /// <param name="trainingMask">The training trials to use; null for all.</param>
    /// <param name="evaluatedMask">The evaluated trials to use; null for all.</param>
    /// <exception cref="InputException">Shapes differ; a bin that counts has rates or another output that is no number; there are fewer bins than folds.</exception>
    public static BehaviourDecoding Of(
        TrialArray trainingRates, TrialArray trainingBehaviour, TrialArray evaluatedRates, TrialArray evaluatedBehaviour,
        IReadOnlyList<bool>? trainingMask = null, IReadOnlyList<bool>? evaluatedMask = null)
    {
        var training = new DecodedBins(trainingRates, trainingBehaviour, trainingMask);
        var evaluated = new DecodedBins(evaluatedRates, evaluatedBehaviour, evaluatedMask);
        if (evaluated.Features != training.Features || evaluated.Outputs != training.Outputs)
        {
            throw new InputException(
                $"{evaluatedRates.Name} and {evaluatedBehaviour.Name} have {evaluated.Features} neurons and {evaluated.Outputs} outputs where {trainingRates.Name} and {trainingBehaviour.Name} have {training.Features} and {training.Outputs}; both need the same.");
        }

        if (training.Count < Folds || evaluated.Count == 0)
        {
            throw new InputException(
                training.Count < Folds
                    ? $"{trainingBehaviour.Name} is known in {training.Count} bins of the trials to decode from, and the decoder needs {Folds} at least."
                    : $"{evaluatedBehaviour.Name} is known in no bin of the trials to decode.");
        }

        var moments = Moments(training);
        var scores = CrossValidated(training, moments);

        // The first of equals, and where none is a number the first of all.
        var best = 0;
        for (var a = 1; a < scores.Length; a++)
        {
            best = scores[a] > scores[best] ? a : best;
        }

        var alpha = RidgeRegression.DefaultAlphas[best];
        var each = Score(evaluated, 0, evaluated.Count, [moments.Solve(-1, alpha, RidgePenalty.Absolute)])[0];
        return new BehaviourDecoding(each.Average(), each, alpha, scores, training.Count, evaluated.Count);
    }

    private static RidgeMoments Moments(DecodedBins bins)
    {
        var shift = new double[bins.Features + bins.Outputs];
        bins.ForEach((_, x, y) =>
        {
            TensorPrimitives.Add(shift.AsSpan(0, x.Length), x, shift.AsSpan(0, x.Length));
            TensorPrimitives.Add(shift.AsSpan(x.Length), y, shift.AsSpan(x.Length));
        });
        TensorPrimitives.Divide(shift, bins.Count, shift);
        var moments = new RidgeMoments(bins.Features, bins.Outputs, shift, Folds);
        var folds = Enumerable.Range(0, Folds).Select(moments.Fold).ToArray();
        bins.ForEach((row, x, y) => folds[FoldOf(row, bins.Count)].Add(x, y));
        foreach (var fold in folds)
        {
            fold.Finish();
        }

        return moments;
    }

    private static double[] CrossValidated(DecodedBins bins, RidgeMoments moments)
    {
        var alphas = RidgeRegression.DefaultAlphas;
        var scores = new double[alphas.Count];
        for (var fold = 0; fold < Folds; fold++)
        {
            var without = fold;
            var decoders = new RidgeRegression[alphas.Count];
            Parallel.For(0, decoders.Length, a => decoders[a] = moments.Solve(without, alphas[a], RidgePenalty.Absolute));
            var each = Score(bins, FirstOf(fold, bins.Count), FirstOf(fold + 1, bins.Count), decoders);
            for (var a = 0; a < scores.Length; a++)
            {
                scores[a] += each[a].Average() / Folds;
            }
        }

        return scores;
    }

    /// <summary>R2 of each decoder and output over a run of bins.</summary>
    private static double[][] Score(DecodedBins bins, int first, int end, RidgeRegression[] decoders)
    {
        var outputs = bins.Outputs;
        var (mean, total) = (new double[outputs], new double[outputs]);
        for (var row = first; row < end; row++)
        {
            TensorPrimitives.Add(mean, bins.Behaviour(row), mean);
        }

        TensorPrimitives.Divide(mean, end - first, mean);
        var residuals = decoders.Select(_ => new double[outputs]).ToArray();
        var guess = new double[outputs];
        bins.ForEach(
            (_, x, y) =>
            {
                for (var j = 0; j < outputs; j++)
                {
                    total[j] += (y[j] - mean[j]) * (y[j] - mean[j]);
                }

                for (var a = 0; a < decoders.Length; a++)
                {
                    decoders[a].Apply(x, guess);
                    for (var j = 0; j < outputs; j++)
                    {
                        residuals[a][j] += (y[j] - guess[j]) * (y[j] - guess[j]);
                    }
                }
            },
            first,
            end);
        return [.. residuals.Select(residual => residual.Select((sum, j) => OutputR2.Of(sum, total[j], mean[j], end - first)).ToArray())];
    }

    // The first folds have one bin more where they cannot be equal.
    private static int FirstOf(int fold, int count) => (fold * (count / Folds)) + Math.Min(fold, count % Folds);

    private static int FoldOf(int row, int count)
    {
        var (size, longer) = (count / Folds, count % Folds);
        return row < longer * (size + 1) ? row / (size + 1) : longer + ((row - (longer * (size + 1))) / size);
    }
}
