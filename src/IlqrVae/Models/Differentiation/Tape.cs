using System.Runtime.CompilerServices;

namespace IlqrVae.Models.Differentiation;

/// <summary>
/// The record of a computation on <see cref="Variable{TScalar}"/>s, swept backwards for the derivatives of its results with respect to every
/// variable. Over duals it gives a gradient and the tangent of that gradient at once. Memory is kept when records are dropped, so nothing is
/// allocated once the longest record has been seen. Serves one thread at a time.
/// </summary>
/// <remarks>
/// A record has an edge to each of its parents, with the derivative with respect to it. The edges of record i end where those of record i + 1 begin.
/// </remarks>
/// <typeparam name="TScalar">The scalar underneath.</typeparam>
public sealed class Tape<TScalar>
    where TScalar : struct, IScalar<TScalar>
{
    private TScalar[] _derivatives = new TScalar[64];
    private int[] _ends = new int[64];
    private Edge[] _edges = new Edge[256];
    private int _edgeCount;

    /// <summary>Number of records.</summary>
    public int Count { get; private set; }

    /// <summary>A new independent variable.</summary>
    /// <param name="value">Its value.</param>
    public Variable<TScalar> Variable(TScalar value) => Record(value, 0);

    /// <summary>Drops every record after the first <paramref name="count"/>; those keep the derivatives they have gathered.</summary>
    /// <param name="count">Records to keep.</param>
    public void Rewind(int count = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);
        Count = count;
        _edgeCount = count == 0 ? 0 : _ends[count - 1];
    }

    /// <summary>Adds to the weight of a result in the sum that <see cref="Sweep"/> differentiates.</summary>
    /// <param name="result">A result; constants are ignored.</param>
    /// <param name="weight">What to add.</param>
    public void Seed(Variable<TScalar> result, TScalar weight)
    {
        if (result.Tape is not null)
        {
            _derivatives[result.Index] += weight;
        }
    }

    /// <summary>
    /// Carries derivatives from the last record back to the record numbered <paramref name="stop"/>; the records before it gather them.
    /// </summary>
    /// <param name="stop">Records before this number have no parents: independent variables.</param>
    public void Sweep(int stop)
    {
        var derivatives = _derivatives;
        var edges = _edges;
        var e = _edgeCount - 1;
        for (var i = Count - 1; i >= stop; i--)
        {
            var derivative = derivatives[i];
            var first = i == 0 ? 0 : _ends[i - 1];
            for (; e >= first; e--)
            {
                ref readonly var edge = ref edges[e];
                derivatives[edge.Parent] += edge.Slope * derivative;
            }
        }
    }

    /// <summary>The derivative that a variable has gathered; zero for a constant.</summary>
    /// <param name="variable">A variable on this tape.</param>
    public TScalar Derivative(Variable<TScalar> variable) => variable.Tape is null ? default : _derivatives[variable.Index];

    /// <summary>Room for the parents of the record to come.</summary>
    /// <param name="count">The most there can be.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Span<Edge> Reserve(int count)
    {
        if (_edges.Length - _edgeCount < count)
        {
            Array.Resize(ref _edges, Math.Max(2 * _edges.Length, _edgeCount + count));
        }

        return _edges.AsSpan(_edgeCount, count);
    }

    /// <summary>Makes the record whose parents are in the room reserved last.</summary>
    /// <param name="value">Its value.</param>
    /// <param name="parents">How many there are.</param>
    internal Variable<TScalar> Record(TScalar value, int parents)
    {
        var index = Count++;
        if (index == _ends.Length)
        {
            Array.Resize(ref _ends, 2 * index);
            Array.Resize(ref _derivatives, 2 * index);
        }

        _edgeCount += parents;
        _ends[index] = _edgeCount;
        _derivatives[index] = default;
        return new Variable<TScalar>(value, this, index);
    }

    /// <summary>A parent of a record.</summary>
    internal struct Edge
    {
        /// <summary>The derivative of the record with respect to the parent.</summary>
        public TScalar Slope;

        /// <summary>The number of the parent.</summary>
        public int Parent;
    }
}
