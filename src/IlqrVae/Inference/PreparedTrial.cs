using System.Numerics;
using IlqrVae.Models;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Inference;

/// <summary>One trial in the model's precision and in the order of the model's likelihoods.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class PreparedTrial<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Prepares a trial. Allocates.</summary>
    /// <param name="model">The model.</param>
    /// <param name="recording">The recording the trial belongs to, already validated.</param>
    /// <param name="trial">The trial.</param>
    /// <param name="hiddenGroups">Names of channel groups to treat as missing in every bin, such as behaviour to be decoded; null for none.</param>
    /// <exception cref="InputException">The recording lacks a channel group or external inputs that the model needs, or has them in another size.</exception>
    public PreparedTrial(GenerativeModel<T> model, Recording recording, Trial trial, IReadOnlySet<string>? hiddenGroups = null)
    {
        Name = trial.Name;
        Bins = trial.Bins;
        Observations = [.. model.Likelihoods.Select(likelihood => Prepare(likelihood, recording, trial, hiddenGroups))];
        foreach (var observed in Observations)
        {
            ObservedCount += observed.ObservedCount;
        }

        var expected = model.Dynamics.ExternalCount;
        if ((trial.External?.Columns ?? 0) != expected)
        {
            throw new InputException(
                $"trial '{trial.Name}': the model takes {expected} external inputs, the recording has {trial.External?.Columns ?? 0}; use the recording the model was made for.");
        }

        if (trial.External is { } external)
        {
            External = Matrix<T>.Allocate(external.Bins, external.Columns);
            External.CopyFrom(external.Values);
        }
    }

    private PreparedTrial(PreparedTrial<T> whole, int first, int bins)
    {
        Name = whole.Name;
        Bins = bins;
        Observations = [.. whole.Observations.Select(observed => observed.Part(first, bins))];
        ObservedCount = Observations.Sum(observed => observed.ObservedCount);
        External = whole.External.Rows == 0 ? default : whole.External.RowRange(first, bins);
    }

    /// <summary>Some bins in a row as a trial of their own, which shares the numbers of this one.</summary>
    /// <param name="first">The first bin.</param>
    /// <param name="bins">Number of bins.</param>
    internal PreparedTrial<T> Part(int first, int bins) => new(this, first, bins);

    /// <summary>The trial's name, the key of its warm start.</summary>
    public string Name { get; }

    /// <summary>Number of bins.</summary>
    public int Bins { get; }

    /// <summary>One entry for each likelihood of the model.</summary>
    public IReadOnlyList<ObservationMatrix<T>> Observations { get; }

    /// <summary>Bins x external inputs; empty when there are none.</summary>
    public Matrix<T> External { get; }

    /// <summary>Number of observed entries over all groups.</summary>
    public long ObservedCount { get; }

    /// <summary>Memory of what was observed in bytes.</summary>
    internal long Bytes => Observations.Sum(observed => observed.Bytes);

    private static ObservationMatrix<T> Prepare(
        Likelihood<T> likelihood, Recording recording, Trial trial, IReadOnlySet<string>? hiddenGroups)
    {
        var g = recording.IndexOfGroup(likelihood.Group);
        if (g >= 0)
        {
            var group = recording.Groups[g];
            if (group.Channels != likelihood.ChannelCount)
            {
                throw new InputException(
                    $"group '{group.Name}': the model explains {likelihood.ChannelCount} channels, the recording has {group.Channels}; use the recording the model was made for.");
            }

            var observations = trial.Observations[g];
            return new ObservationMatrix<T>(
                hiddenGroups?.Contains(group.Name) == true ? Recordings.Observations.Missing(observations.Bins, observations.Channels) : observations, group.Kind);
        }

        if (hiddenGroups?.Contains(likelihood.Group) == true)
        {
            return new ObservationMatrix<T>(Recordings.Observations.Missing(trial.Bins, likelihood.ChannelCount), ChannelKind.Values);
        }

        throw new InputException(
            $"the recording has no channel group '{likelihood.Group}'; it has {string.Join(", ", recording.Groups.Select(group => $"'{group.Name}'"))}. Rename the group, or hide it to predict it from the others.");
    }
}
