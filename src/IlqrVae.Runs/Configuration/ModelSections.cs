using IlqrVae.Models;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Kinds;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Priors;
using IlqrVae.Training.Hiding;

namespace IlqrVae.Runs.Configuration;

/// <summary>A section of the configuration file that describes a part of the model: the key 'kind', and the settings of that kind.</summary>
/// <typeparam name="TPart">The base record of all kinds of the part.</typeparam>
/// <param name="Path">Dotted path of the section.</param>
/// <param name="Meaning">What it is about.</param>
/// <param name="KindsAmong">The kinds of this part.</param>
/// <param name="Get">The part of a model.</param>
/// <param name="Set">The model with another part.</param>
public sealed record ModelSection<TPart>(
    string Path, string Meaning, Func<ModelKinds, IReadOnlyList<TPart>> KindsAmong, Func<ModelSpecification, TPart> Get, Func<ModelSpecification, TPart, ModelSpecification> Set)
    where TPart : PartSpecification<TPart>;

/// <summary>The sections whose keys the kinds of model parts bring with them.</summary>
public static class ModelSections
{
    /// <summary>Path of the list of likelihoods.</summary>
    public const string Likelihoods = "model.likelihoods";

    /// <summary>Path of the list of what is hidden while learning.</summary>
    public const string Hide = "training.hide";

    /// <summary>Paths of lists whose entries have keys.</summary>
    public static IReadOnlyList<string> Lists { get; } = [Likelihoods, Hide];

    /// <summary>The key that names the kind of a part.</summary>
    public const string Kind = "kind";

    /// <summary>The key that names the channel group of a likelihood.</summary>
    public const string Group = "group";

    /// <summary>How the state moves.</summary>
    public static ModelSection<DynamicsSpecification> Dynamics { get; } = new(
        "model.dynamics", "How the state moves.", kinds => kinds.Dynamics, model => model.Dynamics, (model, part) => model with { Dynamics = part });

    /// <summary>What is believed of the inputs.</summary>
    public static ModelSection<PriorSpecification> Prior { get; } = new(
        "model.prior", "What is believed of the inputs before any data.", kinds => kinds.Priors, model => model.Prior, (model, part) => model with { Prior = part });

    /// <summary>Keys and values of a part as YAML.</summary>
    /// <typeparam name="TPart">The base record of all kinds of the part.</typeparam>
    /// <param name="part">The part.</param>
    /// <param name="kinds">The kinds there are.</param>
    public static IEnumerable<(string Key, string Value)> Write<TPart>(PartSpecification<TPart> part, ModelKinds kinds)
        where TPart : PartSpecification<TPart>
    {
        yield return (Kind, part.Kind);
        foreach (var setting in part.SettingsAmong(kinds))
        {
            if (setting.Write((TPart)part) is { } value)
            {
                yield return (setting.Key, value);
            }
        }
    }

    /// <summary>Keys and values of an entry of the list of likelihoods as YAML.</summary>
    /// <param name="likelihood">The likelihood.</param>
    /// <param name="kinds">The kinds there are.</param>
    public static IEnumerable<(string Key, string Value)> Write(LikelihoodSpecification likelihood, ModelKinds kinds)
    {
        var rest = likelihood is LikelihoodByGroup open ? open.Given.Select(one => (one.Key, Value: string.Join(", ", one.Texts))) : Write<LikelihoodSpecification>(likelihood, kinds);
        return rest.Prepend((Group, Setting.Quote(likelihood.Group)));
    }

    /// <summary>The entries of a list, each with its keys and values as YAML.</summary>
    /// <param name="list">Path of the list.</param>
    /// <param name="configuration">The configuration.</param>
    public static IEnumerable<IEnumerable<(string Key, string Value)>> WriteList(string list, RunConfiguration configuration)
        => list == Hide
            ? (configuration.Training.Hide ?? []).Select(rule => Write<HidingRule>(rule, configuration.Kinds))
            : configuration.Model.Likelihoods.Select(likelihood => Write(likelihood, configuration.Kinds));

    /// <summary>Whether a list was not given, so that the recording decides what is in it.</summary>
    /// <param name="list">Path of the list.</param>
    /// <param name="configuration">The configuration.</param>
    public static bool IsOpen(string list, RunConfiguration configuration)
        => list == Hide ? configuration.Training.Hide is null : configuration.Model.Likelihoods.Count == 0;

    /// <summary>Every key that parts bring with them and every list, with its value as YAML.</summary>
    /// <param name="configuration">The configuration.</param>
    public static IEnumerable<(string Path, string Value)> WriteAll(RunConfiguration configuration)
        => Write(configuration.Model.Dynamics, configuration.Kinds).Select(one => ($"{Dynamics.Path}.{one.Key}", one.Value))
            .Concat(Write(configuration.Model.Prior, configuration.Kinds).Select(one => ($"{Prior.Path}.{one.Key}", one.Value)))
            .Concat(Lists.Select(list => (list, IsOpen(list, configuration) ? "" : "[" + string.Join('\n', WriteList(list, configuration).Select(entry => string.Join(", ", entry))))));
}
