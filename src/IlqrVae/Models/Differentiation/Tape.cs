namespace IlqrVae.Models.Differentiation;

/// <summary>
/// The record of a computation on <see cref="Variable{TScalar}"/>s, swept backwards for the derivatives of its results with respect to every
/// variable. Over duals it gives a gradient and the tangent of that gradient at once. Memory is kept when records are dropped, so nothing is
/// allocated once the longest record has been seen. Serves one thread at a time.
/// </summary>
/// <typeparam name="TScalar">The scalar underneath.</typeparam>
public sealed class Tape<TScalar>
    where TScalar : struct, IScalar<TScalar>
{
    private const int None = -1;
    private Entry[] _entries = new Entry[256];

    /// <summary>Number of records.</summary>
    public int Count { get; private set; }

    /// <summary>A new independent variable.</summary>
    /// <param name="value">Its value.</param>
    public Variable<TScalar> Variable(TScalar value) => Record(value, None, default, None, default);

    /// <summary>Drops every record after the first <paramref name="count"/>; those keep the derivatives they have gathered.</summary>
    /// <param name="count">Records to keep.</param>
    public void Rewind(int count = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);
        Count = count;
    }

    /// <summary>Adds to the weight of a result in the sum that <see cref="Sweep"/> differentiates.</summary>
    /// <param name="result">A result; constants are ignored.</param>
    /// <param name="weight">What to add.</param>
    public void Seed(Variable<TScalar> result, TScalar weight)
    {
        if (result.Tape is not null)
        {
            ref var derivative = ref _entries[result.Index].Derivative;
            derivative += weight;
        }
    }

    /// <summary>
    /// Carries derivatives from the last record back to the record numbered <paramref name="stop"/>; the records before it gather them.
    /// </summary>
    /// <param name="stop">Records before this number have no parents: independent variables.</param>
    public void Sweep(int stop)
    {
        var entries = _entries;
        for (var i = Count - 1; i >= stop; i--)
        {
            ref readonly var entry = ref entries[i];
            if (entry.First >= 0)
            {
                ref var derivative = ref entries[entry.First].Derivative;
                derivative += entry.ToFirst * entry.Derivative;
            }

            if (entry.Second >= 0)
            {
                ref var derivative = ref entries[entry.Second].Derivative;
                derivative += entry.ToSecond * entry.Derivative;
            }
        }
    }

    /// <summary>The derivative that a variable has gathered; zero for a constant.</summary>
    /// <param name="variable">A variable on this tape.</param>
    public TScalar Derivative(Variable<TScalar> variable) => variable.Tape is null ? default : _entries[variable.Index].Derivative;

    internal Variable<TScalar> Record(TScalar value, int first, TScalar toFirst)
        => Record(value, first, toFirst, None, default);

    internal Variable<TScalar> Record(TScalar value, int first, TScalar toFirst, int second, TScalar toSecond)
    {
        var index = Count++;
        if (index == _entries.Length)
        {
            Array.Resize(ref _entries, 2 * index);
        }

        ref var entry = ref _entries[index];
        entry.First = first;
        entry.Second = second;
        entry.ToFirst = toFirst;
        entry.ToSecond = toSecond;
        entry.Derivative = default;
        return new Variable<TScalar>(value, this, index);
    }

    private struct Entry
    {
        public int First;
        public int Second;
        public TScalar ToFirst;
        public TScalar ToSecond;
        public TScalar Derivative;
    }
}
