using System.Numerics;
using IlqrVae.Runs.Configuration;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Recordings;

namespace IlqrVae.Runs.Files;

/// <summary>What a model is and what it was made for: enough to make it anew without the recording, but for its parameters.</summary>
public sealed record ModelDescription
{
    /// <summary>The completed configuration.</summary>
    public required RunConfiguration Configuration { get; init; }

    /// <summary>What it knows of the recording it learned from: the channel groups it explains, in the order of its likelihoods, and their units.</summary>
    public required RecordingSummary Recording { get; init; }

    /// <summary>Width of a bin in seconds.</summary>
    public double BinWidth => Recording.BinWidth;

    /// <summary>The channel groups it explains, in the order of its likelihoods.</summary>
    public IReadOnlyList<ChannelGroup> Groups => [.. Recording.Groups.Select(one => one.Group)];

    /// <summary>Names of the external inputs it takes.</summary>
    public IReadOnlyList<string> ExternalNames => Recording.ExternalNames;

    /// <summary>The fingerprint of the recording it was trained on; empty where that is not known.</summary>
    public string Fingerprint { get; init; } = "";

    /// <summary>The longest trial its posterior covariance covers, in bins.</summary>
    public required int Capacity { get; init; }

    /// <summary>Whether the means of a group are rates in Hz.</summary>
    /// <param name="group">Index of the group.</param>
    public bool IsRate(int group) => Configuration.Model.Likelihoods[group].MeansAreRates;

    /// <summary>Describes the model of a configuration.</summary>
    /// <param name="configuration">The configuration, completed for the recording.</param>
    /// <param name="recording">The recording to learn from.</param>
    public static ModelDescription Of(RunConfiguration configuration, Recording recording) => Of(configuration, recording, RecordingFingerprint.Of(recording).Whole);

    /// <summary>The same where the fingerprint is known.</summary>
    internal static ModelDescription Of(RunConfiguration configuration, Recording recording, string fingerprint)
    {
        var summary = RecordingSummary.Of(recording);
        return new()
        {
            Configuration = configuration,
            Recording = summary with { Groups = [.. configuration.Model.Likelihoods.Select(likelihood => summary.Groups.First(one => one.Group.Name == likelihood.Group))] },
            Fingerprint = fingerprint,
            Capacity = recording.Trials.Where(trial => trial.Split != TrialSplit.Test).Select(trial => trial.Bins).DefaultIfEmpty(1).Max(),
        };
    }

    /// <summary>Makes the model at its start for learning.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    public VariationalModel<T> Build<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var generative = ModelBuilder<T>.Build(Configuration.Model, Recording, Configuration.Seed);
        return new VariationalModel<T>(
            generative,
            SharedPosterior<T>.Independent(
                generative.StateCount, generative.InputCount, Capacity, Configuration.InitialDeviation, Configuration.InputDeviation));
    }

    /// <summary>Checks that a recording is one the model can analyse.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="hidden">Names of the groups that are hidden.</param>
    /// <param name="where">What to call the recording in messages.</param>
    /// <exception cref="InputException">It is not.</exception>
    public void RequireFit(Recording recording, IReadOnlySet<string> hidden, string where)
    {
        if (Math.Abs(recording.BinWidth - BinWidth) > 1e-6 * BinWidth)
        {
            throw new InputException($"{where}: the bins are {recording.BinWidth} s wide where the model was trained on {BinWidth} s; bin the data anew.");
        }

        foreach (var name in hidden.Where(name => Groups.All(group => group.Name != name)))
        {
            throw new InputException($"--hide: the model has no channel group '{name}'; {Spelling.DidYouMean(name, Groups.Select(group => group.Name))}it has {string.Join(", ", Groups.Select(group => $"'{group.Name}'"))}.");
        }

        for (var i = 0; i < Groups.Count; i++)
        {
            var (expected, found) = (Groups[i], recording.Groups.FirstOrDefault(group => group.Name == Groups[i].Name));
            if (found is null && !hidden.Contains(expected.Name))
            {
                throw new InputException(
                    $"{where}: there is no channel group '{expected.Name}', which the model needs; the file has {string.Join(", ", recording.Groups.Select(group => $"'{group.Name}'"))}. Rename one, or predict it with --hide {Wording.Quoted(expected.Name)}.");
            }

            if (found is not null && found.Channels != expected.Channels)
            {
                throw new InputException($"{where}: group '{found.Name}' has {found.Channels} channels where the model was trained on {expected.Channels}{Named(expected.ChannelNames, found.ChannelNames)}; use data of the same channels.");
            }

            if (found is not null && !Configuration.Model.Likelihoods[i].Fits(found.Kind))
            {
                throw new InputException($"{where}: group '{found.Name}' holds values where the model was trained on counts; write it with kind 'counts'.");
            }
        }

        if (recording.ExternalNames.Count != ExternalNames.Count)
        {
            throw new InputException($"{where}: there are {recording.ExternalNames.Count} external inputs where the model takes {ExternalNames.Count}{Named(ExternalNames, recording.ExternalNames)}; use data with the same external inputs.");
        }
    }

    private static string Named(IReadOnlyList<string>? expected, IReadOnlyList<string>? found)
        => expected is { Count: > 0 } && found is { Count: > 0 } && ChannelMatch.Difference(expected, found) is { Length: > 0 } difference ? $" ({difference})" : "";
}
