using System.Numerics;
using IlqrVae.Models.Parameters;
using IlqrVae.Models.Priors;
using IlqrVae.Recordings;

namespace IlqrVae.Models;

/// <summary>
/// Makes a model from its specification, with a start for learning that fits the data: read-out biases at the channels' means, read-out weights
/// that modulate rates mildly, recurrent weights that are weak, and dynamics that leak slowly, so that states of unit variance integrate inputs.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public static class ModelBuilder<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Makes a model.</summary>
    /// <param name="specification">What it is made of; completed for the recording on the way.</param>
    /// <param name="recording">The recording to learn from; its training trials set the start.</param>
    /// <param name="seed">Seed of the random weights.</param>
    /// <exception cref="InputException">The specification is impossible or does not fit the recording.</exception>
    public static GenerativeModel<T> Build(ModelSpecification specification, Recording recording, ulong seed)
        => Build(specification, RecordingSummary.Of(recording), seed);

    /// <summary>Makes a model of what is known of a recording.</summary>
    /// <param name="specification">What it is made of; completed for the recording on the way.</param>
    /// <param name="recording">What is known of the recording.</param>
    /// <param name="seed">Seed of the random weights.</param>
    /// <exception cref="InputException">The specification is impossible or does not fit the recording.</exception>
    public static GenerativeModel<T> Build(ModelSpecification specification, RecordingSummary recording, ulong seed)
    {
        var complete = specification.CompletedFor([.. recording.Groups.Select(one => one.Group)], recording.ExternalNames.Count);
        var start = new ModelStart(complete.States, complete.Inputs, recording, seed);
        var dynamics = complete.Prior.Carry(complete.Dynamics.Build<T>(start));
        var initial = new GaussianPrior<T>(ModelStart.Constant<T>("initial.scale", dynamics.StateCount, Constraint.Positive, 1));
        var prior = complete.Prior.Build<T>(start);
        return new GenerativeModel<T>(
            dynamics, initial, prior, [.. complete.Likelihoods.Select(likelihood => likelihood.Build<T>(start, recording.Groups.First(one => one.Group.Name == likelihood.Group)))]);
    }
}
