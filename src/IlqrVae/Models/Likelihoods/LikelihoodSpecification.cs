using System.Numerics;
using IlqrVae.Models.Kinds;
using IlqrVae.Recordings;

namespace IlqrVae.Models.Likelihoods;

/// <summary>The likelihood of a channel group, before any data. Each kind is a record that describes itself; see <see cref="ModelKinds"/>.</summary>
public abstract record LikelihoodSpecification : PartSpecification<LikelihoodSpecification>
{
    /// <summary>Deviation of log rates, or of values in units of their own deviation, that the first read-out gives to unit states.</summary>
    private const double InitialModulation = 0.3;

    /// <summary>The channel group.</summary>
    public string Group { get; init; } = "";

    /// <summary>What groups get this kind where a configuration leaves it open; null for none.</summary>
    public virtual ChannelKind? DefaultFor => null;

    /// <summary>Whether the means of channels are firing rates in Hz; else they are values in the group's own unit.</summary>
    public abstract bool MeansAreRates { get; }

    /// <summary>Whether it explains such data.</summary>
    /// <param name="kind">What the numbers of a group are.</param>
    public abstract bool Fits(ChannelKind kind);

    /// <summary>Makes the likelihood at its start for learning.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="start">Sizes, the recording, random numbers.</param>
    /// <param name="group">The group and the usual values of its channels.</param>
    public abstract Likelihood<T> Build<T>(ModelStart start, GroupSummary group)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>The likelihood of a group: this one, unless its kind was left open.</summary>
    /// <param name="group">The group.</param>
    /// <exception cref="InputException">A setting is not one of the kind that the group gets.</exception>
    public virtual LikelihoodSpecification For(ChannelGroup group) => this;

    /// <summary>Checks settings, and that the group is one it explains.</summary>
    /// <param name="group">The group.</param>
    /// <exception cref="InputException">It is not.</exception>
    public virtual void RequireFit(ChannelGroup group)
    {
        RequireBounds($"likelihood of '{Group}'");
        if (!Fits(group.Kind))
        {
            var fitting = ModelKinds.BuiltIn.Likelihoods.First(one => one.DefaultFor == group.Kind).Kind;
            throw new InputException($"likelihood: group '{group.Name}' holds {group.Kind.ToString().ToLowerInvariant()}, which '{Kind}' does not explain; give it the {fitting} likelihood.");
        }
    }

    /// <summary>The first read-out weights, row-major, in units of each channel: they modulate it mildly when states have unit variance.</summary>
    /// <param name="start">Sizes and random numbers.</param>
    /// <param name="group">The group.</param>
    protected static double[] FirstWeights(ModelStart start, GroupSummary group)
        => start.Random(group.Group.Channels, start.States, InitialModulation / Math.Sqrt(start.States));
}

/// <summary>
/// A likelihood whose kind was left open: it follows the group. Settings that were given are applied to that kind once the group is known.
/// </summary>
public sealed record LikelihoodByGroup : LikelihoodSpecification
{
    /// <summary>Settings that were given: key, texts, and where, for messages.</summary>
    public IReadOnlyList<(string Key, IReadOnlyList<string> Texts, string Where)> Given { get; init; } = [];

    /// <summary>The kinds there are.</summary>
    public ModelKinds Kinds { get; init; } = ModelKinds.BuiltIn;

    /// <inheritdoc/>
    public override string Kind => "";

    /// <inheritdoc/>
    public override string Meaning => "the kind that fits the group";

    /// <inheritdoc/>
    public override bool MeansAreRates => throw Open();

    /// <inheritdoc/>
    public override bool Fits(ChannelKind kind) => throw Open();

    /// <inheritdoc/>
    public override Likelihood<T> Build<T>(ModelStart start, GroupSummary group) => throw Open();

    /// <inheritdoc/>
    public override LikelihoodSpecification For(ChannelGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        var likelihood = Kinds.Likelihoods.First(one => one.DefaultFor == group.Kind) with { Group = Group };
        foreach (var (key, texts, where) in Given)
        {
            var setting = likelihood.SettingsAmong(Kinds).FirstOrDefault(one => one.Key == key)
                ?? throw new InputException(
                    $"{where}: '{key}' is no setting of '{likelihood.Kind}', the likelihood that group '{Group}' gets; leave it out, or name another 'kind'.");
            likelihood = setting.Read(likelihood, texts)
                ?? throw new InputException($"{where}: '{key}' is '{string.Join(", ", texts)}'; give {setting.Allowed}.");
        }

        return likelihood;
    }

    private InvalidOperationException Open() => new($"The likelihood of '{Group}' is open until its group is known.");
}
