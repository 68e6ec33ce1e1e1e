using IlqrVae.Recordings;

namespace IlqrVae.Runs.Configuration;

/// <summary>What penalties and weights are where a configuration leaves them open and learning hides something. Why these, is measured in docs/choosing-a-model.md.</summary>
internal static class UsualWeights
{
    /// <summary>The share of updates that parameters are averaged over.</summary>
    public const double Averaging = 0.1;

    /// <summary>The penalty of read-outs.</summary>
    public const double ReadOutPenalty = 5;

    /// <summary>Time after which behaviour says something of its own, in seconds.</summary>
    public const double IndependentSeconds = 0.05;

    /// <summary>The weight of values beside counts; 1 where there are no counts to drown.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="explained">Names of the groups that the model explains.</param>
    public static double OfValues(Recording recording, IReadOnlyList<string> explained)
        => recording.Groups.Any(group => group.Kind == ChannelKind.Counts && explained.Contains(group.Name, StringComparer.Ordinal))
            ? Math.Min(1, recording.BinWidth / IndependentSeconds)
            : 1;
}
