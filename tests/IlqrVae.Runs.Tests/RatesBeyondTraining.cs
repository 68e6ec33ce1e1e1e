using IlqrVae.Recordings;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Tests;

/// <summary>What inference says of rates and values that nothing in training came near.</summary>
public sealed class RatesBeyondTraining(LearnedExample example) : IClassFixture<LearnedExample>
{
    [Fact]
    public void Bins_and_channels_far_from_training_are_told_and_others_are_not()
    {
        var found = example.Infer(new InferenceRequest { Split = "test" });
        var estimate = found.Estimates[0];
        var (spikes, velocity) = (Flat(found, 0), Flat(found, 1));
        Assert.Empty(Remarks());

        // Bins of 10 ms, counts of 0 to 3: 31 counts would be 20 deviations and 10 away from the mean, 10 would be nothing to remark upon.
        spikes[2, 1] = 1000;
        Assert.Empty(Remarks());
        spikes[2, 1] = 1e6;
        spikes[5, 1] = 2e6;
        velocity[2, 0] = -100;
        var remark = Assert.Single(Remarks());
        Assert.StartsWith($"trial '{estimate.Name}': in 2 bins ", remark, StringComparison.Ordinal);
        Assert.Contains("spikes b (2E+06 Hz in bin 5, ", remark, StringComparison.Ordinal);
        Assert.Contains("velocity 1 (-100 m/s in bin 2, ", remark, StringComparison.Ordinal);
        Assert.DoesNotContain("spikes a", remark, StringComparison.Ordinal);

        // Overflow is told; what is not known is not.
        spikes[0, 0] = double.PositiveInfinity;
        velocity[0, 1] = double.NaN;
        Assert.Contains("in 3 bins", Assert.Single(Remarks()), StringComparison.Ordinal);

        // A model that does not know its training trials says nothing.
        var unknown = found.Description with { Recording = found.Description.Recording with { Seconds = 0 } };
        Assert.Empty(BeyondTraining.Remarks(unknown, [estimate with { Means = [spikes, velocity] }]));

        IEnumerable<string> Remarks() => BeyondTraining.Remarks(found.Description, [estimate with { Means = [spikes, velocity] }]);
    }

    private static Table Flat(InferenceResult found, int group)
    {
        var mean = found.Description.Recording.Groups[group].Mean;
        var unit = found.Description.IsRate(group) ? found.Description.BinWidth : 1;
        return Example.Table(found.Trials[0].Bins, mean.Count, (t, c) => mean[c] / unit);
    }
}
