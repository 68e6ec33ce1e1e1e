using System.Numerics;
using System.Runtime.CompilerServices;

namespace IlqrVae.Models.Differentiation;

/// <summary>A plain number.</summary>
/// <param name="Value">The number.</param>
/// <typeparam name="T">float or double.</typeparam>
public readonly record struct Real<T>(T Value) : IScalar<Real<T>>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static implicit operator Real<T>(double value)
        => new(typeof(T) == typeof(double) ? Unsafe.BitCast<double, T>(value)
            : typeof(T) == typeof(float) ? Unsafe.BitCast<float, T>((float)value)
            : T.CreateTruncating(value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real<T> operator +(Real<T> x, Real<T> y) => new(x.Value + y.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real<T> operator -(Real<T> x, Real<T> y) => new(x.Value - y.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real<T> operator *(Real<T> x, Real<T> y) => new(x.Value * y.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real<T> operator /(Real<T> x, Real<T> y) => new(x.Value / y.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real<T> operator -(Real<T> x) => new(-x.Value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real<T> FromDouble(double value) => value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real<T> Exp(Real<T> x) => new(T.Exp(x.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real<T> Log(Real<T> x) => new(T.Log(x.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real<T> Sqrt(Real<T> x) => new(T.Sqrt(x.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real<T> Pow(Real<T> x, double p) => new(T.Pow(x.Value, T.CreateTruncating(p)));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real<T> Tanh(Real<T> x) => new(T.Tanh(x.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real<T> Sigmoid(Real<T> x) => new(T.One / (T.One + T.Exp(-x.Value)));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real<T> Softplus(Real<T> x) => new(T.Max(x.Value, T.Zero) + T.LogP1(T.Exp(-T.Abs(x.Value))));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real<T> Sin(Real<T> x) => new(T.Sin(x.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real<T> Cos(Real<T> x) => new(T.Cos(x.Value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real<T> Atan(Real<T> x) => new(T.Atan(x.Value));

    /// <inheritdoc/>
    public double ToDouble() => double.CreateTruncating(Value);
}
