using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Training;

namespace IlqrVae.Runs.Configuration;

/// <summary>Every key of the configuration file. Reading, writing and docs/configuration.md all follow this list.</summary>
public static class Settings
{
    private const string Positive = "a positive number";

    /// <summary>What the sections are about, in the order of the file.</summary>
    public static IReadOnlyList<(string Path, string Meaning)> Sections { get; } =
    [
        ("", "The run."),
        ("model", "What the model is made of."),
        ("model.dynamics", "How the state moves."),
        ("model.prior", "What is believed of the inputs before any data."),
        ("posterior", "The posterior covariance that learning starts from; it is shared by all trials and learned with the rest."),
        ("training", "How the parameters are learned."),
    ];

    /// <summary>The keys of the file, but for the list of likelihoods.</summary>
    public static IReadOnlyList<Setting<RunConfiguration>> All { get; } =
    [
        Setting.Text<RunConfiguration>("data", "the path of a dataset file, relative to this configuration", c => c.Data, (c, v) => c with { Data = v },
            "The dataset file to learn from, relative to the folder of the configuration. Required."),
        Setting.Whole<RunConfiguration>("seed", 0, long.MaxValue, c => (long)c.Seed, (c, v) => c with { Seed = (ulong)v },
            "Seed of everything random: first weights, batches, draws."),
        Setting.Choice<RunConfiguration, Precision>("precision", [("double", Precision.Double), ("single", Precision.Single)], c => c.Precision, (c, v) => c with { Precision = v },
            "Arithmetic of the model: `single` is faster for large models, `double` finds the optimum more closely."),

        Setting.Whole<RunConfiguration>("model.states", 1, 4096, c => c.Model.States, (c, v) => c with { Model = c.Model with { States = (int)v } },
            "Dimension of the latent state."),
        Setting.Whole<RunConfiguration>("model.inputs", 0, 4096, c => c.Model.Inputs, (c, v) => c with { Model = c.Model with { Inputs = (int)v } },
            "Dimension of the inferred inputs.", "an autonomous model, of which only the initial state is inferred"),

        Setting.Choice<RunConfiguration, DynamicsKind>(
            "model.dynamics.kind",
            [("linear", DynamicsKind.Linear), ("mini-gru", DynamicsKind.MiniGru), ("mgu", DynamicsKind.Mgu), ("rnn", DynamicsKind.Rnn), ("residual-mlp", DynamicsKind.ResidualMlp)],
            c => c.Model.Dynamics.Kind, (c, v) => WithDynamics(c, c.Model.Dynamics with { Kind = v }),
            "`linear`: z' = A z + B u; `mini-gru`: a minimal gated unit; `mgu`: the same with the input at its gate too; `rnn`: z' = A tanh(z) + B u + b; `residual-mlp`: a linear part plus one hidden layer."),
        Setting.Flag<RunConfiguration>("model.dynamics.stable", c => c.Model.Dynamics.Stable, (c, v) => WithDynamics(c, c.Model.Dynamics with { Stable = v }),
            "Linear only: keep A stable by construction."),
        Setting.Flag<RunConfiguration>("model.dynamics.input-inside-candidate", c => c.Model.Dynamics.InputInsideCandidate, (c, v) => WithDynamics(c, c.Model.Dynamics with { InputInsideCandidate = v }),
            "Mini-GRU only: let the input enter inside the candidate's nonlinearity instead of beside it."),
        Setting.Whole<RunConfiguration>("model.dynamics.hidden", 1, 4096, c => c.Model.Dynamics.HiddenUnits, (c, v) => WithDynamics(c, c.Model.Dynamics with { HiddenUnits = (int)v }),
            "Residual MLP only: hidden units."),
        Setting.Flag<RunConfiguration>("model.dynamics.unit-norm-inputs", c => c.Model.Dynamics.UnitNormInputs, (c, v) => WithDynamics(c, c.Model.Dynamics with { UnitNormInputs = v }),
            "Keep the columns of the input matrix at norm one, so that the prior alone sets the inputs' scale."),
        Setting.Number<RunConfiguration>("model.dynamics.initial-time-constant", v => v > 0, Positive, c => c.Model.Dynamics.InitialTimeConstant, (c, v) => WithDynamics(c, c.Model.Dynamics with { InitialTimeConstant = v }),
            "Time constant, in bins, of the dynamics that learning starts from."),

        Setting.Choice<RunConfiguration, PriorKind>("model.prior.kind", [("gaussian", PriorKind.Gaussian), ("student", PriorKind.Student)], c => c.Model.Prior.Kind, (c, v) => WithPrior(c, c.Model.Prior with { Kind = v }),
            "`student` for inputs that are mostly small and now and then large, `gaussian` for inputs that are always there."),
        Setting.Number<RunConfiguration>("model.prior.degrees-of-freedom", v => v > 2, "a number above 2", c => c.Model.Prior.DegreesOfFreedom, (c, v) => WithPrior(c, c.Model.Prior with { DegreesOfFreedom = v }),
            "Student only: the degrees of freedom that learning starts from."),

        Setting.Number<RunConfiguration>("posterior.initial-deviation", v => v > 0, Positive, c => c.InitialDeviation, (c, v) => c with { InitialDeviation = v },
            "Standard deviation of each initial state."),
        Setting.Number<RunConfiguration>("posterior.input-deviation", v => v > 0, Positive, c => c.InputDeviation, (c, v) => c with { InputDeviation = v },
            "Standard deviation of each input."),

        Training("iterations", 1, c => c.Iterations, (c, v) => c with { Iterations = v }, "Number of parameter updates."),
        Training("batch", 0, c => c.BatchSize, (c, v) => c with { BatchSize = v }, "Trials an update.", "all trials"),
        Training("learning-rate", v => v > 0, Positive, c => c.LearningRate, (c, v) => c with { LearningRate = v }, "Learning rate of Adam at the start."),
        Training("schedule",
            [("constant", LearningRateSchedule.Constant), ("inverse-square-root", LearningRateSchedule.InverseSquareRoot), ("cosine", LearningRateSchedule.Cosine)],
            c => c.Schedule, (c, v) => c with { Schedule = v },
            "How the learning rate falls: not at all, as 1 / (1 + sqrt(k / schedule-iterations)), or along half a cosine to a hundredth at the last iteration."),
        Training("schedule-iterations", v => v > 0, Positive, c => c.ScheduleIterations, (c, v) => c with { ScheduleIterations = v }, "Scale of the inverse-square-root schedule, in iterations."),
        Training("gradient-clip", v => v >= 0, "a positive number, or 0 for none", c => c.GradientClip, (c, v) => c with { GradientClip = v }, "Largest norm of the gradient of the loss per observed entry; longer ones are scaled down."),
        Training("recurrent-penalty", v => v >= 0, "zero or more", c => c.RecurrentPenalty, (c, v) => c with { RecurrentPenalty = v }, "Weight of the mean square of the recurrent weights in the loss per observed entry."),
        Training("threads", 0, c => c.Threads, (c, v) => c with { Threads = v }, "Worker threads; results do not depend on it.", "one a core"),
        Training("validation-interval", 0, c => c.ValidationInterval, (c, v) => c with { ValidationInterval = v }, "Iterations between evaluations of the validation trials.", "never"),
        Training("patience", 0, c => c.Patience, (c, v) => c with { Patience = v }, "Validations without improvement after which training stops.", "never"),
        Training("checkpoint-interval", 0, c => c.CheckpointInterval, (c, v) => c with { CheckpointInterval = v }, "Iterations between checkpoints.", "only at the end and on Ctrl-C"),
        Setting.Texts<RunConfiguration>("training.validation-hides", "a list of channel groups", c => c.Training.ValidationHides, (c, v) => c with { Training = c.Training with { ValidationHides = v } },
            "Channel groups hidden in validation, such as behaviour, so that the validation loss is that of the others alone."),
        Training("objective", Objectives, c => c.Objective, (c, v) => c with { Objective = v },
            "What is learned: the ELBO, or Laplace's approximation of log p(observations) by draws of each trial's own posterior, which is maximum likelihood for linear-Gaussian models and leaves the shared covariance as it is."),
        Training("validation-score", Objectives, c => c.ValidationScore, (c, v) => c with { ValidationScore = v },
            "What validation measures: the bound that is learned, by the covariance all trials share, or Laplace's approximation of log p(observations), which does without draws and without that covariance. A run whose `objective` is the evidence is always scored by it."),
        Training("draws", 1, c => c.Elbo.Draws, (c, v) => c with { Elbo = c.Elbo with { Draws = v } }, "Posterior draws a trial and update."),
        Training("gradient", [("exact", GradientMethod.Exact), ("gauss-newton", GradientMethod.GaussNewton)], c => c.Elbo.Method, (c, v) => c with { Elbo = c.Elbo with { Method = v } },
            "How the gradient passes through the inferred inputs: exactly, or by the cheaper Gauss-Newton approximation."),
        Training("gradient-tolerance", v => v > 0, Positive, c => c.Elbo.GradientTolerance, (c, v) => c with { Elbo = c.Elbo with { GradientTolerance = v } }, "Relative residual at which the exact gradient's linear solve ends."),
        Training("gradient-steps", 1, c => c.Elbo.MaximumGradientSteps, (c, v) => c with { Elbo = c.Elbo with { MaximumGradientSteps = v } }, "Limit of Hessian products in the exact gradient's linear solve."),
        Training("prior-term", [("closed-form", PriorTerm.ClosedFormWhereKnown), ("sampled", PriorTerm.Sampled)], c => c.Elbo.PriorTerm, (c, v) => c with { Elbo = c.Elbo with { PriorTerm = v } },
            "How the divergence from the prior is evaluated: in closed form where the prior is Gaussian, or by the draws everywhere."),
        Training("tolerance", v => v > 0, Positive, c => c.Elbo.Solver.Tolerance, (c, v) => WithSolver(c, c.Elbo.Solver with { Tolerance = v }), "Newton decrement, in nats, at which the inference of a trial ends."),
        Training("solver-iterations", 1, c => c.Elbo.Solver.MaximumIterations, (c, v) => WithSolver(c, c.Elbo.Solver with { MaximumIterations = v }), "Limit of steps in the inference of a trial."),
        Training("solver-products", 0, c => c.Elbo.Solver.MaximumConjugateGradientSteps, (c, v) => WithSolver(c, c.Elbo.Solver with { MaximumConjugateGradientSteps = v }), "Limit of exact Hessian products a step.", "plain iLQR"),
        Training("sufficient-decrease", v => v is > 0 and < 0.5, "a number between 0 and 0.5", c => c.Elbo.Solver.SufficientDecrease, (c, v) => WithSolver(c, c.Elbo.Solver with { SufficientDecrease = v }), "Share of the predicted decrease that a step must achieve."),
    ];

