using System.Numerics;
using IlqrVae.Inference;
using IlqrVae.Models.Parameters;
using IlqrVae.Recordings;

namespace IlqrVae.Training;

/// <summary>
/// The parts of a model by the names under which they can be kept from learning: "dynamics", "prior" (of the inputs), "initial" (prior of the initial state),
/// "posterior" (the covariance that trials share), "likelihoods" (all of them) and "likelihood:GROUP".
/// </summary>
public static class FrozenParts
{
    private const string OneLikelihood = "likelihood:";

    /// <summary>The parameters of some parts.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="model">The model.</param>
    /// <param name="parts">Names of parts.</param>
    /// <exception cref="InputException">The model has no such part.</exception>
    public static IReadOnlySet<Parameter<T>> Of<T>(VariationalModel<T> model, IEnumerable<string> parts)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(parts);
        return parts.SelectMany(part => OfPart(model, part)).ToHashSet();
    }

    private static IEnumerable<Parameter<T>> OfPart<T>(VariationalModel<T> model, string part)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var likelihoods = model.Generative.Likelihoods;
        if (part.StartsWith(OneLikelihood, StringComparison.Ordinal))
        {
            var names = SessionGroups.Named(part[OneLikelihood.Length..], likelihoods.Select(one => one.Group));
            if (likelihoods.Where(one => names.Contains(one.Group, StringComparer.Ordinal)).ToList() is { Count: > 0 } chosen)
            {
                return chosen.SelectMany(one => one.Parameters);
            }
        }

        return part switch
        {
            "dynamics" => model.Generative.Dynamics.Parameters,
            "prior" => model.Generative.InputPrior.Parameters,
            "initial" => model.Generative.InitialPrior.Parameters,
            "posterior" => model.Posterior.Parameters,
            "likelihoods" => likelihoods.SelectMany(one => one.Parameters),
            _ => throw new InputException(
                $"training: freeze names '{part}', which is no part of the model; {Spelling.DidYouMean(part, ["dynamics", "prior", "initial", "posterior", "likelihoods", .. likelihoods.Select(one => OneLikelihood + one.Group)])}it has dynamics, prior, initial, posterior, likelihoods, {string.Join(", ", likelihoods.Select(one => OneLikelihood + one.Group))}."),
        };
    }
}
