using IlqrVae.Numerics;

namespace IlqrVae.Training;

/// <summary>
/// Mini-batches over epochs, each a fresh permutation of the trials; those of each session are spread evenly over an epoch, so that no batch is without the few of a small one
/// for longer than need be. A batch is a function of (seed, iteration) alone, so that training can be cut
/// and continued anywhere.
/// </summary>
internal sealed class MiniBatches
{
    private readonly int _trials;
    private readonly int _size;
    private readonly ulong _seed;
    private readonly int[] _order;
    private readonly int[] _session;
    private readonly int[] _trialsOfSession;
    private int _epoch = -1;

    /// <summary>Plans the batches.</summary>
    /// <param name="trials">Number of trials.</param>
    /// <param name="size">Trials a batch; 0 for all.</param>
    /// <param name="seed">Seed of the permutations.</param>
    /// <param name="sessions">The session of each trial; null where there is one.</param>
    public MiniBatches(int trials, int size, ulong seed, IReadOnlyList<string>? sessions = null)
    {
        var names = sessions?.Distinct(StringComparer.Ordinal).ToList() ?? [];
        _session = names.Count < 2 ? [] : [.. sessions!.Select(name => names.IndexOf(name))];
        _trialsOfSession = [.. names.Select((_, s) => _session.Count(one => one == s))];
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
            Spread();
            _epoch = epoch;
        }

        // Batches of an epoch differ by at most one trial in size.
        var batch = iteration % batches;
        var first = (int)((long)_trials * batch / batches);
        var next = (int)((long)_trials * (batch + 1) / batches);
        return _order.AsSpan(first, next - first);
    }

    /// <summary>The k-th of the n trials of a session comes at (k + 1/2) / n of the epoch; within a session they stay in the order drawn.</summary>
    private void Spread()
    {
        if (_session.Length == 0)
        {
            return;
        }

        var seen = new int[_trialsOfSession.Length];
        var places = Array.ConvertAll(_order, trial => (seen[_session[trial]]++ + 0.5) / _trialsOfSession[_session[trial]]);
        var ordered = _order.Select((trial, i) => (trial, i)).OrderBy(one => places[one.i]).Select(one => one.trial).ToArray();
        ordered.CopyTo(_order, 0);
    }
}
