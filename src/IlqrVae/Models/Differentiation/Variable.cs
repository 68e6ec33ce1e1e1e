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
        vector = vector[..weights.Length];
        var tape = start.Tape ?? FirstTape(vector);
        var room = tape is null ? default : tape.Reserve(weights.Length + 1);
        var used = start.AddEdge(1, room, 0);
        var value = start.Value;
        for (var i = 0; i < weights.Length; i++)
        {
            TScalar weight = weights[i];
            ref readonly var x = ref vector[i];
            value += weight * x.Value;
            used = x.AddEdge(weight, room, used);
        }

        return tape is null ? new(value) : tape.Record(value, used);
    }

    /// <summary>One record whatever the length.</summary>
    public static Variable<TScalar> Dot(
        ReadOnlySpan<Variable<TScalar>> weights, ReadOnlySpan<Variable<TScalar>> vector, Variable<TScalar> start)
    {
        vector = vector[..weights.Length];
        var tape = start.Tape ?? FirstTape(weights) ?? FirstTape(vector);
        var room = tape is null ? default : tape.Reserve((2 * weights.Length) + 1);
        var used = start.AddEdge(1, room, 0);
        var value = start.Value;
        for (var i = 0; i < weights.Length; i++)
        {
            ref readonly var w = ref weights[i];
            ref readonly var x = ref vector[i];
            value += w.Value * x.Value;
            used = w.AddEdge(x.Value, room, used);
            used = x.AddEdge(w.Value, room, used);
        }

        return tape is null ? new(value) : tape.Record(value, used);
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
    private static Variable<TScalar> Record(TScalar value, in Variable<TScalar> x, TScalar slope)
    {
        if (x.Tape is null)
        {
            return new(value);
        }

        var room = x.Tape.Reserve(1);
        return x.Tape.Record(value, x.AddEdge(slope, room, 0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Variable<TScalar> Record(TScalar value, in Variable<TScalar> x, TScalar toX, in Variable<TScalar> y, TScalar toY)
    {
        var tape = x.Tape ?? y.Tape;
        if (tape is null)
        {
            return new(value);
        }

        var room = tape.Reserve(2);
        return tape.Record(value, y.AddEdge(toY, room, x.AddEdge(toX, room, 0)));
    }

    private static Tape<TScalar>? FirstTape(ReadOnlySpan<Variable<TScalar>> variables)
    {
        foreach (ref readonly var variable in variables)
        {
            if (variable.Tape is not null)
            {
                return variable.Tape;
            }
        }

        return null;
    }

    /// <summary>Notes this as a parent of the record to come, unless it is a constant; gives the number of parents noted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int AddEdge(TScalar slope, Span<Tape<TScalar>.Edge> room, int used)
    {
        if (Tape is null)
        {
            return used;
        }

        room[used].Parent = Index;
        room[used].Slope = slope;
        return used + 1;
    }
}
