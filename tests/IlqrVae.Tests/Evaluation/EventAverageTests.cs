using IlqrVae.Evaluation;
using IlqrVae.Recordings;

namespace IlqrVae.Tests.Evaluation;

public sealed class EventAverageTests
{
    [Fact]
    public void Rises_follow_enough_quiet_and_missing_bins_are_not_quiet()
    {
        double[] signal = [0, 0, 2, 0, 3, 0, 0, 2, 2, double.NaN, 0, 5, 0, 0, 1];
        Assert.Equal([2, 7, 14], EventAverage.Rises(signal, 1, 2));
        Assert.Equal([2, 4, 7, 11, 14], EventAverage.Rises(signal, 1, 1));
        Assert.Empty(EventAverage.Rises(signal, double.NaN, 1));
        Assert.Empty(EventAverage.Rises([], 1, 1));
    }

    [Fact]
    public void Averages_take_of_every_event_the_bins_that_its_trial_has()
    {
        var one = new Table(6, 2, [.. Enumerable.Range(0, 12).Select(i => (double)i)]);
        var other = new Table(5, 2, [.. Enumerable.Range(0, 10).Select(i => 100.0 + i)]);
        var average = EventAverage.Of([one, other], [[0, 1, 3], [2, 4]], 1, 2);

        Assert.Equal(5, average.Count);
        Assert.Equal((4, 2), (average.Mean.Bins, average.Mean.Columns));
        double[] before = [0, 4, 102, 106];
        Assert.Equal(before.Average(), average.Mean[0, 0], 1e-12);
        double[] at = [1, 3, 7, 105, 109];
        Assert.Equal(at.Average(), average.Mean[1, 1], 1e-12);
        Assert.Equal(Math.Sqrt(at.Sum(value => Math.Pow(value - at.Average(), 2)) / 4 / 5), average.StandardError[1, 1], 1e-10);
        double[] after = [4, 6, 10, 108];
        Assert.Equal(after.Average(), average.Mean[3, 0], 1e-12);
        Assert.True(double.IsNaN(EventAverage.Of([one], [[0]], 1, 2).Mean[0, 0]));
        Assert.All(EventAverage.Of([one], [[]], 1, 2).Mean.Values, value => Assert.True(double.IsNaN(value)));
        one[1, 0] = double.NaN;
        Assert.Equal(6, EventAverage.Of([one], [[1, 3]], 0, 0).Mean[0, 0], 1e-12);
        Assert.Throws<ArgumentException>(() => EventAverage.Of([one], [], 1, 1));
    }
}
