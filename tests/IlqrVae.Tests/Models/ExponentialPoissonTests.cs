using System.Numerics;
using CsCheck;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Numerics;
using static IlqrVae.Tests.Numerics.KernelCase;

namespace IlqrVae.Tests.Models;

public sealed class ExponentialPoissonDoubleTests : ExponentialPoissonTests<double>;

public sealed class ExponentialPoissonSingleTests : ExponentialPoissonTests<float>;

/// <summary>The kernels of spike counts under the exponential link against one number at a time.</summary>
public abstract unsafe class ExponentialPoissonTests<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const double BinWidth = 0.02;

    private static readonly Gen<(int Rows, int Columns, int Seed)> Shapes = Gen.Select(Gen.Int[1, 9], Gen.Int[1, 40], Gen.Int[0, 1_000_000]);

    [Fact]
    public void Losses_and_derivatives() => Check(
        (Matrix<T> a, Matrix<T> y, Matrix<T> mask, Matrix<T> rates, out double sum) => ExponentialPoisson.TryLoss(a, y, mask, BinWidth, rates, out sum),
        (a, y, first, fisher, exact) => ExponentialPoisson.TryDerivatives(a, y, BinWidth, first, fisher, exact));

    [Fact]
    public void Every_register_width_128() => Width<Simd128<T>>();

    [Fact]
    public void Every_register_width_256() => Width<Simd256<T>>();

    [Fact]
    public void Every_register_width_512() => Width<Simd512<T>>();

    [Fact]
    public void Activations_beyond_the_exponential_part_are_refused()
    {
        var (a, y, r) = (Matrix<T>.Allocate(2, 5), Matrix<T>.Allocate(2, 5), Matrix<T>.Allocate(2, 5));
        a[1, 4] = T.CreateChecked(Link.ExponentialLimit);
        Assert.True(ExponentialPoisson.TryLoss(a, y, default, BinWidth, default, out _));
        Assert.True(ExponentialPoisson.TryDerivatives(a, y, BinWidth, r, Copy(r), Copy(r)));
        a[1, 4] = T.CreateChecked(Link.ExponentialLimit + 0.01);
        Assert.False(ExponentialPoisson.TryLoss(a, y, default, BinWidth, default, out _));
        Assert.False(ExponentialPoisson.TryDerivatives(a, y, BinWidth, r, Copy(r), Copy(r)));
    }

    private delegate bool Loss(Matrix<T> activations, Matrix<T> counts, Matrix<T> mask, Matrix<T> rates, out double sum);

    private static void Width<V>()
        where V : struct, ISimd<V, T>
    {
        var width = T.CreateChecked(BinWidth);
        Check(
            (Matrix<T> a, Matrix<T> y, Matrix<T> mask, Matrix<T> rates, out double sum) =>
            {
                var isInRange = ExponentialPoisson.TryLoss<T, V>(
                    a.Pointer, y.Pointer, mask.IsEmpty ? null : mask.Pointer, a.Rows * a.Stride, width, rates.IsEmpty ? null : rates.Pointer, out sum);
                a.KeepAlive();
                y.KeepAlive();
                mask.KeepAlive();
                rates.KeepAlive();
                return isInRange;
            },
            (a, y, first, fisher, exact) =>
            {
                var isInRange = ExponentialPoisson.TryDerivatives<T, V>(
                    a.Pointer, y.Pointer, a.Rows * a.Stride, width, first.Pointer, fisher.Pointer, exact.Pointer);
                a.KeepAlive();
                y.KeepAlive();
                first.KeepAlive();
                fisher.KeepAlive();
                exact.KeepAlive();
                return isInRange;
            });
    }

    private static void Check(Loss loss, Func<Matrix<T>, Matrix<T>, Matrix<T>, Matrix<T>, Matrix<T>, bool> derivatives) => Shapes.Sample(
        s =>
        {
            // Without padding, whose channels are the caller's affair.
            var columns = Matrix<T>.PaddedLength(s.Columns);
            var random = new Random(s.Seed);
            var a = Draw<T>(random, s.Rows, columns);
            var (y, mask) = (Matrix<T>.Allocate(s.Rows, columns), Matrix<T>.Allocate(s.Rows, columns));
            double all = 0, observed = 0;
            var rates = new double[s.Rows, columns];
            var first = new double[s.Rows, columns];
            for (var i = 0; i < s.Rows; i++)
            {
                for (var j = 0; j < columns; j++)
                {
                    a[i, j] *= T.CreateChecked(6);
                    y[i, j] = T.CreateChecked(random.Next(5));
                    mask[i, j] = T.CreateChecked(random.Next(2));
                    var activation = double.CreateChecked(a[i, j]);
                    var count = double.CreateChecked(y[i, j]);
                    rates[i, j] = Math.Exp(activation) * BinWidth;
                    first[i, j] = rates[i, j] - count;
                    var term = rates[i, j] - (count * activation);
                    all += term;
                    observed += double.CreateChecked(mask[i, j]) * term;
                }
            }

            var kept = Matrix<T>.Allocate(s.Rows, columns);
            Assert.True(loss(a, y, default, kept, out var sum));
            Same(rates, kept);
            Close(all, T.CreateChecked(sum), s.Rows * columns);
            Assert.True(loss(a, y, mask, default, out sum));
            Close(observed, T.CreateChecked(sum), s.Rows * columns);
            var (d, f, e) = (Matrix<T>.Allocate(s.Rows, columns), Matrix<T>.Allocate(s.Rows, columns), Matrix<T>.Allocate(s.Rows, columns));
            Assert.True(derivatives(a, y, d, f, e));
            Same(first, d);
            Same(rates, f);
            Same(rates, e);
            var (d2, f2, e2) = (Copy(f), Copy(d), Copy(d));
            ExponentialPoisson.DerivativesFromRates(kept, y, d2, f2, e2);
            Same(first, d2);
            Same(rates, f2);
            Same(rates, e2);
        });

    /// <summary>Sums of many terms, relative to their number.</summary>
    private static void Close(double expected, T actual, int terms)
        => Assert.InRange(double.CreateChecked(actual), expected - (Tolerance * terms), expected + (Tolerance * terms));

    private static double Tolerance => typeof(T) == typeof(double) ? 1e-13 : 1e-5;
}
