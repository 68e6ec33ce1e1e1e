using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Kinds;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Priors;
using IlqrVae.Recordings;

namespace IlqrVae.Models;

/// <summary>What a model is made of, before any data: sizes, kinds and switches.</summary>
public sealed record ModelSpecification
{
    private const int DefaultStates = 20;
    private const int DefaultInputs = 5;

    /// <summary>The sizes of a model.</summary>
    public static IReadOnlyList<Setting<ModelSpecification>> Sizes { get; } =
    [
        Setting.Whole<ModelSpecification>("states", 1, 4096, model => model.States, (model, value) => model with { States = (int)value }, "Dimension of the latent state."),
        Setting.Whole<ModelSpecification>(
            "inputs", 0, 4096, model => model.Inputs, (model, value) => model with { Inputs = (int)value }, "Dimension of the inferred inputs.",
            "an autonomous model, of which only the initial state is inferred"),
    ];

    /// <summary>State dimension n, at least 1.</summary>
    public int States { get; init; } = DefaultStates;

    /// <summary>Input dimension m; 0 for an autonomous model, in which only the initial state is inferred.</summary>
    public int Inputs { get; init; } = DefaultInputs;

    /// <summary>The dynamics.</summary>
    public DynamicsSpecification Dynamics { get; init; } = new MiniGruSpecification();

    /// <summary>The prior over inputs.</summary>
    public PriorSpecification Prior { get; init; } = new StudentPriorSpecification();

    /// <summary>One entry for each channel group to be explained; empty means every group, with defaults by its kind.</summary>
    public IReadOnlyList<LikelihoodSpecification> Likelihoods { get; init; } = [];

    /// <summary>The same specification with an entry for every channel group it is to explain, and with sizes that its dynamics may fix.</summary>
    /// <param name="groups">The channel groups of the recording.</param>
    /// <param name="externalInputs">Number of known external inputs of the recording.</param>
    /// <exception cref="InputException">A size or setting is impossible, or an entry does not fit the recording.</exception>
    public ModelSpecification CompletedFor(IReadOnlyList<ChannelGroup> groups, int externalInputs)
    {
        if (Sizes.FirstOrDefault(size => !size.Holds(this)) is { } wrong)
        {
            throw new InputException($"{wrong.Key}: {wrong.Write(this)} is not a possible size; give {wrong.Allowed}.");
        }

        Dynamics.RequireBounds("dynamics");
        Prior.RequireBounds("prior");
        var likelihoods = Likelihoods.Count > 0 ? [.. Likelihoods.SelectMany(one => OfSessions(one, groups))] : (IReadOnlyList<LikelihoodSpecification>)[.. groups.Select(group => new LikelihoodByGroup { Group = group.Name })];
        if (likelihoods.Select(likelihood => likelihood.Group).Distinct(StringComparer.Ordinal).Count() != likelihoods.Count)
        {
            throw new InputException("likelihood: a channel group has two entries; give each group one.");
        }

        return WithSizesOfDynamics(externalInputs) with { Likelihoods = [.. likelihoods.Select(likelihood => Fitted(likelihood, groups))] };
    }

    /// <summary>An entry for "spikes" stands for "spikes@monday", "spikes@tuesday" and so on where sessions have groups of their own.</summary>
    private static IEnumerable<LikelihoodSpecification> OfSessions(LikelihoodSpecification likelihood, IReadOnlyList<ChannelGroup> groups)
        => SessionGroups.Named(likelihood.Group, groups.Select(group => group.Name)).Select(name => likelihood with { Group = name });

    private static LikelihoodSpecification Fitted(LikelihoodSpecification likelihood, IReadOnlyList<ChannelGroup> groups)
    {
        var group = groups.FirstOrDefault(candidate => candidate.Name == likelihood.Group)
            ?? throw new InputException(
                $"likelihood: the recording has no channel group '{likelihood.Group}'; {Spelling.DidYouMean(likelihood.Group, groups.Select(g => g.Name))}it has {string.Join(", ", groups.Select(g => $"'{g.Name}'"))}.");
        var fitted = likelihood.For(group);
        fitted.RequireFit(group);
        return fitted;
    }

    private ModelSpecification WithSizesOfDynamics(int externalInputs)
    {
        if (Dynamics.Sizes is not { } sizes)
        {
            return this;
        }

        if ((States != DefaultStates && States != sizes.States) || (Inputs != DefaultInputs && Inputs != sizes.Inputs))
        {
            throw new InputException($"model: the dynamics '{Dynamics.Kind}' have {sizes.States} states and {sizes.Inputs} inputs; leave 'states' and 'inputs' out.");
        }

        if (externalInputs != sizes.External)
        {
            throw new InputException(
                $"model: the dynamics '{Dynamics.Kind}' take {sizes.External} external inputs where the recording has {externalInputs}; use a recording with as many.");
        }

        return this with { States = sizes.States, Inputs = sizes.Inputs };
    }
}
