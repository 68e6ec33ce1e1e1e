using IlqrVae.Models;
using IlqrVae.Models.Kinds;
using IlqrVae.Recordings;
using IlqrVae.Training;
using IlqrVae.Training.Hiding;

namespace IlqrVae.Runs.Configuration;

/// <summary>The arithmetic of a run.</summary>
public enum Precision
{
    /// <summary>64 bits.</summary>
    Double,

    /// <summary>32 bits: about twice as fast on large models.</summary>
    Single,
}

/// <summary>How the first read-outs of several sessions are brought to mean the same.</summary>
public enum ReadoutAlignment
{
    /// <summary>By shared behaviour where there is some, else not.</summary>
    Automatic,

    /// <summary>Not: they are random.</summary>
    None,

    /// <summary>By regression on the behaviour that sessions share.</summary>
    Behaviour,
}

/// <summary>Everything that decides a run.</summary>
public sealed record RunConfiguration
{
    /// <summary>The dataset file; relative to the configuration file's folder until it is resolved.</summary>
    public string Data { get; init; } = "";

    /// <summary>Seed of everything random.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The arithmetic.</summary>
    public Precision Precision { get; init; }

    /// <summary>Files of assemblies with dynamics and links of users, relative as <see cref="Data"/> is.</summary>
    public IReadOnlyList<string> Extensions { get; init; } = [];

    /// <summary>The kinds of model parts there are, those of <see cref="Extensions"/> included.</summary>
    public ModelKinds Kinds { get; init; } = ModelKinds.BuiltIn;

    /// <summary>The model.</summary>
    public ModelSpecification Model { get; init; } = new();

    /// <summary>Standard deviation of the initial state in the posterior that learning starts from.</summary>
    public double InitialDeviation { get; init; } = 0.3;

    /// <summary>Standard deviation of the inputs in the posterior that learning starts from.</summary>
    public double InputDeviation { get; init; } = 0.3;

    /// <summary>The run whose parameters learning starts from, relative as <see cref="Data"/> is; empty for none.</summary>
    public string StartFrom { get; init; } = "";

    /// <summary>How the first read-outs of several sessions are aligned.</summary>
    public ReadoutAlignment Alignment { get; init; }

    /// <summary>How to learn; its seed is <see cref="Seed"/>.</summary>
    public TrainingOptions Training { get; init; } = new();

    /// <summary>The same configuration with a likelihood for every channel group it explains, and with what is hidden, checked against the recording.</summary>
    /// <param name="recording">The recording.</param>
    /// <exception cref="InputException">It does not fit the recording, or a setting is not allowed.</exception>
    public RunConfiguration CompletedFor(Recording recording)
    {
        if (Settings.All.FirstOrDefault(setting => !setting.Holds(this)) is { } wrong)
        {
            throw new InputException($"'{wrong.Path}' is {wrong.Write(this)}; give {wrong.Allowed}.");
        }

        var model = Model.CompletedFor(recording.Groups, recording.ExternalNames.Count);
        IReadOnlyList<string> explained = [.. model.Likelihoods.Select(one => one.Group)];
        var validationHides = Explained("validation-hides", Training.ValidationHides, explained);
        var hide = Training.Hide ?? (Training.Objective == LearningObjective.Evidence ? [] : UsualHiding.Of([.. recording.Groups.Where(group => explained.Contains(group.Name, StringComparer.Ordinal))]));
        hide = [.. hide.Select(rule => rule with { Of = Explained("hide", rule.Of, explained) })];
        var isPredictive = hide.Count > 0;
        return this with
        {
            Model = model,
            Training = Training with
            {
                Seed = Seed,
                Hide = hide,
                ValidationHides = validationHides,
                Averaging = Training.Averaging ?? (isPredictive ? UsualWeights.Averaging : 0),
                ReadOutPenalty = Training.ReadOutPenalty ?? (isPredictive ? UsualWeights.ReadOutPenalty : 0),
                ShrinkReadOuts = Training.ShrinkReadOuts ?? isPredictive,
                ValuesWeight = Training.ValuesWeight ?? (isPredictive ? UsualWeights.OfValues(recording, explained) : 1),
            },
        };
    }

    /// <summary>The groups that names stand for, all of which the model explains.</summary>
    private static List<string> Explained(string key, IEnumerable<string> names, IReadOnlyList<string> explained)
    {
        var groups = names.SelectMany(name => SessionGroups.Named(name, explained)).Distinct(StringComparer.Ordinal).ToList();
        return groups.Find(group => !explained.Contains(group, StringComparer.Ordinal)) is { } wrong
            ? throw new InputException($"training: {key} names '{wrong}', which the model does not explain; {Spelling.DidYouMean(wrong, explained)}it explains {string.Join(", ", explained.Select(one => $"'{one}'"))}.")
            : groups;
    }
}
