using System.Runtime.CompilerServices;

namespace IlqrVae.Numerics;

/// <summary>
/// Counter-based random numbers: Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
/// What is drawn depends on the key (seed, stream, substream) and on the number of draws before it, and on nothing else: give every trial,
/// iteration or neuron a stream of its own and a run gives the same bits whatever the number of threads.
/// </summary>
/// <remarks>
/// <para>
/// A mutable struct: pass it by reference and keep it in a field or local that is not readonly, or draws repeat. The default value is the
/// generator keyed by zeros.
/// </para>
/// <para>
/// The cipher's 64-bit key is the seed mixed with the substream, and its 128-bit counter is (block number, stream); streams of one seed and
/// substream therefore never overlap, each being 2^66 words long, and substreams differ by their key.
/// </para>
/// <para>
/// Words and uniforms are the same bits everywhere. Normals and what follows from them use logarithms, exponentials, sines and cosines of
/// the platform's mathematical library besides +, -, *, / and square roots: where two such libraries round differently the last bits of a
/// draw do too.
/// </para>
/// </remarks>
public struct CounterRandom
{
    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9;
    private const uint Weyl1 = 0xBB67AE85;

    private readonly ulong _key;
    private readonly ulong _stream;
    private ulong _nextBlock;
    private UInt4 _block;
    private int _wordsLeft;
    private double _spareNormal;
    private bool _hasSpareNormal;

    /// <summary>Starts the numbers of one key.</summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="stream">A stream of the seed, such as a trial; any value.</param>
    /// <param name="substream">A further division, such as an iteration; any value.</param>
    public CounterRandom(ulong seed, ulong stream = 0, ulong substream = 0)
    {
        // Substream 0 leaves the seed as it is, so that streams of a plain seed are plain Philox.
        _key = substream == 0 ? seed : seed ^ Mix(substream);
        _stream = stream;
    }

    /// <summary>The Philox4x32-10 bijection: ten rounds of the cipher on one counter.</summary>
    /// <param name="counter0">Word 0 of the counter.</param>
    /// <param name="counter1">Word 1 of the counter.</param>
    /// <param name="counter2">Word 2 of the counter.</param>
    /// <param name="counter3">Word 3 of the counter.</param>
    /// <param name="key0">Word 0 of the key.</param>
    /// <param name="key1">Word 1 of the key.</param>
    /// <returns>The four output words.</returns>
    public static (uint Word0, uint Word1, uint Word2, uint Word3) Philox4x32(
        uint counter0, uint counter1, uint counter2, uint counter3, uint key0, uint key1)
    {
        for (var round = 0; round < 10; round++)
        {
            var product0 = (ulong)Multiplier0 * counter0;
            var product1 = (ulong)Multiplier1 * counter2;
            counter0 = (uint)(product1 >> 32) ^ counter1 ^ key0;
            counter2 = (uint)(product0 >> 32) ^ counter3 ^ key1;
            counter1 = (uint)product1;
            counter3 = (uint)product0;
            unchecked
            {
                key0 += Weyl0;
                key1 += Weyl1;
            }
        }

        return (counter0, counter1, counter2, counter3);
    }

    /// <summary>A word uniform over all 32-bit values.</summary>
    public uint NextUInt32()
    {
        if (_wordsLeft == 0)
        {
            (_block[0], _block[1], _block[2], _block[3]) = Philox4x32(
                (uint)_nextBlock, (uint)(_nextBlock >> 32), (uint)_stream, (uint)(_stream >> 32), (uint)_key, (uint)(_key >> 32));
            _nextBlock++;
            _wordsLeft = 4;
        }

        return _block[4 - _wordsLeft--];
    }

    /// <summary>A word uniform over all 64-bit values; takes two 32-bit words, the low one first.</summary>
    public ulong NextUInt64()
    {
        var low = NextUInt32();
        return ((ulong)NextUInt32() << 32) | low;
    }

    /// <summary>Uniform on [0, 1), a multiple of 2^-53; takes one 64-bit word.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform on {0, .., bound - 1}, without bias (Lemire 2019, multiply and reject).</summary>
    /// <param name="bound">Number of values, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bound is less than 1.</exception>
    public int NextInt32(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, 1);
        var product = (ulong)NextUInt32() * (uint)bound;
        if ((uint)product < (uint)bound)
        {
            var threshold = unchecked(0u - (uint)bound) % (uint)bound;
            while ((uint)product < threshold)
            {
                product = (ulong)NextUInt32() * (uint)bound;
            }
        }

