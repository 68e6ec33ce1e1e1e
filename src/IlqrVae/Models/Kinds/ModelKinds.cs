using System.Reflection;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Dynamics.Custom;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Priors;

namespace IlqrVae.Models.Kinds;

/// <summary>
/// The kinds of model parts there are, each at its defaults. A new kind is one file and one line here: configurations, files, documentation and the
/// tests' random models all ask this list. Immutable.
/// </summary>
public sealed class ModelKinds
{
    private ModelKinds(
        IReadOnlyList<DynamicsSpecification> dynamics,
        IReadOnlyList<PriorSpecification> priors,
        IReadOnlyList<LikelihoodSpecification> likelihoods,
        IReadOnlyList<Link> links)
        => (Dynamics, Priors, Likelihoods, Links) = (dynamics, priors, likelihoods, links);

    /// <summary>The kinds that come with the library.</summary>
    public static ModelKinds BuiltIn { get; } = new(
        dynamics:
        [
            new LinearSpecification(),
            new MiniGruSpecification(),
            new MguSpecification(),
            new RnnSpecification(),
            new ResidualMlpSpecification(),
        ],
        priors:
        [
            new GaussianPriorSpecification(),
            new StudentPriorSpecification(),
            new LaplacePriorSpecification(),
        ],
        likelihoods:
        [
            new PoissonSpecification(),
            new NegativeBinomialSpecification(),
            new GaussianSpecification(),
        ],
        links:
        [
            Link.Exponential,
            Link.Softplus,
            Link.SoftRelu,
        ]);

    /// <summary>Kinds of dynamics.</summary>
    public IReadOnlyList<DynamicsSpecification> Dynamics { get; }

    /// <summary>Kinds of priors over inputs.</summary>
    public IReadOnlyList<PriorSpecification> Priors { get; }

    /// <summary>Kinds of likelihoods.</summary>
    public IReadOnlyList<LikelihoodSpecification> Likelihoods { get; }

    /// <summary>Links, from activations to firing rates.</summary>
    public IReadOnlyList<Link> Links { get; }

    /// <summary>
    /// The same kinds and those that users have written: every public <see cref="IDynamicsDefinition"/> and <see cref="Link"/> of an assembly that has a
    /// public constructor without parameters. Dynamics are called like their type, in lower case with hyphens; links by their name.
    /// </summary>
    /// <param name="assembly">The users' assembly.</param>
    /// <exception cref="InputException">It has none, or one is called like a kind there is.</exception>
    public ModelKinds With(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        var types = assembly.GetExportedTypes().Where(type => type is { IsAbstract: false, IsGenericTypeDefinition: false } && (type.IsValueType || type.GetConstructor([]) is not null)).ToList();
        List<DynamicsSpecification> dynamics = [.. types.Where(typeof(IDynamicsDefinition).IsAssignableFrom).Select(type => new CustomDynamicsSpecification(type))];
        List<Link> links = [.. types.Where(type => type.IsSubclassOf(typeof(Link))).Select(type => (Link)Activator.CreateInstance(type)!)];
        if (dynamics.Count + links.Count == 0)
        {
            throw new InputException(
                $"{assembly.Location}: there are no dynamics or links in it; write a public class that implements {nameof(IDynamicsDefinition)} or derives from {nameof(Link)}, with a constructor without parameters.");
        }

        var words = Dynamics.Select(one => one.Kind).Concat(Links.Select(one => one.Name));
        if (dynamics.Select(one => one.Kind).Concat(links.Select(one => one.Name)).FirstOrDefault(words.Contains) is { } taken)
        {
            throw new InputException($"{assembly.Location}: there is a kind called '{taken}' already; call yours otherwise.");
        }

        return new ModelKinds([.. Dynamics, .. dynamics], Priors, Likelihoods, [.. Links, .. links]);
    }
}
