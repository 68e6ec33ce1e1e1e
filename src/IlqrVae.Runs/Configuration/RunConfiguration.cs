using IlqrVae.Models;
using IlqrVae.Recordings;
using IlqrVae.Training;

namespace IlqrVae.Runs.Configuration;

/// <summary>The arithmetic of a run.</summary>
public enum Precision
{
    /// <summary>64 bits.</summary>
    Double,

    /// <summary>32 bits: about twice as fast on large models.</summary>
    Single,
}

/// <summary>The likelihood of one channel group as configured; what is left open follows from the recording.</summary>
public sealed record LikelihoodConfiguration
{
    /// <summary>The channel group.</summary>
    public string Group { get; init; } = "";

    /// <summary>Which likelihood; null for poisson on counts and gaussian on values.</summary>
    public LikelihoodKind? Kind { get; init; }

    /// <summary>Poisson only: the link.</summary>
    public string Link { get; init; } = "exp";

    /// <summary>Poisson only: a gain for each channel.</summary>
    public bool Gain { get; init; }
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

    /// <summary>The model, but for its likelihoods.</summary>
    public ModelSpecification Model { get; init; } = new();

    /// <summary>The likelihoods; none means every channel group of the recording.</summary>
    public IReadOnlyList<LikelihoodConfiguration> Likelihoods { get; init; } = [];

    /// <summary>Standard deviation of the initial state in the posterior that learning starts from.</summary>
    public double InitialDeviation { get; init; } = 0.3;

    /// <summary>Standard deviation of the inputs in the posterior that learning starts from.</summary>
    public double InputDeviation { get; init; } = 0.3;

    /// <summary>How to learn; its seed is <see cref="Seed"/>.</summary>
    public TrainingOptions Training { get; init; } = new();

    /// <summary>The same configuration with a likelihood for every channel group it explains, checked against the recording.</summary>
    /// <param name="recording">The recording.</param>
    /// <exception cref="InputException">It does not fit the recording.</exception>
    public RunConfiguration CompletedFor(Recording recording)
    {
        var likelihoods = Likelihoods.Count > 0 ? Likelihoods : [.. recording.Groups.Select(group => new LikelihoodConfiguration { Group = group.Name })];
        likelihoods = [.. likelihoods.Select(likelihood => likelihood with { Kind = likelihood.Kind ?? KindFor(recording, likelihood.Group) })];
        var specification = (Model with { Likelihoods = [.. likelihoods.Select(Specify)] }).CompletedFor(recording);
        foreach (var hidden in Training.ValidationHides)
        {
            if (likelihoods.All(likelihood => likelihood.Group != hidden))
            {
                throw new InputException(
                    $"training: validation-hides names '{hidden}', which the model does not explain; it explains {string.Join(", ", likelihoods.Select(one => $"'{one.Group}'"))}.");
            }
        }

        return this with { Likelihoods = likelihoods, Model = specification, Training = Training with { Seed = Seed } };
    }

    private static LikelihoodKind KindFor(Recording recording, string name)
        => recording.Groups.FirstOrDefault(group => group.Name == name)?.Kind == ChannelKind.Values ? LikelihoodKind.Gaussian : LikelihoodKind.Poisson;

    private static LikelihoodSpecification Specify(LikelihoodConfiguration one)
        => new() { Group = one.Group, Kind = one.Kind ?? LikelihoodKind.Poisson, Link = one.Link, Gain = one.Gain };
}