        return (int)(product >> 32);
    }

    /// <summary>
    /// Standard normal, by the Box-Muller transform: with U, V uniform, sqrt(-2 ln(1 - U)) cos(2 pi V) now and the sine at the next call.
    /// Two draws take two uniforms, always, so the number of words used is known.
    /// </summary>
    public double NextNormal()
    {
        if (_hasSpareNormal)
        {
            _hasSpareNormal = false;
            return _spareNormal;
        }

        var radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        var angle = 2 * Math.PI * NextDouble();
        _spareNormal = radius * Math.Sin(angle);
        _hasSpareNormal = true;
        return radius * Math.Cos(angle);
    }

    /// <summary>Fills a span with standard normals, the same ones as repeated calls of <see cref="NextNormal"/>.</summary>
    /// <param name="destination">Where they go.</param>
    public void FillNormal(Span<double> destination)
    {
        for (var i = 0; i < destination.Length; i++)
        {
            destination[i] = NextNormal();
        }
    }

    /// <summary>Gamma of the given shape and scale 1, by Marsaglia and Tsang (2000), ACM Trans. Math. Softw. 26:363; exact.</summary>
    /// <param name="shape">Shape, positive and finite; also the mean and the variance.</param>
    /// <exception cref="ArgumentOutOfRangeException">The shape is not positive and finite.</exception>
    public double NextGamma(double shape)
    {
        if (!(shape > 0) || !double.IsFinite(shape))
        {
            throw new ArgumentOutOfRangeException(nameof(shape), shape, "The shape must be positive and finite.");
        }

        // Below 1, a gamma of shape + 1 times a power of a uniform; taken through logarithms, tiny shapes underflow to 0 as they should.
        if (shape < 1)
        {
            var logPower = Math.Log(1 - NextDouble()) / shape;
            return NextGamma(shape + 1) * Math.Exp(logPower);
        }

        var d = shape - (1.0 / 3);
        var c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            var x = NextNormal();
            var v = 1 + (c * x);
            if (v <= 0)
            {
                continue;
            }

            v = v * v * v;
            var u = 1 - NextDouble();
            if (Math.Log(u) < (0.5 * x * x) + (d * (1 - v + Math.Log(v))))
            {
                return d * v;
            }
        }
    }

    /// <summary>Chi-squared with the given degrees of freedom: twice a gamma of half of them.</summary>
    /// <param name="degreesOfFreedom">Degrees of freedom, positive and finite; need not be whole.</param>
    /// <exception cref="ArgumentOutOfRangeException">The degrees of freedom are not positive and finite.</exception>
    public double NextChiSquared(double degreesOfFreedom) => 2 * NextGamma(degreesOfFreedom / 2);

    /// <summary>
    /// A Poisson count. Below a mean of 10 by multiplication of uniforms (Knuth), above by the transformed rejection PTRS of Hörmann
    /// (1993), Insurance: Mathematics and Economics 12:39; both are exact to rounding.
    /// </summary>
    /// <param name="mean">Mean, finite, not negative and at most 2^52.</param>
    /// <returns>The count.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The mean is negative, not finite or above 2^52.</exception>
    public long NextPoisson(double mean)
    {
        if (!(mean >= 0) || mean > 1L << 52)
        {
            throw new ArgumentOutOfRangeException(nameof(mean), mean, "The mean must be between 0 and 2^52.");
        }

        return mean < 10 ? PoissonByMultiplication(mean) : PoissonByRejection(mean);
    }

    /// <summary>Puts the entries in a random order, all orders equally likely (Fisher-Yates).</summary>
    /// <param name="items">What to shuffle, in place.</param>
    public void Shuffle(Span<int> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = NextInt32(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private long PoissonByMultiplication(double mean)
    {
        var limit = Math.Exp(-mean);
        var count = 0L;
        for (var product = 1 - NextDouble(); product > limit; product *= 1 - NextDouble())
        {
            count++;
        }

        return count;
    }

    private long PoissonByRejection(double mean)
    {
        var logMean = Math.Log(mean);
        var b = 0.931 + (2.53 * Math.Sqrt(mean));
        var a = -0.059 + (0.02483 * b);
        var inverseAlpha = 1.1239 + (1.1328 / (b - 3.4));
        var squeeze = 0.9277 - (3.6224 / (b - 2));
        while (true)
        {
            var u = NextDouble() - 0.5;
            var v = 1 - NextDouble();
            var us = 0.5 - Math.Abs(u);
            if (us == 0)
            {
                continue;
            }

            var k = Math.Floor((((2 * a / us) + b) * u) + mean + 0.43);
            if (us >= 0.07 && v <= squeeze)
            {
                return (long)k;
            }

            if (k < 0 || (us < 0.013 && v > us))
            {
                continue;
            }

            if (Math.Log(v) + Math.Log(inverseAlpha) - Math.Log((a / (us * us)) + b) <= LogPoisson(k, mean, logMean))
            {
                return (long)k;
            }
        }
    }

    // ln(mean^k e^-mean / k!). For large k the terms cancel to the last digits if added as they stand, so Stirling's series is folded in
    // first.
    private static double LogPoisson(double k, double mean, double logMean)
    {
        if (k < 10)
        {
            var factorial = 1.0;
            for (var i = 2; i <= k; i++)
            {
                factorial *= i;
            }

            return (k * logMean) - mean - Math.Log(factorial);
        }

        var r = 1 / k;
        var r2 = r * r;
        var series = r * ((1.0 / 12) - (r2 * ((1.0 / 360) - (r2 * ((1.0 / 1260) - (r2 * (1.0 / 1680)))))));

        // k ln(mean / k) + k - mean with x = (mean - k) / k is k (ln(1 + x) - x); near x = 0 the two logarithms agree, so use the power
        // series.
        var x = (mean - k) * r;
        var bracket = Math.Abs(x) < 0.01
            ? x * x * (-0.5 + (x * ((1.0 / 3) - (x * (0.25 - (x * (0.2 - (x * ((1.0 / 6) - (x / 7))))))))))
            : Math.Log(mean * r) - x;
        return (k * bracket) - (0.5 * Math.Log(2 * Math.PI * k)) - series;
    }

    // The finaliser of SplitMix64: spreads neighbouring substreams over all key bits.
    private static ulong Mix(ulong value)
    {
        unchecked
        {
            value += 0x9E3779B97F4A7C15;
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
            return value ^ (value >> 31);
        }
    }

    [InlineArray(4)]
    private struct UInt4
    {
#pragma warning disable S1144, RCS1213, RCS1169, IDE0044, IDE0051, CA1823
        private uint _word;
#pragma warning restore S1144, RCS1213, RCS1169, IDE0044, IDE0051, CA1823
    }
}
