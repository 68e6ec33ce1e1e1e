using System.Globalization;
using IlqrVae.Models;
using IlqrVae.Models.Dynamics;
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

    /// <summary>The share of trials set aside for validation where none is marked: so many trials, if they are between an eighth and a fifth.</summary>
    private const double ValidationTrials = 8;
    private const double LeastShare = 0.125;
    private const double MostShare = 0.2;

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
            throw new InputException($"--hide: {data} has no channel group '{name}'; {Spelling.DidYouMean(name, recording.Groups.Select(group => group.Name))}it has {string.Join(", ", recording.Groups.Select(group => $"'{group.Name}'"))}.");
        }

        var learned = recording.Trials.Where(trial => trial.Split != TrialSplit.Test).ToList();
        var isCut = learned.Count > 0 && learned.Max(trial => trial.Bins) > LongestTrial;
        var rules = UsualHiding.Of(recording.Groups);
        var training = new TrainingOptions
        {
            Seed = request.Seed,
            Threads = request.Threads,
            Chunk = isCut ? ChunkBins : 0,
            ValidationShare = recording.TrialsOf(TrialSplit.Validation).Count > 0 ? 0 : Math.Clamp(ValidationTrials / Math.Max(1, LearningTrials.Of(recording, isCut ? ChunkBins : 0, 0).TrialsOf(TrialSplit.Train).Count), LeastShare, MostShare),
            Averaging = UsualWeights.Averaging,
            ValidationScore = LearningObjective.Predictive,
            ValidationHides = request.Predict,

            // One for all, so that the scores of candidates which hide nothing mean the same.
            ValuesWeight = UsualWeights.OfValues(recording, [.. recording.Groups.Select(group => group.Name)]),
        };
        var configuration = new RunConfiguration { Data = data, Seed = request.Seed, Precision = Precision.Single, Training = training };
        FitCandidate Candidate(int states, int inputs, double hiddenWeight, double penalty = UsualWeights.ReadOutPenalty, bool isLinear = false) => new(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{states} states, {inputs} inputs, {(isLinear ? "linear, " : "")}{(hiddenWeight > 0 ? $"hidden counts {hiddenWeight}, penalty {penalty}" : "nothing hidden")}"),
            configuration with
            {
                Model = new ModelSpecification { States = states, Inputs = inputs, Dynamics = isLinear ? new LinearSpecification() : new MiniGruSpecification() },
                Training = hiddenWeight > 0 ? training with { Hide = rules, HiddenWeight = hiddenWeight, ReadOutPenalty = penalty } : training with { Hide = [] },
            });
        if (rules.Count == 0)
        {
            return [Candidate(20, 5, 0), Candidate(40, 10, 0), Candidate(10, 3, 0), Candidate(60, 10, 0), Candidate(10, 3, 0, isLinear: true)];
        }

        return
        [
            Candidate(40, 10, 2),
            Candidate(20, 5, 2),
            Candidate(10, 3, 2, 0, isLinear: true),
            Candidate(60, 10, 2),
            Candidate(10, 3, 2, 0),
            Candidate(40, 10, 5),
            Candidate(20, 5, 2, 0, isLinear: true),
            Candidate(20, 5, 0),
        ];
    }
}
