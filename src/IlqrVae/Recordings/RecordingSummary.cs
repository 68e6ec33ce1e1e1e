namespace IlqrVae.Recordings;

/// <summary>A channel group and the usual values of its channels.</summary>
/// <param name="Group">The group.</param>
/// <param name="Mean">Mean of each channel, in its own unit (counts: a bin).</param>
/// <param name="Variance">Variance of each channel, positive.</param>
public sealed record GroupSummary(ChannelGroup Group, IReadOnlyList<double> Mean, IReadOnlyList<double> Variance);

/// <summary>What a model has to know of a recording before it learns from it: what was recorded, and in which units it moves.</summary>
/// <param name="BinWidth">Width of a bin in seconds.</param>
/// <param name="Seconds">Length of the training trials together, in seconds.</param>
/// <param name="Groups">The channel groups.</param>
/// <param name="ExternalNames">Names of the known external inputs.</param>
/// <param name="ExternalDeviations">How far each external input usually is from zero: the root of its mean square, positive.</param>
public sealed record RecordingSummary(
    double BinWidth, double Seconds, IReadOnlyList<GroupSummary> Groups, IReadOnlyList<string> ExternalNames, IReadOnlyList<double> ExternalDeviations)
{
    /// <summary>Sums up the training trials of a recording.</summary>
    /// <param name="recording">The recording.</param>
    public static RecordingSummary Of(Recording recording) => new(
        recording.BinWidth,
        recording.TrialsOf(TrialSplit.Train).Sum(trial => trial.Bins) * recording.BinWidth,
        [.. recording.Groups.Select((group, g) =>
        {
            var (mean, variance) = ChannelStatistics.Of(recording, g);
            return new GroupSummary(group, mean, variance);
        })],
        recording.ExternalNames,
        ChannelStatistics.OfExternal(recording));

    /// <summary>A recording of which only the channels are known: everything moves in units of one.</summary>
    /// <param name="binWidth">Width of a bin in seconds.</param>
    /// <param name="groups">The channel groups.</param>
    /// <param name="externalNames">Names of the known external inputs.</param>
    public static RecordingSummary OfUnknown(double binWidth, IReadOnlyList<ChannelGroup> groups, IReadOnlyList<string> externalNames) => new(
        binWidth,
        0,
        [.. groups.Select(group => new GroupSummary(group, new double[group.Channels], [.. Enumerable.Repeat(1.0, group.Channels)]))],
        externalNames,
        [.. Enumerable.Repeat(1.0, externalNames.Count)]);
}
