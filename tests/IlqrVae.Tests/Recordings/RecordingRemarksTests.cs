using IlqrVae.Recordings;

namespace IlqrVae.Tests.Recordings;

public sealed class RecordingRemarksTests
{
    [Fact]
    public void A_usual_recording_is_not_remarked_upon() => Assert.Empty(RecordingRemarks.Of(Recording((t, c) => (t + c) % 3)));

    [Fact]
    public void Units_that_hardly_fire_in_training_are_counted_and_named()
    {
        // Channel 1 fires 10 times in 1000 bins of 50 ms (0.2 Hz), only in the training trial; channel 2 not at all there.
        var remark = Assert.Single(RecordingRemarks.Of(Recording((t, c) => c == 0 ? 1 + (t % 2) : c == 1 && t % 100 == 0 ? 1 : 0, (t, c) => 1 + (t % 2))));
        Assert.Contains("2 of 3 units fire below 0.5 Hz", remark, StringComparison.Ordinal);
        Assert.Contains("(b, c)", remark, StringComparison.Ordinal);
        Assert.Contains("--minimum-rate 0.5", remark, StringComparison.Ordinal);

        // Fifty of 1000 are 1 Hz.
        Assert.Empty(RecordingRemarks.Of(Recording((t, c) => c == 0 ? t % 3 : t % 20 == 0 ? 1 : 0)));
    }

    [Theory]
    [InlineData(20, "multiples of 20")]
    [InlineData(2, "multiples of 2,")]
    public void Counts_that_are_all_multiples_of_a_number_are_none(int factor, string expected)
    {
        Assert.Contains(expected, Assert.Single(RecordingRemarks.Of(Recording((t, c) => factor * ((t + c) % 4)))), StringComparison.Ordinal);
        Assert.Empty(RecordingRemarks.Of(Recording((t, c) => t == 999 && c == 2 ? 1 : factor * ((t + c) % 4))));
    }

    [Theory]
    [InlineData(50, true)]
    [InlineData(1, false)]
    [InlineData(0.0001, false)]
    [InlineData(0.00005, true)]
    public void Bins_of_an_odd_width_are_remarked_upon(double width, bool isOdd)
        => Assert.Equal(isOdd, RecordingRemarks.Of(Recording((t, c) => (1 + ((t + c) % 3)) * 60, null, width) with { }).Any(remark => remark.Contains("s wide", StringComparison.Ordinal)));

    private static Recording Recording(Func<int, int, double> count, Func<int, int, double>? other = null, double width = 0.05)
    {
        Trial Of(string name, TrialSplit split, Func<int, int, double> entry) => new()
        {
            Name = name,
            Bins = 1000,
            Split = split,
            Observations = [Observations.FromCounts(new Table(1000, 3, [.. Enumerable.Range(0, 3000).Select(i => entry(i / 3, i % 3))]))],
        };
        return new Recording
        {
            BinWidth = width,
            Groups = [new ChannelGroup("spikes", ChannelKind.Counts, 3, "", ["a", "b", "c"])],
            Trials = [Of("one", TrialSplit.Train, count), Of("two", TrialSplit.Test, other ?? count)],
        };
    }
}