    /// <summary>The keys of one entry of model.likelihoods.</summary>
    public static IReadOnlyList<Setting<LikelihoodConfiguration>> Likelihood { get; } =
    [
        Setting.Text<LikelihoodConfiguration>("group", "the name of a channel group", l => l.Group, (l, v) => l with { Group = v },
            "The channel group of the dataset that this entry explains. Required."),
        Setting.Choice<LikelihoodConfiguration, LikelihoodKind?>("kind", [("poisson", LikelihoodKind.Poisson), ("gaussian", LikelihoodKind.Gaussian)], l => l.Kind, (l, v) => l with { Kind = v },
            "`poisson` for counts, `gaussian` for values; left out, it follows the group."),
        Setting.Choice<LikelihoodConfiguration, string>("link", [("exp", "exp"), ("softplus", "softplus"), ("soft-relu", "soft-relu")], l => l.Link, (l, v) => l with { Link = v },
            "Poisson only: from activations to rates in Hz."),
        Setting.Flag<LikelihoodConfiguration>("gain", l => l.Gain, (l, v) => l with { Gain = v },
            "Poisson only, not with the link exp: a gain for each channel."),
    ];

    /// <summary>Keys that may change when a run is resumed: they do not change what the iterations so far have done.</summary>
    public static IReadOnlySet<string> ChangeableOnResume { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "data", "training.iterations", "training.threads", "training.patience", "training.checkpoint-interval",
    };

