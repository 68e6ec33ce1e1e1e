using IlqrVae.Benchmarks;

namespace IlqrVae.Runs.Tests;

/// <summary>The soak itself takes half an hour; here, that it does what it says and sees what it is for.</summary>
public sealed class Soaks
{
    private static readonly List<byte[]> s_kept = [];

    [Fact]
    public void A_round_trains_with_a_trial_that_is_left_out_and_infers()
    {
        var soak = new Soak(TimeSpan.FromSeconds(0.01), threads: 1) { FirstRound = 1 };
        var sample = Assert.Single(soak.Run());
        Assert.InRange(soak.LeftOut, 1, 20);
        Assert.InRange(sample.Heap, 0.01, 1000);
        Assert.InRange(sample.Resident, sample.Heap, 10_000);
        Assert.InRange(sample.Handles, 3, 10_000);
    }

    [Fact]
    public void What_is_kept_in_every_round_is_seen()
    {
        var soak = new Soak(TimeSpan.FromSeconds(0.01), threads: 1) { LeastRounds = 9, Beside = () => s_kept.Add(new byte[1_000_000]) };
        var growth = Soak.Growth(soak.Run());
        s_kept.Clear();
        Assert.Contains("memory grew from", growth, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0, 0, null)]
    [InlineData(0.2, 0, 0, "resident memory grew from 14")]
    [InlineData(0, 0.01, 0, "managed memory grew")]
    [InlineData(0, 0, 0.06, "handles grew from 102.0")]
    public void Growth_is_told_from_noise(double resident, double heap, double handles, string? told)
    {
        var random = new Random(1);
        var growth = Soak.Growth([.. Enumerable.Range(0, 100).Select(i => new SoakSample(
            i, i, (i < 10 ? 110 : 130) + (resident * i) + random.NextDouble(), 5 + (heap * i) + (0.1 * random.NextDouble()), 100 + (int)(handles * i), 12 + random.Next(2)))]);
        if (told is null)
        {
            Assert.Null(growth);
        }
        else
        {
            Assert.StartsWith(told, growth, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Few_samples_tell_nothing() => Assert.Contains("too few", Soak.Growth(new SoakSample[7]), StringComparison.Ordinal);
}
