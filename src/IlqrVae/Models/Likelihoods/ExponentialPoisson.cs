using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using IlqrVae.Numerics;

namespace IlqrVae.Models.Likelihoods;

/// <summary>
/// The kernels of spike counts under the canonical link, r = exp(a) w with bin width w: loss r - y a, its first derivative r - y, its second r. Each goes
/// once over a block of activations. They refuse activations beyond the limit of the link's exponential part.
/// </summary>
internal static unsafe class ExponentialPoisson
{
    /// <summary>The sum of mask (r - y a).</summary>
    /// <param name="activations">a; whole padded rows, as all operands.</param>
    /// <param name="counts">y.</param>
    /// <param name="mask">Ones and zeros, or empty for all ones.</param>
    /// <param name="binWidth">w, in the unit that r / w has.</param>
    /// <param name="rates">Receives r; empty when it is not wanted.</param>
    /// <param name="sum">The sum, with padding of activations taken as channels of no counts.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <returns>False when some activation is beyond the limit.</returns>
    public static bool TryLoss<T>(Matrix<T> activations, Matrix<T> counts, Matrix<T> mask, double binWidth, Matrix<T> rates, out double sum)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var count = activations.Rows * activations.Stride;
        T* a = activations.Pointer, y = counts.Pointer, b = mask.IsEmpty ? null : mask.Pointer, r = rates.IsEmpty ? null : rates.Pointer;
        var w = T.CreateChecked(binWidth);
        var isWithin = Vector512.IsHardwareAccelerated ? TryLoss<T, Simd512<T>>(a, y, b, count, w, r, out sum)
            : Vector256.IsHardwareAccelerated ? TryLoss<T, Simd256<T>>(a, y, b, count, w, r, out sum)
            : TryLoss<T, Simd128<T>>(a, y, b, count, w, r, out sum);
        activations.KeepAlive();
        counts.KeepAlive();
        mask.KeepAlive();
        rates.KeepAlive();
        return isWithin;
    }

    /// <summary>first = r - y, fisher = exact = r.</summary>
    /// <param name="activations">a; whole padded rows, as all operands.</param>
    /// <param name="counts">y.</param>
    /// <param name="binWidth">w, in the unit that r / w has.</param>
    /// <param name="first">First derivatives.</param>
    /// <param name="fisher">Fisher information.</param>
    /// <param name="exact">Second derivatives.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <returns>False when some activation is beyond the limit; the results are then unspecified.</returns>
    public static bool TryDerivatives<T>(
        Matrix<T> activations, Matrix<T> counts, double binWidth, Matrix<T> first, Matrix<T> fisher, Matrix<T> exact)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var count = activations.Rows * activations.Stride;
        T* a = activations.Pointer, y = counts.Pointer;
        var w = T.CreateChecked(binWidth);
        var isWithin = Vector512.IsHardwareAccelerated ? TryDerivatives<T, Simd512<T>>(a, y, count, w, first.Pointer, fisher.Pointer, exact.Pointer)
            : Vector256.IsHardwareAccelerated ? TryDerivatives<T, Simd256<T>>(a, y, count, w, first.Pointer, fisher.Pointer, exact.Pointer)
            : TryDerivatives<T, Simd128<T>>(a, y, count, w, first.Pointer, fisher.Pointer, exact.Pointer);
        activations.KeepAlive();
        counts.KeepAlive();
        first.KeepAlive();
        fisher.KeepAlive();
        exact.KeepAlive();
        return isWithin;
    }

    /// <summary>first = r - y, fisher = exact = r, from rates that <see cref="TryLoss{T}"/> has kept.</summary>
    /// <param name="rates">r; whole padded rows, as all operands.</param>
    /// <param name="counts">y.</param>
    /// <param name="first">First derivatives.</param>
    /// <param name="fisher">Fisher information.</param>
    /// <param name="exact">Second derivatives.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static void DerivativesFromRates<T>(Matrix<T> rates, Matrix<T> counts, Matrix<T> first, Matrix<T> fisher, Matrix<T> exact)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        TensorPrimitives.Subtract<T>(rates.Flat, counts.Flat, first.Flat);
        rates.Flat.CopyTo(fisher.Flat);
        rates.Flat.CopyTo(exact.Flat);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool TryLoss<T, V>(T* a, T* y, T* mask, int count, T binWidth, T* rates, out double sum)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
    {
        var w = V.Broadcast(binWidth);
        var limit = V.Broadcast(T.CreateChecked(Link.ExponentialLimit));
        var largest = limit;
        var total = V.Zero;
        for (var i = 0; i < count; i += V.Count)
        {
            var activation = V.Load(a + i);
            largest = V.Max(largest, activation);
            var rate = V.Multiply(V.Exp(activation), w);
            if (rates is not null)
            {
                V.Store(rate, rates + i);
            }

            var loss = V.Subtract(rate, V.Multiply(activation, V.Load(y + i)));
            total = V.Add(total, mask is null ? loss : V.Multiply(loss, V.Load(mask + i)));
        }

        sum = double.CreateChecked(V.Sum(total));
        return !V.IsAnyGreater(largest, limit);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool TryDerivatives<T, V>(T* a, T* y, int count, T binWidth, T* first, T* fisher, T* exact)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
    {
        var w = V.Broadcast(binWidth);
        var limit = V.Broadcast(T.CreateChecked(Link.ExponentialLimit));
        var largest = limit;
        for (var i = 0; i < count; i += V.Count)
        {
            var activation = V.Load(a + i);
            largest = V.Max(largest, activation);
            var rate = V.Multiply(V.Exp(activation), w);
            V.Store(rate, fisher + i);
            V.Store(rate, exact + i);
            V.Store(V.Subtract(rate, V.Load(y + i)), first + i);
        }

        return !V.IsAnyGreater(largest, limit);
    }
}
