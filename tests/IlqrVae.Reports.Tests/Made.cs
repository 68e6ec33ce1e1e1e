using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Models.Priors;
using IlqrVae.Recordings;
using IlqrVae.Reports.Panels;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Reports.Tests;

/// <summary>Recordings and results made by hand, so that every number of a picture is known beforehand.</summary>
internal static class Made
{
    public static Table Table(int bins, int columns, Func<int, int, double> entry)
        => new(bins, columns, [.. Enumerable.Range(0, bins * columns).Select(i => entry(i / columns, i % columns))]);

    public static Trial Trial(string name, int bins, params IReadOnlyList<Observations> observations) => new() { Name = name, Bins = bins, Split = TrialSplit.Test, Observations = observations };

    public static Observations Counts(int bins, int channels, Func<int, int, double> entry, bool[]? observed = null) => Observations.FromCounts(Table(bins, channels, entry), observed);

    public static Observations Values(int bins, int channels, Func<int, int, double> entry, bool[]? observed = null) => Observations.FromValues(Table(bins, channels, entry), observed);

    public static Recording Recording(double binWidth, IReadOnlyList<ChannelGroup> groups, params IReadOnlyList<Trial> trials)
    {
        var recording = new Recording { BinWidth = binWidth, Groups = groups, Trials = trials, Source = "made by hand" };
        recording.Validate("made.h5");
        return recording;
    }

    /// <summary>A result in which everything is zero but what is said otherwise.</summary>
    public static InferenceResult Found(Recording recording, int states = 3, int inputs = 2, Func<int, TrialEstimate, TrialEstimate>? change = null, IReadOnlyList<string>? hidden = null, ModelSpecification? model = null)
    {
        var configuration = new RunConfiguration { Data = "made.h5", Model = (model ?? new ModelSpecification()) with { States = states, Inputs = inputs } }.CompletedFor(recording);
        var description = ModelDescription.Of(configuration, recording);
        var estimates = recording.Trials.Select((trial, i) =>
        {
            var estimate = new TrialEstimate
            {
                Name = trial.Name,
                Map = new SolveReport(SolverStatus.Converged, 10, 5, 1e-9, 4 + i, 3, 2),
                Inputs = new Table(trial.Bins, inputs),
                InputDeviations = Table(trial.Bins, inputs, (t, _) => t == trial.Bins - 1 ? double.NaN : 0.5),
                States = new Table(trial.Bins, states),
                StateDeviations = Table(trial.Bins, states, (_, _) => 0.1),
                Means = [.. description.Groups.Select(group => Table(trial.Bins, group.Channels, (_, _) => 1))],
                MeanDeviations = [.. description.Groups.Select(group => Table(trial.Bins, group.Channels, (_, _) => 0.25))],
                NoiseDeviations = [.. description.Groups.Select(group => Table(trial.Bins, group.Channels, (_, _) => 0.5))],
                ObservedCount = trial.Bins,
                LogEvidence = -trial.Bins * (1 + (0.1 * i)),
                IsGaussNewton = false,
            };
            return change is null ? estimate : change(i, estimate);
        }).ToList();
        return new InferenceResult(description, recording, "test", recording.Trials, estimates, (hidden ?? []).ToHashSet(StringComparer.Ordinal), 1.5, 2.5)
        {
            Learned = new LearnedModel("mini-gru", null, [.. Enumerable.Repeat(1.0, states)], "student", [.. Enumerable.Repeat(2.0, inputs)], [new LearnedNumber("degrees_of_freedom", "degrees of freedom of the prior", 5, "Student")]),
        };
    }

    public static ReportSource Source(InferenceResult found) => ReportSource.Of(found, "made.h5");

    public static T Mark<T>(this Panel panel, string? name = null)
        where T : Mark
        => Assert.Single(panel.Marks.OfType<T>(), mark => name is null || mark.Name == name);
}
