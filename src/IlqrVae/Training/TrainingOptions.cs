using IlqrVae.Inference;

namespace IlqrVae.Training;

/// <summary>How the learning rate changes over iterations k = 0, 1, ...</summary>
public enum LearningRateSchedule
{
    /// <summary>lr_0 throughout.</summary>
    Constant,

    /// <summary>lr_0 / (1 + sqrt(k / kappa)) (paper).</summary>
    InverseSquareRoot,

    /// <summary>Half a cosine from lr_0 to a hundredth of it at the last iteration.</summary>
    Cosine,
}

/// <summary>What is learned, and by what validation trials are scored.</summary>
public enum LearningObjective
{
    /// <summary>The ELBO by the covariance that all trials share (paper, Eq. 12), with its exact gradient.</summary>
    Elbo,

    /// <summary>
    /// Laplace's approximation of log p(o), by <see cref="EvidenceEstimator{T}"/>: maximum likelihood for linear-Gaussian models.
    /// The shared covariance is not learned. Validation by it is validation by what inference of new trials rests on: where the dynamics is chaotic, a draw of
    /// the shared covariance may explode in a trial whose own posterior does not.
    /// </summary>
    Evidence,
}

/// <summary>Settings of <see cref="Trainer{T}"/>.</summary>
public sealed record TrainingOptions
{
    /// <summary>Number of parameter updates.</summary>
    public int Iterations { get; init; } = 1000;

    /// <summary>Trials a mini-batch; 0 means all of them.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>lr_0.</summary>
    public double LearningRate { get; init; } = 0.02;

    /// <summary>How the learning rate changes.</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Cosine;

    /// <summary>kappa of the inverse square root schedule.</summary>
    public double ScheduleIterations { get; init; } = 100;

    /// <summary>Bound on the norm of the gradient of the loss per observed entry; 0 means none.</summary>
    public double GradientClip { get; init; } = 1;

    /// <summary>Penalty: this times the mean square of the recurrent weights is added to the loss per observed entry.</summary>
    public double RecurrentPenalty { get; init; }

    /// <summary>Worker threads; 0 means one a core. Results do not depend on it.</summary>
    public int Threads { get; init; }

    /// <summary>Seed of everything random.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Iterations between validations; 0 means never.</summary>
    public int ValidationInterval { get; init; } = 25;

    /// <summary>What is learned.</summary>
    public LearningObjective Objective { get; init; }

    /// <summary>By what validation trials are scored where the ELBO is learned; where the evidence is, they are scored by that.</summary>
    public LearningObjective ValidationScore { get; init; }

    /// <summary>By what validation trials are scored in the end.</summary>
    public LearningObjective ScoreOfValidation => Objective == LearningObjective.Evidence ? LearningObjective.Evidence : ValidationScore;

    /// <summary>Validations without improvement after which training stops; 0 means never.</summary>
    public int Patience { get; init; }

    /// <summary>Iterations between checkpoints; 0 means only at the end and when interrupted.</summary>
    public int CheckpointInterval { get; init; } = 100;

    /// <summary>Channel groups hidden in validation, such as behaviour: the loss is then that of the others alone.</summary>
    public IReadOnlyList<string> ValidationHides { get; init; } = [];

    /// <summary>Parts of the model that stay as they are, to the bit: see <see cref="FrozenParts"/>.</summary>
    public IReadOnlyList<string> Freeze { get; init; } = [];

    /// <summary>The ELBO and its gradient.</summary>
    public ElboOptions Elbo { get; init; } = new() { GradientTolerance = 1e-4 };

    /// <summary>
    /// Memory for the gradients of single trials with respect to all but the covariance over time, or what the workers need at least: a batch of a model
    /// with very many parameters is worked through in groups. Results do not depend on it.
    /// </summary>
    internal long GradientBytes { get; init; } = 256L << 20;

    /// <summary>The learning rate of an iteration.</summary>
    /// <param name="iteration">k.</param>
    public double RateAt(int iteration) => Schedule switch
    {
        LearningRateSchedule.InverseSquareRoot => LearningRate / (1 + Math.Sqrt(iteration / ScheduleIterations)),
        LearningRateSchedule.Cosine => LearningRate * (0.01 + (0.99 * 0.5 * (1 + Math.Cos(Math.PI * Math.Min(1, (double)iteration / Iterations))))),
        _ => LearningRate,
    };

    /// <summary>Checks every setting.</summary>
    /// <exception cref="InputException">A setting is impossible.</exception>
    public void Validate()
    {
        Require(Iterations >= 1, "iterations", Iterations, "a whole number from 1");
        Require(BatchSize >= 0, "batch", BatchSize, "a whole number from 1, or 0 for all trials");
        Require(LearningRate > 0 && double.IsFinite(LearningRate), "learning-rate", LearningRate, "a positive number");
        Require(ScheduleIterations > 0 && double.IsFinite(ScheduleIterations), "schedule-iterations", ScheduleIterations, "a positive number");
        Require(GradientClip >= 0 && double.IsFinite(GradientClip), "gradient-clip", GradientClip, "a positive number, or 0 for none");
        Require(RecurrentPenalty >= 0 && double.IsFinite(RecurrentPenalty), "recurrent-penalty", RecurrentPenalty, "zero or more");
        Require(Threads >= 0, "threads", Threads, "a whole number from 1, or 0 for one a core");
        Require(ValidationInterval >= 0, "validation-interval", ValidationInterval, "a whole number from 1, or 0 for never");
        Require(Patience >= 0, "patience", Patience, "a whole number from 1, or 0 for never");
        Require(CheckpointInterval >= 0, "checkpoint-interval", CheckpointInterval, "a whole number from 1, or 0");
        Require(Elbo.Draws >= 1, "draws", Elbo.Draws, "a whole number from 1");
    }

    private static void Require(bool condition, string key, double value, string mend)
    {
        if (!condition)
        {
            throw new InputException($"training: {key} is {value}; give {mend}.");
        }
    }
}
