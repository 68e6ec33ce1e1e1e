using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Kinds;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Priors;
using IlqrVae.Recordings;

namespace IlqrVae.Tests.Inference;

/// <summary>Every kind of the registry with every combination of its switches and links: what the tests' random models are made of.</summary>
public static class KindVariants
{
    private static readonly ChannelGroup Counts = new("spikes", ChannelKind.Counts, 1);

    /// <summary>Dynamics by name: the kind, then what is switched on ("linear+stable").</summary>
    public static IReadOnlyDictionary<string, DynamicsSpecification> Dynamics { get; } = Of(ModelKinds.BuiltIn.Dynamics);

    /// <summary>Priors by name.</summary>
    public static IReadOnlyDictionary<string, PriorSpecification> Priors { get; } = Of(ModelKinds.BuiltIn.Priors);

    /// <summary>Likelihoods by name, such as "poisson:softplus+gain".</summary>
    public static IReadOnlyDictionary<string, LikelihoodSpecification> Likelihoods { get; } = Of(ModelKinds.BuiltIn.Likelihoods)
        .Where(pair => IsPossible(pair.Value)).ToDictionary(StringComparer.Ordinal);

    private static Dictionary<string, TPart> Of<TPart>(IReadOnlyList<TPart> kinds)
        where TPart : PartSpecification<TPart>
    {
        var variants = new Dictionary<string, TPart>(StringComparer.Ordinal);
        foreach (var kind in kinds)
        {
            List<(string Name, TPart Part)> found = [(kind.Kind, kind)];
            foreach (var setting in kind.SettingsAmong(ModelKinds.BuiltIn).OrderBy(setting => setting.Allowed == "true or false"))
            {
                var isFlag = setting.Allowed == "true or false";
                IEnumerable<string> words = isFlag ? ["false", "true"] : ModelKinds.BuiltIn.Links.Select(link => link.Name);
                if (words.All(word => setting.Read(kind, [word]) is not null))
                {
                    found = [.. found.SelectMany(one => words.Select(word => (isFlag ? word == "true" ? $"{one.Name}+{setting.Key}" : one.Name : $"{one.Name}:{word}", setting.Read(one.Part, [word])!)))];
                }
            }

            foreach (var (name, part) in found)
            {
                variants.Add(name, part);
            }
        }

        return variants;
    }

    private static bool IsPossible(LikelihoodSpecification likelihood)
    {
        try
        {
            (likelihood with { Group = Counts.Name }).RequireFit(Counts);
            return true;
        }
        catch (InputException)
        {
            return false;
        }
    }
}

/// <summary>Names of dynamics in recipes.</summary>
public static class DynamicsChoice
{
    public const string LinearFree = "linear";
    public const string LinearStable = "linear+stable";
    public const string MiniGru = "mini-gru";
    public const string MiniGruCandidate = "mini-gru+input-inside-candidate";
    public const string Mgu = "mgu";
    public const string Rnn = "rnn";
    public const string ResidualMlp = "residual-mlp";
    public const string Custom = "custom";

    public static IReadOnlyList<string> All { get; } = [.. KindVariants.Dynamics.Keys, Custom];

    /// <summary>Those of the registry, with derivatives written by hand.</summary>
    public static TheoryData<string> Derived { get; } = [.. KindVariants.Dynamics.Keys];
}

/// <summary>Names of priors in recipes.</summary>
public static class PriorChoice
{
    public const string Gaussian = "gaussian";
    public const string Student = "student";

    /// <summary>Those without a switch first: a new switch leaves the recipes of the others as they are.</summary>
    public static IReadOnlyList<string> All { get; } = [.. KindVariants.Priors.Keys.OrderBy(name => name.Contains('+', StringComparison.Ordinal))];
}

/// <summary>Names of read-outs in recipes.</summary>
public static class ReadoutChoice
{
    public const string Gaussian = "gaussian";
    public const string PoissonExp = "poisson:exp";
    public const string PoissonSoftplus = "poisson:softplus";
    public const string SpikesAndValues = "poisson:exp and gaussian";

    public static IReadOnlyList<string> All { get; } = [.. KindVariants.Likelihoods.Keys, SpikesAndValues];
}
