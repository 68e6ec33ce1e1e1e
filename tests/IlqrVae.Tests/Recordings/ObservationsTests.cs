using IlqrVae.Recordings;

namespace IlqrVae.Tests.Recordings;

/// <summary>What is stored comes out again, whatever it is stored in.</summary>
public sealed class ObservationsTests
{
    [Theory]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(int.MaxValue)]
    public void Counts_survive_whatever_the_largest(int largest)
    {
        double[] counts = [0, 1, largest, 2, 3, largest - 1];
        var stored = Observations.FromCounts(new Table(3, 2, counts));
        Assert.True(stored.AreCounts && stored.AllObserved);
        Assert.Equal(counts, stored.ToTable().Values);
        Assert.Equal(largest, stored[1, 0]);
        Assert.Equal(6, stored.ObservedCount);
        Assert.Null(stored.ToMask());
        var row = new float[2];
        stored.CopyRow<float>(2, row);
        Assert.Equal([3f, (float)(largest - 1)], row);
        var rows = new double[4];
        stored.CopyRows<double>(1, 2, rows);
        Assert.Equal(counts[2..], rows);
        Assert.Equal([largest, 0, 2, 0], Observations.FromCounts<int>(2, 2, [largest, -7, 2, 9], [true, false, true, false]).ToTable().Values);
    }

    [Fact]
    public void Counts_take_a_byte_an_entry_and_a_mask_a_bit()
    {
        const int Bins = 2000;
        const int Channels = 500;
        var counts = new byte[Bins * Channels];
        var observed = new bool[Bins * Channels];
        Assert.InRange(Allocated(() => Observations.FromCounts<byte>(Bins, Channels, counts)), Bins * Channels, 1.02 * Bins * Channels);
        Assert.InRange(Allocated(() => Observations.FromCounts<byte>(Bins, Channels, counts, observed)), 1.125 * Bins * Channels, 1.15 * Bins * Channels);

        static double Allocated(Func<Observations> make)
        {
            make();
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Equal(Channels, make().Channels);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public void Missing_entries_hold_zero_and_say_so()
    {
        var random = new Random(3);
        const int Bins = 50;
        const int Channels = 7;
        double[] numbers = [.. Enumerable.Range(0, Bins * Channels).Select(_ => random.NextDouble())];
        bool[] observed = [.. numbers.Select(_ => random.NextDouble() < 0.8)];
        var values = Observations.FromValues(new Table(Bins, Channels, [.. numbers.Select((value, i) => observed[i] ? value : double.NaN)]), observed);
        Assert.False(values.AreCounts || values.AllObserved);
        Assert.Equal(observed.Count(one => one), values.ObservedCount);
        Assert.Equal(observed, values.ToMask());
        Check(values, 0, [0, 1, 2, 3, 4, 5, 6]);
        Check(values.SelectChannels([5, 0, 2]), 0, [5, 0, 2]);
        Check(values.SelectBins(9, 33), 9, [0, 1, 2, 3, 4, 5, 6]);

        var hidden = values.Hide((bin, channel) => bin >= 40 || channel == 1);
        for (var i = 0; i < numbers.Length; i++)
        {
            var isObserved = observed[i] && i / Channels < 40 && i % Channels != 1;
            Assert.Equal(isObserved, hidden.IsObserved(i / Channels, i % Channels));
            Assert.Equal(isObserved ? numbers[i] : 0, hidden[i / Channels, i % Channels]);
        }

        void Check(Observations part, int first, int[] channels)
        {
            var mask = new bool[channels.Length];
            for (var bin = 0; bin < part.Bins; bin++)
            {
                part.CopyObserved(bin, 1, mask);
                Assert.Equal(part.IsObserved(bin), mask.All(one => one));
                for (var c = 0; c < channels.Length; c++)
                {
                    var i = ((first + bin) * Channels) + channels[c];
                    Assert.Equal(observed[i], part.IsObserved(bin, c));
                    Assert.Equal(observed[i], mask[c]);
                    Assert.Equal(observed[i] ? numbers[i] : 0, part[bin, c]);
                }
            }
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0.5)]
    [InlineData(2147483648.0)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void What_is_no_count_is_refused_where_it_was_observed(double value)
    {
        var message = Assert.Throws<InputException>(() => Observations.FromCounts(new Table(2, 3, [0, 0, 0, 0, 0, value]))).Message;
        Assert.Contains("bin 1, channel 2", message, StringComparison.Ordinal);
        Assert.Equal(0, Observations.FromCounts(new Table(2, 3, [0, 0, 0, 0, 0, value]), [true, true, true, true, true, false])[1, 2]);
    }

    [Fact]
    public void Wrong_sizes_and_places_are_refused()
    {
        var stored = Observations.FromCounts(new Table(2, 3));
        Assert.Throws<ArgumentException>(() => Observations.FromCounts<byte>(2, 3, new byte[5]));
        Assert.Throws<ArgumentException>(() => Observations.FromValues(new Table(2, 3), new bool[5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => stored[0, 3]);
        Assert.Throws<ArgumentOutOfRangeException>(() => stored[2, 0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => stored[-1, 0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => stored.IsObserved(0, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => stored.CopyRow<double>(0, new double[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => stored.CopyRows<double>(1, 2, new double[6]));
        Assert.Throws<ArgumentOutOfRangeException>(() => stored.SelectBins(1, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => stored.SelectChannels([3]));
    }
}
