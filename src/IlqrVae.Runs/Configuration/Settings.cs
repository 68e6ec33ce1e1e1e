using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Models.Kinds;
using IlqrVae.Training;

namespace IlqrVae.Runs.Configuration;

/// <summary>Every key of the configuration file. Reading, writing and docs/configuration.md all follow this list.</summary>
public static class Settings
{
    /// <summary>What the sections are about, in the order of the file.</summary>
    public static IReadOnlyList<(string Path, string Meaning)> Sections { get; } =
    [
        ("", "The run."),
        ("model", "What the model is made of."),
        (ModelSections.Dynamics.Path, ModelSections.Dynamics.Meaning),
        (ModelSections.Prior.Path, ModelSections.Prior.Meaning),
        ("posterior", "The posterior covariance that learning starts from; it is shared by all trials and learned with the rest."),
        ("training", "How the parameters are learned."),
    ];

    /// <summary>The keys of the file, but for those that kinds of model parts bring with them; see <see cref="ModelSections"/>.</summary>
    public static IReadOnlyList<Setting<RunConfiguration>> All { get; } =
    [
        Setting.Text<RunConfiguration>("data", "the path of a dataset file, relative to this configuration", c => c.Data, (c, v) => c with { Data = v },
            "The dataset file to learn from, relative to the folder of the configuration. Required."),
        Setting.Whole<RunConfiguration>("seed", 0, long.MaxValue, c => (long)c.Seed, (c, v) => c with { Seed = (ulong)v },
            "Seed of everything random: first weights, batches, draws."),
        Setting.Choice<RunConfiguration, Precision>("precision", [("double", Precision.Double), ("single", Precision.Single)], c => c.Precision, (c, v) => c with { Precision = v },
            "Arithmetic of the model: `single` is faster for large models, `double` finds the optimum more closely."),
        Setting.Texts<RunConfiguration>("extensions", "a list of paths of assemblies, relative to this configuration", c => c.Extensions, (c, v) => c with { Extensions = v },
            "Assemblies (.dll) with dynamics and links of your own, which are kinds like others then. Their code runs when they are loaded."),

        .. ModelSpecification.Sizes.Select(size => new Setting<RunConfiguration>(
            $"model.{size.Key}", size.Allowed, size.Meaning, size.IsList, c => size.Write(c.Model),
            (c, texts) => size.Read(c.Model, texts) is { } model ? c with { Model = model } : null, c => size.Holds(c.Model)) { Values = size.Values }),

        Setting.Number<RunConfiguration>("posterior.initial-deviation", NumberRange.Positive, Setting.Positive, c => c.InitialDeviation, (c, v) => c with { InitialDeviation = v },
            "Standard deviation of each initial state."),
        Setting.Number<RunConfiguration>("posterior.input-deviation", NumberRange.Positive, Setting.Positive, c => c.InputDeviation, (c, v) => c with { InputDeviation = v },
            "Standard deviation of each input."),

        Training("iterations", 1, c => c.Iterations, (c, v) => c with { Iterations = v }, "Number of parameter updates."),
        Training("chunk", 0, c => c.Chunk, (c, v) => c with { Chunk = v }, "The most bins of a trial to learn from or to validate on; longer ones are cut into chunks of equal length.", "trials as they are"),
        Training("validation-share", NumberRange.From(0).Below(1), "zero or more, below 1", c => c.ValidationShare, (c, v) => c with { ValidationShare = v },
            "Share of the training trials, or chunks, set aside for validation where the recording marks none."),
        Training("batch", 0, c => c.BatchSize, (c, v) => c with { BatchSize = v }, "Trials an update.", "all trials"),
        Training("learning-rate", NumberRange.Positive, Setting.Positive, c => c.LearningRate, (c, v) => c with { LearningRate = v }, "Learning rate of Adam at the start."),
        Training("schedule",
            [("constant", LearningRateSchedule.Constant), ("inverse-square-root", LearningRateSchedule.InverseSquareRoot), ("cosine", LearningRateSchedule.Cosine)],
            c => c.Schedule, (c, v) => c with { Schedule = v },
            "How the learning rate falls: not at all, as 1 / (1 + sqrt(k / schedule-iterations)), or along half a cosine to a hundredth at the last iteration."),
        Training("schedule-iterations", NumberRange.Positive, Setting.Positive, c => c.ScheduleIterations, (c, v) => c with { ScheduleIterations = v }, "Scale of the inverse-square-root schedule, in iterations."),
        Training("gradient-clip", NumberRange.From(0), "a positive number, or 0 for none", c => c.GradientClip, (c, v) => c with { GradientClip = v }, "Largest norm of the gradient of the loss per observed entry; longer ones are scaled down."),
        Training("recurrent-penalty", NumberRange.From(0), "zero or more", c => c.RecurrentPenalty, (c, v) => c with { RecurrentPenalty = v }, "Weight of the mean square of the recurrent weights in the loss per observed entry."),
        Automatic("averaging", NumberRange.From(0).Below(1), "zero or more, below 1", c => c.Averaging, (c, v) => c with { Averaging = v },
            $"The last share of the updates so far over which parameters are averaged; the average is validated and kept. 0 keeps the last ones. `automatic` is {UsualWeights.Averaging} where `hide` hides anything, else 0."),
        Automatic("read-out-penalty", NumberRange.From(0), "zero or more", c => c.ReadOutPenalty, (c, v) => c with { ReadOutPenalty = v },
            $"Precision of a Gaussian prior over read-outs, in multiples of the number of states: counts by the logarithm of their rate, values in units of their own deviation. It says less the more was recorded. `automatic` is {UsualWeights.ReadOutPenalty} where `hide` hides anything, else 0."),
        Training<bool?>("read-out-prior", [("automatic", null), ("learned", true), ("none", false)], c => c.ShrinkReadOuts, (c, v) => c with { ShrinkReadOuts = v },
            "Whether read-outs are shrunk at the end of training under a prior that is learned from all channels of a kind, and kept so where validation is no worse for it: few spikes say little of many weights. `automatic` is `learned` where `hide` hides anything, else `none`."),
        Training("threads", 0, c => c.Threads, (c, v) => c with { Threads = v }, "Worker threads; results do not depend on it.", "one a core"),
        Training("validation-interval", 0, c => c.ValidationInterval, (c, v) => c with { ValidationInterval = v }, "Iterations between evaluations of the validation trials.", "never"),
        Training("patience", 0, c => c.Patience, (c, v) => c with { Patience = v }, "Validations without improvement after which training stops.", "never"),
        Training("checkpoint-interval", 0, c => c.CheckpointInterval, (c, v) => c with { CheckpointInterval = v }, "Iterations between checkpoints.", "only at the end and on Ctrl-C"),
        Setting.Texts<RunConfiguration>("training.validation-hides", "a list of channel groups", c => c.Training.ValidationHides, (c, v) => c with { Training = c.Training with { ValidationHides = v } },
            "Channel groups hidden in validation, such as behaviour, so that the validation loss is that of the others alone; where validation is by prediction, they are what is predicted."),
        Setting.Texts<RunConfiguration>("training.freeze", "a list of parts: dynamics, prior, initial, posterior, likelihoods or likelihood:GROUP", c => c.Training.Freeze, (c, v) => c with { Training = c.Training with { Freeze = v } },
            "Parts of the model that are not learned and stay as they are, to the bit: the dynamics, the prior of the inputs, that of the initial state, the posterior covariance, all read-outs or that of one channel group."),
        new Setting<RunConfiguration>(
            "training.start-from", "the path of a run's folder or model file, relative to this configuration; empty for none",
            "The run whose parameters learning starts from, part by part and group by group; what that run does not have starts as usual.",
            false, c => Setting.Quote(c.StartFrom), (c, texts) => c with { StartFrom = texts[0] }, _ => true),
        Setting.Choice<RunConfiguration, ReadoutAlignment>("training.alignment", [("automatic", ReadoutAlignment.Automatic), ("none", ReadoutAlignment.None), ("behaviour", ReadoutAlignment.Behaviour)], c => c.Alignment, (c, v) => c with { Alignment = v },
            "How the first read-outs of several sessions are made to mean the same: by regression of each channel on the behaviour that sessions share, not at all, or automatically by behaviour where there is some."),
        Training("objective", Objectives, c => c.Objective, (c, v) => c with { Objective = v },
            "What is learned: the ELBO, or Laplace's approximation of log p(observations) by draws of each trial's own posterior, which is maximum likelihood for linear-Gaussian models and leaves the shared covariance as it is; or the prediction of what `hide` hides from what it leaves."),
        Training("hidden-weight", NumberRange.Positive, Setting.Positive, c => c.HiddenWeight, (c, v) => c with { HiddenWeight = v },
            "With the objective `elbo` and rules under `hide`: the weight of a hidden entry beside one that was seen. 1 learns a bound of everything, more a mix with prediction."),
        Automatic("values-weight", NumberRange.Positive, Setting.Positive, c => c.ValuesWeight, (c, v) => c with { ValuesWeight = v },
            $"What multiplies the weight of values, as behaviour, beside counts, in learning and in validation by prediction: narrow bins of behaviour say what their neighbours say. `automatic` is the width of a bin over {UsualWeights.IndependentSeconds * 1000} ms, at most 1, where `hide` hides anything and there are counts, else 1."),
        Training("validation-score", [("automatic", (LearningObjective?)null), .. Objectives.Select(one => (one.Word, (LearningObjective?)one.Value))], c => c.ValidationScore, (c, v) => c with { ValidationScore = v },
            "What validation measures. `elbo`: the bound, by the covariance all trials share; `evidence`: Laplace's approximation of log p(observations), which does without draws and without that covariance; `predictive`: channels are hidden in turn, and behaviour every time, and it is measured how much likelier they are than under constant rates. `automatic` is `predictive` where `hide` hides anything, else what is learned. A run whose `objective` is the evidence is never scored by the bound."),
        Training("validation-folds", 2, c => c.ValidationFolds, (c, v) => c with { ValidationFolds = v },
            "Parts into which validation by prediction divides the channels, to hide one after the other."),
        Training("draws", 1, c => c.Elbo.Draws, (c, v) => c with { Elbo = c.Elbo with { Draws = v } }, "Posterior draws a trial and update."),
        Training("gradient", [("exact", GradientMethod.Exact), ("gauss-newton", GradientMethod.GaussNewton)], c => c.Elbo.Method, (c, v) => c with { Elbo = c.Elbo with { Method = v } },
            "How the gradient passes through the inferred inputs: exactly, or by the cheaper Gauss-Newton approximation."),
        Training("gradient-tolerance", NumberRange.Positive, Setting.Positive, c => c.Elbo.GradientTolerance, (c, v) => c with { Elbo = c.Elbo with { GradientTolerance = v } }, "Relative residual at which the exact gradient's linear solve ends."),
        Training("gradient-steps", 1, c => c.Elbo.MaximumGradientSteps, (c, v) => c with { Elbo = c.Elbo with { MaximumGradientSteps = v } }, "Limit of Hessian products in the exact gradient's linear solve."),
        Training("prior-term", [("closed-form", PriorTerm.ClosedFormWhereKnown), ("sampled", PriorTerm.Sampled)], c => c.Elbo.PriorTerm, (c, v) => c with { Elbo = c.Elbo with { PriorTerm = v } },
            "How the divergence from the prior is evaluated: in closed form where the prior is Gaussian, or by the draws everywhere."),
        Training("tolerance", NumberRange.Positive, Setting.Positive, c => c.Elbo.Solver.Tolerance, (c, v) => WithSolver(c, c.Elbo.Solver with { Tolerance = v }), "Newton decrement, in nats, at which the inference of a trial ends."),
        Training("solver-iterations", 1, c => c.Elbo.Solver.MaximumIterations, (c, v) => WithSolver(c, c.Elbo.Solver with { MaximumIterations = v }), "Limit of steps in the inference of a trial."),
        Training("solver-products", 0, c => c.Elbo.Solver.MaximumConjugateGradientSteps, (c, v) => WithSolver(c, c.Elbo.Solver with { MaximumConjugateGradientSteps = v }), "Limit of exact Hessian products a step.", "plain iLQR"),
        Training("sufficient-decrease", NumberRange.Positive.Below(0.5), "a number between 0 and 0.5", c => c.Elbo.Solver.SufficientDecrease, (c, v) => WithSolver(c, c.Elbo.Solver with { SufficientDecrease = v }), "Share of the predicted decrease that a step must achieve."),
    ];

