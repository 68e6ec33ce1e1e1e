using IlqrVae.Models;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Training;
using IlqrVae.Training.Hiding;

namespace IlqrVae.Runs.Fitting;

/// <summary>One way of modelling a recording that is tried.</summary>
/// <param name="Name">What it is called in tables.</param>
/// <param name="Configuration">Its configuration, but for the number of iterations.</param>
public sealed record FitCandidate(string Name, RunConfiguration Configuration);

/// <summary>The models that are tried on a recording, from what is in it. Why these, is measured in docs/choosing-a-model.md.</summary>
public static class FitLadder
{
    /// <summary>Trials are cut where one is longer than this; the covariance over time has the square of it.</summary>
    private const int LongestTrial = 512;

    /// <summary>Bins of chunks of longer ones.</summary>
    private const int ChunkBins = 128;

    private const double ValidationShare = 0.125;

    /// <summary>The candidates, those worth most first.</summary>
    /// <param name="data">Path of the dataset.</param>
    /// <param name="recording">What it holds.</param>
    /// <param name="request">Seed, threads, and which groups are to be predicted.</param>
    /// <exception cref="InputException">A group is not there.</exception>
    public static IReadOnlyList<FitCandidate> Of(string data, Recording recording, FitRequest request)
    {
        ArgumentNullException.ThrowIfNull(recording);
        ArgumentNullException.ThrowIfNull(request);
        foreach (var name in request.Predict.Where(name => recording.IndexOfGroup(name) < 0))
        {
            throw new InputException($"--hide: {data} has no channel group '{name}'; it has {string.Join(", ", recording.Groups.Select(group => $"'{group.Name}'"))}.");
        }

        var learned = recording.Trials.Where(trial => trial.Split != TrialSplit.Test).ToList();
        var isCut = learned.Count > 0 && learned.Max(trial => trial.Bins) > LongestTrial;
        var behaviour = recording.Groups.Where(group => group.Kind == ChannelKind.Values).Select(group => group.Name).ToList();
        var neurons = recording.Groups.Where(group => group.Kind == ChannelKind.Counts).Select(group => group.Name).ToList();
        if (neurons.Count == 0)
        {
            // Values alone are told from each other.
            (neurons, behaviour) = (behaviour, []);
        }

        var training = new TrainingOptions
        {
            Seed = request.Seed,
            Threads = request.Threads,
            Chunk = isCut ? ChunkBins : 0,
            ValidationShare = recording.TrialsOf(TrialSplit.Validation).Count > 0 ? 0 : ValidationShare,
            ValidationScore = LearningObjective.Predictive,
            ValidationHides = [.. request.Predict.Where(name => !behaviour.Contains(name, StringComparer.Ordinal))],
            Hide = Rules(behaviour, neurons),
            HiddenWeight = 5,
        };
        var configuration = new RunConfiguration { Data = data, Seed = request.Seed, Precision = Precision.Single, Training = training };
        var channels = recording.Groups.Where(group => neurons.Contains(group.Name, StringComparer.Ordinal)).Sum(group => group.Channels);
        var entries = learned.Sum(trial => (double)trial.Bins) * channels;
        return
        [
            .. Sizes(entries, channels).Select(size => new FitCandidate(
                $"{size.States} states, {size.Inputs} inputs",
                configuration with { Model = new ModelSpecification { States = size.States, Inputs = size.Inputs } })),
        ];
    }

    private static IReadOnlyList<HidingRule> Rules(List<string> behaviour, List<string> neurons)
    {
        List<HidingRule> rules = [];
        if (behaviour.Count > 0)
        {
            rules.Add(new GroupHiding { Of = behaviour, Probability = 0.5 });
        }

        rules.Add(new ChannelHiding { Of = neurons, Share = 0.25 });
        return rules;
    }

    private static IEnumerable<(int States, int Inputs)> Sizes(double entries, int channels)
    {
        IEnumerable<(int States, int Inputs)> all = [(60, 10), (40, 10), (20, 5), (10, 3)];
        return entries < 1e6 || channels < 20 ? all.Skip(1) : all;
    }
}
