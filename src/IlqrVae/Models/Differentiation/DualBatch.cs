using System.Numerics;
using System.Runtime.CompilerServices;

namespace IlqrVae.Models.Differentiation;

/// <summary>A number and its derivatives along as many directions as fill a vector register: for whole Jacobians in few passes.</summary>
/// <param name="Value">The number.</param>
/// <param name="Tangents">Its derivatives, one a direction.</param>
/// <typeparam name="T">float or double.</typeparam>
public readonly record struct DualBatch<T>(Real<T> Value, Vector<T> Tangents) : IScalar<DualBatch<T>>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Number of directions.</summary>
    public static int Width => Vector<T>.Count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static implicit operator DualBatch<T>(double value) => new(value, Vector<T>.Zero);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DualBatch<T> operator +(DualBatch<T> x, DualBatch<T> y) => new(x.Value + y.Value, x.Tangents + y.Tangents);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DualBatch<T> operator -(DualBatch<T> x, DualBatch<T> y) => new(x.Value - y.Value, x.Tangents - y.Tangents);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DualBatch<T> operator *(DualBatch<T> x, DualBatch<T> y)
        => new(x.Value * y.Value, (x.Tangents * y.Value.Value) + (y.Tangents * x.Value.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DualBatch<T> operator /(DualBatch<T> x, DualBatch<T> y)
    {
        var quotient = Elementary<Real<T>>.Divide(x.Value, y.Value, out var toX, out var toY);
        return new(quotient, (x.Tangents * toX.Value) + (y.Tangents * toY.Value));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DualBatch<T> operator -(DualBatch<T> x) => new(-x.Value, -x.Tangents);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DualBatch<T> FromDouble(double value) => value;

    /// <inheritdoc/>
    public static DualBatch<T> Dot(ReadOnlySpan<double> weights, ReadOnlySpan<DualBatch<T>> vector, DualBatch<T> start)
    {
        var value = start.Value.Value;
        var tangents = start.Tangents;
        vector = vector[..weights.Length];
        for (var i = 0; i < weights.Length; i++)
        {
            ref readonly var x = ref vector[i];
            Real<T> weight = weights[i];
            value += weight.Value * x.Value.Value;
            tangents += x.Tangents * weight.Value;
        }

        return new(new Real<T>(value), tangents);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DualBatch<T> Exp(DualBatch<T> x)
    {
        var y = Elementary<Real<T>>.Exp(x.Value, out var slope);
        return new(y, x.Tangents * slope.Value);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DualBatch<T> Log(DualBatch<T> x)
    {
        var y = Elementary<Real<T>>.Log(x.Value, out var slope);
        return new(y, x.Tangents * slope.Value);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DualBatch<T> Sqrt(DualBatch<T> x)
    {
        var y = Elementary<Real<T>>.Sqrt(x.Value, out var slope);
        return new(y, x.Tangents * slope.Value);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DualBatch<T> Pow(DualBatch<T> x, double p)
    {
        var y = Elementary<Real<T>>.Pow(x.Value, p, out var slope);
        return new(y, x.Tangents * slope.Value);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DualBatch<T> Tanh(DualBatch<T> x)
    {
        var y = Elementary<Real<T>>.Tanh(x.Value, out var slope);
        return new(y, x.Tangents * slope.Value);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DualBatch<T> Sigmoid(DualBatch<T> x)
    {
        var y = Elementary<Real<T>>.Sigmoid(x.Value, out var slope);
        return new(y, x.Tangents * slope.Value);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DualBatch<T> Softplus(DualBatch<T> x)
    {
        var y = Elementary<Real<T>>.Softplus(x.Value, out var slope);
        return new(y, x.Tangents * slope.Value);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DualBatch<T> Sin(DualBatch<T> x)
    {
        var y = Elementary<Real<T>>.Sin(x.Value, out var slope);
        return new(y, x.Tangents * slope.Value);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DualBatch<T> Cos(DualBatch<T> x)
    {
        var y = Elementary<Real<T>>.Cos(x.Value, out var slope);
        return new(y, x.Tangents * slope.Value);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DualBatch<T> Atan(DualBatch<T> x)
    {
        var y = Elementary<Real<T>>.Atan(x.Value, out var slope);
        return new(y, x.Tangents * slope.Value);
    }

    /// <inheritdoc/>
    public double ToDouble() => Value.ToDouble();
}
