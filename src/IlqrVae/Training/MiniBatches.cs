using IlqrVae.Numerics;

namespace IlqrVae.Training;

/// <summary>
/// Mini-batches over epochs, each a fresh permutation of the trials. A batch is a function of (seed, iteration) alone, so that training can be cut
/// and continued anywhere.
/// </summary>
internal sealed class MiniBatches
{
    private readonly int _trials;
    private readonly int _size;
    private readonly ulong _seed;
    private readonly int[] _order;
    private int _epoch = -1;

    public MiniBatches(int trials, int size, ulong seed)
    {
        _trials = trials;
        _size = size <= 0 ? trials : Math.Min(size, trials);
        _seed = seed;
        _order = new int[trials];
    }

    /// <summary>The largest number of trials in a batch.</summary>
    public int Size => _size;

    /// <summary>The trials of an iteration's batch, valid until the next call.</summary>
    public ReadOnlySpan<int> At(int iteration)
    {
        var batches = (_trials + _size - 1) / _size;
        var epoch = iteration / batches;
        if (epoch != _epoch)
        {
            for (var i = 0; i < _trials; i++)
            {
                _order[i] = i;
            }

            var random = new CounterRandom(_seed, RandomStreams.MiniBatches, (ulong)epoch);
            random.Shuffle(_order);
            _epoch = epoch;
        }

        // Batches of an epoch differ by at most one trial in size.
        var batch = iteration % batches;
        var first = (int)((long)_trials * batch / batches);
        var next = (int)((long)_trials * (batch + 1) / batches);
        return _order.AsSpan(first, next - first);
    }
}