    private static RunConfiguration WithDynamics(RunConfiguration c, DynamicsSpecification dynamics) => c with { Model = c.Model with { Dynamics = dynamics } };

    private static RunConfiguration WithPrior(RunConfiguration c, PriorSpecification prior) => c with { Model = c.Model with { Prior = prior } };

    private static TrainingOptions WithSolver(TrainingOptions c, SolverOptions solver) => c with { Elbo = c.Elbo with { Solver = solver } };

    private static IReadOnlyList<(string Word, LearningObjective Value)> Objectives => [("elbo", LearningObjective.Elbo), ("evidence", LearningObjective.Evidence)];

    private static Setting<RunConfiguration> Training(
        string key, int least, Func<TrainingOptions, int> get, Func<TrainingOptions, int, TrainingOptions> set, string meaning, string? zero = null)
        => Setting.Whole<RunConfiguration>(
            $"training.{key}", least, int.MaxValue, c => get(c.Training), (c, v) => c with { Training = set(c.Training, (int)v) }, meaning, zero);

    private static Setting<RunConfiguration> Training(
        string key, Predicate<double> isAllowed, string allowed, Func<TrainingOptions, double> get, Func<TrainingOptions, double, TrainingOptions> set, string meaning)
        => Setting.Number<RunConfiguration>($"training.{key}", isAllowed, allowed, c => get(c.Training), (c, v) => c with { Training = set(c.Training, v) }, meaning);

    private static Setting<RunConfiguration> Training<TValue>(
        string key, IReadOnlyList<(string Word, TValue Value)> choices, Func<TrainingOptions, TValue> get, Func<TrainingOptions, TValue, TrainingOptions> set, string meaning)
        => Setting.Choice<RunConfiguration, TValue>($"training.{key}", choices, c => get(c.Training), (c, v) => c with { Training = set(c.Training, v) }, meaning);
}
