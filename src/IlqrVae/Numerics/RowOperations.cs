using System.Numerics;
using System.Numerics.Tensors;

namespace IlqrVae.Numerics;

/// <summary>Element-by-element operations on whole matrices of the same shape. No method allocates.</summary>
internal static unsafe class RowOperations
{
    /// <summary>target += factor * source.</summary>
    public static void AddScaled<T>(T factor, Matrix<T> source, Matrix<T> target)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = 0; i < target.Rows; i++)
        {
            Gemv.AddScaled(factor, source.RowPointer(i), target.RowPointer(i), target.Columns);
        }
    }

    /// <summary>target = factor * target + source.</summary>
    public static void ScaleAndAdd<T>(T factor, Matrix<T> target, Matrix<T> source)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = 0; i < target.Rows; i++)
        {
            var row = target.Row(i);
            TensorPrimitives.MultiplyAdd(row, factor, source.Row(i), row);
        }
    }
}
