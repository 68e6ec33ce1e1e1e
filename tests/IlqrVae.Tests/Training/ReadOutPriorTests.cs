using IlqrVae.Numerics;
using IlqrVae.Training;
using Dense = MathNet.Numerics.LinearAlgebra.Matrix<double>;
using DenseVector = MathNet.Numerics.LinearAlgebra.Vector<double>;

namespace IlqrVae.Tests.Training;

public sealed class ReadOutPriorTests
{
    /// <summary>The same EM as it stands in books: with inverses of the prior, channel by channel.</summary>
    [Theory]
    [InlineData(1, 2, 0)]
    [InlineData(3, 20, 0)]
    [InlineData(5, 9, 40)]
    [InlineData(8, 30, 7)]
    public void It_is_the_EM_of_the_textbook(int states, int channels, double penalty)
    {
        var evidence = Draw(states, channels, rank: states, penalty, seed: 3).Evidence;
        using var crew = new WorkerCrew(2);
        var shrunk = ReadOutPrior.Shrink(evidence, crew)!;
        var expected = Textbook(evidence, rounds: 60, freedom: 3);
        for (var i = 0; i < channels; i++)
        {
            for (var j = 0; j < states; j++)
            {
                Assert.Equal(expected[i][j], shrunk[i][j], 1e-7 * (1 + evidence[i].Row.Max(Math.Abs)));
            }
        }
    }

    [Fact]
    public void Noise_goes_and_what_is_known_well_stays()
    {
        // Twelve states of which three are read; channel 0 follows nothing.
        var (evidence, truth) = Draw(12, 40, rank: 3, 0, seed: 5);
        using var crew = new WorkerCrew(1);
        var shrunk = ReadOutPrior.Shrink(evidence, crew)!;
        double Error(Func<int, double[]> rows, int channel) => rows(channel).Zip(truth[channel], (a, b) => (a - b) * (a - b)).Sum();
        var learned = Enumerable.Range(1, 39).Sum(i => Error(k => evidence[k].Row, i));
        var after = Enumerable.Range(1, 39).Sum(i => Error(k => shrunk[k], i));
        Assert.InRange(after / learned, 0, 0.45);
        Assert.InRange(Error(k => shrunk[k], 0) / Error(k => evidence[k].Row, 0), 0, 0.15);

        // A hundred thousand times the information: nothing to shrink.
        var known = evidence.Select(one => one with { Information = Scaled(one.Information, 1e5) }).ToList();
        var kept = ReadOutPrior.Shrink(known, crew)!;
        Assert.All(known.Zip(kept), pair => Assert.All(pair.First.Row.Zip(pair.Second), one => Assert.Equal(one.First, one.Second, 2e-3)));
    }

    [Fact]
    public void The_units_of_the_states_do_not_matter()
    {
        var evidence = Draw(4, 12, rank: 4, 0, seed: 9).Evidence;
        double[] units = [1, 30, 0.02, 5];
        var changed = evidence.Select(one =>
        {
            var information = Matrix<double>.Allocate(4, 4);
            for (var i = 0; i < 4; i++)
            {
                for (var j = 0; j < 4; j++)
                {
                    information[i, j] = one.Information[i, j] * units[i] * units[j];
                }
            }

            return one with { Row = [.. one.Row.Zip(units, (c, unit) => c / unit)], Information = information };
        }).ToList();
        using var crew = new WorkerCrew(1);
        var (one, other) = (ReadOutPrior.Shrink(evidence, crew)!, ReadOutPrior.Shrink(changed, crew)!);
        for (var i = 0; i < 12; i++)
        {
            Assert.All(Enumerable.Range(0, 4), j => Assert.Equal(one[i][j], other[i][j] * units[j], 1e-3));
        }
    }

    [Fact]
    public void Numbers_that_are_none_shrink_nothing()
    {
        var evidence = Draw(3, 4, rank: 3, 0, seed: 1).Evidence;
        evidence[2].Information[1, 1] = double.NaN;
        using var crew = new WorkerCrew(2);
        Assert.Null(ReadOutPrior.Shrink(evidence, crew));
        Assert.Null(ReadOutPrior.Shrink([.. evidence.Select(one => one with { Row = new double[3] })], crew));
    }

