using IlqrVae.Recordings;

namespace IlqrVae.Models;

/// <summary>What a model is made of, before any data: sizes, kinds and switches.</summary>
public sealed record ModelSpecification
{
    /// <summary>State dimension n, at least 1.</summary>
    public int States { get; init; } = 20;

    /// <summary>Input dimension m; 0 for an autonomous model, in which only the initial state is inferred.</summary>
    public int Inputs { get; init; } = 5;

    /// <summary>The dynamics.</summary>
    public DynamicsSpecification Dynamics { get; init; } = new();

    /// <summary>The prior over inputs.</summary>
    public PriorSpecification Prior { get; init; } = new();

    /// <summary>One entry for each channel group to be explained; empty means every group, with defaults by its kind.</summary>
    public IReadOnlyList<LikelihoodSpecification> Likelihoods { get; init; } = [];

    /// <summary>The same specification with an entry for every channel group it is to explain.</summary>
    /// <param name="recording">The recording.</param>
    /// <exception cref="InputException">A size is impossible, or an entry does not fit the recording.</exception>
    public ModelSpecification CompletedFor(Recording recording)
    {
        RequireSize(States, "states", 1);
        RequireSize(Inputs, "inputs", 0);
        RequireSize(Dynamics.HiddenUnits, "dynamics: hidden", 1);
        if (!(Prior.DegreesOfFreedom > 2.000001) || !double.IsFinite(Prior.DegreesOfFreedom))
        {
            throw new InputException($"prior: the degrees of freedom are {Prior.DegreesOfFreedom}; give a number above 2.000001.");
        }

        var likelihoods = Likelihoods.Count > 0
            ? Likelihoods
            : [.. recording.Groups.Select(group => new LikelihoodSpecification { Group = group.Name, Kind = group.Kind == ChannelKind.Counts ? LikelihoodKind.Poisson : LikelihoodKind.Gaussian })];
        foreach (var likelihood in likelihoods)
        {
            var group = recording.Groups.FirstOrDefault(candidate => candidate.Name == likelihood.Group)
                ?? throw new InputException(
                    $"likelihood: the recording has no channel group '{likelihood.Group}'; it has {string.Join(", ", recording.Groups.Select(g => $"'{g.Name}'"))}.");
            if (likelihood.Kind == LikelihoodKind.Poisson && group.Kind != ChannelKind.Counts)
            {
                throw new InputException($"likelihood: group '{group.Name}' holds values, not counts; give it the gaussian likelihood.");
            }

            if (likelihood.Gain && likelihood.Kind == LikelihoodKind.Poisson && Models.Likelihoods.Link.ByName(likelihood.Link)?.AbsorbsGain == true)
            {
                throw new InputException($"likelihood: a gain for group '{group.Name}' cannot be told from its bias under the link '{likelihood.Link}'; drop the gain or choose softplus or soft-relu.");
            }
        }

        if (likelihoods.Select(likelihood => likelihood.Group).Distinct(StringComparer.Ordinal).Count() != likelihoods.Count)
        {
            throw new InputException("likelihood: a channel group has two entries; give each group one.");
        }

        return this with { Likelihoods = likelihoods };
    }

    private static void RequireSize(int size, string what, int least)
    {
        if (size < least || size > 4096)
        {
            throw new InputException($"{what}: {size} is not a possible size; give a whole number from {least} to 4096.");
        }
    }
}

/// <summary>Which dynamics.</summary>
public enum DynamicsKind
{
    /// <summary>z' = A z + B u.</summary>
    Linear,

    /// <summary>The minimal gated unit with the input at the candidate.</summary>
    MiniGru,

    /// <summary>The minimal gated unit with the input at gate and candidate.</summary>
    Mgu,

    /// <summary>z' = A tanh(z) + B u + b.</summary>
    Rnn,

    /// <summary>z' = A0 z + A2 tanh(A1 z + b1) + b2 + B u.</summary>
    ResidualMlp,
}

/// <summary>The dynamics of a model.</summary>
public sealed record DynamicsSpecification
{
    /// <summary>Which dynamics.</summary>
    public DynamicsKind Kind { get; init; } = DynamicsKind.MiniGru;

    /// <summary>Linear only: stable by construction.</summary>
    public bool Stable { get; init; } = true;

    /// <summary>Mini-GRU only: whether the input enters inside the candidate's nonlinearity.</summary>
    public bool InputInsideCandidate { get; init; }

    /// <summary>Residual MLP only: hidden units.</summary>
    public int HiddenUnits { get; init; } = 64;

    /// <summary>Columns of the input matrix of unit norm, which leaves the scale of inputs to their prior.</summary>
    public bool UnitNormInputs { get; init; }

    /// <summary>Time constant, in bins, of the dynamics that learning starts from.</summary>
    public double InitialTimeConstant { get; init; } = 8;
}

/// <summary>Which prior over inputs.</summary>
public enum PriorKind
{
    /// <summary>Gaussian.</summary>
    Gaussian,

    /// <summary>Multivariate Student.</summary>
    Student,
}

/// <summary>The prior over inputs.</summary>
public sealed record PriorSpecification
{
    /// <summary>Which prior.</summary>
    public PriorKind Kind { get; init; } = PriorKind.Student;

    /// <summary>Student only: degrees of freedom that learning starts from, above 2.</summary>
    public double DegreesOfFreedom { get; init; } = 10;
}

/// <summary>Which likelihood.</summary>
public enum LikelihoodKind
{
    /// <summary>Counts.</summary>
    Poisson,

    /// <summary>Real values.</summary>
    Gaussian,
}

/// <summary>The likelihood of a channel group.</summary>
public sealed record LikelihoodSpecification
{
    /// <summary>The channel group.</summary>
    public required string Group { get; init; }

    /// <summary>Which likelihood.</summary>
    public LikelihoodKind Kind { get; init; } = LikelihoodKind.Poisson;

    /// <summary>Poisson only: "exp", "softplus" or "soft-relu".</summary>
    public string Link { get; init; } = "exp";

    /// <summary>Poisson only, not with exp: a gain for each channel.</summary>
    public bool Gain { get; init; }
}
