using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace IlqrVae.Numerics;

/// <summary>
/// Hints that rows will be needed soon. Sweeps over long trials read a short row from each of a dozen matrices a step, which is too little of each for
/// the processor to see what comes next.
/// </summary>
internal static unsafe class Prefetch
{
    /// <summary>Steps that a sweep looks ahead: about the time that memory takes to answer.</summary>
    public const int Distance = 4;

    private const int LineLength = 64;

    /// <summary>Matrices of fewer rows are in the caches anyway.</summary>
    private const int FewestRows = 256;

    /// <summary>Asks for one row; nothing happens where the matrix has no such row, or only few.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Row<T>(Matrix<T> matrix, int row)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (Sse.IsSupported && matrix.Rows >= FewestRows && (uint)row < (uint)matrix.Rows)
        {
            var start = (byte*)matrix.RowPointer(row);
            var end = start + ((long)matrix.Columns * sizeof(T));
            for (; start < end; start += LineLength)
            {
                Sse.Prefetch0(start);
            }

            matrix.KeepAlive();
        }
    }
}
