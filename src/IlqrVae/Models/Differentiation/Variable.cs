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
    public static implicit operator Variable<TScalar>(double value) => new(value);

    /// <inheritdoc/>
    public static Variable<TScalar> operator +(Variable<TScalar> x, Variable<TScalar> y) => Record(x.Value + y.Value, x, 1, y, 1);

    /// <inheritdoc/>
    public static Variable<TScalar> operator -(Variable<TScalar> x, Variable<TScalar> y) => Record(x.Value - y.Value, x, 1, y, -1);

    /// <inheritdoc/>
    public static Variable<TScalar> operator *(Variable<TScalar> x, Variable<TScalar> y) => Record(x.Value * y.Value, x, y.Value, y, x.Value);

    /// <inheritdoc/>
    public static Variable<TScalar> operator /(Variable<TScalar> x, Variable<TScalar> y)
    {
        var quotient = Elementary<TScalar>.Divide(x.Value, y.Value, out var toX, out var toY);
        return Record(quotient, x, toX, y, toY);
    }

    /// <inheritdoc/>
    public static Variable<TScalar> operator -(Variable<TScalar> x) => Record(-x.Value, x, -1);

    /// <inheritdoc/>
    public static Variable<TScalar> FromDouble(double value) => value;

    /// <summary>A constant.</summary>
    /// <param name="value">Its value.</param>
    public static Variable<TScalar> Constant(TScalar value) => new(value);

    /// <inheritdoc/>
    public static Variable<TScalar> MultiplyAdd(Variable<TScalar> x, Variable<TScalar> y, Variable<TScalar> z)
    {
        var value = (x.Value * y.Value) + z.Value;
        return x.Tape is null ? Record(value, y, x.Value, z, 1)
            : y.Tape is null ? Record(value, x, y.Value, z, 1)
            : (x * y) + z;
    }

    /// <inheritdoc/>
    public static Variable<TScalar> Exp(Variable<TScalar> x)
    {
        var y = Elementary<TScalar>.Exp(x.Value, out var slope);
        return Record(y, x, slope);
    }

    /// <inheritdoc/>
    public static Variable<TScalar> Log(Variable<TScalar> x)
    {
        var y = Elementary<TScalar>.Log(x.Value, out var slope);
        return Record(y, x, slope);
    }

    /// <inheritdoc/>
    public static Variable<TScalar> Sqrt(Variable<TScalar> x)
    {
        var y = Elementary<TScalar>.Sqrt(x.Value, out var slope);
        return Record(y, x, slope);
    }

    /// <inheritdoc/>
    public static Variable<TScalar> Pow(Variable<TScalar> x, double p)
    {
        var y = Elementary<TScalar>.Pow(x.Value, p, out var slope);
        return Record(y, x, slope);
    }

    /// <inheritdoc/>
    public static Variable<TScalar> Tanh(Variable<TScalar> x)
    {
        var y = Elementary<TScalar>.Tanh(x.Value, out var slope);
        return Record(y, x, slope);
    }

    /// <inheritdoc/>
    public static Variable<TScalar> Sigmoid(Variable<TScalar> x)
    {
        var y = Elementary<TScalar>.Sigmoid(x.Value, out var slope);
        return Record(y, x, slope);
    }

    /// <inheritdoc/>
    public static Variable<TScalar> Softplus(Variable<TScalar> x)
    {
        var y = Elementary<TScalar>.Softplus(x.Value, out var slope);
        return Record(y, x, slope);
    }

    /// <inheritdoc/>
    public static Variable<TScalar> Sin(Variable<TScalar> x)
    {
        var y = Elementary<TScalar>.Sin(x.Value, out var slope);
        return Record(y, x, slope);
    }

    /// <inheritdoc/>
    public static Variable<TScalar> Cos(Variable<TScalar> x)
    {
        var y = Elementary<TScalar>.Cos(x.Value, out var slope);
        return Record(y, x, slope);
    }

    /// <inheritdoc/>
    public static Variable<TScalar> Atan(Variable<TScalar> x)
    {
        var y = Elementary<TScalar>.Atan(x.Value, out var slope);
        return Record(y, x, slope);
    }

    /// <inheritdoc/>
    public double ToDouble() => Value.ToDouble();

    private static Variable<TScalar> Record(TScalar value, Variable<TScalar> x, TScalar slope)
        => x.Tape is null ? new(value) : x.Tape.Record(value, x.Index, slope);

    private static Variable<TScalar> Record(TScalar value, Variable<TScalar> x, TScalar toX, Variable<TScalar> y, TScalar toY)
        => x.Tape is null ? Record(value, y, toY)
            : y.Tape is null ? x.Tape.Record(value, x.Index, toX)
            : x.Tape.Record(value, x.Index, toX, y.Index, toY);
}
