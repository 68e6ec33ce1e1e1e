using System.Numerics;
using CsCheck;
using IlqrVae.Numerics;
using static IlqrVae.Tests.Numerics.KernelCase;

namespace IlqrVae.Tests.Numerics;

public sealed class ElementwiseDoubleTests : ElementwiseTests<double>;

public sealed class ElementwiseSingleTests : ElementwiseTests<float>;

public abstract unsafe class ElementwiseTests<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly Gen<(int N, int Seed)> Shapes = Gen.Select(Gen.Int[0, 70], Gen.Int[0, 1_000_000]);

    private delegate void Kernel(T* x, T* y, T* z, int n);

    [Fact]
    public void Scale() => Check((x, y, z, n) => Elementwise.Scale(y[0], z, n), (_, y0, _, z) => y0 * z);

    [Fact]
    public void Scale_to() => Check((x, y, z, n) => Elementwise.ScaleTo(y[0], x, z, n), (x, y0, _, _) => y0 * x);

    [Fact]
    public void Add() => Check((x, y, z, n) => Elementwise.Add(x, y, z, n), (x, _, y, _) => x + y);

    [Fact]
    public void Subtract() => Check((x, y, z, n) => Elementwise.Subtract(x, y, z, n), (x, _, y, _) => x - y);

    [Fact]
    public void Multiply() => Check((x, y, z, n) => Elementwise.Multiply(x, y, z, n), (x, _, y, _) => x * y);

    [Fact]
    public void Sigmoid() => Check((x, y, z, n) => Elementwise.Sigmoid(x, z, n), (x, _, _, _) => 1 / (1 + Math.Exp(-x)));

    [Fact]
    public void Tanh() => Check((x, y, z, n) => Elementwise.Tanh(x, z, n), (x, _, _, _) => Math.Tanh(x));

    [Fact]
    public void Copying() => Check((x, y, z, n) => Elementwise.Copy(x, z, n), (x, _, _, _) => x);

    [Fact]
    public void Clearing() => Check((x, y, z, n) => Elementwise.Clear(z, n), (_, _, _, _) => 0);

    [Fact]
    public void Sigmoid_and_tanh_saturate_without_overflow()
    {
        var x = Matrix<T>.Allocate(1, 4);
        x.CopyFrom([-1e30, 1e30, -800, 800]);
        var y = Matrix<T>.Allocate(1, 4);
        Elementwise.Sigmoid(x.Pointer, y.Pointer, 4);
        Same(new double[,] { { 0, 1, 0, 1 } }, y);
        Elementwise.Tanh(x.Pointer, y.Pointer, 4);
        Same(new double[,] { { -1, 1, -1, 1 } }, y);
        x.KeepAlive();
        y.KeepAlive();
    }

    [Fact]
    public void Column_sums() => Gen.Select(Gen.Int[0, 40], Gen.Int[1, 70], Gen.Int[0, 1_000_000]).Sample(
        (rows, columns, seed) =>
        {
            var random = new Random(seed);
            var (a, y) = (Draw<T>(random, rows, columns), Draw<T>(random, 1, columns));
            var ones = Matrix<T>.Allocate(1, rows);
            ones.CopyFrom(Enumerable.Repeat(1.0, rows).ToArray());
            var expected = Product(ones, a, Copy(y));
            Elementwise.AddColumnSums(a, y.Pointer);
            Same(expected, y);
            y.KeepAlive();
        });

    [Fact]
    public void Row_operations() => Gen.Select(Gen.Int[0, 40], Gen.Int[1, 70], Gen.Int[0, 1_000_000]).Sample(
        (rows, columns, seed) =>
        {
            var random = new Random(seed);
            var (source, target) = (DrawBlock<T>(random, rows, columns), DrawBlock<T>(random, rows, columns));
            var factor = (2 * random.NextDouble()) - 1;
            var first = Copy(target);
            RowOperations.AddScaled(T.CreateChecked(factor), source, target);
            var second = Copy(target);
            RowOperations.ScaleAndAdd(T.CreateChecked(factor), second, source);
            for (var i = 0; i < rows; i++)
            {
                for (var j = 0; j < columns; j++)
                {
                    var added = double.CreateChecked(first[i, j]) + (factor * double.CreateChecked(source[i, j]));
                    Close(added, target[i, j]);
                    Close((factor * added) + double.CreateChecked(source[i, j]), second[i, j]);
                }
            }

            PaddingIsZero(target);
            PaddingIsZero(second);
        });

    /// <summary>Compares a kernel over (x, y, z) with a function of (x_i, y_0, y_i, z_i); nothing beyond the length may change.</summary>
    private static void Check(Kernel kernel, Func<double, double, double, double, double> function)
        => Shapes.Sample(s =>
        {
            var random = new Random(s.Seed);
            var (x, y, z) = (Draw<T>(random, 1, Math.Max(1, s.N)), Draw<T>(random, 1, Math.Max(1, s.N)), Draw<T>(random, 1, Math.Max(1, s.N)));
            var before = Copy(z);
            kernel(x.Pointer, y.Pointer, z.Pointer, s.N);
            for (var i = 0; i < z.Columns; i++)
            {
                var expected = i >= s.N ? double.CreateChecked(before[0, i])
                    : function(double.CreateChecked(x[0, i]), double.CreateChecked(y[0, 0]), double.CreateChecked(y[0, i]), double.CreateChecked(before[0, i]));
                Close(expected, z[0, i]);
            }

            PaddingIsZero(z);
            x.KeepAlive();
            y.KeepAlive();
            z.KeepAlive();
        });
}
