using System.Runtime.CompilerServices;

namespace IlqrVae.Models.Differentiation;

/// <summary>The elementary functions with their derivatives, both over any scalar: what every differentiating scalar is made of.</summary>
/// <typeparam name="TScalar">The scalar underneath.</typeparam>
internal static class Elementary<TScalar>
    where TScalar : struct, IScalar<TScalar>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TScalar Exp(TScalar x, out TScalar slope)
    {
        slope = TScalar.Exp(x);
        return slope;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TScalar Log(TScalar x, out TScalar slope)
    {
        slope = 1 / x;
        return TScalar.Log(x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TScalar Sqrt(TScalar x, out TScalar slope)
    {
        var y = TScalar.Sqrt(x);
        slope = 0.5 / y;
        return y;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TScalar Pow(TScalar x, double p, out TScalar slope)
    {
        slope = p == 0 ? 0 : p * TScalar.Pow(x, p - 1);
        return TScalar.Pow(x, p);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TScalar Tanh(TScalar x, out TScalar slope)
    {
        var y = TScalar.Tanh(x);
        slope = 1 - (y * y);
        return y;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TScalar Sigmoid(TScalar x, out TScalar slope)
    {
        var y = TScalar.Sigmoid(x);
        slope = y * (1 - y);
        return y;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TScalar Softplus(TScalar x, out TScalar slope)
    {
        slope = TScalar.Sigmoid(x);
        return TScalar.Softplus(x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TScalar Sin(TScalar x, out TScalar slope)
    {
        slope = TScalar.Cos(x);
        return TScalar.Sin(x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TScalar Cos(TScalar x, out TScalar slope)
    {
        slope = -TScalar.Sin(x);
        return TScalar.Cos(x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TScalar Atan(TScalar x, out TScalar slope)
    {
        slope = 1 / (1 + (x * x));
        return TScalar.Atan(x);
    }

    /// <summary>x / y; the derivatives are 1 / y and -(x / y) / y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TScalar Divide(TScalar x, TScalar y, out TScalar toX, out TScalar toY)
    {
        var quotient = x / y;
        toX = 1 / y;
        toY = -(quotient * toX);
        return quotient;
    }
}
