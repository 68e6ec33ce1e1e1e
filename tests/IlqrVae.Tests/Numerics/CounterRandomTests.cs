using CsCheck;
using IlqrVae.Numerics;

namespace IlqrVae.Tests.Numerics;

public sealed class CounterRandomTests
{
    // Known answers of the Random123 library: counter, key, output of philox4x32 with 10 rounds.
    [Theory]
    [InlineData(
        new uint[] { 0, 0, 0, 0 }, new uint[] { 0, 0 }, new uint[] { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 })]
    [InlineData(
        new uint[] { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff }, new uint[] { 0xffffffff, 0xffffffff },
        new uint[] { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd })]
    [InlineData(
        new uint[] { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 }, new uint[] { 0xa4093822, 0x299f31d0 },
        new uint[] { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 })]
    public void Philox_gives_the_published_known_answers(uint[] counter, uint[] key, uint[] expected)
    {
        var (a, b, c, d) = CounterRandom.Philox4x32(counter[0], counter[1], counter[2], counter[3], key[0], key[1]);
        Assert.Equal(expected, (uint[])[a, b, c, d]);
    }

    [Fact]
    public void Words_are_the_cipher_of_block_number_and_stream_keyed_by_the_seed()
    {
        var random = new CounterRandom(0x299f31d0_a4093822, 0x03707344_13198a2e);
        for (uint block = 0; block < 3; block++)
        {
            var (a, b, c, d) = CounterRandom.Philox4x32(block, 0, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0);
            Assert.Equal((a, b, c, d), (random.NextUInt32(), random.NextUInt32(), random.NextUInt32(), random.NextUInt32()));
        }
    }

    [Fact]
    public void Equal_keys_repeat_and_different_keys_do_not() =>
        Gen.Select(Gen.ULong, Gen.ULong, Gen.ULong).Sample((seed, stream, substream) =>
        {
            var first = new CounterRandom(seed, stream, substream);
            var same = new CounterRandom(seed, stream, substream);
            var otherSeed = new CounterRandom(seed + 1, stream, substream);
            var otherStream = new CounterRandom(seed, stream + 1, substream);
            var otherSubstream = new CounterRandom(seed, stream, substream + 1);
            var word = first.NextUInt64();
            return word == same.NextUInt64() && word != otherSeed.NextUInt64() && word != otherStream.NextUInt64()
                && word != otherSubstream.NextUInt64();
        });

    [Fact]
    public void Uniforms_lie_in_the_half_open_unit_interval_with_the_right_moments()
    {
        var random = new CounterRandom(1);
        CheckMoments(200_000, 0.5, 1.0 / 12, 1.8, () =>
        {
            var u = random.NextDouble();
            Assert.InRange(u, 0, Math.BitDecrement(1.0));
            return u;
        });
    }

    [Fact]
    public void Normals_have_the_right_moments_and_tails()
    {
        var random = new CounterRandom(2);
        CheckMoments(200_000, 0, 1, 3, () => random.NextNormal());
        const int Draws = 200_000;
        var beyond = 0;
        for (var i = 0; i < Draws; i++)
        {
            beyond += Math.Abs(random.NextNormal()) > 2 ? 1 : 0;
        }

        const double Tail = 0.0455002639;
        Assert.InRange((double)beyond / Draws, Tail - (5 * Math.Sqrt(Tail / Draws)), Tail + (5 * Math.Sqrt(Tail / Draws)));
    }

    [Fact]
    public void Filling_a_span_gives_the_same_normals_as_drawing_them()
    {
        var one = new CounterRandom(3);
        var other = new CounterRandom(3);
        var filled = new double[7];
        one.FillNormal(filled);
        Assert.Equal(filled, Enumerable.Range(0, 7).Select(_ => other.NextNormal()).ToArray());
        Assert.Equal(one.NextUInt32(), other.NextUInt32());
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.7)]
    [InlineData(1)]
    [InlineData(3.5)]
    [InlineData(200)]
    public void Gammas_have_mean_and_variance_equal_to_the_shape(double shape)
    {
        var random = new CounterRandom(4);
        CheckMoments(200_000, shape, shape, 3 + (6 / shape), () => random.NextGamma(shape));
    }

    [Fact]
    public void Chi_squared_has_its_degrees_of_freedom_as_mean_and_twice_that_as_variance()
    {
        var random = new CounterRandom(5);
        CheckMoments(200_000, 5, 10, 3 + (12.0 / 5), () => random.NextChiSquared(5));
    }

    [Theory]
    [InlineData(0.02)]
    [InlineData(0.9)]
    [InlineData(9.99)]
    [InlineData(10.01)]
    [InlineData(75.3)]
    [InlineData(1e4)]
    [InlineData(1e12)]
    public void Poisson_counts_have_mean_and_variance_equal_to_the_mean(double mean)
    {
        var random = new CounterRandom(6);
        CheckMoments(200_000, mean, mean, 3 + (1 / mean), () => random.NextPoisson(mean));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(12)]
    [InlineData(40)]
    public void Poisson_counts_follow_the_Poisson_distribution(double mean)
    {
        const int Draws = 400_000;
        var random = new CounterRandom(7);
        var histogram = new int[200];
        for (var i = 0; i < Draws; i++)
        {
            histogram[random.NextPoisson(mean)]++;
        }

        var probability = Math.Exp(-mean);
        for (var k = 0; k < histogram.Length; k++)
        {
            var expected = Draws * probability;
            Assert.True(
                Math.Abs(histogram[k] - expected) <= (5 * Math.Sqrt(expected)) + 5, $"count {k}: {histogram[k]} where {expected} are expected");
            probability *= mean / (k + 1);
        }
    }

    [Fact]
    public void A_mean_of_zero_gives_no_events() => Assert.Equal(0, new CounterRandom(8).NextPoisson(0));

    [Theory]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Impossible_parameters_are_refused(double parameter)
    {
        var random = new CounterRandom(9);
        Assert.Throws<ArgumentOutOfRangeException>(() => random.NextPoisson(parameter));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.NextGamma(parameter));
    }

    [Fact]
    public void Shuffling_permutes_and_all_orders_are_equally_likely()
    {
        const int Draws = 60_000;
        var random = new CounterRandom(10);
        var counts = new Dictionary<int, int>();
        for (var i = 0; i < Draws; i++)
        {
            int[] items = [0, 1, 2];
            random.Shuffle(items);
            var code = (items[0] * 100) + (items[1] * 10) + items[2];
            counts[code] = counts.GetValueOrDefault(code) + 1;
        }

        Assert.Equal([12, 21, 102, 120, 201, 210], counts.Keys.Order());
        Assert.All(counts.Values, count => Assert.InRange(count, 10_000 - (5 * 92), 10_000 + (5 * 92)));
    }

    // Bounds of five standard errors; the error of the variance follows from the kurtosis.
    private static void CheckMoments(int draws, double mean, double variance, double kurtosis, Func<double> draw)
    {
        double sum = 0, square = 0;
        for (var i = 0; i < draws; i++)
        {
            var difference = draw() - mean;
            sum += difference / draws;
            square += difference * difference / draws;
        }

        var meanError = 5 * Math.Sqrt(variance / draws);
        var varianceError = 5 * variance * Math.Sqrt((kurtosis - 1) / draws);
        Assert.InRange(sum, -meanError, meanError);
        Assert.InRange(square, variance - varianceError, variance + varianceError);
    }
}
