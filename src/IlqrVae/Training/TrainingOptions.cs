using IlqrVae.Inference;
using IlqrVae.Training.Hiding;

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

    /// <summary>
    /// What was hidden from inference, predicted from what was not: log p(hidden | u) by draws of the shared covariance around what the rest says of the
    /// inputs, with its exact gradient. In validation: hidden neurons and behaviour, see <see cref="ValidationScore{T}"/>.
    /// </summary>
    Predictive,
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

    /// <summary>
    /// The last share of the updates so far over which parameters are averaged, newer ones weighing more (Shamir and Zhang, 2013): the average is what is validated and
    /// kept. 0 keeps the last ones. Null for 0; configurations fill it in.
    /// </summary>
    public double? Averaging { get; init; }

    /// <summary>Penalty: this times the mean square of the recurrent weights is added to the loss per observed entry.</summary>
    public double RecurrentPenalty { get; init; }

    /// <summary>
    /// Precision of a Gaussian prior over read-outs C, in multiples of the number of states n: -log p(C) = penalty n / 2 |C|^2 is added to the loss of the whole
    /// training set, so that it says less the more was recorded. Rows of channels that are not counts are taken in units of the channel's deviation.
    /// Null for none; configurations fill it in.
    /// </summary>
    public double? ReadOutPenalty { get; init; }

    /// <summary>
    /// Whether the read-outs of the best parameters are shrunk in the end, under a prior learned from all channels, and kept so where validation is better for it. Without
    /// validation nothing is shrunk. Null for no; configurations fill it in.
    /// </summary>
    public bool? ShrinkReadOuts { get; init; }

    /// <summary>Worker threads; 0 means one a core. Results do not depend on it.</summary>
    public int Threads { get; init; }

    /// <summary>Seed of everything random.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Iterations between validations; 0 means never.</summary>
    public int ValidationInterval { get; init; } = 25;

    /// <summary>What is learned.</summary>
    public LearningObjective Objective { get; init; }

    /// <summary>By what validation trials are scored; null for the prediction of what is hidden where anything is, else for what is learned.</summary>
    public LearningObjective? ValidationScore { get; init; }

    /// <summary>By what validation trials are scored in the end. A run that learns the evidence is never scored by the bound, which it does not learn.</summary>
    public LearningObjective ScoreOfValidation => ValidationScore switch
    {
        LearningObjective.Elbo when Objective == LearningObjective.Evidence => LearningObjective.Evidence,
        { } given => given,
        _ => Hide is { Count: > 0 } ? LearningObjective.Predictive : Objective,
    };

    /// <summary>
    /// What is hidden from inference in learning, drawn anew at every turn of a trial; the rules add up. Null for nothing, as an empty list; configurations fill it
    /// in by what was recorded.
    /// </summary>
    public IReadOnlyList<HidingRule>? Hide { get; init; }

    /// <summary>The weight of hidden entries where the ELBO is learned: 1 is a bound of the whole trial, more is a mix with their prediction.</summary>
    public double HiddenWeight { get; init; } = 2;

    /// <summary>
    /// What multiplies the weights of values beside counts, in learning and in validation by prediction: neighbouring narrow bins of behaviour say the same, and a
    /// likelihood that takes them for independent would drown what spikes say. Null for 1; configurations fill it in.
    /// </summary>
    public double? ValuesWeight { get; init; }

    /// <summary>Parts into which validation by prediction divides the channels, to hold out one after the other.</summary>
    public int ValidationFolds { get; init; } = 4;

    /// <summary>Validations without improvement after which training stops; 0 means never.</summary>
    public int Patience { get; init; }

    /// <summary>Iterations between checkpoints; 0 means only at the end and when interrupted.</summary>
    public int CheckpointInterval { get; init; } = 100;

    /// <summary>Channel groups hidden in validation, such as behaviour: the loss is then that of the others alone.</summary>
    public IReadOnlyList<string> ValidationHides { get; init; } = [];

    /// <summary>The most bins of a trial to learn from or to validate on; longer ones are cut into chunks. 0 leaves them whole.</summary>
    public int Chunk { get; init; }

    /// <summary>The share of training trials (or chunks) set aside for validation where the recording marks none; 0 for none.</summary>
    public double ValidationShare { get; init; }

    /// <summary>Parts of the model that stay as they are, to the bit: see <see cref="FrozenParts"/>.</summary>
    public IReadOnlyList<string> Freeze { get; init; } = [];

    /// <summary>The ELBO and its gradient.</summary>
    public ElboOptions Elbo { get; init; } = new() { GradientTolerance = 1e-4 };

    /// <summary>
    /// Memory for the gradients of single trials with respect to all but the covariance over time, or what the workers need at least: a batch of a model
    /// with very many parameters is worked through in groups. Results do not depend on it.
    /// </summary>
    internal long GradientBytes { get; init; } = 256L << 20;

    /// <summary>Memory for trials that are kept as learning reads them, training and validation trials each; others are prepared anew at every turn. Results do not depend on it.</summary>
    internal long PreparedBytes { get; init; } = 1L << 30;

    /// <summary>The learning rate of an iteration.</summary>
    /// <param name="iteration">k.</param>
    public double RateAt(int iteration) => Schedule switch
    {
        LearningRateSchedule.InverseSquareRoot => LearningRate / (1 + Math.Sqrt(iteration / ScheduleIterations)),
        LearningRateSchedule.Cosine => LearningRate * (0.01 + (0.99 * 0.5 * (1 + Math.Cos(Math.PI * Math.Min(1, (double)iteration / Iterations))))),
        _ => LearningRate,
    };

    /// <summary>How far the average moves towards the parameters of an iteration: all the way at the first.</summary>
    /// <param name="iteration">k.</param>
    internal double AverageStepAt(int iteration) => 1 / (1 + (Averaging.GetValueOrDefault() * iteration));

    /// <summary>Checks every setting.</summary>
    /// <exception cref="InputException">A setting is impossible.</exception>
    public void Validate()
    {
        Require(Iterations >= 1, "iterations", Iterations, "a whole number from 1");
        Require(BatchSize >= 0, "batch", BatchSize, "a whole number from 1, or 0 for all trials");
        Require(LearningRate > 0 && double.IsFinite(LearningRate), "learning-rate", LearningRate, "a positive number");
        Require(ScheduleIterations > 0 && double.IsFinite(ScheduleIterations), "schedule-iterations", ScheduleIterations, "a positive number");
        Require(GradientClip >= 0 && double.IsFinite(GradientClip), "gradient-clip", GradientClip, "a positive number, or 0 for none");
        Require(Averaging is null or (>= 0 and < 1), "averaging", Averaging ?? 0, "zero or more, below 1");
        Require(ReadOutPenalty is null or >= 0 and < double.PositiveInfinity, "read-out-penalty", ReadOutPenalty ?? 0, "zero or more");
        Require(RecurrentPenalty >= 0 && double.IsFinite(RecurrentPenalty), "recurrent-penalty", RecurrentPenalty, "zero or more");
        Require(Threads >= 0, "threads", Threads, "a whole number from 1, or 0 for one a core");
        Require(ValidationInterval >= 0, "validation-interval", ValidationInterval, "a whole number from 1, or 0 for never");
        Require(Patience >= 0, "patience", Patience, "a whole number from 1, or 0 for never");
        Require(CheckpointInterval >= 0, "checkpoint-interval", CheckpointInterval, "a whole number from 1, or 0");
        Require(HiddenWeight > 0 && double.IsFinite(HiddenWeight), "hidden-weight", HiddenWeight, "a positive number");
        Require(ValuesWeight is null or > 0 and < double.PositiveInfinity, "values-weight", ValuesWeight ?? 0, "a positive number");
        Require(ValidationFolds >= 2, "validation-folds", ValidationFolds, "a whole number from 2");
        foreach (var rule in Hide ?? [])
        {
            rule.RequireBounds("training: an entry of 'hide'");
            if (rule is GroupHiding { Of.Count: 0 })
            {
                throw new InputException("training: an entry of 'hide' of the kind 'groups' names no group in 'of'; name those to hide, such as [velocity].");
            }
        }

        if (Objective == LearningObjective.Predictive && Hide is not { Count: > 0 })
        {
            throw new InputException("training: the objective 'predictive' learns what is hidden, and nothing is; give rules under 'hide', such as {kind: channels, share: 0.25}.");
        }

        if (Objective == LearningObjective.Evidence && ValuesWeight is not (null or 1))
        {
            throw new InputException("training: the objective 'evidence' counts everything once; drop 'values-weight', or choose the objective 'elbo'.");
        }

        if (Objective == LearningObjective.Evidence && Hide is { Count: > 0 })
        {
            throw new InputException("training: the objective 'evidence' does not look at what is hidden; drop 'hide', or choose the objective 'predictive' or 'elbo'.");
        }

        Require(Chunk >= 0, "chunk", Chunk, "a whole number from 1, or 0 for none");
        Require(ValidationShare is >= 0 and < 1, "validation-share", ValidationShare, "zero or more, below 1");
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
