using IlqrVae.Recordings;

namespace IlqrVae.Tests.Recordings;

public sealed class LearningTrialsTests
{
    [Fact]
    public void Long_trials_are_cut_into_chunks_of_equal_length_and_test_trials_stay_whole()
    {
        var recording = LearningTrials.Of(Recording((25, TrialSplit.Train), (10, TrialSplit.Validation), (25, TrialSplit.Test)), 10, 0);
        Assert.Equal(["0 from bin 0", "0 from bin 8", "0 from bin 16", "1", "2"], recording.Trials.Select(trial => trial.Name), StringComparer.Ordinal);
        Assert.Equal([8, 8, 9, 10, 25], recording.Trials.Select(trial => trial.Bins));
        Assert.Equal([TrialSplit.Train, TrialSplit.Train, TrialSplit.Train, TrialSplit.Validation, TrialSplit.Test], recording.Trials.Select(trial => trial.Split));
        recording.Validate("chunks");
        var second = recording.Trials[1];
        Assert.Equal(8, second.Observations[0][0, 0]);
        Assert.False(second.Observations[0].IsObserved(1, 0));
        Assert.Equal([8.0, 9, 10, 11, 12, 13, 14, 15], second.External!.Values);
        Assert.Equal(second.External.Values, second.Truth["x"].Values);
    }

    [Fact]
    public void No_two_trials_are_called_alike_and_whole_ones_are_left_as_they_are()
    {
        var recording = Recording((20, TrialSplit.Train), (5, TrialSplit.Train));
        recording = recording with { Trials = [recording.Trials[0], recording.Trials[1] with { Name = "0 from bin 10" }] };
        var cut = LearningTrials.Of(recording, 10, 0);
        Assert.Equal(["0 from bin 0", "0 from bin 10'", "0 from bin 10"], cut.Trials.Select(trial => trial.Name), StringComparer.Ordinal);
        Assert.Same(recording.Trials[1], cut.Trials[2]);
        Assert.Equal(recording.Trials, LearningTrials.Of(recording, 0, 0).Trials);
    }

    [Theory]
    [InlineData(16, 0.125, new[] { 4, 12 })]
    [InlineData(2, 0.9, new[] { 1 })]
    [InlineData(1, 0.5, new int[0])]
    [InlineData(9, 0, new int[0])]
    public void Some_are_set_aside_where_none_is_marked(int count, double share, int[] expected)
    {
        var recording = Recording([.. Enumerable.Repeat((5, TrialSplit.Train), count), (5, TrialSplit.Test)]);
        var shared = LearningTrials.Of(recording, 0, share);
        Assert.Equal(expected, Enumerable.Range(0, count).Where(i => shared.Trials[i].Split == TrialSplit.Validation));
        Assert.Equal(TrialSplit.Test, shared.Trials[^1].Split);
        var marked = recording with { Trials = [.. recording.Trials, recording.Trials[0] with { Name = "marked", Split = TrialSplit.Validation }] };
        Assert.Equal(marked.Trials, LearningTrials.Of(marked, 0, share).Trials);
    }

    private static Recording Recording(params (int Bins, TrialSplit Split)[] trials) => new()
    {
        BinWidth = 0.01,
        Groups = [new ChannelGroup("spikes", ChannelKind.Counts, 1)],
        ExternalNames = ["x"],
        Trials =
        [
            .. trials.Select((trial, number) =>
            {
                var table = new Table(trial.Bins, 1, [.. Enumerable.Range(0, trial.Bins).Select(t => (double)t)]);
                return new Trial
                {
                    Name = $"{number}",
                    Bins = trial.Bins,
                    Split = trial.Split,
                    Observations = [Observations.FromCounts(table, [.. Enumerable.Range(0, trial.Bins).Select(t => t != 9)])],
                    External = table,
                    Truth = new Dictionary<string, Table>(StringComparer.Ordinal) { ["x"] = table },
                };
            }),
        ],
    };
}
