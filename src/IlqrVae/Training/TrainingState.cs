using System.Numerics;
using IlqrVae.Inference;

namespace IlqrVae.Training;

/// <summary>Everything that training needs to continue with the same bits as if it had not been interrupted.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class TrainingState<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Iterations done.</summary>
    public int Iteration { get; set; }

    /// <summary>Seconds of training so far.</summary>
    public double Seconds { get; set; }

    /// <summary>The flattened raw parameters.</summary>
    public required double[] Raw { get; init; }

    /// <summary>Their average over the last updates, which is validated and kept in their stead; null where training does not average.</summary>
    public double[]? Average { get; init; }

    /// <summary>What the updates have led to: the average, where there is one.</summary>
    public double[] Reached => Average ?? Raw;

    /// <summary>What the run keeps: the best parameters, or those reached where nothing was validated yet, with read-outs shrunk where that is better.</summary>
    public double[] Kept => Shrunk is { IsBetter: true } better ? better.Raw : (double.IsFinite(BestLoss) ? BestRaw : Reached);

    /// <summary>The best parameters with shrunk read-outs, at the end of a training that shrinks; null else. No checkpoint holds them: training goes on without.</summary>
    public ShrunkParameters? Shrunk { get; set; }

    /// <summary>The validation loss of what the run keeps; infinite where nothing was validated.</summary>
    public double KeptLoss => Shrunk is { IsBetter: true } better ? better.Loss : BestLoss;

    /// <summary>The optimiser.</summary>
    public required Adam Optimiser { get; init; }

    /// <summary>The parameters, averaged where training averages, with the lowest validation loss so far; those training began with while none is lower than theirs.</summary>
    public required double[] BestRaw { get; init; }

    /// <summary>The optimiser as it was at <see cref="BestRaw"/>.</summary>
    public required Adam BestOptimiser { get; init; }

    /// <summary>
    /// The losses, in nats, of the validation trials with the parameters that training began with, by the name of the trial; trials that overflow there
    /// are missing and take no part in validation. No trial counts as worse than that later: one whose sample explodes is not explained at all, and says
    /// nothing of the others.
    /// </summary>
    public Dictionary<string, double> FirstLosses { get; } = new(StringComparer.Ordinal);

    /// <summary>Their sum in nats per observed entry; infinite where there is none.</summary>
    public double UntrainedLoss { get; set; } = double.PositiveInfinity;

    /// <summary>The lowest validation loss so far, in nats per observed entry, <see cref="UntrainedLoss"/> included; infinite before the first validation.</summary>
    public double BestLoss { get; set; } = double.PositiveInfinity;

    /// <summary>The iteration of <see cref="BestRaw"/>.</summary>
    public int BestIteration { get; set; }

    /// <summary>Validations since the best one.</summary>
    public int ValidationsWithoutImprovement { get; set; }

    /// <summary>The usual norm of one trial's gradient per observed entry, against which outliers are bounded; zero before the first batch.</summary>
    public double UsualGradientNorm { get; set; }

    /// <summary>Iterations in a row in which most of the batch was bounded or overflowed.</summary>
    public int BadIterations { get; set; }

    /// <summary>Validations in a row that had lost much of what had been learned; see <see cref="Trainer{T}"/>.</summary>
    public int LostValidations { get; set; }

    /// <summary>How often training went back to its best parameters with half the learning rate.</summary>
    public int Recoveries { get; set; }

    /// <summary>Warm starts by the name of the trial.</summary>
    public Dictionary<string, WarmStart<T>> WarmStarts { get; } = new(StringComparer.Ordinal);
}

/// <summary>One line of the training history.</summary>
/// <param name="Iteration">Updates done, this one included.</param>
/// <param name="Seconds">Seconds of training so far.</param>
/// <param name="Loss">Minus the learned objective (the ELBO, or the evidence) of the batch in nats per observed entry.</param>
/// <param name="LogLikelihood">Mean log p(o | u) in nats per observed entry.</param>
/// <param name="Divergence">Mean KL from the prior in nats per observed entry.</param>
/// <param name="ValidationLoss">
/// Minus the score of the validation trials in nats per observed entry, none counted as worse than before learning; null when not evaluated now.
/// </param>
/// <param name="LearningRate">The learning rate.</param>
/// <param name="GradientNorm">Norm of the gradient before clipping.</param>
/// <param name="TrialsPerSecond">Trials with gradient a second, in this iteration.</param>
/// <param name="Factorisations">Mean Riccati factorisations a trial.</param>
/// <param name="NewtonSteps">Mean Hessian products of the MAP solve a trial.</param>
/// <param name="GradientSteps">Mean Hessian products of the exact gradient a trial.</param>
/// <param name="FallBacks">Trials of the batch whose gradient fell back to Gauss-Newton.</param>
/// <param name="Unconverged">Trials of the batch whose MAP solve did not converge.</param>
/// <param name="Bounded">Trials of the batch whose gradient was far larger than usual, and bounded, or not finite, and left out.</param>
/// <param name="Recoveries">How often training has gone back to its best parameters with half the learning rate.</param>
public sealed record TrainingRecord(
    int Iteration,
    double Seconds,
    double Loss,
    double LogLikelihood,
    double Divergence,
    double? ValidationLoss,
    double LearningRate,
    double GradientNorm,
    double TrialsPerSecond,
    double Factorisations,
    double NewtonSteps,
    double GradientSteps,
    int FallBacks,
    int Unconverged,
    int Bounded,
    int Recoveries);

/// <summary>Parameters whose read-outs were shrunk under a prior learned from all channels.</summary>
/// <param name="Raw">The flattened raw parameters.</param>
/// <param name="LossBefore">The validation loss without shrinking, evaluated beside the other.</param>
/// <param name="Loss">The validation loss, in nats per observed entry.</param>
public sealed record ShrunkParameters(double[] Raw, double LossBefore, double Loss)
{
    /// <summary>Whether validation is no worse for it.</summary>
    public bool IsBetter => Loss <= LossBefore;
}

/// <summary>Why training ended.</summary>
public enum TrainingEnd
{
    /// <summary>All iterations were done.</summary>
    Finished,

    /// <summary>Validation stopped improving.</summary>
    EarlyStopped,

    /// <summary>It was asked to stop.</summary>
    Interrupted,

    /// <summary>Numbers overflowed again and again, even from the best parameters with a much smaller learning rate.</summary>
    Diverged,
}
