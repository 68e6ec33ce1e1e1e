using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace IlqrVae.Numerics;

/// <summary>
/// Element-by-element operations on whole matrices of the same shape. Where rows follow each other without gaps, as in every allocated matrix, the
/// matrix is one long vector whose padding is zero, and is treated as such. No method allocates.
/// </summary>
internal static unsafe class RowOperations
{
    /// <summary>Rows whose products are summed before the sum is carried on in double precision.</summary>
    private const int DotBlock = 32;

    /// <summary>target += factor * source.</summary>
    public static void AddScaled<T>(T factor, Matrix<T> source, Matrix<T> target)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (AreContiguous(source, target))
        {
            Gemv.AddScaled(factor, source.Pointer, target.Pointer, target.Rows * target.Stride);
        }
        else
        {
            for (var i = 0; i < target.Rows; i++)
            {
                Gemv.AddScaled(factor, source.RowPointer(i), target.RowPointer(i), target.Columns);
            }
        }

        source.KeepAlive();
        target.KeepAlive();
    }

    /// <summary>target = factor * target + source.</summary>
    public static void ScaleAndAdd<T>(T factor, Matrix<T> target, Matrix<T> source)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (AreContiguous(source, target))
        {
            var all = new Span<T>(target.Pointer, target.Rows * target.Stride);
            TensorPrimitives.MultiplyAdd(all, factor, new ReadOnlySpan<T>(source.Pointer, all.Length), all);
            source.KeepAlive();
            target.KeepAlive();
            return;
        }

        for (var i = 0; i < target.Rows; i++)
        {
            var row = target.Row(i);
            TensorPrimitives.MultiplyAdd(row, factor, source.Row(i), row);
        }
    }

    /// <summary>target = factor * target + source, for one row of whole vectors; rounded as for matrices.</summary>
    public static void ScaleAndAdd<T>(T factor, T* target, T* source, int n)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var f = new Vector<T>(factor);
        for (var i = 0; i < n; i += Vector<T>.Count)
        {
            Vector.Store((f * Vector.Load(target + i)) + Vector.Load(source + i), target + i);
        }
    }

    /// <summary>target = diag(factors) source, and + diag(diagonal) where that is given and they are square.</summary>
    public static void ScaleRows<T>(T* factors, Matrix<T> source, Matrix<T> target, T* diagonal = null)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (Vector512.IsHardwareAccelerated)
        {
            ScaleRows<T, Simd512<T>>(factors, source, target, diagonal);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            ScaleRows<T, Simd256<T>>(factors, source, target, diagonal);
        }
        else
        {
            ScaleRows<T, Simd128<T>>(factors, source, target, diagonal);
        }
    }

    /// <summary>target = diag(a) target + diag(b) source, and + diag(diagonal) where that is given and they are square.</summary>
    public static void CombineRows<T>(T* a, Matrix<T> target, T* b, Matrix<T> source, T* diagonal = null)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (Vector512.IsHardwareAccelerated)
        {
            CombineRows<T, Simd512<T>>(a, target, b, source, diagonal);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            CombineRows<T, Simd256<T>>(a, target, b, source, diagonal);
        }
        else
        {
            CombineRows<T, Simd128<T>>(a, target, b, source, diagonal);
        }
    }

    /// <summary>target *= factor.</summary>
    public static void Scale<T>(T factor, Matrix<T> target)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = 0; i < target.Rows; i++)
        {
            Elementwise.Scale(factor, target.RowPointer(i), target.Columns);
        }

        target.KeepAlive();
    }

    /// <summary>The sum of products of all elements, carried in double precision.</summary>
    public static double Dot<T>(Matrix<T> x, Matrix<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var sum = 0.0;
        var block = AreContiguous(x, y) ? DotBlock : 1;
        for (var i = 0; i < x.Rows; i += block)
        {
            var rows = Math.Min(block, x.Rows - i);
            sum += double.CreateChecked(Gemv.Dot(x.RowPointer(i), y.RowPointer(i), ((rows - 1) * x.Stride) + x.Columns));
        }

        x.KeepAlive();
        y.KeepAlive();
        return sum;
    }

    /// <summary>Copies all elements, padding included.</summary>
    public static void Copy<T>(Matrix<T> source, Matrix<T> target)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (AreContiguous(source, target))
        {
            Elementwise.Copy(source.Pointer, target.Pointer, target.Rows * target.Stride);
        }
        else
        {
            for (var i = 0; i < target.Rows; i++)
            {
                Elementwise.Copy(source.RowPointer(i), target.RowPointer(i), target.Columns);
            }
        }

        source.KeepAlive();
        target.KeepAlive();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void ScaleRows<T, V>(T* factors, Matrix<T> source, Matrix<T> target, T* diagonal)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
    {
        int rows = source.Rows, columns = source.Columns;
        T* x = source.Pointer, y = target.Pointer;
        for (var i = 0; i < rows; i++)
        {
            var f = V.Broadcast(factors[i]);
            for (var j = 0; j < columns; j += V.Count)
            {
                V.Store(V.Multiply(f, V.Load(x + j)), y + j);
            }

            if (diagonal is not null)
            {
                y[i] += diagonal[i];
            }

            x += source.Stride;
            y += target.Stride;
        }

        source.KeepAlive();
        target.KeepAlive();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void CombineRows<T, V>(T* a, Matrix<T> target, T* b, Matrix<T> source, T* diagonal)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where V : struct, ISimd<V, T>
    {
        int rows = source.Rows, columns = source.Columns;
        T* x = source.Pointer, y = target.Pointer;
        for (var i = 0; i < rows; i++)
        {
            var va = V.Broadcast(a[i]);
            var vb = V.Broadcast(b[i]);
            for (var j = 0; j < columns; j += V.Count)
            {
                V.Store(V.MultiplyAdd(va, V.Load(y + j), V.Multiply(vb, V.Load(x + j))), y + j);
            }

            if (diagonal is not null)
            {
                y[i] += diagonal[i];
            }

            x += source.Stride;
            y += target.Stride;
        }

        source.KeepAlive();
        target.KeepAlive();
    }

    private static bool AreContiguous<T>(Matrix<T> x, Matrix<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => x.Stride == y.Stride && x.Stride == Matrix<T>.PaddedLength(x.Columns) && (long)x.Rows * x.Stride <= int.MaxValue;
}
