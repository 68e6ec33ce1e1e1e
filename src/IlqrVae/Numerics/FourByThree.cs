using System.Numerics;
using System.Runtime.CompilerServices;

namespace IlqrVae.Numerics;

/// <summary>
/// The register tile of products where there are 16 registers: 4 rows by 3 vectors, 12 sums beside three vectors of the right operand and one number of the left.
/// </summary>
/// <remarks>
/// A step over depth is 12 multiplications for 7 loads. What is left of the instructions counts where two threads share a core, since then each decodes half as many: depth goes
/// by two, and whether the product replaces what is there, adds to it or is subtracted is asked once. At n = 60 that takes a quarter off the time that 6 rows by 2 vectors took beside
/// a neighbour, and next to nothing on a core of one's own. (Sums in fields, written out: with the sizes as type parameters a second step is more than the compiler inlines.)
/// </remarks>
/// <typeparam name="T">float or double.</typeparam>
/// <typeparam name="V">The register.</typeparam>
internal unsafe struct FourByThree<T, V>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : struct, ISimd<V, T>
{
    private V _c00, _c01, _c02;
    private V _c10, _c11, _c12;
    private V _c20, _c21, _c22;
    private V _c30, _c31, _c32;

    /// <summary>A tile of a product; see <see cref="Gemm.Dispatch"/>. Inlined into the row of tiles: without its ten arguments a factorisation at n = 20 takes 1.3 % less.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply(T* a, nint aRow, nint aDepth, T* b, nint ldb, T* c, nint ldc, int k, Gemm.StoreMode mode)
    {
        // Not "default": the compiler would clear the fields in memory, and leave them there.
        Unsafe.SkipInit(out FourByThree<T, V> sums);
        sums.Clear();
        for (; k >= 2; k -= 2)
        {
            sums.Step(a, aRow, b);
            a += aDepth;
            b += ldb;
            sums.Step(a, aRow, b);
            a += aDepth;
            b += ldb;
        }

        if (k > 0)
        {
            sums.Step(a, aRow, b);
        }

        switch (mode)
        {
            case Gemm.StoreMode.Replace: sums.Replace(c, ldc); break;
            case Gemm.StoreMode.Add: sums.AddTo(c, ldc); break;
            default: sums.SubtractFrom(c, ldc); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Clear()
    {
        _c00 = V.Zero;
        _c01 = V.Zero;
        _c02 = V.Zero;
        _c10 = V.Zero;
        _c11 = V.Zero;
        _c12 = V.Zero;
        _c20 = V.Zero;
        _c21 = V.Zero;
        _c22 = V.Zero;
        _c30 = V.Zero;
        _c31 = V.Zero;
        _c32 = V.Zero;
    }

    /// <summary>One number of each row, times three vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Step(T* a, nint aRow, T* b)
    {
        V b0 = V.Load(b), b1 = V.Load(b + V.Count), b2 = V.Load(b + (2 * V.Count));
        var x = V.Broadcast(*a);
        _c00 = V.MultiplyAdd(x, b0, _c00);
        _c01 = V.MultiplyAdd(x, b1, _c01);
        _c02 = V.MultiplyAdd(x, b2, _c02);
        x = V.Broadcast(a[aRow]);
        _c10 = V.MultiplyAdd(x, b0, _c10);
        _c11 = V.MultiplyAdd(x, b1, _c11);
        _c12 = V.MultiplyAdd(x, b2, _c12);
        x = V.Broadcast(a[2 * aRow]);
        _c20 = V.MultiplyAdd(x, b0, _c20);
        _c21 = V.MultiplyAdd(x, b1, _c21);
        _c22 = V.MultiplyAdd(x, b2, _c22);
        x = V.Broadcast(a[3 * aRow]);
        _c30 = V.MultiplyAdd(x, b0, _c30);
        _c31 = V.MultiplyAdd(x, b1, _c31);
        _c32 = V.MultiplyAdd(x, b2, _c32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Replace(T* c, nint ldc)
    {
        V.Store(_c00, c);
        V.Store(_c01, c + V.Count);
        V.Store(_c02, c + (2 * V.Count));
        c += ldc;
        V.Store(_c10, c);
        V.Store(_c11, c + V.Count);
        V.Store(_c12, c + (2 * V.Count));
        c += ldc;
        V.Store(_c20, c);
        V.Store(_c21, c + V.Count);
        V.Store(_c22, c + (2 * V.Count));
        c += ldc;
        V.Store(_c30, c);
        V.Store(_c31, c + V.Count);
        V.Store(_c32, c + (2 * V.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void AddTo(T* c, nint ldc)
    {
        V.Store(V.Add(V.Load(c), _c00), c);
        V.Store(V.Add(V.Load(c + V.Count), _c01), c + V.Count);
        V.Store(V.Add(V.Load(c + (2 * V.Count)), _c02), c + (2 * V.Count));
        c += ldc;
        V.Store(V.Add(V.Load(c), _c10), c);
        V.Store(V.Add(V.Load(c + V.Count), _c11), c + V.Count);
        V.Store(V.Add(V.Load(c + (2 * V.Count)), _c12), c + (2 * V.Count));
        c += ldc;
        V.Store(V.Add(V.Load(c), _c20), c);
        V.Store(V.Add(V.Load(c + V.Count), _c21), c + V.Count);
        V.Store(V.Add(V.Load(c + (2 * V.Count)), _c22), c + (2 * V.Count));
        c += ldc;
        V.Store(V.Add(V.Load(c), _c30), c);
        V.Store(V.Add(V.Load(c + V.Count), _c31), c + V.Count);
        V.Store(V.Add(V.Load(c + (2 * V.Count)), _c32), c + (2 * V.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SubtractFrom(T* c, nint ldc)
    {
        V.Store(V.Subtract(V.Load(c), _c00), c);
        V.Store(V.Subtract(V.Load(c + V.Count), _c01), c + V.Count);
        V.Store(V.Subtract(V.Load(c + (2 * V.Count)), _c02), c + (2 * V.Count));
        c += ldc;
        V.Store(V.Subtract(V.Load(c), _c10), c);
        V.Store(V.Subtract(V.Load(c + V.Count), _c11), c + V.Count);
        V.Store(V.Subtract(V.Load(c + (2 * V.Count)), _c12), c + (2 * V.Count));
        c += ldc;
        V.Store(V.Subtract(V.Load(c), _c20), c);
        V.Store(V.Subtract(V.Load(c + V.Count), _c21), c + V.Count);
        V.Store(V.Subtract(V.Load(c + (2 * V.Count)), _c22), c + (2 * V.Count));
        c += ldc;
        V.Store(V.Subtract(V.Load(c), _c30), c);
        V.Store(V.Subtract(V.Load(c + V.Count), _c31), c + V.Count);
        V.Store(V.Subtract(V.Load(c + (2 * V.Count)), _c32), c + (2 * V.Count));
    }
}
