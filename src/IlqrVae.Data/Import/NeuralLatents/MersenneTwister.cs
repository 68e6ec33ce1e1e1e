namespace IlqrVae.Data.Import.NeuralLatents;

/// <summary>
/// MT19937 (Matsumoto and Nishimura 1998), seeded and read as numpy.random.seed and numpy.random.random do it: the benchmark's tools draw jitter with it, and theirs has to be met. For
/// nothing else; numbers of our own come from <see cref="IlqrVae.Numerics.CounterRandom"/>.
/// </summary>
internal sealed class MersenneTwister
{
    private const int Words = 624;
    private const int Middle = 397;

    private readonly uint[] _state = new uint[Words];
    private int _next = Words;

    public MersenneTwister(uint seed)
    {
        _state[0] = seed;
        for (var i = 1; i < Words; i++)
        {
            _state[i] = (1812433253u * (_state[i - 1] ^ (_state[i - 1] >> 30))) + (uint)i;
        }
    }

    /// <summary>A number from 0 up to but without 1, of 53 bits.</summary>
    public double NextUniform()
    {
        var (high, low) = (Next() >> 5, Next() >> 6);
        return ((high * 67108864.0) + low) / 9007199254740992.0;
    }

    private uint Next()
    {
        if (_next == Words)
        {
            for (var i = 0; i < Words; i++)
            {
                var joined = (_state[i] & 0x80000000u) | (_state[(i + 1) % Words] & 0x7fffffffu);
                _state[i] = _state[(i + Middle) % Words] ^ (joined >> 1) ^ ((joined & 1) == 0 ? 0 : 0x9908b0dfu);
            }

            _next = 0;
        }

        var word = _state[_next++];
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c5680u;
        word ^= (word << 15) & 0xefc60000u;
        return word ^ (word >> 18);
    }
}
