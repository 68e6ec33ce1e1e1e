using System.Runtime.CompilerServices;

namespace IlqrVae.Models.Differentiation;

/// <summary>
/// A number whose descent is recorded on a <see cref="Tape{TScalar}"/> (reverse mode), or a constant, which leaves no record. The default value is
/// the constant zero.
/// </summary>
/// <typeparam name="TScalar">The scalar underneath.</typeparam>
public readonly struct Variable<TScalar> : IScalar<Variable<TScalar>>
    where TScalar : struct, IScalar<TScalar>
{
    internal Variable(TScalar value, Tape<TScalar>? tape = null, int index = 0)
    {
        Value = value;
        Tape = tape;
        Index = index;
    }

    /// <summary>The number.</summary>
    public TScalar Value { get; }

    /// <summary>The tape it is recorded on; null for a constant.</summary>
    internal Tape<TScalar>? Tape { get; }

    internal int Index { get; }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static implicit operator Variable<TScalar>(double value) => new(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Variable<TScalar> operator +(Variable<TScalar> x, Variable<TScalar> y) => Record(x.Value + y.Value, x, 1, y, 1);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Variable<TScalar> operator -(Variable<TScalar> x, Variable<TScalar> y) => Record(x.Value - y.Value, x, 1, y, -1);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Variable<TScalar> operator *(Variable<TScalar> x, Variable<TScalar> y) => Record(x.Value * y.Value, x, y.Value, y, x.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Variable<TScalar> operator /(Variable<TScalar> x, Variable<TScalar> y)
    {
        var quotient = Elementary<TScalar>.Divide(x.Value, y.Value, out var toX, out var toY);
        return Record(quotient, x, toX, y, toY);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Variable<TScalar> operator -(Variable<TScalar> x) => Record(-x.Value, x, -1);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Variable<TScalar> FromDouble(double value) => value;

    /// <summary>A constant.</summary>
    /// <param name="value">Its value.</param>
    public static Variable<TScalar> Constant(TScalar value) => new(value);

    /// <summary>One record whatever the length.</summary>
    public static Variable<TScalar> Dot(ReadOnlySpan<double> weights, ReadOnlySpan<Variable<TScalar>> vector, Variable<TScalar> start)
    {
        var value = start.Value;
        var tape = AddEdge(start, 1, null);
        for (var i = 0; i < weights.Length; i++)
        {
            TScalar weight = weights[i];
            value += weight * vector[i].Value;
            tape = AddEdge(vector[i], weight, tape);
        }

        return tape is null ? new(value) : tape.Record(value);
    }

    /// <summary>One record whatever the length.</summary>
    public static Variable<TScalar> Dot(
        ReadOnlySpan<Variable<TScalar>> weights, ReadOnlySpan<Variable<TScalar>> vector, Variable<TScalar> start)
    {
        var value = start.Value;
        var tape = AddEdge(start, 1, null);
        for (var i = 0; i < weights.Length; i++)
        {
            value += weights[i].Value * vector[i].Value;
            tape = AddEdge(weights[i], vector[i].Value, tape);
            tape = AddEdge(vector[i], weights[i].Value, tape);
        }

        return tape is null ? new(value) : tape.Record(value);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Variable<TScalar> Exp(Variable<TScalar> x)
    {
        var y = Elementary<TScalar>.Exp(x.Value, out var slope);
        return Record(y, x, slope);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Variable<TScalar> Log(Variable<TScalar> x)
    {
        var y = Elementary<TScalar>.Log(x.Value, out var slope);
        return Record(y, x, slope);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Variable<TScalar> Sqrt(Variable<TScalar> x)
    {
        var y = Elementary<TScalar>.Sqrt(x.Value, out var slope);
        return Record(y, x, slope);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Variable<TScalar> Pow(Variable<TScalar> x, double p)
    {
        var y = Elementary<TScalar>.Pow(x.Value, p, out var slope);
        return Record(y, x, slope);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Variable<TScalar> Tanh(Variable<TScalar> x)
    {
        var y = Elementary<TScalar>.Tanh(x.Value, out var slope);
        return Record(y, x, slope);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Variable<TScalar> Sigmoid(Variable<TScalar> x)
    {
        var y = Elementary<TScalar>.Sigmoid(x.Value, out var slope);
        return Record(y, x, slope);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Variable<TScalar> Softplus(Variable<TScalar> x)
    {
        var y = Elementary<TScalar>.Softplus(x.Value, out var slope);
        return Record(y, x, slope);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Variable<TScalar> Sin(Variable<TScalar> x)
    {
        var y = Elementary<TScalar>.Sin(x.Value, out var slope);
        return Record(y, x, slope);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Variable<TScalar> Cos(Variable<TScalar> x)
    {
        var y = Elementary<TScalar>.Cos(x.Value, out var slope);
        return Record(y, x, slope);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Variable<TScalar> Atan(Variable<TScalar> x)
    {
        var y = Elementary<TScalar>.Atan(x.Value, out var slope);
        return Record(y, x, slope);
    }

    /// <inheritdoc/>
    public double ToDouble() => Value.ToDouble();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Variable<TScalar> Record(TScalar value, Variable<TScalar> x, TScalar slope)
    {
        var tape = AddEdge(x, slope, null);
        return tape is null ? new(value) : tape.Record(value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Variable<TScalar> Record(TScalar value, Variable<TScalar> x, TScalar toX, Variable<TScalar> y, TScalar toY)
    {
        var tape = AddEdge(y, toY, AddEdge(x, toX, null));
        return tape is null ? new(value) : tape.Record(value);
    }

    /// <summary>Notes a parent of the record to come, unless it is a constant; gives the tape that has the record's parents.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Tape<TScalar>? AddEdge(Variable<TScalar> parent, TScalar slope, Tape<TScalar>? tape)
    {
        if (parent.Tape is null)
        {
            return tape;
        }

        parent.Tape.AddEdge(parent.Index, slope);
        return parent.Tape;
    }
}
