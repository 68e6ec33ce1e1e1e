using IlqrVae.Recordings;

namespace IlqrVae.Runs.Files;

/// <summary>Makes trials like others.</summary>
internal static class TrialCopy
{
    /// <summary>The same trial with other tables.</summary>
    public static Trial Of(Trial trial, IReadOnlyList<Observations> observations, Table? external, IReadOnlyDictionary<string, Table> truth)
        => new() { Name = trial.Name, Bins = trial.Bins, Split = trial.Split, Observations = observations, External = external, Truth = truth };

    /// <summary>The same trial with other observations.</summary>
    public static Trial Of(Trial trial, IReadOnlyList<Observations> observations) => Of(trial, observations, trial.External, trial.Truth);
}
