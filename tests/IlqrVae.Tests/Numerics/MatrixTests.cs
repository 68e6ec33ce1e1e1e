using System.Numerics;
using CsCheck;
using IlqrVae.Numerics;
using static IlqrVae.Tests.Numerics.KernelCase;

namespace IlqrVae.Tests.Numerics;

public sealed class MatrixDoubleTests : MatrixTests<double>;

public sealed class MatrixSingleTests : MatrixTests<float>;

public abstract unsafe class MatrixTests<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly Gen<(int Rows, int Columns, int Seed)> Shapes = Gen.Select(Gen.Int[0, 70], Gen.Int[0, 70], Gen.Int[0, 1_000_000]);

    [Fact]
    public void Rows_are_aligned_padded_and_zero() => Shapes.Sample(
        s =>
        {
            var matrix = Matrix<T>.Allocate(s.Rows, s.Columns);
            Assert.Equal(Matrix<T>.PaddedLength(s.Columns), matrix.Stride);
            Assert.Equal(0, matrix.Stride * sizeof(T) % 64);
            Assert.Equal(s.Rows == 0 || s.Columns == 0, matrix.IsEmpty);
            for (var i = 0; i < s.Rows; i++)
            {
                Assert.Equal(0, (int)((nuint)matrix.RowPointer(i) % 64));
                for (var j = 0; j < matrix.Stride; j++)
                {
                    Assert.Equal(T.Zero, matrix[i, j]);
                }
            }

            matrix.KeepAlive();
        });

    [Fact]
    public void Numbers_travel_there_and_back() => Shapes.Sample(
        s =>
        {
            var matrix = Draw<T>(new Random(s.Seed), s.Rows, s.Columns);
            var numbers = matrix.ToArray();
            var back = Matrix<T>.Allocate(s.Rows, s.Columns);
            back.CopyFrom(numbers);
            Assert.Equal(numbers, back.ToArray());
            Assert.Equal(numbers, Transpose(Transpose(matrix)).ToArray());
            PaddingIsZero(back);
            PaddingIsZero(Transpose(matrix));
        });

    [Fact]
    public void Views_share_memory() => Gen.Select(Gen.Int[1, 70], Gen.Int[1, 70], Gen.Int[0, 1_000_000]).Sample(
        (rows, columns, seed) =>
        {
            var random = new Random(seed);
            var matrix = Draw<T>(random, rows, columns);
            var (top, left) = (random.Next(rows), random.Next(columns) / Matrix<T>.PaddedLength(1) * Matrix<T>.PaddedLength(1));
            var view = matrix.RowRange(top, rows - top).ColumnRange(left, columns - left);
            Assert.Equal(matrix[top, left], view[0, 0]);
            Assert.Equal(matrix[rows - 1, columns - 1], view[view.Rows - 1, view.Columns - 1]);
            view[0, 0] = T.CreateChecked(7);
            Assert.Equal(T.CreateChecked(7), matrix[top, left]);
            Assert.Equal(columns - left, view.Row(0).Length);
        });

    [Fact]
    public void Clearing_touches_the_view_alone()
    {
        var matrix = Draw<T>(new Random(3), 6, 5);
        var before = Copy(matrix);
        matrix.RowRange(2, 2).Clear();
        for (var i = 0; i < 6; i++)
        {
            for (var j = 0; j < 5; j++)
            {
                Assert.Equal(i is 2 or 3 ? T.Zero : before[i, j], matrix[i, j]);
            }
        }

        default(Matrix<T>).Clear();
    }

    [Fact]
    public void Views_beyond_the_matrix_are_refused()
    {
        var matrix = Matrix<T>.Allocate(4, 3);
        Refused(() => matrix.RowRange(2, 3));
        Refused(() => matrix.RowRange(-1, 1));
        Refused(() => matrix.RowRange(2, -1));
        Refused(() => matrix.RowRange(5, 0));
        Refused(() => matrix.RowRange(1, int.MaxValue));
        Refused(() => matrix.ColumnRange(0, matrix.Stride + 1));
        Refused(() => matrix.ColumnRange(-1, 1));
        Refused(() => matrix.ColumnRange(0, -1));
        Refused(() => matrix.ColumnRange(matrix.Stride, 1));
        Refused(() => matrix.ColumnRange(1, int.MaxValue));
        Refused(() => Matrix<T>.Allocate(-1, 1));
        Refused(() => Matrix<T>.Allocate(1, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.Row(4)[0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.Row(-1)[0]);
        Assert.Equal(0, matrix.RowRange(4, 0).Rows);
        Assert.All(Enumerable.Range(1, matrix.Stride - 1), first => Assert.Throws<ArgumentException>(nameof(first), () => matrix.ColumnRange(first, 1)));
        Assert.Throws<InsufficientMemoryException>(() => Matrix<T>.Allocate(int.MaxValue, 1000));

        static void Refused(Func<Matrix<T>> view) => Assert.Throws<ArgumentOutOfRangeException>(() => view());
    }

    [Fact]
    public unsafe void Memory_of_tests_ends_with_the_last_row()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "guarded memory is made with mmap");
        Assert.NotNull(MatrixMemory.Source);
        foreach (var (rows, columns) in new[] { (0, 1), (1, 1), (3, 70), (200, 9) })
        {
            var bytes = (long)rows * Matrix<T>.PaddedLength(columns) * sizeof(T);
            var (owner, address) = GuardedMemory.Take(bytes);
            Assert.Equal(0, (address + bytes) % Environment.SystemPageSize);
            Assert.All(new Span<byte>((byte*)address, (int)bytes).ToArray(), one => Assert.Equal(0, one));
            GC.KeepAlive(owner);
        }

        // Where there are not too many at a time, matrices have it.
        var ends = 0;
        for (var i = 0; i < 100; i++)
        {
            var matrix = Matrix<T>.Allocate(3, 5);
            ends += (nint)matrix.RowPointer(3) % Environment.SystemPageSize == 0 ? 1 : 0;
            matrix.KeepAlive();
        }

        Assert.SkipWhen(ends == 0, "tests beside this one keep very many matrices");
    }

    /// <summary>Around a view lie rows and columns of its owner; what a refused copy would have written there is seen.</summary>
    [Fact]
    public void Copies_of_another_shape_are_refused_and_touch_nothing() => Gen.Select(Gen.Int[0, 12], Gen.Int[0, 20], Gen.Int[0, 12], Gen.Int[0, 20]).Sample(
        (rows, columns, otherRows, otherColumns) =>
        {
            var unit = Matrix<T>.PaddedLength(1);
            var guarded = Matrix<T>.Allocate(rows + 2, (3 * unit) + Matrix<T>.PaddedLength(columns));
            Fill(guarded);
            var view = guarded.RowRange(1, rows).ColumnRange(unit, columns);
            var other = Matrix<T>.Allocate(otherRows, otherColumns);
            var numbers = new double[otherRows * otherColumns];
            if (rows != otherRows || columns != otherColumns)
            {
                Assert.Throws<ArgumentException>(() => view.CopyFrom(other));
                if (rows != otherColumns || columns != otherRows)
                {
                    Assert.Throws<ArgumentException>(() => other.TransposeTo(view));
                }

                if (numbers.Length != rows * columns)
                {
                    Assert.Throws<ArgumentException>(() => view.CopyFrom(numbers));
                    Assert.Throws<ArgumentException>(() => view.CopyTo(numbers));
                }

                Assert.All(guarded.ToArray(), x => Assert.Equal(7, x));
                Assert.All(numbers, x => Assert.Equal(0, x));
            }
            else
            {
                view.CopyFrom(other);
                Assert.Equal(7.0 * (guarded.ToArray().Length - (rows * columns)), guarded.ToArray().Sum());
            }
        });

    private static void Fill(Matrix<T> matrix)
    {
        for (var i = 0; i < matrix.Rows; i++)
        {
            matrix.Row(i).Fill(T.CreateChecked(7));
        }
    }
}
