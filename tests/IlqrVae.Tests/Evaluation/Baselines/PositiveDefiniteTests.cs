using CsCheck;
using IlqrVae.Evaluation.Baselines;
using IlqrVae.Numerics;
using IlqrVae.Tests.Numerics;

namespace IlqrVae.Tests.Evaluation.Baselines;

public sealed class PositiveDefiniteTests
{
    [Fact]
    public void The_inverse_is_that_of_an_independent_library() => Gen.Select(Gen.Int[1, 40], Gen.Int[0, 1_000_000]).Sample(
        (n, seed) =>
        {
            var random = new Random(seed);
            var factor = KernelCase.Draw<double>(random, n + 3, n);
            var matrix = Matrix<double>.Allocate(n, n);
            Gemm.TransposedMultiply(factor, factor, matrix);
            var theirs = MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.Dense(n, n, (i, j) => matrix[i, j] + (i == j ? 1 : 0));
            for (var i = 0; i < n; i++)
            {
                matrix[i, i] += 1;
                matrix.Row(i)[..i].Fill(double.NaN);
            }

            var inverse = PositiveDefinite.Inverse(matrix, out var logDeterminant);
            Assert.Equal(theirs.Cholesky().DeterminantLn, logDeterminant, 1e-10 * n);
            var expected = theirs.Inverse();
            for (var i = 0; i < n; i++)
            {
                for (var j = 0; j < n; j++)
                {
                    Assert.Equal(expected[i, j], inverse[i, j], 1e-12);
                }
            }

            KernelCase.PaddingIsZero(inverse);
        });
}
