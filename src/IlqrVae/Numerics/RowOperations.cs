using System.Numerics;
using System.Numerics.Tensors;

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
            return;
        }

        for (var i = 0; i < target.Rows; i++)
        {
            Gemv.AddScaled(factor, source.RowPointer(i), target.RowPointer(i), target.Columns);
        }
    }

    /// <summary>target = factor * target + source.</summary>
    public static void ScaleAndAdd<T>(T factor, Matrix<T> target, Matrix<T> source)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (AreContiguous(source, target))
        {
            var all = new Span<T>(target.Pointer, target.Rows * target.Stride);
            TensorPrimitives.MultiplyAdd(all, factor, new ReadOnlySpan<T>(source.Pointer, all.Length), all);
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

    /// <summary>Row i of the target = factors[i] * row i of the source.</summary>
    public static void ScaleRows<T>(T* factors, Matrix<T> source, Matrix<T> target)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = 0; i < source.Rows; i++)
        {
            var f = new Vector<T>(factors[i]);
            var x = source.RowPointer(i);
            var y = target.RowPointer(i);
            for (var j = 0; j < source.Columns; j += Vector<T>.Count)
            {
                Vector.Store(f * Vector.Load(x + j), y + j);
            }
        }
    }

    /// <summary>Row i of the target = a[i] * itself + b[i] * row i of the source.</summary>
    public static void CombineRows<T>(T* a, Matrix<T> target, T* b, Matrix<T> source)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = 0; i < source.Rows; i++)
        {
            var va = new Vector<T>(a[i]);
            var vb = new Vector<T>(b[i]);
            var x = source.RowPointer(i);
            var y = target.RowPointer(i);
            for (var j = 0; j < source.Columns; j += Vector<T>.Count)
            {
                Vector.Store((va * Vector.Load(y + j)) + (vb * Vector.Load(x + j)), y + j);
            }
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

        return sum;
    }

    /// <summary>Copies all elements.</summary>
    public static void Copy<T>(Matrix<T> source, Matrix<T> target)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (AreContiguous(source, target))
        {
            Elementwise.Copy(source.Pointer, target.Pointer, target.Rows * target.Stride);
        }
        else
        {
            target.CopyFrom(source);
        }
    }

    private static bool AreContiguous<T>(Matrix<T> x, Matrix<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => x.Stride == y.Stride && x.Stride == Matrix<T>.PaddedLength(x.Columns) && (long)x.Rows * x.Stride <= int.MaxValue;
}