    /// <summary>Keys that may change when a run is resumed: they do not change what the iterations so far have done.</summary>
    public static IReadOnlySet<string> ChangeableOnResume { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "data", "extensions", "training.start-from", "training.iterations", "training.threads", "training.patience", "training.checkpoint-interval",
        "training.read-out-prior",
    };

    private static TrainingOptions WithSolver(TrainingOptions c, SolverOptions solver) => c with { Elbo = c.Elbo with { Solver = solver } };

    private static IReadOnlyList<(string Word, LearningObjective Value)> Objectives => [("elbo", LearningObjective.Elbo), ("evidence", LearningObjective.Evidence), ("predictive", LearningObjective.Predictive)];

    private static Setting<RunConfiguration> Training(
        string key, int least, Func<TrainingOptions, int> get, Func<TrainingOptions, int, TrainingOptions> set, string meaning, string? zero = null)
        => Setting.Whole<RunConfiguration>(
            $"training.{key}", least, int.MaxValue, c => get(c.Training), (c, v) => c with { Training = set(c.Training, (int)v) }, meaning, zero);

    /// <summary>A number, or the word for what the recording and the other settings make of it.</summary>
    private static Setting<RunConfiguration> Automatic(
        string key, NumberRange range, string allowed, Func<TrainingOptions, double?> get, Func<TrainingOptions, double?, TrainingOptions> set, string meaning)
    {
        var number = Training(key, range, allowed, c => get(c) ?? double.NaN, (c, v) => set(c, v), meaning);
        return number with
        {
            Allowed = $"{allowed}, or automatic",
            Values = number.Values with { Words = ["automatic"] },
            Write = c => get(c.Training) is null ? "automatic" : number.Write(c),
            Read = (c, texts) => texts[0] == "automatic" ? c with { Training = set(c.Training, null) } : number.Read(c, texts),
            Holds = c => get(c.Training) is null || number.Holds(c),
        };
    }

    private static Setting<RunConfiguration> Training(
        string key, NumberRange range, string allowed, Func<TrainingOptions, double> get, Func<TrainingOptions, double, TrainingOptions> set, string meaning)
        => Setting.Number<RunConfiguration>($"training.{key}", range, allowed, c => get(c.Training), (c, v) => c with { Training = set(c.Training, v) }, meaning);

    private static Setting<RunConfiguration> Training<TValue>(
        string key, IReadOnlyList<(string Word, TValue Value)> choices, Func<TrainingOptions, TValue> get, Func<TrainingOptions, TValue, TrainingOptions> set, string meaning)
        => Setting.Choice<RunConfiguration, TValue>($"training.{key}", choices, c => get(c.Training), (c, v) => c with { Training = set(c.Training, v) }, meaning);
}
