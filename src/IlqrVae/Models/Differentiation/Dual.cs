using System.Runtime.CompilerServices;

namespace IlqrVae.Models.Differentiation;

/// <summary>
/// A number and its derivative along one direction (forward mode). Over duals again, or under a <see cref="Variable{TScalar}"/>, it gives
/// second derivatives.
/// </summary>
/// <param name="Value">The number.</param>
/// <param name="Tangent">Its derivative along the direction.</param>
/// <typeparam name="TScalar">The scalar underneath.</typeparam>
public readonly record struct Dual<TScalar>(TScalar Value, TScalar Tangent) : IScalar<Dual<TScalar>>
    where TScalar : struct, IScalar<TScalar>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static implicit operator Dual<TScalar>(double value) => new(value, default);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<TScalar> operator +(Dual<TScalar> x, Dual<TScalar> y) => new(x.Value + y.Value, x.Tangent + y.Tangent);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<TScalar> operator -(Dual<TScalar> x, Dual<TScalar> y) => new(x.Value - y.Value, x.Tangent - y.Tangent);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<TScalar> operator *(Dual<TScalar> x, Dual<TScalar> y)
        => new(x.Value * y.Value, (x.Tangent * y.Value) + (x.Value * y.Tangent));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<TScalar> operator /(Dual<TScalar> x, Dual<TScalar> y)
    {
        var quotient = Elementary<TScalar>.Divide(x.Value, y.Value, out var toX, out var toY);
        return new(quotient, (toX * x.Tangent) + (toY * y.Tangent));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<TScalar> operator -(Dual<TScalar> x) => new(-x.Value, -x.Tangent);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<TScalar> FromDouble(double value) => value;

    /// <inheritdoc/>
    public static Dual<TScalar> Dot(ReadOnlySpan<double> weights, ReadOnlySpan<Dual<TScalar>> vector, Dual<TScalar> start)
    {
        var (value, tangent) = start;
        for (var i = 0; i < weights.Length; i++)
        {
            TScalar weight = weights[i];
            value += weight * vector[i].Value;
            tangent += weight * vector[i].Tangent;
        }

        return new(value, tangent);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<TScalar> Exp(Dual<TScalar> x)
    {
        var y = Elementary<TScalar>.Exp(x.Value, out var slope);
        return new(y, slope * x.Tangent);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<TScalar> Log(Dual<TScalar> x)
    {
        var y = Elementary<TScalar>.Log(x.Value, out var slope);
        return new(y, slope * x.Tangent);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<TScalar> Sqrt(Dual<TScalar> x)
    {
        var y = Elementary<TScalar>.Sqrt(x.Value, out var slope);
        return new(y, slope * x.Tangent);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<TScalar> Pow(Dual<TScalar> x, double p)
    {
        var y = Elementary<TScalar>.Pow(x.Value, p, out var slope);
        return new(y, slope * x.Tangent);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<TScalar> Tanh(Dual<TScalar> x)
    {
        var y = Elementary<TScalar>.Tanh(x.Value, out var slope);
        return new(y, slope * x.Tangent);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<TScalar> Sigmoid(Dual<TScalar> x)
    {
        var y = Elementary<TScalar>.Sigmoid(x.Value, out var slope);
        return new(y, slope * x.Tangent);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<TScalar> Softplus(Dual<TScalar> x)
    {
        var y = Elementary<TScalar>.Softplus(x.Value, out var slope);
        return new(y, slope * x.Tangent);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<TScalar> Sin(Dual<TScalar> x)
    {
        var y = Elementary<TScalar>.Sin(x.Value, out var slope);
        return new(y, slope * x.Tangent);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<TScalar> Cos(Dual<TScalar> x)
    {
        var y = Elementary<TScalar>.Cos(x.Value, out var slope);
        return new(y, slope * x.Tangent);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dual<TScalar> Atan(Dual<TScalar> x)
    {
        var y = Elementary<TScalar>.Atan(x.Value, out var slope);
        return new(y, slope * x.Tangent);
    }

    /// <inheritdoc/>
    public double ToDouble() => Value.ToDouble();
}
