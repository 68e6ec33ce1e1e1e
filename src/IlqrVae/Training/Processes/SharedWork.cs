using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using IlqrVae.Inference;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;

namespace IlqrVae.Training.Processes;

/// <summary>What the processes of a training tell each other of a batch. With one process everything stays as it is, to the bit.</summary>
/// <remarks>
/// Each element of a sum is added up by one process, in the order of the processes' numbers, and told to the others: so all hold the same bits, and results depend
/// on the number of processes, by rounding alone, and not on threads, machines or what arrived first. Numbers that are not finite pass through.
/// </remarks>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class SharedWork<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Most numbers of a sum that travel at a time, which bounds the buffers.</summary>
    private const int Piece = 1 << 24;

    private readonly IProcessGroup _group;
    private readonly int[] _lengths;
    private readonly int[] _received;
    private readonly int[] _next;
    private T[] _flat = [];
    private T[] _parts = [];
    private T[] _sum = [];

    /// <summary>Prepares.</summary>
    /// <param name="group">The processes.</param>
    public SharedWork(IProcessGroup group)
    {
        _group = group;
        _lengths = new int[group.Count];
        _received = new int[group.Count];
        _next = new int[group.Count];
    }

    private bool IsAlone => _group.Count == 1;

    /// <summary>Deals trials out.</summary>
    /// <param name="bins">Bins of each.</param>
    /// <param name="owners">Receives the process of each.</param>
    public void Deal(ReadOnlySpan<int> bins, Span<int> owners) => TrialDeal.Deal(bins, _group.Count, owners);

    /// <summary>Whether a trial is worked out here.</summary>
    /// <param name="owner">The number of its process.</param>
    public bool IsOwn(int owner) => owner == _group.Number;

    /// <summary>Whether a condition holds in any process: a request to stop reaches one of them and must end all after the same batch.</summary>
    /// <param name="condition">Whether it holds here.</param>
    public bool Any(bool condition)
    {
        if (IsAlone)
        {
            return condition;
        }

        var all = new byte[_group.Count];
        _lengths.AsSpan().Fill(1);
        _group.Gather([condition ? (byte)1 : (byte)0], _lengths, all);
        return all.AsSpan().Contains((byte)1);
    }

    /// <summary>Completes outcomes.</summary>
    /// <param name="owners">The process of each trial.</param>
    /// <param name="outcomes">As many; those of this process are filled, and the others received.</param>
    public void Gather(ReadOnlySpan<int> owners, Span<TrialOutcome> outcomes)
    {
        if (IsAlone)
        {
            return;
        }

        _lengths.AsSpan().Clear();
        var own = new List<TrialOutcome>();
        for (var i = 0; i < owners.Length; i++)
        {
            _lengths[owners[i]] += Unsafe.SizeOf<TrialOutcome>();
            if (IsOwn(owners[i]))
            {
                own.Add(outcomes[i]);
            }
        }

        var all = new TrialOutcome[owners.Length];
        _group.Gather(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(own)), _lengths, MemoryMarshal.AsBytes(all.AsSpan()));
        var at = 0;
        for (var process = 0; process < _group.Count; process++)
        {
            _next[process] = at;
            at += _lengths[process] / Unsafe.SizeOf<TrialOutcome>();
        }

        for (var i = 0; i < owners.Length; i++)
        {
            outcomes[i] = all[_next[owners[i]]++];
        }
    }

    /// <summary>Completes starts of trials, which the processes that worked them out have changed.</summary>
    /// <param name="owners">The process of each trial.</param>
    /// <param name="starts">Of each trial.</param>
    public void Share(ReadOnlySpan<int> owners, ReadOnlySpan<WarmStart<T>> starts)
    {
        if (IsAlone)
        {
            return;
        }

        var own = new StartPacket<T>();
        for (var i = 0; i < owners.Length; i++)
        {
            if (IsOwn(owners[i]))
            {
                own.Write(starts[i]);
            }
        }

        var sizes = new int[_group.Count];
        _lengths.AsSpan().Fill(sizeof(int));
        var size = own.Bytes.Length;
        _group.Gather(MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in size)), _lengths, MemoryMarshal.AsBytes(sizes.AsSpan()));
        var all = new byte[sizes.Sum()];
        _group.Gather(own.Bytes, sizes, all);
        var at = 0;
        for (var process = 0; process < _group.Count; process++)
        {
            _next[process] = at;
            at += sizes[process];
        }

        for (var i = 0; i < owners.Length; i++)
        {
            var bytes = all.AsSpan(_next[owners[i]]);
            _next[owners[i]] += IsOwn(owners[i]) ? StartPacket<T>.Skip(bytes) : StartPacket<T>.Read(bytes, starts[i]);
        }
    }

    /// <summary>Completes a sum of gradients.</summary>
    /// <param name="parameters">The parameters of the model, in order.</param>
    /// <param name="sum">
    /// The weighed sum over the trials of a batch that are worked out here, zero where there are none; receives the sum over processes. What is above the diagonal of a
    /// triangular parameter is neither sent nor changed.
    /// </param>
    public void Sum(IReadOnlyList<Parameter<T>> parameters, ParameterGradient<T> sum)
    {
        if (IsAlone)
        {
            return;
        }

        var count = Rows(parameters, sum).Sum(row => row.Columns);
        if (_flat.Length < count)
        {
            _flat = new T[count];
        }

        var at = 0;
        foreach (var (block, row, columns) in Rows(parameters, sum))
        {
            block.Row(row)[..columns].CopyTo(_flat.AsSpan(at));
            at += columns;
        }

        for (var first = 0; first < count; first += Piece)
        {
            AddUp(_flat.AsSpan(first, Math.Min(Piece, count - first)));
        }

        at = 0;
        foreach (var (block, row, columns) in Rows(parameters, sum))
        {
            _flat.AsSpan(at, columns).CopyTo(block.Row(row));
            at += columns;
        }
    }

    /// <summary>The rows of all parameters as far as they are used.</summary>
    private static IEnumerable<(Matrix<T> Block, int Row, int Columns)> Rows(IReadOnlyList<Parameter<T>> parameters, ParameterGradient<T> sum)
        => parameters.SelectMany(parameter => Enumerable.Range(0, parameter.Rows).Select(row => (sum[parameter], row, parameter.Constraint.IsTriangular ? row + 1 : parameter.Columns)));

    /// <summary>Each process adds up a stretch of the numbers, and gives it to all.</summary>
    private void AddUp(Span<T> numbers)
    {
        var size = Unsafe.SizeOf<T>();
        var first = 0;
        for (var process = 0; process < _group.Count; process++)
        {
            var next = (int)((long)numbers.Length * (process + 1) / _group.Count);
            _lengths[process] = (next - first) * size;
            first = next;
        }

        var own = _lengths[_group.Number] / size;
        if (_parts.Length < own * _group.Count)
        {
            _parts = new T[own * _group.Count];
            _sum = new T[own];
        }

        _received.AsSpan().Fill(own * size);
        var parts = _parts.AsSpan(0, own * _group.Count);
        _group.Exchange(MemoryMarshal.AsBytes(numbers), _lengths, MemoryMarshal.AsBytes(parts), _received);
        var sum = _sum.AsSpan(0, own);
        parts[..own].CopyTo(sum);
        for (var process = 1; process < _group.Count; process++)
        {
            var part = parts.Slice(process * own, own);
            for (var i = 0; i < own; i++)
            {
                sum[i] += part[i];
            }
        }

        _group.Gather(MemoryMarshal.AsBytes(sum), _lengths, MemoryMarshal.AsBytes(numbers));
    }
}