    private static (List<ReadOutEvidence> Evidence, double[][] Truth) Draw(int states, int channels, int rank, double penalty, ulong seed)
    {
        var random = new CounterRandom(seed, 77);
        var basis = Enumerable.Range(0, rank).Select(_ => Normal(ref random, states)).ToArray();
        var (evidence, truth) = (new List<ReadOutEvidence>(), new double[channels][]);
        for (var i = 0; i < channels; i++)
        {
            var weights = Normal(ref random, rank);
            truth[i] = [.. Enumerable.Range(0, states).Select(j => i == 0 && rank < states ? 0 : weights.Select((w, k) => w * basis[k][j]).Sum())];
            var information = Matrix<double>.Allocate(states, states);
            for (var k = 0; k < states + 10; k++)
            {
                var x = Normal(ref random, states);
                for (var a = 0; a < states; a++)
                {
                    for (var b = 0; b < states; b++)
                    {
                        information[a, b] += x[a] * x[b] * (0.2 + (0.05 * i));
                    }
                }
            }

            // The row as learned: the truth and noise of covariance F^-1, both drawn towards zero by the penalty.
            var f = ToDense(information);
            var noise = f.Cholesky().Factor.Transpose().Solve(DenseVector.Build.Dense(Normal(ref random, states)));
            var row = (f + (penalty * Identity(states))).Solve(f * (DenseVector.Build.Dense(truth[i]) + noise));
            evidence.Add(new ReadOutEvidence(row.ToArray(), information, penalty));
        }

        return (evidence, truth);
    }

    private static double[][] Textbook(List<ReadOutEvidence> evidence, int rounds, double freedom)
    {
        var n = evidence[0].Row.Length;
        var covariance = Identity(n) * 0;
        foreach (var one in evidence)
        {
            covariance += DenseVector.Build.Dense(one.Row).OuterProduct(DenseVector.Build.Dense(one.Row)) / evidence.Count;
        }

        covariance += Identity(n) * (1e-6 * covariance.Trace() / n);
        var scales = evidence.Select(_ => 1.0).ToArray();
        for (var round = 0; ; round++)
        {
            var precision = covariance.Inverse();
            var posteriors = evidence.Select((one, i) =>
            {
                var spread = (ToDense(one.Information) + (precision / scales[i])).Inverse();
                return (Mean: spread * (ToDense(one.Information) + (one.Penalty * Identity(n))) * DenseVector.Build.Dense(one.Row), Spread: spread);
            }).ToList();
            if (round == rounds)
            {
                return [.. posteriors.Select(one => one.Mean.ToArray())];
            }

            var moments = posteriors.Select(one => one.Mean.OuterProduct(one.Mean) + one.Spread).ToList();
            covariance = moments.Zip(scales, (moment, scale) => moment / scale).Aggregate((a, b) => a + b) / evidence.Count;
            var next = moments.Select(moment => ((precision * moment).Trace() + freedom) / (n + freedom)).ToList();
            covariance *= next.Average();
            scales = [.. next.Select(scale => scale / next.Average())];
        }
    }

    private static Matrix<double> Scaled(Matrix<double> matrix, double factor)
    {
        var scaled = Matrix<double>.Allocate(matrix.Rows, matrix.Columns);
        scaled.CopyFrom(matrix);
        RowOperations.Scale(factor, scaled);
        return scaled;
    }

    private static double[] Normal(ref CounterRandom random, int count)
    {
        var numbers = new double[count];
        random.FillNormal(numbers);
        return numbers;
    }

    private static Dense Identity(int n) => Dense.Build.DenseIdentity(n);

    private static Dense ToDense(Matrix<double> matrix) => Dense.Build.Dense(matrix.Rows, matrix.Columns, (i, j) => matrix[i, j]);
}
